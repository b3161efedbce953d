"""Words as HTML: escaped, in their own language and direction, with numbers that a tap calls."""

from __future__ import annotations

import re
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


def numbers(clinic: Clinic | None) -> dict[str, str]:
    """What each mark of a number stands for."""
    if clinic is None:
        return {}
    held = {
        "phone": clinic.phone,
        "after_hours_phone": clinic.after_hours_phone,
        "emergency": clinic.emergency,
        "crisis": clinic.crisis,
    }
    return {DIALLED[name]: number for name, number in held.items()}


def plain(words: str, clinic: Clinic | None) -> str:
    """Words outside HTML, with the numbers in them."""
    for mark, number in numbers(clinic).items():
        words = words.replace(mark, number)
    return words


def html(words: str, clinic: Clinic | None, *, links: bool = True) -> str:
    """Words as HTML; within a button, which is a link itself, numbers are none."""
    shown = escape(words)
    for mark, number in numbers(clinic).items():
        bare = f"<bdi>{escape(number)}</bdi>"
        shown = shown.replace(mark, f'<a href="{escape(dial(number))}">{bare}</a>' if links else bare)
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
