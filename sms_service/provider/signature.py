"""Is this webhook really from the provider? Its signature over the URL and the form, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twilio.request_validator import RequestValidator


class _Form(dict[str, list[str]]):
    """A form as the validator reads it: a name may carry several values, a value may be blank."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def verify(url: str, params: Iterable[tuple[str, str]], signature: str | None, tokens: Sequence[str]) -> bool:
    """Tell whether `signature` (X-Twilio-Signature) was made with one of the active auth tokens.

    `url` is the configured public base URL + raw path + raw query, never rebuilt from headers that
    a peer may forge. `params` are the posted pairs in full: unknown names, blank and repeated
    values included (`parse_qsl(body, keep_blank_values=True)`), nothing stripped. Several tokens
    are active while one is rotated. Never raises for what a stranger may send.
    """
    if not signature:  # the validator raises TypeError for a missing header
        return False
    form = _Form(params)
    try:
        # An empty token is a key that anybody has.
        return any(RequestValidator(token).validate(url, form, signature) for token in tokens if token)
    except ValueError:  # a URL that cannot be parsed or encoded was not signed by the provider
        return False
