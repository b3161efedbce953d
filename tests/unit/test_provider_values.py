"""The small values of the provider: an account's settings, a Retry-After header, the boot clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sms_service.provider.account import Account
from sms_service.provider.answer import WrongAnswerError, retry_after
from sms_service.provider.boottime import boottime
from sms_service.provider.transport import Transport

GOOD = {"sid": "AC1", "auth_token": "secret", "status_callback": "https://clinic.example/receipts"}


@pytest.mark.parametrize(
    "change",
    [
        {"sid": ""},
        {"auth_token": ""},
        {"base_url": "api.twilio.com"},
        {"base_url": "ftp://api.twilio.com"},
        {"base_url": "https://user:word@api.twilio.com"},
        {"base_url": "https://api.twilio.com/v1"},
        {"base_url": "https://api.twilio.com?x=1"},
        {"status_callback": "/receipts"},
        {"status_callback": "https://clinic.example/receipts?x=1"},
        {"status_callback": "https://clinic.example/receipts#x"},
        {"timeout_s": 0},
        {"concurrency": 0},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(change):
    with pytest.raises(ValueError, match="provider account: "):
        Account(**GOOD | change)


def test_the_token_never_shows():
    assert "secret" not in repr(Account(**GOOD))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 1.5),
        ("Mon, 01 Dec 2025 09:00:30 GMT", 30.0),
        ("Mon, 01 Dec 2025 08:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("Mon, 01 Dec 2025 09:00:30 -0000", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert retry_after(header, datetime(2025, 12, 1, 9, tzinfo=UTC)) == seconds


def test_the_boot_clock_runs():
    assert 0 < boottime() <= boottime()


@pytest.mark.parametrize(
    "address",
    [
        "https://api.twilio.com.evil.example/x",
        "https://api.twilio.com@evil.example/x",
        "https://evil.example/",
    ],
)
def test_an_address_from_an_answer_never_leads_our_token_elsewhere(address):
    transport = Transport(base_url="https://sandbox.example", timeout_s=1, concurrency=1)
    assert str(transport._address("https://api.twilio.com/x")) == "https://sandbox.example/x"
    with pytest.raises(WrongAnswerError):
        transport._address(address)
