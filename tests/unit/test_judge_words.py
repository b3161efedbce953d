"""Every text that the product can compose is read by the judge as what it is, with the times it names."""

from __future__ import annotations

import ast
import json
from datetime import datetime, time
from pathlib import Path

import pytest
from unit.builders import library, pathway

import sms_service.sandbox
from sms_service.chaos import judge
from sms_service.chaos.judge.words import Told, carries, read, step_named, steps
from sms_service.chaos.town import CLINICS
from sms_service.content.dates import write_date, write_times
from sms_service.domain.compose import compose, placeholders

TEXTS = [
    (step.id, variant)
    for step in pathway().steps  # the town's visits are all of this kind
    for variant in step.variants
    if variant.when.get("privacy", 1) == 1  # the town's clinics say what a visit is for, and do not name it
]
ANSWERS = {
    "opt_out": "opt_out",
    "opt_in": "opt_in",
    "help": "help",
    "unknown_open": "unknown",
    "unknown_closed": "unknown",
    "ambiguous": "ambiguous",
    "check_in_3": "worried",
    "confirm_1": "noted",
    "confirm_2": "noted",
    "safety_1": "noted",
    "safety_2": "noted",
    "check_in_1": "noted",
    "check_in_2": "noted",
    "pain_noted": "noted",
    "pain_high": "noted",
    "language_changed": "noted",
}
#: Answers that no use case sends.
UNSENT = {
    *("disclaimer", "help_line", "red_flag", "crisis", "opt_out_red_flag", "opt_out_crisis"),
    *("call_me", "wrong_number"),
}
#: The languages of the town.
LANGUAGES = ("en", "es")
OFFERS = {language: library().offers(("en", "es"), language) for language in LANGUAGES}


def facts(language, wall, *others):
    spec = CLINICS[0].spec(400.0, "ours")["clinic"]
    return {
        "clinic": spec["name"],
        "program": spec["program"],
        "phone": spec["phone"],
        "after_hours_phone": spec["phone"],
        "emergency": "911",
        "fever": "100.4 F (38 C)",
        "address": spec["addresses"][""],
        "arrive_early": "15",
        "count": "9",
        "answer": "7",
        "offers": OFFERS[language],
        "link": "https://texts.example.org/l/4f7Kd2Qp9sXbT3mZ",
        "date": write_date(wall.date(), language),
        "time": write_times((wall.time(), *others), language),
    }


def told(wall, at=None):
    at = at or wall.time()
    return Told(month=wall.month, day=wall.day, hour=at.hour, minute=at.minute)


def bodies(variant, wall, *others):
    """The text in every language, of one and of many, from an own and from a shared phone."""
    for language in LANGUAGES:
        for count in ("1", "9"):
            for addressee in (None, "Ana"):
                given = facts(language, wall, *others) | {"count": count}
                yield compose(variant, library().catalogs[language], given, addressee).body


def names_time(variant):
    return "time" in placeholders(variant.text)


MORNING = datetime.fromisoformat("2027-05-20 09:30")


@pytest.mark.parametrize(("step", "variant"), TEXTS, ids=[variant.context for _, variant in TEXTS])
def test_every_variant_of_every_step_is_read_as_its_step_in_every_language(step, variant) -> None:
    for body in bodies(variant, MORNING):
        found = read(body)
        assert (found.step, found.answer, found.by_provider) == (step, None, False), body
        assert found.told == ((told(MORNING),) if names_time(variant) else ()), body


def test_every_answer_that_can_be_sent_is_known_by_name() -> None:
    assert set(ANSWERS) | UNSENT == set(library().answers)


@pytest.mark.parametrize(("id_", "answer"), ANSWERS.items())
def test_every_answer_is_read_as_that_answer_in_every_language(id_, answer) -> None:
    variant = library().answers[id_]
    for body in bodies(variant, MORNING):
        found = read(body)
        assert (found.step, found.answer, found.by_provider) == (None, answer, False), body
        assert found.told == ((told(MORNING),) if names_time(variant) else ()), body


