"""The control API and the page: what is on the phones, and what they answer."""

import pytest
from twilio.base.exceptions import TwilioRestException

ANA, OMAR, SENDER = "+12605550123", "+12605550142", "+15005550006"


def send(client, to=ANA, body="Hello"):
    return client.messages.create(to=to, from_=SENDER, body=body)


def changes(sandbox, **query):
    return sandbox.http.get("/changes", params=query)


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


def test_the_page_shows_texts_safely(sandbox, client):
    send(client, body="<script>alert(1)</script> see https://clinic.example/l/7Kq2?a=1&b=2.")
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana & <i>Co · es", "language": "es"})
    answer = sandbox.http.get("/", params={"q": '"><i>'})
    assert "<i>" not in answer.text
    answer = sandbox.http.get("/")
    assert "<script>alert" not in answer.text
    assert "<i>Co" not in answer.text
    assert '<a href="https://clinic.example/l/7Kq2?a=1&amp;b=2"' in answer.text
    assert "Ana &amp; &lt;i&gt;Co" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("language", "body", "shown"),
    [
        ("es", "Hola", '<p dir="ltr" lang="es">'),
        ("pt_BR", "1", '<p dir="ltr" lang="pt-BR">'),
        ("ar", "Riverside Pain Clinic: موعدك يوم الثلاثاء الساعة التاسعة", '<p dir="rtl" lang="ar">'),
        ("fa", "۱", '<p dir="rtl" lang="fa">'),
        ("ar", "STOP", '<p dir="ltr">'),
        ("en", "نعم", '<p dir="rtl">'),
        ("ja", "12月1日 River Street", '<p dir="ltr" lang="ja">'),
        ("hi", "1 https://clinic.example/l/7Kq2", '<p dir="ltr" lang="hi">'),
        ("ar", "نعم https://clinic.example/l/7Kq2", '<p dir="rtl" lang="ar">'),
        ("nobody's", "Hello", '<p dir="ltr" lang="nobody&#x27;s">'),
    ],
)
def test_each_text_has_the_direction_and_language_of_its_own_letters(sandbox, client, language, body, shown):
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana", "language": language})
    send(client, body=body)
    assert shown in sandbox.http.get("/").text


def test_a_label_decides_the_direction_only_where_there_are_no_letters(sandbox, client):
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana", "dir": "rtl"})
    send(client, body="1")
    send(client, body="One")
    page = sandbox.http.get("/").text
    assert '<p dir="rtl">1</p>' in page
    assert '<p dir="ltr">One</p>' in page


def test_a_text_that_did_not_arrive_says_why(sandbox, client, eventually):
    sandbox.post("faults", {"outcomes": {ANA: 30005}})
    send(client)
    eventually(sandbox.settled)
    page = sandbox.http.get("/").text
    assert "Not delivered: 30005 Unknown destination handset" in page
    assert 'class="bubble theirs lost"' in page


def test_the_page_is_not_sent_again_while_nothing_changes(sandbox, client, eventually):
    send(client)
    eventually(sandbox.settled)
    tag = sandbox.http.get("/").headers["ETag"]
    assert sandbox.http.get("/", headers={"If-None-Match": tag}).status_code == 304
    send(client)
    assert sandbox.http.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_only_phones_that_changed_are_sent_to_a_page_that_is_open(sandbox, client, eventually):
    send(client, to=ANA)
    send(client, to=OMAR)
    eventually(sandbox.settled)
    tag = changes(sandbox).json()["tag"]
    assert changes(sandbox, since=tag).status_code == 204
    sandbox.post(f"phones/{OMAR}/reply", {"body": "On my way"})
    eventually(sandbox.settled)
    answer = changes(sandbox, since=tag).json()
    assert answer["order"] == ["p-12605550123", "p-12605550142"]
    assert list(answer["cards"]) == ["p-12605550142"]
    assert "On my way" in answer["cards"]["p-12605550142"]
    assert list(changes(sandbox, since="another-life-7").json()["cards"]) == answer["order"]


