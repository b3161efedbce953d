"""What must always be true of plans (design §8), on generated visits and on whole generated stories."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.builders import NEW_YORK, clinic, event, feed_back, library, pathway, patient, plan_of, visit
from unit.builders import Plan as Found

from sms_service.domain.advice import advice
from sms_service.domain.appointment import Appointment
from sms_service.domain.compose import Situation, choose, compose
from sms_service.domain.decide import Due, Facts, Send, decide
from sms_service.domain.event import Stamp, Status
from sms_service.domain.fold import fold
from sms_service.domain.ids import AppointmentId
from sms_service.domain.instants import Wall, WallKind
from sms_service.domain.pathway import Anchor, Priority
from sms_service.domain.people import Clinic, Patient
from sms_service.domain.place import Moments
from sms_service.domain.plan import plan
from sms_service.domain.planned import Planned
from sms_service.domain.told import Already, told

ZONES = [NEW_YORK, "America/Phoenix", "America/Santiago", "America/Los_Angeles"]
HOMES = [None, "Pacific/Honolulu", "America/New_York", "Europe/Madrid"]
BEFORE = [step.id for step in pathway().steps if step.anchor in {Anchor.BOOKED, Anchor.START}]
FACTS = dict.fromkeys(
    (
        *("clinic", "program", "phone", "after_hours_phone", "emergency", "crisis", "date", "time"),
        *("address", "offers", "fever", "link"),
    ),
    "x",
) | {"count": "9", "arrive_early": "15"}  # fmt: skip


@st.composite
def starts(draw, zone: str) -> Wall:
    # around the clock changes of every zone as well as far from them
    day = draw(st.sampled_from([date(2027, 3, 14), date(2027, 4, 4), date(2027, 9, 5), date(2027, 11, 7)]))
    at = time(draw(st.integers(6, 19)), draw(st.sampled_from([0, 15, 30])))
    return Wall(local=datetime.combine(day + timedelta(days=draw(st.integers(-9, 20))), at), zone=zone)


LEADS = st.one_of(
    st.integers(1, 30 * 24 * 60),
    st.integers(1, 5 * 24 * 60),
    st.sampled_from([120, 1440, 4320, 10080]).flatmap(lambda m: st.integers(m - 2, m + 2)),
)


@st.composite
def bookings(draw) -> tuple[Appointment, Clinic, Patient]:
    zone = draw(st.sampled_from(ZONES))
    start = draw(starts(zone))
    made = replace(
        visit(start.local.isoformat(), zone=zone),
        booked_at=start.instant - timedelta(minutes=draw(LEADS)),
        confirmed=start.instant if draw(st.booleans()) and draw(st.booleans()) else None,
    )
    caps = draw(st.sampled_from([(2, 5), (1, 2), (3, 9)]))
    return (
        made,
        clinic(zone=zone, texts_per_day=caps[0], texts_per_week=caps[1]),
        patient(zone=draw(st.sampled_from(HOMES)), returning=draw(st.booleans())),
    )


def moments_of(appointment: Appointment, at_clinic: Clinic, of: Patient) -> Moments:
    return Moments(
        anchors={Anchor.START: appointment.start.instant, Anchor.BOOKED: appointment.booked_at},
        zone=appointment.start.zone,
        hours=at_clinic.hours,
        patient_zone=of.zone or at_clinic.zone,
    )


@given(bookings())
@settings(max_examples=150)
def test_every_step_before_the_visit_is_planned_carried_or_left_out_with_a_reason_exactly_once(
    booking,
) -> None:
    appointment, at_clinic, of = booking
    plan = plan_of(appointment, at_clinic=at_clinic, of=of)
    told_of = Counter(step for row in plan.rows for step in (row.step, *row.merged) if step in BEFORE)
    assert told_of == Counter(BEFORE)
    for row in plan.rows:
        assert (row.reason is None) == (row.due is not None) == (row.until is not None)


@given(bookings())
@settings(max_examples=200)
def test_no_text_is_planned_outside_hours_after_its_window_or_before_the_booking(booking) -> None:
    appointment, at_clinic, of = booking
    moments = moments_of(appointment, at_clinic, of)
    for row in plan_of(appointment, at_clinic=at_clinic, of=of).going:
        assert moments.permitted(row.due)
        assert appointment.booked_at <= row.due <= row.until < appointment.start.instant
        windows = {moments.until(pathway().step(step)) for step in (row.step, *row.merged)}
        assert row.until in windows
        assert row.told == appointment.start.instant


@given(bookings())
@settings(max_examples=150)
def test_the_first_text_of_all_says_who_writes(booking) -> None:
    appointment, at_clinic, of = booking
    going = plan_of(appointment, at_clinic=at_clinic, of=of).going
    if going:
        assert "welcome" in (going[0].step, *going[0].merged)
        assert all(row.due > going[0].due for row in going[1:])


@given(bookings())
@settings(max_examples=150)
def test_nobody_is_texted_more_than_the_caps_and_a_dropped_high_is_a_task(booking) -> None:
    appointment, at_clinic, of = booking
    plan = plan_of(appointment, at_clinic=at_clinic, of=of)
    assert_caps([r.due for r in plan.going if pathway().step(r.step).counts], at_clinic, of)
    for row in plan.rows:
        if row.reason in {"cap_day", "cap_week"}:
            assert row.priority is not Priority.MUST
            assert (row.priority is Priority.HIGH) == any(w.kind == "text_dropped" for w in row.tasks)


def assert_caps(instants: list[datetime], at_clinic: Clinic, of: Patient) -> None:
    zone = ZoneInfo(of.zone or at_clinic.zone)
    days = Counter(instant.astimezone(zone).date() for instant in instants)
    assert all(count <= at_clinic.texts_per_day for count in days.values())
    for end in instants:
        assert sum(end - timedelta(hours=168) < i <= end for i in instants) <= at_clinic.texts_per_week


def essence(rows: list[Planned]) -> list[tuple]:
    return [(r.due, r.step, r.occasion, r.merged, r.until, r.told) for r in rows]


@given(bookings())
@settings(max_examples=80)
def test_sending_what_was_planned_and_planning_again_changes_nothing(booking) -> None:
    appointment, at_clinic, of = booking
    plan = plan_of(appointment, at_clinic=at_clinic, of=of)
    wanted, already = plan.going, []
    while wanted:
        row, *wanted = wanted
        already.append(feed_back(row, row.due))
        again = plan_of(appointment, at_clinic=at_clinic, of=of, already=already, now=row.due)
        assert essence(again.going) == essence(wanted)


@given(bookings(), st.integers(0, 40 * 24 * 60))
@settings(max_examples=60)
def test_time_alone_never_adds_a_text_nor_changes_its_instant(booking, minutes) -> None:
    appointment, at_clinic, of = booking
    early = plan_of(appointment, at_clinic=at_clinic, of=of)
    late = plan_of(
        appointment, at_clinic=at_clinic, of=of, now=appointment.booked_at + timedelta(minutes=minutes)
    )
    dropped_for_caps = {row.step for row in early.rows if row.reason in {"cap_day", "cap_week"}}
    assert set(essence([r for r in late.going if r.step not in dropped_for_caps])) <= set(
        essence(early.going)
    )


# ------------------------------------------------------------------ whole stories


@dataclass
class World:
    """A visit's life: events come in, planned texts go out through `decide`, and every text is composed."""

    at_clinic: Clinic
    of: Patient
    now: datetime
    appointment: Appointment = field(default_factory=lambda: Appointment(id=AppointmentId(1)))
    already: list[Already] = field(default_factory=list)
    texts: list[tuple[datetime, Planned, Status | None]] = field(default_factory=list)

    def say(self, kind: str, **fields) -> None:
        said = event(kind, 0, **fields)
        stamp = Stamp(at=self.now, hash=f"{len(self.texts):04}")
        self.appointment = fold(
            self.appointment, replace(said, at=self.now, stamp=stamp), self.now
        ).appointment

    def plan(self) -> Found:
        rows = plan(self.appointment, pathway(), self.at_clinic, self.of, self.already, self.now)
        return Found(rows)

    def run(self, until: datetime) -> None:
        """Send what falls due until then, planning anew after every text."""
        for _ in range(60):
            due = [(max(row.due, self.now), row) for row in self.plan().going]
            moment, row = min(due, key=lambda pair: pair[0], default=(until, None))
            if row is None or moment >= until:
                break
            self.now = moment
            self.send(row)
        else:
            raise AssertionError("the story never comes to rest")
        self.now = max(self.now, until)

    def send(self, row: Planned) -> None:
        step = pathway().step(row.step)
        visit_now = self.appointment
        facts = Facts(
            zone=self.of.zone or self.at_clinic.zone,
            hours=self.at_clinic.hours,
            status=visit_now.status,
            cancel_reason=visit_now.cancel_reason,
            done=visit_now.done,
            start=visit_now.start.instant,
            recent=[a.at for a in self.already if a.counts],
            texts_per_day=self.at_clinic.texts_per_day,
            texts_per_week=self.at_clinic.texts_per_week,
        )
        due = Due(anchor=step.anchor, until=row.until, told=row.told, counts=step.counts)
        answer = decide(due, facts, self.now)
        if not isinstance(answer, Send):
            until = getattr(answer, "until", None)
            self.already.append(replace(feed_back(row, self.now), undelivered=True))  # and never again
            assert until is None or until > self.now
            return
        assert due.until >= self.now
        assert facts.hours.permit(self.now, facts.zone)
        self.compose(row)
        self.texts.append((self.now, row, visit_now.status))
        self.already.append(feed_back(row, self.now))

    def compose(self, row: Planned) -> None:
        done = self.appointment.done
        flags = {
            "confirmed": self.appointment.confirmed == self.appointment.start.instant,
            "returning": self.of.returning,
            "offers": self.of.language is None,
            "reinstated": told(self.already).cancelled,
            "injectate": self.appointment.injectate or "unknown",
            "done": "unknown" if done is None else "yes",
            "privacy": 1,
            **advice({}),
        }
        variant = choose(pathway().step(row.step), Situation(merged=row.merged, flags=flags))
        assert variant is not None, (row, flags)
        for language in ("en", "es"):
            body = compose(variant, library().catalogs[language], FACTS).body
            assert "{" not in body
            assert "}" not in body


