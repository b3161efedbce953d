"""Receipts and replies reach the service signed, and again until they are taken."""

import re
from datetime import UTC, datetime, timedelta

from twilio.request_validator import RequestValidator

ANA, SENDER, SERVICE = "+12605550123", "+15005550006", "MG" + "a" * 32


def send(client, receiver, **more):
    given = {"to": ANA, "from_": SENDER, "body": "Hello", "status_callback": f"{receiver.url}/cb?m=1"}
    return client.messages.create(**(given | more))


def signed(sandbox, receiver, post):
    signature = post["headers"]["X-Twilio-Signature"]
    return RequestValidator(sandbox.token).validate(receiver.url + post["path"], post["fields"], signature)


def test_every_state_but_the_first_is_reported_in_order_and_signed(sandbox, client, receiver, eventually):
    message = send(client, receiver)
    eventually(lambda: len(receiver.received) == 3)
    assert receiver.statuses(message.sid) == ["sending", "sent", "delivered"]
    assert all(signed(sandbox, receiver, post) for post in receiver.received)
    fields = receiver.received[-1]["fields"]
    assert fields["SmsSid"] == fields["MessageSid"] == message.sid
    assert (fields["From"], fields["To"], fields["AccountSid"]) == (SENDER, ANA, sandbox.account)
    assert (fields["ApiVersion"], fields["SmsStatus"]) == ("2010-04-01", "delivered")
    assert "ErrorCode" not in fields
    assert re.fullmatch(r"[0-9]{10}", fields["RawDlrDoneDate"])
    assert "RawDlrDoneDate" not in receiver.received[0]["fields"]


def test_a_service_also_reports_queued(client, receiver, eventually):
    message = send(client, receiver, from_=None, messaging_service_sid=SERVICE)
    eventually(lambda: len(receiver.received) == 4)
    assert receiver.statuses(message.sid) == ["queued", "sending", "sent", "delivered"]
    assert receiver.received[0]["fields"]["MessagingServiceSid"] == SERVICE


def test_awkward_callback_urls_arrive_as_they_were_signed(sandbox, client, receiver, eventually):
    send(client, receiver, status_callback=f"{receiver.url}/cb?m=a%2Fb%20c&n=%C3%A9#rc=3")
    eventually(lambda: receiver.received)
    assert receiver.received[0]["path"] == "/cb?m=a%2Fb%20c&n=%C3%A9"
    assert signed(sandbox, receiver, receiver.received[0])


def test_a_failure_is_reported_with_its_code(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"outcomes": {ANA: 30005}})
    message = send(client, receiver)
    eventually(lambda: len(receiver.received) == 3)
    assert receiver.statuses(message.sid) == ["sending", "sent", "undelivered"]
    assert receiver.received[-1]["fields"]["ErrorCode"] == "30005"


def test_a_receipt_is_posted_again_with_the_same_token_after_a_server_error(client, receiver, eventually):
    receiver.answers = [503, 503]
    send(client, receiver)
    eventually(lambda: len(receiver.received) == 5)
    failed = receiver.received[0]
    again = [post for post in receiver.received if post["fields"] == failed["fields"]]
    assert len({post["headers"]["I-Twilio-Idempotency-Token"] for post in again}) == 1
    assert len(again) > 1


def test_a_receipt_is_not_repeated_after_a_refusal(sandbox, client, receiver, eventually):
    receiver.answers = [403]
    send(client, receiver)
    eventually(lambda: len(receiver.received) == 3 and sandbox.settled())


def test_a_service_that_is_down_does_not_slow_creation(sandbox, client, receiver, eventually):
    dead = "http://127.0.0.1:9/cb"
    sids = [send(client, receiver, status_callback=dead).sid for _ in range(20)]
    eventually(lambda: sandbox.get("health")["in_flight"] == 0)
    assert {client.messages(sid).fetch().status for sid in sids} == {"delivered"}


def test_receipts_can_be_dropped(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"receipts": [{"kind": "drop", "times": 1}]})
    dropped, kept = send(client, receiver), send(client, receiver)
    eventually(lambda: len(receiver.statuses(kept.sid)) == 3 and sandbox.settled())
    assert receiver.statuses(dropped.sid) == []


def test_receipts_can_be_doubled(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"receipts": [{"kind": "duplicate", "times": 1}]})
    message = send(client, receiver)
    eventually(lambda: len(receiver.received) == 6)
    assert sorted(receiver.statuses(message.sid)) == sorted(["sending", "sent", "delivered"] * 2)
    assert len({post["headers"]["I-Twilio-Idempotency-Token"] for post in receiver.received}) == 3


def test_receipts_can_come_in_reverse(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"receipts": [{"kind": "reverse", "times": 1}]})
    message = send(client, receiver)
    eventually(lambda: len(receiver.received) == 3)
    assert receiver.statuses(message.sid) == ["delivered", "sent", "sending"]


def test_receipts_can_overtake_the_answer(sandbox, client, receiver):
    sandbox.post("faults", {"receipts": [{"kind": "early", "times": 1}]})
    message = send(client, receiver)
    assert message.status == "queued"
    assert receiver.statuses(message.sid) == ["sending", "sent", "delivered"]


