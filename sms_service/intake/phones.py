"""Phone numbers as people write them, to E.164."""

from __future__ import annotations

import phonenumbers


def e164(written: str, country: str) -> str | None:
    """The number in E.164, else None. `country` (ISO 3166) serves numbers without a country code."""
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    # "possible" and not "valid": fictional and freshly opened ranges are real to those who use them. Not what
    # can be dialled within a town only: without its area code it would be somebody else's number, or nobody's
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    # 000-000-0000 and 999-999-9999 are typed where a form insists on a number
    if len(set(str(number.national_number))) == 1:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
