"""The database roles: owner of the schema, application under row security, router across tenants."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

OWNER, APP, ROUTER = "sms_owner", "sms_app", "sms_router"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """Log-in secrets of the two roles that log in; the router never does."""

    owner: str = field(repr=False)
    app: str = field(repr=False)


def ensure_database(admin_url: str, name: str, passwords: Passwords) -> None:
    """Create roles and database where they are missing, and set the passwords. Needs CREATEROLE and CREATEDB.

    None of the roles may pass by row security: a superuser as application would prove nothing.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app), (ROUTER, None)):
            login = (
                sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("NOLOGIN")
            )
            exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = sql.SQL("ALTER" if exists else "CREATE")
            options = sql.SQL("NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
            admin.execute(sql.SQL("{} ROLE {} {} {}").format(verb, sql.Identifier(role), options, login))
        # the owner hands the router functions over, for which it has to be a member
        admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(ROUTER), sql.Identifier(OWNER)))
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
                sql.Identifier(name), sql.Identifier(APP), sql.Identifier(OWNER)
            )
        )
