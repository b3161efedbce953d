"""One campaign: a seeded town lives through weeks while everything around it breaks; then it is judged."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sms_service.chaos.doors import NoAnswer
from sms_service.chaos.gather import gather
from sms_service.chaos.journal import Journal
from sms_service.chaos.judge.evidence import FLIGHT_S, Evidence
from sms_service.chaos.restore import restored
from sms_service.chaos.script import Act, Event, Said, script
from sms_service.chaos.town import BEGIN, CLINICS, Town, town
from sms_service.chaos.troubles import TROUBLES, Hand, choose
from sms_service.chaos.troubles.hand import OURS
from sms_service.chaos.troubles.processes import kill_everything
from sms_service.chaos.world import REST_PATIENCE_S, World, a_world
from sms_service.runtime import Child, forget, take_snapshot

_ROUND = timedelta(minutes=60)
_END = BEGIN + timedelta(days=30)
#: The days of the story in which most texts are sent, and so most troubles come.
_BUSY_DAYS = 16
_ZONE = ZoneInfo(CLINICS[0].zone)
_POSTERS = 6
_IMPATIENCE = 0.15
_FLOOD = timedelta(hours=6)
#: Ten o'clock at either clinic, from the story's beginning at nine.
_RUSH_HOURS = (1, 2)
#: Troubles begin a little before and a little after the moment at which texts fall due.
_BEFORE_S, _SPREAD_S = 0.6, 1.4
#: Longer than anything can be under way, so that no text can be one of before.
_STANDSTILL_S = FLIGHT_S + 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything. A storm is a round in which several troubles come at once."""

    name: str
    visits: int
    storms: int
    per_storm: tuple[int, int] = (4, 9)
    floods: Sequence[int] = (9,)
    """Days on which everything that sends stands still for a while."""
    restore: bool = True
    troubles: Sequence[str] = ()
    """Only these, each storm; all of them by weight where empty."""
    days: int = 30
    segments_per_second: float = 400.0
    patience_s: float = REST_PATIENCE_S


