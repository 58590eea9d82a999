"""The page of an alert in a browser: what is done there, and what comes of it in Slack and on the ticket."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from bridge.domain.viewing import Role
from tests.browser.conftest import PHONE, Opened, Window
from tests.flow.conftest import written
from tests.flow.loop_desk import LoopOffice

MONA = "mona@example.com"
LONGEST_WALK = 40
"""Presses of Tab until what is looked for must have had the focus."""


@pytest.fixture
def ticket(loop: LoopOffice) -> int:
    """Anna's, which she rated 1: one critical alert of Billing's."""
    return loop.rated(1)


@pytest.fixture
def mona(window: Opened, loop: LoopOffice, ticket: int) -> Window:
    """Billing's manager in front of the alert."""
    mona = window(MONA, Role.MANAGER)
    mona.go("/inbox")  # here the browser says its zone
    mona.go(f"/alerts/{loop.alert.ref}")
    return mona


def told(page: Page) -> Locator:
    """What the page says of what was just done."""
    return page.get_by_role("status").first


def fold(page: Page, name: str) -> Locator:
    """A form of the page with its fold opened."""
    if not page.locator(".deed-fold summary", has_text=name).is_visible():
        page.locator(".further > summary").click()
    page.locator(".deed-fold summary", has_text=name).click()
    return page.locator("details.deed-fold[open]")


def report(page: Page) -> None:
    """Fill in how it came out, and send it."""
    form = fold(page, "Resolve")
    form.get_by_label("How did it come out?").select_option("recovered")
    form.get_by_label("What was the cause?").select_option("billing")
    form.get_by_label("What was done?").fill("Paid back.")
    form.get_by_role("button", name="Resolve").click()


def acknowledged(loop: LoopOffice, ticket: int) -> None:
    """Slack and the ticket say that Mona has it."""
    assert loop.state == "acknowledged"
    assert "Mona Berg" in written(loop.post)
    assert any("Acknowledged by Mona Berg" in said for said in loop.thread(loop.post))
    assert any("Mona Berg has it in hand" in note for note in loop.notes(ticket))
    assert loop.tags(ticket) == {"alert_low_score"}


def resolved(loop: LoopOffice, ticket: int) -> None:
    """Slack and the ticket say how it came out."""
    assert (loop.state, loop.alert.cause, loop.alert.done) == ("resolved", "billing", "Paid back.")
    assert any("Mona Berg resolved it" in said for said in loop.thread(loop.post))
    assert any("Paid back." in note for note in loop.notes(ticket))
    assert loop.tags(ticket) == set()


def both(mona: Window, loop: LoopOffice, ticket: int) -> None:
    """It is acknowledged and resolved on the page, and each time Slack and the ticket follow."""
    page = mona.page
    page.get_by_role("button", name="I have it").click()
    expect(told(page)).to_contain_text("It is yours now. The ticket and Slack follow in a moment.")
    expect(page.locator(".case-head")).to_contain_text("Mona Berg has it")
    mona.settle()
    acknowledged(loop, ticket)
    report(page)
    expect(told(page)).to_contain_text("Resolved.")
    mona.settle()
    resolved(loop, ticket)
    page.reload()
    expect(page.locator(".story")).to_contain_text("Mona Berg resolved it on this page")


def test_it_is_acknowledged_and_resolved_and_slack_and_the_ticket_follow(
    mona: Window, loop: LoopOffice, ticket: int
) -> None:
    both(mona, loop, ticket)


def test_the_same_on_a_phone_and_nothing_sticks_out(
    window: Opened, loop: LoopOffice, ticket: int
) -> None:
    phone = window(MONA, Role.MANAGER, size=PHONE)
    page = phone.go(f"/alerts/{loop.alert.ref}")
    fold(page, "Resolve")
    assert (phone.too_wide(), phone.complaints()) == ([], [])
    phone.go(f"/alerts/{loop.alert.ref}")
    both(phone, loop, ticket)
    assert (phone.too_wide(), phone.complaints()) == ([], [])


def test_the_same_in_the_dark_and_everything_can_be_read(
    window: Opened, loop: LoopOffice, ticket: int
) -> None:
    dark = window(MONA, Role.MANAGER, colours="dark")
    page = dark.go(f"/alerts/{loop.alert.ref}")
    fold(page, "Snooze").get_by_role("radio", name="At a time of your own").check()
    assert dark.complaints() == []
    both(dark, loop, ticket)
    assert dark.complaints() == []


def test_the_same_without_script(mona: Window, loop: LoopOffice, ticket: int) -> None:
    browser = mona.page.context.browser
    assert browser is not None
    kept = mona.page.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=kept) as context:
        page = context.new_page()
        page.goto(mona.page.url)
        both(Window(page, mona.base, loop), loop, ticket)


