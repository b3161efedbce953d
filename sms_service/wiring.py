"""The one place where parts are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from sms_service.content.library import Library, open_library
from sms_service.settings import TWILIO, ConfigurationError, Settings, check_live
from sms_service.store.clock import is_stepped, patient_now
from sms_service.store.database import Database
from sms_service.store.deployment import clinics
from sms_service.store.keyring import KeyRing
from sms_service.store.tenants import load_senders
from sms_service.use_cases.open_words import unsigned_essentials
from sms_service.use_cases.service import Service

if TYPE_CHECKING:
    from sms_service.provider.account import Account
    from sms_service.provider.inquiry import Inquiry
    from sms_service.provider.twilio import Twilio


def make_service(settings: Settings, *, pool_size: int = 5) -> Service:
    """The service on its database. Raises ContentError or ValueError for what cannot serve."""
    return Service(
        db=Database(settings.database_url, pool_size=pool_size),
        keys=KeyRing(settings.master_keys, settings.index_keys),
        library=open_library(),
        base_url=settings.public_base_url,
    )


def make_provider(settings: Settings) -> Twilio:
    """The provider's adapter; make it on the event loop that will use it."""
    # imported here: the SDK and its transport are memory that web and tick do without
    from sms_service.provider.twilio import Twilio  # noqa: PLC0415

    return Twilio(_account(settings))


def make_inquiry(settings: Settings) -> Inquiry:
    """Whoever asks the provider about the account; make it on the event loop that will use it."""
    from sms_service.provider.inquiry import Inquiry  # noqa: PLC0415 - as above

    return Inquiry(_account(settings))


def _account(settings: Settings) -> Account:
    from sms_service.provider.account import Account  # noqa: PLC0415 - as above

    return Account(
        sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_tokens[0] if settings.twilio_auth_tokens else "",
        base_url=settings.twilio_base_url,
        status_callback=settings.status_callback,
        timeout_s=settings.provider_timeout_s,
        concurrency=settings.provider_concurrency,
    )


def check_senders(connection: sa.Connection, settings: Settings, library: Library) -> None:
    """Refuse senders that could reach real people unsafely; called at start and before one is set up.

    A live one needs a safe configuration, the real clock and signed words for each of its clinics in scope.
    One that is not live may still leave through the real provider, and then only to the numbers it names
    for rehearsal.
    """
    senders = load_senders(connection)
    for sender in senders:
        if not sender.live and settings.twilio_base_url == TWILIO and not sender.rehearses:
            raise ConfigurationError(
                f"sender {sender.name} is not live but would leave through {TWILIO}: list allow_numbers for"
                " rehearsal, or set SMS_TWILIO_BASE_URL to a sandbox"
            )
    if not any(sender.live for sender in senders):
        return
    check_live(settings)
    if is_stepped(connection):
        raise ConfigurationError("patient time is stepped: give live senders a database of their own")
    if not connection.execute(sa.text("SHOW synchronous_standby_names")).scalar_one():
        raise ConfigurationError(
            "a live sender needs a synchronous standby: set synchronous_standby_names in PostgreSQL, or a"
            " failover may forget what was sent"
        )
    unsigned = unsigned_essentials(connection, library, patient_now(connection))
    if unsigned:
        raise ConfigurationError(
            f"a live sender needs signed STOP, HELP and red-flag texts: {unsigned[0]}"
            + (f", and {len(unsigned) - 1} more" if unsigned[1:] else "")
            + "; set the sender to `live: false` until `sms-service content sign` has recorded them"
        )
    raise ConfigurationError(
        "this version does not answer red-flag replies at once yet: rehearse with a sender that is not live"
    )


def check_start(service: Service, settings: Settings) -> None:
    """`check_senders` on the service's own database."""
    with service.db.transaction() as connection:
        everyone = clinics(connection)
    with service.db.transaction(everyone) as connection:
        check_senders(connection, settings, service.library)
