"""`python -m tests.backtest.shot` plays the invented half year, and takes the picture of its report: docs/images."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import sync_playwright

from bridge import settings
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy
from bridge.insight.backtest.backtest import Asked, Source, backtest
from bridge.insight.backtest.html import page
from bridge.insight.backtest.report_of import Report
from bridge.insight.backtest.sources import USUAL
from tests.backtest.half_a_year import DEADLINES, half_a_year
from tests.browser.conftest import ARGUMENTS, PROGRAMS
from tests.pages import ROOT

PICTURE = ROOT / "docs" / "images" / "backtest.png"
SIZE = {"width": 1100, "height": 900}
HIGHEST = 2500  # pixels; what is below is cut off
COLOURS = 64


def played(many: int = 3000) -> Report:
    """The report of the half year, under what is promised where no configuration says otherwise."""
    usual = settings.parse(USUAL, {})
    policy = Policy(
        rules=usual.rules,
        goals=usual.goals,
        hours=Hours(ZoneInfo("UTC")),
        in_shadow=usual.in_shadow,
    )
    source = Source(
        read=lambda found, _: half_a_year(found, many),
        files=("half-a-year.csv",),
        deadlines=DEADLINES,
    )
    return backtest(source, policy, Asked(jobs=1), lambda *_: None)


def main() -> None:
    """Take it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(page(played()), "utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        window = browser.new_page(viewport=SIZE, color_scheme="light")
        window.goto(file.as_uri())
        taken = Image.open(io.BytesIO(window.screenshot(full_page=True))).convert("RGB")
        browser.close()
    whole = taken.crop((0, 0, taken.width, min(taken.height, HIGHEST)))
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1024} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
