"""What the provider's list says of our texts: corrected where it knows better, kept where the two differ."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from integration.service.rehearsal import RealProvider, SandboxProcess, forget
from integration.service.world import ADDRESS, ANA, BEN, NOW, event

from sms_service.domain.request import Listed, Trace
from sms_service.provider import traces as traces_module
from sms_service.provider.errors import ProviderUnavailable
from sms_service.store.differences import close_by_hand, list_open, open_differences
from sms_service.use_cases import compare_ledger as ledger_module
from sms_service.use_cases.compare_ledger import LOOK_BACK, compare_nightly, compare_now

CAL = "+12605550125"
#: The provider dates by whole seconds, and may round up: what was just made must not look younger than now.
WHOLE_SECONDS = -2


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("ledger") / "sandbox.sqlite", "--receipt-delay", "0")
    yield process
    process.stop()


@pytest.fixture
def real(world, sandbox, monkeypatch):
    """The world with the sandbox for its provider, and a fence that has always just committed."""
    forget(sandbox)
    monkeypatch.setattr(world, "boot", float("inf"))
    world.provider, world.sandbox = RealProvider(sandbox), sandbox
    return world


def until(condition):
    """Wait for the sandbox's carrier, which moves in real time."""
    for _ in range(2000):
        if condition():
            return
        asyncio.run(asyncio.sleep(0.005))
    raise AssertionError("it never came true")


def text(world, *visits, phone=ANA, **said):
    """Send the welcome of some visits and let the sandbox deliver it; no receipt arrives."""
    for visit in visits or ("V1",):
        world.say("booked", visit, f"P-{visit}", phone=phone, **said)
    world.run()
    until(world.sandbox.settled)


def compare(world, since=None, **options):
    options.setdefault("grace_seconds", WHOLE_SECONDS)
    counts = asyncio.run(compare_now(world.service, world.provider, since, **options))
    return {name: count for name, count in counts.items() if name != "steps"}


def nightly(world, hour=3, **options):
    options.setdefault("grace_seconds", WHOLE_SECONDS)
    return asyncio.run(compare_nightly(world.service, world.provider, hour=hour, **options))


def opened(world):
    with world.service.db.transaction() as connection:
        return open_differences(connection)


def kept(world):
    return [
        (row.kind, row.ours, row.theirs, row.resolution)
        for row in world.all("SELECT * FROM differences ORDER BY id")
    ]


# ---- where the provider knows better


def test_a_final_status_whose_receipt_was_lost_is_taken_in_like_a_receipt(real):
    text(real)
    assert real.message("welcome").state == "sent"
    assert compare(real) == {"compared": 1, "corrected": 1}
    assert real.message("welcome").state == "delivered"
    assert real.all("SELECT status FROM receipts")[0].status == "delivered"
    assert kept(real) == [("status", "queued", "delivered", "corrected")]
    assert opened(real) == {}


def test_a_failure_whose_receipt_was_lost_has_its_consequences(real):
    real.sandbox.post("faults", {"outcomes": {ANA: 30005}})
    text(real)
    compare(real)
    assert real.states()["welcome"] == ("undelivered", "number_unusable")
    assert real.tasks() == ["number_unusable"]


def test_what_was_billed_is_stored_with_the_attempt(real):
    text(real)
    compare(real)
    attempt = real.attempt()
    assert attempt.billed_segments == attempt.segments > 0
    assert attempt.price == Decimal("-0.0083") * attempt.segments
    assert attempt.price_unit == "USD"
    assert attempt.listed_at is not None


def test_segments_that_are_not_those_we_counted_are_stored_and_told_once(real):
    text(real)
    real.do("UPDATE attempts SET segments = segments + 1")
    compare(real)
    compare(real)
    attempt = real.attempt()
    assert attempt.billed_segments == attempt.segments - 1
    assert [row for row in kept(real) if row[0] == "segments"] == [
        ("segments", str(attempt.segments), str(attempt.billed_segments), "corrected")
    ]


class Listing:
    """A provider's list as the test writes it, in one page; asked one by one, it has nothing more."""

    def __init__(self, *traces, during=None):
        self.traces, self.during = traces, during

    async def page(self, place=None):
        assert place is None
        if self.during is not None:
            self.during()
        return Listed(traces=self.traces, next_place=None)

    async def message(self, sid):
        return next((trace for trace in self.traces if trace.sid == sid), None)


