"""The open inbox keeps itself current and loses nobody's place, and is used by keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from bridge.domain.model import Outcome, Press
from bridge.domain.viewing import Role
from bridge.work.press import press
from tests.browser.conftest import PATIENCE_MS, Opened
from tests.flow.loop_desk import LoopOffice

EVERY_MS = 20_000
LOW = {"width": 1280, "height": 420}


@pytest.fixture
def page(window: Opened, loop: LoopOffice) -> Page:
    """Mona's inbox with three alerts in it, in a low window whose time the test moves."""
    for _ in range(3):
        loop.rated(2)
    mona = window("mona@example.com", Role.MANAGER, size=LOW)
    mona.page.clock.install()
    return mona.go("/inbox")


def refs(page: Page) -> list[str]:
    """The alerts in the list, from above."""
    return [str(row.get_attribute("id")) for row in page.locator("#list tbody tr").all()]


def fresh(page: Page) -> None:
    """So much time passes that the list is asked for, and the answer has come."""
    with page.expect_response(lambda answer: "bridge-part" in answer.request.headers):
        page.clock.fast_forward(EVERY_MS)


def top(page: Page, ref: str) -> int:
    """How far below the window's upper edge a row stands."""
    box = page.locator(f"#{ref}").bounding_box()
    assert box is not None
    return round(box["y"])


def test_a_new_alert_appears_while_ticks_focus_and_place_stay(page: Page, loop: LoopOffice) -> None:
    [first, second, third] = refs(page)
    page.get_by_role("checkbox", name=f"Tick {second}").check()
    page.locator(f"#{third} a.headline").focus()
    page.locator(f"#{third}").scroll_into_view_if_needed()
    before = top(page, third)
    loop.rated(1)
    fresh(page)
    expect(page.locator("#list tbody tr")).to_have_count(4)
    assert refs(page)[1:] == [first, second, third]
    assert top(page, third) == before
    expect(page.locator(f"#{third} a.headline")).to_be_focused()
    expect(page.get_by_role("checkbox", name=f"Tick {second}")).to_be_checked()
    expect(page.locator("#ticked")).to_have_text("1 ticked")
    expect(page.locator("#totals strong").first).to_have_text("4")
    expect(page.locator("#news")).to_have_text("The list has changed.")


def test_whoever_scrolled_keeps_the_place_without_a_focus_too(page: Page, loop: LoopOffice) -> None:
    third = refs(page)[2]
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    before = top(page, third)
    loop.rated(1)
    fresh(page)
    expect(page.locator("#list tbody tr")).to_have_count(4)
    assert top(page, third) == before


def test_where_the_row_in_hand_is_resolved_elsewhere_the_next_one_is_in_hand(
    page: Page, loop: LoopOffice
) -> None:
    [first, second, third] = refs(page)
    page.locator(f"#{second} a.headline").focus()
    report = {"outcome": Outcome.RECOVERED, "cause": "billing", "words": "Paid back."}
    press(loop.world.bridge, second, Press.RESOLVE, loop.member("Nils Holm"), **report)
    loop.settle()
    fresh(page)
    expect(page.locator(f"#{second}")).to_have_count(0)
    expect(page.locator(f"#{third} a.headline")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(f"#{first} a.headline")).to_be_focused()


def test_the_way_back_ticks_no_row_that_somebody_did_not_tick(page: Page, loop: LoopOffice) -> None:
    second = refs(page)[1]
    page.get_by_role("checkbox", name=f"Tick {second}").check()
    page.locator(f"#{second} a.headline").click()
    loop.rated(1)
    page.go_back()
    expect(page.locator("#list tbody tr")).to_have_count(4)
    assert page.locator("#list input:checked").count() == 0
    expect(page.locator("#ticked")).to_be_empty()


def test_it_waits_while_a_menu_or_the_list_of_keys_is_open(page: Page, loop: LoopOffice) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "bridge-part" in request.headers:
            asked.append(request.url)

    page.on("request", note)
    loop.rated(1)
    menu = page.locator("#bulk summary", has_text="Assign")
    menu.click()
    page.get_by_label("Who takes them?").select_option("Olaf Lind")
    page.clock.fast_forward(EVERY_MS)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.clock.fast_forward(EVERY_MS)
    page.keyboard.press("x")
    assert asked == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#ticked")).to_be_empty()
    fresh(page)
    expect(page.locator("#list tbody tr")).to_have_count(4)
    expect(page.get_by_label("Who takes them?")).to_have_value("olaf")
    assert len(asked) == 1


def test_where_there_is_no_connection_it_says_since_when(page: Page) -> None:
    expect(page.locator("#updated")).to_contain_text("Updated")
    page.context.set_offline(True)
    page.clock.fast_forward(EVERY_MS)
    expect(page.locator("#updated")).to_contain_text("Not updated since")
    page.context.set_offline(False)
    fresh(page)
    expect(page.locator("#updated")).to_have_text(re.compile("^Updated"))


def test_whoever_is_signed_out_meanwhile_is_led_to_the_sign_in(page: Page) -> None:
    page.context.clear_cookies()
    page.clock.fast_forward(EVERY_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=PATIENCE_MS)


def test_by_keys_alone_rows_are_walked_ticked_acknowledged_and_opened(
    page: Page, loop: LoopOffice
) -> None:
    [first, second, third] = refs(page)
    keys = page.keyboard
    for key in ("j", "j", "ArrowDown", "ArrowDown", "ArrowUp"):
        keys.press(key)
    expect(page.locator(f"#{second} a.headline")).to_be_focused()
    keys.press("x")
    keys.press("j")
    keys.press("x")
    expect(page.locator("#ticked")).to_have_text("2 ticked")
    keys.press("x")
    expect(page.locator("#ticked")).to_have_text("1 ticked")
    keys.press("a")
    expect(page.get_by_role("status").first).to_contain_text("1 alert is yours now.")
    loop.settle()
    assert {a.ref for a in loop.alerts() if not a.waits} == {second}
    keys.press("j")
    keys.press("a")  # nothing is ticked: the row itself
    expect(page.get_by_role("status").first).to_contain_text("1 alert is yours now.")
    loop.settle()
    assert {a.ref for a in loop.alerts() if not a.waits} == {first, second}
    page.get_by_role("checkbox", name=f"Tick {third}").focus()
    keys.press("Space")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(f"/alerts/{third}$"))
    page.go_back()
    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("jxa?")
    expect(page.get_by_role("searchbox")).to_have_value("jxa?")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="No alert is like that")).to_be_visible()
