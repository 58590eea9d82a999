"""The pages speak the language of the browser: German is the proof."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.browser.tour import ADMIN
from tests.flow.loop_desk import LoopOffice


def test_the_inbox_speaks_german_where_the_browser_does(window: Opened, loop: LoopOffice) -> None:
    loop.rated(1)
    german = window(ADMIN, language="de-DE")
    page = german.go("/inbox")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Eingang")
    expect(page.locator("#list").get_by_text("Kritisch")).to_be_visible()
    page.locator("#list a").first.click()
    expect(page.get_by_role("heading", name="Verlauf")).to_be_visible()
    assert german.complaints() == []


def test_who_speaks_another_language_reads_english(window: Opened) -> None:
    page = window(ADMIN, language="fr-FR").go("/inbox")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
