"""Stop sending: once this returns, nothing leaves for what is held until it is released."""

from __future__ import annotations

from sms_service.store.blocks import clear_claims, put_hold
from sms_service.store.deployment import clinics
from sms_service.use_cases.service import Service


def hold(service: Service, scope: str, target: int, reason: str) -> None:
    """Hold a `clinic`, a `sender` or `all` (target 0).

    In two transactions: a fence that read its facts before the hold was committed still holds rows that the
    second one waits for; a fence that starts later sees the hold.
    """
    with service.db.transaction() as connection:
        everyone = clinics(connection)
        put_hold(connection, scope, target, reason)
    with service.db.transaction(everyone) as connection:
        clear_claims(connection, scope, target)
