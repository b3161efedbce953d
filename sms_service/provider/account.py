"""Where and as whom to call the provider: one account's settings, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

PROVIDER_URL = "https://api.twilio.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Settings of one provider account.

    `base_url` is scheme, host and port only (a sandbox, or a regional host of the provider);
    `status_callback` is an absolute URL without query or fragment, to which `?a=<attempt id>` is
    added; `timeout_s` bounds one call in seconds; `concurrency` the calls in flight per event loop.
    Raises ValueError when a value cannot work.
    """

    sid: str
    auth_token: str = field(repr=False)
    base_url: str = PROVIDER_URL
    status_callback: str
    timeout_s: float = 10.0
    concurrency: int = 50

    def __post_init__(self) -> None:
        base, callback = urlsplit(self.base_url), urlsplit(self.status_callback)
        if not self.sid or not self.auth_token:
            raise ValueError("provider account: sid and auth_token must not be empty")
        if base.scheme not in {"http", "https"} or not base.hostname or "@" in base.netloc:
            raise ValueError("provider account: base_url must be http(s)://host[:port]")
        if base.path not in {"", "/"} or base.query or base.fragment:
            raise ValueError("provider account: base_url must not have a path or a query")
        if callback.scheme not in {"http", "https"} or not callback.hostname:
            raise ValueError("provider account: status_callback must be an absolute URL")
        if callback.query or callback.fragment:
            raise ValueError("provider account: status_callback must not have a query or a fragment")
        if self.timeout_s <= 0 or self.concurrency < 1:
            raise ValueError("provider account: timeout_s and concurrency must be positive")
