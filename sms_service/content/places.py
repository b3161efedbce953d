"""Where the content files are, in a checkout and in an installed package alike."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
#: Files beside the pathways that are none.
COMMON, SOURCES, LEAFLET, PHRASES = "common.yaml", "sources.yaml", "leaflet.yaml", "phrases.yaml"


def pathways_dir() -> Path:
    """The folder of pathway files."""
    return _PACKAGE / "pathways"


def home_of(context: str) -> str:
    """The file in which a text stands in English: a leaflet's sections stand in their pathway's."""
    domain, *rest = context.split(".")
    is_section = f"{domain}.yaml" == LEAFLET and len(rest) > 1
    return f"{rest[0] if is_section else domain}.yaml"


def locales_dir() -> Path:
    """The folder of catalogs: beside the package in a checkout, inside it when installed."""
    checkout = _PACKAGE.parent / "locales"
    return checkout if checkout.is_dir() else _PACKAGE / "_locales"