@st.composite
def stories(draw) -> World:
    zone = draw(st.sampled_from(ZONES))
    start = draw(starts(zone))
    if start.kind is not WallKind.PLAIN:
        start = replace(start, local=start.local.replace(hour=10))
    of = patient(
        zone=draw(st.sampled_from(HOMES)),
        returning=draw(st.booleans()),
        language=draw(st.sampled_from(["en", None])),
    )
    world = World(at_clinic=clinic(zone=zone), of=of, now=start.instant - timedelta(minutes=draw(LEADS)))
    world.say("booked", start=start.local.isoformat(), timezone=zone, pathway="trigger_point_injection")
    places = [start.local, start.local + timedelta(days=1, hours=2), start.local + timedelta(days=12)]
    for _ in range(draw(st.integers(0, 4))):
        world.run(world.now + timedelta(minutes=draw(st.sampled_from([1, 9, 11, 300, 1500, 4000, 9000]))))
        match draw(st.sampled_from(["moved", "moved", "cancelled", "booked", "no_show", "answer", "answer"])):
            case "moved":
                to = draw(st.sampled_from(places))
                world.say("moved", start=to.isoformat())
            case "answer":
                world.appointment = replace(world.appointment, confirmed=world.appointment.start.instant)
                world.already = [replace(a, answered=True) for a in world.already]
            case kind:
                world.say(kind)
    world.run(world.appointment.start.instant + timedelta(minutes=draw(st.integers(5, 1500))))
    match draw(st.sampled_from(["done", "done", "unknown", "not_done", "nothing"])):
        case "done":
            given = draw(st.sampled_from(["steroid", "none", None]))
            world.say("completed", procedure_done=True, procedure_injectate=given)
        case "unknown":
            world.say("completed")
        case "not_done":
            world.say("completed", procedure_done=False)
    world.run(world.now + timedelta(days=30))
    return world


