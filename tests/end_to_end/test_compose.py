"""docker-compose.yml without Docker: each service's own command runs on real servers and turns healthy."""

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sms_service.runtime import Supervisor, forget, free_port
from sms_service.runtime.postgres import start_postgres
from sms_service.runtime.valkey import prepare_valkey

FILE = Path(__file__).parents[2] / "docker-compose.yml"
OURS = ("web", "worker", "tick", "housekeeping", "beat")
KEY = "b3VyIG93biByYW5kb20ga2V5LCAzMiBieXRlcyBsb24="


class Compose:
    """The file's services with their variables filled in, and the servers they talk to."""

    def __init__(self, supervisor, tmp):
        self.services = yaml.safe_load(FILE.read_text())["services"]
        postgres = start_postgres(supervisor)
        redis = self.services["redis"]["command"]
        valkey = prepare_valkey(supervisor.home)
        flags = [word for word in redis[1:] if not word.startswith("/")]
        supervisor.start(replace(valkey.child, argv=[*valkey.child.argv, *flags]))
        url = {role: postgres.url_for(f"sms_{role}", role, "sms") for role in ("owner", "app")}
        self.variables = {
            "DATABASE_URL": url["app"],
            "DATABASE_OWNER_URL": url["owner"],
            "DATABASE_ADMIN_URL": postgres.url(),
        }
        # the file's own host names stand for containers; here the servers are on this machine
        self.replaced = {"redis://redis:6379/0": valkey.url}
        self.tmp = tmp
        self.port = free_port()

    def environment(self, name):
        """What compose would give the service: sms.env, then `environment:` with its ${VARIABLES}."""
        given = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TMPDIR": str(self.tmp)}
        given |= {
            "SMS_MASTER_KEYS": KEY,
            "SMS_INDEX_KEYS": KEY[::-1].lstrip("=") + "=",
            "PYTHONUNBUFFERED": "1",
        }
        for key, value in self.services[name]["environment"].items():
            filled = re.sub(r"\$\{(\w+):[^}]*\}", lambda m: self.variables[m[1]], str(value))
            given[key] = self.replaced.get(filled, filled)
        if name == "web":
            given["SMS_WEB_PORT"] = str(self.port)
        return given

    def run(self, name, command):
        environment = self.environment(name)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("compose")
    with Supervisor(tmp / "data") as supervisor:
        yield Compose(supervisor, tmp)
    forget(tmp / "data")


@pytest.fixture(scope="module")
def migrated(compose):
    done = compose.run("migrate", compose.services["migrate"]["command"])
    assert done.returncode == 0, done.stderr
    return compose


@pytest.fixture(scope="module")
def processes(migrated):
    running = {
        name: subprocess.Popen(
            migrated.services[name]["command"],
            env=migrated.environment(name),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in OURS
    }
    yield running
    for process in running.values():
        process.terminate()
    for process in running.values():
        process.communicate(timeout=30)


@pytest.mark.parametrize("name", OURS)
def test_the_service_runs_by_its_own_command_and_turns_healthy(migrated, processes, name):
    check = migrated.services[name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    deadline = time.monotonic() + 60
    while (said := migrated.run(name, check[1:])).returncode != 0:
        assert processes[name].poll() is None, processes[name].communicate()[1]
        assert time.monotonic() < deadline, f"{shlex.join(check[1:])}: {said.stdout}{said.stderr}"


def test_a_stopped_service_turns_unhealthy(migrated):
    check = migrated.services["web"]["healthcheck"]["test"][1:]
    elsewhere = {**migrated.environment("web"), "SMS_WEB_PORT": str(free_port())}
    assert subprocess.run(check, env=elsewhere, check=False, timeout=30).returncode == 1


def test_every_service_is_hardened():
    services = yaml.safe_load(FILE.read_text())["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["user"] not in {"root", "0"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert "healthcheck" in service or name == "migrate", name
