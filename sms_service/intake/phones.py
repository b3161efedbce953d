"""Phone numbers as people write them, to E.164."""

from __future__ import annotations

import phonenumbers


def e164(written: str, country: str) -> str | None:
    """The number in E.164, else None. `country` (ISO 3166) serves numbers without a country code."""
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    # "possible" and not "valid": fictional and freshly opened ranges are real to those who use them
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
