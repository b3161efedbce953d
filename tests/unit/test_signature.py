"""Webhooks are believed only with a signature made by one of our active tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from sms_service.provider.signature import verify

TOKEN, NEXT, STRANGER = "old-token", "new-token", "not-ours"
URL = "https://clinic.example/receipts?a=17"
FORM = [("MessageSid", "SM1"), ("MessageStatus", "sent"), ("To", "+15005550006")]


def signed(url, pairs, token):
    """Write the signature out by the documented rule: HMAC-SHA1 over the URL and the sorted, unique pairs."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


#: (label, url it was signed for, form it was signed for, token, url seen, form seen, active tokens, believed)
WEBHOOKS = [
    ("as it was signed", URL, FORM, TOKEN, URL, FORM, [TOKEN], True),
    ("another order of fields", URL, FORM, TOKEN, URL, FORM[::-1], [TOKEN], True),
    ("old token while rotating", URL, FORM, TOKEN, URL, FORM, [NEXT, TOKEN], True),
    ("new token while rotating", URL, FORM, NEXT, URL, FORM, [NEXT, TOKEN], True),
    ("retired token", URL, FORM, TOKEN, URL, FORM, [NEXT], False),
    ("a stranger's token", URL, FORM, STRANGER, URL, FORM, [NEXT, TOKEN], False),
    ("no active token", URL, FORM, TOKEN, URL, FORM, [], False),
    ("an empty token is nobody's", URL, FORM, "", URL, FORM, [""], False),
    ("blank values count", URL, [*FORM, ("Body", "")], TOKEN, URL, [*FORM, ("Body", "")], [TOKEN], True),
    ("a blank value dropped", URL, [*FORM, ("Body", "")], TOKEN, URL, FORM, [TOKEN], False),
    ("spaces count", URL, [("Body", " STOP ")], TOKEN, URL, [("Body", " STOP ")], [TOKEN], True),
    ("spaces stripped", URL, [("Body", " STOP ")], TOKEN, URL, [("Body", "STOP")], [TOKEN], False),
    ("repeated name", URL, [("A", "2"), ("A", "1")], TOKEN, URL, [("A", "1"), ("A", "2")], [TOKEN], True),
    ("repeated pair", URL, [("A", "1"), ("A", "1")], TOKEN, URL, [("A", "1"), ("A", "1")], [TOKEN], True),
    ("one of two values dropped", URL, [("A", "1"), ("A", "2")], TOKEN, URL, [("A", "2")], [TOKEN], False),
    ("unknown fields count", URL, [*FORM, ("New", "x")], TOKEN, URL, [*FORM, ("New", "x")], [TOKEN], True),
    ("a field added", URL, FORM, TOKEN, URL, [*FORM, ("New", "x")], [TOKEN], False),
    ("a value changed", URL, FORM, TOKEN, URL, [("MessageStatus", "failed"), *FORM[2:]], [TOKEN], False),
    ("another attempt's id", URL, FORM, TOKEN, URL.replace("17", "18"), FORM, [TOKEN], False),
    ("another host", URL, FORM, TOKEN, URL.replace("clinic", "evil"), FORM, [TOKEN], False),
    ("plain http", URL, FORM, TOKEN, URL.replace("https", "http"), FORM, [TOKEN], False),
    ("no form", URL, [], TOKEN, URL, [], [TOKEN], True),
    ("signed with the port", URL.replace(".example", ".example:443"), FORM, TOKEN, URL, FORM, [TOKEN], True),
    ("seen with the port", URL, FORM, TOKEN, URL.replace(".example", ".example:443"), FORM, [TOKEN], True),
    ("raw query kept as sent", URL + "&b=%2B", FORM, TOKEN, URL + "&b=%2B", FORM, [TOKEN], True),
    ("query decoded on the way", URL + "&b=%2B", FORM, TOKEN, URL + "&b=+", FORM, [TOKEN], False),
    ("other scripts", URL, [("Body", "إيقاف 🙏")], TOKEN, URL, [("Body", "إيقاف 🙏")], [TOKEN], True),
]


@pytest.mark.parametrize(
    ("url", "form", "token", "url_seen", "form_seen", "tokens", "believed"),
    [row[1:] for row in WEBHOOKS],
    ids=[row[0] for row in WEBHOOKS],
)
def test_a_webhook_is_believed(url, form, token, url_seen, form_seen, tokens, believed):
    assert verify(url_seen, form_seen, signed(url, form, token), tokens) is believed


@pytest.mark.parametrize("signature", [None, "", "x", "é", " ", "=" * 28, "A" * 10_000])
def test_a_missing_or_absurd_signature_is_no_error_but_a_no(signature):
    assert verify(URL, FORM, signature, [TOKEN]) is False


@pytest.mark.parametrize("url", ["https://clinic.example:port/", "https://[clinic/", "", "\ud800"])
def test_an_absurd_url_is_no_error_but_a_no(url):
    assert verify(url, FORM, signed(URL, FORM, TOKEN), [TOKEN]) is False


def test_a_form_that_is_no_text_is_no_error_but_a_no():
    assert verify(URL, [("Body", "\ud800")], signed(URL, FORM, TOKEN), [TOKEN]) is False


def test_a_body_hash_in_the_query_does_not_switch_the_form_off():
    url = URL + "&bodySHA256=" + hashlib.sha256(b"").hexdigest()
    assert verify(url, FORM, signed(url, [], TOKEN), [TOKEN]) is False
