"""What it costs to write a text and to count its segments, beside smsutil and plain gettext in the same run.

    python benchmarks/content.py [--rounds 5]

Each round measures everything once, one after the other, so that a noisy machine is noisy for all. Printed
are the medians over the rounds of the mean per call, their spread, and ratios within the round. The limits
on a small machine: 50 µs for a text, 10 µs for a count of 150 characters.
"""

from __future__ import annotations

import argparse
import gettext
import io
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

import smsutil
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from sms_service.content.gate import Drafts
from sms_service.content.library import load_library
from sms_service.content.places import locales_dir
from sms_service.content.writing import About, write
from sms_service.domain.ids import ClinicId, SenderId
from sms_service.domain.people import Clinic
from sms_service.domain.segments import measure

CALLS = 4000
LIMITS = {"compose": 50.0, "segments": 10.0}
LATIN = (
    "Your injection visit is on Thursday, May 20 at 9:30 AM. Plan a ride unless we said you can drive."
    " Questions? Call (555) 010-2000 in clinic hours, please."
)[:150]
CYRILLIC = (
    "Подготовка к визиту для инъекции. Когда: четверг, 20 мая, 09:30. Пусть вас отвезут, если мы не сказали,"
    " что можно вести машину. Вопросы? Звоните нам."
)[:150]


def per_call(act: Callable[[], object]) -> float:
    """Mean microseconds of one call."""
    began = time.perf_counter()
    for _ in range(CALLS):
        act()
    return (time.perf_counter() - began) / CALLS * 1e6


def plain_gettext() -> Callable[[], str]:
    """What a plain gettext program does: look up by context, fill with %."""
    path = locales_dir() / "es" / "LC_MESSAGES" / "common.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="es")
    held = io.BytesIO()
    write_mo(held, catalog)
    held.seek(0)
    translations = gettext.GNUTranslations(held)
    library = load_library()
    source = next(text for text in library.texts if text.context == "common.confirm.default").text
    facts = {"clinic": "Cedar", "date": "jueves, 20 de mayo", "time": "9:30 a.m.", "address": "12 River St"}

    def fill() -> str:
        words = translations.pgettext("common.confirm.default", source)
        return words.replace("{", "%(").replace("}", ")s") % facts

    return fill


def subjects() -> dict[str, Callable[[], object]]:
    """Everything that is measured."""
    library = load_library()
    gate = Drafts(library)
    clinic = Clinic(
        id=ClinicId(1),
        sender_id=SenderId(1),
        name="Cedar Clinic",
        program="Injection Guide",
        phone="(555) 010-2000",
        after_hours_phone="(555) 010-2999",
        zone="America/New_York",
        addresses={"": "12 River Street"},
    )
    by_context = {text.context: text for text in library.texts}
    about = {
        language: About(language=language, starts=(datetime(2027, 5, 20, 9, 30),), follow=8)  # noqa: DTZ001 - a wall time
        for language in ("en", "es", "ru", "ar", "zh_Hans")
    }
    confirm, welcome = by_context["common.confirm.default"], by_context["common.welcome.full"]
    found: dict[str, Callable[[], object]] = {
        f"compose confirm {language}": lambda a=a: write(library, gate, clinic, confirm, a)
        for language, a in about.items()
    }
    found |= {
        f"compose welcome (plural) {language}": lambda a=a: write(library, gate, clinic, welcome, a)
        for language, a in about.items()
    }
    return found | {
        "segments GSM-7, 150 characters": lambda: measure(LATIN),
        "segments UCS-2, 150 characters": lambda: measure(CYRILLIC),
        "peer: smsutil split, GSM-7": lambda: smsutil.split(LATIN),
        "peer: smsutil split, UCS-2": lambda: smsutil.split(CYRILLIC),
        "peer: gettext + % (no date, no segments)": plain_gettext(),
    }


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    every = subjects()
    for act in every.values():
        act()
    rounds = [{name: per_call(act) for name, act in every.items()} for _ in range(options.rounds)]
    peers = {
        "compose": "peer: gettext + % (no date, no segments)",
        "segments G": "peer: smsutil split, GSM-7",
        "segments U": "peer: smsutil split, UCS-2",
    }
    print(f"smsutil {version('smsutil')}, {options.rounds} rounds of {CALLS} calls\n")
    print("| what | µs, median | spread | limit | beside its peer |")
    print("|---|---|---|---|---|")
    for name in every:
        times = [each[name] for each in rounds]
        median = statistics.median(times)
        spread = (max(times) - min(times)) / median
        limit = next((held for start, held in LIMITS.items() if name.startswith(start)), None)
        peer = next((held for start, held in peers.items() if name.startswith(start)), None)
        ratio = statistics.median(each[name] / each[peer] for each in rounds) if peer else None
        shown = f"{limit:g}" if limit else ""
        print(f"| {name} | {median:.1f} | {spread:.0%} | {shown} | {f'{ratio:.2f} x' if ratio else ''} |")


if __name__ == "__main__":
    main()
