"""Words as HTML: escaped, in their own language and direction, with numbers that a tap calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from sms_service.content.page_words import DIALLED, Said
from sms_service.domain.people import Clinic

_EXTENSION = re.compile(r"(?:ext\.?|extension|x|#)\s*(\d+)\s*$", re.IGNORECASE)
#: The letters of a keypad, for numbers that are written as a word.
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def bcp47(language: str) -> str:
    """Our name of a language as HTML and HTTP write it: `zh-Hans`."""
    return language.replace("_", "-")


def direction(*, right_to_left: bool) -> str:
    """The value of `dir`."""
    return "rtl" if right_to_left else "ltr"


def tongue(said: Said, page: str) -> str:
    """The attributes of words that are in another language than the page around them."""
    if said.language == page:
        return ""
    return f' lang="{bcp47(said.language)}" dir="{direction(right_to_left=said.right_to_left)}"'


def dial(number: str) -> str:
    """A `tel:` address (RFC 3966) of a number as patients read it."""
    extension = _EXTENSION.search(number)
    main = number[: extension.start()] if extension else number
    digits = "".join(c for c in main.upper().translate(_KEYPAD) if c.isascii() and c.isdigit())
    plus = "+" if main.lstrip().startswith("+") else ""
    return f"tel:{plus}{digits}" + (f";ext={extension[1]}" if extension else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    mark: str
    written: str
    bare: str
    link: str


@lru_cache(maxsize=256)
def _number(name: str, written: str) -> _Number:
    """A number as text and as HTML; made once, because every line of a page may name it."""
    bare = f"<bdi>{escape(written)}</bdi>"
    link = f'<a href="{escape(dial(written))}">{bare}</a>'
    return _Number(mark=DIALLED[name], written=written, bare=bare, link=link)


def _numbers(clinic: Clinic | None) -> tuple[_Number, ...]:
    """What each mark of a number stands for."""
    if clinic is None:
        return ()
    return (
        _number("phone", clinic.phone),
        _number("after_hours_phone", clinic.after_hours_phone),
        _number("emergency", clinic.emergency),
        _number("crisis", clinic.crisis),
    )


def plain(words: str, clinic: Clinic | None) -> str:
    """Words outside HTML, with the numbers in them."""
    for number in _numbers(clinic):
        words = words.replace(number.mark, number.written)
    return words


def html(words: str, clinic: Clinic | None, *, links: bool = True) -> str:
    """Words as HTML; within a button, which is a link itself, numbers are none."""
    shown = escape(words)
    for number in _numbers(clinic):
        shown = shown.replace(number.mark, number.link if links else number.bare)
    return shown


def element(tag: str, said: Said | None, page: str, clinic: Clinic | None, attributes: str = "") -> str:
    """One element around words; nothing where there are none."""
    if said is None:
        return ""
    return f"<{tag}{attributes}{tongue(said, page)}>{html(said.words, clinic)}</{tag}>"


def button(said: Said | None, page: str, clinic: Clinic | None, href: str, look: str = "") -> str:
    """A link that looks like a button."""
    if said is None:
        return ""
    words = html(said.words, clinic, links=False)
    return f'<a class="button{look}" href="{escape(href)}"{tongue(said, page)}><span>{words}</span></a>'