@pytest.mark.parametrize(
    "wall",
    [datetime.fromisoformat(f"2027-{month:02}-{day:02} 09:30") for month in range(1, 13) for day in (1, 28)],
)
def test_every_month_and_day_is_read(wall) -> None:
    for _, variant in TEXTS:
        if names_time(variant):
            assert {read(body).told for body in bodies(variant, wall)} == {(told(wall),)}


@pytest.mark.parametrize("at", [time(hour, minute) for hour in range(24) for minute in (0, 5, 59)])
def test_every_hour_is_read_midnight_and_noon_among_them(at) -> None:
    wall = datetime.combine(MORNING.date(), at)
    for _, variant in TEXTS:
        if names_time(variant):
            assert {read(body).told for body in bodies(variant, wall)} == {(told(wall),)}


def test_several_times_of_one_day_are_all_read_and_the_first_is_the_texts_own() -> None:
    later = (time(12, 0), time(15, 5))
    for _, variant in TEXTS:
        if names_time(variant):
            for body in bodies(variant, MORNING, *later):
                found = read(body)
                assert found.told == (told(MORNING), *(told(MORNING, at) for at in later)), body
                assert found.own == told(MORNING)


def test_a_text_that_must_name_the_time_is_one_that_always_does() -> None:
    always = {
        step: all(names_time(variant) for name, variant in TEXTS if name == step) for step in dict(TEXTS)
    }
    assert {step.name for step in steps() if step.names} == {step for step, does in always.items() if does}


def test_a_text_carries_what_its_variant_merges() -> None:
    judged = {"welcome", "check_in", "logistics"}
    for step, variant in TEXTS:
        for body in bodies(variant, MORNING):
            carried = {name for name in judged if carries(body, name)}
            assert carried - {step} == (variant.merges & judged) - {step}, body


def test_what_the_provider_answers_by_itself_is_known_as_its_own() -> None:
    table = json.loads(Path(sms_service.sandbox.__file__).with_name("opt_out.json").read_text("utf-8"))
    found = {kind: read(entry["confirmation"]) for kind, entry in table.items()}
    assert all(one.by_provider for one in found.values())
    assert {kind: one.answer for kind, one in found.items()} == {
        "STOP": "opt_out",
        "START": "opt_in",
        "HELP": "help",
    }


def test_words_that_nobody_wrote_are_nothing() -> None:
    for body in ("", "Hello", "See you tomorrow at 9:30 AM", "Reply STOP to stop."):
        assert read(body).step is None
        assert read(body).answer is None


def test_the_judges_timeline_has_the_steps_of_the_pathway_and_their_rules() -> None:
    """Written down twice on purpose: who changes one of the two must mean it."""
    assert {step.name for step in steps()} == {step.id for step in pathway().steps}
    for step in pathway().steps:
        ours = step_named(step.id)
        assert ours.once == (not step.repeatable), step.id
        assert ours.until is not None
        anchor = "start" if step.until.anchor == "no_show" else str(step.until.anchor)
        assert (ours.until.anchor, ours.until.days, ours.until.minutes, ours.until.at) == (
            anchor,
            step.until.offset.days,
            step.until.offset.minutes,
            step.until.offset.at,
        ), step.id
        if ours.due is not None:
            assert (ours.due.anchor, ours.due.days, ours.due.minutes, ours.due.at) == (
                str(step.anchor),
                step.offset.days,
                step.offset.minutes,
                step.offset.at,
            ), step.id
        assert (ours.due is None) == step.notice, step.id


def test_the_judge_imports_nothing_of_what_it_judges() -> None:
    sources = sorted(Path(judge.__file__).parent.glob("*.py"))
    assert sources
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else ["." * node.level + (node.module or "")]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                ours = name.startswith((".", "sms_service", "workers"))
                assert not ours or name.startswith("sms_service.chaos.judge."), (
                    f"{source.name} imports {name}"
                )
