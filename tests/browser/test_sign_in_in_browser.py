"""How people come in and what they find then, in a real browser: by their account at work, by a link, in their role."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from bridge.domain.viewing import Role
from bridge.store import users
from tests.browser.conftest import Opened, Window
from tests.flow.loop_desk import PHONE_AND_MAIL, LoopOffice

ADA, MONA = "ada@example.com", "mona@example.com"
SECRET = "secret-of-the-client"
PROVIDER = """
[login.acme]
issuer = "{issuer}"
client_id = "bridge"
client_secret = "ACME_SECRET"
label = "Acme"
"""


@pytest.fixture
def provider(loop: LoopOffice) -> LoopOffice:
    """The office, whose people have accounts across the street; there they are asked who they are."""
    oidc, bridge = loop.world.sandbox.oidc, loop.world.bridge
    base = loop.world.hooks.removesuffix("/hooks")
    oidc.add_client("bridge", SECRET, f"{base}/sign-in/acme/callback")
    oidc.add_account(MONA, "Mona Berg")
    oidc.add_account("eve@example.org", "Eve Stone")
    oidc.chosen = None
    loop.policy(more=PHONE_AND_MAIL + PROVIDER.replace("{issuer}", loop.world.sandbox.oidc_url))
    settings = bridge.settings
    bridge.settings = replace(settings, env={**settings.env, "ACME_SECRET": SECRET})
    listed(loop, MONA, Role.MANAGER, "Billing")
    return loop


def listed(office: LoopOffice, email: str, role: Role, *teams: str) -> None:
    """Somebody may sign in."""
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        users.save(connection, email, role, bridge.now(), name="Mona Berg", teams=teams)


def title(page: Page, words: str) -> None:
    """The page that is shown is called so."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def healthy(window: Window) -> None:
    """Nothing on the page is seriously wrong for people who can't see or use a mouse, nothing too wide."""
    assert window.complaints() == []
    assert window.too_wide() == []


def links(page: Page) -> list[str]:
    """Where the navigation leads."""
    return page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()


# --- coming in


def test_who_has_an_account_at_work_signs_in_with_it_and_comes_to_where_they_wanted(
    window: Opened, provider: LoopOffice
) -> None:
    mona = window()
    page = mona.go("/insight")
    title(page, "Sign in")
    healthy(mona)
    page.get_by_role("link", name="Sign in with Acme").press("Enter")
    title(page, "Who are you?")
    page.get_by_role("link", name="Mona Berg").press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert page.url == f"{mona.base}/insight"
    mona.go("/account")
    expect(page.locator("main table")).to_contain_text("acme")
    expect(page.locator("main table")).to_contain_text("This one")
    healthy(mona)


def test_who_has_an_account_and_is_not_listed_stays_outside_and_hears_why(
    window: Opened, provider: LoopOffice
) -> None:
    eve = window()
    page = eve.go("/sign-in")
    page.get_by_role("link", name="Sign in with Acme").click()
    page.get_by_role("link", name="Eve Stone").click()
    expect(page.get_by_role("alert")).to_contain_text("You are not on the list")
    expect(page.get_by_role("alert")).to_contain_text("Ask an admin to add you.")
    expect(page.get_by_role("link", name="Sign in with Acme")).to_be_visible()
    healthy(eve)
    title(eve.go("/inbox"), "Sign in")


def test_an_admin_adds_somebody_whom_a_link_lets_in_once(window: Opened, loop: LoopOffice) -> None:
    ada = window(ADA)
    page = ada.go("/admin/users")
    page.get_by_role("link", name="Add somebody").click()
    page.get_by_label("E-mail address").fill("vera")
    page.get_by_label("Name", exact=True).fill("Vera Lind")
    page.get_by_label("Billing", exact=True).check()
    page.locator("main form").get_by_role("button").click()
    expect(page.locator(".invalid-feedback")).to_have_text("Write it as name@example.com.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Vera Lind")
    expect(page.get_by_label("Billing", exact=True)).to_be_checked()
    healthy(ada)
    page.get_by_label("E-mail address").fill("vera@example.com")
    page.locator("main form").get_by_role("button").click()
    title(page, "Vera Lind")
    expect(page.get_by_role("status").first).to_contain_text("may sign in from now on")
    healthy(ada)
    page.get_by_role("button", name="Make a link").click()
    title(page, "A link for Vera Lind")
    link = page.locator("code").inner_text()
    healthy(ada)
    vera = window()
    hers = vera.page
    hers.goto(link)
    hers.get_by_role("button", name="Sign in").click()
    title(hers, "Inbox")
    assert "Admin" not in links(hers)
    again = window().page
    again.goto(link)
    again.get_by_role("button", name="Sign in").click()
    expect(again.get_by_role("alert")).to_contain_text("This link has been used already")
    told = ada.go("/admin/audit?text=vera").locator("main").inner_text()
    assert "user added" in told
    assert "login link made" in told
    assert link.rpartition("/")[2] not in told


