"""Keep the faults in force over a restart, with what they have already hit."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from sms_service.sandbox.database import Database, Values
from sms_service.sandbox.fault_settings import change_faults
from sms_service.sandbox.faults import Faults

_SAVE: Final = "INSERT OR REPLACE INTO faults (one, settings) VALUES (1, ?)"
# A rule with a rate counts every call, so counts are gathered; a kill loses what came within this time.
_GATHER: Final = 0.05


class FaultMemory:
    """The one row that holds the faults."""

    def __init__(self, database: Database, faults: Faults) -> None:
        self._database = database
        self._faults = faults
        self._gathering: asyncio.TimerHandle | None = None
        for (settings,) in database.read("SELECT settings FROM faults"):
            change_faults(faults, json.loads(settings))
        faults.struck = self._struck

    async def change(self, given: Mapping[str, Any]) -> None:
        """Put other faults into force, and keep them; raise ValueError if they make no sense."""
        change_faults(self._faults, given)
        await self._database.write(_SAVE, self._row())

    def _struck(self) -> None:
        if self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(_GATHER, self._save)

    def _save(self) -> None:
        self._gathering = None
        self._database.write_later(_SAVE, self._row())

    def _row(self) -> Values:
        return (json.dumps(self._faults.saved()),)
