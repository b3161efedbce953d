"""One job of a worker: what it meets becomes one clear line without patients' data, not one per second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from sms_service.content.errors import ContentError
from sms_service.provider.errors import ProviderUnavailable
from sms_service.settings import ConfigurationError
from workers.complaints import Complaints

_T = TypeVar("_T")

log = logging.getLogger("sms_service.worker")
complaints = Complaints(log)


def guarded(what: str, job: Callable[[], _T]) -> _T | None:
    """Do the job and return what it returns; None after trouble, which is told by its kind alone.

    Nothing is lost by giving up: leases run out, attempts are reconciled, the next tick comes.
    """
    try:
        done = job()
    except (ConfigurationError, ContentError) as error:  # their words name settings and files, never values
        complaints.tell(what, f"refused: {error}", level=logging.ERROR)
    except DBAPIError as error:
        _database(what, error)
    except ProviderUnavailable as error:
        complaints.tell(what, f"the provider cannot be asked ({error}); unknown attempts wait")
    except (BrokerAway, RedisError) as error:
        complaints.tell(what, f"the broker does not answer ({type(error).__name__}); it is tried again")
    except Exception as error:  # noqa: BLE001 - the next job has to run whatever this one met
        complaints.tell(what, f"failed: {_kind(error)}", level=logging.ERROR)
    else:
        complaints.over(what)
        return done
    return None


def _database(what: str, error: DBAPIError) -> None:
    """By its kind only: its message could quote a row."""
    kind = type(error.orig or error).__name__
    if isinstance(error, OperationalError | InterfaceError):
        complaints.tell(what, f"the database does not answer ({kind}); it is tried again")
    else:
        complaints.tell(what, f"the database refused ({kind})", level=logging.ERROR)


def _kind(error: Exception) -> str:
    """The error's type and the line it came from; a traceback could quote a row."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" in {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
