"""Webhooks that are still to be posted, kept in the data file so that they outlive a kill.

A row is written in the same commit as the state that it tells of, and removed soon after somebody
took the webhook. A kill in between posts it again with the same token, as a retry of Twilio's would.
"""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Final, Literal

from sms_service.sandbox.database import Database, Write

Kind = Literal["receipt", "inbound"]

_COLUMNS: Final = "id, message_id, kind, url, fields, token, forged, due_at"
_INSERT: Final = f"INSERT INTO webhooks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_DELETE: Final = "DELETE FROM webhooks WHERE id = ?"


@dataclass(slots=True, kw_only=True)
class Post:
    """One webhook on its way; `due_at` is real time, `give_up_at` and `era` belong to this life."""

    id: int
    message_id: int
    kind: Kind
    url: str
    fields: dict[str, str]
    token: str
    forged: bool
    due_at: float
    give_up_at: float = 0.0
    attempts: int = 0
    era: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Outbox:
    """The table of webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_id = int(database.read("SELECT coalesce(max(id), 0) FROM webhooks")[0][0])

    def posts(
        self,
        *,
        message_id: int,
        kind: Kind,
        url: str,
        fields: dict[str, str],
        due_at: float,
        forged: bool = False,
        times: int = 1,
    ) -> list[Post]:
        """Make a webhook, `times` over under the same token, as when Twilio posts again."""
        token = str(uuid.uuid4())
        made = []
        for _ in range(times):
            self._last_id += 1
            made.append(
                Post(
                    id=self._last_id,
                    message_id=message_id,
                    kind=kind,
                    url=url,
                    fields=fields,
                    token=token,
                    forged=forged,
                    due_at=due_at,
                )
            )
        return made

    def waiting(self) -> list[Post]:
        """Return what an earlier life left behind, oldest first."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM webhooks ORDER BY id")  # noqa: S608
        return [
            Post(
                id=row[0],
                message_id=row[1],
                kind=row[2],
                url=row[3],
                fields=json.loads(row[4]),
                token=row[5],
                forged=bool(row[6]),
                due_at=row[7],
            )
            for row in rows
        ]

    def forget(self, post: Post) -> None:
        """Remove a webhook that is done with, in one of the next commits."""
        self._database.write_later(*forgotten(post))

    async def clear(self) -> None:
        """Forget every webhook."""
        await self._database.write("DELETE FROM webhooks", ())


def kept(post: Post) -> Write:
    """Write a webhook."""
    fields = json.dumps(post.fields, ensure_ascii=False)
    row = (post.id, post.message_id, post.kind, post.url, fields, post.token, post.forged, post.due_at)
    return _INSERT, row


def forgotten(post: Post) -> Write:
    """Remove a webhook."""
    return _DELETE, (post.id,)
