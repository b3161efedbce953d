"""Which whole text, in which language, filled with which facts - and never with a gap."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.builders import library, pathway

from sms_service.content.variants import CONDITIONS
from sms_service.domain.compose import (
    PRIVACY,
    CannotComposeError,
    Situation,
    choose,
    compose,
    placeholders,
    unknown_placeholders,
    words_hash,
)
from sms_service.domain.pathway import Variant
from sms_service.domain.segments import measure

FACTS = {
    "clinic": "Cedar Clinic", "program": "Cedar Texts", "phone": "212-555-0100", "emergency": "911",
    "after_hours_phone": "212-555-0199", "date": "Thursday, May 20", "time": "9:30\u202fAM", "count": "9",
    "address": "1 Main St", "arrive_early": "15", "offers": "Español: ES", "answer": "7", "crisis": "988",
    "fever": "100.4 F (38 C)", "link": "https://texts.example.org/l/x",
}  # fmt: skip

#: Every set of merged steps that a plan can ask of a step.
MERGES = {
    "welcome": [(), ("confirm", "prepare"), ("prepare",), ("confirm",)],
    "education": [()],
    "safety": [()],
    "confirm": [()],
    "prepare": [(), ("confirm",), ("logistics",), ("confirm", "logistics")],
    "logistics": [(), ("welcome",)],
    "aftercare": [(), ("welcome",), ("check_in",)],
    "check_in": [()],
    "movement": [()],
    "outcome": [()],
    "moved": [(), ("confirm",)],
    "cancelled": [()],
    "no_show": [()],
}


def situations():
    """Every situation a plan can ask for, by the conditions that the texts of a step look at at all."""
    for step in pathway().steps:
        looked_at = {name for v in step.variants for name in v.when} | {PRIVACY}
        names = [name for name in CONDITIONS if name in looked_at]
        for values in product(*(sorted(CONDITIONS[name], key=str) for name in names)):
            flags = dict(zip(names, values, strict=True))
            for merged in MERGES[step.id]:
                if not ("confirm" in merged and step.id == "prepare" and flags["confirmed"]):
                    yield step.id, merged, flags


def variant(text: str = "Hello {clinic}", **changes) -> Variant:
    return Variant(**({"id": "v", "context": "p.s.v", "text": text} | changes))


class Words:
    """A catalog of one text."""

    language = "xx"
    right_to_left = False

    def __init__(self, one: str | None, other: str | None = None) -> None:
        self.one, self.other = one, other

    def lookup(self, variant: Variant, count: int | None) -> str | None:  # noqa: ARG002
        return self.one if count in {None, 1} else self.other

    def digest(self, variant: Variant) -> str:
        return words_hash(variant, self.language, [self.one or ""])


def test_every_step_has_its_situations() -> None:
    assert set(MERGES) == {step.id for step in pathway().steps}


def test_a_text_exists_for_every_situation_and_carries_every_merged_step() -> None:
    for step, merged, flags in situations():
        found = choose(pathway().step(step), Situation(merged=merged, flags=flags))
        assert found is not None, (step, merged, flags)
        assert found.merges >= set(merged)
        assert all(flags[name] == wanted for name, wanted in found.when.items())
        assert (flags[PRIVACY] == 0) == (found.when.get(PRIVACY) == 0)


def test_where_texts_may_not_say_what_a_visit_is_for_none_does() -> None:
    private = [v for step in pathway().steps for v in step.variants if v.when.get(PRIVACY) == 0]
    assert private
    for text in private:
        for words in ("inject", "needle", "steroid", "trigger"):
            assert words not in " ".join(text.msgids).casefold(), text.context
        for language in library().catalogs:
            assert library().catalogs[language].has(text), (language, text.context)


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_every_text_of_every_pathway_can_be_filled_and_leaves_no_placeholder(language) -> None:
    catalog = library().catalogs[language]
    texts = [v for p in library().pathways.values() for s in p.steps for v in s.variants]
    for text in [*texts, *library().answers.values()]:
        for count in ("1", "9"):
            done = compose(text, catalog, FACTS | {"count": count})
            assert not set("{}\u202f\u00a0") & set(done.body)
            assert done.body.count("\u2066") == done.body.count("\u2069")
            assert done.body == unicodedata.normalize("NFC", done.body)
            assert (done.language, done.variant, len(done.catalog_hash)) == (language, text, 64)
            assert (done.encoding, done.units, done.segments) == (
                (size := measure(done.body)).encoding, size.units, size.segments,
            )  # fmt: skip


def test_the_special_stands_before_the_general() -> None:
    welcome = pathway().step("welcome")
    chosen = {
        (offers, returning): choose(welcome, Situation(flags={"offers": offers, "returning": returning})).id
        for offers in (True, False)
        for returning in (True, False)
    }
    assert chosen == {
        (True, True): "offer", (True, False): "offer", (False, True): "short", (False, False): "full",
    }  # fmt: skip


def test_no_variant_is_better_than_a_wrong_one() -> None:
    step = pathway().step("prepare")
    assert choose(step, Situation()) is None  # whether they said they come is not known
    assert choose(step, Situation(merged=("education",), flags={"confirmed": True})) is None


def test_the_first_name_goes_in_front_where_a_phone_is_shared() -> None:
    done = compose(variant(), Words("Hola {clinic}"), FACTS, addressee="Ana")
    assert done.body == "Ana: Hola Cedar Clinic"
    assert "Ana" not in repr(done)


def test_what_a_right_to_left_phone_would_reorder_is_isolated() -> None:
    words = Words("اتصل {phone} ثم {emergency}، {date}")
    words.right_to_left = True
    facts = {"phone": "(555) 010-2000", "emergency": "911", "date": "الخميس، 20 مايو"}
    body = compose(variant("{phone} {emergency} {date}"), words, facts, addressee="Ana").body
    assert body == ("\u200f\u2066Ana\u2069: اتصل \u2066(555) 010-2000\u2069 ثم 911، الخميس، 20 مايو")


def test_spaces_of_dates_do_not_cost_segments_and_words_are_composed() -> None:
    done = compose(variant("{time}"), Words("{time}\u00a0Joa\u0303o\u2009!"), FACTS)
    assert done.body == "9:30 AM João !"


def test_one_and_many() -> None:
    text = variant("{count} text", plural="{count} texts", plural_by="count")
    for count, body in (("1", "1 text"), ("9", "9 texts")):
        assert compose(text, Words("{count} text", "{count} texts"), {"count": count}).body == body
    with pytest.raises(CannotComposeError, match="count"):
        compose(text, Words("{count} text", "{count} texts"), {})


@pytest.mark.parametrize(
    ("words", "facts", "missing"),
    [
        (None, FACTS, "no words in xx"),
        ("", FACTS, "no words in xx"),
        ("At {address}", {"address": ""}, "address"),
        ("At {address}", {"address": " \t"}, "address"),
        ("At {address}", {}, "address"),
    ],
)
def test_no_text_leaves_with_a_gap(words, facts, missing) -> None:
    with pytest.raises(CannotComposeError) as caught:
        compose(variant(), Words(words), facts)
    assert missing in caught.value.missing
    assert "p.s.v" in str(caught.value)


@given(st.text(), st.text())
def test_a_fact_is_never_read_as_a_placeholder(one, other) -> None:
    facts = {"clinic": "{" + one + "}x", "address": other + "."}
    body = compose(variant(), Words("{clinic} {address}"), facts).body
    spaces = {ord(c): " " for c in "\u202f\u00a0\u2009"}
    expected = unicodedata.normalize("NFC", f"{facts['clinic']} {facts['address']}").translate(spaces)
    assert body == expected


def test_placeholders_are_plain_names() -> None:
    assert placeholders("{a} and {{b}} and {c}") == ("a", "c")
    assert unknown_placeholders("{a} {b}", {"a"}) == ["b"]
    for broken in ("{", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{a:{b}}"):
        with pytest.raises(ValueError, match=r".+"):
            placeholders(broken)


def test_no_two_lists_of_words_share_a_hash() -> None:
    one = words_hash(variant("A", plural="B"), "es", ["c"])
    assert one != words_hash(variant("A", plural=None), "es", ["B", "c"])


@given(st.lists(st.text(max_size=4), min_size=1, max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_the_hash_sees_nfc_and_every_border(one, other) -> None:
    same = [unicodedata.normalize("NFC", x) for x in one] == [unicodedata.normalize("NFC", x) for x in other]
    assert (words_hash(variant(), "es", one) == words_hash(variant(), "es", other)) is same


def test_a_signature_is_bound_to_every_word() -> None:
    text = variant("A {clinic}", plural="B {clinic}")
    signed = words_hash(text, "es", ["uno", "dos"])
    assert signed == words_hash(text, "es", ["uno", "dos"])
    others = [
        words_hash(variant("A {clinic}!", plural="B {clinic}"), "es", ["uno", "dos"]),
        words_hash(variant("A {clinic}", plural="B"), "es", ["uno", "dos"]),
        words_hash(text, "fr", ["uno", "dos"]),
        words_hash(text, "es", ["uno", "dos."]),
        words_hash(text, "es", ["unodos"]),
        words_hash(variant("A {clinic}", plural="B {clinic}", context="other"), "es", ["uno", "dos"]),
    ]
    assert len({signed, *others}) == 7
    assert words_hash(text, "pt", ["Joa\u0303o"]) == words_hash(text, "pt", ["João"])
