"""The calendar entry, read back by a small reader of RFC 5545 that knows nothing of how it was written."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from unit.builders import at

from sms_service.web.leaflet.calendar import visit_calendar

USUAL = {
    "uid": "0a1b",
    "start": at("2027-05-20 09:30"),
    "version": 3,
    "title": "Visit at Cedar Clinic",
    "place": "1 Main St, Springfield; back door",
    "now": at("2027-05-10 10:00"),
    "cancelled": False,
}


def read(text):
    """Name to value of the event: unfolded (3.1) and unescaped (3.3.11)."""
    assert text.endswith("\r\n")
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    return {
        name: re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
        for name, _, value in (line.partition(":") for line in lines)
    }


def test_an_entry_has_all_that_a_calendar_needs():
    entry = read(visit_calendar(**USUAL))
    assert entry | {"BEGIN": "", "END": ""} == {
        "BEGIN": "",
        "END": "",
        "VERSION": "2.0",
        "PRODID": "-//sms-service//leaflet//EN",
        "CALSCALE": "GREGORIAN",
        "UID": "0a1b",
        "DTSTAMP": "20270510T140000Z",
        "SEQUENCE": "3",
        "DTSTART": "20270520T133000Z",
        "DTEND": "20270520T140000Z",
        "SUMMARY": "Visit at Cedar Clinic",
        "LOCATION": "1 Main St, Springfield; back door",
        "STATUS": "CONFIRMED",
        "CLASS": "PRIVATE",
    }


def test_a_cancelled_visit_is_cancelled_in_the_calendar_and_without_a_place_none_is_named():
    entry = read(visit_calendar(**USUAL | {"cancelled": True, "place": ""}))
    assert entry["STATUS"] == "CANCELLED"
    assert "LOCATION" not in entry


@given(words=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_any_words_come_back_as_they_were(words):
    assert read(visit_calendar(**USUAL | {"title": words}))["SUMMARY"] == words


def test_nothing_in_the_words_can_begin_another_line():
    entry = read(visit_calendar(**USUAL | {"title": "A\r\nATTENDEE:mailto:x@example.org\nB\x00\x07"}))
    assert "ATTENDEE" not in entry
    assert entry["SUMMARY"] == "A\nATTENDEE:mailto:x@example.org\nB"
