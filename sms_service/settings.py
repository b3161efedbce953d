"""Configuration from the environment, checked at start: an unsafe set-up is refused with what to do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

TWILIO = "https://api.twilio.com"
_PREFIX = "SMS_"
_KEY_BYTES = 32
#: Lists of the provider that a worker may wait for without a statement to the database in between.
_CALLS_IN_A_ROW = 3


class ConfigurationError(Exception):
    """The service cannot start like this. The message names the setting and the cure, never its value."""


def _keys(written: object) -> tuple[bytes, ...]:
    """Comma-separated base64 keys, newest first."""
    try:
        keys = tuple(base64.b64decode(part, validate=True) for part in _list(written))
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64; make one with `sms-service keys new`") from error
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ValueError(f"must hold keys of {_KEY_BYTES} bytes; make one with `sms-service keys new`")
    return keys


def _list(written: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(written).split(",") if part.strip())


def _web_address(written: object) -> str:
    parts = urlsplit(str(written))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://texts.example.org")
    return str(written)


def _database(written: object) -> str:
    if not str(written).startswith("postgresql+psycopg://"):
        raise ValueError("must be a postgresql:// address")
    return str(written)


Keys = Annotated[tuple[bytes, ...], BeforeValidator(_keys)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
DatabaseAddress = Annotated[str, BeforeValidator(_database)]
Words = Annotated[tuple[str, ...], BeforeValidator(_list)]


class Settings(BaseModel):
    """Every setting. `NAME_FILE` names a file holding NAME, for secrets that are mounted."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: DatabaseAddress = Field(repr=False)
    redis_url: str = "redis://127.0.0.1:6379/0"
    master_keys: Keys = Field(repr=False)
    index_keys: Keys = Field(repr=False)
    public_base_url: WebAddress = "http://127.0.0.1:8000"
    twilio_account_sid: str = ""
    twilio_auth_tokens: Words = Field(default=(), repr=False)
    """The primary token first; a second one verifies signatures while they rotate."""
    twilio_base_url: WebAddress = TWILIO
    provider_timeout_s: float = Field(default=10.0, gt=0, le=60)
    provider_concurrency: int = Field(default=50, ge=1, le=1000)
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=0, le=65535)
    tick_seconds: float = Field(default=1.0, ge=0.05, le=10)
    lease_seconds: float = Field(default=30.0, ge=1)
    open_seconds: float = Field(default=30.0, ge=1)
    grace_seconds: float = Field(default=600.0, ge=1)
    housekeeping_seconds: float = Field(default=10.0, ge=0.2)
    ledger_hour: int = Field(default=3, ge=0, le=23)
    stall_seconds: float = Field(default=120.0, ge=1)
    silence_seconds: float = Field(default=120.0, gt=12)
    """More than a call to the broker may take."""
    metrics_token: str = Field(default="", repr=False)

    @property
    def status_callback(self) -> str:
        """Where the provider posts receipts."""
        return f"{self.public_base_url.rstrip('/')}/v1/twilio/status"


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises ConfigurationError naming every setting that is missing or wrong."""
    values = {}
    for name in Settings.model_fields:
        variable = name.upper() if name in {"database_url", "redis_url"} else f"{_PREFIX}{name.upper()}"
        held = read_setting(environment, variable)
        if held is not None:
            values[name] = held
    if "database_url" in values:
        values["database_url"] = psycopg_url(values["database_url"])
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from None
    if settings.grace_seconds <= settings.provider_timeout_s + 5:
        raise ConfigurationError(
            "SMS_GRACE_SECONDS must be longer than 5 s plus SMS_PROVIDER_TIMEOUT_S: a text still on its way"
            " would be taken for lost"
        )
    if settings.silence_seconds <= _CALLS_IN_A_ROW * settings.provider_timeout_s + 5:
        raise ConfigurationError(
            "SMS_SILENCE_SECONDS must be longer than 5 s plus three times SMS_PROVIDER_TIMEOUT_S: a worker"
            " that waits for the provider would be taken for dead"
        )
    return settings


def check_live(settings: Settings) -> None:
    """Refuse an unsafe set-up for real patients; called when a live sender is set up or found."""
    problems = []
    if urlsplit(settings.public_base_url).scheme != "https":
        problems.append("SMS_PUBLIC_BASE_URL must be the https address the provider reaches us at")
    if settings.twilio_base_url != TWILIO:
        problems.append(f"SMS_TWILIO_BASE_URL must be {TWILIO}; a sandbox never has live senders")
    if not settings.twilio_auth_tokens or not settings.twilio_account_sid:
        problems.append("SMS_TWILIO_ACCOUNT_SID and SMS_TWILIO_AUTH_TOKENS must be set: without the token no"
                        " webhook can be verified")  # fmt: skip
    if any(len(set(key)) < 8 for key in (*settings.master_keys, *settings.index_keys)):  # noqa: PLR2004 - not random
        problems.append(
            "SMS_MASTER_KEYS and SMS_INDEX_KEYS must be random; make them with `sms-service keys new`"
        )
    if set(settings.master_keys) & set(settings.index_keys):
        problems.append("SMS_MASTER_KEYS and SMS_INDEX_KEYS must differ")
    if problems:
        raise ConfigurationError("not safe for real patients:\n  - " + "\n  - ".join(problems))


def psycopg_url(url: str) -> str:
    """A PostgreSQL URL with the driver SQLAlchemy needs named in it."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def read_setting(environment: Mapping[str, str], variable: str) -> str | None:
    """A variable, or the content of the file that NAME_FILE names; ConfigurationError if it is unreadable."""
    file = environment.get(f"{variable}_FILE")
    if file:
        try:
            held = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"{variable}_FILE cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ConfigurationError(f"{variable}_FILE is not a text file in UTF-8") from None
        if not held:
            raise ConfigurationError(f"{variable}_FILE names a file that is empty")
        return held
    return environment.get(variable) or None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0])
        variable = name.upper() if name in {"database_url", "redis_url"} else f"{_PREFIX}{name.upper()}"
        missing = problem["type"] == "missing"
        lines.append(
            f"{variable} {'is not set' if missing else problem['msg'].removeprefix('Value error, ')}"
        )
    return "configuration:\n  - " + "\n  - ".join(lines)
