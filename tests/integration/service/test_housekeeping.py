"""The worker's recurring jobs: each has its turn whatever the others met."""

import logging
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from integration.service.world import ANA, BEN

from sms_service.domain.outcome import OutcomeClass
from sms_service.provider.errors import ProviderUnavailable
from sms_service.use_cases.replan_all import follow_zone_rules, replan_clinic
from workers import guarded, tasks
from workers.complaints import Complaints

DAMAGE = "UPDATE patients SET state = state || '\\x00'::bytea WHERE external_id = 'P1'"
JOBS = ["park_lost", "reconcile", "sweep_orphans", "close_silent", "compare_nightly", "follow_zone_rules"]
#: As a driver's error would quote a row.
WORDS = f"Failing row contains ({ANA})"


@pytest.mark.parametrize(
    "error",
    [
        sa.exc.OperationalError("SELECT 1", {}, Exception(WORDS)),
        ProviderUnavailable("away"),
        KeyError(WORDS),
        TimeoutError(WORDS),
    ],
)
@pytest.mark.parametrize("broken", JOBS)
def test_one_job_that_fails_does_not_keep_the_others_from_their_turn(monkeypatch, caplog, broken, error):
    had = []

    def job(name):
        def turn(*_, **__):
            had.append(name)
            if name == broken:
                raise error
            return 0

        return turn

    settings = SimpleNamespace(open_seconds=1.0, grace_seconds=1.0, ledger_hour=3)
    parts = SimpleNamespace(service=None, provider=None, settings=settings, run=lambda made: made)
    monkeypatch.setattr(tasks, "process", lambda: parts)
    monkeypatch.setattr(guarded, "complaints", Complaints(guarded.log))  # no trouble of other tests
    for name in JOBS:
        monkeypatch.setattr(tasks, name, job(name))
    with caplog.at_level(logging.INFO):
        tasks.housekeeping()
    assert had == JOBS
    assert len(caplog.records) == 1
    assert ANA not in caplog.text


def two(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)


def test_a_patient_who_cannot_be_read_goes_to_a_person_and_the_others_are_looked_up(world):
    two(world)
    world.provider.always = {"outcome": OutcomeClass.UNKNOWN}
    world.run()
    world.provider.always = None
    world.do(DAMAGE)
    world.reconcile()
    assert world.attempt("welcome", "V1").outcome == "handed_over"
    assert world.tasks() == ["untraceable"]
    assert world.message("welcome", "V2").state == "planned"


def test_a_patient_who_cannot_be_read_does_not_keep_the_others_on_old_times(world):
    two(world)
    before = world.message("safety", "V2").due
    world.do(DAMAGE)
    world.do("UPDATE messages SET due = due - interval '1 hour' WHERE step = 'safety'")
    replan_clinic(world.service, world.home.clinic_id)
    assert world.message("safety", "V2").due == before


def test_a_patient_who_cannot_be_read_does_not_make_the_zone_rules_follow_for_ever(world):
    two(world)
    world.do(DAMAGE)
    assert follow_zone_rules(world.service) == 2
    assert follow_zone_rules(world.service) == 0
