"""The control API and the page: what is on the phones, and what they answer."""

import pytest
from twilio.base.exceptions import TwilioRestException

ANA, OMAR, SENDER = "+12605550123", "+12605550142", "+15005550006"


def send(client, to=ANA, body="Hello"):
    return client.messages.create(to=to, from_=SENDER, body=body)


def test_received_texts_are_read_oldest_first_from_where_one_left_off(sandbox, client):
    sent = [send(client, body=f"text {number}") for number in range(3)]
    first = sandbox.get("messages", limit=2)
    rest = sandbox.get("messages", after=first["last_id"])
    assert [text["sid"] for text in first["messages"] + rest["messages"]] == [message.sid for message in sent]
    assert sandbox.get("messages", after=rest["last_id"]) == {"messages": [], "last_id": rest["last_id"]}
    text = first["messages"][0]
    assert (text["to"], text["from"], text["body"]) == (ANA, SENDER, "text 0")
    assert (text["encoding"], text["segments"]) == ("GSM-7", 1)
    assert text["shown_at"] == text["created_at"]


def test_the_label_clock_dates_texts_but_not_the_api(sandbox, client):
    sandbox.post("clock", {"shown_at": "2031-12-01T14:30:00Z", "zone": "America/New_York"})
    message = send(client)
    assert sandbox.texts()[0]["shown_at"] == "2031-12-01T09:30:00-05:00"
    assert message.date_created.year < 2031
    assert "Mon 1 Dec 2031" in sandbox.http.get("/").text


def test_a_clock_that_cannot_be_read_is_explained(sandbox):
    answer = sandbox.http.post("/sandbox/clock", json={"shown_at": "tomorrow"})
    assert answer.status_code == 422


def test_phones_are_named_and_counted(sandbox, client):
    sandbox.post(f"phones/{OMAR}/label", {"label": "Omar · ar", "language": "ar", "dir": "rtl"})
    send(client, to=OMAR)
    sandbox.post(f"phones/{OMAR}/reply", {"body": "1"})
    (phone,) = sandbox.get("phones")["phones"]
    assert (phone["number"], phone["label"], phone["language"], phone["dir"]) == (
        OMAR,
        "Omar · ar",
        "ar",
        "rtl",
    )
    assert (phone["received"], phone["sent"]) == (1, 1)


def test_a_phone_that_nobody_texted_has_to_say_whom_to_answer(sandbox):
    answer = sandbox.http.post(f"/sandbox/phones/{ANA}/reply", json={"body": "Hello?"})
    assert answer.status_code == 409
    assert sandbox.post(f"phones/{ANA}/reply", {"body": "Hello?", "to": SENDER})["to"] == SENDER


def test_stop_is_left_to_the_service_unless_told_otherwise(sandbox, client):
    send(client)
    sandbox.post(f"phones/{ANA}/reply", {"body": "STOP"})
    assert send(client).status == "queued"


def test_the_provider_can_take_care_of_stop_and_start(sandbox, client, receiver, eventually):
    sandbox.post("settings", {"opt_out_reply": "provider", "inbound_url": receiver.url})
    send(client)
    stop = sandbox.post(f"phones/{ANA}/reply", {"body": "Stop"})
    assert "unsubscribed" in sandbox.texts(after=stop["id"])[0]["body"]
    assert eventually(lambda: receiver.received)[0]["fields"]["OptOutType"] == "STOP"
    with pytest.raises(TwilioRestException) as refused:
        send(client)
    assert refused.value.code == 21610
    assert send(client, to=OMAR).status == "queued"
    sandbox.post(f"phones/{ANA}/reply", {"body": "START"})
    assert send(client).status == "queued"


def test_the_page_shows_texts_safely_and_with_their_direction(sandbox, client):
    send(client, body="<script>alert(1)</script> see https://clinic.example/l/7Kq2?a=1&b=2.")
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana & Co · es", "language": "es"})
    answer = sandbox.http.get("/")
    assert "<script>alert" not in answer.text
    assert '<a href="https://clinic.example/l/7Kq2?a=1&amp;b=2"' in answer.text
    assert "Ana &amp; Co" in answer.text
    assert '<p dir="auto" lang="es">' in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_is_not_sent_again_while_nothing_changes(sandbox, client, eventually):
    send(client)
    eventually(sandbox.settled)
    tag = sandbox.http.get("/").headers["ETag"]
    assert sandbox.http.get("/", headers={"If-None-Match": tag}).status_code == 304
    send(client)
    assert sandbox.http.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_a_plain_form_replies_without_script(sandbox, client):
    send(client)
    answer = sandbox.http.post(f"/phones/{ANA}/reply", data={"body": "Hola", "q": "ana"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?q=ana#p-12605550123"
    assert sandbox.texts(direction="inbound")[0]["body"] == "Hola"


@pytest.mark.parametrize("words", ["Omar", "0142", "+1 260 555 0142", "مرحب", "ar"])
def test_phones_are_found_by_name_number_language_and_text(sandbox, client, words):
    send(client, to=ANA, body="Hola")
    send(client, to=OMAR, body="مرحبًا")
    sandbox.post(f"phones/{OMAR}/label", {"label": "Omar", "language": "ar"})
    page = sandbox.http.get("/", params={"q": words}).text
    assert 'id="p-12605550142"' in page
    assert 'id="p-12605550123"' not in page


def test_another_sites_page_cannot_post_through_a_browser(sandbox):
    answer = sandbox.http.post("/sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_nothing_but_the_pages_own_files_is_given_out(sandbox):
    assert sandbox.http.get("/static/page.css").headers["Content-Type"].startswith("text/css")
    assert sandbox.http.get("/static/settings.py").status_code == 404
