"""What a judge of a rehearsal reads: every text with its real time, its callback and its end, cheaply."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from sms_service.sandbox.database import Database
from sms_service.sandbox.listing import listing_from
from sms_service.sandbox.messages import Messages

ANA, SENDER = "+12605550123", "+15005550006"


def test_a_text_is_shown_with_its_real_time_its_label_its_callback_and_its_end(
    sandbox, client, receiver, eventually
):
    sandbox.post("clock", {"shown_at": "2031-12-01T09:30:00-05:00"})
    sandbox.post("faults", {"outcomes": {ANA: 30005}})
    callback = f"{receiver.url}/cb?m=17&body=Hello%20there"
    options = {"content_retention": "discard", "address_retention": "obfuscate"}
    message = client.messages.create(to=ANA, from_=SENDER, body="Hello", status_callback=callback, **options)
    eventually(sandbox.settled)
    (text,) = sandbox.texts()
    assert (text["sid"], text["to"], text["body"]) == (message.sid, ANA, "Hello")
    assert (text["status"], text["error_code"]) == ("undelivered", 30005)
    assert text["status_callback"] == callback
    assert text["shown_at"] == "2031-12-01T09:30:00-05:00"
    created, sent, updated = (
        datetime.fromisoformat(text[name]) for name in ("created_at", "sent_at", "updated_at")
    )
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
    assert created < sent < updated
    assert len(text["created_at"].partition(".")[2]) == len("123+00:00")


def test_what_is_deleted_at_the_provider_can_still_be_judged(sandbox, client, eventually):
    message = client.messages.create(to=ANA, from_=SENDER, body="Hello")
    eventually(sandbox.settled)
    client.messages(message.sid).delete()
    assert [text["sid"] for text in sandbox.texts()] == [message.sid]


@pytest.mark.parametrize("place", ["-1", "far", str(10**30)])
def test_a_place_that_cannot_be_read_is_explained(sandbox, place):
    answer = sandbox.http.get("/sandbox/messages", params={"after": place})
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": "after and limit must be whole numbers"},
    )


def filled(path, rows):
    """A data file with many messages, as a sandbox leaves it behind."""
    database = Database(path)
    database.close()
    phone = f"'+1260' || (5550000 + value % {rows // 10})"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO messages (id, sid, direction, phone, sender, body, encoding, segments, status, goal,"
            " created_at, sent_at, updated_at)"
            f" SELECT value, printf('SM%032x', value), iif(value % 500, 'outbound-api', 'inbound'), {phone},"
            f" '{SENDER}', 'Hello', 'GSM-7', 1, 'delivered', 'delivered', value, value, value"
            " FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT ?)"
            " SELECT value FROM n)",
            (rows,),
        )
    connection.close()
    return Database(path)


PAGES = {
    "texts": lambda messages: messages.after(90_000, 100, None, "outbound"),
    "replies": lambda messages: messages.after(0, 100, None, "inbound"),
    "both": lambda messages: messages.after(50_000, 100, None, "all"),
    "one phone": lambda messages: messages.after(0, 100, "+12605550123", "outbound"),
    "a conversation": lambda messages: messages.conversation("+12605550123", 60),
    "by SID": lambda messages: [messages.by_sid(f"SM{70_000:032x}")],
    "the last text": lambda messages: [messages.last_to("+12605550123")],
    "list": lambda messages: messages.listed(listing_from({}), 1e9),
    "list, far in": lambda messages: messages.listed(listing_from({"PageToken": "PA100"}), 1e9),
    "list, back": lambda messages: messages.listed(listing_from({"PageToken": "PB100"}), 1e9),
    "list to": lambda messages: messages.listed(listing_from({"To": "+12605550123"}), 1e9),
    "list to ourselves": lambda messages: messages.listed(listing_from({"To": SENDER}), 1e9),
    "list from a phone": lambda messages: messages.listed(listing_from({"From": "+12605550500"}), 1e9),
    "list from": lambda messages: messages.listed(listing_from({"From": SENDER}), 1e9),
}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    database = filled(tmp_path_factory.mktemp("many") / "sandbox.sqlite", 100_000)
    yield database
    database.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_out_of_a_hundred_thousand_costs_no_more_than_the_page(many, page):
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    messages = Messages(many)
    many._connection.set_progress_handler(count, 100)
    found = PAGES[page](messages)
    many._connection.set_progress_handler(None, 0)
    assert found
    assert found[0] is not None
    # Steps of SQLite's machine, in hundreds: reading every row takes more than ten thousand of them.
    assert steps < 400
