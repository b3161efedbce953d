"""The formats that a feed can be in, by their names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sms_service.intake.fhir.reader import fhir_readings
from sms_service.intake.hl7.read import read_hl7
from sms_service.intake.json_events import read_json
from sms_service.intake.profile import Profile
from sms_service.intake.reading import Reading

#: From a file's bytes, the feed's profile and the instant of receiving them to a reading of each message.
Reader = Callable[[bytes, Profile, datetime], Iterable[Reading]]

FORMATS: Mapping[str, Reader] = {
    "hl7v2": read_hl7,
    "fhir": fhir_readings,
    "json": read_json,
}
