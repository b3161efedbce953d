"""What every use case works with, put together once by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass, field

from sms_service.content.library import Library
from sms_service.store.database import Database
from sms_service.store.keyring import KeyRing
from sms_service.use_cases.open_words import OpenWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The database under row security, the keys, and the loaded content."""

    db: Database
    keys: KeyRing = field(repr=False)
    library: Library = field(repr=False)
    base_url: str = "http://127.0.0.1:8000"
    """Where patients reach the pages of a clinic that has no address of its own for them."""
    open_words: OpenWords = field(default_factory=OpenWords, repr=False)
