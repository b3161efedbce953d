"""The process: what survives its death, and how it says that it cannot start."""

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx
import pytest

ANA, SENDER = "+12605550123", "+15005550006"
# The table of messages as it was before faults, queues and retention came to it.
EARLIER = f"""
CREATE TABLE messages (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, direction TEXT NOT NULL, phone TEXT NOT NULL,
  sender TEXT NOT NULL, service_sid TEXT, body TEXT NOT NULL, encoding TEXT NOT NULL,
  segments INTEGER NOT NULL, status TEXT NOT NULL, error_code INTEGER, goal TEXT NOT NULL,
  goal_error INTEGER, callback_url TEXT, send_at REAL, created_at REAL NOT NULL, sent_at REAL,
  updated_at REAL NOT NULL, shown_at TEXT, redacted INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO messages VALUES (
  1, 'SM{"1" * 32}', 'outbound-api', '{ANA}', '{SENDER}', NULL, 'From before', 'GSM-7', 1, 'delivered', NULL,
  'delivered', NULL, NULL, NULL, 1.5, 1.5, 1.5, NULL, 0, 0
);
"""


def stored(data, query):
    """Read from a copy: the sandbox holds its file's lock for as long as it lives."""
    folder = data.with_suffix(".copy")
    folder.mkdir(exist_ok=True)
    for part in data.parent.glob(data.name + "*"):
        if part.is_file():
            (folder / part.name).write_bytes(part.read_bytes())
    with closing(sqlite3.connect(folder / data.name)) as copy:
        return str(copy.execute(query).fetchall())


def test_what_was_answered_survives_a_kill_and_goes_on_after_a_restart(start_sandbox, receiver, eventually):
    sandbox = start_sandbox("--receipt-delay", "0.15")
    client = sandbox.client()
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana", "language": "es"})
    sandbox.post("clock", {"shown_at": "2031-12-01T09:30:00-05:00"})
    sids = [
        client.messages.create(to=ANA, from_=SENDER, body="Hello", status_callback=receiver.url).sid
        for _ in range(20)
    ]
    sandbox.kill()
    sandbox.start()
    assert [text["sid"] for text in sandbox.texts()] == sids
    assert sandbox.get("phones")["phones"][0]["label"] == "Ana"
    assert sandbox.get("clock")["shown_at"] == "2031-12-01T09:30:00-05:00"
    eventually(lambda: {text["status"] for text in sandbox.texts()} == {"delivered"})
    eventually(lambda: all(receiver.statuses(sid)[-1:] == ["delivered"] for sid in sids))


def test_a_kill_in_the_middle_of_a_rush_loses_nothing_that_was_answered(start_sandbox, eventually):
    sandbox = start_sandbox()
    path = f"{sandbox.url}/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    form = {"To": ANA, "From": SENDER, "Body": "Hello"}
    answered = []

    def rush():
        with httpx.Client(auth=(sandbox.account, sandbox.token)) as http, suppress(httpx.HTTPError):
            while True:
                answered.append(http.post(path, data=form).json()["sid"])

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(rush)
        eventually(lambda: len(answered) > 200)
        sandbox.kill()
    sandbox.start()
    stored = {text["sid"] for text in sandbox.texts(limit=1000)}
    assert set(answered) <= stored


def test_receipts_that_waited_when_it_was_killed_are_posted_after_the_restart(
    start_sandbox, receiver, eventually
):
    receiver.answers = [503] * 10_000
    sandbox = start_sandbox("--receipt-delay", "0.01")
    client = sandbox.client()
    sids = [
        client.messages.create(
            to=ANA, from_=SENDER, body="Hello", status_callback=f"{receiver.url}/?m={n}"
        ).sid
        for n in range(3)
    ]
    eventually(lambda: sandbox.get("health")["in_flight"] == 0)
    assert sandbox.get("health")["webhooks_pending"] == 9
    sandbox.kill()
    receiver.answers.clear()
    receiver.received.clear()
    sandbox.start()
    eventually(lambda: len(receiver.received) == 9 and sandbox.settled())
    for n, sid in enumerate(sids):
        assert set(receiver.statuses(sid)) == {"sending", "sent", "delivered"}
        posted = [post["path"] for post in receiver.received if post["fields"]["MessageSid"] == sid]
        assert posted == [f"/?m={n}"] * 3
    # Removing what was taken shares a later commit.
    eventually(lambda: stored(sandbox.data, "SELECT count(*) FROM webhooks") == "[(0,)]")
    sandbox.kill()
    sandbox.start()
    assert sandbox.get("health")["webhooks_pending"] == 0


def test_a_reply_that_waited_when_it_was_killed_is_posted_with_the_same_token(
    start_sandbox, receiver, eventually
):
    receiver.answers, receiver.twiml = [503] * 3, "<Response><Message>Gracias</Message></Response>"
    sandbox = start_sandbox("--inbound-url", f"{receiver.url}/in")
    sid = sandbox.post(f"phones/{ANA}/reply", {"body": "STOP", "to": SENDER})["sid"]
    eventually(lambda: receiver.received)
    sandbox.kill()
    before = len(receiver.received)
    receiver.answers = []
    sandbox.start()
    eventually(lambda: len(receiver.received) > before and sandbox.settled())
    assert {post["fields"]["MessageSid"] for post in receiver.received} == {sid}
    assert len({post["headers"]["I-Twilio-Idempotency-Token"] for post in receiver.received}) == 1
    assert [text["body"] for text in sandbox.texts()] == ["Gracias"]


