"""An admin keeps things running in a real browser: what failed, what can't be read, what others may ask and hear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bridge.domain.viewing import Role
from bridge.sandbox.slack_records import Channel
from tests.browser.conftest import PHONE, Opened, Window
from tests.flow.loop_desk import PHONE_AND_MAIL, LoopOffice
from tests.flow.notices_ear import ALLOWED, Ear, listening

ADA = "ada@example.com"


@pytest.fixture
def without_bot(loop: LoopOffice) -> Channel:
    """Billing's channel: it became private, and the bot isn't in it, before there was something to tell."""
    room: Channel = next(
        one for one in loop.slack.channels.values() if one.name == "alerts-billing"
    )
    room.is_private, room.is_member = True, False
    loop.rated(2)
    loop.later(seconds=4)
    assert loop.posts() == []
    return room


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A program of somebody else's that hears of alerts."""
    with listening() as ear:
        yield ear


def healthy(window: Window) -> None:
    """Nothing on the page is seriously wrong for people who can't see or use a mouse, nothing too wide."""
    assert window.complaints() == []
    assert window.too_wide() == []


def told(page: Page, words: str) -> None:
    """The page says so on top, after something was done."""
    expect(page.get_by_role("status").first).to_contain_text(words)


def changes(window: Window) -> list[str]:
    """What the audit log tells, newest first."""
    return window.go("/admin/audit").locator("main ol > li").all_inner_texts()


# --- what could not be told


def test_a_failed_delivery_arrives_when_it_is_retried_after_the_bot_was_invited(
    window: Opened, loop: LoopOffice, without_bot: Channel
) -> None:
    ada = window(ADA)
    page = ada.go("/admin/deliveries")
    expect(page.locator("main tbody")).to_contain_text("channel_not_found")
    expect(page.locator("main tbody")).to_contain_text("Invite the app to the channel")
    healthy(ada)
    without_bot.is_member = True
    page.locator("main tbody").get_by_role("button", name="Retry").first.click()
    told(page, "tried again")
    ada.settle()
    assert len(loop.posts()) == 1
    page.reload()
    expect(page.locator("main")).not_to_contain_text("channel_not_found")
    change = changes(ada)[0]
    assert "delivery retried" in change
    assert "before: failed" in " ".join(change.split())


def test_a_delivery_that_is_dropped_on_the_phone_is_given_up_for_good(
    window: Opened, loop: LoopOffice, without_bot: Channel
) -> None:
    ada = window(ADA, size=PHONE)
    page = ada.go("/admin/deliveries")
    healthy(ada)
    page.locator("main tbody").get_by_role("button", name="Drop").first.click()
    told(page, "It is given up for good")
    healthy(ada)
    without_bot.is_member = True
    ada.settle()
    assert loop.posts() == []
    assert "delivery dropped" in changes(ada)[0]


# --- what others tell us


def test_a_webhook_that_could_not_be_read_is_read_again_once_its_source_is_mended(
    window: Opened, loop: LoopOffice
) -> None:
    ticket = loop.open()
    loop.answer(ticket)
    loop.policy(("low = 1", "low = 3"))
    loop.survey(answer="a1", stars=1, why="<b>Never</b> again", case=ticket)
    assert loop.alerts() == []
    ada = window(ADA)
    page = ada.go("/admin/webhooks")
    row = page.locator("main tbody tr").first
    expect(row).to_contain_text("Unreadable")
    healthy(ada)
    row.get_by_role("link").click()
    expect(page.locator("pre").first).to_contain_text("<b>Never</b> again")
    healthy(ada)
    loop.policy()
    page.get_by_role("button", name="Read it again").click()
    told(page, "It is read again now.")
    ada.settle()
    page.reload()
    expect(page.locator("main")).to_contain_text(loop.alert.ref)
    assert loop.alert.subject == f"zendesk:{ticket}"
    assert "webhook replayed" in changes(ada)[0]


def test_a_connection_is_checked_on_the_spot_and_what_is_wrong_comes_with_the_way_out(
    window: Opened, loop: LoopOffice
) -> None:
    ada = window(ADA)
    page = ada.go("/admin/sources")
    healthy(ada)
    found = page.locator("#way-slack").get_by_role("list", name="What the check found")
    page.get_by_role("button", name="Check connection: Slack").click()
    expect(found).to_contain_text("the token is good")
    expect(found).to_contain_text("team Billing: the bot is in its channel")
    loop.slack.tokens.clear()
    page.get_by_role("button", name="Check connection: Slack").click()
    expect(found).to_contain_text("invalid_auth")
    expect(found.get_by_role("img", name="To be mended").first).to_be_visible()
    healthy(ada)