def listed(world, **said):
    values = {
        "sid": world.attempt().sid,
        "sender": ADDRESS,
        "body": "",
        "status": "delivered",
        "created_at": datetime.now(UTC) - timedelta(seconds=1),
    }
    return Trace(**values | said)


def sent(world):
    world.say("booked")
    world.run()


def test_the_price_is_stored_with_its_unit_and_a_change_of_it_is_told(world):
    sent(world)
    world.provider = Listing(listed(world, price=Decimal("-0.00790"), price_unit="USD"))
    compare(world)
    assert (world.attempt().price, world.attempt().price_unit) == (Decimal("-0.00790"), "USD")
    world.provider = Listing(listed(world, price=Decimal("-0.0158"), price_unit="USD"))
    compare(world)
    assert world.attempt().price == Decimal("-0.0158")
    assert ("price", "-0.007900", "-0.0158", "corrected") in kept(world)


def test_a_price_that_is_not_known_yet_does_not_take_one_away(world):
    sent(world)
    world.provider = Listing(listed(world, price=Decimal("-0.0079"), price_unit="USD"))
    compare(world)
    world.provider = Listing(listed(world, segments=9))  # so that the row is written again
    compare(world)
    assert world.attempt().billed_segments == 9
    assert world.attempt().price == Decimal("-0.0079")


def test_another_error_code_that_comes_later_is_stored_and_nothing_follows_from_it(world):
    sent(world)
    world.receipt(world.attempt().id, "undelivered", 30007)
    before, tasks = world.states(), world.tasks()
    world.provider = Listing(listed(world, status="undelivered", code=30005))
    compare(world)
    assert world.attempt().code == 30005
    assert (world.states(), world.tasks()) == (before, tasks)
    assert ("code", "30007", "30005", "corrected") in kept(world)


def test_a_list_that_lags_moves_nothing_backwards(world):
    sent(world)
    world.receipt(world.attempt().id, "delivered")
    world.provider = Listing(listed(world, status="sent"))
    assert compare(world) == {"compared": 1}
    assert world.message("welcome").state == "delivered"
    assert kept(world) == []


def test_of_two_final_words_the_first_stays_and_staff_are_to_phone(world):
    sent(world)
    world.receipt(world.attempt().id, "delivered")
    world.provider = Listing(listed(world, status="undelivered", code=30003))
    compare(world)
    assert world.message("welcome").state == "delivered"
    assert opened(world) == {"status": 1}
    assert world.tasks() == ["phone_instead"]
    world.provider = Listing(listed(world, status="delivered"))
    compare(world)
    assert opened(world) == {}
    assert kept(world) == [("status", "delivered", "undelivered", "agreed")]


def test_a_text_that_arrived_after_all_is_a_difference_and_no_work(world):
    sent(world)
    world.receipt(world.attempt().id, "undelivered", 30007)
    tasks = world.tasks()
    world.provider = Listing(listed(world, status="delivered"))
    compare(world)
    assert opened(world) == {"status": 1}
    assert world.tasks() == tasks


# ---- what only one of the two has


def elsewhere(world, sender=ADDRESS, phone=BEN, body="from somewhere else"):
    """A text that the provider has and no attempt knows; its SID."""
    sid = world.sandbox.client().messages.create(to=phone, from_=sender, body=body).sid
    until(world.sandbox.settled)
    return sid


def test_a_text_of_our_sender_that_no_attempt_knows_is_a_difference_until_somebody_looked(real, caplog):
    caplog.set_level(logging.INFO, logger="sms_service")
    sid = elsewhere(real)
    assert compare(real) == {"unknown_here": 1}
    compare(real)
    (row,) = real.all("SELECT * FROM differences")
    assert (row.kind, row.sid, row.attempt_id, row.theirs) == ("unknown_here", sid, None, "delivered")
    assert row.last_seen > row.first_seen
    assert opened(real) == {"unknown_here": 1}
    assert "unknown_here=1" in caplog.text
    assert BEN not in caplog.text
    with real.service.db.transaction([real.home.clinic_id]) as connection:
        (one,) = list_open(connection, 10)
        assert close_by_hand(connection, one.id)
        assert not close_by_hand(connection, one.id)
    assert opened(real) == {}


def test_what_another_sender_of_the_account_sent_is_not_ours(real):
    elsewhere(real, sender="+15005550999")
    assert compare(real) == {}


