"""The declared sequence of texts for one procedure, as data that clinicians write and sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import IntEnum, StrEnum

#: One text, or its singular and plural.
Words = tuple[str, ...]


class Purpose(StrEnum):
    """What a text is for."""

    PRE_PROCEDURE = "pre_procedure"
    AFTERCARE = "aftercare"
    DISCLAIMER = "disclaimer"
    LOGISTICS = "logistics"
    CHECK_IN = "check_in"
    ANSWER = "answer"
    PHRASE = "phrase"
    LEAFLET = "leaflet"


class Priority(IntEnum):
    """Lower is more important; `MUST` neither counts towards the caps nor is blocked by them."""

    MUST = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


class Anchor(StrEnum):
    """The moment a step's offset counts from."""

    BOOKED = "booked"
    START = "start"
    COMPLETED = "completed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Question(StrEnum):
    """A question a text opens; at most one per text and one open per number."""

    SAFETY = "safety"
    CONFIRM = "confirm"
    CHECK_IN = "check_in"
    PAIN = "pain"


class Tells(StrEnum):
    """What a text lets the patient believe about the visit."""

    START = "start"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Either elapsed `minutes`, or wall-clock `days` in the clinic's zone at local time `at`."""

    minutes: int = 0
    days: int = 0
    at: time | None = None

    def __post_init__(self) -> None:
        if self.days and self.at is None:
            raise ValueError("an offset in days needs its local time `at`")
        if self.minutes and self.at is not None:
            raise ValueError("an offset is either minutes or days with a local time, not both")


#: Two days before the visit, where a pathway says nothing else.
CALL_LIST = Offset(days=-2, at=time(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The end of the time in which a step is still useful."""

    anchor: Anchor
    offset: Offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One whole text of a step: the words for one situation, never glued from parts.

    `context` is the gettext msgctxt `pathway.step.variant`; `plural_by` names the placeholder that
    chooses between `text` and `plural`. `lines` are the whole sentences the text consists of, for the
    translators' memory. `edition` grows when the meaning changes: older sign-offs then end at once.
    A `budget` of 0 marks words of a page, which are not sent and have no segments.
    """

    id: str
    context: str
    text: str
    plural: str | None = None
    plural_by: str | None = None
    when: Mapping[str, str | bool | int] = field(default_factory=dict)
    merges: frozenset[str] = frozenset()
    opens: Question | None = None
    asks: Question | None = None
    """The question that the page behind its link asks, where the text itself may not; no digit answers it."""
    tells: Tells | None = None
    sources: tuple[str, ...] = ()
    budget: int = 3
    comment: str = ""
    lines: tuple[tuple[Words, ...], ...] = ()
    edition: int = 1
    line: int = field(default=0, compare=False)
    """Where it stands in its file, for messages to its author."""

    @property
    def msgids(self) -> Words:
        """The msgids."""
        return (self.text,) if self.plural is None else (self.text, self.plural)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One text of a pathway and the rule of its time."""

    id: str
    purpose: Purpose
    priority: Priority
    anchor: Anchor
    offset: Offset
    until: Window
    variants: tuple[Variant, ...]
    repeatable: bool = False
    notice: bool = False
    needs: frozenset[str] = frozenset()
    """What must be known of the visit: `start`, `location`."""

    @property
    def counts(self) -> bool:
        """Whether the text counts towards the caps and is blocked by them."""
        return self.priority is not Priority.MUST and not self.notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A step that goes out carrying others."""

    step: str
    merge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LateBooking:
    """What becomes of the texts before a visit when there is less lead time than `under_hours`.

    With neither `now` nor `scheduled` the usual steps stay, less those in `drop`.
    """

    under_hours: int
    now: tuple[Merge, ...] = ()
    scheduled: tuple[Merge, ...] = ()
    drop: frozenset[str] = frozenset()
    task: str | None = None

    @property
    def collapses(self) -> bool:
        """Whether merged texts take the place of the usual ones."""
        return bool(self.now or self.scheduled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the leaflet; one of `variants` for each choice of the clinic on the points it touches."""

    id: str
    variants: tuple[Variant, ...]
    pictures: tuple[str, ...] = ()
    """The drawings beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """The steps for one procedure, in the order in which a patient meets them, and its leaflet."""

    id: str
    name: str
    steps: tuple[Step, ...]
    leaflet: tuple[Section, ...] = ()
    late_booking: tuple[LateBooking, ...] = ()
    call_list: Offset = CALL_LIST
    """When, from the start, staff are to phone whoever has not answered the safety question."""
    short_welcome_days: int = 183

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError when the pathway has none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
