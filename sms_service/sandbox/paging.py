"""The envelope around a page of any of Twilio's lists."""

from collections.abc import Sequence


def page_of(
    name: str,
    items: Sequence[object],
    path: str,
    *,
    page: int = 0,
    page_size: int = 50,
    queries: tuple[str, str, str | None, str | None] | None = None,
) -> dict[str, object]:
    """Return a page; `queries` are those of the first, this, the newer and the older page.

    Without them the list is short enough for one page.
    """
    alone = f"PageSize={page_size}&Page=0"
    first, this, newer, older = queries or (alone, alone, None, None)
    start = page * page_size
    return {
        name: list(items),
        "end": start + max(len(items) - 1, 0),
        "first_page_uri": f"{path}?{first}",
        "next_page_uri": f"{path}?{older}" if older else None,
        "page": page,
        "page_size": page_size,
        "previous_page_uri": f"{path}?{newer}" if newer else None,
        "start": start,
        "uri": f"{path}?{this}",
    }
