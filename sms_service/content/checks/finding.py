"""One thing that is wrong with a text, where it is, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sms_service.content.glossary import Glossary
from sms_service.content.scripts import right_to_left, script_of
from sms_service.domain.pathway import Step, Variant, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`code` is stable; `file` and `line` say where; `problem` says what is wrong and what to do."""

    code: str
    locale: str
    file: str
    context: str
    problem: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A text in one language, as it stands in its file."""

    variant: Variant
    step: Step | None
    locale: str
    strings: Words
    glossary: Glossary
    facts: Sequence[Mapping[str, str]]
    """The longest facts of the language, and the dearest."""

    @property
    def script(self) -> str:
        """ISO 15924 code of the language."""
        return script_of(self.locale)

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return right_to_left(self.locale)

    @property
    def is_source(self) -> bool:
        """Whether this is the English source itself."""
        return self.locale == "en"


#: A check looks at an entry and says what is wrong: a code, and a sentence.
Check = Callable[[Entry], Iterator[tuple[str, str]]]
