"""The demo as a newcomer runs it: interrupted, started again, and counted from the outside."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from sms_service.runtime import forget


@pytest.fixture
def data(tmp_path):
    yield tmp_path / "demo"
    forget(tmp_path / "demo")


def demo(data):
    clean = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    argv = [sys.executable, "-m", "sms_service.cli.app", "demo", "--headless", "--json", "--data", str(data)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)


def acts_done(data):
    file = data / "demo.json"
    return json.loads(file.read_text() or '{"acts": 0}')["acts"] if file.exists() else 0


def test_an_interrupted_demo_resumes_and_every_text_arrives_once(data):
    first = demo(data)
    deadline = time.monotonic() + 60
    while acts_done(data) < 12:
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=40)
    assert first.returncode == 130
    assert not psutil.wait_procs(children, timeout=5)[1], "Ctrl-C leaves nothing behind"

    again = demo(data)
    out, err = again.communicate(timeout=180)
    assert again.returncode == 0, err
    summary = json.loads(out.splitlines()[-1])
    assert summary["duplicates"] == 0
    assert summary["planned"] >= summary["sent"] == summary["delivered"] == summary["received"] > 80
    assert summary["undelivered"] == summary["waiting"] == 0
    assert summary["locales"] == ["ar", "en", "es", "fil", "ht", "ko", "pt_BR", "ru", "vi"]
    assert summary["patients"] == 12
    assert {"completed", "cancelled", "opted_out"} <= set(summary["skipped"])
