"""The page while it is open: what arrives, what advances, what is answered, without a reload."""

import pytest
from browser.rehearsal import ANA, OMAR, SENDER, a_sandbox, card
from playwright.sync_api import expect
from twilio.request_validator import RequestValidator


def mark(page):
    """Leave something that a reload would wipe out."""
    page.evaluate("window.stillHere = true")
    return lambda: page.evaluate("window.stillHere")


def forgive_absence(view):
    """A page cannot keep the browser from noting that its server was away."""
    view.complaints[:] = [text for text in view.complaints if "ERR_CONNECTION" not in text]


def test_a_text_appears_on_an_open_page_without_a_reload(phones, sandbox, send):
    page = phones()
    expect(page.get_by_role("heading", name="No texts yet")).to_be_visible()
    still_here = mark(page)
    sandbox.post(f"phones/{ANA}/label", {"label": "Ana · es", "language": "es"})
    send("Su cita: martes")
    expect(card(page).get_by_text("Su cita: martes")).to_be_in_viewport()
    expect(card(page).get_by_role("heading")).to_have_text("Ana")
    expect(card(page).locator(".chip")).to_have_text("Spanish")
    expect(card(page).locator(".meta")).to_contain_text("1 segment")
    expect(card(page).locator(".meta")).to_contain_text("GSM-7")
    expect(page.locator("#count")).to_have_text("1 phone")
    send("Responda 1", to=OMAR)
    expect(card(page, OMAR).get_by_text("Responda 1")).to_be_visible()
    assert still_here()


def test_ticks_advance_from_queued_to_delivered_over_a_restart_of_the_sandbox(opened, tmp_path):
    with a_sandbox(tmp_path, "--receipt-delay", "3600") as sandbox:
        view = opened(sandbox.url)
        page, still_here = view.page, mark(view.page)
        sandbox.client().messages.create(to=ANA, from_=SENDER, body="Hello")
        state = card(page).locator(".state")
        expect(state).to_have_text("queued")
        sandbox.kill()
        expect(page.get_by_role("alert")).to_contain_text("The sandbox does not answer")
        sandbox.flags = ("--receipt-delay", "0.01")
        sandbox.start()
        expect(state).to_have_text("delivered")
        expect(page.get_by_role("alert")).to_be_hidden()
        assert still_here()
    forgive_absence(view)


def test_a_refused_text_says_its_code_and_a_text_without_receipt_stays_sent(phones, sandbox, send):
    sandbox.post("faults", {"outcomes": {ANA: 30005, OMAR: {"status": "sent"}}})
    page = phones()
    send("Hello")
    send("Hello", to=OMAR)
    expect(card(page).locator(".state")).to_have_text("Not delivered: 30005 Unknown destination handset")
    expect(card(page, OMAR).locator(".state")).to_have_text("sent")


@pytest.mark.parametrize("way", ["enter", "button", "quick reply"])
def test_a_reply_is_shown_and_posted_to_the_service_signed(phones, sandbox, send, receiver, eventually, way):
    sandbox.post("settings", {"inbound_url": receiver.url + "/inbound"})
    receiver.twiml = "<Response><Message>Thank you</Message></Response>"
    send("Reply 1 or 2")
    page = phones()
    still_here = mark(page)
    field = card(page).get_by_role("textbox")
    if way == "quick reply":
        words = "STOP"
        card(page).get_by_role("button", name="STOP").click()
    else:
        words = "¿Puedo ir? 👋"
        field.fill(words)
        field.press("Enter") if way == "enter" else card(page).get_by_role("button", name="Send").click()
    expect(card(page).locator(".mine p")).to_have_text(words)
    expect(field).to_have_value("")
    expect(card(page).get_by_text("Thank you")).to_be_in_viewport()
    (post,) = eventually(lambda: receiver.received)
    assert (post["fields"]["From"], post["fields"]["To"], post["fields"]["Body"]) == (ANA, SENDER, words)
    signature = post["headers"]["X-Twilio-Signature"]
    assert RequestValidator(sandbox.token).validate(receiver.url + post["path"], post["fields"], signature)
    assert still_here()


