"""The one error of this folder: a file that cannot be used, with the place and the cure."""

from pathlib import Path


class ContentError(Exception):
    """A content file is broken. The message names file, place and what to do."""

    def __init__(self, path: Path, place: str, problem: str) -> None:
        super().__init__(f"{path.name}: {place}: {problem}")
        self.path = path
        self.place = place
