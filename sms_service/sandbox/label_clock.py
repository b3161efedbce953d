"""The date that phones show for new texts while a rehearsal steps through weeks in minutes.

A label only: nothing at the provider is ever timed by it.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sms_service.sandbox.database import Database


class LabelClock:
    """The label for texts from now on; None shows real time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.read("SELECT shown_at FROM label_clock")
        self.shown_at: str | None = rows[0][0] if rows else None

    async def set(self, shown_at: str | None) -> None:
        """Change the label, and keep it over a restart."""
        self.shown_at = shown_at
        if shown_at is None:
            await self._database.write("DELETE FROM label_clock", ())
        else:
            statement = "INSERT OR REPLACE INTO label_clock (one, shown_at) VALUES (1, ?)"
            await self._database.write(statement, (shown_at,))


def label(shown_at: str, zone: str | None) -> str:
    """Return an ISO label with an offset: wall time of `zone`, or as given; raise ValueError."""
    moment = datetime.fromisoformat(shown_at)
    if zone is None:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown zone {zone!r}") from error
    local = moment.astimezone(place) if moment.tzinfo else moment.replace(tzinfo=place)
    return local.isoformat(timespec="seconds")