def test_what_patients_wrote_and_what_the_provider_answered_them_is_not_compared(real):
    text(real)
    real.sandbox.post("settings", {"opt_out_reply": "provider"})
    real.sandbox.post(f"phones/{ANA}/reply", {"body": "STOP"})
    until(real.sandbox.settled)
    assert len(real.sandbox.texts(direction="all")) == 3
    assert compare(real) == {"compared": 1, "corrected": 1}


def test_what_is_younger_than_the_grace_is_not_judged_yet(real):
    elsewhere(real)
    assert compare(real, grace_seconds=600) == {}
    assert compare(real) == {"unknown_here": 1}


def test_a_text_that_nobody_knew_and_is_found_again_is_no_difference_any_more(real):
    sid = elsewhere(real)
    compare(real)
    text(real)
    real.do("UPDATE attempts SET sid = %s", sid)
    assert compare(real)["matched"] == 1
    assert kept(real)[0] == ("unknown_here", None, "delivered", "matched")


def test_an_accepted_text_that_the_provider_does_not_have_is_for_staff(real):
    text(real)
    real.sandbox.client().messages(real.attempt().sid).delete()
    assert compare(real) == {"missing_there": 1}
    assert opened(real) == {"missing_there": 1}
    assert real.tasks() == ["untraceable"]


def test_a_text_that_is_known_to_have_left_and_is_gone_there_is_no_work_for_staff(real):
    text(real)
    real.receipt(real.attempt().id, "delivered", of=real.attempt().sid)
    real.sandbox.client().messages(real.attempt().sid).delete()
    assert compare(real) == {"missing_there": 1}
    assert real.tasks() == []


def test_what_was_listed_once_may_be_deleted_there(real):
    text(real)
    compare(real)
    real.sandbox.client().messages(real.attempt().sid).delete()
    assert compare(real) == {}


def test_what_the_list_does_not_show_is_asked_for_before_it_is_missed(real):
    text(real)
    real.sandbox.post("faults", {"list_lag": 3600})
    assert compare(real) == {"compared": 1, "corrected": 1}
    assert real.message("welcome").state == "delivered"


def test_a_missing_text_that_shows_up_later_is_no_difference_any_more(world):
    sent(world)
    there = listed(world, status="queued")
    world.provider = Listing()
    assert compare(world) == {"missing_there": 1}
    world.provider = Listing(there)
    compare(world)
    assert kept(world) == [("missing_there", "queued", None, "agreed")]


# ---- many pages, once a day, whatever is killed


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(traces_module, "LEDGER_PAGE_SIZE", 2)
    monkeypatch.setattr(ledger_module, "_STEPS", 1)
    monkeypatch.setattr(ledger_module, "_ONE_BY_ONE", 2)


@pytest.mark.usefixtures("small_pages")
def test_a_long_list_is_read_in_turns_and_each_goes_on_where_the_one_before_ended(real):
    text(real, *[f"V{number}" for number in range(7)])
    counted = []
    while counts := nightly(real):
        counted.append(counts["compared"])
    assert counted == [2, 4, 6, 7, 7]  # four pages, and what no list has shown: nothing
    assert real.one("SELECT count(*) FROM messages WHERE state = 'delivered'") == 7


@pytest.mark.usefixtures("small_pages")
def test_what_no_list_has_shown_is_asked_for_in_turns(real):
    text(real, *[f"V{number}" for number in range(5)])
    real.sandbox.post("faults", {"list_lag": 3600})
    counted = []
    while counts := nightly(real):
        counted.append(counts.get("compared", 0))
    assert counted == [0, 2, 4, 5]


@pytest.mark.usefixtures("small_pages")
def test_a_list_that_fails_in_the_middle_is_read_on_from_there(real):
    text(real, "V1", "V2", "V3")
    assert nightly(real)["compared"] == 2
    real.sandbox.post("faults", {"faults": [{"kind": "500", "on": "list", "times": 1}]})
    with pytest.raises(ProviderUnavailable):
        nightly(real)
    assert nightly(real)["compared"] == 3


