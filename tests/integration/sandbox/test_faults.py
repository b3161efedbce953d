"""Calls go wrong the way they are asked to."""

import asyncio
import json

import aiohttp
import pytest
import requests
from twilio.base.exceptions import TwilioRestException

ANA, SENDER = "+12605550123", "+15005550006"


def send(client):
    return client.messages.create(to=ANA, from_=SENDER, body="Hello")


def create(sandbox):
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    form = {"To": ANA, "From": SENDER, "Body": "Hello"}
    return sandbox.http.post(path, auth=(sandbox.account, sandbox.token), data=form)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("429", 429, 20429), ("500", 500, 20500), ("503", 503, 20503), ("504", 504, 20504)],
)
def test_a_call_can_be_refused_without_being_stored(sandbox, client, kind, status, code):
    sandbox.post("faults", {"faults": [{"kind": kind, "times": 1}]})
    with pytest.raises(TwilioRestException) as refused:
        send(client)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert sandbox.texts() == []
    assert send(client).status == "queued"
    assert sandbox.get("faults")["faults"][0]["hits"] == 1


def test_a_gateway_on_the_way_answers_with_a_page(sandbox):
    sandbox.post("faults", {"faults": [{"kind": "502", "times": 1}]})
    answer = create(sandbox)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert sandbox.texts() == []


def test_a_server_error_may_hide_that_the_message_was_taken(sandbox, client):
    sandbox.post("faults", {"faults": [{"kind": "accept_then_500", "times": 1}]})
    with pytest.raises(TwilioRestException) as refused:
        send(client)
    assert refused.value.code == 20500
    assert len(sandbox.texts()) == 1


def test_too_many_requests_says_when_to_come_back(sandbox):
    sandbox.post("faults", {"faults": [{"kind": "429", "times": 1, "seconds": 7}]})
    answer = create(sandbox)
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")


@pytest.mark.parametrize(("kind", "stored"), [("reset", 0), ("accept_then_reset", 1)])
def test_a_connection_can_be_cut(sandbox, client, eventually, kind, stored):
    sandbox.post("faults", {"faults": [{"kind": kind, "times": 1}]})
    with pytest.raises(requests.exceptions.ConnectionError):
        send(client)
    assert len(sandbox.texts()) == stored
    eventually(sandbox.settled)
    assert [text["status"] for text in sandbox.texts()] == ["delivered"] * stored


@pytest.mark.parametrize(("kind", "stored"), [("hang", 0), ("accept_then_hang", 1)])
def test_a_call_can_be_left_without_an_answer(sandbox, kind, stored):
    sandbox.post("faults", {"faults": [{"kind": kind, "times": 1}]})
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(sandbox.client(timeout=0.3))
    assert len(sandbox.texts()) == stored


def test_an_answer_can_be_nonsense_although_the_message_is_stored(sandbox, client):
    sandbox.post("faults", {"faults": [{"kind": "wrong_json", "times": 1}]})
    with pytest.raises(ValueError, match="Unterminated string"):
        send(client)
    assert len(sandbox.texts()) == 1


def test_an_answer_can_be_slow(sandbox):
    sandbox.post("faults", {"faults": [{"kind": "slow", "times": 1, "seconds": 0.5}]})
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(sandbox.client(timeout=0.2))
    assert len(sandbox.texts()) == 1


def test_an_answer_can_dribble_in_byte_by_byte(sandbox):
    sandbox.post("faults", {"faults": [{"kind": "dribble", "times": 1, "seconds": 0.4}]})
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    auth, form = (sandbox.account, sandbox.token), {"To": ANA, "From": SENDER, "Body": "Hello"}
    with sandbox.http.stream("POST", path, auth=auth, data=form) as answer:
        assert answer.headers["Twilio-Request-Id"].startswith("RQ")
        pieces = list(answer.iter_raw())
    assert len(pieces) > 5
    assert json.loads(b"".join(pieces))["sid"] == sandbox.texts()[0]["sid"]


def test_a_limit_on_each_read_does_not_notice_a_dribble_but_one_on_the_whole_does(sandbox):
    sandbox.post("faults", {"faults": [{"kind": "dribble", "seconds": 60}]})

    async def whole():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.5)) as session:
            path = f"{sandbox.url}/2010-04-01/Accounts/{sandbox.account}/Messages.json"
            headers = {"Authorization": aiohttp.encode_basic_auth(sandbox.account, sandbox.token)}
            form = {"To": ANA, "From": SENDER, "Body": "Hello"}
            async with session.post(path, headers=headers, data=form) as answer:
                heard.append(answer.status)
                await answer.read()

    heard = []
    with pytest.raises(TimeoutError):
        asyncio.run(whole())
    assert heard == [201]


def test_only_the_named_calls_go_wrong(sandbox, client):
    sandbox.post("faults", {"faults": [{"kind": "500", "on": "list", "times": 1}]})
    send(client)
    with pytest.raises(Exception, match="page"):
        client.messages.list()
    assert len(client.messages.list()) == 1


def test_the_list_can_lag_behind(sandbox, client):
    sandbox.post("faults", {"list_lag": 60})
    message = send(client)
    assert client.messages.list() == []
    assert client.messages(message.sid).fetch().sid == message.sid
    sandbox.post("faults", {"clear": True})
    assert len(client.messages.list()) == 1


def test_faults_that_make_no_sense_are_explained(sandbox):
    answer = sandbox.http.post("/sandbox/faults", json={"faults": [{"kind": "fire"}]})
    assert answer.status_code == 422
    assert "kind must be one of" in answer.json()["error"]
