"""Reading: every script in its direction, on a small screen, and without any script of ours."""

import re

import pytest
from browser.rehearsal import ANA, OMAR, SENDER, card
from playwright.sync_api import expect
from twilio.request_validator import RequestValidator

EDGES_OF_THE_LAST_LINE = """p => {
  const words = document.createRange();
  words.selectNodeContents(p);
  const parts = [...words.getClientRects()];
  const line = parts.filter((part) => part.bottom === parts.at(-1).bottom);
  const box = p.getBoundingClientRect();
  const left = Math.min(...line.map((part) => part.left)) - box.left;
  const right = box.right - Math.max(...line.map((part) => part.right));
  return [left < 2 ? "left" : "", right < 2 ? "right" : ""];
}"""


def styled(locator, name):
    return locator.evaluate(f"node => getComputedStyle(node).{name}")


@pytest.mark.parametrize(
    ("number", "words", "direction", "language"),
    [
        (ANA, "Su cita", "ltr", "es"),
        (ANA, "¿Puedo", "ltr", "es"),
        (OMAR, "موعدك", "rtl", "ar"),
        (OMAR, "نعم", "rtl", "ar"),
        ("+12605550106", "نوبت", "rtl", "fa"),
        ("+12605550103", "12月1日", "ltr", "ja"),
        ("+12605550104", "अपॉइंटमेंट", "ltr", "hi"),
        ("+12605550108", "amanhã", "ltr", "pt-BR"),
    ],
)
def test_each_text_runs_in_its_own_direction_and_names_its_language(
    phones, clinic, number, words, direction, language
):
    del clinic
    text = card(phones(width=400), number).locator("p", has_text=words).first
    assert styled(text, "direction") == direction
    assert {"ltr": "left", "rtl": "right"}[direction] in text.evaluate(EDGES_OF_THE_LAST_LINE)
    assert text.evaluate("p => p.closest('[lang]').lang") == language


def test_an_arabic_phone_writes_from_the_right_and_its_card_still_reads_from_the_left(phones, clinic):
    del clinic
    phone = card(phones(), OMAR)
    assert styled(phone.get_by_role("textbox"), "direction") == "rtl"
    assert styled(phone.locator(".meta").first, "direction") == "ltr"
    heading, avatar = phone.get_by_role("heading").bounding_box(), phone.locator(".avatar").bounding_box()
    assert heading["x"] > avatar["x"]


@pytest.mark.parametrize("path", ["/", "/?q=nobody+is+called+like+this", "/?phones=2"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_width_scrolls_sideways(phones, clinic, path, width):
    del clinic
    page = phones(path, width=width, height=640)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    too_wide = """() => [...document.querySelectorAll('.thread, .head, .composer')]
      .filter(box => box.scrollWidth > box.clientWidth).map(box => box.className)"""
    assert page.evaluate(too_wide) == []


def test_a_whole_phone_fits_a_small_screen_with_its_reply_box(phones, clinic):
    del clinic
    page = phones(width=390, height=844)
    card(page).scroll_into_view_if_needed()
    assert card(page).bounding_box()["height"] <= 844
    assert styled(card(page).get_by_role("textbox"), "fontSize") == "16px"


@pytest.fixture
def plain(phones):
    """Open the page in a browser that runs no script."""
    return lambda path="/": phones(path, java_script_enabled=False)


def test_without_script_the_newest_text_is_in_sight_and_older_ones_are_there(plain, send):
    for number in range(12):
        send(f"Text {number}. " + "and more of it. " * 12)
    page = plain()
    expect(card(page).get_by_text("Text 11.")).to_be_in_viewport()
    expect(card(page).get_by_text("Text 0.")).to_be_attached()
    send("The newest")
    page.get_by_role("link", name="Show the latest texts").click()
    expect(card(page).get_by_text("The newest")).to_be_in_viewport()


def test_without_script_a_reply_is_posted_signed_and_shown(plain, sandbox, send, receiver, eventually):
    url = receiver.url + "/inbound"
    sandbox.post("settings", {"inbound_url": url})
    send("Reply 1 or 2")
    send("Reply 1 or 2", to=OMAR)
    page = plain("/?q=0123")
    expect(page.get_by_role("article")).to_have_count(1)
    card(page).get_by_role("textbox").fill("Sí, voy")
    card(page).get_by_role("textbox").press("Enter")
    expect(card(page).locator(".mine p")).to_have_text("Sí, voy")
    card(page).get_by_role("button", name="2", exact=True).click()
    expect(card(page).locator(".mine p")).to_have_text(["Sí, voy", "2"])
    assert page.url.endswith("/?q=0123#p-12605550123")
    expect(page.get_by_role("article")).to_have_count(1)
    first, second = eventually(lambda: len(receiver.received) == 2 and receiver.received)
    assert {first["fields"]["Body"], second["fields"]["Body"]} == {"Sí, voy", "2"}
    assert first["fields"]["To"] == SENDER
    signature = first["headers"]["X-Twilio-Signature"]
    assert RequestValidator(sandbox.token).validate(url, first["fields"], signature)


def test_without_script_the_search_form_finds_and_leads_back(plain, clinic):
    del clinic
    page = plain()
    search = page.get_by_role("searchbox")
    search.fill("responda")
    search.press("Enter")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("responda")
    expect(page).to_have_url(re.compile(r"/\?q=responda$"))
    page.get_by_role("searchbox").fill("nobody is called like this")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Show all phones").click()
    expect(page.get_by_role("article")).to_have_count(8)


def test_without_script_the_phones_that_are_not_shown_are_one_link_away(plain, clinic):
    del clinic
    page = plain("/?phones=4")
    expect(page.get_by_role("article")).to_have_count(4)
    page.get_by_role("link", name="Show more").click()
    expect(page.get_by_role("article")).to_have_count(8)
