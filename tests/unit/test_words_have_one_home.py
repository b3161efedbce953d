"""Words that a patient can read are in locales/ and in the pathway files, never in code."""

import ast
import re
from pathlib import Path

from sms_service.content.library import load_library

ROOT = Path(__file__).parents[2]
ADDRESSES_A_PATIENT = re.compile(
    r"\b(reply (with|[0-9])|your (injection|visit|appointment)|text stop)\b", re.IGNORECASE
)


def literals():
    """(file, text) of every string in our code that is no docstring."""
    for folder in ("sms_service", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text())
            docs = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                    yield path.name, node.value


def sentences():
    library = load_library()
    for variant in library.texts:
        for catalog in library.catalogs.values():
            words = catalog.lookup(variant, None) or ""
            yield from (part.strip() for part in re.split(r"[.\n?]|\{\w+\}", words) if len(part.strip()) > 20)


def test_no_sentence_of_a_text_is_written_in_code():
    code = "\n".join(text for _, text in literals())
    assert not [sentence for sentence in set(sentences()) if sentence in code]


def test_no_code_speaks_to_a_patient():
    assert not [(name, text) for name, text in literals() if ADDRESSES_A_PATIENT.search(text)]
