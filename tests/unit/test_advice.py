"""Advice on which sources disagree comes from the clinic, with a safe default, and never from a guess."""

from __future__ import annotations

from datetime import datetime

import pytest
from unit.builders import clinic, library

from sms_service.content.gate import Drafts
from sms_service.content.writing import About, pick, write
from sms_service.domain.advice import DISPUTED, advice, fever
from sms_service.store.tenants import clinic_of

SETTINGS = {"name": "C", "program": "P", "phone": "1", "zone": "America/New_York"}
PATHWAY = "trigger_point_injection"
WALL = datetime.fromisoformat("2027-05-20 09:30")


def body(step, about, **settings):
    at_clinic = clinic(**settings)
    variant = pick(library(), at_clinic, PATHWAY, step, about)
    return write(library(), Drafts(library()), at_clinic, variant, about).body


def test_what_a_clinic_does_not_choose_is_the_safe_default():
    assert advice({}) == {point: choices[0] for point, choices in DISPUTED.items()}
    assert advice({"cold": "either"})["cold"] == "either"


@pytest.mark.parametrize(
    ("chosen", "says"),
    [({"tea": 1}, "advice.tea is not known"), ({"food": "soup"}, "texts for usual, light, fast only")],
)
def test_a_choice_without_texts_is_refused_with_those_there_are(chosen, says):
    with pytest.raises(ValueError, match=says):
        advice(chosen)


def test_the_fever_limit_is_read_in_both_units():
    assert (fever(38.0), fever(38.3)) == ("100.4 F (38 C)", "100.9 F (38.3 C)")
    with pytest.raises(ValueError, match=r"between 37\.5 and 38\.5"):
        fever(39.0)


@pytest.mark.parametrize(
    ("point", "choice", "step", "words"),
    [
        ("cold", "either", "aftercare", "cold or warm pack"),
        ("cold", "first_day", "aftercare", "First day: a cold pack"),
        ("rest_days", 1, "check_in", "first day no hard exercise"),
        ("rest_days", 4, "check_in", "first 4 days no hard exercise"),
        ("driving", "ride", "prepare", "do not drive yourself"),
        ("food", "light", "prepare", "light meal"),
        ("food", "fast", "prepare", "Do not eat for 4 hours"),
    ],
)
def test_a_clinics_choice_changes_the_words(point, choice, step, words):
    about = About(language="en", done=True, injectate="none", starts=(WALL,))
    assert words in body(step, about, advice=advice({point: choice}))


def test_every_combination_of_choices_has_its_words():
    about = About(language="en", starts=(WALL,), confirmed=True)
    for food in DISPUTED["food"]:
        for driving in DISPUTED["driving"]:
            assert body("prepare", about, advice=advice({"food": food, "driving": driving}))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"privacy": 3}, "privacy is 0"),
        ({"leaflet_base_url": "http://texts.example.org"}, "https address"),
        ({"leaflet_base_url": "https://texts.example.org/?clinic=1"}, "https address"),
        ({"chinese": "zh"}, "zh_Hans or zh_Hant"),
        ({"fever_c": 40}, "between"),
        ({"advice": {"food": "soup"}}, "food"),
    ],
)
def test_settings_that_cannot_be_used_say_so(settings, says):
    with pytest.raises(ValueError, match=says):
        clinic_of(1, 1, SETTINGS | settings)


def test_settings_that_can_are_taken():
    made = clinic_of(
        1, 1, SETTINGS | {"privacy": 2, "chinese": "zh_Hant", "fever_c": 38.3, "advice": {"cold": "either"}}
    )
    assert (made.privacy, made.chinese, made.fever_c, made.advice["cold"]) == (2, "zh_Hant", 38.3, "either")


def test_at_privacy_2_the_procedure_is_named():
    about = About(language="en", follow=9)
    assert "trigger point injection" in body("welcome", about, privacy=2)
    assert "trigger point" not in body("welcome", about, privacy=1)
