"""Collect the evidence once all is at rest: from the journal, the provider's phones and the public API."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sms_service.chaos.journal import Journal
from sms_service.chaos.judge.evidence import Clock, Evidence, Listed, Owner, Posted, Reply, Text, Visit
from sms_service.chaos.town import CLINICS, Booked, Town
from sms_service.chaos.world import World

if TYPE_CHECKING:
    from sms_service.chaos.campaign import Campaign

_READERS = 4
_PAGE = 1000


def gather(world: World, of: Town, campaign: Campaign) -> Evidence:
    """Everything the judge needs, as plain values."""
    journal = campaign.journal
    clock = journal.of("clock")
    visits = [*of.visits, *of.probes]
    with ThreadPoolExecutor(_READERS) as readers:
        answers = list(readers.map(lambda visit: _visit(world, visit), visits))
    owners: dict[str, set[str]] = defaultdict(set)
    zones: dict[str, set[str]] = defaultdict(set)
    for visit in visits:
        owners[visit.patient.phone].add(visit.patient.clinic.slug)
        zones[visit.patient.phone].add(visit.patient.zone)
    return Evidence(
        clock=Clock(real=[line["t"] for line in clock], patient=[line["now"] for line in clock]),
        zones={clinic.slug: clinic.zone for clinic in CLINICS},
        senders={clinic.sender: frozenset({clinic.slug}) for clinic in CLINICS},
        owners={
            phone: Owner(zones=frozenset(zones[phone]), clinics=frozenset(clinics))
            for phone, clinics in owners.items()
        },
        texts=_texts(world),
        posted=_posted(journal),
        replies=[
            Reply(
                phone=line["phone"],
                to=line["to"],
                body=line["body"],
                at=line["first"],
                taken=line.get("taken"),
            )
            for line in journal.of("reply")
        ],
        visits=answers,
        restores=[(line["since"].timestamp(), line["t"]) for line in journal.of("restored")],
        floods=campaign.floods,
        forged=campaign.forged,
        final=campaign.at_rest,
        segments_per_second=campaign.size.segments_per_second,
    )


def _visit(world: World, visit: Booked) -> Visit:
    clinic = visit.patient.clinic
    told = world.doors.visit(visit.id, world.keys[clinic.slug])
    return Visit(
        clinic=clinic.slug,
        id=visit.id,
        phone=visit.patient.phone,
        plain=visit.plain,
        messages=None if told is None else [_listed(message) for message in told["messages"]],
    )


def _listed(message: dict[str, Any]) -> Listed:
    due = message["due"]
    return Listed(
        step=message["step"],
        state=message["state"],
        reason=message["reason"],
        explanation=message["explanation"],
        due=None if due is None else datetime.fromisoformat(due),
    )


def _texts(world: World) -> list[Text]:
    texts: list[Text] = []
    last = 0
    while True:
        page = world.doors.sandbox(f"messages?direction=outbound&limit={_PAGE}&after={last}")
        texts += [_text(told) for told in page["messages"]]
        if len(page["messages"]) < _PAGE:
            return texts
        last = page["last_id"]


def _text(told: dict[str, Any]) -> Text:
    return Text(
        sid=told["sid"],
        phone=told["to"],
        sender=told["from"],
        body=told["body"],
        at=datetime.fromisoformat(told["created_at"]).timestamp(),
        status=told["status"],
        segments=told["segments"],
    )


def _posted(journal: Journal) -> list[Posted]:
    """Each event once, however often it was delivered: stored since the first answer that said so."""
    found: dict[str, Posted] = {}
    for line in journal.of("event"):
        act = line["act"]
        stored = line["status"] in {200, 202}
        clinic = act.visit.patient.clinic
        before = found.get(act.id)
        found[act.id] = Posted(
            clinic=clinic.slug,
            visit=act.visit.id,
            phone=act.visit.patient.phone,
            kind=act.kind,
            version=act.at,
            start=None
            if act.start is None
            else act.start.astimezone(ZoneInfo(clinic.zone)).replace(tzinfo=None),
            first=min(line["first"], before.first) if before else line["first"],
            answered=before.answered
            if before is not None and before.answered is not None
            else line["t"]
            if stored
            else None,
            outcome=(line["answer"] or {}).get("outcome"),
        )
    return list(found.values())
