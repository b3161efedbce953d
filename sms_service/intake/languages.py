"""Language tags as feeds write them, to the names of our catalogs. Aliases are explicit, never guessed."""

from __future__ import annotations

import re
import unicodedata

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
#: Names as people type them into a registration form: in English, and in the language itself with its marks
#: and without. "Creole" alone is missing on purpose: Haiti's is not the only one.
_WORDS = {
    "english": "en", "inglés": "en", "ingles": "en",
    "spanish": "es", "español": "es", "espanol": "es", "castilian": "es", "castellano": "es",
    "spanish; castilian": "es",
    "chinese": "zh", "中文": "zh", "chinese (simplified)": "zh_Hans", "simplified chinese": "zh_Hans",
    "chinese, simplified": "zh_Hans", "mandarin": "zh_Hans", "chinese - mandarin": "zh_Hans",
    "chinese, mandarin": "zh_Hans", "mandarin chinese": "zh_Hans", "简体中文": "zh_Hans",
    "chinese (traditional)": "zh_Hant", "traditional chinese": "zh_Hant", "chinese, traditional": "zh_Hant",
    "cantonese": "zh_Hant", "chinese - cantonese": "zh_Hant", "chinese, cantonese": "zh_Hant",
    "繁體中文": "zh_Hant",
    "vietnamese": "vi", "tiếng việt": "vi", "tieng viet": "vi",
    "tagalog": "fil", "filipino": "fil", "pilipino": "fil",
    "korean": "ko", "한국어": "ko", "russian": "ru", "русский": "ru",
    "arabic": "ar", "العربية": "ar", "haitian": "ht", "haitian creole": "ht", "creole (haitian)": "ht",
    "haitian; haitian creole": "ht", "kreyòl": "ht", "kreyol": "ht", "kreyòl ayisyen": "ht",
    "kreyol ayisyen": "ht",
    "portuguese": "pt_BR", "português": "pt_BR", "portugues": "pt_BR", "brazilian portuguese": "pt_BR",
    "portuguese (brazil)": "pt_BR",
    "french": "fr", "français": "fr", "francais": "fr", "polish": "pl", "polski": "pl",
    "persian": "fa", "farsi": "fa", "dari": "fa", "فارسی": "fa",
    "japanese": "ja", "日本語": "ja", "hindi": "hi", "हिन्दी": "hi", "हिंदी": "hi",
    "german": "de", "deutsch": "de", "italian": "it", "italiano": "it", "ukrainian": "uk", "somali": "so",
    "amharic": "am", "bengali": "bn", "gujarati": "gu", "punjabi": "pa", "urdu": "ur", "nepali": "ne",
    "thai": "th", "turkish": "tr", "greek": "el", "hebrew": "he", "armenian": "hy", "khmer": "km",
    "swahili": "sw", "romanian": "ro", "burmese": "my", "hmong": "hmn",
}  # fmt: skip
#: ISO 639-1. A site's own two letters (SP, JP) are none, however much they look like a language.
_ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de "
    "dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id "
    "ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu "
    "lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu "
    "rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr "
    "ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_TWO_LETTERS = frozenset(_ISO_639_1.split())
#: What stands for "nobody has said" in ISO 639-2 and on forms.
_NOBODY_SAID = frozenset(
    {"und", "mis", "mul", "zxx", "unk", "unknown", "undetermined", "declined", "not specified", "unspecified"}
)
_TAG = re.compile(r"[a-z]{2,3}(?:_[a-z0-9]{2,8})*")


def language_tag(written: str) -> str | None:
    """The catalog name for a BCP 47 or ISO 639 tag or a language's name, regions folded into it.

    None when it is neither. `zh` alone stays `zh`: which Chinese is meant is the clinic's to say. Hans never
    becomes Hant, nor ht fr.
    """
    named = _WORDS.get(_word(written))
    if named is not None:
        return named
    tag = written.strip().replace("-", "_").casefold()
    if not _TAG.fullmatch(tag):
        return None
    parts = tag.split("_")
    for length in range(len(parts), 0, -1):
        start = "_".join(parts[:length])
        if start in _ALIASES:
            return _ALIASES[start]
    return _THREE_LETTERS.get(parts[0], parts[0])


def registered_tag(written: str) -> str | None:
    """`language_tag`, where a site's own codes may stand as well: of two letters only ISO 639-1 count."""
    first = written.strip().replace("-", "_").casefold().partition("_")[0]
    if len(first) == len("en") and first not in _TWO_LETTERS:
        return None
    return language_tag(written)


def nobody_said(written: str) -> bool:
    """Whether the words say that the language is not known, which is no problem and no language."""
    return _word(written) in _NOBODY_SAID


def _word(written: str) -> str:
    return " ".join(unicodedata.normalize("NFC", written).casefold().split())
