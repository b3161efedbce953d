"""What one address of the page shows: which phones, and all of it drawn."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from sms_service.sandbox import page_frame
from sms_service.sandbox.label_clock import LabelClock
from sms_service.sandbox.page_cards import Cards
from sms_service.sandbox.page_phone import SEARCHED, phone_id
from sms_service.sandbox.page_search import Search
from sms_service.sandbox.phonebook import Phone

_PAGE: Final = Template((Path(__file__).parent / "page.html").read_text("utf-8"))
_USUAL_PHONES, _MOST_PHONES = 48, 240
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The phones that are shown, in order, and how many match the query altogether."""

    query: str
    wanted: str
    shown: list[Phone]
    found: int


class Views:
    """Chooses and draws."""

    def __init__(self, search: Search, cards: Cards, clock: LabelClock) -> None:
        self._search = search
        self._cards = cards
        self._clock = clock

    def of(self, query: str, wanted: str) -> View:
        """Choose the phones for a query and a wished number of them, both as the address gives them."""
        query = query.strip()
        found = self._search.found(query)
        readable = wanted.isdecimal() and len(wanted) <= _MOST_DIGITS
        limit = min(max(int(wanted), 1), _MOST_PHONES) if readable else _USUAL_PHONES
        # The busiest are shown, but in the order they came up: cards must not jump about while one types.
        busiest = {phone.number for phone in sorted(found, key=lambda phone: -phone.last_id)[:limit]}
        shown = [phone for phone in found if phone.number in busiest]
        return View(query=query, wanted=str(limit) if readable else "", shown=shown, found=len(found))

    def whole(self, view: View, notice: str = "") -> str:
        """Draw the page."""
        tag = self._cards.tag()
        cards = "".join(self._cards.card(phone).html for phone in view.shown)
        return _PAGE.substitute(
            self._frame(view),
            tag=tag,
            query=escape(view.query),
            notice=notice,
            phones=cards.replace(SEARCHED, page_frame.searched(view.query, view.wanted))
            or page_frame.nothing(view.query),
        )

    def changes(self, view: View, since: str) -> dict[str, Any]:
        """Draw what looks different since a tag: `cards` by id; `order` has the ids of all that is shown."""
        tag, last = self._cards.tag(), self._cards.version_of(since)
        cards = {phone_id(phone.number): self._cards.card(phone) for phone in view.shown}
        return {
            **self._frame(view),
            "tag": tag,
            "order": list(cards),
            "cards": {name: card.html for name, card in cards.items() if card.changed_at > last},
            "nothing": "" if cards else page_frame.nothing(view.query),
        }

    def _frame(self, view: View) -> dict[str, str]:
        return {
            "clock": page_frame.clock(self._clock.shown_at),
            "count": page_frame.count(len(view.shown), view.found, view.query),
        }
