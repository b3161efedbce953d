"""A start as it was sent: what is a time of day, and in whose day."""

from __future__ import annotations

import pytest

from sms_service.intake.problems import Code
from sms_service.intake.times import read_start


@pytest.mark.parametrize(
    ("written", "zone", "local"),
    [
        ("2026-12-02T00:00:00Z", "America/Los_Angeles", "2026-12-01T16:00:00"),
        ("2026-12-02T00:00:00.000+00:00", "America/New_York", "2026-12-01T19:00:00"),
        ("2026-12-01T00:00:00-05:00", "America/Los_Angeles", "2026-11-30T21:00:00"),
        ("2026-12-01T09:30:00", "America/New_York", "2026-12-01T09:30:00"),
    ],
)
def test_midnight_somewhere_else_is_a_time_of_day_here(written, zone, local):
    start, problems = read_start(written, zone)
    assert problems == []
    assert start is not None
    assert start.local.isoformat() == local


@pytest.mark.parametrize(
    "written",
    ["2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00-05:00", "2026-12-01T05:00:00Z", "20261201"],
)
def test_midnight_on_the_clinics_wall_is_a_day_without_a_time(written):
    start, problems = read_start(written, "America/New_York")
    assert start is None
    assert [problem.code for problem in problems] == [Code.TIME_MISSING]
