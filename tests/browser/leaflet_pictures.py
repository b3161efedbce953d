"""Take the picture of the leaflet in eight languages, side by side as on phones.

PYTHONPATH=tests .venv/bin/python -m browser.leaflet_pictures docs
"""

import base64
import sys
from pathlib import Path

from browser.chromium import launched
from browser.leaflets import a_clinic, token_of

LANGUAGES = ("ar", "fa", "hi", "zh_Hans", "ja", "ko", "vi", "en")
#: Every second row is of a phone in the dark.
SCHEMES = ("light", "dark")
SIZE = {"width": 390, "height": 1180}
SHEET = """<style>
  body { margin: 0; padding: 20px; width: max-content; background: #c9d3d0; display: grid;
         grid-template-columns: repeat(4, auto); gap: 20px; }
  img { width: 290px; border-radius: 18px; display: block; }
</style>"""


def main(folder):
    with a_clinic() as world, launched() as browser:
        world.clinic(addresses={"": "12 River Street, Springfield"})
        world.say("booked")
        link = f"{world.url}/l/{token_of(world)}"
        shots = [
            shot(browser, f"{link}?lang={language}", SCHEMES[number // 4])
            for number, language in enumerate(LANGUAGES)
        ]
        page = browser.new_page(viewport={"width": 1300, "height": 1900})
        page.set_content(SHEET + "".join(f'<img src="data:image/png;base64,{one}">' for one in shots))
        page.locator("body").screenshot(path=Path(folder) / "leaflets.png")


def shot(browser, url, scheme):
    """One phone, as base64."""
    page = browser.new_page(viewport=SIZE, color_scheme=scheme)
    page.goto(url)
    taken = page.screenshot()
    page.close()
    return base64.b64encode(taken).decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
