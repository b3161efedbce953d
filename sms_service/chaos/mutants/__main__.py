"""A command of the service with one protection switched off: `python -m … PROTECTION web|worker|beat …`."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from typing import NoReturn

from sms_service.chaos.mutants import patches
from sms_service.cli.app import main


def _stay(_program: str, argv: Sequence[str]) -> NoReturn:
    """What a command would become by exec, run right here instead: a patch does not survive an exec."""
    module, sys.argv = argv[2], [argv[2], *argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    raise SystemExit(0)


getattr(patches, sys.argv[1])()
os.execv = _stay  # type: ignore[assignment]
sys.argv = ["sms-service", *sys.argv[2:]]
main()
