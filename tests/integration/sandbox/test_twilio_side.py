"""The sandbox answers the official client library as Twilio does."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

ANA, SENDER, SERVICE = "+12605550123", "+15005550006", "MG" + "a" * 32


def send(client, to=ANA, body="Hello", **more):
    return client.messages.create(to=to, body=body, **({"from_": SENDER} | more))


def finished(client, sid, status="delivered"):
    return lambda: client.messages(sid).fetch().status == status


def test_a_message_from_a_number_is_queued(client):
    message = send(client)
    assert (message.status, message.num_segments, message.from_, message.to) == ("queued", "1", SENDER, ANA)
    assert message.sid.startswith("SM")
    assert len(message.sid) == 34
    assert (message.price, message.error_code, message.direction) == (None, None, "outbound-api")
    assert abs(datetime.now(UTC) - message.date_created) < timedelta(seconds=5)
    assert message.date_sent is None


def test_a_message_from_a_service_is_accepted_before_it_has_a_sender(client, eventually):
    message = client.messages.create(to=ANA, messaging_service_sid=SERVICE, body="Hello")
    assert (message.status, message.num_segments, message.from_) == ("accepted", "0", None)
    eventually(finished(client, message.sid))
    fetched = client.messages(message.sid).fetch()
    assert (fetched.num_segments, fetched.from_, fetched.messaging_service_sid) == ("1", SENDER, SERVICE)
    assert fetched.date_sent is not None


def test_segments_follow_the_encoding(client):
    assert send(client, body="á" * 71).num_segments == "2"


def test_a_price_is_known_once_it_was_sent(sandbox, client, eventually):
    message = send(client, body="a" * 161)
    assert (message.price, message.price_unit) == (None, "USD")
    eventually(sandbox.settled)
    assert client.messages(message.sid).fetch().price == "-0.01660"


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ({"validity_period": 0}, 21624),
        ({"validity_period": 36001}, 21624),
        ({"content_retention": "forget"}, 30029),
        ({"address_retention": "discard"}, 30030),
        ({"to": "+15005550009"}, 21614),
        ({"from_": "+15005550008"}, 21611),
    ],
)
def test_a_bad_option_or_a_magic_number_is_refused(sandbox, client, option, code):
    with pytest.raises(TwilioRestException) as refused:
        send(client, **option)
    assert refused.value.code == code
    assert sandbox.texts() == []


def test_a_body_that_is_to_be_discarded_is_gone_once_it_was_sent(sandbox, client, eventually):
    sandbox.post("settings", {"segments_per_second": 0.001})
    send(client, body="first")
    message = send(client, body="Your appointment is tomorrow", content_retention="discard")
    assert message.body == "Your appointment is tomorrow"
    sandbox.post("settings", {"segments_per_second": 0})
    eventually(sandbox.settled)
    assert client.messages(message.sid).fetch().body == ""
    assert sandbox.texts()[-1]["body"] == "Your appointment is tomorrow"


def test_a_number_that_is_to_be_hidden_loses_its_last_digits_and_is_not_found_by_it(
    sandbox, client, eventually
):
    hidden = send(client, address_retention="obfuscate")
    assert hidden.to == ANA
    eventually(sandbox.settled)
    assert client.messages(hidden.sid).fetch().to == "+1260555XXXX"
    assert client.messages.list(to=ANA) == []
    assert [message.to for message in client.messages.list()] == ["+1260555XXXX"]
    assert sandbox.texts()[0]["to"] == ANA


def test_answers_carry_twilios_headers(sandbox):
    path = f"/2010-04-01/Accounts/{sandbox.account}.json"
    answer = sandbox.http.get(path, auth=(sandbox.account, sandbox.token))
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"


def test_wrong_credentials_are_refused(sandbox):
    with pytest.raises(TwilioRestException) as refused:
        send(sandbox.client(token="wrong"))
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_refusals_have_twilios_shape(sandbox):
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json"
    form = {"To": ANA, "From": SENDER, "Body": ""}
    answer = sandbox.http.post(path, auth=(sandbox.account, sandbox.token), data=form)
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"code", "message", "more_info", "status"}
    assert (body["code"], body["status"]) == (21602, 400)
    assert body["more_info"].endswith("/21602")


def test_an_unknown_message_is_not_found(client):
    with pytest.raises(TwilioRestException) as refused:
        client.messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_the_account_and_its_number_can_be_read(sandbox, client):
    assert client.api.accounts(sandbox.account).fetch().status == "active"
    assert [number.phone_number for number in client.incoming_phone_numbers.list()] == [SENDER]


def test_messages_are_listed_newest_first_over_several_pages(client):
    sids = [send(client, body=f"text {number}").sid for number in range(7)]
    listed = client.messages.list(page_size=3)
    assert [message.sid for message in listed] == sids[::-1]


def test_pages_do_not_shift_while_messages_arrive(client):
    sids = [send(client).sid for _ in range(4)]
    first = client.messages.page(page_size=2)
    seen = [message.sid for message in first]
    send(client)
    seen += [message.sid for message in first.next_page()]
    assert seen == sids[::-1]


def test_pages_lead_back_as_well(client):
    sids = [send(client).sid for _ in range(5)][::-1]
    first = client.messages.page(page_size=2)
    assert first.previous_page_url is None
    second = first.next_page()
    third = second.next_page()
    assert [message.sid for message in third] == sids[4:]
    assert third.next_page_url is None
    back = third.previous_page()
    assert [message.sid for message in back] == sids[2:4]
    newest = back.previous_page()
    assert [message.sid for message in newest] == sids[:2]
    assert newest.previous_page_url is None


@pytest.mark.parametrize(
    "query", ["DateSent=tomorrow", "PageToken=XX1", "PageToken=PAx", f"PageToken=PA{10**30}", "Page=x"]
)
def test_a_list_request_that_cannot_be_read_is_refused(sandbox, query):
    path = f"/2010-04-01/Accounts/{sandbox.account}/Messages.json?{query}"
    answer = sandbox.http.get(path, auth=(sandbox.account, sandbox.token))
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_replies_are_listed_from_the_phone_to_the_number(sandbox, client):
    send(client)
    reply = sandbox.post(f"phones/{ANA}/reply", {"body": "1"})
    (listed,) = client.messages.list(from_=ANA, to=SENDER)
    assert (listed.sid, listed.direction, listed.status) == (reply["sid"], "inbound", "received")


def test_the_list_is_filtered_by_both_ends(client):
    wanted = send(client).sid
    send(client, to="+12605550199")
    send(client, from_="+15005550099")
    assert [message.sid for message in client.messages.list(to=ANA, from_=SENDER)] == [wanted]


def test_the_list_is_filtered_by_the_date_sent(client, eventually):
    message = send(client)
    eventually(finished(client, message.sid))
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert len(client.messages.list(date_sent_after=now - hour, date_sent_before=now + hour)) == 1
    assert client.messages.list(date_sent_after=now + hour) == []
    assert client.messages.list(date_sent_before=now - hour) == []
    assert len(client.messages.list(date_sent=client.messages(message.sid).fetch().date_sent)) == 1


def test_a_finished_message_can_be_redacted_but_stays_on_the_phone(sandbox, client, eventually):
    message = send(client, body="Your appointment is tomorrow")
    eventually(finished(client, message.sid))
    assert client.messages(message.sid).update(body="").body == ""
    assert client.messages(message.sid).fetch().body == ""
    assert sandbox.texts()[0]["body"] == "Your appointment is tomorrow"


def test_a_finished_message_can_be_deleted(client, eventually):
    message = send(client)
    eventually(finished(client, message.sid))
    assert client.messages(message.sid).delete() is True
    assert client.messages.list() == []


def test_a_scheduled_message_can_be_canceled(sandbox, client):
    later = datetime.now(UTC) + timedelta(days=1)
    message = client.messages.create(
        to=ANA, messaging_service_sid=SERVICE, body="Hello", schedule_type="fixed", send_at=later
    )
    assert message.status == "scheduled"
    assert client.messages(message.sid).update(status="canceled").status == "canceled"
    assert sandbox.get("health")["in_flight"] == 0


@pytest.mark.parametrize("change", [{"body": "Another text"}, {"status": "queued"}])
def test_nothing_else_about_a_message_can_be_changed(client, change):
    message = send(client)
    with pytest.raises(TwilioRestException) as refused:
        client.messages(message.sid).update(**change)
    assert refused.value.code == 20001


def test_a_message_under_way_can_be_neither_redacted_nor_deleted(sandbox, client):
    sandbox.post("settings", {"segments_per_second": 0.001})
    send(client)
    message = client.messages(send(client).sid)
    for change in (lambda: message.update(body=""), message.delete):
        with pytest.raises(TwilioRestException) as refused:
            change()
        assert refused.value.code == 20009


def test_a_message_under_way_cannot_be_canceled(client):
    message = send(client)
    with pytest.raises(TwilioRestException) as refused:
        client.messages(message.sid).update(status="canceled")
    assert refused.value.code == 30409


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [(30003, "undelivered", 30003), (30034, "failed", 30034), ({"status": "sent"}, "sent", None)],
)
def test_a_number_can_be_given_another_end(sandbox, client, eventually, outcome, status, code):
    sandbox.post("faults", {"outcomes": {ANA: outcome}})
    message = send(client)
    eventually(sandbox.settled)
    fetched = client.messages(message.sid).fetch()
    assert (fetched.status, fetched.error_code) == (status, code)


async def asynchronous_round(sandbox):
    class Local(AsyncTwilioHttpClient):
        async def request(self, method, url, *args, **kwargs):
            url = url.replace("https://api.twilio.com", sandbox.url)
            return await super().request(method, url, *args, **kwargs)

    async with Local() as http:
        client = Client(sandbox.account, sandbox.token, http_client=http)
        sids = [
            (await client.messages.create_async(to=ANA, from_=SENDER, body="Hello")).sid for _ in range(3)
        ]
        listed = [message.sid for message in await client.messages.list_async(to=ANA, page_size=2)]
        fetched = (await client.messages(sids[0]).fetch_async()).sid
    return sids, listed, fetched


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own use of aiohttp
def test_the_asynchronous_client_works_as_well(sandbox):
    import asyncio  # noqa: PLC0415 - the one test that needs a loop

    sids, listed, fetched = asyncio.run(asynchronous_round(sandbox))
    assert listed == sids[::-1]
    assert fetched == sids[0]
