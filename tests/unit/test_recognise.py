"""Every text the service can write is recognised by its words alone, and nothing else is."""

import dataclasses
import itertools
from collections import defaultdict
from datetime import date, time

import pytest
from unit.builders import clinic, library, pathway

from sms_service.content.dates import write_date, write_times
from sms_service.content.recognise import Recogniser
from sms_service.domain.compose import compose, joined

RECOGNISER = Recogniser(library())
VARIANTS = list(
    {v.context: v for p in library().pathways.values() for step in p.steps for v in step.variants}.values()
) + list(library().answers.values())
#: One visit, several on one day, and facts whose own punctuation could be taken for the text's.
WRITTEN = [
    {"start": ((2027, 5, 20), [(9, 30)]), "address": "1 Main St", "name": "Cedar Clinic", "count": "2"},
    {
        "start": ((2027, 5, 2), [(9, 30), (14, 0)]),
        "address": "St. Mary's: Annex, Floor 2\nBack door",
        "name": "A, B & C",
        "count": "1",
    },
    {
        "start": ((2027, 12, 31), [(23, 45)]),
        "address": "Where: 12 {River} St.",
        "name": "Clínica: Sur (2)",
        "count": "9",
    },
]
ADDRESSEES = [None, "Ana", "Ana María O'Neil-Núñez", "José"]


def plain(step):
    """The usual text of a step."""
    return next(variant for variant in pathway().step(step).variants if variant.id == "default")


def facts(language, said):
    where = clinic(name=said["name"], addresses={"": said["address"]})
    day, times = said["start"]
    return {
        "clinic": where.name,
        "program": where.program,
        "phone": where.phone,
        "after_hours_phone": where.after_hours_phone,
        "emergency": where.emergency,
        "address": where.address(None),
        "arrive_early": "15",
        "count": said["count"],
        "answer": "7",
        "fever": "100.4 F (38 C)",
        "crisis": "988",
        "link": "https://texts.example.org/l/x",
        "offers": "Español: ES / Kreyòl: HT",
        "date": write_date(date(*day), language),
        "time": write_times(tuple(time(*at) for at in times), language),
    }


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_every_text_in_every_language_is_recognised_as_itself_or_one_with_identical_words(language):
    catalog = library().catalogs[language]
    every = list(itertools.product(WRITTEN, ADDRESSEES))
    # a row of them each; four languages together have all
    row = sorted(library().catalogs).index(language) % 4
    for said, addressee in every[row::4]:
        shown = facts(language, said)
        same = defaultdict(set)
        for variant in VARIANTS:
            same[compose(variant, catalog, shown, addressee).body].add(variant.context)
        for body, contexts in same.items():
            readings = RECOGNISER.read(body)
            assert {found.variant.context for found in readings} == contexts
            assert {found.language for found in readings} == {language}
            for found in readings:
                if found.step is None:
                    assert library().answers[found.variant.id] is found.variant
                else:
                    assert found.variant in found.step.variants
                if addressee:
                    assert found.addressee == addressee
                if "date" in found.facts:
                    assert found.says(shown["date"])
                for at in said["start"][1] if "time" in found.facts else ():
                    assert found.says(write_times((time(*at),), language))


def test_english_with_a_line_of_another_language_is_recognised_as_the_english_text():
    shown = facts("en", WRITTEN[0])
    english = compose(library().answers["help"], library().catalogs["en"], shown)
    line = compose(library().answers["help_line"], library().catalogs["vi"], facts("vi", WRITTEN[0]))
    (found,) = RECOGNISER.read(joined(english, line).body)
    assert (found.variant.id, found.language) == ("help", "en")


@pytest.mark.parametrize("body", ["", " ", "Ana: ", "as it was", "See you tomorrow! STOP to stop.", ": \n: "])
def test_other_words_are_no_text_of_ours(body):
    assert RECOGNISER.read(body) == []


def test_a_text_with_one_word_changed_is_none_of_ours():
    text = compose(library().answers["opt_out"], library().catalogs["en"], facts("en", WRITTEN[0]))
    assert RECOGNISER.read(text.body)
    assert RECOGNISER.read(text.body.replace("no more", "many more")) == []
    assert RECOGNISER.read(text.body + " Bye!") == []


def test_a_time_is_not_found_within_a_longer_one_nor_a_day_within_a_later_one():
    cancelled = plain("cancelled")
    shown = facts("en", WRITTEN[0]) | {"date": "Sunday, May 23", "time": "11:30 PM"}
    found = RECOGNISER.read(compose(cancelled, library().catalogs["en"], shown).body)[0]
    assert found.says("11:30 PM")
    assert not found.says("1:30 PM")
    assert found.says("Sunday, May 23")
    assert not found.says("Sunday, May 2")


def test_a_text_that_two_pathways_share_is_both():
    other = dataclasses.replace(pathway(), id="other")
    both = dataclasses.replace(
        library(), pathways=library().pathways | {"other": other}, catalogs={"en": library().catalogs["en"]}
    )
    shown = facts("en", WRITTEN[0])
    body = compose(plain("education"), library().catalogs["en"], shown).body
    readings = Recogniser(both).read(body)
    assert {found.pathway.id for found in readings} == {"trigger_point_injection", "other"}


def test_an_older_translation_is_recognised_and_one_that_is_missing_is_not_everything():
    """What was sent last week may be from words that changed since; an empty translation fits nothing."""
    spanish = library().catalogs["es"]
    education = plain("education")
    words = spanish.words | {
        education.context: (("The source of last week",), ("Hoy sale el sol\u00a0: {{hoy}}",)),
        "common.help": ((), ("", "")),
        "common.opt_in": ((), ("Otra vez\u00a0{clinic}, hasta luego",)),
    }
    changed = dataclasses.replace(
        library(),
        catalogs={"en": library().catalogs["en"], "es": dataclasses.replace(spanish, words=words)},
    )
    reads = Recogniser(changed).read
    (found,) = reads("Hoy sale el sol : {hoy}")
    assert (found.variant, found.language) == (education, "es")
    (found,) = reads("Otra vez Clínica Sur, hasta luego")
    assert found.variant.id == "opt_in"
    assert reads("") == []


def test_of_two_texts_that_fit_it_is_the_one_that_says_more_in_fixed_words():
    english = library().catalogs["en"]
    words = {
        "common.help": ((), ("Call {phone}",)),
        "common.opt_in": ((), ("Call {phone}, and reply STOP to stop",)),
    }
    both = dataclasses.replace(library(), catalogs={"en": dataclasses.replace(english, words=words)})
    (found,) = Recogniser(both).read("Call 555-0100, and reply STOP to stop")
    assert found.variant.id == "opt_in"
