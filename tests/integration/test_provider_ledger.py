"""The provider's whole list page by page, and single messages, over real sockets."""

import asyncio
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from integration.test_provider_twilio import (
    HTML,
    MESSAGE,
    PATH,
    SERVICE,
    Answer,
    accepted,
    error,
    form,
    provider,
    request,
    row,
    trace,
    twilio,
)

from sms_service.provider.answer import MAX_ANSWER_BYTES
from sms_service.provider.errors import ProviderUnavailable


def asked(answer, question):
    """What a question to the provider gives, and what it was asked."""

    async def story():
        async with provider(answer) as served, twilio(served.url) as one:
            return await question(one), served.seen

    return asyncio.run(story())


def test_pages_follow_each_other_by_the_providers_own_links_and_nothing_filters():
    def answer(http, _form):
        n = int(http.query.get("Page", "0"))
        following = f"{PATH}?PageSize=500&Page={n + 1}&PageToken=PASM{n}" if n < 2 else None
        return Answer(200, {"messages": [row(n)], "next_page_uri": following, "page": n})

    async def story():
        async with provider(answer) as served:
            places, found = [None], []
            while len(places) < 4:
                async with twilio(served.url) as one:  # another process goes on where the first one stopped
                    listed = await one.page(places[-1])
                places.append(listed.next_place)
                found += listed.traces
            return places, found, [dict(http.query) for http in served.seen]

    places, found, seen = asyncio.run(story())
    assert found == [trace(n) for n in range(3)]
    assert places[-1] is None
    assert parse_qs(urlsplit(places[2]).query)["PageToken"] == ["PASM1"]
    assert seen[0] == {"PageSize": "500"}
    assert not any({"To", "From", "DateSent"} & set(query) for query in seen)


#: (label, what the row says, what is read)
ROWS = [
    ("nothing billed yet", {"num_segments": "0", "price": None}, {}),
    ("segments", {"num_segments": "3"}, {"segments": 3}),
    (
        "a charge",
        {"price": "-0.00790", "price_unit": "usd"},
        {"price": Decimal("-0.00790"), "price_unit": "USD"},
    ),
    ("a unit without a price", {"price": None, "price_unit": "USD"}, {}),
    ("words instead of numbers", {"num_segments": "many", "price": "free"}, {}),
    ("no finite price", {"price": "NaN"}, {}),
    ("a reply", {"direction": "inbound"}, {"direction": "inbound"}),
    ("of a service", {"messaging_service_sid": SERVICE}, {"sender": SERVICE, "service": SERVICE}),
]


@pytest.mark.parametrize(("said", "read"), [one[1:] for one in ROWS], ids=[one[0] for one in ROWS])
def test_a_row_says_what_was_billed(said, read):
    answer = Answer(200, {"messages": [row(1, **said)], "next_page_uri": None})
    listed, _ = asked(answer, lambda one: one.page())
    assert listed.traces == (trace(1, **read),)


def test_a_page_of_long_texts_is_read_whole():
    rows = [row(1, body="é" * 1600) for _ in range(500)]
    answer = Answer(200, {"messages": rows, "next_page_uri": None})
    listed, _ = asked(answer, lambda one: one.page())
    assert len(listed.traces) == 500


def test_an_answer_to_a_text_is_still_bounded_more_tightly():
    too_large = Answer(201, accepted(body="x" * (MAX_ANSWER_BYTES + 1)))
    (outcome,), _ = asked(too_large, lambda one: one.send([request()]))
    assert outcome.sid is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, error(20500, 500)),
        Answer(400, error(20001)),
        Answer(200, text=HTML, type="text/html"),
        Answer(200, {"messages": [row(1, date_created=None)]}),
    ],
    ids=["500", "400", "HTML", "a row without a date"],
)
def test_a_page_that_cannot_be_read_is_no_page(answer):
    with pytest.raises(ProviderUnavailable) as caught:
        asked(answer, lambda one: one.page())
    assert caught.value.http_status in {500, 400, None}


def test_a_message_that_is_there_and_one_that_is_not():
    found, seen = asked(Answer(200, row(1, num_segments="2")), lambda one: one.message(MESSAGE))
    assert found == trace(1, segments=2)
    assert seen[0].path == PATH.replace(".json", f"/{MESSAGE}.json")
    assert asked(Answer(404, error(20404, 404)), lambda one: one.message(MESSAGE))[0] is None


@pytest.mark.parametrize("status", [401, 429, 500])
def test_an_answer_that_is_no_answer_does_not_mean_that_there_is_no_message(status):
    with pytest.raises(ProviderUnavailable) as caught:
        asked(Answer(status, error(20003, status)), lambda one: one.message(MESSAGE))
    assert caught.value.http_status == status


def test_the_mark_travels_beside_the_attempts_id():
    async def story():
        async with provider(Answer(json=accepted())) as served, twilio(served.url) as one:
            await one.send([request(mark="0123456789abcdef")])
            return served.forms

    assert asyncio.run(story()) == [
        form(StatusCallback="https://clinic.example/receipts?a=7&m=0123456789abcdef")
    ]
