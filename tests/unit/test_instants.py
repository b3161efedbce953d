"""The rules of time: gaps, folds, days that are wall-clock days, and the patient's hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.builders import at, local

from sms_service.domain.hours import Hours
from sms_service.domain.instants import Wall, WallKind, wall
from sms_service.domain.pathway import Anchor, Offset
from sms_service.domain.place import Moments

ZONES = [
    "America/New_York", "America/Phoenix", "America/Santiago", "America/Los_Angeles", "Pacific/Honolulu",
    "Asia/Kathmandu", "Australia/Lord_Howe", "America/Nuuk", "Africa/Casablanca", "UTC",
]  # fmt: skip
INSTANTS = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)


def reading(text: str, zone: str) -> Wall:
    return Wall(local=datetime.fromisoformat(text), zone=zone)


@pytest.mark.parametrize(
    ("text", "zone", "kind", "utc"),
    [
        ("2027-03-14 01:59", "America/New_York", WallKind.PLAIN, "2027-03-14 06:59"),
        ("2027-03-14 02:00", "America/New_York", WallKind.NONEXISTENT, "2027-03-14 07:00"),
        ("2027-03-14 02:30", "America/New_York", WallKind.NONEXISTENT, "2027-03-14 07:30"),
        ("2027-03-14 03:00", "America/New_York", WallKind.PLAIN, "2027-03-14 07:00"),
        ("2027-11-07 00:59", "America/New_York", WallKind.PLAIN, "2027-11-07 04:59"),
        ("2027-11-07 01:00", "America/New_York", WallKind.AMBIGUOUS, "2027-11-07 05:00"),
        ("2027-11-07 01:30", "America/New_York", WallKind.AMBIGUOUS, "2027-11-07 05:30"),
        ("2027-11-07 02:00", "America/New_York", WallKind.PLAIN, "2027-11-07 07:00"),
        ("2027-03-14 02:30", "America/Phoenix", WallKind.PLAIN, "2027-03-14 09:30"),
        ("2027-11-07 01:30", "America/Phoenix", WallKind.PLAIN, "2027-11-07 08:30"),
        ("2027-09-05 00:30", "America/Santiago", WallKind.NONEXISTENT, "2027-09-05 04:30"),
        ("2027-04-03 23:30", "America/Santiago", WallKind.AMBIGUOUS, "2027-04-04 02:30"),
    ],
)
def test_a_gap_shifts_forward_and_of_two_readings_the_first_counts(text, zone, kind, utc) -> None:
    found = reading(text, zone)
    assert (found.kind, found.instant) == (kind, at(utc, "UTC"))


def test_the_second_reading_of_a_fold_is_as_ambiguous_as_the_first() -> None:
    second = wall(at("2027-11-07 06:30", "UTC"), "America/New_York")
    assert second.local == datetime.fromisoformat("2027-11-07T01:30")
    assert second.kind is WallKind.AMBIGUOUS


def test_a_wall_time_has_no_offset_and_an_instant_must_have_one() -> None:
    with pytest.raises(ValueError, match="zone separately"):
        Wall(local=datetime(2027, 1, 1, tzinfo=UTC), zone="UTC")
    with pytest.raises(ValueError, match="needs its offset"):
        wall(datetime.fromisoformat("2027-01-01"), "UTC")


@given(INSTANTS, st.sampled_from(ZONES))
def test_every_instant_survives_its_reading_on_a_wall_clock(instant, zone) -> None:
    assert wall(instant, zone).instant == instant


@pytest.mark.parametrize(
    ("zone", "moment", "offset", "expected"),
    [
        # the day before at 10:00 stays 10:00 across a clock change, both ways
        ("America/New_York", "2027-03-14 09:30", Offset(days=-1, at=time(10)), "2027-03-13 10:00"),
        ("America/New_York", "2027-03-15 09:30", Offset(days=-3, at=time(10)), "2027-03-12 10:00"),
        ("America/New_York", "2027-11-08 09:30", Offset(days=-3, at=time(10)), "2027-11-05 10:00"),
        ("America/Phoenix", "2027-03-15 09:30", Offset(days=-3, at=time(10)), "2027-03-12 10:00"),
        ("America/Santiago", "2027-09-06 09:30", Offset(days=-3, at=time(10)), "2027-09-03 10:00"),
        ("America/Santiago", "2027-04-05 09:30", Offset(days=-3, at=time(10)), "2027-04-02 10:00"),
        # minutes are elapsed time: two hours before 03:30 on the short day is 00:30
        ("America/New_York", "2027-03-14 03:30", Offset(minutes=-120), "2027-03-14 00:30"),
        ("America/New_York", "2027-11-07 03:30", Offset(minutes=-180), "2027-11-07 01:30"),
        # a derived time inside a gap shifts forward
        ("America/New_York", "2027-03-13 09:30", Offset(days=1, at=time(2, 30)), "2027-03-14 03:30"),
        ("America/Santiago", "2027-09-04 09:30", Offset(days=1, at=time(0, 30)), "2027-09-05 01:30"),
    ],
)
def test_days_are_wall_clock_days_and_minutes_are_elapsed(zone, moment, offset, expected) -> None:
    moments = Moments(anchors={Anchor.START: at(moment, zone)}, zone=zone, hours=Hours(), patient_zone=zone)
    assert local(moments.resolve(Anchor.START, offset), zone) == expected


def test_an_hour_is_sixty_minutes_even_when_the_clock_skips_one() -> None:
    moments = Moments(
        anchors={Anchor.START: at("2027-03-14 09:30")},
        zone="America/New_York",
        hours=Hours(),
        patient_zone="UTC",
    )
    assert at("2027-03-14 09:30") - moments.resolve(Anchor.START, Offset(minutes=-600)) == timedelta(hours=10)


@pytest.mark.parametrize(
    ("now", "permitted", "following", "preceding"),
    [
        ("2027-05-20 08:59", False, "2027-05-20 09:00", "2027-05-19 20:00"),
        ("2027-05-20 09:00", True, "2027-05-20 09:00", "2027-05-20 09:00"),
        ("2027-05-20 20:00", True, "2027-05-20 20:00", "2027-05-20 20:00"),
        ("2027-05-20 20:01", False, "2027-05-21 09:00", "2027-05-20 20:00"),
        ("2027-03-14 00:00", False, "2027-03-14 09:00", "2027-03-13 20:00"),
    ],
)
def test_the_nearest_permitted_instants(now, permitted, following, preceding) -> None:
    hours, zone, instant = Hours(), "America/New_York", at(now)
    assert hours.permit(instant, zone) is permitted
    assert local(hours.next(instant, zone)) == following
    assert local(hours.previous(instant, zone)) == preceding
    assert hours.left(instant, zone) == (at(now[:11] + "20:00") - instant if permitted else timedelta(0))


def test_hours_that_close_before_they_open_are_refused() -> None:
    for opens, closes in ((time(20), time(9)), (time(9), time(9))):
        with pytest.raises(ValueError, match="open before they close"):
            Hours(opens=opens, closes=closes)


@pytest.mark.parametrize(
    ("hours", "now", "zone"),
    [
        # closing times that a clock change leaves out or repeats
        (Hours(opens=time(0, 30), closes=time(2, 30)), "2027-03-14 12:00", "America/New_York"),
        (Hours(opens=time(0, 30), closes=time(1, 30)), "2027-11-07 12:00", "America/New_York"),
    ],
)
def test_the_last_permitted_instant_is_permitted_on_the_day_the_clocks_change(hours, now, zone) -> None:
    assert hours.permit(hours.previous(at(now, zone), zone), zone)


@given(INSTANTS, st.sampled_from(ZONES), st.integers(6, 11), st.integers(13, 21))
def test_next_and_previous_are_permitted_and_nothing_permitted_lies_between(
    instant, zone, opens, closes
) -> None:
    hours = Hours(opens=time(opens), closes=time(closes))
    following, preceding = hours.next(instant, zone), hours.previous(instant, zone)
    assert preceding <= instant <= following
    assert hours.permit(following, zone)
    assert hours.permit(preceding, zone)
    if preceding != following:
        for part in (0.01, 0.3, 0.7, 0.99):
            assert not hours.permit(preceding + (following - preceding) * part, zone)
    assert hours.permit(following + hours.left(following, zone), zone)


@pytest.mark.parametrize("broken", [{"days": -1}, {"minutes": 5, "at": time(10)}])
def test_an_offset_is_minutes_or_days_with_a_time(broken) -> None:
    with pytest.raises(ValueError, match="offset"):
        Offset(**broken)
