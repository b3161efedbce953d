"""What `content check` finds: each kind of trouble, made in a catalog that was right."""

from __future__ import annotations

import shutil

import pytest
from unit.builders import library

from sms_service.content.check import check
from sms_service.content.library import load_source
from sms_service.content.places import locales_dir

SOURCE = load_source()
HELP_ES = "common.help"


@pytest.fixture
def home(tmp_path):
    """Spanish, Arabic, Persian, both Chinese and English, to be broken."""
    for language in ("es", "ar", "fa", "zh_Hant", "zh_Hans", "en"):
        shutil.copytree(locales_dir() / language, tmp_path / language)
    return tmp_path


def entry(home, language, context, string, domain="common"):
    """Replace the translation of one text."""
    path = home / language / "LC_MESSAGES" / f"{domain}.po"
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    (place,) = [i for i, block in enumerate(blocks) if f'msgctxt "{context}"' in block]
    head = blocks[place].split("msgstr", 1)[0]
    escaped = string.replace('"', '\\"').replace("\n", "\\n")
    blocks[place] = f'{head}msgstr "{escaped}"'
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def codes(home, language, context=None):
    return {f.code for f in check(SOURCE, home, [language]) if context in (None, f.context)}


def good(language, context=HELP_ES):
    return library().catalogs[language].words[context][1][0]


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_nothing_is_wrong_with_what_ships(language):
    assert [f"{f.context}: {f.problem}" for f in check(SOURCE, locales_dir(), [language])] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s: s.replace("{phone}", ""), "placeholder"),
        (lambda s: s + " {phone}", "placeholder"),
        (lambda s: s + " {clinica}", "placeholder"),
        (lambda s: s + " {", "placeholder"),
        (lambda s: s + " 24", "number"),
        (lambda s: s + " ٢٤", "number"),
        (lambda s: s + " https://bit.ly/x", "address"),
        (lambda s: s + " Responda YES.", "prompt"),
        (lambda s: s + " data rates may apply", "english"),
        (lambda s: s + " да", "script"),
        (lambda s: s + " a\u0301", "characters"),
        (lambda s: s.replace(" ", "\u00a0", 1), "characters"),
        (lambda s: s + " \u201cx\u201d", "characters"),
        (lambda s: s + " x\u200dx", "characters"),
        (lambda s: s + "  x", "characters"),
        (lambda s: s + "\nx", "lines"),
        (lambda s: s + " \u2066x", "direction"),
        (lambda s: s + " \u2069x\u2066", "direction"),
        (lambda s: s + " \u202ex", "direction"),
        (lambda s: s + " Es gratis.", "promise"),
        (lambda s: s + " áéí" * 80, "segments"),
        (lambda s: s + " y" * 60, "reading"),
        (lambda _: "", "missing"),
    ],
)  # fmt: skip
def test_each_trouble_is_found_by_its_name(home, change, code):
    entry(home, "es", HELP_ES, change(good("es")))
    assert code in codes(home, "es", HELP_ES)


@pytest.mark.parametrize(
    ("language", "change", "code"),
    [
        ("ar", lambda s: "{clinic}: " + s.replace("{clinic}", ""), "direction"),
        ("ar", lambda s: s + " ی", "script"),
        ("fa", lambda s: s + " ي", "script"),
        ("fa", lambda s: s + " x", "script"),
        ("zh_Hant", lambda s: s + "这", "script"),
        ("zh_Hans", lambda s: s + "這", "script"),
    ],
)
def test_troubles_of_a_script_are_found(home, language, change, code):
    entry(home, language, HELP_ES, change(good(language)))
    assert code in codes(home, language, HELP_ES)


def test_a_term_of_the_glossary_that_is_not_used_is_named(home):
    context = "trigger_point_injection.safety.ask"
    entry(home, "es", context, good("es", context).replace("iabetes", "zúcar"), "trigger_point_injection")
    assert "term" in codes(home, "es", context)


def test_a_word_that_the_glossary_avoids_is_named(home):
    path = home / "es" / "glossary.yaml"
    path.write_text(
        path.read_text().replace("terms:\n", "terms:\n  phone: {use: teléfono, avoid: mensajes}\n")
    )
    assert "term" in codes(home, "es", HELP_ES)


def test_aftercare_without_whom_to_call_is_named(home):
    context = "trigger_point_injection.aftercare.plain"
    words = good("es", context).replace("{emergency}", "")
    entry(home, "es", context, words, "trigger_point_injection")
    assert {"danger", "placeholder"} <= codes(home, "es", context)


def test_an_old_english_text_is_stale_and_a_mark_is_fuzzy(home):
    path = home / "es" / "LC_MESSAGES" / "common.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("For help, call {phone}.", "For help, phone {phone}."), encoding="utf-8")
    assert codes(home, "es", HELP_ES) == {"stale"}
    path.write_text(
        text.replace('msgctxt "common.help"', '#, fuzzy\nmsgctxt "common.help"'), encoding="utf-8"
    )
    assert codes(home, "es", HELP_ES) == {"fuzzy"}
    path.write_text(text.replace('msgctxt "common.help"', 'msgctxt "common.helped"'), encoding="utf-8")
    assert codes(home, "es", "common.helped") == {"stale"}
    assert codes(home, "es", HELP_ES) == {"missing"}


def test_a_missing_and_a_broken_file_are_findings_and_the_rest_is_read(home):
    (home / "es" / "LC_MESSAGES" / "common.po").unlink()
    found = [f for f in check(SOURCE, home, ["es"]) if f.code == "missing"]
    assert [f.context for f in found] == ["common"]
    (home / "es" / "LC_MESSAGES" / "common.po").write_text('msgid "a\n', encoding="utf-8")
    assert "broken" in codes(home, "es")
    (home / "fa" / "glossary.yaml").write_text("terms: {a: {}}", encoding="utf-8")
    assert codes(home, "fa") == {"broken"}
    (home / "ar" / "glossary.yaml").write_text("terms: {a: {use: b}}", encoding="utf-8")
    assert codes(home, "ar") == {"broken"}


def test_english_is_checked_too(home, tmp_path):
    folder = tmp_path / "pathways"
    from sms_service.content.places import pathways_dir  # noqa: PLC0415

    shutil.copytree(pathways_dir(), folder)
    path = folder / "common.yaml"
    path.write_text(
        path.read_text().replace(
            "Sorry for the mistake. We will not text this number again.",
            "Administrative misidentification necessitates permanent discontinuation of communication.",
        )
    )
    found = {f.code for f in check(load_source(folder), home, ["en"]) if f.context == "common.wrong_number"}
    assert {"reading", "promise"} & found
