"""The command line: flags, their environment variables, and one clear line when something is wrong."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, get_args
from urllib.parse import urlsplit

from sms_service.sandbox.create_request import is_number
from sms_service.sandbox.database import DataFileError
from sms_service.sandbox.dial_settings import is_rate
from sms_service.sandbox.server import AddressError, serve
from sms_service.sandbox.settings import OptOutReply, Settings

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_API_KEY = re.compile(r"(SK[0-9a-fA-F]{32}):(\S+)")
_HIGHEST_PORT = 65535
_USAGE_ERROR = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE_ERROR, f"sandbox: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run the sandbox; return the exit code."""
    settings = settings_from(arguments, os.environ)
    try:
        asyncio.run(serve(settings))
    except DataFileError as error:
        return _complain(f"cannot use the data file {settings.data}: {error}")
    except AddressError as error:
        return _complain(str(error))
    return 0


def settings_from(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read flags, and SANDBOX_* where a flag is missing; leave with code 2 if they make no sense."""
    parser = _parser(environment)
    given = parser.parse_args(arguments)
    for name in ("data", "account_sid", "auth_token"):
        if not getattr(given, name):
            flag = "--" + name.replace("_", "-")
            parser.error(f"{flag} or SANDBOX_{name.upper()} is required")
    if not _ACCOUNT_SID.fullmatch(given.account_sid):
        parser.error("--account-sid must be AC and 32 hexadecimal digits")
    if not 0 <= given.port <= _HIGHEST_PORT:
        parser.error("--port must be from 0 (any free port) to 65535")
    if given.receipt_delay < 0:
        parser.error("--receipt-delay must not be negative")
    if given.webhook_concurrency < 1:
        parser.error("--webhook-concurrency must be at least 1")
    if not is_rate(given.segments_per_second):
        parser.error("--segments-per-second must be a number, 0 (no limit) or more")
    if not is_number(given.sender):
        parser.error("--sender must be an E.164 number")
    if given.inbound_url and urlsplit(given.inbound_url).scheme not in {"http", "https"}:
        parser.error("--inbound-url must be an http or https URL")
    return Settings(**vars(given))


def _api_keys(text: str) -> dict[str, str]:
    found = [_API_KEY.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    keys = {key[1]: key[2] for key in found if key is not None}
    if len(keys) != len(found):
        # argparse puts these words into its own; the value would show a secret.
        raise argparse.ArgumentTypeError("each must be SK, 32 hexadecimal digits, a colon and a secret")
    return keys


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m sms_service.sandbox", description="A local stand-in for Twilio, with phones."
    )

    def flag(name: str, of_type: Callable[[str], object], default: object, explanation: str) -> None:
        variable = "SANDBOX_" + name.upper()
        # A string default is read like a flag, so a bad variable complains like a bad flag.
        value = environment.get(variable) or default
        flag_name = "--" + name.replace("_", "-")
        parser.add_argument(flag_name, type=of_type, default=value, help=f"{explanation} [{variable}]")

    flag("host", str, "127.0.0.1", "address to listen on; the default is reachable from this machine only")
    flag("port", int, 8901, "port to listen on; 0 takes any free one")
    flag("data", Path, None, "SQLite file that keeps phones and messages")
    flag("account_sid", str, None, "account SID the client must use")
    flag("auth_token", str, None, "auth token the client must use, and webhooks are signed with")
    flag("api_keys", _api_keys, "", "further credentials: SK…:secret, comma-separated")
    flag("inbound_url", str, None, "where a phone's replies are posted")
    flag("receipt_delay", float, 0.05, "seconds from one state of a message to the next")
    flag("sender", str, "+15005550006", "number behind every messaging service SID")
    flag("segments_per_second", float, 0.0, "segments that a sender gets rid of in a second; 0 sets no limit")
    flag("webhook_retry_for", float, 120.0, "seconds a webhook is retried while nobody answers")
    flag("webhook_concurrency", int, 16, "webhooks posted at the same time")
    variable = "SANDBOX_OPT_OUT_REPLY"
    parser.add_argument(
        "--opt-out-reply",
        choices=get_args(OptOutReply),
        default=environment.get(variable) or "ours",
        help=f"who answers STOP [{variable}]",
    )
    return parser


def _complain(line: str) -> int:
    sys.stderr.write(f"sandbox: {line}\n")
    return _USAGE_ERROR
