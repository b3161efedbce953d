"""Language tags as feeds write them, to the names of our catalogs. Aliases are explicit, never guessed."""

from __future__ import annotations

import re

#: Longest first wins: a script or a place in the tag says more than the bare language.
_ALIASES = {
    "tl": "fil",
    "prs": "fa",
    "cmn": "zh_Hans",
    "yue": "zh_Hant",
    "pt": "pt_BR",
    "zh_hans": "zh_Hans",
    "zh_hant": "zh_Hant",
    "zh_cn": "zh_Hans",
    "zh_sg": "zh_Hans",
    "zh_tw": "zh_Hant",
    "zh_hk": "zh_Hant",
    "zh_mo": "zh_Hant",
}
#: ISO 639-2, both the terminological and the bibliographic codes.
_THREE_LETTERS = {
    "eng": "en", "spa": "es", "zho": "zh", "chi": "zh", "vie": "vi", "tgl": "fil", "kor": "ko", "rus": "ru",
    "ara": "ar", "hat": "ht", "por": "pt_BR", "fra": "fr", "fre": "fr", "pol": "pl", "fas": "fa", "per": "fa",
    "jpn": "ja", "hin": "hi",
}  # fmt: skip
_TAG = re.compile(r"[a-z]{2,3}(?:_[a-z0-9]{2,8})*")


def language_tag(written: str) -> str | None:
    """The catalog name for a BCP 47 or ISO 639 tag, regions folded into it; None when it is no tag.

    `zh` alone stays `zh`: which Chinese is meant is the clinic's to say. Hans never becomes Hant, nor ht fr.
    """
    tag = written.strip().replace("-", "_").casefold()
    if not _TAG.fullmatch(tag):
        return None
    parts = tag.split("_")
    for length in range(len(parts), 0, -1):
        start = "_".join(parts[:length])
        if start in _ALIASES:
            return _ALIASES[start]
    return _THREE_LETTERS.get(parts[0], parts[0])
