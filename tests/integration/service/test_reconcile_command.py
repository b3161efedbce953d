"""`sms-service reconcile` as an operator types it, against the real database and a real sandbox."""

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from integration.sandbox.conftest import ACCOUNT, TOKEN
from integration.service.rehearsal import RealProvider, SandboxProcess, forget
from integration.service.world import ADDRESS, ANA, BEN, INDEX, MASTER, NOW

from sms_service.domain.outcome import OutcomeClass
from sms_service.use_cases.guard_restore import RESTORED, guard_restore

GRACE = "17"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("command") / "sandbox.sqlite", "--receipt-delay", "0")
    yield process
    process.stop()


@pytest.fixture
def real(world, sandbox, monkeypatch):
    forget(sandbox)
    monkeypatch.setattr(world, "boot", float("inf"))
    world.provider, world.sandbox = RealProvider(sandbox), sandbox
    return world


def command(world, *arguments, **changed):
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMS_")} | {
        "DATABASE_URL": world.app_url,
        "SMS_MASTER_KEYS": base64.b64encode(MASTER).decode(),
        "SMS_INDEX_KEYS": base64.b64encode(INDEX).decode(),
        "SMS_TWILIO_BASE_URL": world.sandbox.url,
        "SMS_TWILIO_ACCOUNT_SID": ACCOUNT,
        "SMS_TWILIO_AUTH_TOKENS": TOKEN,
        "SMS_GRACE_SECONDS": GRACE,
        **changed,
    }
    argv = [sys.executable, "-m", "sms_service.cli.app", "reconcile", *arguments]
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


def one_of_each(world):
    """A text whose answer and receipt were lost, one that only the provider knows; older than the grace."""
    world.say("booked")
    world.run()
    world.sandbox.client().messages.create(to=BEN, from_=ADDRESS, body="from elsewhere")
    world.do("UPDATE attempts SET committed_at = committed_at - interval '1 minute'")


def test_it_says_what_it_found_and_what_to_do_about_each_kind(real):
    one_of_each(real)
    real.do("UPDATE attempts SET state = 'unknown', outcome = 'unknown', sid = NULL, status = NULL")
    real.do("UPDATE messages SET state = 'unknown' WHERE state = 'sent'")
    real.do("INSERT INTO differences (kind, sid, theirs) VALUES ('unknown_here', 'SMelsewhere', 'sent')")
    done = command(real)
    assert done.returncode == 0, done.stderr
    assert "found 1" in done.stdout
    assert "unknown_here" in done.stdout
    assert "Who else uses the sender?" in " ".join(done.stdout.split()).replace("│ ", "")
    assert "SMelsewhere (no attempt) ours None, theirs sent" in done.stdout
    assert real.message("welcome").state == "delivered"


def test_as_json_it_is_one_object(real):
    one_of_each(real)
    done = command(real, "--json")
    said = json.loads(done.stdout)
    assert said["ledger"]["compared"] == 1
    assert said["open"] == {}
    assert said["unknown"] == {}


def test_a_difference_that_somebody_looked_into_is_closed_by_its_number(real):
    real.do("INSERT INTO differences (kind, sid, theirs) VALUES ('unknown_here', 'SMelsewhere', 'sent')")
    number = real.one("SELECT id FROM differences")
    assert "no difference is open" in command(real, "--resolve", str(number)).stdout
    again = command(real, "--resolve", str(number))
    assert again.returncode == 2
    assert f"no open difference {number}" in again.stderr


def test_with_since_it_learns_what_was_sent_and_releases(real):
    guard_restore(real.service)
    real.say("booked")
    real.sandbox.client().messages.create(to=ANA, from_=ADDRESS, body="the lost welcome")
    real.do("UPDATE deployment SET system_identifier = '1'")
    guard_restore(real.service)
    real.set(NOW + timedelta(minutes=5))
    since = datetime.now(UTC) - timedelta(minutes=1)
    done = command(real, "--since", since.isoformat(), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unknown"]["already_sent"] == 1
    assert real.one("SELECT count(*) FROM holds WHERE released_at IS NULL") == 0
    assert real.run() == []


@pytest.mark.parametrize(
    ("since", "says"),
    [
        ("yesterday", "a date, a time and a zone"),
        ("2026-11-20T03:00:00", "the zone is missing"),
        ("2026-11-20", "the zone is missing"),
        ("2999-01-01T00:00:00Z", "in the future"),
    ],
)
def test_a_since_that_is_no_instant_of_the_past_is_refused_with_an_example(real, since, says):
    real.do("UPDATE deployment SET system_identifier = '1', timeline = 1")
    guard_restore(real.service)
    done = command(real, "--since", since)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert real.one("SELECT reason FROM holds WHERE released_at IS NULL") == RESTORED


@pytest.mark.parametrize("arguments", [(), ("--since", "2026-01-01T00:00:00Z")])
def test_a_provider_that_is_away_is_exit_code_3_and_everything_stays_as_it_was(real, arguments):
    real.do("UPDATE deployment SET system_identifier = '1', timeline = 1")
    guard_restore(real.service)
    real.say("booked")
    real.do("UPDATE messages SET state = 'ready' WHERE state = 'planned' AND due <= %s", NOW)
    done = command(real, *arguments, SMS_TWILIO_BASE_URL="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "the provider cannot be asked" in done.stderr
    assert "run it again" in done.stderr
    assert "Traceback" not in done.stderr
    assert real.one("SELECT reason FROM holds WHERE released_at IS NULL") == RESTORED


def test_without_an_account_it_says_which_settings_are_missing(real):
    done = command(real, SMS_TWILIO_ACCOUNT_SID="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "SMS_TWILIO_ACCOUNT_SID" in done.stderr


def test_without_a_sender_it_says_how_to_set_one_up(real):
    real.do("SET session_replication_role = replica; DELETE FROM senders; RESET session_replication_role")
    done = command(real)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sms-service clinic" in done.stderr


def test_an_unknown_text_younger_than_the_grace_is_left_alone(real):
    real.say("booked")
    (batch,) = real.tick()
    requests, _ = real.fence(batch)
    assert len(requests) == 1
    real.do("UPDATE attempts SET state = 'unknown', outcome = %s", OutcomeClass.UNKNOWN.value)
    assert json.loads(command(real, "--json").stdout)["unknown"] == {}
    assert real.attempt().state == "unknown"
