"""What a reply means, in English and Spanish, by rules only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_service.content.keyword_files import join, load_words
from sms_service.content.places import locales_dir
from sms_service.domain.pathway import Question
from sms_service.domain.understand import CHOICES, Intent, Keywords, normalise, understand

WORDS = {tag: load_words(locales_dir() / tag / "keywords.yaml") for tag in ("en", "es")}
EN, ES = join(WORDS, "en"), join(WORDS, "es")
SAFETY, CONFIRM, CHECK_IN, PAIN = Question.SAFETY, Question.CONFIRM, Question.CHECK_IN, Question.PAIN


@pytest.mark.parametrize(
    ("reply", "keywords", "question", "intent", "answer"),
    [
        # the stop and help words of every carrier, in every language, with or without a question
        *[(w, k, q, "opt_out", None) for w in ("STOP", "stop.", " Stop! ", "STOPALL", "unsubscribe", "Cancel",
          "END", "quit", "ALTO", "parar", "Pare", "BAJA", "ＳＴＯＰ", "“stop”", "S\u00adTOP", "STOP\ufe0f")
          for k in (EN, ES) for q in (None, CONFIRM, PAIN)],
        *[(w, k, q, "help", None) for w in ("HELP", "help?", "info", "Ayuda", "¡AYUDA!")
          for k in (EN, ES) for q in (None, SAFETY)],
        ("START", ES, None, "opt_in", None),
        ("unstop", EN, CONFIRM, "opt_in", None),
        # digits answer the open question, in any script and dress
        *[(w, EN, CONFIRM, "answer", 1) for w in ("1", " 1. ", "1!", "#1", "１", "١", "१", "1\ufe0f\u20e3",
          "①", "one", "One.", "\u200f1\u200f")],
        ("uno", ES, CONFIRM, "answer", 1),
        ("Dos", ES, SAFETY, "answer", 2),
        ("dos", EN, SAFETY, "unknown", None),
        *[(w, k, SAFETY, "unknown", None) for w, k in (("one", EN), ("uno", ES), ("una", ES))],
        ("1", EN, SAFETY, "answer", 1),
        ("3", EN, CHECK_IN, "answer", 3),
        ("0", EN, PAIN, "answer", 0),
        ("10", EN, PAIN, "answer", 10),
        ("diez", ES, PAIN, "answer", 10),
        # the words for coming count while that is the question, and only then
        ("I will be there", EN, CONFIRM, "answer", 1),
        ("Change", EN, CONFIRM, "answer", 2),
        ("¡Ahí estaré!", ES, CONFIRM, "answer", 1),
        ("no puedo ir", ES, CONFIRM, "answer", 2),
        ("change", EN, SAFETY, "unknown", None),
        ("change", EN, None, "unknown", None),
        # what a question does not offer goes to a person
        ("3", EN, CONFIRM, "unknown", None),
        ("0", EN, SAFETY, "unknown", None),
        ("4", EN, CHECK_IN, "unknown", None),
        ("11", EN, PAIN, "unknown", None),
        ("100", EN, PAIN, "unknown", None),
        ("1", EN, None, "unknown", None),
        ("1 2", EN, CONFIRM, "unknown", None),
        ("5/10", EN, PAIN, "unknown", None),
        ("yes", EN, CONFIRM, "unknown", None),
        ("sí", ES, CONFIRM, "unknown", None),
        ("please do not stop the medicine", EN, SAFETY, "unknown", None),
        ("high", EN, PAIN, "unknown", None),
        ("", EN, CONFIRM, "unknown", None),
        ("👍", EN, CONFIRM, "unknown", None),
        ("²³", EN, CONFIRM, "unknown", None),
    ],
)  # fmt: skip
def test_one_reply(reply, keywords, question, intent, answer) -> None:
    found = understand(reply, keywords, question)
    assert (found.intents, found.answer) == ((Intent(intent),), answer)


@pytest.mark.parametrize(
    ("reply", "language"),
    [("Español", "es"), ("espanol", "es"), ("ES", "es"), ("english", "en"), ("inglés", "en"), ("En.", "en")],
)
def test_a_language_is_chosen_by_its_name(reply, language) -> None:
    for keywords in (EN, ES):
        found = understand(reply, keywords, None)
        assert (found.intents, found.language) == ((Intent.LANGUAGE,), language)


def test_the_questions_offer_what_the_texts_say() -> None:
    assert {q.value: list(choices) for q, choices in CHOICES.items()} == {
        "safety": [1, 2], "confirm": [1, 2], "check_in": [1, 2, 3], "pain": list(range(11)),
    }  # fmt: skip


def test_stop_comes_before_every_other_reading() -> None:
    both = Keywords(
        opt_out=frozenset({"1"}), help=frozenset({"1", "2"}), opt_in=frozenset({"3"}), languages={"3": "es"}
    )
    assert understand("1", both, CONFIRM).intents == (Intent.OPT_OUT,)
    assert understand("2", both, CONFIRM).intents == (Intent.HELP,)
    assert understand("3", both, CHECK_IN).intents == (Intent.ANSWER,)
    assert understand("3", both, None).intents == (Intent.OPT_IN,)


def test_no_answer_word_is_a_stop_word() -> None:
    for keywords in (EN, ES):
        answers = {*keywords.numbers, *keywords.confirm, *keywords.languages}
        assert not answers & (keywords.opt_out | keywords.help | keywords.opt_in)
        assert not keywords.opt_out & keywords.help


def test_vietnamese_marks_are_never_folded() -> None:
    assert len({normalise(word) for word in ("dừng", "đúng", "dùng", "dung")}) == 4
    assert normalise("DỪNG") == normalise("du\u031b\u0300ng") == "dừng"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("  Hello,\tWORLD!!  ", "hello world"),
        ("don’t", "don t"),
        ("a_b", "a b"),
        ("STRASSE Straße", "strasse strasse"),
        ("रोकें", "रोकें"),  # vowel signs are marks, and part of the word
        ("۱۰", "10"),
        ("ﬁne", "fine"),
    ],
)
def test_normalising(raw, plain) -> None:
    assert normalise(raw) == plain


@given(st.text())
def test_normalising_twice_changes_nothing(text) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(), st.sampled_from([None, *Question]), st.sampled_from([EN, ES]))
def test_every_text_is_understood_or_handed_to_a_person(text, question, keywords) -> None:
    found = understand(text, keywords, question)
    assert len(found.intents) == 1
    assert (found.answer is not None) == (found.intents == (Intent.ANSWER,))
    if found.answer is not None:
        assert found.answer in CHOICES[question]
