"""Receipts come late, twice and in any order; a message never moves backwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_service.domain.advance import RANK, UNDELIVERED, ProviderStatus, Receipt, advance

RECEIPTS = st.lists(st.sampled_from(ProviderStatus).map(lambda status: Receipt(status=status)), min_size=1)
RANKS = {
    "accepted": 0, "scheduled": 0, "queued": 1, "sending": 2, "sent": 3, "delivered": 4, "undelivered": 4,
    "failed": 4, "canceled": 4, "read": 5,
}  # fmt: skip


def after(receipts) -> ProviderStatus:
    status = None
    for receipt in receipts:
        status = advance(status, receipt)
    return status


def test_the_ranks_are_those_of_the_design() -> None:
    assert {status.value: rank for status, rank in RANK.items()} == RANKS
    assert {"undelivered", "failed", "canceled"} == UNDELIVERED


@pytest.mark.parametrize(
    ("before", "receipt", "expected"),
    [
        (None, "accepted", "accepted"),
        (None, "delivered", "delivered"),
        ("queued", "sent", "sent"),
        ("sent", "queued", "sent"),
        ("delivered", "sent", "delivered"),
        ("delivered", "failed", "delivered"),
        ("failed", "delivered", "failed"),
        ("delivered", "read", "read"),
        ("read", "delivered", "read"),
        ("sent", "sent", "sent"),
    ],
)
def test_one_receipt(before, receipt, expected) -> None:
    held = ProviderStatus(before) if before else None
    assert advance(held, Receipt(status=ProviderStatus(receipt))) == expected


@given(RECEIPTS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_ends_at_the_highest_rank(receipts, random) -> None:
    shuffled = receipts + random.choices(receipts, k=3)
    random.shuffle(shuffled)
    assert RANK[after(receipts)] == RANK[after(shuffled)] == max(RANK[r.status] for r in receipts)


@given(RECEIPTS)
def test_no_receipt_moves_a_message_backwards(receipts) -> None:
    ranks = [RANK[after(receipts[: i + 1])] for i in range(len(receipts))]
    assert ranks == sorted(ranks)
