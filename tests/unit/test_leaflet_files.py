"""Leaflet files: what is loaded, and errors that name file, line, section and cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.builders import clinic

from sms_service.content.errors import ContentError
from sms_service.content.leaflet_files import SECTIONS
from sms_service.content.library import load_source
from sms_service.content.places import pathways_dir
from sms_service.content.writing import section
from sms_service.domain.advice import advice
from sms_service.domain.pathway import Purpose

SOURCE = load_source()


@pytest.fixture
def folder(tmp_path):
    """The pathway files that ship, to be broken."""
    for path in pathways_dir().glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def broken(folder: Path, name: str, old: str, new: str) -> str:
    path = folder / name
    words = path.read_text(encoding="utf-8")
    assert old in words
    path.write_text(words.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as error:
        load_source(folder)
    return str(error.value)


@pytest.mark.parametrize("pathway", SOURCE.pathways.values(), ids=lambda pathway: pathway.id)
def test_each_pathway_has_a_whole_leaflet_whose_clinical_sentences_have_sources(pathway):
    assert [part.id for part in pathway.leaflet] == list(SECTIONS)
    for part in pathway.leaflet:
        assert all(v.sources for v in part.variants)
        assert all(v.context.startswith(f"leaflet.{pathway.id}.{part.id}") for v in part.variants)
        assert all(v.budget == 0 for v in part.variants)


@pytest.mark.parametrize("pathway", SOURCE.pathways.values(), ids=lambda pathway: pathway.id)
def test_each_pathway_has_at_least_eight_texts_of_its_own(pathway):
    own = {v.context for step in pathway.steps for v in step.variants if v.context.startswith(pathway.id)}
    assert len(own) >= 8


def test_no_two_pathways_ask_or_care_in_the_same_words():
    for step in ("education", "aftercare"):
        words = [
            v.text
            for p in SOURCE.pathways.values()
            for v in p.step(step).variants
            if v.context.startswith(p.id)
        ]
        assert len(words) == len(set(words))
    asked = [p.step("safety").variants[0].text for p in SOURCE.pathways.values()]
    assert len(asked) == len(set(asked))


def test_the_choices_of_a_clinic_decide_the_words_of_a_section():
    after = next(part for part in SOURCE.pathways["trigger_point_injection"].leaflet if part.id == "after")
    usual = section(clinic(), after)
    other = section(clinic(advice=advice({"rest_days": 4, "cold": "either"})), after)
    assert "first 3 days" in usual.text
    assert "first 4 days" in other.text
    assert "a cold or a warm pack" in other.text


def test_phrases_and_the_words_of_the_page_have_their_purpose():
    purposes = {v.context: purpose for v, purpose in SOURCE.purposes}
    assert len(SOURCE.phrases) >= 40
    assert purposes["phrases.parking"] is Purpose.PHRASE
    assert purposes["leaflet.button_call"] is Purpose.LEAFLET
    assert purposes["leaflet.joint_steroid.after"] is Purpose.LEAFLET
    assert purposes["common.help"] is Purpose.ANSWER


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  call: {pictures", "  cal: {pictures", "these sections and no others: what, before, day"),
        ("[needle_joint]", "[needle_knee]", "no picture is called 'needle_knee'; there are"),
        ("say: [[j_needle]", "says: [[j_needle]", "a section has"),
        ("say: [[j_needle]", "say: [[j_nedle]", "no sentence is called 'j_nedle'"),
        ("  j_needle:", "  l_tell:", "is in leaflet.yaml too; give it another name"),
        ("sources: [j-flare]", "sources: [j-flair]", "no source is called 'j-flair'"),
        ("say: [[about, may", "when: {privacy: 0}\n        say: [[about, may", "for privacy 0 only"),
    ],
)  # fmt: skip
def test_a_leaflet_that_cannot_be_shown_is_refused_with_its_place(folder, old, new, says):
    told = broken(folder, "joint_steroid.yaml", old, new)
    assert told.startswith("joint_steroid.yaml: ")
    assert says in told


def test_a_section_that_is_wrong_is_named_with_its_line(folder):
    told = broken(folder, "joint_steroid.yaml", "say: [[j_needle]", "say: [[j_nedle]")
    lines = (folder / "joint_steroid.yaml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, words in enumerate(lines, start=1) if "j_nedle" in words)
    assert f"line {line}, " in told


def test_the_file_of_the_page_is_the_leaflets_alone(folder):
    told = broken(folder, "leaflet.yaml", "domain: leaflet", "domain: page")
    assert told == "leaflet.yaml: domain: must be leaflet, not 'page'"


def test_a_shared_step_takes_its_own_time_and_nothing_else(folder):
    assert "takes `variants`, `offset` and `until`, not `priority`" in broken(
        folder, "epidural_steroid.yaml", "  - shared: safety\n", "  - shared: safety\n    priority: low\n"
    )


def test_when_staff_are_to_phone_is_the_pathways_own():
    days = {pathway.id: pathway.call_list.days for pathway in SOURCE.pathways.values()}
    assert days["epidural_steroid"] == -9
    assert days["trigger_point_injection"] == -2
    assert SOURCE.pathways["epidural_steroid"].step("safety").offset.days == -12
    assert SOURCE.pathways["joint_steroid"].step("safety").offset.days == -5
