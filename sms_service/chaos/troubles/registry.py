"""The troubles by name, with how often each is chosen."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from sms_service.chaos.troubles import processes, provider, servers, webhooks
from sms_service.chaos.troubles.hand import Hand

Trouble = Callable[[Hand], None]

TROUBLES: dict[str, tuple[int, Trouble]] = {
    "kill one": (30, processes.kill_one),
    "kill several": (14, processes.kill_several),
    "kill everything": (4, processes.kill_everything),
    "at a point": (26, processes.at_a_point),
    "pause one": (8, processes.pause_one),
    "pause a sender for long": (4, processes.pause_a_sender_for_long),
    "beat twice": (3, processes.beat_twice),
    "full disk": (4, processes.full_disk),
    "flush broker": (5, servers.flush_broker),
    "cut broker connections": (4, servers.cut_broker_connections),
    "stall broker": (3, servers.stall_broker),
    "repeat batches": (6, servers.repeat_batches),
    "cut database connections": (6, servers.cut_database_connections),
    "calls fail": (16, provider.calls_fail),
    "receipts go astray": (8, provider.receipts_go_astray),
    "forge": (3, webhooks.forge),
    "replay": (3, webhooks.replay),
}


def choose(chance: random.Random, how_many: int, among: Sequence[str] = ()) -> list[str]:
    """So many troubles, by weight."""
    names = list(among) or list(TROUBLES)
    return chance.choices(names, [TROUBLES[name][0] for name in names], k=how_many)