def test_receipts_can_be_late(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"receipts": [{"kind": "delay", "seconds": 0.4, "times": 1}]})
    message = send(client, receiver)
    eventually(lambda: client.messages(message.sid).fetch().status == "delivered")
    assert receiver.received == []
    eventually(lambda: len(receiver.received) == 3)


def test_receipts_can_be_forged(sandbox, client, receiver, eventually):
    sandbox.post("faults", {"receipts": [{"kind": "forge", "times": 1}]})
    send(client, receiver)
    eventually(lambda: len(receiver.received) == 3)
    assert not any(signed(sandbox, receiver, post) for post in receiver.received)


def test_a_canceled_message_is_reported(client, receiver, eventually):
    later = datetime.now(UTC) + timedelta(hours=1)
    service = {"from_": None, "messaging_service_sid": SERVICE, "schedule_type": "fixed"}
    message = send(client, receiver, send_at=later, **service)
    client.messages(message.sid).update(status="canceled")
    eventually(lambda: receiver.statuses(message.sid) == ["canceled"])


def test_a_reply_reaches_the_service_signed_and_its_answer_the_phone(sandbox, client, receiver, eventually):
    receiver.twiml = "<Response><Message>Gracias &amp; hasta ma\u00f1ana</Message></Response>"
    sandbox.post("settings", {"inbound_url": f"{receiver.url}/v1/twilio/inbound"})
    client.messages.create(to=ANA, messaging_service_sid=SERVICE, body="Reply 1")
    reply = sandbox.post(f"phones/{ANA}/reply", {"body": " 1 "})
    post = eventually(lambda: receiver.received)[0]
    fields = post["fields"]
    assert post["path"] == "/v1/twilio/inbound"
    assert signed(sandbox, receiver, post)
    assert (fields["From"], fields["To"], fields["Body"]) == (ANA, SENDER, " 1 ")
    assert fields["MessageSid"] == fields["SmsMessageSid"] == reply["sid"]
    assert (fields["NumMedia"], fields["NumSegments"]) == ("0", "1")
    assert fields["MessagingServiceSid"] == SERVICE
    assert "OptOutType" not in fields
    answer = eventually(lambda: sandbox.texts(after=reply["id"]))[0]
    assert (answer["body"], answer["to"]) == ("Gracias & hasta ma\u00f1ana", ANA)


def test_a_reply_waits_for_a_service_that_is_restarting(sandbox, receiver, eventually):
    receiver.answers = [502, 502, 502]
    sandbox.post("settings", {"inbound_url": receiver.url})
    sandbox.post(f"phones/{ANA}/reply", {"body": "1", "to": SENDER})
    eventually(lambda: len(receiver.received) == 4)
    assert len({post["fields"]["MessageSid"] for post in receiver.received}) == 1


def replied(sandbox, receiver, *faults):
    sandbox.post("faults", {"inbound": list(faults)})
    sandbox.post("settings", {"inbound_url": f"{receiver.url}/in"})
    return sandbox.post(f"phones/{ANA}/reply", {"body": "1", "to": SENDER})["sid"]


def test_a_reply_can_come_twice_as_when_twilio_posts_it_again(sandbox, receiver, eventually):
    sid = replied(sandbox, receiver, {"kind": "duplicate", "times": 1})
    eventually(lambda: len(receiver.received) == 2 and sandbox.settled())
    assert {post["fields"]["MessageSid"] for post in receiver.received} == {sid}
    assert len({post["headers"]["I-Twilio-Idempotency-Token"] for post in receiver.received}) == 1
    assert all(signed(sandbox, receiver, post) for post in receiver.received)


def test_a_reply_can_be_late(sandbox, receiver, eventually):
    replied(sandbox, receiver, {"kind": "delay", "seconds": 0.4, "times": 1})
    later = sandbox.post(f"phones/{ANA}/reply", {"body": "2", "to": SENDER})["sid"]
    eventually(lambda: len(receiver.received) == 2)
    assert receiver.received[0]["fields"]["MessageSid"] == later


def test_a_reply_can_get_lost_and_stays_on_the_phone(sandbox, receiver, eventually):
    lost = replied(sandbox, receiver, {"kind": "drop", "times": 1})
    kept = sandbox.post(f"phones/{ANA}/reply", {"body": "2", "to": SENDER})["sid"]
    eventually(lambda: receiver.received and sandbox.settled())
    assert [post["fields"]["MessageSid"] for post in receiver.received] == [kept]
    assert [text["sid"] for text in sandbox.texts(direction="inbound")] == [lost, kept]


def test_a_reply_can_be_forged_and_its_refusal_is_counted(sandbox, receiver, eventually):
    receiver.answers = [403]
    before = sandbox.get("health")["webhooks_refused"]
    replied(sandbox, receiver, {"kind": "forge", "times": 1})
    eventually(lambda: receiver.received and sandbox.settled())
    assert len(receiver.received) == 1
    assert not signed(sandbox, receiver, receiver.received[0])
    assert sandbox.get("health")["webhooks_refused"] == before + 1


def test_a_fault_of_replies_can_be_kept_to_one_phone(sandbox, receiver, eventually):
    replied(sandbox, receiver, {"kind": "drop", "to": "+12605550142"})
    eventually(lambda: len(receiver.received) == 1)
