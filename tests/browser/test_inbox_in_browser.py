"""The inbox in a browser: looking through it, doing something about many at once, and what is whose to see."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from bridge.domain.model import Alert, Press
from bridge.domain.viewing import Role
from bridge.work.press import press
from tests.browser.conftest import PHONE, Opened, Window
from tests.flow.loop_desk import LoopOffice

MONA = "mona@example.com"


def alerts(loop: LoopOffice, *scores: int) -> list[str]:
    """Alerts of Billing's, one a score; their references, oldest first."""
    for score in scores:
        loop.rated(score)
    return [alert.ref for alert in loop.alerts()]


def known(loop: LoopOffice, ref: str) -> Alert:
    """The alert as it stands once all that follows has followed."""
    return next(alert for alert in loop.alerts() if alert.ref == ref)


def manager(window: Opened) -> Window:
    """Mona, who manages Billing, in front of her inbox."""
    mona = window(MONA, Role.MANAGER)
    mona.go("/inbox")  # here the browser says its zone
    return mona


def tick(page: Page, *refs: str) -> None:
    for ref in refs:
        page.get_by_role("checkbox", name=f"Tick {ref}").check()


def menu(page: Page, name: str) -> None:
    """Open one of the menus above the list."""
    page.locator("#bulk summary", has_text=name).click()


def test_filters_are_chosen_and_survive_a_reload_and_the_way_back(
    window: Opened, loop: LoopOffice
) -> None:
    high, critical = alerts(loop, 2, 1)
    page = manager(window).page
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(2)
    page.locator("#by-severity").select_option("critical")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"/inbox\?severity=critical$"))
    expect(rows).to_have_count(1)
    page.reload()
    expect(page.locator("#by-severity")).to_have_value("critical")
    expect(rows).to_have_attribute("id", critical)
    page.get_by_role("searchbox").fill("refund")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(r"/inbox\?q=refund&severity=critical$"))
    page.go_back()
    expect(page.locator("#by-severity")).to_have_value("critical")
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.go_back()
    expect(rows).to_have_count(2)
    expect(page.locator("#by-severity")).to_have_value("")
    page.locator("#by-owner").select_option("nobody")
    page.locator("#by-severity").select_option("high")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Without Owner: Nobody").click()
    expect(page).to_have_url(re.compile(r"/inbox\?severity=high$"))
    expect(rows).to_have_attribute("id", high)


def test_of_three_acknowledged_at_once_the_refused_one_is_told_with_its_reason(
    window: Opened, loop: LoopOffice
) -> None:
    first, second, third = alerts(loop, 2, 2, 2)
    page = manager(window).page
    press(loop.world.bridge, second, Press.ACKNOWLEDGE, loop.member("Nils Holm"))
    loop.settle()
    page.get_by_label("All on this page").check()
    expect(page.locator("#ticked")).to_have_text("3 ticked")
    page.get_by_role("button", name="Acknowledge").click()
    status = page.get_by_role("status").first
    expect(status).to_contain_text("2 alerts are yours now.")
    expect(status).to_contain_text(f"{second} was left as it is: Nils Holm has it already since")
    expect(status).to_contain_text("11 Mar 2031, 10:00")  # nine o'clock in UTC
    loop.later(seconds=5)
    owners = [str(known(loop, ref).owner) for ref in (first, second, third)]
    assert owners == ["Mona Berg", "Nils Holm", "Mona Berg"]
    took = ["Mona Berg has it in hand" in str(loop.notes(ticket)) for ticket in (1, 2, 3)]
    assert took == [True, False, True]


def test_two_are_given_to_somebody_who_hears_of_it(window: Opened, loop: LoopOffice) -> None:
    first, second, other = alerts(loop, 2, 2, 2)
    page = manager(window).page
    tick(page, first, second)
    menu(page, "Assign")
    page.get_by_label("Who takes them?").select_option("Olaf Lind")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("2 alerts were given on.")
    expect(page.locator(f"#{first} [data-label=Owner]")).to_have_text("Olaf Lind")
    expect(page.locator(f"#{other} [data-label=Owner]")).to_have_text("Nobody")
    loop.later(seconds=5)
    assert sum("gave this to you" in said for said in loop.told("olaf")) == 2


