"""The process: what survives its death, and how it says that it cannot start."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

ANA, SENDER = "+12605550123", "+15005550006"


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
