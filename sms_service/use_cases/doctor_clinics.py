"""The clinics under examination: keys open, zones, languages and pathways exist, words are signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.content.library import Library
from sms_service.domain.registers import value
from sms_service.intake.times import known_zone
from sms_service.store.database import Database
from sms_service.store.deployment import clinics
from sms_service.store.keyring import KeyMissingError, KeyRing
from sms_service.store.patients import load
from sms_service.store.tenants import Sender
from sms_service.store.zone_rules import zone_rules
from sms_service.use_cases.doctor import Finding, error, ok, warning

#: How many of a clinic's first, and of its last, patients are asked whether their number is found.
_SAMPLE = 10

_WRAPPED = """
    SELECT DISTINCT ON (substring(data_key FROM 1 FOR 4)) data_key FROM (
      SELECT data_key FROM patients UNION ALL SELECT data_key FROM feeds) AS kept"""
_PATIENTS = """
    (SELECT data_key, state, phone_index FROM patients WHERE phone_index IS NOT NULL ORDER BY id LIMIT :n)
    UNION ALL
    (SELECT data_key, state, phone_index FROM patients WHERE phone_index IS NOT NULL
     ORDER BY id DESC LIMIT :n)"""


def examine_clinics(db: Database, keys: KeyRing, library: Library | None) -> Iterator[Finding]:
    """Each clinic in a transaction of its own. Without a library, languages and pathways are left out."""
    with db.transaction() as connection:
        everyone = clinics(connection)
    if not everyone:
        yield warning("clinics", "no clinic is set up", "run `sms-service clinic FILE`")
        return
    troubles: list[Finding] = []
    for clinic_id in everyone:
        with db.transaction([clinic_id]) as connection:
            troubles += _keys(connection, keys, clinic_id)
            troubles += _settings(connection, library)
    yield from troubles
    if not any(finding.check == "keys" for finding in troubles):
        yield ok("keys", "SMS_MASTER_KEYS opens what is stored, and SMS_INDEX_KEYS finds it")
    if not any(finding.check == "clinics" for finding in troubles):
        yield ok("clinics", f"{len(everyone)}: zones, languages and pathways exist")


def examine_zone_rules(connection: sa.Connection) -> Finding:
    """Whether the plans follow the zone rules of this machine."""
    here = zone_rules()
    there = connection.execute(sa.text("SELECT tzdata FROM deployment")).scalar_one()
    if there is not None and there != here:
        return warning(
            "zone rules",
            f"this machine has edition {here}, and the plans follow {there}",
            "give all machines the same edition and restart; housekeeping plans open visits again",
        )
    return ok("zone rules", f"edition {here}")


def examine_signatures(senders: Sequence[Sender]) -> Finding:
    """Whether a named person signed what is sent. In this version nobody did."""
    live = [sender.name for sender in senders if sender.live]
    if live:
        return error(
            "sign-offs",
            f"no text is signed, and sender {', '.join(live)} is live",
            "set the sender to `live: false`; this version has drafts only",
        )
    return warning("sign-offs", "no text is signed: every text is a draft", "rehearse only; text no patient")


def _keys(connection: sa.Connection, keys: KeyRing, clinic_id: int) -> Iterator[Finding]:
    """Whether what is stored can be opened and found; by samples, but one for each master key."""
    for wrapped in connection.execute(sa.text(_WRAPPED)).scalars():
        try:
            keys.box(wrapped)
        except KeyMissingError as missing:
            yield error(
                "keys",
                f"clinic {clinic_id}: {missing}",
                "put the master key that is missing behind the others; without it that data is lost",
            )
    lost = 0
    for row in connection.execute(sa.text(_PATIENTS), {"n": _SAMPLE}):
        try:
            number = value(load(json.loads(keys.box(row.data_key).open(row.state))), "phone")
        except (KeyMissingError, InvalidTag, ValueError):
            continue  # told above, or damaged: its fence tells it
        lost += number is not None and bytes(row.phone_index) not in keys.phone_indexes(str(number))
    if lost:
        yield error(
            "keys",
            f"clinic {clinic_id}: patients are stored under an index key that SMS_INDEX_KEYS does not hold",
            "put the old index key behind the newest: until then replies and opt-outs are not found",
        )


def _settings(connection: sa.Connection, library: Library | None) -> Iterator[Finding]:
    clinic = connection.execute(sa.text("SELECT slug, settings FROM clinics")).one()
    feeds = connection.execute(sa.text("SELECT name, settings FROM feeds ORDER BY id")).all()
    cure = "correct the clinic's file and run `sms-service clinic FILE` again"
    zones = {str(place.settings["zone"]) for place in (clinic, *feeds) if place.settings.get("zone")}
    for zone in sorted(zones):
        if not known_zone(zone):
            yield error("clinics", f"clinic {clinic.slug}: there is no zone {zone!r} on this machine", cure)
    if library is None:
        return
    for language in sorted(_languages(clinic.settings) - set(library.catalogs)):
        yield error("clinics", f"clinic {clinic.slug}: there is no catalog for {language!r}", cure)
    mapped = {str(one) for feed in feeds for one in (feed.settings.get("types") or {}).values()}
    for pathway in sorted(mapped - set(library.pathways)):
        yield error("clinics", f"clinic {clinic.slug}: there is no pathway {pathway!r}", cure)


def _languages(settings: Mapping[str, Any]) -> set[str]:
    return {str(settings.get("default_language", "en")), *(settings.get("offered_languages") or ())}
