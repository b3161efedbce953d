"""The clinic and the library that preview and simulator speak with: an example, or a clinic's own file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import typer
import yaml

from sms_service.content.example_facts import example_facts
from sms_service.content.library import Library, load_library
from sms_service.content.writing import language_of
from sms_service.domain.ids import ClinicId, SenderId
from sms_service.domain.pathway import Pathway
from sms_service.domain.people import Clinic
from sms_service.intake.languages import language_tag
from sms_service.store.tenants import clinic_of


def example_clinic(zone: str, file: Path | None) -> Clinic:
    """A made-up clinic in a zone, or the one that a file for `sms-service clinic` describes."""
    if file is not None:
        try:
            settings = yaml.safe_load(file.read_text(encoding="utf-8"))["clinic"]
            return clinic_of(0, 0, settings)
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
            raise wrong(f"{file.name} describes no clinic: {error}") from error
    facts = example_facts("en")
    return Clinic(
        id=ClinicId(0),
        sender_id=SenderId(0),
        name=facts["clinic"],
        program=facts["program"],
        phone=facts["phone"],
        after_hours_phone=facts["after_hours_phone"],
        zone=zone,
        addresses={"": facts["address"]},
    )


def the_pathway(library: Library, name: str) -> Pathway:
    """The pathway of that name; a clear error with the names there are."""
    if name not in library.pathways:
        raise wrong(f"there is no pathway {name!r}; there are {', '.join(sorted(library.pathways))}")
    return library.pathways[name]


def the_language(library: Library, written: str, clinic: Clinic) -> str:
    """The catalog's name for a language as people write it (`pt-BR`, `zh-TW`, `tl`); a clear error else."""
    tag = language_tag(written)
    found = language_of(tag, clinic) if tag else None
    if found is None or found not in library.catalogs:
        raise wrong(f"there is no language {written!r}; there are {', '.join(sorted(library.catalogs))}")
    return found


@cache
def load() -> Library:
    """Everything that ships."""
    return load_library()


def wrong(problem: str) -> typer.Exit:
    """Say what is wrong with the call, and exit with 2."""
    typer.echo(f"sms-service: {problem}", err=True)
    return typer.Exit(2)
