"""What is wrong with the running service, in words, and what to do: for /readyz, `doctor`, and people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sms_service.store.pulse import Pulse

TICK_LATE_S = 30.0
#: How far behind a queue may be, in seconds. A tick never waits; housekeeping may have much to look up.
QUEUE_LATE_S = {"tick": 30.0, "send": 60.0, "housekeeping": 300.0}
#: Machines whose clocks differ by more are told: windows and hours are judged by each worker's clock.
SKEW_S = 2.0
#: What is unknown should be settled this long after its grace (seconds): housekeeping runs every few of them.
_SETTLING_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong, and what to do about it."""

    about: str
    wrong: str
    cure: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.cure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Problems keep the service from its work; warnings are to be known."""

    problems: tuple[Trouble, ...]
    warnings: tuple[Trouble, ...]


def assess(state: Pulse, *, grace_seconds: float = 600.0) -> Assessment:
    """Judge the state of everything. `grace_seconds` is the age at which unknown attempts are looked up."""
    return Assessment(
        problems=(*_tick(state), *_queues(state), *_senders(state)),
        warnings=(*_holds(state), *_clocks(state), *_unknown(state, grace_seconds), *_ledger(state)),
    )


def _tick(state: Pulse) -> Iterator[Trouble]:
    if not _ticks(state):
        age = (
            "none was ever seen" if state.tick_age_s is None else f"the last is {state.tick_age_s:.0f} s old"
        )
        yield Trouble(
            about="tick",
            wrong=f"no tick lately ({age})",
            cure="are beat, the tick worker and Redis running? read their logs",
        )


def _ticks(state: Pulse) -> bool:
    return state.tick_age_s is not None and state.tick_age_s <= TICK_LATE_S


def _queues(state: Pulse) -> Iterator[Trouble]:
    for name, limit in QUEUE_LATE_S.items():
        queue, about = state.queues.get(name), f"queue {name}"
        if queue is None:
            yield Trouble(
                about=about,
                wrong=f"nothing came through the queue {name} yet",
                cure="are its worker, beat and Redis running? the first sign takes a few seconds",
            )
        elif queue.silent_s > limit:
            yield Trouble(
                about=about,
                wrong=f"nothing came through the queue {name} for {queue.silent_s:.0f} s",
                cure="is its worker running and not busy with one task? are beat and Redis? read their logs",
            )
        elif queue.age_s > limit:
            yield Trouble(
                about=about,
                wrong=f"the queue {name} is {queue.age_s:.0f} s behind",
                cure="start more workers for it",
            )


def _senders(state: Pulse) -> Iterator[Trouble]:
    for sender in state.senders:
        about = f"sender {sender.name}"
        if sender.circuit_open_s is not None:
            yield Trouble(
                about=about,
                wrong=f"sender {sender.name}: the circuit is open ({sender.circuit_reason})",
                cure="mend its set-up at the provider, then run `sms-service release --sender"
                f" {sender.name}`",
            )
        if sender.stalled_s is not None:
            yield Trouble(
                about=about,
                wrong=f"sender {sender.name}: texts are due and none has left for {sender.stalled_s:.0f} s",
                cure=f"likely {_cause(state)}",
            )


def _cause(state: Pulse) -> str:
    """What the rest of the state makes likely."""
    if not _ticks(state):
        return "there is no tick, so nothing is claimed"
    send = state.queues.get("send")
    if send is None or send.silent_s > QUEUE_LATE_S["send"]:
        return "no send worker takes tasks; is one running, and does it reach Redis?"
    return (
        "batches end before their fence; look at the send workers' logs for a database that refuses or a"
        " configuration that was refused"
    )


def _holds(state: Pulse) -> Iterator[Trouble]:
    for hold in state.holds:
        what = "everything" if hold.scope == "all" else f"{hold.scope} {hold.target}"
        # the reason is a person's words and stays with those who may read the details
        yield Trouble(
            about="holds",
            wrong=f"{what} is on hold for {hold.age_s:.0f} s, and texts wait",
            cure="once its reason is gone, `sms-service release` ends it",
        )


def _clocks(state: Pulse) -> Iterator[Trouble]:
    for name, queue in state.queues.items():
        for whose, ahead in (("scheduler", queue.beat_ahead_s), (f"{name} worker", queue.worker_ahead_s)):
            if abs(ahead) > SKEW_S:
                way = "ahead of" if ahead > 0 else "behind"
                yield Trouble(
                    about="clocks",
                    wrong=f"the clock of the {whose}'s machine is {abs(ahead):.0f} s {way} the database's",
                    cure="let both follow a time server",
                )


def _unknown(state: Pulse, grace_seconds: float) -> Iterator[Trouble]:
    if state.oldest_unknown_s is not None and state.oldest_unknown_s > grace_seconds + _SETTLING_S:
        yield Trouble(
            about="unknown",
            wrong=f"an attempt is unknown for {state.oldest_unknown_s:.0f} s",
            cure="the provider's list cannot be asked, or housekeeping does not run; read its worker's log",
        )


def _ledger(state: Pulse) -> Iterator[Trouble]:
    if state.differences:
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(state.differences.items()))
        yield Trouble(
            about="ledger",
            wrong=f"the provider's list and our ledger differ ({told})",
            cure="`sms-service reconcile` lists them and says what to do about each kind",
        )