def test_faults_survive_a_kill_with_what_they_have_hit(start_sandbox, eventually):
    sandbox = start_sandbox()
    sandbox.post("faults", {"faults": [{"kind": "500", "times": 2}], "list_lag": 9, "outcomes": {ANA: 30003}})
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    auth, form = (sandbox.account, sandbox.token), {"To": ANA, "From": SENDER, "Body": "Hello"}
    assert sandbox.http.post(path, auth=auth, data=form).status_code == 500
    kept = "SELECT settings FROM faults"
    eventually(lambda: '"hits": 1' in stored(sandbox.data, kept))
    sandbox.kill()
    sandbox.start()
    faults = sandbox.get("faults")
    assert (faults["faults"][0]["hits"], faults["list_lag"]) == (1, 9)
    assert faults["outcomes"] == {ANA: {"status": "undelivered", "error_code": 30003}}
    assert [sandbox.http.post(path, auth=auth, data=form).status_code for _ in range(2)] == [500, 201]


def test_receipts_go_on_misbehaving_after_a_kill(start_sandbox, receiver, eventually):
    sandbox = start_sandbox("--receipt-delay", "0.7")
    sandbox.post("faults", {"receipts": [{"kind": "reverse", "times": 1}]})
    client = sandbox.client()
    message = client.messages.create(to=ANA, from_=SENDER, body="Hello", status_callback=receiver.url)
    eventually(lambda: client.messages(message.sid).fetch().status != "queued")
    sandbox.kill()
    sandbox.start()
    eventually(lambda: receiver.statuses(message.sid) == ["delivered", "sent", "sending"])


def test_a_file_of_an_earlier_version_is_brought_up_to_date(start_sandbox, tmp_path):
    with closing(sqlite3.connect(tmp_path / "0.sqlite")) as old:
        old.executescript(EARLIER)
    sandbox = start_sandbox()
    assert [text["body"] for text in sandbox.texts()] == ["From before"]
    client = sandbox.client()
    assert client.messages.create(to=ANA, from_=SENDER, body="Hello").status == "queued"
    assert len(client.messages.list(to=ANA)) == 2


def test_a_block_survives_a_restart(start_sandbox):
    sandbox = start_sandbox("--opt-out-reply", "provider")
    sandbox.post(f"phones/{ANA}/reply", {"body": "STOP", "to": SENDER})
    sandbox.kill()
    sandbox.start()
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    form = {"To": ANA, "From": SENDER, "Body": "Hello"}
    answer = sandbox.http.post(path, auth=(sandbox.account, sandbox.token), data=form)
    assert answer.json()["code"] == 21610


def test_it_ends_cleanly_although_a_call_hangs(start_sandbox):
    sandbox = start_sandbox()
    sandbox.post("faults", {"faults": [{"kind": "hang"}]})
    with pytest.raises(Exception, match="timed out"):
        sandbox.client(timeout=0.2).messages.create(to=ANA, from_=SENDER, body="Hello")
    sandbox.process.terminate()
    assert sandbox.process.wait(5) == 0


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--port", "PORT"], "cannot listen on 127.0.0.1:PORT"),
        (["--data", "DATA"], "cannot use the data file"),
        (["--data", "/nowhere/sandbox.sqlite"], "cannot use the data file"),
        (["--account-sid", "me"], "--account-sid must be"),
        (["--port", "70000"], "--port must be"),
        (["--port", "many"], "--port"),
        (["--receipt-delay", "-1"], "--receipt-delay must not"),
        (["--auth-token", ""], "--auth-token or SANDBOX_AUTH_TOKEN is required"),
        (["--opt-out-reply", "nobody"], "--opt-out-reply"),
        (["--api-keys", "SK12:secret"], "--api-keys: each must be SK"),
        (["--segments-per-second", "-1"], "--segments-per-second must be"),
        (["--segments-per-second", "nan"], "--segments-per-second must be"),
    ],
)
def test_it_says_in_one_line_why_it_cannot_start(sandbox, tmp_path, flags, complaint):
    command = sandbox.command(0, "--data", str(tmp_path / "other.sqlite"))
    known = {"PORT": str(sandbox.port), "DATA": str(sandbox.data)}
    told = [known.get(flag, flag) for flag in flags]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    ended = subprocess.run(
        [*command, *told],
        cwd=sandbox.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert complaint.replace("PORT", str(sandbox.port)) in ended.stderr


def test_the_environment_says_what_flags_leave_out(sandbox, tmp_path):
    environment = os.environ | {"SANDBOX_DATA": str(tmp_path), "SANDBOX_PORT": "0"}
    environment |= {"SANDBOX_ACCOUNT_SID": sandbox.account, "SANDBOX_AUTH_TOKEN": "token"}
    command = sandbox.command(0)[:3]
    ended = subprocess.run(
        command, cwd=sandbox.root, env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert f"cannot use the data file {tmp_path}" in ended.stderr
