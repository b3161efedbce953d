"""Children are started in order, kept running, and never outlive their supervisor."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace

import psutil
import pytest

from sms_service.runtime import (
    CannotStart,
    Child,
    Supervisor,
    forget,
    free_port,
    require_free,
    start_postgres,
    start_valkey,
)
from sms_service.runtime.logs import cap

_SERVERS = """
    import contextlib, sys
    from pathlib import Path
    from sms_service.runtime import Supervisor, start_postgres, start_valkey

    with contextlib.suppress(KeyboardInterrupt), Supervisor(Path(sys.argv[1])) as supervisor:
        start_postgres(supervisor)
        start_valkey(supervisor)
        print("ready", flush=True)
        supervisor.run_until_signal()
"""


def _python(name, code, **more):
    return Child(name=name, argv=[sys.executable, "-I", "-S", "-u", "-c", textwrap.dedent(code)], **more)


def _sleeper(name, **more):
    return _python(name, "import time; time.sleep(600)", **more)


def _saying_goodbye(name, file, greeting):
    code = f"""
        import signal, sys, time
        from pathlib import Path
        def leave(*_):
            with open({str(file)!r}, "a") as record:
                record.write({name!r} + " ")
            sys.exit()
        signal.signal(signal.SIGTERM, leave)
        Path({str(greeting)!r}).touch()
        time.sleep(600)
    """
    return _python(name, code, ready=greeting.exists)


def _is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def servers(data, environment):
    """A supervisor with both servers, in a process of its own."""
    argv = [sys.executable, "-c", textwrap.dedent(_SERVERS), str(data)]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_child_that_was_killed_is_started_again_and_again(data):
    with Supervisor(data) as supervisor:
        supervisor.start(_sleeper("worker"))
        pids = {supervisor.pid("worker")}
        for _ in range(2):
            supervisor.kill("worker")
            supervisor.wait_ready("worker")
            pids.add(supervisor.pid("worker"))
        assert len(pids) == 3
        assert supervisor.restarts("worker") == 2


def test_what_a_crashed_child_leaves_in_its_group_is_killed(data, until):
    with Supervisor(data) as supervisor:
        code = "import os, time; print(os.fork() or os.getpid()); time.sleep(600)"
        supervisor.start(_python("worker", code))
        log = supervisor.home.logs / "worker.log"
        until(lambda: len(log.read_text().split()) == 2)
        family = [int(pid) for pid in log.read_text().split()]
        supervisor.kill("worker")
        until(lambda: all(_is_gone(pid) for pid in family))


def test_what_is_started_again_waits_for_the_waves_before_it(data, tmp_path, until):
    """A worker that comes back before its database only fails, and takes the processor from it."""
    gate = tmp_path / "gate"
    gate.touch()
    slow = replace(_sleeper("database"), ready=gate.exists)
    with Supervisor(data) as supervisor:
        supervisor.start(slow)
        supervisor.start(_sleeper("worker"), replace(_sleeper("second worker"), spare=True))
        first = supervisor.pid("database")
        gate.unlink()
        for name in ("database", "worker", "second worker"):
            supervisor.kill(name)
        until(lambda: _pid(supervisor, "database") not in {None, first})
        for _ in range(20):
            assert _pid(supervisor, "worker") is _pid(supervisor, "second worker") is None
            time.sleep(0.05)
        gate.touch()
        supervisor.wait_ready("worker")
        supervisor.wait_ready("second worker")


def _pid(supervisor, name):
    try:
        return supervisor.pid(name)
    except ProcessLookupError:
        return None


def test_waves_stop_in_reverse_order(data, tmp_path):
    record = tmp_path / "record"
    with Supervisor(data) as supervisor:
        supervisor.start(_saying_goodbye("first", record, tmp_path / "1"))
        supervisor.start(_saying_goodbye("second", record, tmp_path / "2"))
        supervisor.start(_saying_goodbye("third", record, tmp_path / "3"))
    assert record.read_text().split() == ["third", "second", "first"]


def test_a_child_that_ignores_its_stop_signal_is_killed_after_its_grace(data, tmp_path):
    greeting = tmp_path / "greeting"
    code = f"""
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path({str(greeting)!r}).touch()
        time.sleep(600)
    """
    with Supervisor(data) as supervisor:
        supervisor.start(_python("deaf", code, grace=0.2, ready=greeting.exists))
        pid = supervisor.pid("deaf")
    assert _is_gone(pid)


def test_a_child_that_cannot_run_says_why_with_the_end_of_its_log(data):
    with (
        Supervisor(data) as supervisor,
        pytest.raises(CannotStart, match=r"(?s)web does not start: exit code 3.*no configuration"),
    ):
        supervisor.start(
            _python("web", "import sys; print('no configuration'); sys.exit(3)", ready=lambda: False)
        )


def test_a_child_that_is_never_ready_is_given_up_after_its_time(data):
    with Supervisor(data) as supervisor, pytest.raises(CannotStart, match=r"not ready after 0\.1 s"):
        supervisor.start(_sleeper("slow", ready=lambda: False), timeout=0.1)


def test_a_readiness_check_that_fails_is_told_and_asked_again(data):
    answers = iter([RuntimeError("too early"), True])

    def ready():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with Supervisor(data) as supervisor:
        supervisor.start(_sleeper("worker", ready=ready))


def test_a_second_supervisor_on_the_same_folder_is_refused(data):
    with (
        Supervisor(data),
        pytest.raises(CannotStart, match=rf"in use by another run \(process {os.getpid()}\); stop that one"),
        Supervisor(data),
    ):
        pass


def test_the_folder_is_free_again_when_the_first_has_left(data):
    with Supervisor(data):
        pass
    with Supervisor(data):
        pass


def test_the_state_names_what_runs_and_then_what_no_longer_does(data):
    with Supervisor(data) as supervisor:
        supervisor.start(_sleeper("web", shown={"port": 8000}))
        told = json.loads((data / "state.json").read_text())
        assert told["supervisor"] == os.getpid()
        assert told["children"]["web"]["pid"] == supervisor.pid("web")
        assert told["children"]["web"]["port"] == 8000
        assert told["children"]["web"]["ready"] is True
    told = json.loads((data / "state.json").read_text())
    assert told["children"]["web"]["pid"] is None


def test_killing_the_supervisor_takes_every_child_along_and_the_next_start_resumes(servers, data, until):
    children = json.loads((data / "state.json").read_text())["children"]
    servers.kill()
    servers.wait()
    for child in children.values():
        until(lambda pid=child["pid"]: _is_gone(pid))
    with Supervisor(data) as supervisor:
        start_postgres(supervisor)
        start_valkey(supervisor)


def test_a_termination_signal_stops_everything_cleanly(servers, data):
    children = json.loads((data / "state.json").read_text())["children"]
    servers.terminate()
    assert servers.wait(timeout=10) == 0
    assert all(_is_gone(child["pid"]) for child in children.values())
    assert "database system is shut down" in (data / "logs" / "postgres.log").read_text()


def test_an_interrupt_ends_the_wait_and_then_every_child(data):
    with Supervisor(data) as supervisor:
        supervisor.start(_sleeper("worker"))
        pid = supervisor.pid("worker")
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        assert supervisor.run_until_signal() is signal.SIGINT
    assert _is_gone(pid)


def test_an_interrupt_while_children_start_stops_them(data):
    pids = []

    def ready():
        if not pids:
            pids.append(supervisor.pid("slow"))
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    with pytest.raises(KeyboardInterrupt), Supervisor(data) as supervisor:
        supervisor.start(_sleeper("slow", ready=ready))
    assert _is_gone(pids[0])


def test_a_log_that_grew_too_large_is_kept_once_and_begun_anew(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("x" * 100)
    cap(log, largest=100)
    assert log.stat().st_size == 100
    cap(log, largest=99)
    assert log.stat().st_size == 0
    assert (tmp_path / "web.log.1").stat().st_size == 100


def test_a_file_in_the_way_of_the_data_folder_is_a_clear_error(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(CannotStart, match="a file is in the way"), Supervisor(tmp_path / "data"):
        pass


def test_a_full_disk_is_told_before_anything_is_written(data, monkeypatch):
    full = shutil._ntuple_diskusage(total=2**40, used=2**40, free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: full)
    with pytest.raises(CannotStart, match="free some space"), Supervisor(data):
        pass


def test_forgetting_a_folder_leaves_nothing_and_refuses_while_it_is_in_use(data):
    with Supervisor(data) as supervisor:
        servers = supervisor.home.servers
        with pytest.raises(CannotStart, match="in use"):
            forget(data)
    forget(data)
    assert not data.exists()
    assert not servers.exists()


def test_a_port_in_use_is_refused_and_a_free_one_is_found():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} on 127.0.0.1 is in use"):
            require_free(port)
        assert free_port(port) != port
    assert free_port(port) == port
