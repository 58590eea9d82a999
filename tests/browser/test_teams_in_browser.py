"""An admin maps teams in a real browser: by mouse, by keys alone, on a phone, in the dark, without script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bridge.domain.model import Team
from bridge.store import teams, tickets
from tests.browser.conftest import PHONE, WIDE, Opened, Window
from tests.flow.conftest import written
from tests.flow.loop_desk import LoopOffice

ADA = "ada@example.com"
GOOD = "name,manager_phone,digest\nBilling,+4930555555,08:00\nRefunds,,off\n"
WRONG = "name,manager_phone\n" + "".join(f"Team {n},\n" for n in range(2, 7)) + "Team 7,030 1234\n"


@pytest.fixture
def scriptless(browser: Browser, window: Opened) -> Iterator[Window]:
    """An admin's window in which no script runs."""
    known = window(ADA)
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    context.add_cookies(known.page.context.cookies())  # type: ignore[arg-type] # the same, read
    yield Window(context.new_page(), known.base, known.office)
    context.close()


def known(office: LoopOffice) -> dict[str, Team]:
    """The teams that there are."""
    with office.world.bridge.engine.begin() as connection:
        return {team.name: team for team in teams.all_teams(connection)}


def due(office: LoopOffice) -> str:
    """When the next deadline of a ticket rings, in UTC."""
    with office.world.bridge.engine.begin() as connection:
        at = tickets.next_due(connection, office.now)
    return f"{at:%a %H:%M}" if at else "never"


def healthy(window: Window) -> None:
    """Nothing on the page is seriously wrong for people who can't see or use a mouse, nothing too wide."""
    assert window.complaints() == []
    assert window.too_wide() == []


