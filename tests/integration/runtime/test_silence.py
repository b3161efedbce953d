"""A process that is there and does nothing is killed and started again; one that is slow is left alone."""

import logging
import os
import signal
import sys
import textwrap

import psutil

from sms_service.runtime import Child, Supervisor
from sms_service.runtime.silence import Silence

_LIVELY = """
    import sys, time
    from pathlib import Path
    mark, stop = Path(sys.argv[1]), Path(sys.argv[2])
    turns = 0
    while not stop.exists():
        turns += 1
        mark.write_text(str(turns))
        time.sleep(float(sys.argv[3]))
    time.sleep(600)  # alive, and hung
"""


def _turns(mark):
    return int(mark.read_text() or 0) if mark.exists() else 0


def _lively(folder, *, every=0.02, silence=1.0):
    """A child that gives a sign `every` so many seconds until the file `stop` appears; and the two files."""
    mark, stop = folder / "mark", folder / "stop"
    child = Child(
        name="worker",
        argv=[sys.executable, "-I", "-S", "-c", textwrap.dedent(_LIVELY), mark, stop, str(every)],
        before=lambda: mark.unlink(missing_ok=True),
        ready=mark.exists,
        sign=lambda: mark.stat().st_mtime_ns if mark.exists() else None,
        silence=silence,
    )
    return child, mark, stop


def _told(caplog):
    return [r.getMessage() for r in caplog.records if r.name.startswith("sms_service.runtime")]


def test_a_stopped_process_is_killed_and_started_again_with_one_line(data, tmp_path, until, caplog):
    child, _, _ = _lively(tmp_path)
    with caplog.at_level(logging.WARNING), Supervisor(data) as supervisor:
        supervisor.start(child)
        pid = supervisor.pid("worker")
        os.kill(pid, signal.SIGSTOP)
        until(lambda: supervisor.restarts("worker") == 1, 15)
        supervisor.wait_ready("worker")
        assert supervisor.pid("worker") != pid
        assert not psutil.pid_exists(pid)
        assert len(_told(caplog)) == 1
        assert "no sign of life for" in _told(caplog)[0]


def test_a_process_that_hangs_is_found_though_it_runs(data, tmp_path, until):
    child, _, stop = _lively(tmp_path)
    with Supervisor(data) as supervisor:
        supervisor.start(child)
        stop.touch()
        until(lambda: supervisor.restarts("worker") == 1, 15)
        stop.unlink()
        supervisor.wait_ready("worker")


def test_a_lively_process_is_left_alone_for_many_times_its_silence(data, tmp_path, until):
    child, mark, _ = _lively(tmp_path)
    with Supervisor(data) as supervisor:
        supervisor.start(child)
        until(lambda: _turns(mark) > 150, 30)
        assert supervisor.restarts("worker") == 0


def test_a_busy_process_within_its_limit_is_left_alone(data, tmp_path, until):
    child, mark, _ = _lively(tmp_path, every=2.2, silence=30.0)
    with Supervisor(data) as supervisor:
        supervisor.start(child)
        until(lambda: _turns(mark) >= 4, 30)
        assert supervisor.restarts("worker") == 0


def test_a_process_without_a_declared_sign_may_be_silent(data, tmp_path, until):
    code = "import time; time.sleep(600)"
    sleeper = Child(name="quiet", argv=[sys.executable, "-I", "-S", "-c", code], silence=0.5)
    with Supervisor(data) as supervisor:
        child, mark, _ = _lively(tmp_path)
        supervisor.start(sleeper, child)
        os.kill(supervisor.pid("quiet"), signal.SIGSTOP)
        until(lambda: _turns(mark) > 150, 30)
        assert supervisor.restarts("quiet") == 0


def test_a_process_that_hangs_before_it_was_ready_is_started_again(data, tmp_path):
    begun = tmp_path / "begun"
    code = f"""
        import os, time
        with open({str(begun)!r}, "a") as file:
            file.write("x")
        time.sleep(600 if os.path.getsize({str(begun)!r}) == 1 else 0)
        open({str(tmp_path / "ready")!r}, "w")
        time.sleep(600)
    """
    child = Child(
        name="slow",
        argv=[sys.executable, "-I", "-S", "-c", textwrap.dedent(code)],
        ready=(tmp_path / "ready").exists,
        sign=lambda: None,
        silence=0.5,
    )
    with Supervisor(data) as supervisor:
        supervisor.start(child)  # only the second one is ever ready
        assert supervisor.restarts("slow") == 1


def test_a_sign_that_cannot_be_read_is_no_sign_and_ends_no_watch(data, until):
    broken = Child(
        name="broken",
        argv=[sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"],
        sign=lambda: 1 // 0,
        silence=0.5,
    )
    with Supervisor(data) as supervisor:
        supervisor.start(broken)
        until(lambda: supervisor.restarts("broken") >= 2, 20)


# ---- how silence is counted


def test_silence_is_the_time_between_looks_at_an_unchanged_sign():
    silence = Silence(longest_look=5)
    assert [silence.look("a", now) for now in (100.0, 101.0, 102.5)] == [0, 1, 2.5]
    assert silence.look("b", 103.0) == 0
    assert silence.look("b", 104.0) == 1


def test_no_sign_at_all_is_silence_from_the_first_look_on():
    silence = Silence(longest_look=5)
    assert [silence.look(None, now) for now in (10.0, 12.0)] == [0, 2]
    assert silence.look("a", 13.0) == 0
    assert silence.look(None, 14.0) == 1


def test_a_machine_that_slept_for_hours_counts_as_one_look():
    silence = Silence(longest_look=5)
    silence.look("a", 0.0)
    assert silence.look("a", 1.0) == 1
    assert silence.look("a", 20_000.0) == 6
    assert silence.look("b", 20_001.0) == 0
