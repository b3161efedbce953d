"""The made-up town of the crash suite and its script: seeded, fictional, and fair to the service it tries."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sms_service.chaos.script import Event, Said, script
from sms_service.chaos.town import BEGIN, CLINICS, town
from sms_service.domain.appointment import Appointment
from sms_service.domain.event import Status
from sms_service.domain.fold import fold
from sms_service.domain.ids import AppointmentId
from sms_service.domain.registers import value
from sms_service.intake.canonical import read_event
from sms_service.intake.profile import profile_of

SEEDS = range(1, 26)
VISITS = 150
#: Numbers that are kept for fiction: 555-0100 to 555-0199 of any area.
FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d")
#: How each fate ends, by the product's own folding of its events in order.
ENDS = {
    "plain": "completed",
    "moved": "completed",
    "moved_twice": "completed",
    "there_and_back": "completed",
    "cancelled": "cancelled",
    "reinstated": "completed",
    "booked_late": "completed",
    "no_show": "no_show",
    "never_completed": "booked",
    "shared_phone": "completed",
}


@cache
def town_of(seed):
    return town(seed, VISITS)


@cache
def script_of(seed):
    return script(seed, town_of(seed))


def events_of(seed):
    found = defaultdict(list)
    for act in script_of(seed):
        if isinstance(act, Event):
            found[act.visit.id].append(act)
    return {visit: sorted(events, key=lambda event: event.id) for visit, events in found.items()}


def profile(clinic):
    return profile_of(clinic.spec(400.0, "ours")["feed"], clinic.zone)


def the_same_words(seed):
    return json.dumps(
        [act.body() if isinstance(act, Event) else (act.at.isoformat(), act.words) for act in script_of(seed)]
    )


def test_a_seed_makes_the_same_town_and_script_each_time() -> None:
    for seed in SEEDS:
        again = town(seed, VISITS)
        assert again == town_of(seed)
        assert script(seed, again) == script_of(seed)


def test_another_seed_makes_another_town_and_script() -> None:
    assert len({repr(town_of(seed)) for seed in SEEDS}) == len(SEEDS)
    assert len({the_same_words(seed) for seed in SEEDS}) == len(SEEDS)


def test_a_town_has_as_many_visits_as_asked_for_each_with_a_name_of_its_own() -> None:
    for seed in SEEDS:
        ids = [visit.id for visit in town_of(seed).visits]
        assert VISITS <= len(ids) <= VISITS + 1
        assert len(set(ids)) == len(ids)


def test_every_fate_occurs_in_every_town_of_some_size() -> None:
    for seed in SEEDS:
        assert {visit.fate for visit in town(seed, 400).visits} == set(ENDS)


def test_both_clinics_both_languages_far_patients_and_shared_phones_occur() -> None:
    for seed in SEEDS:
        patients = town_of(seed).patients
        assert {patient.clinic for patient in patients} == set(CLINICS)
        assert {patient.language for patient in patients} == {"en", "es"}
        assert any(patient.zone != patient.clinic.zone for patient in patients)
        assert max(Counter(patient.phone for patient in patients).values()) > 1
        assert max(Counter(visit.patient.id for visit in town_of(seed).visits).values()) > 1


def test_some_visits_share_a_day_and_some_phones_belong_to_both_clinics() -> None:
    days, clinics = Counter(), defaultdict(set)
    for seed in SEEDS:
        for visit in town_of(seed).visits:
            zone = ZoneInfo(visit.patient.clinic.zone)
            days[seed, visit.patient.id, visit.start.astimezone(zone).date()] += 1
            clinics[seed, visit.patient.phone].add(visit.patient.clinic.slug)
    assert any(count > 1 for count in days.values())
    assert any(len(slugs) > 1 for slugs in clinics.values())


def test_every_phone_is_of_the_range_kept_for_fiction() -> None:
    for seed in SEEDS:
        assert all(FICTION.fullmatch(patient.phone) for patient in town_of(seed).patients)
    # the largest campaign has about a thousand visits
    assert all(FICTION.fullmatch(patient.phone) for patient in town(1, 1100).patients)


def test_a_probe_has_a_phone_of_its_own_and_a_visit_far_ahead() -> None:
    made = town(1, 10)
    probes = [made.probe(BEGIN + timedelta(hours=hour)) for hour in range(60)]
    phones = [patient.phone for patient in made.patients] + [probe.patient.phone for probe in probes]
    assert len(set(phones)) == len({patient.phone for patient in made.patients}) + len(probes)
    assert all(FICTION.fullmatch(phone) for phone in phones)
    assert all(probe.start - probe.booked > timedelta(days=90) for probe in probes)
    assert not any(probe.plain for probe in probes)
    assert made.probes == probes


def test_a_plain_visit_shares_no_phone_and_is_its_patients_only_one() -> None:
    for seed in SEEDS:
        visits = town_of(seed).visits
        by_phone = Counter(visit.patient.phone for visit in visits)
        by_patient = Counter(visit.patient.id for visit in visits)
        plain = [visit for visit in visits if visit.plain]
        assert plain
        for visit in plain:
            assert by_phone[visit.patient.phone] == 1, (seed, visit)
            assert by_patient[visit.patient.id] == 1, (seed, visit)
            assert visit.patient.zone == visit.patient.clinic.zone


def test_a_plain_visit_is_booked_well_ahead_and_takes_place_and_its_patient_texts_nothing() -> None:
    for seed in SEEDS:
        plain = {visit.id: visit for visit in town_of(seed).visits if visit.plain}
        phones = {visit.patient.phone for visit in plain.values()}
        assert not any(act.patient.phone in phones for act in script_of(seed) if isinstance(act, Said))
        for visit in plain.values():
            events = events_of(seed)[visit.id]
            assert [event.kind for event in events] == ["booked", "completed"]
            assert events[0].start == visit.start
            assert events[1].at - visit.start == timedelta(minutes=45)
            assert visit.start - visit.booked > timedelta(days=8)
            zone = ZoneInfo(visit.patient.clinic.zone)
            assert 9 <= visit.booked.astimezone(ZoneInfo("America/New_York")).hour < 18
            # two hours before and an hour after are within the hours in which texts may go
            assert 11 <= visit.start.astimezone(zone).hour <= 15


def test_nothing_happens_before_the_booking_and_all_in_order() -> None:
    for seed in SEEDS:
        acts = script_of(seed)
        assert [act.at for act in acts] == sorted(act.at for act in acts)
        assert acts[0].at >= BEGIN
        for visit, events in events_of(seed).items():
            assert events[0].kind == "booked", (seed, visit)
            assert all(one.at < other.at for one, other in pairwise(events)), (
                seed,
                visit,
            )


def test_events_are_repeated_and_overtaken_but_never_a_booking() -> None:
    events = [act for seed in SEEDS for act in script_of(seed) if isinstance(act, Event)]
    assert {event.times for event in events} == {1, 2, 3}
    assert {event.kind for event in events if event.late} == {event.kind for event in events} - {"booked"}


def test_patients_text_stop_start_answers_and_words_no_rule_knows() -> None:
    for seed in SEEDS:
        said = [act for act in script_of(seed) if isinstance(act, Said)]
        assert {act.words for act in said} >= {"STOP", "1", "2", "HELP"}
    everything = {act.words for seed in SEEDS for act in script_of(seed) if isinstance(act, Said)}
    assert everything == {"STOP", "START", "1", "2", "3", "HELP", "what should I bring"}


def test_start_never_comes_without_a_stop_before_it() -> None:
    for seed in SEEDS:
        stopped = set()
        for act in script_of(seed):
            if isinstance(act, Said) and act.words == "STOP":
                stopped.add(act.patient.id)
            if isinstance(act, Said) and act.words == "START":
                assert act.patient.id in stopped


@pytest.mark.parametrize("seed", SEEDS)
def test_the_intake_reads_every_event_without_a_problem(seed) -> None:
    for act in script_of(seed):
        if isinstance(act, Event):
            patient = act.visit.patient
            body = json.loads(json.dumps(act.body()))
            read = read_event(body, profile(patient.clinic), act.at)
            assert read.problems == (), (seed, act)
            assert read.event.type == f"clinic.appointment.{act.kind}.v1"
            assert (read.event.appointment_id, read.event.patient_id) == (act.visit.id, patient.id)
            assert read.event.at == act.at
            person = read.event.patient
            assert (person["phone"], person["zone"], person["language"], person["consent"]) == (
                patient.phone,
                patient.zone,
                patient.language,
                True,
            )
            if act.start is not None:
                local = datetime.fromisoformat(read.event.appointment["start"])
                zone = ZoneInfo(read.event.appointment["timezone"])
                assert local.replace(tzinfo=zone) == act.start
                assert read.event.appointment["pathway"] == "trigger_point_injection"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_fate_ends_as_it_says(seed) -> None:
    fates = {visit.id: visit.fate for visit in town_of(seed).visits}
    for visit, events in events_of(seed).items():
        state = Appointment(id=AppointmentId(1))
        for event in events:
            read = read_event(event.body(), profile(event.visit.patient.clinic), event.at)
            state = fold(state, read.event, event.at).appointment
        assert state.status is Status(ENDS[fates[visit]]), (seed, visit)
        starts = [event.start for event in events if event.start is not None]
        assert state.start is not None
        assert state.start.instant == starts[-1]
        assert value(state.fields, "procedure.done") is (True if state.status is Status.COMPLETED else None)


def test_a_move_names_another_time_and_there_and_back_the_first_one_again() -> None:
    for seed in SEEDS:
        for visit in town_of(seed).visits:
            starts = [event.start for event in events_of(seed)[visit.id] if event.start is not None]
            expected = {"moved": 2, "moved_twice": 3, "there_and_back": 3, "reinstated": 2}.get(visit.fate, 1)
            assert len(starts) == expected, visit
            if visit.fate in {"moved", "moved_twice"}:
                assert len(set(starts)) == len(starts)
            if visit.fate == "there_and_back":
                assert starts[0] == starts[2] != starts[1]
