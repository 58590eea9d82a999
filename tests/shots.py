"""`python -m tests.shots [NAME…]` takes the pictures of all pages anew: docs/images/pages, light, dark and on a phone.

They show the office of the browser tests, with the same quarter behind it each time; docs/pages.md shows them all.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from bridge.embedded import temporary_postgres
from tests.browser.conftest import ARGUMENTS, PHONE, PROGRAMS, WIDE, Colours, windows
from tests.browser.tour import ADMIN, SURVEY, public, staged, tour
from tests.flow.conftest import opens
from tests.flow.loop_desk import loop_office
from tests.flow.slack_desk import APP
from tests.pages import ROOT

FOLDER = ROOT / "docs" / "images" / "pages"
GALLERY = ROOT / "docs" / "pages.md"
HIGHEST = 2400  # pixels; what is below is cut off
COLOURS = 160  # so many are enough, and take a third of the room
FACES: dict[str, tuple[Colours, dict[str, int]]] = {
    "light": ("light", WIDE),
    "dark": ("dark", WIDE),
    "phone": ("light", PHONE),
}
HEAD = """# All pages

As they are with a quarter of a year behind them: by day, in the dark, on a phone.
`python -m tests.shots` takes them anew.
"""


def file(name: str, face: str) -> Path:
    """Where a page's picture is."""
    return FOLDER / f"{name.replace(' ', '-')}.{face}.png"


def gallery(titles: Mapping[str, str]) -> str:
    """The page that shows them all; `titles` are by the page's name."""
    lines = [HEAD]
    for name, title in titles.items():
        shown = " | ".join(
            f"![{title}, {face}](images/pages/{file(name, face).name})" for face in FACES
        )
        lines.append(f"## {title}\n\n| {' | '.join(FACES)} |\n|---|---|---|\n| {shown} |\n")
    return "\n".join(lines)


def take(page: Page, to: Path) -> None:
    """A picture of the whole page."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    picture = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, HIGHEST)))
    to.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)
    print(f"{to.name}: {to.stat().st_size // 1024} kB", file=sys.stderr)


def main(only: Sequence[str]) -> None:
    """Take the pictures whose names begin with one of `only`, or all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    titles: dict[str, str] = {}
    with ExitStack() as stack:
        url = stack.enter_context(temporary_postgres())
        stack.enter_context(chdir(stack.enter_context(TemporaryDirectory())))
        folder = Path("config")  # as in earnest, for it stands on a page
        folder.mkdir()
        office = loop_office(
            opens(stack, lambda: url, folder), lambda policy: policy + APP + SURVEY
        )
        stage = staged(office)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        contexts: list[BrowserContext] = []
        opened = windows(browser, office, contexts)
        for face, (colours, size) in FACES.items():
            inside = opened(ADMIN, colours=colours, size=size)
            outside = opened(colours=colours, size=size)
            inside.go("/inbox")  # here the browser says its zone
            for window, places in ((inside, tour(stage)), (outside, public(stage))):
                for name, path in places.items():
                    page = window.go(path)
                    titles.setdefault(name, page.title().removesuffix(" · Alert Bridge"))
                    if not only or file(name, face).name.startswith(tuple(only)):
                        take(page, file(name, face))
        for context in contexts:
            context.close()
        browser.close()
    GALLERY.write_text(gallery(titles), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
