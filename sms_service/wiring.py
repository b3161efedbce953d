"""The one place where parts are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from sms_service.content.library import load_library
from sms_service.settings import ConfigurationError, Settings, check_live
from sms_service.store.clock import is_stepped
from sms_service.store.database import Database
from sms_service.store.keyring import KeyRing
from sms_service.store.tenants import load_senders
from sms_service.use_cases.service import Service

if TYPE_CHECKING:
    from sms_service.provider.twilio import Twilio


def make_service(settings: Settings, *, pool_size: int = 5) -> Service:
    """The service on its database. Raises ContentError or ValueError for what cannot serve."""
    return Service(
        db=Database(settings.database_url, pool_size=pool_size),
        keys=KeyRing(settings.master_keys, settings.index_keys),
        library=load_library(),
    )


def make_provider(settings: Settings) -> Twilio:
    """The provider's adapter; make it on the event loop that will use it."""
    # imported here: the SDK and its transport are memory that web and tick do without
    from sms_service.provider.account import Account  # noqa: PLC0415
    from sms_service.provider.twilio import Twilio  # noqa: PLC0415

    return Twilio(
        Account(
            sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_tokens[0] if settings.twilio_auth_tokens else "",
            base_url=settings.twilio_base_url,
            status_callback=settings.status_callback,
            timeout_s=settings.provider_timeout_s,
            concurrency=settings.provider_concurrency,
        )
    )


def check_senders(service: Service, settings: Settings) -> None:
    """Refuse to start on live senders with an unsafe configuration, a stepped clock, or unsigned words."""
    with service.db.transaction() as connection:
        if not any(sender.live for sender in load_senders(connection)):
            return
        stepped = is_stepped(connection)
        standby = connection.execute(sa.text("SHOW synchronous_standby_names")).scalar_one()
    check_live(settings)
    if stepped:
        raise ConfigurationError("patient time is stepped: give live senders a database of their own")
    if not standby:
        raise ConfigurationError(
            "a live sender needs a synchronous standby: set synchronous_standby_names in PostgreSQL, or a"
            " failover may forget what was sent"
        )
    raise ConfigurationError(
        "a live sender needs signed STOP, HELP and red-flag texts, and this version has drafts only:"
        " rehearse with a sender that is not live"
    )
