"""What the provider's adapter raises. Nothing heavy is imported: those who only catch it stay small."""


class ProviderUnavailable(Exception):  # noqa: N818  the word callers use
    """A question to the provider got no usable answer. The text holds no number and no body."""

    def __init__(self, why: str, *, http_status: int | None = None, code: int | None = None) -> None:
        super().__init__(f"{why} (HTTP status {http_status}, code {code})")
        self.http_status = http_status
        self.code = code
