"""The page behind the link for everybody: every language, small screens, large letters, dark, paper."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser.leaflets import a_clinic, token_of
from integration.service.world import LIBRARY, at
from npm_packages import from_npm
from playwright.sync_api import expect

AXE = "axe-core@4.14.1"
LANGUAGES = sorted(LIBRARY.catalogs)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NO_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def world(chromium):
    del chromium
    with a_clinic() as one:
        one.home = one.clinic(addresses={"": "12 River Street, Springfield"})
        yield one


@pytest.fixture(scope="module")
def link(world):
    world.say("booked")
    return f"{world.url}/l/{token_of(world)}"


@pytest.fixture(scope="module")
def private(world):
    """Where texts ask nothing: the safety question is open on the page."""
    clinic = world.clinic("hill", privacy=0)
    world.say("booked", "V2", "P2", clinic=clinic, phone="+12605550188", start="2027-05-20T14:00:00")
    # in a thread of its own: Playwright's loop runs in this one, and sending needs one too
    with ThreadPoolExecutor(1) as thread:
        thread.submit(world.run_to, at("2027-05-15 10:05")).result()
    return f"{world.url}/l/{token_of(world, 'V2', 'P2')}"


@pytest.fixture(scope="module")
def axe(pytestconfig):
    return from_npm(pytestconfig.cache, AXE, "package/axe.min.js")


def problems(page, axe):
    """What axe finds, by rule and place. Evaluated by the browser itself, past the page's own policy."""
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_passes_axe_on_a_small_phone_and_nothing_scrolls_sideways(
    opened, link, axe, language, scheme
):
    page = opened(f"{link}?lang={language}", width=320, height=640, color_scheme=scheme).page
    page.locator("summary").click()  # the languages can be seen
    assert problems(page, axe) == []
    assert page.evaluate(NO_WIDER)
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("language", ["en", "ar", "ja"])
def test_the_question_passes_axe_too(opened, private, axe, language):
    page = opened(f"{private}?lang={language}", width=320, height=640).page
    expect(page.locator("form")).to_be_visible()
    assert problems(page, axe) == []
    assert page.evaluate(NO_WIDER)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_that_is_not_there_passes_axe(chromium, world, axe, scheme):
    context = chromium.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    assert page.goto(f"{world.url}/l/nothing").status == 404
    assert problems(page, axe) == []
    assert page.evaluate(NO_WIDER)
    context.close()


def test_nothing_is_fetched_but_the_page(chromium, link):
    context = chromium.new_context()
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(link, wait_until="networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [link]
    context.close()


@pytest.mark.parametrize("language", ["en", "ar", "hi"])
def test_letters_of_twice_the_size_still_fit(opened, link, language):
    page = opened(f"{link}?lang={language}", width=390, height=844).page
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(NO_WIDER)


def test_every_target_is_large_enough_for_a_thumb(opened, private):
    page = opened(private, width=320, height=640).page
    page.locator("summary").click()
    boxes = page.evaluate(
        "[...document.querySelectorAll('.button, summary, .tongues a, label')]"
        ".filter(node => node.offsetParent).map(node => node.getBoundingClientRect())"
        ".map(box => [box.width, box.height])"
    )
    assert len(boxes) > 20
    assert [box for box in boxes if min(box) < 44] == []


def test_the_focus_can_be_seen_wherever_it_goes(opened, private):
    page = opened(private, width=390).page
    page.keyboard.press("Tab")
    stops = 0
    while page.evaluate("document.activeElement !== document.body"):
        stops += 1
        ring = page.evaluate(
            "(node => [node.matches('input') ? node.closest('label') : node].map(n => getComputedStyle(n))"
            ".map(s => [s.outlineStyle, s.outlineWidth])[0])(document.activeElement)"
        )
        assert ring == ["solid", "3px"]
        page.keyboard.press("Tab")
    assert stops >= 8


def test_a_page_from_right_to_left_begins_on_the_right_and_its_english_parts_on_the_left(opened, link):
    page = opened(f"{link}?lang=ar", width=390).page
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    english = page.locator(".card [lang=en]").first
    assert english.evaluate("node => getComputedStyle(node).direction") == "ltr"
    for number in page.locator('a[href^="tel:"] bdi').all():
        assert re.fullmatch(r"[\d() -]+", number.inner_text())


def test_a_language_is_chosen_by_its_own_name(opened, link):
    page = opened(link, width=390).page
    page.locator("summary").click()
    page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    assert page.url == f"{link}?lang=vi"


def test_on_paper_there_are_numbers_and_no_buttons(opened, private):
    page = opened(private, width=800).page
    page.emulate_media(media="print")
    for gone in (".button", "nav", "form"):
        assert page.locator(f"{gone}:visible").count() == 0
    expect(page.locator(".only-paper")).to_contain_text("(555) 010-2000")
    expect(page.locator(".danger li").first).to_contain_text("911")
    expect(page.locator(".danger li").first).to_be_visible()


def test_a_question_is_answered_without_script_and_by_keyboard(opened, private):
    page = opened(private, width=390, java_script_enabled=False).page
    assert page.locator("[data-print]:visible").count() == 0
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("you answered 2")
    expect(page.locator("form")).to_have_count(0)
    assert "#question" in page.url


def test_who_wants_no_movement_gets_none(opened, link):
    page = opened(link, reduced_motion="reduce").page
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