@dataclass(kw_only=True)
class Campaign:
    """A campaign under way. `run` plays it, `evidence` is what was seen."""

    seed: int
    size: Size
    data: Path
    change: Callable[[Child], Child] = lambda child: child
    overrides: Mapping[str, str] = field(default_factory=dict)
    schema: Sequence[str] = ()
    """Statements for the schema's owner, run once at the start."""
    faults: Mapping[str, object] = field(default_factory=dict)
    """What the provider does wrong all the time."""

    def __post_init__(self) -> None:
        self._chance = random.Random(f"troubles {self.seed}")  # noqa: S311 - it guards nothing
        self._town: Town = town(self.seed, self.size.visits)
        self._acts = script(self.seed, self._town)
        self._held_back: list[Act] = []
        self._storms = sorted(self._storm() for _ in range(self.size.storms))
        self._flood_at = [BEGIN + timedelta(days=day, hours=1) for day in self.size.floods]
        self._snapshot_at = BEGIN + timedelta(days=6, hours=2) if self.size.restore else None
        self.journal = Journal(self.data.parent / f"{self.data.name}-journal.jsonl")
        self.kills = 0
        self.recoveries: list[float] = []
        self.floods: list[tuple[datetime, datetime]] = []
        self.forged: list[int] = []
        self.at_rest = True
        self._hasty = False
        self._replies_waiting: list[dict[str, object]] = []

    def run(self) -> Evidence:
        """Play it from beginning to end."""
        now = BEGIN
        with ExitStack() as running:
            world = running.enter_context(self._world())
            world.as_owner(self.schema)
            if self.faults:
                world.doors.sandbox("faults", self.faults)
            hand = self._hand(world)
            snapshot: tuple[datetime, Path] | None = None
            # what does not come to rest once has broken a promise: there is no use in going on
            while self.at_rest and now < BEGIN + timedelta(days=self.size.days):
                following = self._following(world, now)
                if following is None:
                    break
                now = following
                if self._flood_at and now >= self._flood_at[0]:
                    now = self._flood(world, now)
                self._round(world, hand, now)
                if snapshot is None and self._snapshot_at is not None and now >= self._snapshot_at:
                    folder = self.data.parent / f"{self.data.name}-snapshot"
                    snapshot = (take_snapshot(world.stack.supervisor.home, folder), folder)
                    self.journal.add("snapshot", since=snapshot[0])
                elif snapshot is not None and now >= (self._snapshot_at or now) + timedelta(days=1):
                    self._snapshot_at, taken, snapshot = None, snapshot, None
                    self.kills += hand.kills
                    self.forged += hand.forged
                    running.close()
                    world = running.enter_context(restored(self._world, self.data, *taken, self.journal))
                    hand = self._hand(world)
            self._calm(world)
            self.kills += hand.kills
            self.forged += hand.forged
            return gather(world, self._town, self)

    def remove(self) -> None:
        """Take everything away that it left on the disk."""
        self.journal.close()
        forget(self.data)
        for left in self.data.parent.glob(f"{self.data.name}-*"):  # journal, points, snapshot
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()

    def _world(self) -> AbstractContextManager[World]:
        return a_world(
            self.data,
            self.journal,
            segments_per_second=self.size.segments_per_second,
            opt_out_reply=("ours", "provider")[self.seed % 2],
            overrides=self.overrides,
            change=self.change,
        )

    def _storm(self) -> datetime:
        """An instant of the busy days, as often as not in the hours at which most texts are sent."""
        days = min(_BUSY_DAYS, self.size.days - 1)
        if self._chance.random() < 0.5:  # noqa: PLR2004
            return BEGIN + timedelta(days=self._chance.uniform(0, days))
        return BEGIN + timedelta(days=self._chance.randrange(days), hours=self._chance.choice(_RUSH_HOURS))

    def _hand(self, world: World) -> Hand:
        return Hand(world=world, chance=self._chance)

    def _following(self, world: World, now: datetime) -> datetime | None:
        """The next full hour at which something is due or happens."""
        _, due = world.pulse()
        moments = [moment for moment in (due, self._acts[0].at if self._acts else None) if moment is not None]
        if self._held_back:
            moments.append(now)
        if not moments:
            return None
        ahead = max(min(moments) - now, timedelta(0))
        return now + max(-(-ahead // _ROUND), 1) * _ROUND

    def _round(self, world: World, hand: Hand, now: datetime) -> None:
        """Patient time moves on; things happen, a storm may break out, all comes to rest."""
        storm = [at for at in self._storms if at <= now]
        self._storms = self._storms[len(storm) :]
        names = (
            choose(self._chance, self._chance.randint(*self.size.per_storm), self.size.troubles)
            if storm
            else []
        )
        with ThreadPoolExecutor(_POSTERS) as posters, ThreadPoolExecutor(max(len(names), 1)) as storms:
            raging = [
                storms.submit(self._trouble, hand, name, _SPREAD_S * self._chance.random()) for name in names
            ]
            time.sleep(_BEFORE_S if raging else 0)
            world.move_clock(now)
            posted = [posters.submit(self._act, world, act) for act in self._due_acts(now)]
            _all(posted)
            _all(raging)
        if "kill everything" in names and 9 <= now.astimezone(_ZONE).hour < 19:  # noqa: PLR2004 - texting hours
            self._recover(world, hand, now)
        # now and then patient time goes on while texts are under way; never twice, or windows pass unused
        self._hasty = not names and not self._hasty and self._chance.random() < _IMPATIENCE
        if not self._hasty:
            self._rest(world)
            self._hear(world)

    def _rest(self, world: World) -> None:
        """Wait for everything to come to rest."""
        self.at_rest = self.at_rest and world.rest(self.size.patience_s)

    def _trouble(self, hand: Hand, name: str, delay: float) -> None:
        time.sleep(delay)
        self.journal.add("trouble", name=name)
        try:
            TROUBLES[name][1](hand)
        except NoAnswer:
            self.journal.add("trouble", name=f"{name}: nobody answered")

    def _due_acts(self, now: datetime) -> list[Act]:
        """What happens until now; some of it is held back, so that younger news overtakes it."""
        due = [act for act in self._acts if act.at <= now]
        self._acts = self._acts[len(due) :]
        late: list[Act] = [act for act in due if isinstance(act, Event) and act.late]
        ready, self._held_back = self._held_back + [act for act in due if act not in late], late
        self._chance.shuffle(ready)
        return [act for act in ready for _ in range(act.times if isinstance(act, Event) else 1)]

    def _act(self, world: World, act: Act) -> None:
        first = time.time()
        if isinstance(act, Said):
            heard = world.doors.sandbox(
                f"phones/{act.patient.phone}/reply", {"body": act.words, "to": act.patient.clinic.sender}
            )
            line = self.journal.add(
                "reply",
                phone=act.patient.phone,
                to=act.patient.clinic.sender,
                body=act.words,
                first=first,
                sid=heard["sid"],
            )
            self._replies_waiting.append(line)
            return
        status, answer = world.doors.event(act.body(), world.keys[act.visit.patient.clinic.slug])
        self.journal.add("event", act=act, first=first, status=status, answer=answer)

    def _hear(self, world: World) -> None:
        """Every webhook that waited is delivered: the replies so far are surely taken."""
        if world.doors.sandbox("health")["webhooks_pending"]:
            return
        for line in self._replies_waiting:
            line["taken"] = time.time()
        self._replies_waiting = []

    def _flood(self, world: World, now: datetime) -> datetime:
        """Everything that sends stands still for most of a day, then goes on at once."""
        self._flood_at = self._flood_at[1:]
        self._rest(world)
        pids = [world.stack.supervisor.pid(name) for name in OURS if not name.startswith("web")]
        hand = self._hand(world)
        with ThreadPoolExecutor(len(pids)) as stopped:
            still = [stopped.submit(hand.pause_pid, pid, "flood", _STANDSTILL_S) for pid in pids]
            time.sleep(0.5)
            self.floods.append((now, now + _FLOOD))
            self.journal.add("flood", begin=now, end=now + _FLOOD)
            world.move_clock(now + _FLOOD)
            _all(still)
        self._rest(world)
        return now + _FLOOD

    def _recover(self, world: World, hand: Hand, now: datetime) -> None:
        """Kill everything, book a visit, and count the seconds until its first text is on the phone."""
        probe = self._town.probe(now)
        kill_everything(hand)
        began = time.monotonic()
        self._act(
            world, Event(at=probe.booked, id=f"{probe.id}-0", visit=probe, kind="booked", start=probe.start)
        )
        number = probe.patient.phone.replace("+", "%2B")
        path = f"messages?direction=outbound&limit=10&phone={number}"
        while not world.doors.sandbox(path)["messages"] and time.monotonic() - began < 60:  # noqa: PLR2004
            time.sleep(0.05)
        self.recoveries.append(time.monotonic() - began)
        self.journal.add("recovered", seconds=self.recoveries[-1])

    def _calm(self, world: World) -> None:
        """No more trouble: everything comes to rest."""
        world.doors.sandbox("faults", {"clear": True})
        self._rest(world)
        self._hear(world)


def _all(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()
