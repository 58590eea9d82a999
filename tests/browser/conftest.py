"""A real browser in front of a whole office: what it shows, what it says to screen readers, what happens elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bridge.domain.viewing import Role
from bridge.store import users
from bridge.web.pages.signin.sessions import COOKIE
from tests.browser.tour import SURVEY
from tests.flow.conftest import Opens, command, office, open_office  # noqa: F401 - fixtures
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.slack_desk import APP

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NONE = (
    "no browser: install Debian's chromium (apt install chromium), and the tests of the pages run"
)
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
PATIENCE_MS = 15_000

Colours = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a file: as long as it runs, no other test in this process can have an event loop.

    Without one these tests are skipped, and say so.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(NONE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Window:
    """A browser's window in which somebody looks at our pages."""

    page: Page
    base: str
    office: LoopOffice

    def go(self, path: str) -> Page:
        """Open a page of ours."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status < 500, (path, answer.status)
        return self.page

    def settle(self) -> None:
        """All that follows from what was done has happened, as far as it can at this moment, and a little later."""
        self.office.settle()
        self.office.later(seconds=4)

    def complaints(self) -> list[str]:
        """What axe-core finds seriously wrong for people who can't see, hear, or use a mouse."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def too_wide(self) -> list[str]:
        """What sticks out of the page to the right."""
        found: list[str] = self.page.evaluate(
            """() => {
                const width = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= width) return [];
                return [...document.body.querySelectorAll("*")]
                    .filter((one) => one.getBoundingClientRect().right > width + 1)
                    .map((one) => one.outerHTML.slice(0, 120));
            }"""
        )
        return found


Opened = Callable[..., Window]


@pytest.fixture
def loop(open_office: Opens) -> LoopOffice:  # noqa: F811 - it is the fixture
    """An office in which alerts are followed to their end, with Slack's buttons and a survey tool."""
    return loop_office(open_office, lambda policy: policy + APP + SURVEY)


@pytest.fixture
def window(browser: Browser, loop: LoopOffice) -> Iterator[Opened]:
    """Opens a window: as `role` with `teams`, signed in already, or as nobody with `email` left out."""
    contexts: list[BrowserContext] = []
    yield windows(browser, loop, contexts)
    for context in contexts:
        context.close()


def windows(browser: Browser, loop: LoopOffice, contexts: list[BrowserContext]) -> Opened:
    """What opens windows in front of an office; `contexts` are the caller's to close."""
    base = loop.world.hooks.removesuffix("/hooks")

    def make(
        email: str = "",
        role: Role = Role.ADMIN,
        *teams: str,
        colours: Colours = "light",
        size: dict[str, int] = WIDE,
        language: str = "en-GB",
    ) -> Window:
        context = browser.new_context(
            color_scheme=colours,
            viewport=size,  # type: ignore[arg-type] # a width and a height
            locale=language,
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if email:
            bridge = loop.world.bridge
            with bridge.engine.begin() as connection:
                user = users.save(connection, email, role, bridge.now(), teams=teams)
                token = users.begin(
                    connection, user.id, bridge.now(), timedelta(days=1), via="test"
                )
            context.add_cookies([{"name": COOKIE, "value": token, "url": base}])
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        page.on("console", _complained)
        return Window(page, base, loop)

    return make


def _complained(message: Any) -> None:
    """What the browser refuses because of our own headers is a fault of the page."""
    assert "Content Security Policy" not in message.text, message.text


expect.set_options(timeout=PATIENCE_MS)
