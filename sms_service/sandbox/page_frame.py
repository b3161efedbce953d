"""Draw what surrounds the phones: the clock, how many there are, and what to do where there is none."""

from html import escape
from urllib.parse import urlencode

from sms_service.sandbox.page_bubble import day, shown_moment


def clock(shown_at: str | None) -> str:
    """Say which time new texts carry."""
    if shown_at is None:
        return '<span class="dot"></span>Real time <b>UTC</b>'
    moment = shown_moment(shown_at, 0)
    return f'<span class="dot rehearsal"></span>Rehearsal time <b>{day(moment)}, {moment:%H:%M}</b>'


def count(shown: int, found: int, query: str) -> str:
    """Say how many phones there are, and lead to those that are not shown."""
    if shown == found:
        matching = " found" if query else ""
        return f"{found} phone{'' if found == 1 else 's'}{matching}" if found else ""
    more = urlencode({"q": query, "phones": min(found, shown * 2)})
    return f'{shown} of {found} phones, those with the latest texts. <a href="/?{escape(more)}">Show more</a>'


def nothing(query: str) -> str:
    """Say why no phone is there."""
    if query:
        return '<div class="nothing"><h2>No phone matches</h2><p><a href="/">Show all phones</a></p></div>'
    return (
        '<div class="nothing"><svg aria-hidden="true"><use href="#phone"/></svg><h2>No texts yet</h2>'
        "<p>Book a patient, and their phone will appear here.</p></div>"
    )


def searched(query: str, phones: str) -> str:
    """Let a form bring back what was searched for, so that a search outlives a reply."""
    given = {"q": query, "phones": phones}
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in given.items()
        if value
    )


def unanswerable(number: str) -> str:
    """Say that a reply went nowhere."""
    return (
        f'<p class="note trouble" role="alert">Nothing was sent: nobody has texted {escape(number)} yet,'
        " so there is nobody to answer.</p>"
    )
