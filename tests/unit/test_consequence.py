"""What each outcome class (design §7) does to a message, its number and its sender."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.builders import at

from sms_service.domain.consequence import consequence
from sms_service.domain.outcome import OutcomeClass

NOW = at("2027-05-17 12:00")
UNTIL = NOW + timedelta(hours=8)
JITTER = 1.0
#: Classes after which the provider has the text, or nobody knows: never asked here.
ELSEWHERE = {OutcomeClass.ACCEPTED, OutcomeClass.UNKNOWN}


@pytest.mark.parametrize(
    ("outcome", "tries", "again"),
    [
        ("retry", 1, True),
        ("retry", 50, True),
        ("retry_once", 1, True),
        ("retry_once", 2, False),
        ("not_posted", 9, True),
        ("wait", 9, True),
        ("halt", 9, True),  # the circuit opens and the queue is kept
        ("soft", 1, True),
        ("soft", 2, True),
        ("soft", 3, False),  # at most two more
        ("recipient", 1, False),
        ("route", 1, False),
        ("opted_out", 1, False),
        ("filtered", 1, False),
        ("content", 1, False),
        ("loop", 1, False),
        ("other", 1, False),
    ],
)
def test_who_is_tried_again_and_how_often(outcome, tries, again) -> None:
    found = consequence(OutcomeClass(outcome), tries, NOW, UNTIL, JITTER)
    assert (found.again is not None) is again
    if found.again is not None:
        assert NOW <= found.again <= UNTIL


@pytest.mark.parametrize("outcome", sorted(set(OutcomeClass) - ELSEWHERE))
def test_past_the_window_every_class_ends_with_a_reason(outcome) -> None:
    found = consequence(outcome, 1, NOW, NOW - timedelta(seconds=1), JITTER)
    assert found.again is None
    assert found.reason.explanation
    assert found.open_circuit is (outcome is OutcomeClass.HALT)
    assert found.suppress is (outcome is OutcomeClass.OPTED_OUT)
    assert found.block_route is (outcome is OutcomeClass.ROUTE)
    assert found.number_unusable is (outcome is OutcomeClass.RECIPIENT)
    assert (found.task is None) is (outcome is OutcomeClass.LOOP)


@given(st.integers(1, 60), st.floats(0, 1), st.none() | st.floats(0, 600))
def test_a_retry_backs_off_by_at_most_half_an_hour_and_honours_the_provider(tries, jitter, wanted) -> None:
    again = consequence(OutcomeClass.RETRY, tries, NOW, NOW + timedelta(days=9), jitter, wanted).again
    assert again is not None
    assert timedelta(seconds=max(wanted or 0, 1)) <= again - NOW <= timedelta(minutes=30)
