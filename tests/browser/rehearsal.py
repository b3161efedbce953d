"""A sandbox of one's own, and patients whose texts are of every kind."""

from contextlib import contextmanager

from integration.sandbox.conftest import SandboxProcess

ANA, OMAR, SENDER = "+12605550123", "+12605550142", "+15005550006"
PATIENTS = [
    (
        ANA,
        "Ana · es · New York",
        "es",
        "Su cita: martes, 1 de diciembre, 9:30 a. m.",
        "Responda 1. " * 40,
    ),
    (OMAR, "عمر · ar · New York", "ar", "Riverside Pain Clinic: موعدك يوم الثلاثاء الساعة 9:30", "1"),
    ("+12605550103", "健太 · ja · Los Angeles", "ja", "12月1日（火）午前9時30分に注射のご予約があります。"),
    ("+12605550104", "प्रिया · hi · Chicago", "hi", "आपकी अपॉइंटमेंट मंगलवार को सुबह 9:30 बजे है।"),
    ("+12605550106", "شیرین · fa · Toronto", "fa", "نوبت تزریق شما سه‌شنبه ساعت ۹:۳۰ است."),
    ("+12605550107", "Fred · en", "en", "Your visit is on Tuesday. https://clinic.example/" + "a" * 120),
    ("+12605550108", "Lou " + "with a long name " * 6 + "· pt_BR · São Paulo", "pt_BR", "Até amanhã"),
    ("+12605550109", "Nora · en", "en"),
]


@contextmanager
def a_sandbox(folder, *flags):
    process = SandboxProcess(folder / "sandbox.sqlite", *flags)
    try:
        yield process
    finally:
        process.stop()


def card(page, number=ANA):
    """The phone with this number on the page."""
    return page.locator(f"#p-{number.removeprefix('+')}")