# --- the policy


def test_another_value_of_a_rule_is_tried_on_the_past_and_nothing_comes_of_it(
    window: Opened, loop: LoopOffice
) -> None:
    loop.rated(3)
    ada = window(ADA)
    page = ada.go("/admin/policy")
    healthy(ada)
    page.locator("main a[href='/admin/policy/low_score']").first.click()
    value = page.get_by_label("at_or_below", exact=True)
    value.fill("much")
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.locator(".invalid-feedback").first).to_be_visible()
    expect(value).to_have_value("much")
    healthy(ada)
    value.fill("0.5")
    page.get_by_role("button", name="Try it on the past").click()
    found = page.get_by_role("region", name="What it would have done")
    expect(found).to_contain_text("Judged 1 of 1 tickets")
    expect(found.locator(".bigs")).to_contain_text("0 → 1")
    healthy(ada)
    loop.settle()
    assert loop.alerts() == []


# --- what others may ask, and what they are told


def test_a_key_is_shown_once_works_and_is_refused_after_it_was_revoked(
    window: Opened, loop: LoopOffice
) -> None:
    ada = window(ADA)
    page = ada.go("/admin/keys")
    page.locator(".doings").get_by_role("link", name="Make a key").click()
    page.get_by_label("Name").fill("Wallboard")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("main")).to_contain_text("Choose at least one")
    expect(page.get_by_label("Name")).to_have_value("Wallboard")
    healthy(ada)
    page.get_by_label("Read alerts and their stories").check()
    page.get_by_label("Billing", exact=True).check()
    page.get_by_role("button", name="Make the key").click()
    key = page.locator(".key-once code").inner_text()
    healthy(ada)
    asked = {"Authorization": f"Bearer {key}"}
    nobody = window().page.request
    alerts = f"{ada.base}/api/v1/alerts"
    assert nobody.get(alerts, headers=asked).status == 200
    page.get_by_role("link", name="Back to the keys").click()
    expect(page.locator("main tbody")).to_contain_text("Wallboard")
    assert key not in page.content()
    page.get_by_label("Revoke the key Wallboard").press("Enter")
    page.get_by_role("button", name="Revoke for good: Wallboard").press("Enter")
    told(page, "The key was revoked.")
    healthy(ada)
    assert nobody.get(alerts, headers=asked).status == 401
    revoked, added = changes(ada)
    assert "key revoked" in revoked
    assert "key added" in added
    assert key not in revoked + added


def test_a_program_is_told_of_alerts_at_a_public_address_and_never_at_a_private_one(
    window: Opened, loop: LoopOffice, ear: Ear
) -> None:
    loop.policy(more=PHONE_AND_MAIL + ALLOWED)
    ada = window(ADA)
    page = ada.go("/admin/endpoints")
    page.get_by_role("link", name="Add endpoint").click()
    page.get_by_label("Address").fill("https://192.168.1.1/alerts")
    page.get_by_label("Note", exact=True).fill("Wallboard")
    page.get_by_role("button", name="Add endpoint").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("leads into a private network")
    expect(page.get_by_label("Note", exact=True)).to_have_value("Wallboard")
    healthy(ada)
    page.get_by_label("Address").fill(ear.url)
    page.get_by_role("button", name="Add endpoint").click()
    told(page, "The endpoint was added.")
    page.get_by_role("button", name="Send a test").click()
    told(page, "The test arrived: it answered 204.")
    assert ear.types == ["endpoint.test"]
    assert ear.heard[0].signed_by(page.locator("code.secret").inner_text())
    healthy(ada)
    ear.answers = [(500, "out of order")]
    page.get_by_role("button", name="Send a test").click()
    told(page, "The test failed: it answered 500")
    [added] = changes(ada)
    assert "endpoint added" in added
    assert "whsec_" not in added


def test_the_pages_of_admins_are_nobody_elses(window: Opened, loop: LoopOffice) -> None:
    mona = window("mona@example.com", Role.MANAGER, "Billing", "Support")
    for place in ("sources", "deliveries", "webhooks", "endpoints", "keys", "users", "audit"):
        page = mona.go(f"/admin/{place}")
        expect(page.get_by_role("heading", level=1)).to_have_text("This isn't yours to see")
