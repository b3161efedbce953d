"""What the documentation says is what the code does: settings, commands, links, examples."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from sms_service.cli.commands import app
from sms_service.content.library import load_library
from sms_service.intake.canonical import read_event
from sms_service.intake.profile import profile_of
from sms_service.settings import Settings
from sms_service.store.keyring import KeyRing
from sms_service.use_cases.set_up import set_up
from sms_service.web.events import EXAMPLE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FOLDERS = ("docs", "locales", "sms_service")
PAGES = sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))])
TEXT = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
CLINIC = yaml.safe_load((ROOT / "examples" / "clinic.yaml").read_text(encoding="utf-8"))
LIBRARY = load_library()


def variable(name: str) -> str:
    return name.upper() if name in {"database_url", "redis_url"} else f"SMS_{name.upper()}"


def settings_table() -> dict[str, str]:
    """Setting to default, as the README's first table says."""
    table = README.split("<!-- the test of this page compares the next table")[1].split("\n\n")[0]
    return {row[0]: row[-1] for row in re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", table, re.MULTILINE)}


def commands() -> set[str]:
    return {command.name or command.callback.__name__ for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }


def content_commands() -> set[str]:
    (group,) = (group for group in app.registered_groups if group.name == "content")
    return {command.name for command in group.typer_instance.registered_commands}


def in_the_readme(language: str, marker: str) -> str:
    return README.split(marker)[1].split(f"```{language}\n")[1].split("```")[0]


class Nobody:
    """A database owner that accepts every row; what is checked before a row is written is checked here."""

    def __init__(self) -> None:
        self.rows = []

    def execute(self, _statement, values):
        self.rows.append(values)
        return self

    def scalar_one(self) -> int:
        return 1


def test_the_readme_lists_every_setting_and_no_other() -> None:
    assert set(settings_table()) == {variable(name) for name in Settings.model_fields}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_names_each_default(name) -> None:
    said, field = settings_table()[variable(name)], Settings.model_fields[name]
    if field.is_required():
        assert said == "required"
    elif field.default in {"", ()}:
        assert said == "empty"
    elif isinstance(field.default, int | float):
        assert float(said.strip("`")) == field.default
    else:
        assert said.strip("`") == field.default


def test_every_variable_that_the_code_reads_is_documented() -> None:
    sources = [*(ROOT / "sms_service").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]
    read = {name for file in sources for name in re.findall(r'"(SMS_[A-Z_]+[A-Z])"', file.read_text("utf-8"))}
    said = set(re.findall(r"SMS_[A-Z_]+[A-Z]", "".join(TEXT.values())))
    assert read - said == set()


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_documented(command) -> None:
    assert re.search(rf"(sms-service|make) {command}\b", README + OPERATIONS)


@pytest.mark.parametrize("page", TEXT)
def test_a_page_names_only_commands_and_targets_that_exist(page) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    blocks = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", TEXT[page], re.DOTALL)
    code = "\n".join("".join(block) for block in blocks)
    assert set(re.findall(r"\bsms-service ([a-z]+)", code)) <= commands()
    assert set(re.findall(r"\bsms-service content ([a-z]+)", code)) <= content_commands()
    assert set(re.findall(r"^make ([a-z][a-z-]*)", code, re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", TEXT)
def test_every_link_to_a_file_leads_somewhere(page) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", TEXT[page])
    gone = [link for link in links if "://" not in link and not ((ROOT / page).parent / link).exists()]
    assert gone == []


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", TEXT["docs/decisions/README.md"]))
    assert listed == {page.name for page in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}


def test_the_example_clinic_can_be_set_up() -> None:
    owner = Nobody()
    made = set_up(owner, KeyRing([bytes(range(32))], [bytes(range(32, 64))]), LIBRARY, CLINIC)
    assert made.key.startswith("sms_")
    assert len(owner.rows) == 4  # sender, clinic, feed, key


def test_the_example_clinic_shows_every_entry_that_is_read() -> None:
    shown = (ROOT / "examples" / "clinic.yaml").read_text(encoding="utf-8")
    readers = ("store/tenants.py", "use_cases/set_up.py", "intake/profile.py")
    code = "".join((ROOT / "sms_service" / file).read_text(encoding="utf-8") for file in readers)
    entries = set(re.findall(r'(?:settings|hours|work|sender|clinic|feed)(?:\.get\(|\[)"(\w+)"', code))
    assert {entry for entry in entries if not re.search(rf"\b{entry}:", shown)} == set()


def test_the_event_of_the_readme_and_of_openapi_is_accepted() -> None:
    shell = in_the_readme("sh", "<!-- the test of this page reads the next block -->")
    body = json.loads(shell.partition("--data '")[2].rpartition("'")[0])
    profile = profile_of(CLINIC["feed"], CLINIC["clinic"]["zone"])
    for event in (body, EXAMPLE):
        read = read_event(event, profile, datetime(2026, 11, 20, 16, tzinfo=UTC))
        assert read.problems == ()
        assert read.event.appointment["pathway"] in LIBRARY.pathways
