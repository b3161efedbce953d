"""Language tags as feeds write them, to the names of our catalogs. Aliases are explicit, never guessed."""

from __future__ import annotations

import re

_ALIASES = {
    "tl": "fil",
    "prs": "fa",
    "cmn": "zh_Hans",
    "yue": "zh_Hant",
    "zh_cn": "zh_Hans",
    "zh_sg": "zh_Hans",
} | {f"zh_{place}": "zh_Hant" for place in ("tw", "hk", "mo", "hant")}
_ALIASES |= {"zh_hans": "zh_Hans", "pt": "pt_BR", "eng": "en", "spa": "es"}
_TAG = re.compile(r"[a-z]{2,3}(?:_[a-z0-9]{2,8})*")


def language_tag(written: str) -> str | None:
    """The catalog name for a BCP 47 or ISO 639 tag, regions folded into it; None when it is no tag."""
    tag = written.strip().replace("-", "_").casefold()
    if not _TAG.fullmatch(tag):
        return None
    if tag in _ALIASES:
        return _ALIASES[tag]
    base = tag.split("_")[0]
    return _ALIASES.get(base, base)
