"""`content book`: what reviewers read has every text, both languages, its cost and its state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from sms_service.cli.commands import app
from sms_service.content.book import END, FACT, book, subjects
from sms_service.content.book_page import page
from sms_service.content.library import load_library
from sms_service.content.signed_gate import Ledger

LIBRARY = load_library()
NOW = datetime(2027, 5, 1, tzinfo=UTC)


def the_book(subject, language="ar"):
    return book(LIBRARY, Ledger(), subject, ("en", language), NOW)


class Tags(HTMLParser):
    """Every tag is closed in the order in which it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, _attributes):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("subject", subjects(LIBRARY))
def test_every_text_of_the_subject_is_in_the_book_once(subject):
    held = [row.context for chapter in the_book(subject) for row in chapter.rows]
    assert len(held) == len(set(held))
    if subject in LIBRARY.pathways:
        pathway = LIBRARY.pathways[subject]
        expected = {v.context for step in pathway.steps for v in step.variants}
        expected |= {v.context for part in pathway.leaflet for v in part.variants}
        assert set(held) == expected


def test_a_fact_is_marked_and_the_words_around_it_are_the_catalogs():
    row = next(
        row for c in the_book("trigger_point_injection", "es") for row in c.rows if c.name == "cancelled"
    )
    left, right = row.sides
    assert f"{FACT}Cedar Pain Clinic{END}" in left.words
    assert right.language == "es"
    assert right.words != left.words
    assert (right.segments > 0, right.encoding, right.state) == (True, "UCS-2", "draft")


def test_the_page_is_well_formed_and_says_that_nothing_is_signed():
    chapters = the_book("trigger_point_injection")
    html = page(chapters, "A <book>", ("English", "العربية"))
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "A <book>" in tags.words
    texts = 2 * sum(len(chapter.rows) for chapter in chapters)
    assert f"{texts} of {texts} texts here are not signed" in html
    assert 'dir="rtl"' in html
    assert FACT not in html
    assert "src=" not in html
    assert "<script" not in html


def test_words_that_are_not_there_are_said_to_be_missing():
    bare = replace(LIBRARY, catalogs={**LIBRARY.catalogs, "es": replace(LIBRARY.catalogs["es"], words={})})
    chapters = book(bare, Ledger(), "phrases", ("en", "es"), NOW)
    rows = [row for chapter in chapters for row in chapter.rows]
    assert {row.sides[0].state for row in rows} == {"draft"}
    assert {(row.sides[1].state, row.sides[1].words) for row in rows} == {("missing", None)}
    assert "no words yet" in page(chapters, "Phrases", ("English", "Español"))


def test_the_command_writes_the_page_and_refuses_what_is_not_there(tmp_path):
    target = tmp_path / "book.html"
    done = CliRunner().invoke(app, ["content", "book", "phrases", "--locale", "es", "--to", str(target)])
    assert done.exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    for arguments, says in (
        (["nothing", "--locale", "es"], "there is no 'nothing'"),
        (["phrases", "--locale", "xx"], "there is no language 'xx'"),
        (["phrases", "--locale", "es", "--to", str(tmp_path / "no" / "book.html")], "cannot be written"),
    ):
        refused = CliRunner().invoke(app, ["content", "book", *arguments])
        assert refused.exit_code == 2
        assert says in refused.output


def test_without_a_browser_a_pdf_is_refused_and_the_page_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    target = tmp_path / "book.html"
    done = CliRunner().invoke(
        app, ["content", "book", "phrases", "--locale", "es", "--to", str(target), "--pdf"]
    )
    assert done.exit_code == 2
    assert "no browser on PATH" in done.output
    assert target.exists()
