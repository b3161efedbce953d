"""Catalogs follow the English texts: extraction, the translators' memory, files that come back."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from openpyxl import load_workbook
from unit.builders import library

from sms_service.content.catalogs import read_catalog, texts_in
from sms_service.content.compendium import load_compendium
from sms_service.content.errors import ContentError
from sms_service.content.library import load_library, load_source, open_library
from sms_service.content.places import home_of, locales_dir, pathways_dir
from sms_service.content.po_files import compendium_of, domains, updated, write_catalog
from sms_service.content.taking_in import take_in
from sms_service.content.workbook import write_workbook

SOURCE = load_source()
ROOT = Path(__file__).parents[2]
TEXTS = {text.context: text for text in SOURCE.texts}
DOMAINS = dict(domains(SOURCE.purposes))


def test_pybabel_extracts_exactly_our_texts(tmp_path):
    template = tmp_path / "texts.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "extract",
        "-F",
        "babel.cfg",
        "-o",
        str(template),
        "sms_service/pathways",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with template.open("rb") as file:
        found = {m.context: texts_in(m.id) for m in read_po(file) if m.id}
    assert found == {context: text.msgids for context, text in TEXTS.items()}
    help_text = template.read_text()
    assert "Budget: 3 segments" in help_text
    assert "Reading level" in help_text


@pytest.mark.parametrize("language", sorted(set(library().catalogs) - {"en"}))
def test_updating_what_is_up_to_date_changes_nothing(language, tmp_path):
    home = locales_dir() / language
    memory = load_compendium(language, home)
    for domain, texts in DOMAINS.items():
        path = home / "LC_MESSAGES" / f"{domain}.po"
        write_catalog(updated(language, domain, texts, path, memory), tmp_path / path.name)
        assert (tmp_path / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
    write_catalog(compendium_of(language, SOURCE.texts, home / "compendium.po"), tmp_path / "compendium.po")
    assert (tmp_path / "compendium.po").read_text() == (home / "compendium.po").read_text()


def test_a_text_is_said_to_stand_where_a_writer_finds_it():
    for context, text in TEXTS.items():
        lines = (pathways_dir() / home_of(context)).read_text(encoding="utf-8").splitlines()
        # a mapping begins on the line of its name, or on the one below it
        near = [re.match(r"\s*(?:- \{?id: )?(\w+)", line) for line in lines[text.line - 2 : text.line]]
        parts = context.split(".")[-1].split("_")  # the choices of a clinic stand at the end of a name
        names = {"_".join(parts[:n]) for n in range(1, len(parts) + 1)}
        assert names & {found[1] for found in near if found}, context


def test_the_memory_writes_the_same_sentence_in_every_text():
    memory = load_compendium("es", locales_dir() / "es")
    assert memory.missing(SOURCE.texts) == []
    text = TEXTS["trigger_point_injection.aftercare.plain"]
    assert memory.fill(text) == library().catalogs["es"].words[text.context][1]


def test_a_changed_text_is_filled_anew_or_marked_fuzzy(tmp_path):
    home = tmp_path / "es"
    shutil.copytree(locales_dir() / "es", home)
    path = home / "LC_MESSAGES" / "common.po"
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace("For help, call {phone}.", "For help, phone {phone}."), encoding="utf-8")
    memory = load_compendium("es", home)
    fresh = updated("es", "common", DOMAINS["common"], path, memory)
    message = fresh.get(TEXTS["common.help"].text, context="common.help")
    assert message.string == library().catalogs["es"].words["common.help"][1][0]
    assert not message.fuzzy
    (home / "compendium.po").unlink()
    fresh = updated("es", "common", DOMAINS["common"], path, load_compendium("es", home))
    message = fresh.get(TEXTS["common.help"].text, context="common.help")
    assert message.fuzzy
    assert message.string


def test_a_new_language_begins_with_empty_entries(tmp_path):
    fresh = updated("de", "common", DOMAINS["common"], tmp_path / "x.po", load_compendium("de", tmp_path))
    assert not any(m.string and any(texts_in(m.string)) for m in fresh if m.id)


# ---- files that come back from translators


@pytest.fixture
def home(tmp_path):
    shutil.copytree(locales_dir() / "es", tmp_path / "es")
    return tmp_path / "es"


def workbook(tmp_path, change=None):
    path = tmp_path / "es.xlsx"
    words = {context: held[1] for context, held in library().catalogs["es"].words.items()}
    write_workbook(path, "es", DOMAINS["common"], words)
    if change:
        book = load_workbook(path)
        change(book["texts"])
        book.save(path)
    return path


def row_of(sheet, context):
    return next(row for row in sheet.iter_rows(min_row=2) if row[0].value == context)


def test_a_workbook_comes_back_unchanged_and_changes_nothing(home, tmp_path):
    assert take_in(workbook(tmp_path), "es", TEXTS, home) == 0


def test_a_changed_translation_is_taken_in(home, tmp_path):
    path = workbook(
        tmp_path, lambda sheet: setattr(row_of(sheet, "common.wrong_number")[3], "value", "Perdón.")
    )
    assert take_in(path, "es", TEXTS, home) == 1
    catalog = read_catalog(home / "LC_MESSAGES" / "common.po", "es")
    assert catalog.get(TEXTS["common.wrong_number"].text, context="common.wrong_number").string == "Perdón."


def test_a_po_file_comes_back_the_same_way(home, tmp_path):
    path = tmp_path / "back.po"
    text = (home / "LC_MESSAGES" / "common.po").read_text(encoding="utf-8")
    held = library().catalogs["es"].words["common.help_line"][1][0]
    path.write_text(text.replace(held, held + " Gracias."), encoding="utf-8")
    assert take_in(path, "es", TEXTS, home) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: setattr(row_of(s, "common.help")[0], "value", "common.helped"), "no text is called so"),
        (lambda s: setattr(row_of(s, "common.help")[2], "value", "Help!"), "English has changed"),
        (lambda s: setattr(row_of(s, "common.help")[0], "value", None), "no context"),
        (lambda s: setattr(row_of(s, "common.help")[1], "value", 3), "stand together"),
        (lambda s: setattr(s["A1"], "value", "key"), "headings"),
        (lambda s: setattr(s, "title", "other"), "no workbook with a sheet"),
        (lambda s: setattr(row_of(s, "common.welcome.full")[3], "value", ""), "plural forms"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(home, tmp_path, change, says):
    before = {p.name: p.read_bytes() for p in (home / "LC_MESSAGES").iterdir()}
    with pytest.raises(ContentError, match=says):
        take_in(workbook(tmp_path, change), "es", TEXTS, home)
    assert {p.name: p.read_bytes() for p in (home / "LC_MESSAGES").iterdir()} == before


@pytest.mark.parametrize("name", ["x.xlsx", "x.po", "x.txt"])
def test_a_file_of_another_kind_is_refused(home, tmp_path, name):
    (tmp_path / name).write_bytes(b'PK\x03\x04 or msgid "a')
    with pytest.raises(ContentError, match=name):
        take_in(tmp_path / name, "es", TEXTS, home)


def test_a_formula_in_a_workbook_stays_text(tmp_path):
    words = dict.fromkeys(TEXTS, ("=1+1",))
    path = tmp_path / "f.xlsx"
    write_workbook(path, "es", DOMAINS["common"], words)
    assert row_of(load_workbook(path)["texts"], "common.help")[3].data_type == "s"


def test_a_catalog_is_read_when_it_is_first_asked_for_and_says_the_same():
    eager, lazy = load_library(), open_library()
    assert list(lazy.catalogs) == list(eager.catalogs)
    assert len(lazy.catalogs) == len(eager.catalogs)
    assert "es" in lazy.catalogs
    assert "tlh" not in lazy.catalogs
    assert lazy.catalogs["es"].words == eager.catalogs["es"].words
    assert lazy.catalogs["es"] is lazy.catalogs["es"]
    with pytest.raises(KeyError):
        lazy.catalogs["tlh"]
