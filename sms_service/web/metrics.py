"""The state as Prometheus reads it. Labels are states, reasons, queues, senders: never a patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sms_service.store.pulse import Pulse
from sms_service.use_cases.assess import QUEUE_LATE_S

#: For an age that does not exist.
_NONE = float("nan")


def exposition(state: Pulse, *, ready: bool) -> bytes:
    """The text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Once(state, ready=ready))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, state: Pulse, *, ready: bool) -> None:
        self._state = state
        self._ready = ready

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        state = self._state
        yield _one("sms_ready", "1 when nothing keeps the service from its work", float(self._ready))
        yield _by("sms_messages", "Messages by state", "state", state.messages)
        yield _counter("sms_reasons", "Texts left out or put off, by reason", "reason", state.reasons)
        yield _counter("sms_outcomes", "Attempts by what they came to", "outcome", state.outcomes)
        yield _one("sms_due_now", "Messages whose time has come and that are not sent", state.due_now)
        yield _one("sms_awaiting_receipt", "Attempts whose outcome is not final", state.awaiting_receipt)
        yield _one(
            "sms_oldest_unknown_seconds",
            "Age of the oldest attempt that nobody can vouch for and no person has; 0 when there is none",
            state.oldest_unknown_s or 0.0,
        )
        yield _one(
            "sms_tick_age_seconds",
            "Seconds since the last tick; -1 before the first",
            -1.0 if state.tick_age_s is None else state.tick_age_s,
        )
        yield _one(
            "sms_open_circuits",
            "Senders the provider refuses",
            sum(s.circuit_open_s is not None for s in state.senders),
        )
        yield _one("sms_holds", "Holds in force", len(state.holds))
        yield _by(
            "sms_ledger_differences",
            "Open differences between the provider's list and our ledger, by kind",
            "kind",
            state.differences,
        )
        yield from self._senders()
        yield from self._queues()

    def _senders(self) -> Iterator[Metric]:
        senders = self._state.senders
        yield _counter(
            "sms_attempts",
            "Texts handed to the provider, by sender",
            "sender",
            {s.name: s.attempts for s in senders},
        )
        yield _by(
            "sms_oldest_due_seconds",
            "Patient time since the oldest text was due that nothing holds back; 0 when there is none",
            "sender",
            {s.name: s.oldest_due_s or 0.0 for s in senders},
        )
        yield _by(
            "sms_stalled_seconds",
            "Seconds for which texts were due and none left, once that is an alarm; 0 otherwise",
            "sender",
            {s.name: s.stalled_s or 0.0 for s in senders},
        )
        yield _by(
            "sms_circuit_open_seconds",
            "Seconds for which the sender's circuit is open; 0 when it is closed",
            "sender",
            {s.name: s.circuit_open_s or 0.0 for s in senders},
        )

    def _queues(self) -> Iterator[Metric]:
        queues = self._state.queues
        yield _by(
            "sms_queue_delay_seconds",
            "How far behind the queue is, by its canaries; NaN before the first",
            "queue",
            {name: queues[name].delay_s if name in queues else _NONE for name in QUEUE_LATE_S},
        )
        yield _by(
            "sms_worker_clock_ahead_seconds",
            "The clock of the queue's worker less the database's",
            "queue",
            {name: queue.worker_ahead_s for name, queue in queues.items()},
        )
        yield _by(
            "sms_beat_clock_ahead_seconds",
            "The scheduler's clock less the database's, as seen in the queue",
            "queue",
            {name: queue.beat_ahead_s for name, queue in queues.items()},
        )


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
