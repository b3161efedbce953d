"""The phones of the whole running service: a booking at its door becomes texts that a person answers."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from browser.rehearsal import card
from end_to_end.conftest import a_world
from playwright.sync_api import expect

NEW_YORK = ZoneInfo("America/New_York")
ANA, ELENA = "+12125550121", "+12125550122"


@pytest.fixture(scope="module")
def world(chromium, tmp_path_factory):
    """A running service of its own; without a browser there is nothing to start."""
    del chromium
    with a_world(tmp_path_factory.mktemp("browser") / "data") as running_world:
        yield running_world


def on(day, hour, minute=0):
    return datetime(2031, 6, day, hour, minute, tzinfo=NEW_YORK)


def test_a_booking_is_read_confirmed_and_stopped_on_the_phones_of_the_running_service(world, opened):
    page = opened(world.stack.sandbox_url).page
    world.now(on(2, 9))
    world.event("booked", "seen-en", on(2, 9), phone=ANA, start=on(11, 11))
    world.event("booked", "seen-es", on(2, 9), phone=ELENA, language="es", start=on(11, 11))
    expect(card(page, ANA).get_by_text("Riverside Pain Clinic").first).to_be_visible()
    expect(card(page, ELENA).locator("p", has_text="inyección").first).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(2)

    world.run_to(on(8, 12))
    expect(card(page, ANA).get_by_text("Wednesday, June 11, 11:00 AM")).to_be_in_viewport()
    expect(card(page, ELENA).get_by_text("miércoles, 11 de junio")).to_be_visible()

    field = card(page, ANA).get_by_role("textbox")
    field.fill("1")
    field.press("Enter")
    expect(card(page, ANA).locator("li.bubble").last).to_contain_text("Noted")
    assert world.until(lambda: world.visit("seen-en")["confirmed"])
    assert not world.visit("seen-es")["confirmed"]

    card(page, ELENA).get_by_role("button", name="STOP").click()
    expect(card(page, ELENA).locator("li.bubble").last).to_contain_text("START")
    before = len(world.texts(ELENA))
    world.run_to(on(20, 12))
    expect(page.locator("#clock")).to_contain_text("Fri 20 Jun 2031")
    expect(card(page, ELENA).locator("li.theirs")).to_have_count(before)
    assert len(world.texts(ELENA)) == before
    assert len(world.texts(ANA)) > before
    expect(page.locator(".lost")).to_have_count(0)