@pytest.mark.usefixtures("small_pages")
def test_a_place_that_the_provider_forgot_begins_the_list_again(real):
    text(real, "V1", "V2", "V3")
    nightly(real)
    real.do("UPDATE ledger_runs SET place = replace(place, 'PageToken=', 'PageToken=gone')")
    with pytest.raises(ProviderUnavailable):
        nightly(real)
    assert real.one("SELECT place FROM ledger_runs") is None
    while nightly(real):
        pass
    assert real.one("SELECT count(*) FROM attempts WHERE listed_at IS NULL") == 0


def test_it_runs_once_a_day_and_reaches_back_behind_the_last_one(real):
    assert nightly(real)
    assert nightly(real) == {}
    assert nightly(real, hour=(datetime.now(UTC) + timedelta(hours=1)).hour) == {}
    for column in ("since", "until", "began_at", "ended_at"):
        real.do(f"UPDATE ledger_runs SET {column} = {column} - interval '3 days'")
    assert nightly(real)
    first, second = real.all("SELECT * FROM ledger_runs ORDER BY id")
    assert second.since == first.until - LOOK_BACK


def test_a_comparison_by_hand_of_a_short_time_does_not_stand_for_the_nightly_one(real):
    compare(real, datetime.now(UTC) - timedelta(hours=1))
    assert nightly(real)
    assert compare(real, datetime.now(UTC) - timedelta(days=400)) == {}
    assert nightly(real) == {}


@pytest.mark.usefixtures("small_pages")
def test_a_comparison_by_hand_brings_an_open_one_to_its_end_first(real):
    text(real, "V1", "V2", "V3")
    nightly(real)
    compare(real)
    assert real.one("SELECT count(*) FROM ledger_runs WHERE ended_at IS NOT NULL") == 2


@pytest.mark.usefixtures("small_pages")
def test_one_that_was_overtaken_does_not_begin_again_what_the_other_has_ended(real):
    text(real, *[f"V{number}" for number in range(5)])
    nightly(real)
    page = real.provider.page

    async def overtaken(place):
        real.provider.page = page
        while await compare_nightly(real.service, real.provider, hour=3, grace_seconds=WHOLE_SECONDS):
            pass
        return await page(place)

    real.provider.page = overtaken
    nightly(real)
    assert real.one("SELECT ended_at IS NOT NULL FROM ledger_runs")
    assert real.one("SELECT counts->>'compared' FROM ledger_runs") == "5"
    assert real.one("SELECT count(*) FROM attempts WHERE listed_at IS NULL") == 0


def test_without_a_sender_nothing_is_asked(world):
    world.do("SET session_replication_role = replica; DELETE FROM senders; RESET session_replication_role")
    world.provider = None
    assert nightly(world) == {}


def test_no_transaction_is_open_while_the_provider_is_asked(world):
    sent(world)
    idle = []

    def look():
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'sms_app' AND xact_start IS NOT NULL"
        idle.append(world.one(query))

    world.provider = Listing(listed(world), during=look)
    compare(world)
    assert idle == [0]


def test_texts_of_several_clinics_on_one_page_are_each_compared(real):
    other = real.clinic("hill")
    real.say("booked", "V1", "P1")
    real.take(event("booked", "V2", "P2", phone=BEN), other)
    real.run()
    until(real.sandbox.settled)
    assert compare(real) == {"compared": 2, "corrected": 2}
    assert real.one("SELECT count(*) FROM messages WHERE state = 'delivered'") == 2


def test_a_clinic_sees_its_own_differences_and_those_of_nobody(real):
    other = real.clinic("hill")
    text(real)
    elsewhere(real)
    real.sandbox.client().messages(real.attempt().sid).delete()
    compare(real)
    for clinics, kinds in (
        ([real.home.clinic_id], {"missing_there", "unknown_here"}),
        ([other.clinic_id], {"unknown_here"}),
    ):
        with real.service.db.transaction(clinics) as connection:
            assert {one.kind for one in list_open(connection, 10)} == kinds
    with real.service.db.transaction([other.clinic_id]) as connection:
        changed = connection.execute(sa.text("UPDATE differences SET ours = 'x' WHERE clinic_id IS NOT NULL"))
        assert changed.rowcount == 0


def test_nothing_in_it_names_a_patient(real):
    text(real, phone=CAL)
    elsewhere(real, phone=CAL)
    compare(real)
    for table in ("differences", "ledger_runs"):
        rows = str(real.all(f"SELECT * FROM {table}"))
        assert CAL not in rows
        assert CAL[1:] not in rows
    assert real.now == NOW
