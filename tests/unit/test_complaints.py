"""A fault that lasts is a few lines in the log: the first, a summary now and then, the end."""

import logging

import pytest
import sqlalchemy as sa
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import ConnectionError as RedisAway

from sms_service.provider.errors import ProviderUnavailable
from sms_service.settings import ConfigurationError
from workers import guarded
from workers.complaints import Complaints
from workers.lost_claims import LostClaims

PHONE = "+12605550123"
#: As a driver's error would quote a row.
WORDS = f"Failing row contains ({PHONE})"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def complaints(clock, caplog):
    caplog.set_level(logging.INFO)
    return Complaints(logging.getLogger("sms_service.test"), every_s=60, clock=clock)


def lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_trouble_every_second_for_five_minutes_is_a_line_a_minute_and_one_at_the_end(
    complaints, clock, caplog
):
    for second in range(300):
        clock.now = float(second)
        complaints.tell("tick", "the database does not answer")
    complaints.over("tick")
    assert lines(caplog) == [
        "tick: the database does not answer",
        "tick: the database does not answer; 61 times in 60 s",
        "tick: the database does not answer; 121 times in 120 s",
        "tick: the database does not answer; 181 times in 180 s",
        "tick: the database does not answer; 241 times in 240 s",
        "tick: works again; failed 300 times in 299 s",
    ]


def test_another_kind_of_trouble_is_told_at_once(complaints, caplog):
    for words in ("away", "away", "refused", "away", "refused"):
        complaints.tell("send", words)
    assert lines(caplog) == ["send: away", "send: refused"]


def test_topics_have_troubles_of_their_own_and_new_trouble_is_new(complaints, caplog):
    complaints.tell("send", "away")
    complaints.tell("tick", "away")
    complaints.over("send")
    complaints.tell("send", "away")
    assert lines(caplog) == [
        "send: away",
        "tick: away",
        "send: works again; failed 1 times in 0 s",
        "send: away",
    ]


def test_what_goes_well_is_not_told(complaints, caplog):
    complaints.over("tick")
    assert lines(caplog) == []


def test_claims_that_run_out_are_told_while_there_are_new_ones(complaints, caplog):
    claims = LostClaims()
    for count in (5, 5, 7, 9, 9):
        claims.look(count, complaints)
    assert [line[:30] for line in lines(caplog)] == [
        "claims: no send worker took th",
        "claims: works again; failed 2 ",
    ]


# ---- what a job may meet


@pytest.mark.parametrize(
    ("error", "level", "says"),
    [
        (
            sa.exc.OperationalError("SELECT 1", {}, Exception(WORDS)),
            "WARNING",
            "the database does not answer",
        ),
        (sa.exc.IntegrityError("SELECT 1", {}, Exception(WORDS)), "ERROR", "the database refused"),
        (ProviderUnavailable("TimeoutError", http_status=503), "WARNING", "the provider cannot be asked"),
        (BrokerAway(WORDS), "WARNING", "the broker does not answer"),
        (RedisAway(WORDS), "WARNING", "the broker does not answer"),
        (ConfigurationError("SMS_X must be set"), "ERROR", "refused: SMS_X must be set"),
        (KeyError(WORDS), "ERROR", "failed: KeyError in job:"),
    ],
)
def test_whatever_a_job_meets_is_one_line_without_a_patient(
    monkeypatch, complaints, caplog, error, level, says
):
    monkeypatch.setattr(guarded, "complaints", complaints)

    def job():
        raise error

    assert guarded.guarded("tick", job) is None
    assert guarded.guarded("tick", job) is None
    assert len(caplog.records) == 1
    assert caplog.records[0].levelname == level
    assert says in lines(caplog)[0]
    assert PHONE not in caplog.text
    assert guarded.guarded("tick", lambda: 7) == 7
    assert "works again; failed 2 times" in lines(caplog)[-1]
