"""Who may call: the account, its API keys, and nobody else; webhooks are the account's alone."""

import os
import subprocess
import sys

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ANA, SENDER = "+12605550123", "+15005550006"
KEY, SECRET = "SK" + "0" * 31 + "7", "a-key-s-secret"
OTHER_KEY, OTHER_SECRET = "SK" + "0" * 31 + "8", "another-s"
OTHER_ACCOUNT = "AC" + "0" * 31 + "2"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory, sandbox_process):
    keys = f"{KEY}:{SECRET},{OTHER_KEY}:{OTHER_SECRET}"
    data = tmp_path_factory.mktemp("keyed") / "sandbox.sqlite"
    process = sandbox_process(data, "--receipt-delay", "0.01", "--api-keys", keys)
    yield process
    process.stop()


def by(process, name, secret, account):
    return Client(name, secret, account, http_client=process.client().http_client)


def refused(call, *args, **given):
    with pytest.raises(TwilioRestException) as refusal:
        call(*args, **given)
    return refusal.value.status, refusal.value.code


@pytest.mark.parametrize(("key", "secret"), [(KEY, SECRET), (OTHER_KEY, OTHER_SECRET)])
def test_every_api_key_sends_for_the_account(keyed, key, secret):
    message = by(keyed, key, secret, keyed.account).messages.create(to=ANA, from_=SENDER, body="Hello")
    assert message.account_sid == keyed.account
    assert keyed.client().messages(message.sid).fetch().sid == message.sid


@pytest.mark.parametrize(
    ("name", "secret"),
    [(KEY, "wrong"), (KEY, OTHER_SECRET), ("SK" + "1" * 32, SECRET), (OTHER_ACCOUNT, "rehearsal-token")],
)
def test_a_wrong_secret_or_a_stranger_is_denied(keyed, name, secret):
    client = by(keyed, name, secret, keyed.account)
    assert refused(client.messages.create, to=ANA, from_=SENDER, body="Hello") == (401, 20003)


def test_a_header_that_is_no_credential_is_denied(keyed):
    path = f"/2010-04-01/Accounts/{keyed.account}/Messages.json"
    for header in [b"", b"Basic", b"Basic ***", b"Bearer abc", b"Basic \xe9", b"Basic gICA"]:
        answer = keyed.http.get(path, headers=[(b"Authorization", header)])
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_standard_key_reaches_neither_account_nor_keys(keyed):
    client = by(keyed, KEY, SECRET, keyed.account)
    assert refused(client.api.accounts(keyed.account).fetch) == (401, 20003)
    assert refused(client.keys(KEY).fetch) == (401, 20003)
    assert client.incoming_phone_numbers.list()


def test_the_account_lists_its_keys_without_their_secrets(keyed):
    client = keyed.client()
    assert [key.sid for key in client.keys.list()] == [KEY, OTHER_KEY]
    assert client.keys(OTHER_KEY).fetch().friendly_name == "Sandbox"
    assert refused(client.keys("SK" + "1" * 32).fetch) == (404, 20404)
    path = f"/2010-04-01/Accounts/{keyed.account}/Keys.json"
    assert SECRET not in keyed.http.get(path, auth=(keyed.account, keyed.token)).text


def test_another_account_is_not_there_and_a_key_is_no_key_to_it(keyed):
    account = by(keyed, keyed.account, keyed.token, OTHER_ACCOUNT)
    key = by(keyed, KEY, SECRET, OTHER_ACCOUNT)
    given = {"to": ANA, "from_": SENDER, "body": "Hello"}
    assert refused(account.messages.create, **given) == (404, 20404)
    assert refused(account.api.accounts(OTHER_ACCOUNT).fetch) == (404, 20404)
    assert refused(key.messages.create, **given) == (401, 20003)


def test_what_does_not_exist_is_said_in_twilios_shape(keyed):
    base, auth = f"/2010-04-01/Accounts/{keyed.account}", (keyed.account, keyed.token)
    assert keyed.http.get(f"{base}/Calls.json", auth=auth).json()["code"] == 20404
    answer = keyed.http.put(f"{base}/Messages.json", auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


def test_a_webhook_is_signed_with_the_auth_token_whoever_sent_the_message(keyed, receiver, eventually):
    client = by(keyed, KEY, SECRET, keyed.account)
    client.messages.create(to=ANA, from_=SENDER, body="Hello", status_callback=f"{receiver.url}/cb")
    post = eventually(lambda: receiver.received)[0]
    given = f"{receiver.url}/cb", post["fields"], post["headers"]["X-Twilio-Signature"]
    assert RequestValidator(keyed.token).validate(*given)
    assert not RequestValidator(SECRET).validate(*given)


def test_a_key_that_cannot_be_read_is_refused_without_showing_it(sandbox, tmp_path):
    environment = os.environ | {"SANDBOX_API_KEYS": "SK12:do-not-show"}
    command = sandbox.command(0, "--data", str(tmp_path / "other.sqlite"))
    assert command[0] == sys.executable
    ended = subprocess.run(
        command, cwd=sandbox.root, env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert "--api-keys" in ended.stderr
    assert "do-not-show" not in ended.stderr
