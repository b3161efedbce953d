"""What a server's message amounts to: readings, what to fetch, and whether something was missed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sms_service.intake.reading import Reading


class Kind(StrEnum):
    """The shapes of what comes in."""

    RESOURCE = "resource"
    BUNDLE = "bundle"
    NOTIFICATION = "notification"
    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One body, read.

    `fetch` holds references that the body names and does not hold: `Appointment/1` on the feed's own server,
    a whole URL where the body has one. Whoever fetches sends credentials to the feed's server only, whatever
    the reference says. `events_since_start` counts the subscription's events up to this message,
    `event_numbers` are those in it.
    """

    kind: Kind
    readings: tuple[Reading, ...] = ()
    fetch: tuple[str, ...] = ()
    subscription: str | None = None
    subscription_status: str | None = None
    events_since_start: int | None = None
    event_numbers: tuple[int, ...] = ()

    @property
    def asks_for_search(self) -> bool:
        """It says that something happened, and not what: search for what has changed."""
        silent = not self.readings and not self.fetch
        return silent and self.kind in {Kind.EMPTY, Kind.NOTIFICATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How far a subscription has been heard, and how many of its events never came: then, resync."""

    last_seen: int
    missed: int = 0

    @property
    def gap(self) -> bool:
        """Whether a resync is due."""
        return self.missed > 0


def heard(last_seen: int, delivery: Delivery) -> Heard:
    """What a message says of the events before it. `last_seen` is 0 for a subscription never heard of.

    A handshake starts the count again where it says. A number that was passed already is late, and not a gap.
    """
    count = delivery.events_since_start
    numbers = sorted(set(delivery.event_numbers))
    if delivery.kind is Kind.HANDSHAKE and count is not None:
        return Heard(last_seen=count, missed=max(0, count - last_seen))
    reached = max([last_seen, *numbers, *([count] if count is not None else [])])
    new = sum(1 for number in numbers if number > last_seen)
    return Heard(last_seen=reached, missed=reached - last_seen - new)
