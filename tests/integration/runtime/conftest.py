"""Real servers for the tests of the runtime: a data folder of their own, and every PostgreSQL there is."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from sms_service.runtime import postgres_installations


def _one_of_each_major():
    found = {}
    for installation in postgres_installations():
        found.setdefault(installation.major, installation)
    return list(found.values())


@pytest.fixture(params=_one_of_each_major(), ids=lambda installation: f"postgres {installation.major}")
def installation(request):
    return request.param


@pytest.fixture
def data(monkeypatch):
    """A data folder that only we can enter, as a checkout may be; nothing of it stays behind."""
    private = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    reachable.chmod(0o711)
    monkeypatch.setenv("SMS_RUNTIME_DIR", str(reachable))
    yield private / "data"
    shutil.rmtree(private)
    shutil.rmtree(reachable)


@pytest.fixture
def until():
    """Wait for a condition, with a deadline."""

    def wait(condition, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not (answer := condition()):
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.01)
        return answer

    return wait


@pytest.fixture
def environment():
    """What a Python of ours needs to find this package, wherever it is started."""
    root = Path(__file__).parents[3]
    return {**os.environ, "PYTHONPATH": str(root)}