def test_a_reply_to_a_sandbox_that_is_away_is_kept_and_goes_out_later(opened, tmp_path, eventually):
    with a_sandbox(tmp_path) as sandbox:
        sandbox.client().messages.create(to=ANA, from_=SENDER, body="Reply 1 or 2")
        view = opened(sandbox.url)
        field = card(view.page).get_by_role("textbox")
        sandbox.kill()
        field.fill("1")
        field.press("Enter")
        told = "The sandbox does not answer. Try again."
        eventually(lambda: field.evaluate("field => field.validationMessage") == told)
        expect(field).to_have_value("1")
        sandbox.start()
        field.fill("1!")
        field.press("Enter")
        expect(card(view.page).locator(".mine p")).to_have_text("1!")
        assert [text["body"] for text in sandbox.texts(direction="inbound")] == ["1!"]
    forgive_absence(view)


def test_what_one_is_typing_survives_what_arrives(phones, send):
    send("First")
    page = phones()
    field = card(page).get_by_role("textbox")
    field.type("half a")
    send("Second")
    expect(card(page).get_by_text("Second")).to_be_visible()
    expect(field).to_have_value("half a")
    expect(field).to_be_focused()


def test_a_thread_follows_its_end_but_does_not_drag_a_reader_along(phones, send):
    for number in range(12):
        send(f"Text {number}\n" + "and more of it. " * 12)
    page = phones()
    expect(card(page).get_by_text("Text 11")).to_be_in_viewport()
    send("The newest")
    expect(card(page).get_by_text("The newest")).to_be_in_viewport()
    thread = card(page).get_by_role("group", name="Texts of")
    thread.evaluate("thread => { thread.scrollTop = -1200 }")
    seen = thread.evaluate(
        "thread => { const at = thread.getBoundingClientRect();"
        " return document.elementFromPoint(at.x + 60, at.y + at.height / 2).closest('li').dataset.key }"
    )
    bubble = card(page).locator(f"[data-key='{seen}']")
    before = bubble.bounding_box()["y"]
    send("Newer still")
    expect(card(page).get_by_text("Newer still")).to_be_attached()
    assert bubble.bounding_box()["y"] == pytest.approx(before, abs=2)


def test_searching_narrows_the_phones_while_one_types_and_back(phones, clinic):
    page = phones()
    search = page.get_by_role("searchbox")
    articles = page.get_by_role("article")
    for words, name in [
        ("shirin", None),
        ("شیرین", "شیرین"),
        ("0104", "प्रिया"),
        ("RESPONDA 1", "Ana"),
        ("japanese", "健太"),
        ("manha", "Lou"),
    ]:
        search.fill(words)
        expect(articles).to_have_count(1 if name else 0)
        if name:
            expect(articles.get_by_role("heading")).to_contain_text(name)
        else:
            expect(page.get_by_role("heading", name="No phone matches")).to_be_visible()
    assert page.url.endswith("/?q=manha")
    clinic.post("phones/+12605550177/reply", {"body": "Amanhã!", "to": SENDER})
    expect(articles).to_have_count(2)
    search.fill("")
    expect(articles).to_have_count(9)
    expect(page.locator("#count")).to_have_text("9 phones")
    assert page.url.endswith("/")


def test_a_page_with_two_hundred_phones_is_told_only_what_changed(phones, sandbox, send):
    for number in range(200):
        sandbox.post(f"phones/+1260555{number:04}/label", {"label": f"Patient {number}"})
    page = phones("/?phones=240")
    expect(page.get_by_role("article")).to_have_count(200)
    page.evaluate("document.querySelectorAll('article').forEach(card => { card.known = true })")
    with page.expect_response(lambda answer: "/changes" in answer.url and answer.status == 200) as told:
        send("Hello", to="+12605550150")
    assert list(told.value.json()["cards"]) == ["p-12605550150"]
    expect(card(page, "+12605550150").get_by_text("Hello")).to_be_attached()
    assert page.evaluate("[...document.querySelectorAll('article')].every(card => card.known)")
