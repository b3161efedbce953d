"""When nothing at all may be sent, why, and who then picks up the phone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import VISIT, at, completed, pathway, patient, plan_of, sent, visit

from sms_service.domain.plan import silence

WELCOME = sent("welcome", "2027-05-01 10:00")
ONCE = [step.id for step in pathway().steps if not step.notice]


@pytest.mark.parametrize(
    ("appointment", "of", "reason", "tasks"),
    [
        (visit(test=True), patient(), "test_event", set()),
        (visit(), patient(deceased=True), "deceased", set()),
        (visit(), patient(merged_away=True), "merged_record", set()),
        (visit(status="proposed"), patient(), "not_booked", set()),
        (visit(status=None), patient(), "not_booked", set()),
        (visit(), patient(reachable=False), "no_phone", {"phone_instead"}),
        (visit(), patient(opted_out=True), "opted_out", {"phone_instead"}),
        (visit(), patient(consent=False), "no_consent", {"phone_instead"}),
        (completed(), patient(opted_out=True), "opted_out", {"phone_instead"}),
        (visit(status="cancelled"), patient(opted_out=True), "opted_out", set()),
        (visit(status="no_show"), patient(consent=False), "no_consent", set()),
        # the graver reason speaks first
        (visit(test=True), patient(deceased=True, opted_out=True), "test_event", set()),
        (visit(), patient(deceased=True, opted_out=True), "deceased", set()),
        (visit(), patient(opted_out=True, consent=False), "opted_out", {"phone_instead"}),
    ],
)
def test_silence_has_one_reason_for_every_step(appointment, of, reason, tasks) -> None:
    plan = plan_of(appointment, of=of, now="2027-05-02 10:00")
    assert plan.going == []
    assert [row.step for row in plan.rows] == ONCE
    assert {row.reason for row in plan.rows} == {reason}
    assert plan.tasks == tasks
    assert silence(appointment, of) == reason


def test_a_patient_who_may_be_texted_is_not_silent() -> None:
    assert silence(visit(), patient()) is None


def test_silence_says_nothing_of_what_was_sent_or_carried() -> None:
    gone = [sent("safety", "2027-05-02 10:00", merged=("welcome",))]
    plan = plan_of(visit(), of=patient(opted_out=True), already=gone)
    assert "welcome" not in {row.step for row in plan.rows}
    assert plan.row("safety").occasion == 1


def test_an_opt_out_after_everything_was_said_makes_no_call() -> None:
    gone = [WELCOME, sent("aftercare", "2027-05-20 11:00")]
    assert plan_of(completed(), of=patient(opted_out=True), already=gone).tasks == set()


def test_the_call_is_asked_for_even_when_every_text_has_gone() -> None:
    steps = tuple(replace(step, repeatable=False) for step in pathway().steps)
    gone = [sent(step, "2027-05-02 10:00") for step in ONCE]
    plan = plan_of(visit(), of=patient(opted_out=True), already=gone, on=replace(pathway(), steps=steps))
    assert plan.tasks == {"phone_instead"}
    assert plan.going == []


@pytest.mark.parametrize(
    ("appointment", "already", "tasks"),
    [
        (visit(None), [], set()),
        (visit(fields={"timezone": None}), [], set()),
        (visit(None), [WELCOME], set()),
        (visit(None, status="cancelled"), [], set()),
        (visit(None, status="cancelled"), [WELCOME], {"phone_instead"}),
        (visit(None, status="cancelled"), [WELCOME, sent("cancelled", "2027-05-02 10:00")], set()),
    ],
)
def test_without_a_time_every_step_waits_and_a_cancelled_one_is_told_by_phone(
    appointment, already, tasks
) -> None:
    plan = plan_of(appointment, already=already, now="2027-05-03 10:00")
    assert plan.going == []
    assert {row.reason for row in plan.rows} == {"time_unknown"}
    assert {row.step for row in plan.rows} >= {"safety", "confirm", "prepare"}
    assert ("welcome" in {row.step for row in plan.rows}) is not bool(already)
    assert plan.tasks == tasks


def test_a_visit_confirmed_and_deceased_stays_silent_even_when_booked_again() -> None:
    assert plan_of(visit(fields={"reason": "deceased"}, confirmed=at(VISIT))).going == []
