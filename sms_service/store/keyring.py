"""Encryption of what identifies a patient, and the keyed index by which a number is found.

A data key per patient (raw events: per feed) seals fields with AES-256-GCM; a master key from outside the
database wraps the data keys. Destroying a data key erases the patient. While a key rotates, the old one
still opens and finds.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE = 12
_TAG = 4


class KeyMissingError(Exception):
    """The master key that wrapped this data is not among those configured."""


class Box:
    """One data key in use."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str | bytes) -> bytes:
        """Encrypt; each call gives another ciphertext."""
        nonce = os.urandom(_NONCE)
        data = text.encode() if isinstance(text, str) else text
        return nonce + self._cipher.encrypt(nonce, data, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt; InvalidTag when it was not sealed with this key."""
        return self._cipher.decrypt(bytes(sealed[:_NONCE]), bytes(sealed[_NONCE:]), None)

    def open(self, sealed: bytes) -> str:
        """Decrypt text."""
        return self.open_bytes(sealed).decode()


class KeyRing:
    """Master and index keys, newest first."""

    def __init__(self, master: Sequence[bytes], index: Sequence[bytes]) -> None:
        for key in (*master, *index):
            if len(key) != KEY_BYTES:
                raise ValueError(f"a key has {KEY_BYTES} bytes; make one with `sms-service keys new`")
        if not master or not index:
            raise ValueError("at least one master key and one index key are needed")
        self._masters = {hashlib.sha256(key).digest()[:_TAG]: AESGCM(key) for key in master}
        self._newest = hashlib.sha256(master[0]).digest()[:_TAG]
        self._index = tuple(index)
        self._unwrap = lru_cache(maxsize=20_000)(self._unwrap_fresh)

    def new_data_key(self) -> bytes:
        """A fresh data key, wrapped for storing."""
        nonce = os.urandom(_NONCE)
        wrapped = self._masters[self._newest].encrypt(nonce, os.urandom(KEY_BYTES), None)
        return self._newest + nonce + wrapped

    def box(self, wrapped: bytes) -> Box:
        """The data key, ready for use. Raises KeyMissingError when no configured master key opens it."""
        return self._unwrap(bytes(wrapped))

    def _unwrap_fresh(self, wrapped: bytes) -> Box:
        master = self._masters.get(wrapped[:_TAG])
        if master is None:
            raise KeyMissingError("data was wrapped with a master key that SMS_MASTER_KEYS does not hold")
        try:
            return Box(master.decrypt(wrapped[_TAG : _TAG + _NONCE], wrapped[_TAG + _NONCE :], None))
        except InvalidTag as error:
            raise KeyMissingError("a wrapped data key is damaged") from error

    def phone_index(self, number: str) -> bytes:
        """The keyed hash under which an E.164 number is stored."""
        return self.phone_indexes(number)[0]

    def phone_indexes(self, number: str) -> list[bytes]:
        """The hashes under which a number may be found, newest key first."""
        return [hmac.digest(key, b"phone:" + number.encode(), "sha256") for key in self._index]

    def body_hashes(self, body: str) -> list[bytes]:
        """The hashes a body may be stored under, newest key first."""
        return [hmac.digest(key, b"body:" + body.encode(), "sha256") for key in self._index]

    def body_hash(self, body: str) -> bytes:
        """A keyed hash of a body, to recognise it in the provider's list."""
        return self.body_hashes(body)[0]
