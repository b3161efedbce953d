"""A real server, a real copy of it, a real sandbox: the texts of the lost time do not go twice."""

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from integration.service.conftest import PASSWORDS
from integration.service.rehearsal import RealProvider, SandboxProcess, forget
from integration.service.world import NOW, World

from sms_service.runtime import Supervisor, put_back, start_postgres, take_snapshot
from sms_service.runtime import forget as forget_data
from sms_service.store.differences import open_differences
from sms_service.store.migrate import migrate
from sms_service.store.roles import APP, OWNER, ensure_database
from sms_service.use_cases.compare_ledger import compare_now
from sms_service.use_cases.guard_restore import guard_restore, reconcile_since
from sms_service.use_cases.receive import receive
from sms_service.use_cases.settle import settle

#: One patient, one phone and one visit each, by what happened to their welcome around the snapshot.
SENT, UNDER_WAY, WAITED, DUE_LATER, LOST_EVENT, NEW = (f"+121255501{number}" for number in range(50, 56))
LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def data(monkeypatch):
    private = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable.chmod(0o711)
    monkeypatch.setenv("SMS_RUNTIME_DIR", str(reachable))
    yield private / "data"
    forget_data(private / "data")
    shutil.rmtree(private)
    shutil.rmtree(reachable)


@pytest.fixture
def sandbox(tmp_path):
    process = SandboxProcess(tmp_path / "sandbox.sqlite", "--receipt-delay", "0")
    forget(process)
    yield process
    process.stop()


@contextmanager
def running(data):
    """One life of the server, and the service on it."""
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor)
        ensure_database(server.url(), "sms", PASSWORDS)
        urls = [
            server.url_for(role, password, "sms", scheme="postgresql+psycopg")
            for role, password in ((APP, PASSWORDS.app), (OWNER, PASSWORDS.owner))
        ]
        migrate(urls[1])
        world = World(*urls, server.url("sms"))
        world.boot, world.supervisor = float("inf"), supervisor
        yield world
        world.close()


def book(world, phone):
    world.say("booked", f"V{phone}", f"P{phone}", phone=phone)


def texts(sandbox):
    return Counter(text["to"] for text in sandbox.texts())


def until_settled(sandbox):
    for _ in range(2000):
        if sandbox.settled():
            return
        asyncio.run(asyncio.sleep(0.005))
    raise AssertionError("the sandbox did not come to rest")


def lose_an_hour(data, sandbox, copy):
    """Live until a snapshot and beyond it, then lose the server; the snapshot's instant and lost receipts."""
    with running(data) as world:
        world.begin()
        world.provider = RealProvider(sandbox)
        assert guard_restore(world.service) is False
        book(world, SENT)
        world.run()
        book(world, UNDER_WAY)
        (batch,) = world.tick()
        requests, _ = world.fence(batch)
        book(world, WAITED)
        world.set(LATER - timedelta(minutes=5))  # the one that waits is due; nobody has claimed it yet
        since = take_snapshot(world.supervisor.home, copy)

        settle(world.service, batch.clinics, asyncio.run(world.provider.send(requests)))
        world.run()
        world.set(LATER)
        book(world, DUE_LATER)
        book(world, LOST_EVENT)
        world.run()
        until_settled(sandbox)
        lost = world.all("SELECT id, sid, mark FROM attempts ORDER BY id")
        world.supervisor.kill("postgres")
    put_back(data, copy)
    return since, lost


def learn(world, since):
    counts = asyncio.run(reconcile_since(world.service, world.provider, since, world.now))
    ledger = asyncio.run(compare_now(world.service, world.provider, since, grace_seconds=-2))
    with world.service.db.transaction() as connection:
        return counts, ledger, open_differences(connection)


@contextmanager
def restored(data, sandbox):
    with running(data) as world:
        world.provider = RealProvider(sandbox)
        world.home = None
        world.set(LATER)
        yield world


def test_after_a_restore_the_lost_texts_do_not_go_again_and_new_ones_do(data, sandbox, tmp_path):
    since, lost = lose_an_hour(data, sandbox, tmp_path / "copy")
    before = texts(sandbox)
    assert before == dict.fromkeys([SENT, UNDER_WAY, WAITED, DUE_LATER, LOST_EVENT], 1)
    with restored(data, sandbox) as world:
        (feed,) = world.all("SELECT id AS feed_id, clinic_id FROM feeds")
        world.home = feed
        # the clinic sends again what was lost; the door is open while sending is held
        book(world, DUE_LATER)
        book(world, LOST_EVENT)
        assert guard_restore(world.service) is True
        assert world.tick() == []
        assert texts(sandbox) == before

        counts, ledger, differences = learn(world, since)
        assert counts == {"found": 1, "already_sent": 3}
        assert ledger["compared"] == 5
        assert differences == {}
        assert guard_restore(world.service) is False
        book(world, NEW)
        world.run()
        until_settled(sandbox)
        assert texts(sandbox) == before + Counter([NEW])
        assert world.one("SELECT count(*) FROM messages WHERE step = 'welcome' AND state = 'delivered'") == 5

        # receipts of the lost time name ids that are nobody's, or another's, by now
        for one, (attempt, sid, mark) in enumerate(lost):
            assert receive(world.service, attempt, sid, "read", None, None, mark) == "applied", one
        assert world.one("SELECT count(*) FROM attempts WHERE status = 'read'") == 5


def test_a_text_for_an_event_that_nobody_sent_again_is_told_as_a_difference(data, sandbox, tmp_path):
    since, _ = lose_an_hour(data, sandbox, tmp_path / "copy")
    with restored(data, sandbox) as world:
        guard_restore(world.service)
        counts, _, differences = learn(world, since)
        assert counts == {"found": 1, "already_sent": 1}
        assert differences == {"unknown_here": 2}


def test_without_learning_what_was_sent_nothing_goes_however_often_somebody_releases(data, sandbox, tmp_path):
    lose_an_hour(data, sandbox, tmp_path / "copy")
    before = texts(sandbox)
    with restored(data, sandbox) as world:
        for _ in range(3):
            assert guard_restore(world.service) is True
            assert world.run() == []
            world.do("UPDATE holds SET released_at = clock_timestamp() WHERE released_at IS NULL")
        assert texts(sandbox) == before


def test_a_snapshot_from_before_the_first_tick_is_noticed_as_well(data, tmp_path):
    with running(data) as world:
        take_snapshot(world.supervisor.home, tmp_path / "copy")
        world.supervisor.kill("postgres")
    put_back(data, tmp_path / "copy")
    with running(data) as world:
        assert guard_restore(world.service) is True
