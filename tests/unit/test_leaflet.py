"""The pieces of the page behind the link: drawings, numbers, words, limits, what the domain says of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta

import pytest
from unit.builders import at, clinic, library

from sms_service.content.catalogs import SOURCE_LANGUAGE
from sms_service.content.gate import Drafts
from sms_service.content.page_words import DIALLED, Said, Voice, known_language, places_to_read
from sms_service.content.signed_gate import Ledger, SignedOnly
from sms_service.content.writing import About
from sms_service.domain.event import Status
from sms_service.domain.leaflet import LASTS, Shows, asks, expires, link_to, shows
from sms_service.domain.pathway import Question
from sms_service.web.leaflet import pictures
from sms_service.web.leaflet.headers import HEADERS, SCRIPT, STYLE
from sms_service.web.leaflet.kept import Kept
from sms_service.web.leaflet.markup import dial, element, html
from sms_service.web.leaflet.misses import Misses
from sms_service.web.leaflet.page import gone_page
from sms_service.web.leaflet.sheet import make_sheet

NOW, START = at("2027-05-10 10:00"), at("2027-05-20 09:30")
PICTURES = sorted(name.removeprefix("picture_") for name in library().page if name.startswith("picture_"))


def voice(language="en", gate=None, **changes):
    return Voice(
        library=library(),
        gate=gate or Drafts(library()),
        ledger=Ledger(),
        clinic=changes.pop("clinic", clinic()),
        slug="cedar",
        language=language,
        now=NOW,
    )


# ---- what is shown, and what is asked


@pytest.mark.parametrize(
    ("status", "start", "shown"),
    [
        (Status.BOOKED, START, Shows.COMING),
        (Status.ARRIVED, START, Shows.COMING),
        (Status.PROPOSED, None, Shows.COMING),
        (None, START, Shows.COMING),
        (Status.BOOKED, NOW, Shows.OVER),
        (Status.COMPLETED, START, Shows.OVER),
        (Status.NO_SHOW, None, Shows.OVER),
        (Status.CANCELLED, START, Shows.CANCELLED),
        (Status.CANCELLED, NOW - timedelta(days=3), Shows.CANCELLED),
    ],
)
def test_the_page_shows_a_visit_to_come_one_that_is_off_or_one_that_was(status, start, shown):
    assert shows(status, start, NOW) is shown


@pytest.mark.parametrize(
    ("question", "where"),
    [
        (Question.SAFETY, {Shows.COMING}),
        (Question.CONFIRM, {Shows.COMING}),
        (Question.CHECK_IN, {Shows.OVER}),
        (Question.PAIN, {Shows.COMING, Shows.OVER}),
    ],
)
def test_each_question_has_its_time(question, where):
    found = {shown for shown in Shows if asks(question, shown, told=None, start=START, confirmed=None)}
    assert found == where


def test_nobody_is_asked_whether_they_come_to_a_time_that_moved_or_that_they_confirmed():
    moved = START + timedelta(days=1)
    assert asks(Question.CONFIRM, Shows.COMING, told=START, start=START, confirmed=None)
    assert asks(Question.CONFIRM, Shows.COMING, told=START, start=START, confirmed=moved)
    assert not asks(Question.CONFIRM, Shows.COMING, told=START, start=moved, confirmed=None)
    assert not asks(Question.CONFIRM, Shows.COMING, told=START, start=START, confirmed=START)


def test_a_link_lasts_longer_than_any_question_or_text_of_its_visit():
    assert expires(START) - START == LASTS
    ends = [step.until.offset for pathway in library().pathways.values() for step in pathway.steps]
    assert max(timedelta(days=end.days, minutes=end.minutes) for end in ends) + timedelta(days=21) < LASTS
    assert link_to("https://a.example/", "x") == link_to("https://a.example", "x") == "https://a.example/l/x"


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_no_page_is_larger_than_a_slow_phone_should_load(language):
    for pathway in library().pathways.values():
        sheet = make_sheet(voice(language), pathway)
        # what a page has besides: the frame with style and script, and the cards of visit and question
        size = len(f"{sheet.switch}{sheet.sections}{sheet.foot}{STYLE}{SCRIPT}".encode()) + 4_000
        assert size <= 30_000, pathway.id


# ---- numbers and words


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("(555) 010-2000", "tel:5550102000"),
        ("+1 555 010 2000", "tel:+15550102000"),
        ("555-010-2000 ext. 12", "tel:5550102000;ext=12"),
        ("555-010-2000 x7", "tel:5550102000;ext=7"),
        ("1-800-PAIN-NOW", "tel:18007246669"),
        ("911", "tel:911"),
    ],
)
def test_a_number_as_patients_read_it_can_be_tapped(written, address):
    assert dial(written) == address


def test_words_are_escaped_and_numbers_in_them_are_links():
    shown = html(f"<b>Call</b> {DIALLED['phone']} & ask", clinic(phone='555 "><i>'))
    assert shown == (
        '&lt;b&gt;Call&lt;/b&gt; <a href="tel:5554"><bdi>555 &quot;&gt;&lt;i&gt;</bdi></a> &amp; ask'
    )
    assert "<a " not in html(DIALLED["emergency"], clinic(), links=False)


def test_words_in_another_language_than_the_page_say_so():
    said = Said(words="Hello", language="en", right_to_left=False, signed=True)
    assert element("p", said, "ar", clinic()) == '<p lang="en" dir="ltr">Hello</p>'
    assert element("p", said, "en", clinic()) == "<p>Hello</p>"
    assert element("p", None, "en", clinic()) == ""


def test_a_text_without_its_fact_is_not_shown():
    about = About(starts=())
    assert voice().page("visit_when", about) is None
    assert voice(clinic=clinic(addresses={})).page("visit_where", about) is None
    assert voice(clinic=None).page("gone_call") is None
    assert voice().page("no such text") is None


def test_right_to_left_words_keep_numbers_in_their_order():
    arabic = library().catalogs["ar"]
    words = {
        **arabic.words,
        "leaflet.button_call": (library().page["button_call"].msgids, ("اتصل بنا: {phone}",)),
    }
    changed = replace(
        library(), catalogs={"en": library().catalogs["en"], "ar": replace(arabic, words=words)}
    )
    said = replace(voice("ar"), library=changed, gate=Drafts(changed)).page("button_call")
    assert said.right_to_left
    assert f"\u2066{DIALLED['phone']}\u2069" in said.words


def test_a_language_we_do_not_have_is_english():
    assert known_language(library(), None, "xx", "vi", "es") == "vi"
    assert known_language(library(), None, "xx") == SOURCE_LANGUAGE


def test_sources_are_places_to_read_each_once():
    texts = [
        variant
        for pathway in library().pathways.values()
        for part in pathway.leaflet
        for variant in part.variants
    ]
    places = places_to_read(library(), texts)
    assert len(places) == len(set(places)) > 5
    assert not [
        place for place in places if place.startswith(("a clinic's setting", "general", "house rule"))
    ]


# ---- the gate


def test_on_a_live_sender_nothing_unsigned_is_on_the_page():
    gate = SignedOnly(library(), Ledger(), "cedar", NOW)
    sheet = make_sheet(voice("es", gate), library().pathways["trigger_point_injection"])
    assert (sheet.title, sheet.sections) == (None, "")
    page = gone_page(voice("es", gate))
    assert page.count("<h1>") == 1
    assert "Cedar Clinic" in page


def test_a_rehearsal_says_that_nobody_signed():
    sheet = make_sheet(voice(), library().pathways["trigger_point_injection"])
    assert not sheet.signed
    assert sheet.translated


def test_every_pathways_page_has_all_its_sections():
    for pathway in library().pathways.values():
        sheet = make_sheet(voice(), pathway)
        assert sheet.sections.count("<section") == len(pathway.leaflet) - 1
        assert sheet.sections.count("<svg") == sum(len(part.pictures) for part in pathway.leaflet)


# ---- drawings and files


@pytest.mark.parametrize("name", PICTURES)
def test_each_drawing_is_small_plain_and_without_words(name):
    source = (pictures.files(pictures.__package__) / "pictures" / f"{name}.svg").read_text("utf-8")
    assert len(source.encode()) <= 2048
    root = ET.fromstring(source)
    assert root.get("viewBox") == "0 0 160 120"
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert tags <= {"svg", "g", "path", "circle", "ellipse", "rect"}
    assert not [
        node for node in root.iter() if (node.text or "").strip() or node.get("style") or node.get("href")
    ]
    classes = {each for node in root.iter() for each in (node.get("class") or "").split()}
    assert not [each for each in classes if f".{each} " not in STYLE and f".{each}{{" not in STYLE]


def test_every_drawing_that_a_leaflet_names_is_drawn():
    assert {
        part for pathway in library().pathways.values() for each in pathway.leaflet for part in each.pictures
    } <= set(PICTURES)


def test_the_page_may_load_nothing_and_run_one_script():
    policy = HEADERS["Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S{44}'; script-src 'sha256-\S{44}'; img-src data:;"
        r" form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        policy,
    )
    for held in (STYLE, SCRIPT):
        assert not re.search(r"url\(|@import|https?:|</", held)


# ---- limits


def test_misses_come_back_with_time_and_each_address_has_its_own():
    clock = [0.0]
    misses = Misses(burst=3, per_minute=6, clock=lambda: clock[0])
    assert [misses.count("203.0.113.1") for _ in range(4)] == [0, 0, 0, 10]
    assert misses.count("203.0.113.2") == 0
    clock[0] = 10.0
    assert [misses.count("203.0.113.1") for _ in range(2)] == [0, 10]
    clock[0] = 1000.0
    assert [misses.count("203.0.113.1") for _ in range(4)] == [0, 0, 0, 10]


def test_all_addresses_of_one_ipv6_network_are_one():
    misses = Misses(burst=1, clock=lambda: 0.0)
    assert misses.count("2001:db8:1:2::1") == 0
    assert misses.count("2001:db8:1:2:ffff::9") > 0
    assert misses.count("2001:db8:1:3::1") == 0
    assert misses.count("") == misses.count("not an address") == 0


def test_the_memory_of_misses_does_not_grow_for_ever():
    misses = Misses(burst=1, clock=lambda: 0.0)
    for number in range(12_000):
        misses.count(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    assert len(misses._held) == 10_000
    assert misses.count("10.0.0.0") == 0  # forgotten long ago


def test_what_is_kept_is_made_once_and_the_oldest_goes_first():
    kept, made = Kept(2), []

    def make(key):
        return kept.get(key, lambda: made.append(key) or key)

    assert [make(key) for key in "aabbacb"] == list("aabbacb")
    assert made == ["a", "b", "c", "b"]
