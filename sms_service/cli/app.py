"""Where the command line begins; the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module

#: What a supervisor starts again after a crash, and what a container asks all the time. They load none of the
#: other commands: that is two seconds of processor, and after a crash of everything ten start at once.
_PROCESSES = ("web", "worker", "beat", "healthcheck")


def main() -> None:
    """Run a command; a foreseeable error is one clear line and exit code 2, never a traceback."""
    ours = "processes" if sys.argv[1:2] and sys.argv[1] in _PROCESSES else "commands"
    try:
        import_module(f"sms_service.cli.{ours}").app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        words = import_module("sms_service.cli.complaints").in_words(error)
        if words is None:
            raise
        print(f"sms-service: {words}", file=sys.stderr)  # noqa: T201 - this is the command line
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
