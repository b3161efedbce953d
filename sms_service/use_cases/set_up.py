"""Set a clinic up from a file: sender, clinic, feed, and the feed's API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sms_service.content.library import Library
from sms_service.domain.ids import ClinicId, FeedId, SenderId
from sms_service.intake.phones import e164
from sms_service.intake.profile import profile_of
from sms_service.intake.profile_check import faults
from sms_service.intake.times import known_zone
from sms_service.store.keyring import KeyRing
from sms_service.store.tenants import new_api_key, put_clinic, put_feed, put_sender


class SetUpError(Exception):
    """The file cannot be used; the message names the entry and the cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What was made. `key` is shown once and never again."""

    sender_id: SenderId
    clinic_id: ClinicId
    feed_id: FeedId
    key: str = field(repr=False)


def set_up(owner: sa.Connection, keys: KeyRing, library: Library, spec: Mapping[str, Any]) -> SetUp:
    """Create or change sender, clinic and feed, and make a new key. SetUpError before anything is written."""
    sender, clinic, feed = (_section(spec, name) for name in ("sender", "clinic", "feed"))
    _check(clinic, feed, library)
    try:
        sender_id = put_sender(
            owner,
            sender["name"],
            sender["address"],
            live=sender.get("live", False) is True,
            rate=float(sender.get("segments_per_second", 1)),
            opt_out_reply=sender.get("opt_out_reply", "ours"),
            obfuscated=sender.get("obfuscated", False) is True,
            allow_numbers=_allowed(sender, feed, keys),
        )
        clinic_id = put_clinic(owner, clinic["slug"], sender_id, clinic)
    except (KeyError, TypeError, ValueError) as error:
        raise SetUpError(
            f"cannot be used: {error}; every clinic names slug, name, program, phone and zone"
        ) from error
    feed_id = put_feed(owner, clinic_id, feed.get("name", "main"), feed, keys.new_data_key())
    return SetUp(
        sender_id=sender_id,
        clinic_id=clinic_id,
        feed_id=feed_id,
        key=new_api_key(owner, clinic_id, feed_id),
    )


def _section(spec: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    held = spec.get(name)
    if not isinstance(held, Mapping):
        raise SetUpError(f"lacks the section `{name}:`")
    return held


def _allowed(sender: Mapping[str, Any], feed: Mapping[str, Any], keys: KeyRing) -> list[bytes] | None:
    """The indexes of the rehearsal numbers; None where the sender is not limited to any."""
    written = sender.get("allow_numbers")
    if written is None:
        return None
    indexes = []
    for place, number in enumerate(written, start=1):
        found = e164(str(number), feed.get("country", "US"))
        if found is None:
            raise SetUpError(f"sender.allow_numbers: entry {place} is no phone number")
        indexes.append(keys.phone_index(found))
    return indexes


def _check(clinic: Mapping[str, Any], feed: Mapping[str, Any], library: Library) -> None:
    for place, zone in (("clinic", clinic.get("zone")), ("feed", feed.get("zone", clinic.get("zone")))):
        if not isinstance(zone, str) or not known_zone(zone):
            raise SetUpError(f"{place}.zone must be an IANA zone such as America/New_York")
    for language in (clinic.get("default_language", "en"), *(clinic.get("offered_languages") or ())):
        if language not in library.catalogs:
            known = ", ".join(sorted(library.catalogs))
            raise SetUpError(f"there is no catalog for the language {language!r}; there are {known}")
    for fault in faults(profile_of(feed, clinic["zone"])):
        raise SetUpError(f"feed.{fault}")
    for name, pathway in (feed.get("types") or {}).items():
        if pathway not in library.pathways:
            known = ", ".join(sorted(library.pathways))
            raise SetUpError(
                f"feed.types maps {name!r} to {pathway!r}, which is no pathway; there are {known}"
            )
