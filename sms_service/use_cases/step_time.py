"""Step patient time for demo and tests: to the next instant at which anything is due, once all is quiet."""

from __future__ import annotations

from datetime import datetime

from sms_service.store.clock import step_to
from sms_service.store.pulse import pulse
from sms_service.use_cases.service import Service

#: An unknown one awaits its receipt until a person has it; after that nothing moves it by itself.
_BUSY = ("ready", "claimed", "sending")


def quiet(service: Service) -> tuple[bool, datetime | None]:
    """Whether nothing is due, claimed, in flight or awaiting a receipt, and when something next will be."""
    with service.db.transaction() as connection:
        state = pulse(connection)
    busy = state.due_now or state.awaiting_receipt or any(state.messages.get(name) for name in _BUSY)
    moments = [moment for moment in (state.next_due, state.next_task) if moment is not None]
    return not busy, min(moments, default=None)


def step(service: Service, to: datetime) -> None:
    """Move patient time to an instant. Raises ValueError where a live sender is set up."""
    with service.db.transaction() as connection:
        step_to(connection, to)