def test_two_are_put_off_until_a_time_that_is_typed_in_the_zone_of_the_browser(
    window: Opened, loop: LoopOffice
) -> None:
    first, second, other = alerts(loop, 2, 2, 2)
    page = manager(window).page
    tick(page, first, second)
    menu(page, "Snooze")
    expect(page.get_by_label("A time of your own")).to_be_hidden()
    page.get_by_label("Until when?").select_option("own")
    page.get_by_label("A time of your own").fill("2031-03-12T08:15")
    page.get_by_label("A time of your own").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("2 alerts are put off")
    expect(page.locator(f"#{first} .snoozed time")).to_have_attribute(
        "title", re.compile(r"08:15:00 Europe/Berlin · 2031-03-12 07:15:00 UTC")
    )
    loop.later(seconds=5)
    for ref in (first, second):
        assert f"{known(loop, ref).snoozed_until:%d %H:%M}" == "12 07:15"
    assert known(loop, other).snoozed_until is None


def test_who_only_looks_sees_the_list_and_no_button(window: Opened, loop: LoopOffice) -> None:
    [ref] = alerts(loop, 2)
    vera = window("vera@example.com", Role.VIEWER, "Billing")
    page = vera.go("/inbox")
    expect(page.locator(f"#{ref}")).to_be_visible()
    expect(page.locator("#bulk")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(ref))
    expect(page.locator("main")).to_contain_text("You may look at this alert, and not act on it.")
    expect(page.locator("main form")).to_have_count(0)
    assert known(loop, ref).waits


def test_the_manager_of_another_team_finds_neither_the_row_nor_the_page(
    window: Opened, loop: LoopOffice
) -> None:
    [ref] = alerts(loop, 2)
    otto = window("otto@example.com", Role.MANAGER, "Operations")
    page = otto.go("/inbox")
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()
    answer = page.goto(f"{otto.base}/alerts/{ref}")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).not_to_contain_text("rated")
    assert otto.complaints() == []


def test_on_a_phone_in_the_dark_an_alert_is_acknowledged_and_nothing_sticks_out(
    window: Opened, loop: LoopOffice
) -> None:
    [ref] = alerts(loop, 1)
    phone = window(MONA, Role.MANAGER, colours="dark", size=PHONE)
    page = phone.go("/inbox")
    assert (phone.too_wide(), phone.complaints()) == ([], [])
    menu(page, "Snooze")
    assert (phone.too_wide(), phone.complaints()) == ([], [])
    menu(page, "Snooze")
    tick(page, ref)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status").first).to_contain_text("1 alert is yours now.")
    phone.settle()
    assert known(loop, ref).state.value == "acknowledged"


def test_without_script_the_inbox_is_looked_through_and_acted_on(
    window: Opened, loop: LoopOffice
) -> None:
    high, critical = alerts(loop, 2, 1)
    mona = manager(window)
    page = unscripted(mona)
    page.goto(f"{mona.base}/inbox")
    page.locator("#filters summary").click()
    page.locator("#by-severity").select_option("critical")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#list tbody tr")).to_have_attribute("id", critical)
    page.get_by_role("link", name="Without Severity: Critical").click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    page.get_by_role("checkbox", name=f"Tick {high}").press(
        "Enter"
    )  # which says nothing of what is meant
    expect(page.get_by_role("status").first).to_contain_text("choose what to do")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status").first).to_contain_text("2 alerts are yours now.")
    loop.settle()
    assert {known(loop, ref).state.value for ref in (high, critical)} == {"acknowledged"}


def unscripted(window: Window) -> Page:
    """Another window of the same visitor, in which no script runs."""
    browser = window.page.context.browser
    assert browser is not None
    context = browser.new_context(
        java_script_enabled=False, storage_state=window.page.context.storage_state()
    )
    window.page.on("close", lambda _: context.close())
    return context.new_page()