def title(page: Page, words: str) -> None:
    """The page that is shown is called so."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def tab_to(page: Page, name: str) -> None:
    """Walk on with the Tab key until what is called so has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const it = document.activeElement;
                return it.getAttribute("aria-label") || it.labels?.[0]?.innerText || it.innerText;
            }"""
        )
        if found.strip() == name:
            return
    raise AssertionError(f"the Tab key does not lead to {name}")


# --- a channel, and a test that arrives in it


@pytest.mark.parametrize(
    ("size", "colours"),
    [(WIDE, "light"), (PHONE, "light"), (WIDE, "dark")],
    ids=["wide", "phone", "dark"],
)
def test_a_team_gets_a_channel_by_its_name_and_a_test_arrives_there(
    window: Opened, loop: LoopOffice, size: dict[str, int], colours: str
) -> None:
    loop.slack.add_channel("care-billing", member=False)
    ada = window(ADA, size=size, colours=colours)
    page = ada.go("/admin/teams")
    healthy(ada)
    page.get_by_role("link", name="Billing", exact=True).click()
    title(page, "Billing")
    healthy(ada)
    page.get_by_role("link", name="Choose a channel").click()
    page.get_by_label("Part of the channel’s name").fill("care")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".rooms li")).to_have_count(1)
    expect(page.locator(".rooms")).to_contain_text("Bot is not in it")
    healthy(ada)
    page.get_by_role("button", name="Use #care-billing").click()
    told = page.get_by_role("status").first
    expect(told).to_contain_text("The bot has joined it: send a test.")
    expect(page.locator("section", has_text="Where it hears of alerts")).to_contain_text(
        "care-billing"
    )
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The test")
    ada.settle()
    page.get_by_role("link", name="Look again").click()
    title(page, "The test has arrived")
    healthy(ada)
    [post] = [one for one in loop.slack.messages("care-billing") if not one.is_reply]
    assert "test" in written(post).casefold()
    assert loop.posts() == [], "the former channel hears nothing"


def test_a_channel_is_chosen_and_tested_with_the_keyboard_alone(
    window: Opened, loop: LoopOffice
) -> None:
    loop.slack.add_channel("care-billing", member=False)
    ada = window(ADA)
    page = ada.go("/admin/teams")
    tab_to(page, "Billing")
    page.keyboard.press("Enter")
    title(page, "Billing")
    tab_to(page, "Choose a channel")
    page.keyboard.press("Enter")
    title(page, "Where does Billing hear of alerts?")
    tab_to(page, "Part of the channel’s name")
    page.keyboard.type("care")
    page.keyboard.press("Enter")
    expect(page.locator(".rooms li")).to_have_count(1)
    tab_to(page, "Use #care-billing")
    page.keyboard.press("Enter")
    title(page, "Billing")
    tab_to(page, "Send a test")
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The test")
    ada.settle()
    tab_to(page, "Look again")
    page.keyboard.press("Enter")
    title(page, "The test has arrived")
    assert [one for one in loop.slack.messages("care-billing") if not one.is_reply]


def test_a_channel_without_the_bot_says_so_and_the_failed_test_says_how_to_invite_it(
    window: Opened, loop: LoopOffice
) -> None:
    room = loop.slack.add_channel("board", private=True, member=False)
    ada = window(ADA)
    page = ada.go("/admin/teams/channel?team=Billing")
    page.get_by_label("Channel id").fill("#board")
    page.get_by_role("button", name="Use this id").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("is no id of a channel")
    page.get_by_label("Channel id").fill(room)
    page.get_by_role("button", name="Use this id").click()
    expect(page.get_by_role("status").first).to_contain_text("write: /invite @Alert Bridge")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The test")
    ada.settle()
    page.get_by_role("link", name="Look again").click()
    title(page, "The test did not arrive everywhere")
    healthy(ada)


# --- whose tickets, and within which hours


def test_a_group_that_is_nobodys_is_mapped_by_one_click_and_its_next_ticket_goes_there(
    window: Opened, loop: LoopOffice
) -> None:
    loop.groups["Billing EU"] = loop.desk.add_group("Billing EU")
    loop.open(group="Billing EU")
    ada = window(ADA)
    page = ada.go("/admin/teams")
    above = page.locator("section.unmapped")
    expect(above).to_contain_text("One group is no team’s")
    expect(page.get_by_label("Team for Billing EU", exact=True)).to_have_value("Billing")
    healthy(ada)
    page.get_by_role("button", name="Map Billing EU").click()
    expect(page.get_by_role("status").first).to_contain_text("Billing EU is Billing’s now")
    expect(above).to_have_count(0)
    assert f"zendesk:{loop.groups['Billing EU']}" in known(loop)["Billing"].groups
    ticket = loop.open(group="Billing EU", who="Omar")
    loop.answer(ticket)
    loop.rate(ticket, score=2)
    loop.later(seconds=4)
    [alert] = [one for one in loop.alerts() if one.subject == f"zendesk:{ticket}"]
    assert alert.team == "Billing"
    assert str(ticket) in written(loop.post)
    change = ada.go("/admin/audit").locator("main ol > li").first
    expect(change).to_contain_text("group mapped")
    expect(change.locator("ins")).to_contain_text("Billing")


def test_a_team_that_takes_office_hours_is_shown_what_they_mean_and_its_deadlines_move(
    window: Opened, loop: LoopOffice
) -> None:
    loop.later(hours=5)  # 15:00 in Berlin
    loop.open()
    assert due(loop) == "Tue 17:00"
    ada = window(ADA)
    page = ada.go("/admin/teams")
    page.get_by_role("link", name="Billing", exact=True).click()
    expect(page.locator("main")).to_contain_text("Working hours: round-the-clock")
    page.get_by_role("link", name="Edit", exact=True).click()
    meaning = page.locator(".meanings[data-for=calendar]")
    expect(meaning.locator("details:visible")).to_contain_text("round the clock")
    page.get_by_label("Working hours").select_option("office")
    expect(meaning.locator("details:visible")).to_have_count(1)
    expect(meaning.locator("details:visible")).to_contain_text("Monday – Friday")
    expect(meaning.locator("details:visible")).to_contain_text("09:00–17:00")
    healthy(ada)
    page.get_by_role("button", name="Save team").click()
    expect(page.get_by_role("status").first).to_contain_text("Billing is saved.")
    expect(page.locator("main")).to_contain_text("Working hours: office")
    loop.settle()
    assert due(loop) == "Wed 09:00", "two hours of today are left, then one of tomorrow"
    loop.later(hours=12)
    assert loop.alerts() == [], "four hours round the clock are over, four of the office are not"
    loop.later(hours=8)
    assert f"{loop.alert.opened_at:%a %H:%M}" == "Wed 09:00"
    change = ada.go("/admin/audit").locator("main ol > li").first
    expect(change).to_contain_text("team:Billing")
    expect(change).to_contain_text("calendar")
    expect(change.locator("ins")).to_contain_text("office")


def test_a_team_is_changed_where_no_script_runs(scriptless: Window) -> None:
    page = scriptless.go("/admin/teams/edit?team=Billing")
    office = page.locator(".meanings[data-for=calendar] details[data-name=office]")
    office.locator("summary").click()
    expect(office).to_contain_text("09:00–17:00")
    page.get_by_label("Working hours").select_option("office")
    page.get_by_label("Manager’s phone").fill("030 1234")
    page.get_by_role("button", name="Save team").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing has to be put right")
    expect(page.get_by_label("Manager’s phone")).to_have_value("030 1234")
    expect(page.get_by_label("Working hours")).to_have_value("office")
    page.get_by_label("Manager’s phone").fill("+4930555555")
    page.get_by_role("button", name="Save team").click()
    title(page, "Billing")
    team = known(scriptless.office)["Billing"]
    assert (team.calendar, team.manager_phone) == ("office", "+4930555555")


# --- many at once


def test_a_table_with_a_mistake_in_line_7_is_refused_and_the_corrected_one_carried_out(
    window: Opened, loop: LoopOffice
) -> None:
    before = known(loop)
    ada = window(ADA)
    page = ada.go("/admin/teams")
    page.get_by_role("link", name="Import and export").click()
    page.get_by_label("A file: CSV or TOML").set_input_files(
        {"name": "teams.csv", "mimeType": "text/csv", "buffer": WRONG.encode()}
    )
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("alert")).to_contain_text("One mistake. Nothing was written.")
    expect(page.get_by_role("alert")).to_contain_text("line 7, manager_phone")
    expect(page.get_by_label("Or paste what stands in one")).to_have_value(WRONG)
    healthy(ada)
    assert known(loop) == before
    page.get_by_label("Or paste what stands in one").fill(GOOD)
    page.get_by_role("button", name="Show what would change").click()
    title(page, "What would change")
    expect(page.locator("main")).to_contain_text("1 added, 1 changed, 0 removed")
    expect(page.locator("li.changed del").first).to_have_text("+4930111111")
    expect(page.locator("li.changed ins").first).to_have_text("+4930555555")
    healthy(ada)
    assert known(loop) == before
    page.get_by_role("button", name="Make these changes").click()
    expect(page.get_by_role("status").first).to_contain_text("All of it is in the audit log.")
    after = known(loop)
    assert (after["Billing"].manager_phone, after["Refunds"].digest) == ("+4930555555", "off")
    log = ada.go("/admin/audit").locator("main ol")
    expect(log).to_contain_text("team:Refunds")
    expect(log.locator("del", has_text="+4930111111")).to_be_visible()
    healthy(ada)
