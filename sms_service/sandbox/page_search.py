"""Find phones by name, number, language or the words of their texts, whatever the case and the accents."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from sms_service.sandbox.database import Database
from sms_service.sandbox.page_language import name_of
from sms_service.sandbox.phonebook import Phone, Phonebook

_LIKE_A_NUMBER = re.compile(r"[+()\d\s./-]+")
_FEWEST_DIGITS: Final = 3


class Search:
    """All phones, or those that match."""

    def __init__(self, database: Database, phonebook: Phonebook) -> None:
        self._database = database
        self._phonebook = phonebook

    def found(self, query: str) -> list[Phone]:
        """Return the phones that match in the order they came up; all of them for an empty query."""
        words, digits = _folded(query), _digits_of(query)
        if not words:
            return list(self._phonebook)
        saying = self._phones_saying(words)
        return [
            phone
            for phone in self._phonebook
            if phone.number in saying
            or words in _folded(phone.label)
            or _is_language(words, phone.language or "")
            or (digits and digits in phone.number)
        ]

    def _phones_saying(self, words: str) -> set[str]:
        texts = self._database.read("SELECT phone, body FROM messages")
        return {str(phone) for phone, body in texts if words in _folded(body)}


def _is_language(words: str, language: str) -> bool:
    return bool(language) and words in {language.casefold(), name_of(language).casefold()}


def _digits_of(query: str) -> str:
    """Return the digits of a query that is a part of a number, not of one that merely mentions one."""
    if not _LIKE_A_NUMBER.fullmatch(query):
        return ""
    digits = "".join(str(unicodedata.decimal(sign)) for sign in query if sign.isdecimal())
    return digits if len(digits) >= _FEWEST_DIGITS else ""


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    """Drop case, accents and vowel marks: staff search on the keyboard they have."""
    if text.isascii():
        return text.casefold().strip()
    plain = (sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return "".join(plain).casefold().strip()