@given(stories())
@settings(max_examples=120, deadline=None)
def test_whole_stories_keep_every_promise(world) -> None:
    texts = world.texts
    keys = Counter((row.step, row.occasion) for _, row, _ in texts)
    assert all(count == 1 for count in keys.values())
    carried = Counter(step for _, row, _ in texts for step in (row.step, *row.merged))
    for step in pathway().steps:
        if not step.repeatable:
            assert carried[step.id] <= 1
    for _, row, status in texts:
        anchor = pathway().step(row.step).anchor
        assert (status is Status.COMPLETED) == (anchor is Anchor.COMPLETED)
        assert (status is Status.CANCELLED) == (anchor is Anchor.CANCELLED)
        assert (status is Status.NO_SHOW) == (anchor is Anchor.NO_SHOW)
    if texts:
        assert "welcome" in (texts[0][1].step, *texts[0][1].merged)
    assert_caps(
        [when for when, row, _ in texts if pathway().step(row.step).counts], world.at_clinic, world.of
    )
    assert_one_question_a_time(world)


def assert_one_question_a_time(world: World) -> None:
    """Notices alternate with what they correct, and nobody is asked twice whether they come to one time."""
    believed, asked = None, set()
    for _, row, _ in world.texts:
        steps = (row.step, *row.merged)
        if row.step == "moved":
            assert row.told != believed
        if row.step == "cancelled":
            assert believed != "off"
            believed = "off"
        if "confirm" in steps and row.step != "prepare":
            if row.told != believed:
                asked.clear()
            assert row.told not in asked
            asked.add(row.told)
        if row.step in {"moved", "confirm", "prepare", "logistics"} or "confirm" in steps:
            if believed not in {None, row.told}:
                asked = {row.told} if "confirm" in steps else set()
            believed = row.told


def test_a_story_told_from_booking_to_the_last_text() -> None:
    world = World(at_clinic=clinic(), of=patient(), now=datetime(2027, 5, 1, 14, tzinfo=UTC))
    world.say("booked", start="2027-05-20T14:00:00", timezone=NEW_YORK, pathway="trigger_point_injection")
    world.run(world.appointment.start.instant + timedelta(minutes=40))
    world.say("completed", procedure_done=True, procedure_injectate="none")
    world.run(world.now + timedelta(days=30))
    assert [row.step for _, row, _ in world.texts] == [
        "welcome", "education", "safety", "confirm", "prepare", "logistics",
        "aftercare", "check_in", "movement", "outcome",
    ]  # fmt: skip
