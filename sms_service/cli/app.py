"""The command line's root: every command, and one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError

from sms_service.cli import control, doctor, operate, processes
from sms_service.cli.content import app as content
from sms_service.content.errors import ContentError
from sms_service.provider.errors import ProviderUnavailable
from sms_service.runtime import CannotStart
from sms_service.settings import ConfigurationError
from sms_service.use_cases.set_up import SetUpError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Multilingual SMS education for booked injections.",
)
control.install(app)
processes.install(app)
operate.install(app)
doctor.install(app)
content.install(app)


def main() -> None:
    """Run a command; a foreseeable error is one clear line and exit code 2, never a traceback."""
    try:
        app()
    except (CannotStart, ConfigurationError, ContentError, SetUpError) as error:
        _complain(str(error))
    except OperationalError:
        _complain("the database does not answer at the address in DATABASE_URL; is it running and reachable?")
    except ProgrammingError:
        _complain("the database is not set up for this version: run `sms-service migrate`")
    except ProviderUnavailable as error:
        _complain(f"the provider cannot be asked: {error}; nothing was changed for the numbers not asked")
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _complain(words: str) -> NoReturn:
    print(f"sms-service: {words}", file=sys.stderr)  # noqa: T201 - this is the command line
    raise SystemExit(2) from None


if __name__ == "__main__":
    main()
