"""The clinics under examination: keys open, zones, languages and pathways exist, words are signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.example_facts import LONGEST
from sms_service.content.library import Library
from sms_service.content.pairs import present_pairs
from sms_service.domain.leaflet import link_to
from sms_service.domain.registers import value
from sms_service.domain.signing import State
from sms_service.intake.times import known_zone
from sms_service.store.clock import patient_now
from sms_service.store.database import Database
from sms_service.store.deployment import clinics
from sms_service.store.keyring import KeyMissingError, KeyRing
from sms_service.store.leaflets import TOKEN_LENGTH
from sms_service.store.patients import load
from sms_service.store.sign_offs import load_ledger
from sms_service.store.tenants import Sender
from sms_service.store.zone_rules import zone_rules
from sms_service.use_cases.doctor import Finding, error, ok, warning
from sms_service.use_cases.open_words import unsigned_essentials

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


def examine_clinics(db: Database, keys: KeyRing, library: Library | None, base_url: str) -> Iterator[Finding]:
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
            troubles += _link(connection, base_url)
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


def examine_signatures(connection: sa.Connection, senders: Sequence[Sender], library: Library) -> Finding:
    """Whether named persons signed what is sent: the ways out and the answers to danger before all."""
    live = [sender.name for sender in senders if sender.live]
    unsigned = unsigned_essentials(connection, library, patient_now(connection))
    if unsigned:
        return error(
            "sign-offs",
            f"{unsigned[0]}, and sender {', '.join(live)} is live",
            "set the sender to `live: false` until `sms-service content sign` has recorded who signed them",
        )
    ledger = load_ledger(connection)
    texts = len(library.texts)
    signed = sum(ledger.state(p, None, patient_now(connection)) is State.SIGNED
                 for p in present_pairs(library, [SOURCE_LANGUAGE], library.texts))  # fmt: skip
    if not signed:
        return warning(
            "sign-offs", "no text is signed: every text is a draft", "rehearse only; text no patient"
        )
    if signed < texts:
        return warning(
            "sign-offs",
            f"{signed} of {texts} English texts are signed; a live sender leaves the others out",
            "see what is missing with `sms-service content coverage`",
        )
    return ok("sign-offs", f"all {texts} English texts are signed; see `sms-service content coverage`")


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


def _link(connection: sa.Connection, base_url: str) -> Iterator[Finding]:
    """Whether a link is as short as texts were checked with."""
    clinic = connection.execute(sa.text("SELECT slug, settings FROM clinics")).one()
    link = link_to(str(clinic.settings.get("leaflet_base_url") or base_url), "W" * TOKEN_LENGTH)
    if len(link) > LONGEST["link"]:
        yield warning(
            "links",
            f"clinic {clinic.slug}: its links have {len(link)} characters, and texts are checked with"
            f" {LONGEST['link']}: some will take a segment more",
            "give the pages a shorter address of the clinic's own with `leaflet_base_url`",
        )


def _languages(settings: Mapping[str, Any]) -> set[str]:
    return {str(settings.get("default_language", "en")), *(settings.get("offered_languages") or ())}