# --- going out


def test_signing_out_everywhere_ends_the_other_window_too(window: Opened, loop: LoopOffice) -> None:
    phone, desk = window(MONA, Role.MANAGER), window(MONA, Role.MANAGER)
    title(phone.go("/inbox"), "Inbox")
    page = desk.go("/account")
    expect(page.locator("main tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Sign out everywhere").press("Enter")
    title(page, "Sign in")
    phone.page.reload()
    title(phone.page, "Sign in")


def test_an_admin_signs_somebody_out_and_their_next_click_leads_to_the_door(
    window: Opened, loop: LoopOffice
) -> None:
    mona, ada = window(MONA, Role.MANAGER), window(ADA)
    mona.go("/inbox")
    page = ada.go("/admin/users")
    page.get_by_role("link", name=MONA).click()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("status").first).to_contain_text("Signed out of 1 browser.")
    mona.page.get_by_role("link", name="Insight").click()
    title(mona.page, "Sign in")


# --- who may do what


def test_a_manager_gets_no_admin_and_is_told_kindly_at_its_door(
    window: Opened, loop: LoopOffice
) -> None:
    mona = window(MONA, Role.MANAGER, "Billing")
    page = mona.go("/inbox")
    assert links(page) == ["Inbox", "Insight", "Policy"]
    mona.go("/admin/teams")
    title(page, "This isn't yours to see")
    expect(page.locator("main")).to_contain_text("Ask an admin if you need it")
    healthy(mona)
    page.get_by_role("link", name="Go to the inbox").press("Enter")
    title(page, "Inbox")
    assert links(window(ADA).go("/inbox")) == ["Inbox", "Insight", "Admin"]


def test_a_viewer_sees_the_alert_and_nothing_to_press(window: Opened, loop: LoopOffice) -> None:
    loop.rated(1)
    ref = loop.alert.ref
    mona = window(MONA, Role.MANAGER, "Billing").go(f"/alerts/{ref}")
    deeds = mona.locator("main form[method=post]")
    assert deeds.count() > 0, "a manager acts"
    vera = window("vera@example.com", Role.VIEWER, "Billing")
    page = vera.go("/inbox")
    expect(page.locator("main")).to_contain_text("Anna Weber")
    assert page.locator("main input[type=checkbox]").count() == 0
    vera.go(f"/alerts/{ref}")
    expect(page.locator("main")).to_contain_text("Nobody helps me.")
    assert page.locator("main form[method=post]").count() == 0
    healthy(vera)


def test_a_change_of_role_holds_from_the_next_page_on_and_stands_in_the_audit_log(
    window: Opened, loop: LoopOffice
) -> None:
    mona, ada = window(MONA, Role.ADMIN), window(ADA)
    mona.go("/admin/audit")
    page = ada.go("/admin/users")
    page.get_by_role("link", name=MONA).click()
    page.get_by_label("Role").select_option("manager")
    page.get_by_label("Support", exact=True).check()
    page.locator("section", has_text="What they may do").get_by_role("button").click()
    mona.page.reload()
    title(mona.page, "This isn't yours to see")
    [change] = ada.go("/admin/audit").locator("main ol > li").all()
    told = change.inner_text()
    assert ADA in told
    expect(change.locator("del", has_text="admin")).to_be_visible()
    expect(change.locator("ins", has_text="manager")).to_be_visible()
    expect(change.locator("ins", has_text="Support")).to_be_visible()
    healthy(ada)
