"""What in a feed's settings cannot be meant, said before the first message instead of with each."""

from __future__ import annotations

from collections.abc import Iterator

from sms_service.intake.hl7.message import field_path
from sms_service.intake.hl7.words import STATUSES
from sms_service.intake.profile import Profile
from sms_service.intake.times import known_zone


def faults(profile: Profile) -> Iterator[str]:
    """A sentence for each entry that is wrong."""
    if not known_zone(profile.zone):
        yield f"zone: {profile.zone!r} is no IANA zone such as America/New_York"
    places = {"appointment_id": profile.appointment_id, "time_sources": profile.time_sources}
    if profile.visit_number is not None:
        places["visit_number"] = (profile.visit_number,)
    for entry, named in places.items():
        for place in named:
            if field_path(place) is None:
                yield f"{entry}: {place!r} is no field such as SCH-2.1"
    for word, status in profile.status_words.items():
        if status not in STATUSES:
            yield f"status_words: {word!r} means {status!r}, which is none of {', '.join(STATUSES)}"
