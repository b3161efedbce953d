"""The page behind the link: whose it is, until when, what it shows as things change, and nothing else."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from integration.service.world import ANA, BEN, INDEX, LIBRARY, MASTER, NOW, at
from starlette.testclient import TestClient

from sms_service.content.gate import Drafts
from sms_service.content.writing import About, facts_of
from sms_service.domain.compose import compose
from sms_service.domain.leaflet import LASTS
from sms_service.settings import Settings
from sms_service.store.keyring import KeyRing
from sms_service.store.story import message_story
from sms_service.store.tenants import clinic_of
from sms_service.web.app import create_app
from sms_service.web.leaflet.misses import Misses

PUBLIC = "https://texts.example.org"
LINK = re.compile(r"https://\S+/l/([0-9A-Za-z]{16})$", re.MULTILINE)
VISIT_AT = at("2027-05-20 09:30")
#: What no page before a visit is without.
EVERY_PAGE = (
    *("title", "heading_what", "heading_before", "heading_day", "heading_after", "heading_call"),
    *("heading_emergency", "disclaimer", "heading_sources", "draft", "visit_changes"),
    *("button_calendar", "button_call", "button_emergency"),
)
KEPT = {
    "cache-control": "private, no-store",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.fixture
def web(world):
    settings = Settings.model_construct(
        database_url=world.app_url, master_keys=(MASTER,), index_keys=(INDEX,), public_base_url=PUBLIC
    )
    world.service = replace(world.service, base_url=PUBLIC)
    with TestClient(
        create_app(world.service, settings),
        base_url=PUBLIC,
        raise_server_exceptions=False,
        follow_redirects=False,
        client=("203.0.113.7", 50000),
    ) as client:
        yield client


def token_of(world, visit="V1", person="P1"):
    """The token as the database holds it: sealed with the patient's key."""
    row = world.all(
        "SELECT l.token, p.data_key FROM leaflets l JOIN patients p ON p.id = l.patient_id"
        " JOIN appointments a ON a.id = l.appointment_id WHERE a.external_id = %s AND p.external_id = %s",
        visit,
        person,
    )[0]
    return KeyRing([MASTER], [INDEX]).box(row.data_key).open(row.token)


def booked(world, visit="V1", person="P1", **said):
    """A visit with its link."""
    world.say("booked", visit, person, **said)
    return token_of(world, visit, person)


def page_words(name, **settings):
    """A text of the page in English, as this clinic says it."""
    clinic = clinic_of(1, 1, {"name": "Riverside Clinic", "program": "Injection Guide",
                              "phone": "(555) 010-2000", "zone": "America/New_York"} | settings)  # fmt: skip
    variant = LIBRARY.page[name]
    about = About(starts=())
    catalog = Drafts(LIBRARY).catalog(variant, "en")
    return compose(variant, catalog, facts_of(LIBRARY, clinic, variant, about, "en")).body


