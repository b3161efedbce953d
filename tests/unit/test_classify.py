"""Every answer has one class, and every class is reached by some answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_service.domain.outcome import OutcomeClass
from sms_service.provider.classify import classify, parse, table

STATUSES = st.none() | st.integers(100, 599)

#: (http status, code, class)
ANSWERS = [
    (201, None, "accepted"),
    (200, None, "accepted"),
    (None, 30001, "retry"),
    (400, 21611, "retry"),
    (429, 20429, "retry"),
    (429, None, "retry"),
    (None, 30008, "retry_once"),
    (None, 30410, "retry_once"),
    (500, 20500, "unknown"),
    (503, None, "unknown"),
    (599, 99999, "unknown"),
    (None, 30036, "wait"),
    (400, 21211, "recipient"),
    (None, 30006, "recipient"),
    (400, 21612, "route"),
    (None, 30003, "soft"),
    (400, 21610, "opted_out"),
    (None, 30007, "filtered"),
    (400, 21617, "content"),
    (401, 20003, "halt"),
    (None, 30034, "halt"),
    (None, 14107, "loop"),
    (None, 63016, "other"),
    (400, 12345, "other"),
    (400, None, "other"),
    (302, None, "other"),
    (None, None, "other"),
]


@pytest.mark.parametrize(("status", "code", "expected"), ANSWERS)
def test_an_answer_is_sorted_by_its_code_and_else_by_its_status(status, code, expected):
    assert classify(status, code) == OutcomeClass(expected)


#: Design: the table of provider outcomes, code by code.
DESIGN = {
    "retry": [20429, 21611, 30001, 30017, 30022, 30500],
    "retry_once": [30008, 30410],
    "unknown": [20500, 20503, 20504],
    "wait": [30023, 30027, 30036, 30047, 30450, 30610],
    "recipient": [21211, 21217, 21421, 21614, 21635, 30005, 30006],
    "route": [21612],
    "soft": [30003],
    "opted_out": [21610],
    "filtered": [30004, 30007],
    "content": [21602, 21617, 21618, 21619, 21654, 21655, 21656],
    "halt": [
        20003,
        20005,
        20006,
        20404,
        21408,
        21601,
        21603,
        21606,
        21608,
        21609,
        21663,
        21701,
        21703,
        21704,
        21705,
        30002,
        30018,
        30024,
        30032,
        30033,
        30034,
        30035,
    ],
    "loop": [14107],
}


@pytest.mark.parametrize(("name", "codes"), DESIGN.items())
def test_the_file_says_what_the_design_says(name, codes):
    assert {code: table().get(code) for code in codes} == dict.fromkeys(codes, OutcomeClass(name))


def test_every_class_has_a_rule():
    by_code = set(table().values())
    by_status = {classify(status, None) for status in (None, *range(100, 600))}
    ours = {OutcomeClass.NOT_POSTED}  # said before there is any answer to classify
    assert by_code | by_status | ours == set(OutcomeClass)
    assert not ours & (by_code | by_status)


@given(STATUSES, st.sampled_from(sorted(table())))
def test_a_listed_code_wins_over_any_status_that_is_no_server_error(status, code):
    wanted = OutcomeClass.UNKNOWN if status is not None and status >= 500 else table()[code]
    assert classify(status, code) is wanted


@given(STATUSES, st.integers().filter(lambda code: code not in table()))
def test_an_unlisted_code_changes_nothing(status, code):
    assert classify(status, code) is classify(status, None)


ROW = '- {code: 1, class: retry, note: "", doc: ""}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (ROW + ROW.replace("retry", "halt"), "code 1 is listed twice"),
        (ROW.replace("retry", "later"), "code 1 has no known class: 'later'"),
        (ROW.replace("code: 1", 'code: "1"'), "expected code, class, note and doc"),
        (ROW.replace("note", "notes"), "expected code, class, note and doc"),
        ("- 1\n", "expected code, class, note and doc"),
        ("1: retry\n", "expected a list of rows"),
        ("", "expected a list of rows"),
    ],
)
def test_a_broken_table_does_not_load(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(text)