def test_a_page_that_looked_away_misses_nothing_that_others_saw_meanwhile(sandbox, client, eventually):
    send(client)
    eventually(sandbox.settled)
    slow = changes(sandbox).json()["tag"]
    sandbox.post(f"phones/{ANA}/reply", {"body": "One"})
    quick = changes(sandbox, since=slow).json()["tag"]
    sandbox.post(f"phones/{OMAR}/label", {"label": "Omar"})
    assert list(changes(sandbox, since=quick).json()["cards"]) == ["p-12605550142"]
    assert "One" in changes(sandbox, since=slow).json()["cards"]["p-12605550123"]


def test_a_new_state_or_name_is_a_change_although_no_text_is_new(sandbox, client, eventually):
    sandbox.post("faults", {"outcomes": {ANA: {"status": "sent"}}})
    send(client)
    eventually(sandbox.settled)
    answer = changes(sandbox).json()
    assert 'title="sent"' in answer["cards"]["p-12605550123"]
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana"})
    assert "<bdi>Ana</bdi>" in changes(sandbox, since=answer["tag"]).json()["cards"]["p-12605550123"]


def test_forty_eight_phones_are_shown_unless_more_are_wanted(sandbox):
    for number in range(60):
        sandbox.post(f"phones/+1260555{number:04}/label", {"label": f"Patient {number}"})
    page = sandbox.http.get("/").text
    assert page.count("<article") == 48
    assert "48 of 60 phones" in page
    assert sandbox.http.get("/", params={"phones": "60"}).text.count("<article") == 60
    for nonsense in ("0", "-3", "many", "9" * 5000):
        assert sandbox.http.get("/", params={"phones": nonsense}).status_code == 200


def test_a_plain_form_replies_without_script_and_keeps_what_was_searched(sandbox, client):
    send(client)
    assert '<input type="hidden" name="q" value="hello">' in sandbox.http.get("/?q=hello").text
    answer = sandbox.http.post(f"/phones/{ANA}/reply", data={"body": "Hola", "q": "ana", "phones": "96"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?q=ana&phones=96#p-12605550123"
    assert sandbox.texts(direction="inbound")[0]["body"] == "Hola"


def test_a_text_cannot_pretend_to_be_a_part_of_a_form(sandbox, client):
    send(client, body="<!--searched-->")
    assert "&lt;!--searched--&gt;" in sandbox.http.get("/?q=searched").text


def test_a_phone_without_texts_cannot_answer_and_says_so(sandbox):
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana"})
    page = sandbox.http.get("/").text
    assert "this phone has received no text yet" in page
    assert f'action="/phones/{ANA}/reply"' not in page
    answer = sandbox.http.post(f"/phones/{ANA}/reply", data={"body": "Hello?"})
    assert answer.status_code == 409
    assert "Nothing was sent" in answer.text
    assert sandbox.http.post("/phones/nobody/reply", data={"body": "Hello?"}).status_code == 404


@pytest.mark.parametrize("words", ["Omar", "0142", "+1 260 555 0142", "مرحب", "ar", "arabic", "ETE 1"])
def test_phones_are_found_by_name_number_language_and_text(sandbox, client, words):
    send(client, to=ANA, body="Hola")
    send(client, to=OMAR, body="مرحبًا, été 1")
    sandbox.post(f"phones/{OMAR}/label", {"label": "Omar", "language": "ar"})
    page = sandbox.http.get("/", params={"q": words}).text
    assert 'id="p-12605550142"' in page
    assert 'id="p-12605550123"' not in page


def test_a_search_for_words_with_a_digit_is_not_a_search_for_numbers(sandbox, client):
    send(client, to=ANA, body="Hello")
    assert "No phone matches" in sandbox.http.get("/", params={"q": "room 0123"}).text
    assert "No phone matches" in sandbox.http.get("/", params={"q": "1"}).text


def test_another_sites_page_cannot_post_through_a_browser(sandbox):
    answer = sandbox.http.post("/sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_nothing_but_the_pages_own_files_is_given_out(sandbox):
    assert sandbox.http.get("/static/page.css").headers["Content-Type"].startswith("text/css")
    assert sandbox.http.get("/static/settings.py").status_code == 404
