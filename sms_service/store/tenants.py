"""Senders, clinics, feeds and their keys as rows."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from sms_service.domain.advice import FEVER_C, advice, fever
from sms_service.domain.hours import Hours
from sms_service.domain.ids import ClinicId, FeedId, SenderId
from sms_service.domain.people import Clinic

_KEY_PREFIX = 6
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who speaks, as proven by its credential."""

    feed_id: FeedId
    clinic_id: ClinicId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A number or messaging service that texts leave from."""

    id: SenderId
    name: str
    address: str
    live: bool
    opt_out_reply: str
    obfuscated: bool
    circuit_open: bool
    rehearses: bool
    """Limited to the numbers it names."""


def clinic_of(clinic_id: int, sender_id: int, settings: Mapping[str, Any]) -> Clinic:
    """A clinic from its stored settings. KeyError, TypeError or ValueError for settings that cannot be used."""
    hours = settings.get("hours") or {}
    work = settings.get("work") or {}
    return Clinic(
        id=ClinicId(clinic_id),
        sender_id=SenderId(sender_id),
        name=str(settings["name"]),
        program=str(settings["program"]),
        phone=str(settings["phone"]),
        zone=str(settings["zone"]),
        after_hours_phone=str(settings.get("after_hours_phone") or settings["phone"]),
        emergency=str(settings.get("emergency", "911")),
        default_language=settings.get("default_language", "en"),
        offered_languages=tuple(settings.get("offered_languages") or ("en",)),
        addresses={str(k): str(v) for k, v in (settings.get("addresses") or {}).items()},
        hours=Hours(
            opens=time.fromisoformat(hours.get("opens", "09:00")),
            closes=time.fromisoformat(hours.get("closes", "20:00")),
        ),
        opens=time.fromisoformat(work.get("opens", "08:00")),
        closes=time.fromisoformat(work.get("closes", "17:00")),
        working_days=frozenset(work.get("days", range(5))),
        arrive_early_minutes=int(settings.get("arrive_early_minutes", 15)),
        texts_per_day=int(settings.get("texts_per_day", 2)),
        texts_per_week=int(settings.get("texts_per_week", 5)),
        crisis=str(settings.get("crisis", "988")),
        privacy=_privacy(settings.get("privacy", 1)),
        chinese=_chinese(settings.get("chinese", "zh_Hans")),
        advice=advice(settings.get("advice") or {}),
        fever_c=_fever(settings.get("fever_c", FEVER_C[0])),
        leaflet_base_url=_address(settings.get("leaflet_base_url") or ""),
    )


def _privacy(level: object) -> int:
    if isinstance(level, bool) or level not in (0, 1, 2):
        raise ValueError("privacy is 0 (nothing), 1 (an injection, and no more) or 2 (the procedure by name)")
    return int(str(level))


def _address(written: object) -> str:
    """Where a clinic's pages are; only on this machine without encryption."""
    if written == "":
        return ""
    parts = urlsplit(str(written))
    plain = parts.scheme == "http" and parts.hostname in _HERE
    if (
        not (parts.scheme == "https" or plain)
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("leaflet_base_url is an https address such as https://texts.example.org")
    return str(written).rstrip("/")


def _chinese(tag: object) -> str:
    if tag not in ("zh_Hans", "zh_Hant"):
        raise ValueError("chinese is zh_Hans or zh_Hant")
    return str(tag)


def _fever(celsius: object) -> float:
    limit = float(str(celsius))
    fever(limit)
    return limit


def load_clinic(connection: sa.Connection, clinic_id: int) -> Clinic:
    """The clinic in scope."""
    row = connection.execute(
        sa.text("SELECT id, sender_id, settings FROM clinics WHERE id = :id"), {"id": clinic_id}
    ).one()
    return clinic_of(row.id, row.sender_id, row.settings)


def load_senders(connection: sa.Connection) -> list[Sender]:
    """Every sender."""
    rows = connection.execute(
        sa.text(
            "SELECT id, name, address, live, opt_out_reply, obfuscated,"
            " circuit_open_since IS NOT NULL AS circuit_open,"
            " allow_numbers IS NOT NULL AS rehearses FROM senders ORDER BY id"
        )
    )
    return [Sender(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name begins so


def key_hash(key: str) -> bytes:
    """What is stored of an API key. The key has 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(key.encode()).digest()


def authenticate(connection: sa.Connection, key: str) -> Caller | None:
    """The feed an API key belongs to; None for an unknown or revoked one."""
    row = connection.execute(
        sa.text("SELECT feed, clinic FROM authenticate_key(:hash)"), {"hash": key_hash(key)}
    ).one_or_none()
    return Caller(feed_id=FeedId(row.feed), clinic_id=ClinicId(row.clinic)) if row else None


def load_feed(connection: sa.Connection, feed_id: int) -> tuple[Mapping[str, Any], bytes]:
    """A feed's settings and its wrapped data key."""
    row = connection.execute(
        sa.text("SELECT settings, data_key FROM feeds WHERE id = :id"), {"id": feed_id}
    ).one()
    return row.settings, row.data_key


# ---- set-up, as the schema's owner: it crosses tenants and happens by command only


def put_sender(
    owner: sa.Connection,
    name: str,
    address: str,
    *,
    live: bool,
    rate: float,
    opt_out_reply: str,
    obfuscated: bool = False,
    allow_numbers: Sequence[bytes] | None = None,
) -> SenderId:
    """Create or change a sender by name. `allow_numbers` are the indexes of the only numbers it may text."""
    statement = """
        INSERT INTO senders (name, address, live, segments_per_second, opt_out_reply, obfuscated, allow_numbers)
        VALUES (:name, :address, :live, :rate, :opt_out_reply, :obfuscated, cast(:allow_numbers AS bytea[]))
        ON CONFLICT (name) DO UPDATE SET address = excluded.address, live = excluded.live,
          segments_per_second = excluded.segments_per_second, opt_out_reply = excluded.opt_out_reply,
          obfuscated = excluded.obfuscated, allow_numbers = excluded.allow_numbers
        RETURNING id"""
    values = {
        "name": name,
        "address": address,
        "live": live,
        "rate": rate,
        "opt_out_reply": opt_out_reply,
        "obfuscated": obfuscated,
        "allow_numbers": list(allow_numbers) if allow_numbers is not None else None,
    }
    return SenderId(owner.execute(sa.text(statement), values).scalar_one())


def put_clinic(owner: sa.Connection, slug: str, sender: SenderId, settings: Mapping[str, Any]) -> ClinicId:
    """Create or change a clinic by slug. Raises ValueError or KeyError for settings that cannot be used."""
    clinic_of(0, sender, settings)
    statement = """
        INSERT INTO clinics (slug, sender_id, settings) VALUES (:slug, :sender, cast(:settings AS jsonb))
        ON CONFLICT (slug) DO UPDATE SET sender_id = excluded.sender_id, settings = excluded.settings
        RETURNING id"""
    values = {"slug": slug, "sender": sender, "settings": json.dumps(settings)}
    return ClinicId(owner.execute(sa.text(statement), values).scalar_one())


def put_feed(
    owner: sa.Connection, clinic: ClinicId, name: str, settings: Mapping[str, Any], data_key: bytes
) -> FeedId:
    """Create or change a feed by clinic and name; an existing one keeps its data key."""
    statement = """
        INSERT INTO feeds (clinic_id, name, settings, data_key)
        VALUES (:clinic, :name, cast(:settings AS jsonb), :data_key)
        ON CONFLICT (clinic_id, name) DO UPDATE SET settings = excluded.settings
        RETURNING id"""
    values = {"clinic": clinic, "name": name, "settings": json.dumps(settings), "data_key": data_key}
    return FeedId(owner.execute(sa.text(statement), values).scalar_one())


def new_api_key(owner: sa.Connection, clinic: ClinicId, feed: FeedId) -> str:
    """Make a key for a feed and return it: this is the only moment it can be read."""
    key = f"sms_{secrets.token_urlsafe(32)}"
    statement = """
        INSERT INTO api_keys (clinic_id, feed_id, prefix, hash) VALUES (:clinic, :feed, :prefix, :hash)"""
    values = {"clinic": clinic, "feed": feed, "prefix": key[: 4 + _KEY_PREFIX], "hash": key_hash(key)}
    owner.execute(sa.text(statement), values)
    return key
