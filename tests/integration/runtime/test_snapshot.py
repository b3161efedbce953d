"""A database that is copied while it works, and put back."""

import psycopg
import pytest

from sms_service.runtime import CannotStart, Supervisor, put_back, start_postgres, take_snapshot

TIMELINE = "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"


def _words(server):
    with psycopg.connect(server.url()) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM remembered ORDER BY word")]


def _remember(server, *words):
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (word text)")
        for word in words:
            connection.execute("INSERT INTO remembered VALUES (%s)", [word])


def test_a_copy_that_is_put_back_knows_what_was_before_and_nothing_after_on_a_new_timeline(
    data, installation, tmp_path
):
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, installation=installation)
        _remember(server, "before")
        take_snapshot(supervisor.home, tmp_path / "copy")
        _remember(server, "after")
        supervisor.kill("postgres")
    for _ in range(2):  # a copy is only read: it can be put back again
        put_back(data, tmp_path / "copy")
        with Supervisor(data) as supervisor:
            server = start_postgres(supervisor, installation=installation)
            assert _words(server) == ["before"]
            with psycopg.connect(server.url()) as connection:
                assert connection.execute(TIMELINE).fetchone() == (2,)
                assert connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,)
            _remember(server, "it can be written")


def test_wal_that_a_checkpoint_would_recycle_during_the_copy_is_kept_for_it(data, tmp_path, monkeypatch):
    """What is written while the copy is made is what makes the copy whole."""
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor, settings={"max_wal_size": "32MB", "min_wal_size": "32MB"})
        _remember(server, "before")
        copied = []

        def copy(source, target):
            if not copied:
                with psycopg.connect(server.url(), autocommit=True) as busy:
                    busy.execute(
                        "CREATE TABLE filler AS SELECT repeat('x', 500) FROM generate_series(1, 200000)"
                    )
                    busy.execute("CHECKPOINT")
                    busy.execute("CREATE TABLE more AS SELECT * FROM filler")
                    busy.execute("CHECKPOINT")
            copied.append(source)
            real(source, target)

        from sms_service.runtime import snapshot  # noqa: PLC0415 - the module, for its one seam

        real = snapshot._copy
        monkeypatch.setattr(snapshot, "_copy", copy)
        take_snapshot(supervisor.home, tmp_path / "copy")
    put_back(data, tmp_path / "copy")
    with Supervisor(data) as supervisor:
        assert _words(start_postgres(supervisor)) == ["before"]


def test_a_folder_in_use_is_not_replaced(data, tmp_path):
    with Supervisor(data) as supervisor:
        server = start_postgres(supervisor)
        _remember(server, "kept")
        take_snapshot(supervisor.home, tmp_path / "copy")
        with pytest.raises(CannotStart, match="in use by another run"):
            put_back(data, tmp_path / "copy")
        assert _words(server) == ["kept"]


def test_a_folder_without_a_snapshot_is_refused_and_the_database_stays(data, tmp_path):
    with Supervisor(data) as supervisor:
        _remember(start_postgres(supervisor), "kept")
    with pytest.raises(CannotStart, match="holds no snapshot"):
        put_back(data, tmp_path)
    with Supervisor(data) as supervisor:
        assert _words(start_postgres(supervisor)) == ["kept"]
