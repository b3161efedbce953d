"""Claims that no worker took up in time: told while there are new ones."""

from __future__ import annotations

from workers.complaints import Complaints


class LostClaims:
    """Compares the count with the one it saw before."""

    def __init__(self) -> None:
        self._seen: int | None = None

    def look(self, count: int, complaints: Complaints) -> None:
        """`count` is how many there ever were."""
        if self._seen is not None and count > self._seen:
            complaints.tell(
                "claims",
                "no send worker took them up before their lease ran out: are any running, and enough?",
            )
        else:
            complaints.over("claims")
        self._seen = count
