"""A sender sends so many segments in a second; the rest waits, and too much is not taken."""

import pytest
from twilio.base.exceptions import TwilioRestException

ANA, SENDER, OTHER, SERVICE = "+12605550123", "+15005550006", "+15005550099", "MG" + "a" * 32
# One segment in a quarter of an hour: whatever comes second waits for as long as a test lasts.
STANDING = 0.001


def send(client, **given):
    return client.messages.create(**{"to": ANA, "from_": SENDER, "body": "Hello"} | given)


def statuses(sandbox):
    return [text["status"] for text in sandbox.texts(limit=1000)]


def standing(sandbox, client, eventually, **settings):
    sandbox.post("settings", {"segments_per_second": STANDING, **settings})
    send(client)
    eventually(lambda: statuses(sandbox) == ["delivered"])


def test_messages_wait_as_queued_until_it_is_their_turn(sandbox, client, eventually):
    standing(sandbox, client, eventually)
    waiting = [send(client, body="a" * 161) for _ in range(3)]
    later = send(client, from_=OTHER)
    eventually(lambda: client.messages(later.sid).fetch().status == "delivered")
    assert sandbox.get("health")["queued_segments"] == {SENDER: 6}
    assert {client.messages(message.sid).fetch().status for message in waiting} == {"queued"}
    sandbox.post("settings", {"segments_per_second": 0})
    eventually(lambda: statuses(sandbox) == ["delivered"] * 5)
    assert sandbox.get("health")["queued_segments"] == {}


def test_one_senders_queue_holds_up_no_other(sandbox, client, eventually):
    standing(sandbox, client, eventually)
    held, other = send(client), send(client, from_=OTHER)
    eventually(lambda: client.messages(other.sid).fetch().status == "delivered")
    assert client.messages(held.sid).fetch().status == "queued"


def test_a_full_queue_refuses_a_message_from_a_number(sandbox, client, eventually):
    standing(sandbox, client, eventually, queue_depth=3)
    send(client, body="a" * 161)
    with pytest.raises(TwilioRestException) as refused:
        send(client, body="a" * 161)
    assert refused.value.code == 21611
    assert send(client).status == "queued"
    assert len(statuses(sandbox)) == 3


def test_a_full_queue_fails_a_message_of_a_service_afterwards(sandbox, client, receiver, eventually):
    standing(sandbox, client, eventually, queue_depth=1)
    send(client)
    callback = {"status_callback": receiver.url}
    message = send(client, from_=None, messaging_service_sid=SERVICE, **callback)
    assert message.status == "accepted"
    eventually(lambda: receiver.statuses(message.sid) == ["failed"])
    assert receiver.received[0]["fields"]["ErrorCode"] == "30001"
    fetched = client.messages(message.sid).fetch()
    assert (fetched.status, fetched.error_code, fetched.price) == ("failed", 30001, None)


def test_a_sender_may_queue_ten_hours_worth(sandbox):
    health = sandbox.post("settings", {"segments_per_second": 3, "queue_depth": None})
    assert health["queue_depth"] == 108_000
    assert sandbox.post("settings", {"segments_per_second": 0})["queue_depth"] is None


def test_a_message_still_queued_when_its_validity_ends_fails(sandbox, client, receiver, eventually):
    standing(sandbox, client, eventually)
    message = send(client, validity_period=1, status_callback=receiver.url)
    patient = send(client)
    eventually(lambda: receiver.statuses(message.sid) == ["failed"])
    assert client.messages(message.sid).fetch().error_code == 30036
    assert client.messages(patient.sid).fetch().status == "queued"
    assert sandbox.get("health")["queued_segments"] == {SENDER: 1}


def test_a_queue_goes_on_where_a_kill_left_it(start_sandbox, eventually):
    sandbox = start_sandbox("--receipt-delay", "0.01", "--segments-per-second", str(STANDING))
    client = sandbox.client()
    send(client)
    eventually(lambda: statuses(sandbox) == ["delivered"])
    waiting = [send(client, body="a" * 161).sid for _ in range(3)]
    sandbox.kill()
    sandbox.start()
    # What had left before the kill is forgotten, so the first of the line goes at once.
    eventually(lambda: statuses(sandbox) == ["delivered", "delivered", "queued", "queued"])
    assert [text["sid"] for text in sandbox.texts()[1:]] == waiting
    assert sandbox.get("health")["queued_segments"] == {SENDER: 4}
    sandbox.post("settings", {"segments_per_second": 0})
    eventually(lambda: statuses(sandbox) == ["delivered"] * 4)


def test_settings_that_make_no_sense_change_nothing(sandbox):
    before = sandbox.get("health")
    for wrong in (
        {"segments_per_second": -1},
        {"segments_per_second": "many"},
        {"queue_depth": 1.5},
        {"queue_depth": -1},
        {"opt_out_reply": "nobody"},
        {"inbound_url": 7},
        {"mps": 1},
    ):
        assert sandbox.http.post("/sandbox/settings", json=wrong).status_code == 422
    assert sandbox.get("health") == before
