"""A file that cannot be meant is refused before anything is stored, and told what may stand there."""

from __future__ import annotations

import pytest
from unit.builders import library

from sms_service.use_cases.set_up import SetUpError, set_up


def spec(**changed):
    return {
        "sender": {"name": "test", "address": "+15005550006"},
        "clinic": {
            "slug": "hill",
            "name": "Hill",
            "program": "Guide",
            "phone": "555",
            "zone": "America/New_York",
        }
        | changed.get("clinic", {}),
        "feed": {"types": {"TPI": "trigger_point_injection"}} | changed.get("feed", {}),
    }


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"clinic": {"zone": "Eastern"}}, "clinic.zone must be an IANA zone"),
        ({"feed": {"zone": "Mars/Base"}}, "feed.zone must be an IANA zone"),
        ({"clinic": {"default_language": "tlh"}}, "no catalog for the language 'tlh'; there are ar, en"),
        ({"clinic": {"offered_languages": ["es", "xx"]}}, "no catalog for the language 'xx'"),
        ({"feed": {"types": {"X": "knee"}}}, "feed.types maps 'X' to 'knee', which is no pathway"),
        ({"feed": {"time_sources": ["SCH-11.4", "when"]}}, "feed.time_sources: 'when' is no field such as"),
        ({"feed": {"appointment_id": "visit"}}, "feed.appointment_id: 'visit' is no field"),
        ({"feed": {"status_words": {"Roomed": "there"}}}, "feed.status_words: 'roomed' means 'there'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_stored(changed, says):
    with pytest.raises(SetUpError) as refused:
        set_up(None, None, library(), spec(**changed))
    assert says in str(refused.value)
