"""STOP at the provider: who may still be texted, who says so, and who can look it up."""

import pytest
from twilio.base.exceptions import TwilioRestException

ANA, OMAR, SENDER, OTHER = "+12605550123", "+12605550142", "+15005550006", "+15005550099"
SERVICE = "MG" + "a" * 32


@pytest.fixture
def provider(sandbox, receiver):
    sandbox.post("settings", {"opt_out_reply": "provider", "inbound_url": receiver.url})
    return sandbox


def text(sandbox, body, phone=ANA):
    return sandbox.post(f"phones/{phone}/reply", {"body": body, "to": SENDER})


def code_of(client, **given):
    try:
        client.messages.create(**{"to": ANA, "from_": SENDER, "body": "Hello"} | given)
    except TwilioRestException as refusal:
        return refusal.code
    return None


def opt_outs(sandbox):
    return [(pair["sender"], pair["phone"]) for pair in sandbox.get("opt_outs")["opt_outs"]]


def test_an_opt_out_holds_for_one_sender_and_one_number(provider, client):
    text(provider, "stop")
    assert opt_outs(provider) == [(SENDER, ANA)]
    assert code_of(client) == 21610
    assert code_of(client, from_=None, messaging_service_sid=SERVICE) == 21610
    assert code_of(client, from_=OTHER) is None
    assert code_of(client, to=OMAR) is None


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
def test_an_opt_in_word_ends_it(provider, client, word):
    text(provider, "STOP")
    assert code_of(client) == 21610
    reply = text(provider, word)
    assert "re-subscribed" in provider.texts(after=reply["id"])[0]["body"]
    assert opt_outs(provider) == []
    assert code_of(client) is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [("STOP", "STOP"), ("optout", "STOP"), ("START", "START"), ("HELP", "HELP"), ("1", None)],
)
def test_the_webhook_says_what_the_provider_made_of_it(provider, receiver, eventually, word, kind):
    text(provider, word)
    fields = eventually(lambda: receiver.received)[0]["fields"]
    assert (fields["Body"], fields.get("OptOutType")) == (word, kind)


def test_help_is_answered_and_blocks_nobody(provider, client):
    reply = text(provider, "HELP")
    assert "Reply STOP" in provider.texts(after=reply["id"])[0]["body"]
    assert code_of(client) is None


def test_whoever_has_stopped_hears_nothing_more(provider, receiver, eventually):
    receiver.twiml = "<Response><Message>Goodbye</Message></Response>"
    first = text(provider, "STOP")
    again = [text(provider, word) for word in ("STOP", "HELP")]
    eventually(lambda: len(receiver.received) == 3 and provider.settled())
    assert len(provider.texts(after=first["id"])) == 1
    assert provider.texts(after=again[0]["id"]) == []


def test_the_service_may_keep_stop_for_itself(sandbox, client, receiver, eventually):
    sandbox.post("settings", {"opt_out_reply": "ours", "inbound_url": receiver.url})
    text(sandbox, "STOP")
    assert "OptOutType" not in eventually(lambda: receiver.received)[0]["fields"]
    assert (opt_outs(sandbox), sandbox.texts()) == ([], [])
    assert code_of(client) is None
