"""The broker of an embedded run."""

import kombu
import redis

from sms_service.runtime import Supervisor, start_valkey


def test_celerys_transport_accepts_the_address(data):
    with Supervisor(data) as supervisor:
        server = start_valkey(supervisor)
        with kombu.Connection(server.url) as connection:
            queue = connection.SimpleQueue("send")
            queue.put({"ids": [1, 2, 3]})
            message = queue.get(timeout=5)
            message.ack()
            queue.close()
        assert message.payload == {"ids": [1, 2, 3]}


def test_a_full_broker_refuses_rather_than_forget_and_listens_on_no_port(data):
    with Supervisor(data) as supervisor, redis.Redis.from_url(start_valkey(supervisor).client_url) as client:
        settings = client.config_get("*")
    assert settings["maxmemory-policy"] == "noeviction"
    assert int(settings["maxmemory"]) == 256 * 2**20
    assert settings["port"] == "0"
    assert (settings["save"], settings["appendonly"]) == ("", "no")


def test_a_killed_broker_comes_back_empty_at_the_same_address(data):
    with Supervisor(data) as supervisor:
        server = start_valkey(supervisor)
        with redis.Redis.from_url(server.client_url) as client:
            client.set("word", "gone")
            supervisor.kill("valkey")
            supervisor.wait_ready("valkey")
            assert client.get("word") is None
        assert supervisor.restarts("valkey") == 1


def test_the_sockets_folder_is_private(data):
    with Supervisor(data) as supervisor:
        server = start_valkey(supervisor)
        assert server.socket.parent.stat().st_mode & 0o777 == 0o700
        assert len(str(server.socket).encode()) < 100
