"""What a foreseeable error means to the person at the command line. Imported only once there is one."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError, ProgrammingError

from sms_service.content.errors import ContentError
from sms_service.provider.errors import ProviderUnavailable
from sms_service.runtime import CannotStart
from sms_service.settings import ConfigurationError
from sms_service.use_cases.set_up import SetUpError


def in_words(error: Exception) -> str | None:
    """One line that says what to do; None for what nobody foresaw."""
    match error:
        case CannotStart() | ConfigurationError() | ContentError() | SetUpError():
            return str(error)
        case OperationalError():
            return "the database does not answer at the address in DATABASE_URL; is it running and reachable?"
        case ProgrammingError():
            return "the database is not set up for this version: run `sms-service migrate`"
        case ProviderUnavailable():
            return f"the provider cannot be asked: {error}; nothing was changed for the numbers not asked"
        case _:
            return None
