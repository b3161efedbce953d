"""The machine's own Chromium, driven by Playwright; nothing is ever downloaded."""

import os
import shutil
from contextlib import contextmanager

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Only our own pages are opened, so a container that forbids Chromium's sandbox may do without it.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):  # noqa: N818 - a fact about the machine, not a fault
    """No Chromium can be used here; the text says why and what to do."""


@contextmanager
def launched():
    """Start the Chromium that is on PATH; raise NoBrowser if there is none, or none that runs."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        looked_for = ", ".join(NAMES)
        raise NoBrowser(f"no Chromium on PATH (as {looked_for}); on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            raise NoBrowser(f"{path} does not start: {error.message.splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()


def is_required():
    """CI has to have a browser; a person's machine need not."""
    return bool(os.environ.get("CI"))
