"""Where the provider's list and our ledger differ, and whose word is better."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_service.domain.advance import RANK, ProviderStatus, Receipt, advance
from sms_service.domain.ledger import Held, Kind, compare, is_ours
from sms_service.domain.request import Trace

CENT = Decimal("-0.01")


def held(**said):
    values = {"status": ProviderStatus.SENT, "code": None, "segments": 1, "price": None, "alive": True}
    return Held(**values | said)


def trace(**said):
    values = {
        "sid": "SM1",
        "sender": "+1",
        "body": "",
        "status": "sent",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Trace(**values | said)


#: (label, what we hold, what the provider says, the differences as (kind, ours, theirs, better))
CASES = [
    ("the same", held(), trace(), []),
    ("a lost receipt", held(), trace(status="delivered"), [("status", "sent", "delivered", True)]),
    ("nothing heard yet", held(status=None), trace(status="queued"), [("status", None, "queued", True)]),
    ("a list that lags", held(status=ProviderStatus.DELIVERED), trace(), []),
    ("written off, and on its way", held(alive=False), trace(status="delivered"), []),
    ("a word of another channel", held(), trace(status="partially_delivered"), []),
    (
        "delivered here, not there",
        held(status=ProviderStatus.DELIVERED),
        trace(status="undelivered", code=30003),
        [("status", "delivered", "undelivered", False)],
    ),
    (
        "delivered there, not here",
        held(status=ProviderStatus.FAILED),
        trace(status="delivered"),
        [("status", "failed", "delivered", False)],
    ),
    ("two words for not delivered", held(status=ProviderStatus.FAILED), trace(status="undelivered"), []),
    (
        "another code",
        held(status=ProviderStatus.FAILED, code=30008),
        trace(status="failed", code=30005),
        [("code", "30008", "30005", True)],
    ),
    (
        "a first code",
        held(status=ProviderStatus.FAILED),
        trace(status="failed", code=30005),
        [("code", None, "30005", True)],
    ),
    ("no code there", held(status=ProviderStatus.FAILED, code=30005), trace(status="failed"), []),
    ("the same code", held(status=ProviderStatus.FAILED, code=30005), trace(status="failed", code=30005), []),
    ("read", held(status=ProviderStatus.READ), trace(status="delivered"), []),
    ("other segments", held(), trace(segments=2), [("segments", "1", "2", True)]),
    ("segments nobody counted", held(segments=0), trace(segments=2), []),
    ("segments not known there", held(segments=2), trace(segments=None), []),
    ("a first price", held(), trace(price=CENT), []),
    ("another price", held(price=CENT), trace(price=2 * CENT), [("price", "-0.01", "-0.02", True)]),
    ("a price with other zeros", held(price=Decimal("-0.0100")), trace(price=CENT), []),
    ("no price there", held(price=CENT), trace(), []),
    (
        "all at once",
        held(price=CENT),
        trace(status="delivered", segments=3, price=2 * CENT),
        [
            ("status", "sent", "delivered", True),
            ("segments", "1", "3", True),
            ("price", "-0.01", "-0.02", True),
        ],
    ),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "found"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_what_differs_and_whose_word_is_taken(ours, theirs, found):
    assert [(d.kind.value, d.ours, d.theirs, d.better) for d in compare(ours, theirs)] == found


@given(st.sampled_from(ProviderStatus), st.sampled_from(ProviderStatus), st.booleans())
def test_a_better_status_is_one_that_advance_would_take_and_never_goes_back(ours, theirs, alive):
    better = [
        one
        for one in compare(held(status=ours, alive=alive), trace(status=theirs.value))
        if one.kind is Kind.STATUS and one.better
    ]
    assert bool(better) == (alive and advance(ours, Receipt(status=theirs)) != ours)
    assert not better or RANK[theirs] > RANK[ours]


@pytest.mark.parametrize(
    ("direction", "ours"), [("outbound-api", True), ("inbound", False), ("outbound-reply", False)]
)
def test_only_what_an_api_call_made_is_ours(direction, ours):
    assert is_ours(trace(direction=direction)) is ours


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_says_what_to_do(kind):
    assert len(kind.advice.split()) > 5
    assert kind.advice.endswith((".", "?"))
