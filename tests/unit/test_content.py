"""Content files: what ships can be used, and what is broken says where and how to mend it."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time

import pytest
from unit.builders import clinic, library, pathway

from sms_service.content.catalogs import load_catalog, source_catalog
from sms_service.content.dates import write_date, write_times
from sms_service.content.errors import ContentError
from sms_service.content.example_facts import example_facts
from sms_service.content.keyword_files import join, load_words
from sms_service.content.library import load_library
from sms_service.content.pathway_files import load_pathway, load_shared
from sms_service.content.places import locales_dir, pathways_dir
from sms_service.domain.compose import compose
from sms_service.domain.ids import AttemptId
from sms_service.domain.pathway import Variant
from sms_service.domain.reasons import Reason, explain
from sms_service.domain.request import Request, Trace

STEP = """
  - id: welcome
    purpose: disclaimer
    priority: must
    anchor: booked
    offset: {minutes: 0}
    until: {anchor: start, minutes: -120}
    variants:
      - {id: full, text: "Hello from {clinic}"}
"""
GOOD = "domain: demo\nname: Demo\nsteps:" + STEP
LATE = "\nlate_booking:\n  - {under_hours: 24, now: [{step: welcome, merge: []}]}\n"


def write(folder, text, name="demo.yaml"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pathway_without_rules_for_late_bookings_has_the_shared_ones_and_may_have_its_own(tmp_path) -> None:
    common = "domain: common\ntexts: [{id: help, text: Help}]" + LATE
    shared = load_shared(write(tmp_path, common, "common.yaml"))
    assert [rule.under_hours for rule in load_pathway(write(tmp_path, GOOD), shared).late_booking] == [24]
    own = load_pathway(write(tmp_path, GOOD + LATE.replace("24", "48")), shared)
    assert [rule.under_hours for rule in own.late_booking] == [48]
    assert load_pathway(write(tmp_path, GOOD + "late_booking: []\n"), shared).late_booking == ()


def test_the_smallest_pathway_loads(tmp_path) -> None:
    found = load_pathway(write(tmp_path, GOOD + LATE))
    assert [step.id for step in found.steps] == ["welcome"]
    assert found.steps[0].variants[0].context == "demo.welcome.full"
    assert found.late_booking[0].now[0].step == "welcome"
    assert load_pathway(write(tmp_path, GOOD + "late_booking:\n")).late_booking == ()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: [", "line", "not valid YAML"),
        ("domain: x\n\tbad: y", "line 2", "not valid YAML"),
        ("- a\n- b\n", "file", "must be a mapping"),
        ("", "file", "must be a mapping"),
        ("name: Demo", "file", "lacks `domain`"),
        ("domain: demo\nname: Demo", "file", "lacks `steps`"),
        ("domain: demo\nsteps:" + STEP, "file", "lacks `name`"),
        ("domain: demo\nname: D\nsteps: 3", "steps", "must be a list"),
        ("domain: demo\nname: D\nsteps: [hello]", "step 'hello'", "words that may stand here"),
        (GOOD + STEP, "step welcome", "is there twice"),
        (GOOD + '      - {id: full, text: "Again"}\n', "variant full", "is there twice"),
        (GOOD.replace("{clinic}", "{clinik}"), "welcome.full", "no fact is called 'clinik'"),
        (GOOD.replace("{clinic}", "{clinic"), "welcome.full", "braces do not match"),
        (GOOD.replace("{clinic}", "{clinic.name}"), "welcome.full", "plain name"),
        (GOOD.replace("{clinic}", "{}"), "welcome.full", "plain name"),
        (GOOD.replace('text: "Hello from {clinic}"', ""), "welcome.full", "has no `text`"),
        (GOOD.replace("{id: full,", "{"), "welcome.?", "lacks `id`"),
        (GOOD.replace("must", "urgent"), "step welcome", "URGENT"),
        (GOOD.replace("anchor: booked", "anchor: lunch"), "step welcome", "lunch"),
        (GOOD.replace("purpose: disclaimer", "purpose: fun"), "step welcome", "fun"),
        (GOOD.replace("offset: {minutes: 0}", ""), "step welcome", "lacks `offset`"),
        (GOOD.replace("{minutes: 0}", "{hours: 2}"), "step welcome", "not hours"),
        (GOOD.replace("{minutes: 0}", "{days: 1}"), "step welcome", "local time"),
        (GOOD.replace("{minutes: 0}", '{minutes: 1, at: "10:00"}'), "step welcome", "not both"),
        (GOOD.replace("{minutes: 0}", '{days: 1, at: "25:00"}'), "step welcome", "hour must be"),
        (GOOD.replace("{minutes: 0}", "soon"), "step welcome", "words that may stand here"),
        (GOOD.replace("{anchor: start, minutes: -120}", "noon"), "step welcome", "words that may stand here"),
        (GOOD.replace("{id: full,", "{id: full, opens: mood,"), "step welcome", "mood"),
        (GOOD.replace("{id: full,", "{id: full, asks: safety,"), "welcome.full", "a text with {link}"),
        (
            GOOD.replace("{id: full,", "{id: full, asks: safety, opens: pain,").replace("{clinic}", "{link}"),
            "welcome.full",
            "opens no question itself",
        ),
        (GOOD.replace("{id: full,", "{id: full, when: {mood: true},"), "welcome.full", "`when: mood`"),
        (GOOD.replace("{id: full,", "{id: full, when: {done: maybe},"), "welcome.full", "`when: done`"),
        (GOOD.replace("{id: full,", "{id: full, merges: [tea],"), "welcome.full", "unknown steps: tea"),
        (GOOD.replace('text: "', 'plural: "'), "welcome.full", "`plural` is not known"),
        (GOOD + LATE.replace("welcome", "tea"), "late_booking under 24 hours", "do not exist: tea"),
        (GOOD + LATE.replace("24", "soon"), "late_booking under soon hours", "cannot be read"),
        (GOOD + LATE.replace("merge: []}]", "merge: []}], task: nap"), "late_booking under 24", "nap"),
        (GOOD + LATE.replace("merge: []", "merge: [welcome]"), "late_booking under 24", "no text of welcome"),
        (
            GOOD + LATE.replace("now: [{step: welcome, merge: []}]", "now: [x]"),
            "late_booking",
            "cannot be read",
        ),
        (GOOD + "late_booking: [x]", "late_booking", "cannot be read"),
    ],
)
def test_a_broken_pathway_names_file_place_and_problem(tmp_path, text, place, says) -> None:
    with pytest.raises(ContentError) as caught:
        load_pathway(write(tmp_path, text))
    message = str(caught.value)
    assert message.startswith("demo.yaml: ")
    assert place in caught.value.place
    assert says in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("domain: common\ntexts: [{id: a, text: Hi}, {id: a, text: Ho}]", "text a: is there twice"),
        ("domain: common\ntexts: [{id: a, text: Hi, opens: mood}]", "text a: 'mood'"),
        ("domain: common\ntexts: [Hi]", "text 'Hi'"),
        ("domain: common\ntexts: [{id: a, text: 'Hi {x}'}]", "no fact is called 'x'"),
        ("domain: common\ntexts: {a: Hi}", "must be a list"),
    ],
)
def test_a_broken_answer_names_its_place(tmp_path, text, says) -> None:
    with pytest.raises(ContentError, match=r"^common\.yaml: ") as caught:
        load_shared(write(tmp_path, text, "common.yaml"))
    assert says in str(caught.value)


def test_a_file_that_is_missing_or_no_text_says_so(tmp_path) -> None:
    with pytest.raises(ContentError, match=r"gone\.yaml: file: cannot be read"):
        load_pathway(tmp_path / "gone.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match=r"bytes\.yaml: file: cannot be read"):
        load_pathway(tmp_path / "bytes.yaml")


# ------------------------------------------------------------------ catalogs

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
ONE = 'msgctxt "demo.welcome.full"\nmsgid "Hello from {clinic}"\nmsgstr "Hola de {clinic}"\n'
MANY = (
    'msgctxt "demo.a.b"\nmsgid "{count} text"\nmsgid_plural "{count} texts"\n'
    'msgstr[0] "{count} mensaje"\nmsgstr[1] "{count} mensajes"\n'
)


def catalog(folder, text, language="es"):
    write(folder, HEADER + text, "LC_MESSAGES/demo.po")
    return load_catalog(language, folder)


def text_of(context, text, plural=None) -> Variant:
    return Variant(id="x", context=context, text=text, plural=plural, plural_by="count" if plural else None)


def test_a_catalog_gives_the_words_for_exactly_its_source(tmp_path) -> None:
    found = catalog(tmp_path, ONE + "\n" + MANY)
    assert found.lookup(text_of("demo.welcome.full", "Hello from {clinic}"), None) == "Hola de {clinic}"
    assert found.lookup(text_of("demo.welcome.full", "Hello from our {clinic}"), None) is None
    assert found.lookup(text_of("demo.other.full", "Hello from {clinic}"), None) is None
    many = text_of("demo.a.b", "{count} text", "{count} texts")
    assert [found.lookup(many, n) for n in (1, 9, None)] == [
        "{count} mensaje",
        "{count} mensajes",
        "{count} mensaje",
    ]
    # a changed English plural is a new text too
    assert found.lookup(text_of("demo.a.b", "{count} text", "{count} messages"), 9) is None


@pytest.mark.parametrize(
    "broken", [ONE.replace("Hola de {clinic}", ""), "#, fuzzy\n" + ONE, ONE.replace("msgctxt", "#")]
)
def test_what_is_missing_fuzzy_or_without_context_is_no_translation(tmp_path, broken) -> None:
    assert catalog(tmp_path, broken).lookup(text_of("demo.welcome.full", "Hello from {clinic}"), None) is None


def test_half_a_plural_is_no_translation(tmp_path) -> None:
    found = catalog(tmp_path, MANY.replace("{count} mensajes", ""))
    assert found.lookup(text_of("demo.a.b", "{count} text", "{count} texts"), 9) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE.replace("de {clinic}", "de {clinica}"), "demo.welcome.full: uses 'clinica'"),
        (ONE.replace("de {clinic}", "de {clinic"), "demo.welcome.full: braces do not match"),
        (ONE.replace("from {clinic}", "from {clinic"), "demo.welcome.full: braces do not match"),
        (MANY.replace("{count} mensajes", "{n} mensajes"), "demo.a.b: uses 'n'"),
        ('msgid "a"\nbroken "b"\n', "file: is not a valid PO file"),
        (ONE.replace('de {clinic}"', "de {clinic}"), "line 8: does not end with a quote"),
    ],
)
def test_a_broken_catalog_names_file_and_text(tmp_path, text, says) -> None:
    with pytest.raises(ContentError, match=r"^demo\.po: ") as caught:
        catalog(tmp_path, text)
    assert says in str(caught.value)


def test_a_catalog_in_another_encoding_is_refused(tmp_path) -> None:
    path = write(tmp_path, HEADER, "LC_MESSAGES/demo.po")
    path.write_bytes((HEADER + ONE.replace("Hola", "¡Hola")).encode("latin-1"))
    with pytest.raises(ContentError, match=r"demo\.po: file: is not a valid PO file"):
        load_catalog("es", tmp_path)


def test_a_missing_catalog_and_an_unknown_language_say_so(tmp_path) -> None:
    with pytest.raises(ContentError, match="no catalog for es"):
        load_catalog("es", tmp_path)
    with pytest.raises(ContentError, match="not a language"):
        load_catalog("notes", tmp_path)


def test_english_is_the_source_itself() -> None:
    many = text_of("d.a.b", "{count} text", "{count} texts")
    english = source_catalog([many])
    assert [english.lookup(many, n) for n in (1, 2, 0)] == ["{count} text", "{count} texts", "{count} texts"]
    assert english.digest(many) == english.digest(many)


# ------------------------------------------------------------------ reply words

WORDS = """
red_flag: [cannot breathe]
crisis: [want to die]
language: {name: Test, keyword: TT, words: [test]}
opt_out: [Stop!]
opt_in: [start]
help: [help]
numbers: {siete: 7, 8: ocho, 9: [nueve, nuevo]}
"""


def test_reply_words_are_normalised_and_numbers_may_stand_either_way(tmp_path) -> None:
    words = load_words(write(tmp_path, WORDS, "keywords.yaml"))
    assert words.opt_out == {"stop"}
    assert words.numbers == {"siete": 7, "ocho": 8, "nueve": 9, "nuevo": 9}
    assert join({"tt": words}, "xx").numbers == {}
    assert join({"tt": words}, "tt").languages == {"test": "tt", "tt": "tt"}


@pytest.mark.parametrize(
    "text",
    ["a: [", "", "- x", "language: x", WORDS.replace("opt_out", "opt"), WORDS.replace("7", "seven"),
     WORDS.replace("numbers: {", "numbers: [").replace("nuevo]}", "nuevo]]")],
)  # fmt: skip
def test_broken_reply_words_name_the_file(tmp_path, text) -> None:
    with pytest.raises(ContentError, match=r"^keywords\.yaml: "):
        load_words(write(tmp_path, text, "keywords.yaml"))


# ------------------------------------------------------------------ the library


@pytest.fixture
def shipped(tmp_path):
    """A copy of everything that ships, to be broken."""
    shutil.copytree(pathways_dir(), tmp_path / "pathways")
    shutil.copytree(locales_dir(), tmp_path / "locales")
    return tmp_path


def load(folder):
    return load_library(folder / "pathways", folder / "locales")


def test_a_copy_of_what_ships_loads(shipped) -> None:
    assert set(load(shipped).catalogs) == {
        *(
            "en",
            "es",
            "zh_Hans",
            "zh_Hant",
            "vi",
            "fil",
            "ko",
            "ru",
            "ar",
            "ht",
            "pt_BR",
            "fr",
            "pl",
            "fa",
            "ja",
        ),
        "hi",
    }


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("pathways/common.yaml", "common.yaml: file: cannot be read"),
        ("locales/es/LC_MESSAGES", "no catalog for es"),
        ("locales/es/keywords.yaml", "keywords.yaml: file"),
        ("locales", "locales: folder: is missing"),
    ],
)
def test_what_is_missing_is_named(shipped, gone, says) -> None:
    path = shipped / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(ContentError) as caught:
        load(shipped)
    assert says in str(caught.value)


def test_what_was_loaded_keeps_serving_when_its_files_are_broken(shipped) -> None:
    before = load(shipped)
    for path in [p for p in shipped.rglob("*") if p.is_file()]:
        path.write_bytes(b"\xff{{{")
    with pytest.raises(ContentError):
        load(shipped)
    text = next(text for text in before.texts if text.context == "common.help")
    for language, catalog in before.catalogs.items():
        assert compose(text, catalog, example_facts(language)).body


def test_two_files_of_one_pathway_are_refused(shipped) -> None:
    folder = shipped / "pathways"
    shutil.copy(folder / "trigger_point_injection.yaml", folder / "another.yaml")
    with pytest.raises(ContentError, match="is taken by another file"):
        load(shipped)


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_every_text_has_words_in_every_language(language) -> None:
    held = library().catalogs[language]
    assert [text.context for text in library().texts if not held.has(text)] == []


def test_other_languages_are_offered_in_their_own_words() -> None:
    found = library()
    assert found.offers(("en", "es", "xx"), "en") == "Español: ES"
    assert found.offers(("en", "zh_Hant", "ar"), "en").count(" / ") == 1
    assert found.offers(("en", "es"), "es") == "English: EN"
    assert found.offers(("es",), "es") == ""
    many = {f"l{i}": found.words["es"] for i in range(9)}
    crowd = type(found)(pathways={}, answers={}, catalogs={}, words=many, keywords={})
    assert crowd.offers(tuple(many), "en").count("ES") == 4


# ------------------------------------------------------------------ the timeline of the clinical document


@pytest.mark.parametrize(
    ("step", "priority", "anchor", "minutes", "days", "at"),
    [
        ("welcome", "MUST", "booked", 0, 0, None),
        ("education", "LOW", "start", 0, -7, time(10)),
        ("safety", "MUST", "start", 0, -5, time(10)),
        ("confirm", "HIGH", "start", 0, -3, time(10)),
        ("prepare", "HIGH", "start", 0, -1, time(10)),
        ("logistics", "NORMAL", "start", -120, 0, None),
        ("aftercare", "MUST", "completed", 60, 0, None),
        ("check_in", "HIGH", "completed", 0, 1, time(10)),
        ("movement", "NORMAL", "completed", 0, 3, time(10)),
        ("outcome", "NORMAL", "completed", 0, 14, time(10)),
    ],
)
def test_the_pathway_follows_the_clinical_timeline(step, priority, anchor, minutes, days, at) -> None:
    found = pathway().step(step)
    assert (found.priority.name, found.anchor.value) == (priority, anchor)
    assert (found.offset.minutes, found.offset.days, found.offset.at) == (minutes, days, at)


def test_only_what_may_repeat_repeats_and_notices_take_no_place() -> None:
    steps = pathway().steps
    assert {s.id for s in steps if s.repeatable} == {"moved", "confirm", "safety", "cancelled"}
    assert {s.id for s in steps if not s.counts} == {
        "welcome", "safety", "aftercare", "moved", "cancelled", "no_show",
    }  # fmt: skip
    with pytest.raises(KeyError):
        pathway().step("tea")


def test_every_first_contact_says_who_writes_and_how_to_stop() -> None:
    for step in pathway().steps:
        for variant in step.variants:
            if step.id == "welcome" or "welcome" in variant.merges:
                for words in ("{clinic}", "{program}", "STOP", "HELP", "rates may apply", "emergency"):
                    assert words in variant.text, (variant.context, words)


def test_every_reason_is_a_plain_sentence() -> None:
    for reason in Reason:
        assert explain(reason.value) == reason.explanation
        assert reason.explanation[0].isupper()
        assert reason.explanation.endswith(".")
    assert explain(None) is None
    assert explain("later_code") == "later_code"


def test_the_address_is_the_locations_else_the_clinics() -> None:
    places = {"": "1 Main St", "L2": "2 Side St"}
    assert clinic(addresses=places).address("L2") == "2 Side St"
    assert clinic(addresses=places).address("L9") == clinic(addresses=places).address(None) == "1 Main St"
    assert clinic(addresses={}).address("L2") == ""


def test_no_number_and_no_body_shows_in_a_repr() -> None:
    request = Request(
        attempt_id=AttemptId(1), to="+12605550123", sender="MG1", body="Hi", validity_s=60, committed_at=0.5
    )
    trace = Trace(
        sid="SM1", sender=None, body="Hi", status="sent", created_at=datetime(2027, 5, 1, tzinfo=UTC)
    )
    assert "2605550123" not in repr(request)
    assert "Hi" not in repr(request) + repr(trace)


# ------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("language", "day", "times"),
    [
        ("en", "Thursday, May 20", "9:30 AM, 2:00 PM"),
        ("es", "jueves, 20 de mayo", "9:30 a.m., 2:00 p.m."),
    ],
)
def test_dates_spell_the_weekday_and_never_use_numbers_for_months(language, day, times) -> None:
    assert write_date(date(2027, 5, 20), language) == day
    written = write_times((time(9, 30), time(14)), language)
    assert written.replace("\u202f", " ").replace("\u00a0", " ") == times
