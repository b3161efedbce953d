"""A pathway is added by following CONTRIBUTING.md: files of words alone, not one line of Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
PATHWAY = "nerve_root_block"
#: Step 1 of the recipe changes these in the copy; the rest of the pathway is made of shared sentences.
ENGLISH = {
    "domain: trigger_point_injection": f"domain: {PATHWAY}",
    "name: Trigger point injection": "name: Nerve root block",
    "about your trigger point injection.": "about your nerve root block.",
    "{clinic}: your trigger point injection visit.": "{clinic}: your nerve root block visit.",
    "Your injection: a thin needle goes into sore muscle spots, often with numbing medicine.": (
        "Your injection: a needle puts numbing medicine next to a sore nerve."
    ),
    "A trigger point is a tight, sore knot in a muscle.": "Numbing medicine goes next to a sore nerve.",
}
FRENCH = {
    "{clinic}: welcome to {program}, about your nerve root block.": (
        "{clinic} : bienvenue dans {program}, pour votre bloc de racine d'un nerf."
    ),
    "{clinic}: your nerve root block visit.": "{clinic} : rendez-vous pour le bloc de racine d'un nerf.",
    "Your injection: a needle puts numbing medicine next to a sore nerve.": (
        "Votre injection : une aiguille met un médicament qui endort la zone près d'un nerf douloureux."
    ),
    "Numbing medicine goes next to a sore nerve.": (
        "Un médicament qui endort la zone est mis près d'un nerf douloureux."
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The files that a person has in front of them."""
    home = tmp_path_factory.mktemp("checkout")
    for name in ("sms_service", "locales"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    return home


def command(home, *arguments):
    argv = [sys.executable, "-m", "sms_service.cli.app", *arguments]
    return subprocess.run(argv, cwd=home, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def written(checkout):
    """Steps 1 and 2 of the recipe: copy, change sentences, update the catalogs, translate."""
    folder = checkout / "sms_service" / "pathways"
    words = (folder / "trigger_point_injection.yaml").read_text(encoding="utf-8")
    for old, new in ENGLISH.items():
        assert words.count(old) == 1
        words = words.replace(old, new)
    (folder / f"{PATHWAY}.yaml").write_text(words, encoding="utf-8")
    assert command(checkout, "content", "update", "--locale", "fr").returncode == 0
    memory = checkout / "locales" / "fr" / "compendium.po"
    with memory.open("rb") as file:
        catalog = read_po(file, locale="fr")
    for english, french in FRENCH.items():
        message = catalog.get(english)
        assert message is not None
        message.string = french
    with memory.open("wb") as file:
        write_po(file, catalog, width=100)
    assert command(checkout, "content", "update", "--locale", "fr").returncode == 0
    return checkout


def test_the_checks_find_nothing_wrong_with_it(written):
    done = command(written, "content", "check", "--locale", "en", "--locale", "fr", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert findings == []


def test_its_texts_can_be_read_in_both_languages(written):
    for language, says in (("en", "nerve root block"), ("fr", "racine d'un nerf")):
        rows = json.loads(command(written, "preview", PATHWAY, "--locale", language, "--json").stdout)
        assert all(row["body"] for row in rows)
        assert any(says in row["body"] for row in rows)


def test_a_visit_can_be_lived_through_with_it(written):
    done = command(
        written,
        *("simulate", PATHWAY, "--locale", "fr", "--timezone", "America/New_York"),
        *("--booked-at", "2027-05-03T10:00", "--start", "2027-05-20T09:30"),
        *("--event", "2027-05-20T10:15=completed:steroid", "--json"),
    )
    rows = json.loads(done.stdout)
    sent = [row["step"] for row in rows if row["outcome"] == "sent"]
    assert {"welcome", "education", "safety", "prepare", "aftercare"} <= set(sent)
    assert any("d'un nerf" in (row["body"] or "") for row in rows)


def test_a_mistake_in_it_is_told_with_its_place_and_a_cure(written):
    path = written / "sms_service" / "pathways" / f"{PATHWAY}.yaml"
    good = path.read_text(encoding="utf-8")
    try:
        path.write_text(good.replace("say: [[l_danger], [t_lung]]", "say: [[l_dangre]]"), encoding="utf-8")
        done = command(written, "content", "check", "--locale", "en")
        assert done.returncode == 2
        assert f"{PATHWAY}.yaml: line" in done.stderr
        assert "no sentence is called 'l_dangre'; add it to `sentences`" in done.stderr
    finally:
        path.write_text(good, encoding="utf-8")
