"""Tells a story by hand as evidence for the judge. Wall times are New York's, at rest between two of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sms_service.chaos.judge.evidence import Clock, Evidence, Listed, Owner, Posted, Reply, Text, Visit
from sms_service.chaos.judge.rules import violations

NEW_YORK, CHICAGO, LOS_ANGELES = "America/New_York", "America/Chicago", "America/Los_Angeles"
ZONES = {"riverside": NEW_YORK, "hillside": CHICAGO}
SENDERS = {"riverside": "+15005550006", "hillside": "+12125559000"}
ANA, BEA = "+12025550100", "+12025550101"
#: Longer than anything may be under way.
_REST_S = 100.0

WORDS = {
    "welcome": "Riverside: welcome to Guide. You will get about 9 texts. Msg & data rates may apply.",
    "welcome at once": "Riverside, Guide: your injection visit.\nWhen: {when}\nFever? Call first.\n"
    "Reply 1 = coming, 2 = change.\nMsg & data rates may apply.",
    "education": "Your injection: a thin needle goes into sore muscle spots.",
    "safety": "Before your injection, do any of these apply to you? Blood thinner. Reply 1 = none, 2 = yes.",
    "confirm": "Riverside: your injection visit.\nWhen: {when}\nReply 1 = coming, 2 = change.",
    "prepare": "Get ready for your injection visit.\nWhen: {when}\nPlan a ride.",
    "prepare, logistics": "Get ready for your injection visit.\nWhen: {when}\nArrive 15 minutes early.",
    "logistics": "Reminder: your injection visit.\nWhen: {when}\nArrive 15 minutes early.",
    "aftercare": "Keep the area clean.\nCall 911 now: trouble breathing.",
    "aftercare, check_in": "Call 911 now: trouble breathing.\nReply 1 = fine, 2 = sore, 3 = worried.",
    "aftercare, welcome": "Riverside, Guide: after your injection.\nCall 911 now: trouble breathing.\n"
    "Msg & data rates may apply.",
    "check_in": "Riverside: how are you after your injection? Reply 1 = fine, 2 = sore, 3 = worried.",
    "movement": "In the first week, move and stretch the area gently.",
    "outcome": "Riverside: our last planned text about your injection.",
    "moved": "Riverside: your injection visit has a new date or time.\nWhen: {when}",
    "on again": "Riverside: your injection visit will take place after all.\nWhen: {when}",
    "cancelled": "Riverside: your injection visit is canceled.\nDo not come on this date: {when}\n",
    "no_show": "Riverside: we did not see you at your injection visit.",
    "opt_out": "Riverside, Guide: you will get no more texts. Reply START to get them again.",
    "opt_in": "Riverside, Guide: you will get our texts again.",
    "help": "Riverside, Guide: texts about your visit. For help, call us.",
    "noted": "Noted: you are coming.\nWhen: {when}\n",
    "unknown": "We got your message. Staff read texts in clinic hours.",
    "provider's stop": "You have successfully been unsubscribed. Reply START to resubscribe.",
    "provider's start": "You have successfully been re-subscribed. Reply STOP to unsubscribe.",
    "provider's help": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
#: The step whose message in the API these words belong to, where it is not what they are called.
_STEP = {
    "welcome at once": "welcome",
    "prepare, logistics": "prepare",
    "aftercare, check_in": "aftercare",
    "aftercare, welcome": "aftercare",
    "on again": "moved",
}
_STEPS = {
    *("welcome", "education", "safety", "confirm", "prepare", "logistics", "aftercare", "check_in"),
    *("movement", "outcome", "moved", "cancelled", "no_show"),
}


def when(*walls: str) -> str:
    """`Thursday, May 13, 2:00 PM`, with further times of the day behind it."""
    moments = [datetime.fromisoformat(wall) for wall in walls]
    clocks = [f"{moment.hour % 12 or 12}:{moment:%M %p}" for moment in moments]
    return f"{moments[0]:%A, %B} {moments[0].day}, {', '.join(clocks)}"


@dataclass(kw_only=True)
class Story:
    """What happened so far. Real time goes on with everything that does, patient time with `at` alone."""

    real: float = 1_000_000.0
    clock: list[tuple[float, datetime]] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    visits: dict[str, Visit] = field(default_factory=dict)
    listed: dict[str, list[Listed] | None] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)
    changes: dict[str, object] = field(default_factory=dict)

    def at(self, wall: str, zone: str = NEW_YORK, *, rest: float = _REST_S) -> Story:
        """Patient time moves on, after a rest; what happens next is under way in no earlier time."""
        self.real += rest
        self.clock.append((self.real, datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))))
        return self.wait(10)

    def wait(self, seconds: float = _REST_S) -> Story:
        self.real += seconds
        return self

    def visit(self, name: str, *, phone: str = ANA, clinic: str = "riverside", plain: bool = False) -> None:
        self.visits[name] = Visit(clinic=clinic, id=name, phone=phone, plain=plain, messages=None)
        self.listed[name] = [message("disclaimer", "skipped")]
        before = self.owners.get(phone, Owner(zones=frozenset(), clinics=frozenset()))
        self.owners[phone] = Owner(zones=before.zones | {ZONES[clinic]}, clinics=before.clinics | {clinic})

    def event(self, kind: str, name: str, start: str | None = None, **changes) -> Story:
        """An event is posted, and answered a tenth of a second later; then a rest."""
        if name not in self.visits:
            self.visit(name)
        visit = self.visits[name]
        self.starts[name] = start or self.starts[name]
        usual = Posted(
            clinic=visit.clinic,
            visit=name,
            phone=visit.phone,
            kind=kind,
            version=self.clock[-1][1],
            start=datetime.fromisoformat(start) if start else None,
            first=self.real,
            answered=self.real + 0.1,
            outcome="applied",
        )
        self.posted.append(replace(usual, **changes))
        return self.wait()

    def text(self, words: str, name: str = "V1", *times: str, listed: bool = True, **changes) -> Story:
        """The clinic texts about a visit, and its API tells of it; then a second passes."""
        visit = self.visits[name]
        usual = Text(
            sid=f"SM{len(self.texts)}",
            phone=visit.phone,
            sender=SENDERS[visit.clinic],
            body=WORDS.get(words, words).format(when=when(*(times or (self.starts[name],)))),
            at=self.real,
            status="delivered",
        )
        text = replace(usual, **changes)
        self.texts.append(text)
        step = _STEP.get(words, words)
        told = self.listed[name]
        if listed and step in _STEPS and told is not None:
            told.append(message(step, "undelivered" if text.status == "failed" else text.status))
        return self.wait(1)

    def reply(self, body: str, phone: str = ANA, to: str = "riverside", **changes) -> Story:
        """A phone texts, and the service has taken it two seconds later."""
        usual = Reply(phone=phone, to=SENDERS[to], body=body, at=self.real, taken=self.real + 2)
        self.replies.append(replace(usual, **changes))
        return self.wait(1)

    def evidence(self) -> Evidence:
        return replace(
            Evidence(
                clock=Clock(real=[real for real, _ in self.clock], patient=[now for _, now in self.clock]),
                zones=ZONES,
                senders={sender: frozenset({clinic}) for clinic, sender in SENDERS.items()},
                owners=self.owners,
                texts=self.texts,
                posted=self.posted,
                replies=self.replies,
                visits=[replace(visit, messages=self.listed[name]) for name, visit in self.visits.items()],
                forged=(403, 403),
            ),
            **self.changes,
        )

    def broken(self) -> list[str]:
        """The rules that report, each once."""
        return sorted({one.rule for one in violations(self.evidence())})


def message(step: str, state: str, explanation: str | None = "because", **changes) -> Listed:
    usual = Listed(
        step=step,
        state=state,
        reason=None,
        explanation=explanation,
        due=datetime.fromisoformat("2027-05-03 10:00").replace(tzinfo=ZoneInfo(NEW_YORK)),
    )
    return replace(usual, **changes)


#: What a plain visit at 14:00 on a Thursday gets, each text at its usual time.
USUAL = (
    ("2027-05-03 09:00", "welcome"),
    ("2027-05-06 10:00", "education"),
    ("2027-05-08 10:00", "safety"),
    ("2027-05-10 10:00", "confirm"),
    ("2027-05-12 10:00", "prepare"),
    ("2027-05-13 12:00", "logistics"),
    ("2027-05-13 15:00", "completed"),
    ("2027-05-13 16:00", "aftercare"),
    ("2027-05-14 10:00", "check_in"),
    ("2027-05-16 10:00", "movement"),
    ("2027-05-27 10:00", "outcome"),
    ("2027-06-10 10:00", None),
)
THURSDAY, FRIDAY = "2027-05-13 14:00", "2027-05-14 14:00"
#: Two visits of the Thursday.
BOTH = ("2027-05-13 11:00", "2027-05-13 14:30")


def begun(at: str = "2027-05-03 09:00", start: str = THURSDAY, **visit) -> Story:
    """A visit V1 is booked."""
    story = Story().at(at)
    story.visit("V1", **visit)
    return story.event("booked", "V1", start)


def usual(*, without: tuple[str, ...] = (), **visit) -> Story:
    """A whole visit; `without` leaves some of its texts out."""
    story = begun(**visit)
    for wall, what in USUAL:
        if wall != USUAL[0][0]:
            story.at(wall)
        if what == "completed":
            completed_at = datetime.fromisoformat("2027-05-13 14:45").replace(tzinfo=ZoneInfo(NEW_YORK))
            story.event("completed", "V1", version=completed_at)
        elif what is not None and what not in without:
            story.text(what)
    return story


def two_of_a_day() -> Story:
    """Two visits of one patient on one day; one chain of texts for both."""
    story = begun("2027-05-03 09:00", BOTH[0]).event("booked", "V2", BOTH[1])
    return story.text("welcome").at("2027-05-12 10:00")
