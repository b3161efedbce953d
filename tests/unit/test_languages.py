"""Which language a tag means: explicit aliases, never the clinic's default, never fr for ht."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from unit.builders import clinic, library

from sms_service.content.dates import write_date, write_times
from sms_service.content.gate import Drafts
from sms_service.content.writing import About, language_of, write
from sms_service.domain.compose import CannotComposeError
from sms_service.intake.languages import language_tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("es", "es"),
        ("es-MX", "es"),
        ("es_419", "es"),
        ("tl", "fil"),
        ("fil-PH", "fil"),
        ("tgl", "fil"),
        ("zh-TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-MO", "zh_Hant"),
        ("yue", "zh_Hant"),
        ("yue-HK", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("zh-Hans-SG", "zh_Hans"),
        ("cmn", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh-SG", "zh_Hans"),
        ("zh", "zh"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("pt", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("por", "pt_BR"),
        ("prs", "fa"),
        ("fa-AF", "fa"),
        ("ht", "ht"),
        ("hat", "ht"),
        ("fr-HT", "fr"),
        ("de", "de"),
        ("not a tag", None),
        ("", None),
        ("x" * 40, None),
    ],
)
def test_a_tag_means_one_catalog(written, tag):
    assert language_tag(written) == tag


def test_bare_chinese_is_what_the_clinic_says():
    assert language_of("zh", clinic()) == "zh_Hans"
    assert language_of("zh", clinic(chinese="zh_Hant")) == "zh_Hant"
    assert language_of(None, clinic(default_language="es")) == "es"
    assert language_of("de", clinic(default_language="es")) == "de"


def test_a_known_language_without_words_gets_english_and_never_the_clinics_default():
    text = next(t for t in library().texts if t.context == "common.help")
    done = write(library(), Drafts(library()), clinic(default_language="es"), text, About(language="de"))
    assert done.language == "en"
    assert "For help, call" in done.body


def test_a_text_that_is_not_translated_is_english_with_the_languages_help_line():
    text = next(t for t in library().texts if t.context == "common.help")
    words = {c: held for c, held in library().catalogs["es"].words.items() if c != text.context}
    bare = replace(
        library(), catalogs=dict(library().catalogs) | {"es": replace(library().catalogs["es"], words=words)}
    )
    done = write(bare, Drafts(bare), clinic(), text, About(language="es"))
    assert done.body.endswith(words["common.help_line"][1][0].format(phone="212-555-0100"))
    assert done.body.count("\n") == 1
    assert done.segments >= 1


def test_without_any_words_there_is_no_text():
    text = next(t for t in library().texts if t.context == "common.help")
    bare = replace(library(), catalogs={})
    with pytest.raises(CannotComposeError, match="no words in es"):
        write(bare, Drafts(bare), clinic(), text, About(language="es"))


@pytest.mark.parametrize(
    ("language", "day", "clock"),
    [
        ("en", "Thursday, May 20", "2:05 PM"),
        ("es", "jueves, 20 de mayo", "2:05 p.m."),
        ("zh_Hans", "5月20日星期四", "14:05"),
        ("zh_Hant", "5月20日 星期四", "下午2:05"),
        ("vi", "Thứ Năm, 20 tháng 5", "14:05"),
        ("fil", "Huwebes, Mayo 20", "2:05 PM"),
        ("ko", "5월 20일 목요일", "오후 2:05"),
        ("ru", "четверг, 20 мая", "14:05"),
        ("ar", "الخميس، 20 مايو", "2:05 م"),
        ("ht", "jedi 20 me", "2:05 PM"),
        ("pt_BR", "quinta-feira, 20 de maio", "14:05"),
        ("fr", "jeudi 20 mai", "14:05"),
        ("pl", "czwartek, 20 maja", "14:05"),
        ("fa", "پنجشنبه 20 مه", "14:05"),
        ("ja", "5月20日木曜日", "14:05"),
        ("hi", "गुरुवार, 20 मई", "2:05 pm"),
    ],
)
def test_dates_and_times_are_written_as_readers_write_them(language, day, clock):
    spaces = str.maketrans({"\u202f": " ", "\u00a0": " "})
    assert write_date(date(2027, 5, 20), language).translate(spaces) == day
    assert write_times((time(14, 5),), language).translate(spaces) == clock


def test_the_first_of_a_month_in_french():
    assert write_date(date(2027, 5, 1), "fr") == "samedi 1er mai"
    assert write_date(date(2027, 8, 29), "fr") == "dimanche 29 aout"


@pytest.mark.parametrize("language", sorted(library().catalogs))
def test_a_date_has_no_number_for_a_month_that_could_be_a_day_and_spells_the_weekday(language):
    days = {write_date(date(2027, 3, 1 + n), language) for n in range(7)}
    without = {"".join(c for c in day if not c.isdigit()) for day in days}
    assert len(without) == 7
