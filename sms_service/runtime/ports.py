"""TCP ports on this machine: one that is free, or a clear no."""

import socket

from sms_service.runtime.errors import CannotStart

LOOPBACK = "127.0.0.1"


def free_port(preferred: int | None = None, *, host: str = LOOPBACK) -> int:
    """Return `preferred` when nothing listens there, else a port that the system chooses."""
    if preferred and _is_free(preferred, host):
        return preferred
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, *, host: str = LOOPBACK, what: str = "the web process") -> None:
    """Raise `CannotStart` when another program already listens on the port."""
    if not _is_free(port, host):
        raise CannotStart(
            f"port {port} on {host} is in use, so {what} cannot listen there; "
            "stop the other program, or choose another port."
        )


def _is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
