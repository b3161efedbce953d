"""The states of a message at the provider, and the road each message takes through them."""

from typing import Final

INITIAL_WITH_NUMBER: Final = "queued"
INITIAL_WITH_SERVICE: Final = "accepted"
SCHEDULED: Final = "scheduled"

FINAL: Final = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})
# No sender has been picked yet, so the resource shows neither a From nor segments.
WITHOUT_SENDER: Final = frozenset({"accepted", "scheduled"})

QUEUE_OVERFLOW: Final = 30001
VALIDITY_EXPIRED: Final = 30036

_ROADS: Final = {
    "delivered": ("queued", "sending", "sent", "delivered"),
    "undelivered": ("queued", "sending", "sent", "undelivered"),
    "failed": ("queued", "sending", "failed"),
    # Many carriers never confirm: `sent` is then the last word.
    "sent": ("queued", "sending", "sent"),
}
GOALS: Final = frozenset(_ROADS)

# Errors found before the carrier is asked end in `failed`; all others in `undelivered`.
_BEFORE_THE_CARRIER: Final = frozenset({30001, 30002, 30018, 30024, 30032, 30033, 30034, 30035, 30036, 30410})


def road(status: str, goal: str) -> tuple[str, ...]:
    """Name the states still ahead of a message that is in `status` and will end in `goal`."""
    states = _ROADS[goal]
    if status in WITHOUT_SENDER:
        return states
    return states[states.index(status) + 1 :] if status in states else ()


def passed(status: str, goal: str, *, with_service: bool) -> tuple[str, ...]:
    """Name the reported states of a message that ended in `status`, whether or not that was its goal."""
    states = road(INITIAL_WITH_SERVICE if with_service else INITIAL_WITH_NUMBER, goal)
    if status in states:
        return states[: states.index(status) + 1]
    # It fell out of the queue on the way.
    return (*states[: states.index("sending")], status)


def goal_for(error_code: int | None) -> str:
    """Name the state that a final error code (none: success) leads to."""
    if error_code is None:
        return "delivered"
    return "failed" if error_code in _BEFORE_THE_CARRIER else "undelivered"
