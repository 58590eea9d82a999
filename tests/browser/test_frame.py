"""The frame of every page, in a real browser: signing in by a link, the colours of the system, keyboard and phone."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from bridge.domain.viewing import Role
from bridge.store import users
from tests.browser.conftest import PHONE, Opened
from tests.flow.loop_desk import LoopOffice


def test_somebody_signs_in_by_a_link_and_out_again(window: Opened, loop: LoopOffice) -> None:
    nobody = window()
    page = nobody.go("/inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    bridge = loop.world.bridge
    with bridge.engine.begin() as connection:
        user = users.save(connection, "mona@example.com", Role.MANAGER, bridge.now())
        token = users.make_link(connection, user.id, bridge.now(), timedelta(minutes=15))
    nobody.go(f"/sign-in/link/{token}")
    page.get_by_role("button", name="Sign in").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    page.get_by_label("Your account").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    nobody.go("/inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_page_is_dark_where_the_system_is(window: Opened) -> None:
    light = window("ada@example.com").go("/inbox")
    dark = window("ada@example.com", colours="dark").go("/inbox")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark.evaluate(ground) == "rgb(20, 23, 28)"


def test_the_first_tab_leads_past_the_navigation(window: Opened) -> None:
    page = window("ada@example.com").go("/inbox")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_times_are_in_the_zone_of_the_browser(window: Opened, loop: LoopOffice) -> None:
    loop.rated(1)
    page = window("ada@example.com")
    page.go("/inbox")  # here the browser says which
    [*times] = page.go("/inbox").locator("main time").all()
    assert times
    assert all("Europe/Berlin" in str(one.get_attribute("title")) for one in times)


def test_nothing_sticks_out_on_a_phone(window: Opened, loop: LoopOffice) -> None:
    loop.rated(1)
    phone = window("ada@example.com", size=PHONE)
    phone.go("/inbox")
    assert phone.too_wide() == []