def seen(answer):
    """What a reader sees of a page."""
    body = re.sub(r"<(style|script|title)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


# ---- the link


def test_a_text_carries_the_link_and_the_link_opens_the_page(world, web):
    token = booked(world)
    texts = [request.body for request in world.run_to(at("2027-05-13 10:05"))]
    (found,) = {found for text in texts for found in LINK.findall(text)}
    assert found == token
    answer = web.get(f"/l/{token}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Thursday, May 20, 9:30 AM" in seen(answer)
    assert "12 River Street" in seen(answer)


def test_a_clinics_own_address_is_in_its_links(world):
    world.home = world.clinic(leaflet_base_url="https://care.example.com/")
    token = booked(world)
    texts = [request.body for request in world.run_to(at("2027-05-13 10:05"))]
    assert any(f"https://care.example.com/l/{token}" in text for text in texts)


def test_a_token_is_long_random_and_stored_as_a_hash_and_sealed(world):
    tokens = {booked(world, f"V{n}", f"P{n}") for n in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch("[0-9A-Za-z]{16}", token) for token in tokens)
    stored = world.one("SELECT string_agg(l::text, ' ') FROM leaflets l")
    assert not [token for token in tokens if token in stored or token.encode().hex() in stored]


def test_planning_again_keeps_the_link(world):
    token = booked(world)
    world.say("updated", location="LOC1")
    world.say("rescheduled", start="2027-05-25T11:00:00")
    assert token_of(world) == token
    assert world.one("SELECT count(*) FROM leaflets") == 1


def test_a_story_shows_the_words_and_not_the_token(world):
    token = booked(world)
    world.run_to(at("2027-05-13 10:05"))
    with world.service.db.transaction([world.home.clinic_id]) as connection:
        story = message_story(connection, world.service.keys, world.message("education").id)
    (attempt,) = story["attempts"]
    assert "/l/…" in attempt["body"]
    assert token not in str(story)


def test_a_visit_nobody_planned_has_no_link(world):
    world.say("booked", "V1", test=True)
    world.say("cancelled", "V2", "P2", start="2027-05-20T09:30:00", type={"code": "TPI"})
    assert world.one("SELECT count(*) FROM leaflets") == 0


def test_connections_that_broke_while_nobody_used_them_are_not_the_readers_trouble(world, web):
    link = f"/l/{booked(world)}"
    assert web.get(link).status_code == 200
    world.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sms_app'")
    assert web.get(link).status_code == 200


# ---- what the page says


def test_the_page_has_everything_and_is_small(world, web):
    answer = web.get(f"/l/{booked(world)}")
    words = seen(answer)
    for name in EVERY_PAGE:
        assert page_words(name).replace("&", "&amp;") in words, name
    assert "my.clevelandclinic.org, 17582" in words
    assert not [
        place for place in ("clinic's setting", "house rule", "general") if f"<li>{place}" in answer.text
    ]
    assert 'href="tel:5550102000"' in answer.text
    assert 'href="tel:911"' in answer.text
    assert len(answer.content) <= 30_000


def test_nothing_of_the_patient_is_in_the_page(world, web):
    answer = web.get(f"/l/{booked(world, 'CSN4711', 'MRN4711', given='Canaryname')}")
    for held in ("Canaryname", ANA, ANA[2:], "4711"):
        assert held not in answer.text
        assert held not in str(answer.headers)


def test_every_answer_says_that_it_is_nobody_elses(world, web):
    token = booked(world)
    for path in (f"/l/{token}", f"/l/{token}/visit.ics", "/l/nothing", "/l/", f"/l/{token}/x"):
        headers = web.get(path).headers
        assert {name: headers[name] for name in KEPT} == KEPT
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
        assert "set-cookie" not in headers
    assert "Disallow: /l/" in web.get("/robots.txt").text


def test_a_clinics_choices_are_in_its_page_and_change_at_once(world, web):
    token = booked(world)
    assert "You may eat as usual" in seen(web.get(f"/l/{token}"))
    world.clinic(advice={"food": "fast"})
    assert "Please do not eat for 4 hours" in seen(web.get(f"/l/{token}"))


@pytest.mark.parametrize("language", sorted(LIBRARY.catalogs))
def test_the_page_is_there_in_every_language_and_leads_to_every_other(world, web, language):
    token = booked(world)
    tag = language.replace("_", "-")
    answer = web.get(f"/l/{token}?lang={tag}")
    way = "rtl" if language in {"ar", "fa"} else "ltr"
    assert f'<html lang="{tag}" dir="{way}">' in answer.text
    for other, words in LIBRARY.words.items():
        assert f'hreflang="{other.replace("_", "-")}"' in answer.text
        assert words.name in answer.text
    assert answer.text.count('aria-current="true"') == 1
    assert "{" not in seen(answer)
    assert not re.search("[\ue000-\ue0ff]", answer.text)


def test_the_page_speaks_the_patients_language_and_follows_when_it_changes(world, web):
    token = booked(world, language="vi")
    assert '<html lang="vi"' in web.get(f"/l/{token}").text
    world.reply("Español")
    assert '<html lang="es"' in web.get(f"/l/{token}").text
    assert '<html lang="ar"' in web.get(f"/l/{token}?lang=ar").text


@pytest.mark.parametrize("lang", ["", "xx", "tlh", "zh_Klingon", "../../etc", "é", "x" * 5000])
def test_a_language_nobody_has_leaves_the_patients_own(world, web, lang):
    token = booked(world, language="es")
    answer = web.get(f"/l/{token}", params={"lang": lang})
    assert answer.status_code == 200
    assert f'<html lang="{"zh-Hans" if lang == "zh_Klingon" else "es"}"' in answer.text


def test_a_patient_whose_language_we_do_not_have_reads_english(world, web):
    assert '<html lang="en"' in web.get(f"/l/{booked(world, language='sw')}").text


# ---- as things change


def test_a_visit_that_moved_shows_where_it_is_now(world, web):
    token = booked(world)
    world.say("rescheduled", start="2027-05-25T11:00:00")
    words = seen(web.get(f"/l/{token}"))
    assert "Tuesday, May 25, 11:00 AM" in words
    assert "May 20" not in words


def test_a_cancelled_visit_says_so_and_keeps_what_there_is_to_know(world, web):
    token = booked(world)
    world.say("cancelled", reason="patient")
    answer = web.get(f"/l/{token}")
    words = seen(answer)
    assert page_words("visit_canceled") in words
    assert "May 20" not in words
    assert "visit.ics" not in answer.text
    assert page_words("heading_after") in words


def test_a_visit_that_was_booked_anew_at_once_is_what_the_old_link_shows(world, web):
    token = booked(world)
    world.run()
    world.say("cancelled", reason="patient")
    world.set(NOW + timedelta(minutes=2))
    world.say("booked", "V2", start="2027-05-25T11:00:00", time=world.now)
    for each in (token, token_of(world, "V2")):
        words = seen(web.get(f"/l/{each}"))
        assert "Tuesday, May 25, 11:00 AM" in words
        assert page_words("visit_canceled") not in words


def test_two_visits_on_one_day_stand_together_as_in_the_texts(world, web):
    token = booked(world)
    world.say("booked", "V2", start="2027-05-20T14:00:00")
    assert "9:30 AM, 2:00 PM" in seen(web.get(f"/l/{token}"))


def test_after_the_visit_there_is_nothing_to_come_to(world, web):
    token = booked(world)
    world.set(at("2027-05-20 11:00"))
    world.say("completed", procedure={"done": True}, time=world.now)
    answer = web.get(f"/l/{token}")
    assert "Thursday, May 20, 9:30 AM" in seen(answer)
    assert "visit.ics" not in answer.text
    assert "minutes early" not in seen(answer)


def test_a_link_ends_by_the_patients_clock_ninety_days_after_the_visit_and_moves_with_it(world, web):
    token = booked(world)
    world.set(VISIT_AT + LASTS - timedelta(seconds=1))
    assert web.get(f"/l/{token}").status_code == 200
    world.set(VISIT_AT + LASTS)
    assert web.get(f"/l/{token}").status_code == 404
    world.set(NOW)
    world.say("rescheduled", start="2027-06-20T09:30:00")
    world.set(VISIT_AT + LASTS)
    assert web.get(f"/l/{token}").status_code == 200


def test_a_visit_that_changed_hands_is_not_shown_to_whom_it_was(world, web):
    token = booked(world)
    world.say("updated", "V1", "P2", given="Ben", phone=BEN, language="es", consent={"sms": True})
    assert web.get(f"/l/{token}").status_code == 404
    theirs = token_of(world, "V1", "P2")
    assert theirs != token
    assert web.get(f"/l/{theirs}").status_code == 200


# ---- whose it is


def test_a_token_shows_its_own_clinics_page_and_no_others(world, web):
    world.hill = world.clinic("hill", phone="(555) 010-7777", addresses={"": "9 Hill Road"})
    mine = booked(world)
    world.say("booked", "V1", "P1", clinic=world.hill, phone=BEN)
    theirs = {
        row.token: row.clinic_id for row in world.all("SELECT token_hash AS token, clinic_id FROM leaflets")
    }
    assert sorted(theirs.values()) == sorted([world.home.clinic_id, world.hill.clinic_id])
    words = seen(web.get(f"/l/{mine}"))
    assert "12 River Street" in words
    assert "Hill" not in words


def test_the_application_sees_no_leaflet_without_a_clinic_in_scope(world):
    booked(world)
    with world.service.db.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM leaflets")).scalar_one() == 0


# ---- what is not there


WRONG = [
    "0123456789abcdef",
    "short",
    "x" * 3000,
    "%00",
    "..%2f..%2fetc",
    "é" * 16,
    "a/b/c",
    "",
    "%F0%28%8C%28",
]


def test_unknown_old_and_mistyped_get_the_very_same_answer(world, web):
    old = booked(world)
    world.set(VISIT_AT + LASTS + timedelta(days=1))
    answers = [web.get(f"/l/{token}") for token in (old, *WRONG)]
    first = answers[0]
    assert first.status_code == 404
    for answer in answers[1:]:
        assert (answer.status_code, answer.text) == (first.status_code, first.text)
        assert dict(answer.headers) == dict(first.headers)
    words = seen(first)
    assert page_words("gone_title") in words
    assert page_words("gone_call") in words
    assert 'href="tel:5550102000"' in first.text


def test_with_several_clinics_the_host_says_whose_phone_is_named(world, web):
    world.clinic("hill", phone="(555) 010-7777", leaflet_base_url="https://care.example.com")
    nobody = web.get("/l/nothing")
    assert page_words("gone_call_nobody") in seen(nobody)
    assert 'href="tel:' not in nobody.text
    hill = web.get("/l/nothing", headers={"host": "care.example.com"})
    assert "(555) 010-7777" in seen(hill)


def test_the_page_of_nobody_speaks_the_language_of_the_phone(world, web):
    del world
    for accepted, tag in (
        ("es-MX,es;q=0.9", "es"),
        ("xx, zh-TW;q=0.5", "zh-Hant"),
        ("", "en"),
        (";;;,,", "en"),
    ):
        answer = web.get("/l/nothing", headers={"accept-language": accepted})
        assert f'<html lang="{tag}"' in answer.text


def test_guessing_is_slowed_down_and_who_has_a_link_is_not(world, web):
    token = booked(world)
    clock = [0.0]
    web.app.state.leaflets.misses = Misses(clock=lambda: clock[0])
    statuses = [web.get(f"/l/guess{n:011}").status_code for n in range(25)]
    assert statuses == [404] * 20 + [429] * 5
    slow = web.get("/l/nothing")
    assert int(slow.headers["retry-after"]) == 3
    assert page_words("gone_title") in seen(slow)
    assert web.post("/l/nothing/answer").status_code == 429
    assert web.get("/l/nothing/visit.ics").status_code == 429
    assert web.get(f"/l/{token}").status_code == 200
    clock[0] += 3.0
    assert web.get("/l/nothing").status_code == 404


def test_a_full_stop_that_sticks_to_the_link_does_no_harm(world, web):
    assert web.get(f"/l/{booked(world)}.").status_code == 200


# ---- the calendar


def test_a_calendar_entry_names_time_and_place_and_not_what_for(world, web):
    token = booked(world)
    answer = web.get(f"/l/{token}/visit.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.text.split("\r\n")
    assert "DTSTART:20270520T133000Z" in lines
    assert f"SUMMARY:{page_words('calendar_title')}" in lines
    assert "LOCATION:12 River Street" in lines
    assert "STATUS:CONFIRMED" in lines
    assert token not in answer.text
    assert "njection" not in answer.text


def test_a_move_is_a_newer_edition_of_the_same_entry_and_a_cancellation_too(world, web):
    token = booked(world)

    def entry():
        lines = web.get(f"/l/{token}/visit.ics").text.split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    first = entry()
    world.say("rescheduled", start="2027-05-25T11:00:00")
    moved = entry()
    world.say("cancelled", reason="clinic")
    off = entry()
    assert first["UID"] == moved["UID"] == off["UID"]
    assert int(first["SEQUENCE"]) < int(moved["SEQUENCE"]) < int(off["SEQUENCE"])
    assert moved["DTSTART"] == "20270525T150000Z"
    assert (moved["STATUS"], off["STATUS"]) == ("CONFIRMED", "CANCELLED")
