"""Read the texts out of a TwiML answer.

The tolerant HTML parser is used on purpose: it expands no entity but characters, so an answer
cannot blow up or reach for files the way a general XML parser might.
"""

from html.parser import HTMLParser
from typing import Final

# Twilio stops after ten replies to one message (error 14109).
_MOST_REPLIES: Final = 10


def replies(answer: str) -> list[str]:
    """Return the bodies of `<Message>` (with or without `<Body>`), in order."""
    parser = _Texts()
    parser.feed(answer)
    parser.close()
    return parser.texts[:_MOST_REPLIES]


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in {"message", "sms"}:
            self._open = []

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"message", "sms"} and self._open is not None:
            text = "".join(self._open).strip()
            self._open = None
            if text:
                self.texts.append(text)
