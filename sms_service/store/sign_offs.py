"""Released pairs and sign-offs as rows; both are append-only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from sms_service.content.signed_gate import Ledger
from sms_service.domain.signing import Act, Pair, Role, SignOff


def load_ledger(connection: sa.Connection) -> Ledger:
    """Every released pair, and the sign-offs that the clinics in scope may see."""
    pairs: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    rows = connection.execute(
        sa.text("SELECT context, locale, sources, strings, edition FROM released_pairs ORDER BY id DESC")
    )
    for row in rows:
        pairs[row.context, row.locale].append(_pair(row))
    signed: dict[str, list[SignOff]] = defaultdict(list)
    for act in _acts(connection, None):
        signed[act.hash].append(act)
    ends = sorted(act.until for acts in signed.values() for act in acts if act.until is not None)
    return Ledger(pairs=pairs, signed=signed, ends=ends)


def acts_on(connection: sa.Connection, pair_hash: str) -> list[SignOff]:
    """What was done with one pair, oldest first, as far as the clinics in scope may see it."""
    return _acts(connection, pair_hash)


def _acts(connection: sa.Connection, pair_hash: str | None) -> list[SignOff]:
    rows = connection.execute(
        sa.text(
            "SELECT p.hash, s.act, s.role, s.person, s.meaning, s.at, s.until, c.slug FROM sign_offs s"
            " JOIN released_pairs p ON p.id = s.pair_id LEFT JOIN clinics c ON c.id = s.clinic_id"
            " WHERE cast(:hash AS text) IS NULL OR p.hash = :hash ORDER BY s.id"
        ),
        {"hash": pair_hash},
    )
    return [
        SignOff(
            hash=row.hash,
            act=Act(row.act),
            role=Role(row.role),
            person=row.person,
            meaning=row.meaning,
            at=row.at,
            until=row.until,
            clinic=row.slug,
        )
        for row in rows
    ]


def ledger_version(connection: sa.Connection) -> tuple[int, int]:
    """Grows with every pair and every sign-off in sight: what was loaded before serves until it does."""
    row = connection.execute(
        sa.text(
            "SELECT (SELECT coalesce(max(id), 0) FROM released_pairs) AS pairs,"
            " (SELECT coalesce(max(id), 0) FROM sign_offs) AS signed"
        )
    ).one()
    return row.pairs, row.signed


def release_pair(owner: sa.Connection, pair: Pair) -> None:
    """Keep a pair for good; the same pair a second time changes nothing."""
    owner.execute(
        sa.text(
            "INSERT INTO released_pairs (hash, context, locale, sources, strings, edition) VALUES (:hash, :context,"
            " :locale, cast(:sources AS jsonb), cast(:strings AS jsonb), :edition) ON CONFLICT (hash) DO NOTHING"
        ),
        {
            "hash": pair.hash,
            "context": pair.context,
            "locale": pair.locale,
            "sources": json.dumps(pair.sources, ensure_ascii=False),
            "strings": json.dumps(pair.strings, ensure_ascii=False),
            "edition": pair.edition,
        },
    )


def add_sign_off(owner: sa.Connection, sign_off: SignOff, clinics: Mapping[str, int]) -> bool:
    """Add one act on a released pair; False when it is there already. KeyError for an unknown clinic."""
    done = owner.execute(
        sa.text(
            "INSERT INTO sign_offs (pair_id, clinic_id, act, role, person, meaning, at, until)"
            " SELECT id, :clinic, :act, :role, :person, :meaning, :at, :until FROM released_pairs WHERE hash = :hash"
            " ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "hash": sign_off.hash,
            "clinic": clinics[sign_off.clinic] if sign_off.clinic is not None else None,
            "act": sign_off.act.value,
            "role": sign_off.role.value,
            "person": sign_off.person,
            "meaning": sign_off.meaning,
            "at": sign_off.at,
            "until": sign_off.until,
        },
    )
    return done.first() is not None


def clinic_ids(owner: sa.Connection, slugs: Iterable[str]) -> dict[str, int]:
    """The clinics of these slugs; those that do not exist are left out."""
    rows = owner.execute(
        sa.text("SELECT slug, id FROM clinics WHERE slug = ANY (:slugs)"), {"slugs": list(slugs)}
    )
    return {row.slug: row.id for row in rows}


def _pair(row: sa.Row[tuple[object, ...]]) -> Pair:
    return Pair(
        context=row.context,
        locale=row.locale,
        sources=tuple(row.sources),
        strings=tuple(row.strings),
        edition=row.edition,
    )
