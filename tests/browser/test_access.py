"""For everybody: names and roles as the browser tells them to a screen reader, contrast, keys, targets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browser.rehearsal import ANA, OMAR, card
from playwright.sync_api import expect

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
CONTROLS = {"button", "link", "textbox", "searchbox", "combobox", "checkbox"}


@pytest.fixture
def page(phones, clinic):
    del clinic
    return phones()


def spoken(page):
    """(role, name) of everything in the browser's own accessibility tree."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]


def test_every_control_has_a_name_and_no_two_phones_share_one(page):
    controls = [(role, name) for role, name in spoken(page) if role in CONTROLS]
    assert len(controls) > 7 * 6
    assert [control for control in controls if not control[1].strip()] == []
    of_one_phone = [name for role, name in controls if role == "textbox" or name.startswith("Send")]
    assert len(set(of_one_phone)) == len(of_one_phone) == 2 * 7
    groups = [name for role, name in spoken(page) if role == "group"]
    assert len(set(groups)) == len(groups) == 8 + 7


def test_the_page_has_landmarks_one_title_and_a_heading_for_each_phone(page):
    tree = spoken(page)
    roles = [role for role, _ in tree]
    assert [roles.count(role) for role in ("banner", "main", "search")] == [1, 1, 1]
    assert page.locator("h1").count() == 1
    assert page.locator("h2").count() == roles.count("article") == 8
    assert all(name for role, name in tree if role == "article")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == "Sandbox phones"


def test_no_id_is_used_twice_and_every_reference_leads_somewhere(page):
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(set(ids)) == len(ids)
    for name in ("aria-labelledby", "href"):
        nodes = page.locator(f"[{name}]:is(article, use, .skip)")
        referred = nodes.evaluate_all("(nodes, name) => nodes.map(node => node.getAttribute(name))", name)
        assert len(referred) >= 8
        assert {reference.removeprefix("#") for reference in referred} <= set(ids)


def test_states_and_sides_are_said_not_only_drawn(page):
    # What a screen reader reads of the texts: who wrote each, and how far it got.
    texts = card(page).locator("li.bubble")
    expect(texts.first).to_contain_text("Clinic:")
    expect(texts.first.locator(".state")).to_have_text("delivered")
    expect(texts.last).to_contain_text("Patient:")
    expect(card(page, "+12605550108").locator(".state")).to_have_text("sent")
    assert any(name == "Not delivered: 30005 Unknown destination handset" for _, name in spoken(page))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/?q=nobody+is+called+like+this"])
def test_everything_stands_out_from_what_lies_behind_it(phones, clinic, scheme, path):
    del clinic
    page = phones(path, color_scheme=scheme)
    seen = page.evaluate(CONTRAST)
    assert seen["faint"] == []
    assert seen["looked"] > (100 if path == "/" else 5)
    dark = page.evaluate("getComputedStyle(document.body).color")
    assert dark == ("rgb(23, 32, 42)" if scheme == "light" else "rgb(232, 237, 242)")


@pytest.mark.parametrize("width", [320, 1280])
def test_every_target_is_large_enough_to_hit(phones, clinic, width):
    del clinic
    page = phones(width=width)
    boxes = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden])')]"
        ".map(node => [node.getBoundingClientRect().width, node.getBoundingClientRect().height])"
    )
    assert len(boxes) > 7 * 6
    assert [box for box in boxes if min(box) < 24] == []


def focused(page):
    return page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
    )


def test_all_of_it_works_from_the_keyboard_alone(page, clinic):
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the phones"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "Texts of Ana"
    thread = card(page).get_by_role("group", name="Texts of")
    page.keyboard.press("PageUp")
    page.wait_for_function("thread => thread.scrollTop < 0", arg=thread.element_handle())
    page.keyboard.press("Tab")
    assert focused(page) == "Reply from the phone of Ana"
    page.keyboard.type("Sí")
    page.keyboard.press("Enter")
    expect(card(page).locator(".mine p").last).to_have_text("Sí")
    assert focused(page) == "Reply from the phone of Ana"
    for expected in ("Send from the phone of Ana", "1", "2", "STOP"):
        page.keyboard.press("Tab")
        assert focused(page) == expected
    page.keyboard.press("Space")
    expect(card(page).locator(".mine p").last).to_have_text("STOP")
    assert [text["body"] for text in clinic.texts(direction="inbound", phone=ANA)][-2:] == ["Sí", "STOP"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_can_be_seen_wherever_it_goes(phones, clinic, scheme):
    del clinic
    page = phones(color_scheme=scheme)
    stops = 0
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement !== document.body"):
        stops += 1
        ring = page.evaluate(
            "(({ outlineStyle, outlineWidth, outlineColor }) => [outlineStyle, outlineWidth, outlineColor])"
            "(getComputedStyle(document.activeElement))"
        )
        assert ring[:2] == ["solid", "2px"], focused(page)
        assert ring[2] == ("rgb(15, 118, 110)" if scheme == "light" else "rgb(69, 196, 181)")
        page.keyboard.press("Tab")
    assert stops == 2 + 8 + 7 * 6 + 1  # skip link, search; threads; composers; the one link in a text


def test_a_new_text_is_announced_once_and_what_is_there_is_not_read_again(page, send):
    page.evaluate("""() => {
      window.said = [];
      const live = "[role=status], [role=alert], [role=log], [aria-live]";
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const region = (target.closest ? target : target.parentElement).closest(live);
          if (region) window.said.push(region.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")
    send("See you tomorrow")
    expect(card(page).get_by_text("See you tomorrow")).to_be_visible()
    assert page.evaluate("window.said") == ["New text to Ana: See you tomorrow"]
    for number in range(30):
        send(f"Text {number}", to=OMAR)
    expect(card(page, OMAR).get_by_text("Text 29")).to_be_visible()
    assert 0 < page.evaluate("window.said.length") < 20


def test_a_text_that_fails_is_announced_with_its_reason_at_once_or_later(page, sandbox, send):
    fred, news, api = "+12605550107", page.locator("#news"), sandbox.client()
    send("Hello", to=fred)
    expect(news).to_have_text("Text to Fred: Not delivered: 30005 Unknown destination handset")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    service = "MG" + "0" * 32
    text = api.messages.create(
        to=fred, messaging_service_sid=service, body="Later", schedule_type="fixed", send_at=tomorrow
    )
    expect(news).to_have_text("New text to Fred: Later")
    text.update(status="canceled")
    expect(news).to_have_text("Text to Fred: Cancelled")


def test_motion_stops_for_those_who_asked_for_it(phones, clinic, send):
    del clinic
    moving = {}
    for wish in ("no-preference", "reduce"):
        page = phones(reduced_motion=wish)
        send(f"For {wish}")
        bubble = card(page).locator("li.fresh", has_text=f"For {wish}")
        expect(bubble).to_be_visible()
        moving[wish] = bubble.evaluate("node => getComputedStyle(node).animationName")
    assert moving == {"no-preference": "arrive", "reduce": "none"}
