"""Take the pictures of the README from an open phones page, such as that of `make demo`.

PYTHONPATH=tests .venv/bin/python -m browser.pictures http://127.0.0.1:PORT docs
"""

import sys
from pathlib import Path

from browser.chromium import launched

SIZES = {"phones": (1280, 1000), "phones-small": (390, 844)}


def main(url, folder):
    with launched() as browser:
        for name, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
            page.goto(url)
            page.screenshot(path=Path(folder) / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
