"""The one way in which starting fails: with words that say what is wrong and what to do."""

import errno
from pathlib import Path


class CannotStart(Exception):  # noqa: N818 - the message completes the sentence
    """Something cannot start. The message says what is wrong and what to do about it."""


_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space, or choose another data folder",
    errno.EDQUOT: "the disk quota is used up; free some space, or choose another data folder",
    errno.EROFS: "it is on a read-only file system; choose a data folder that can be written",
    errno.EACCES: "it may not be written by this user; change its owner, or choose another data folder",
    errno.EPERM: "it may not be written by this user; change its owner, or choose another data folder",
    errno.ENOTDIR: "a file is in the way; remove it, or choose another data folder",
    errno.EEXIST: "a file is in the way; remove it, or choose another data folder",
}


def unusable(path: Path, error: OSError) -> CannotStart:
    """Say why a folder or file cannot be used, in words instead of an error number."""
    remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror or error}; choose another data folder")
    return CannotStart(f"{path} cannot be used: {remedy}.")