def test_the_same_by_keyboard_alone(mona: Window, loop: LoopOffice, ticket: int) -> None:
    page, keys = mona.page, mona.page.keyboard
    mona.go("/inbox")
    keys.press("j")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("rated 1")
    walk(page, "I have it")
    keys.press("Enter")
    expect(told(page)).to_contain_text("It is yours now.")
    mona.settle()
    acknowledged(loop, ticket)
    walk(page, "Resolve")
    keys.press("Enter")
    keys.press("Tab")
    keys.press("ArrowDown")  # the first of the outcomes
    keys.press("Tab")
    keys.type("bill")
    keys.press("Tab")
    keys.type("Paid back.")
    walk(page, "Resolve")
    keys.press("Space")
    expect(told(page)).to_contain_text("Resolved.")
    mona.settle()
    resolved(loop, ticket)


def walk(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(LONGEST_WALK):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText")[: len(name)].strip() == name:
            return
    pytest.fail(f"Tab doesn't lead to {name!r}")


def test_a_missing_outcome_is_told_at_its_field_and_the_rest_is_kept(
    mona: Window, loop: LoopOffice
) -> None:
    page = mona.page
    form = fold(page, "Resolve")
    form.get_by_label("What was the cause?").select_option("billing")
    form.get_by_label("What was done?").fill("Paid back.")
    form.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("alert")).to_contain_text("That was not done yet")
    outcome = form.get_by_label("How did it come out?")
    expect(outcome).to_be_focused()
    expect(outcome).to_have_attribute("aria-invalid", "true")
    expect(outcome.locator("xpath=..")).to_contain_text("Choose how it came out.")
    expect(form.locator(".invalid-feedback")).to_have_count(1)
    expect(form.get_by_label("What was the cause?")).to_have_value("billing")
    expect(form.get_by_label("What was done?")).to_have_value("Paid back.")
    assert mona.complaints() == []
    outcome.select_option("recovered")
    form.get_by_role("button", name="Resolve").click()
    expect(told(page)).to_contain_text("Resolved.")
    mona.settle()
    assert loop.state == "resolved"


def test_what_is_refused_says_why_and_keeps_what_was_typed(
    mona: Window, window: Opened, loop: LoopOffice, ticket: int
) -> None:
    form = fold(mona.page, "Resolve")
    form.get_by_label("How did it come out?").select_option("not recovered")
    form.get_by_label("What was the cause?").select_option("billing")
    form.get_by_label("What was done?").fill("Called twice.")
    nils = window("nils@example.com", Role.MANAGER)
    report(nils.go(f"/alerts/{loop.alert.ref}"))
    nils.settle()
    form.get_by_role("button", name="Resolve").click()
    trouble = mona.page.get_by_role("alert").first
    expect(trouble).to_contain_text("That was not done: It is over since 11 Mar 2031, 10:00")
    expect(trouble).to_contain_text("resolved by Nils Holm")
    expect(form.get_by_label("What was done?")).to_have_value("Called twice.")
    expect(form.get_by_label("How did it come out?")).to_have_value("not recovered")
    assert mona.complaints() == []


def test_it_is_put_off_until_a_time_in_the_zone_of_the_browser(
    mona: Window, loop: LoopOffice
) -> None:
    page = mona.page
    form = fold(page, "Snooze")
    expect(form.locator("#snooze-own")).to_be_hidden()
    form.get_by_role("radio", name="At a time of your own").check()
    form.locator("#snooze-own").fill("2031-03-12T08:15")
    form.get_by_role("button", name="Snooze").click()
    expect(told(page)).to_contain_text("Put off")
    expect(page.locator(".signs")).to_contain_text("Snoozed until 12 Mar 2031, 08:15")
    mona.settle()
    assert f"{loop.alert.snoozed_until:%d %H:%M}" == "12 07:15"
    page.reload()
    expect(page.locator(".story")).to_contain_text("until 12 Mar 2031, 08:15")


def test_times_are_those_of_berlin_with_the_exact_one_at_hand(mona: Window) -> None:
    story = mona.page.locator(".story time").first
    expect(story).to_have_text("11 Mar 2031, 10:00")
    title = str(story.get_attribute("title"))
    assert title.startswith("Tuesday, 11 March 2031")
    assert "Europe/Berlin" in title
    assert "2031-03-11 09:00" in title


def test_what_customers_wrote_is_read_and_does_nothing(window: Opened, loop: LoopOffice) -> None:
    evil = '<img src=x onerror=alert(1)>"><a href="javascript:alert(2)"> 2031-02-30 10:00 UTC'
    number = loop.open(about=evil)
    loop.answer(number)
    loop.rate(number, score=1, words=evil)
    mona = window(MONA, Role.MANAGER)
    opened: list[str] = []
    mona.page.on("dialog", lambda one: (opened.append(one.message), one.dismiss()))
    page = mona.go("/inbox")
    expect(page.locator("#list .about")).to_contain_text(evil)
    page.locator("#list a.headline").click()
    expect(page.locator(".case .ticket")).to_contain_text(evil)
    expect(page.locator(".case .said")).to_have_text(evil)
    fold(page, "Note").get_by_role("textbox", name="Note").fill(evil)
    page.locator("details.deed-fold[open]").get_by_role("button", name="Note").click()
    expect(told(page)).to_contain_text("Noted.")
    mona.settle()
    page.reload()
    expect(page.locator(".story .words").first).to_have_text(evil)
    assert page.locator("main img, main script, main a[href^='javascript']").count() == 0
    assert opened == []
