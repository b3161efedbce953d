"""Where the content files are, in a checkout and in an installed package alike."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def pathways_dir() -> Path:
    """The folder of pathway files."""
    return _PACKAGE / "pathways"


def locales_dir() -> Path:
    """The folder of catalogs: beside the package in a checkout, inside it when installed."""
    checkout = _PACKAGE.parent / "locales"
    return checkout if checkout.is_dir() else _PACKAGE / "_locales"
