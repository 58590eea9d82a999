"""The page of an alert: the case at a glance, and every way to act on it, with what comes of it elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from bridge.domain.hush import Mute
from bridge.domain.model import Alert
from bridge.domain.viewing import Role
from bridge.store import mutes
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.visitors import Visitor, visitor

REPORT = {
    "outcome": "recovered",
    "cause": "billing",
    "words": "Paid back.",
    "coaching": "not needed",
}


def troubled(opens: Opens) -> LoopOffice:
    """One critical alert of Billing's."""
    office = loop_office(opens, lambda text: text.replace("check_after = []", WITH_CHECKS))
    office.rated(score=1, about="My invoice is wrong")
    return office


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return troubled(open_office)


@pytest.fixture(scope="module")
def unchanged(open_shared: Opens) -> LoopOffice:
    """The same, for tests of what comes to nothing."""
    return troubled(open_shared)


WITH_CHECKS = "check_after = [3, 6]"


@pytest.fixture
def mona(office: LoopOffice) -> Visitor:
    return manager(office)


def manager(office: LoopOffice) -> Visitor:
    """Billing's manager."""
    return visitor(office.world.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")


def shown(office: LoopOffice, who: Visitor) -> str:
    """The words of the page, tags and blanks apart."""
    answer = who.get(f"/alerts/{office.alert.ref}")
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def sends(office: LoopOffice, who: Visitor, what: str, **form: Any) -> str:
    """Fill in a form of the page and send it; the words of the page that follows."""
    answer = who.post(f"/alerts/{office.alert.ref}/{what}", form, follow_redirects=True)
    assert answer.status_code == 200, words(answer.text)
    return words(answer.text)


def settled(office: LoopOffice) -> Alert:
    """The alert once all that follows has followed."""
    office.later(seconds=5)
    return office.alert


# --- what it shows


def test_the_page_tells_the_case_at_a_glance(office: LoopOffice, mona: Visitor) -> None:
    page = shown(office, mona)
    for said in (
        "The customer rated 1 on a scale of 1 to 5",
        "Critical Open",
        "Nobody has it",
        "Anna Weber",
        "Nobody helps me.",
        "Ticket 1: My invoice is wrong",
        "What to do about it",
        "Contact the customer due in",
        "Next Mona Berg manager of Billing in 30 minutes , by Slack",
        "Later Nils Holm manager of Support",
        "The alert opened",
    ):
        assert said in page, page


def test_the_customer_is_one_click_away(office: LoopOffice, mona: Visitor) -> None:
    page = mona.get(f"/alerts/{office.alert.ref}").text
    assert 'href="tel:%2B4930123456"' in page or 'href="tel:+4930123456"' in page
    assert 'href="mailto:anna%40example.org"' in page or 'href="mailto:anna@example.org"' in page
    assert "https://demo.zendesk.com/agent/tickets/1" in page
    assert f"https://slack.com/app_redirect?channel={office.post.channel}" in page


def test_the_clocks_of_the_ticket_are_shown(office: LoopOffice, mona: Visitor) -> None:
    ticket = office.open(about="And another thing")
    office.later(hours=3.5)
    [other] = [alert for alert in office.alerts() if alert.subject == f"zendesk:{ticket}"]
    page = words(mona.get(f"/alerts/{other.ref}").text)
    assert "first response Runs" in page
    assert "4 hours working time · breach in 30 minutes" in page


def test_what_customers_wrote_is_shown_as_they_wrote_it_and_does_nothing(
    office: LoopOffice, mona: Visitor
) -> None:
    ticket = office.open(about="<script>alert('title')</script>")
    office.answer(ticket)
    office.rate(ticket, score=1, words='"><img src=x onerror=alert(1)>')
    [other] = [alert for alert in office.alerts() if alert.subject == f"zendesk:{ticket}"]
    page = mona.get(f"/alerts/{other.ref}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(&#39;title&#39;)" in page


def test_a_mute_that_applies_is_named(office: LoopOffice, mona: Visitor) -> None:
    now = office.now
    mute = Mute(
        team="Billing",
        reason="An outage, known",
        by="Nils",
        starts_at=now,
        ends_at=now + timedelta(hours=2),
    )
    with office.world.bridge.engine.begin() as connection:
        mutes.add(connection, mute)
    assert "Muted by Nils: An outage, known" in shown(office, mona)


@pytest.mark.parametrize("ref", ["AB-00000000", "nothing", "%00", "<b>", "x" * 500, "../inbox"])
def test_an_odd_reference_leads_nowhere(unchanged: LoopOffice, ref: str) -> None:
    assert manager(unchanged).get(f"/alerts/{ref}").status_code == 404


def test_who_may_not_see_it_is_not_told_that_it_is_there(office: LoopOffice) -> None:
    bridge, ref = office.world.bridge, office.alert.ref
    for role in (Role.VIEWER, Role.MANAGER):
        other = visitor(bridge, f"{role.value}@example.com", role, ["Delivery"])
        assert other.get(f"/alerts/{ref}").status_code == 404
        assert other.post(f"/alerts/{ref}/acknowledge").status_code == 404


def test_who_only_looks_finds_no_form_and_is_refused(office: LoopOffice) -> None:
    vera = visitor(office.world.bridge, "vera@example.com", Role.VIEWER, ["Billing"])
    page = vera.get(f"/alerts/{office.alert.ref}").text
    assert "You may look at this alert, and not act on it" in page
    assert f"/alerts/{office.alert.ref}/" not in page
    for what in ("acknowledge", "note", "resolve"):
        assert vera.post(f"/alerts/{office.alert.ref}/{what}").status_code == 403
    assert settled(office).waits


# --- what is done there


def test_acknowledging_is_shown_at_once_and_told_everywhere(
    office: LoopOffice, mona: Visitor
) -> None:
    page = sends(office, mona, "acknowledge")
    assert "It is yours now. The ticket and Slack follow in a moment." in page
    assert "Acknowledged" in page
    assert "What was just done is shown here already" in page
    assert str(settled(office).owner) == "Mona Berg"
    page = shown(office, mona)
    assert "Mona Berg has it in hand on this page" in page
    assert "What was just done" not in page
    assert "Somebody has it in hand: no further step comes." in page
    assert any("Acknowledged by Mona Berg" in said for said in office.thread(office.post))
    assert any("Mona Berg has it in hand" in note for note in office.notes(1))


def test_an_attempt_and_then_the_contact(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "contact", reached="no", how="phone", words="Nobody picked up.")
    assert settled(office).attempts == 1
    page = shown(office, mona)
    assert "Mona Berg tried to reach the customer" in page
    assert "by phone; Nobody picked up." in page
    sends(office, mona, "contact", reached="yes", how="e-mail", words="")
    alert = settled(office)
    assert alert.contacted_by == "Mona Berg"
    assert "Contact the customer done" in shown(office, mona)


def test_resolving_tells_the_ticket_and_slack_how_it_came_out(
    office: LoopOffice, mona: Visitor
) -> None:
    page = sends(office, mona, "resolve", **REPORT)
    assert "Resolved. The ticket and Slack follow in a moment." in page
    alert = settled(office)
    assert (alert.state.value, alert.cause, alert.done) == ("resolved", "billing", "Paid back.")
    page = shown(office, mona)
    assert "Outcome Recovered: the customer is content again" in page
    assert "Cause billing" in page
    assert any("Mona Berg resolved it" in note for note in office.notes(1))
    assert any("Mona Berg resolved it" in said for said in office.thread(office.post))


def test_what_is_resolved_already_says_so_and_keeps_what_was_typed(
    office: LoopOffice, mona: Visitor
) -> None:
    sends(office, mona, "resolve", **REPORT)
    office.settle()
    answer = mona.post(f"/alerts/{office.alert.ref}/resolve", {**REPORT, "words": "Twice paid."})
    assert answer.status_code == 400
    assert "That was not done: It is over since" in words(answer.text)
    assert "Twice paid." in answer.text


def test_an_alert_is_opened_again(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "resolve", **REPORT)
    office.settle()
    sends(office, mona, "reopen", words="They called again.")
    assert settled(office).live
    assert "Mona Berg opened it again on this page They called again." in shown(office, mona)


@pytest.mark.parametrize(("preset", "hours"), [("1h", 1), ("4h", 4)])
def test_it_is_put_off_for_some_hours(
    office: LoopOffice, mona: Visitor, preset: str, hours: int
) -> None:
    until = office.now + timedelta(hours=hours)
    assert "Snoozed until" in sends(office, mona, "snooze", preset=preset)
    assert settled(office).snoozed_until == until


def test_it_is_put_off_until_the_team_opens(office: LoopOffice, mona: Visitor) -> None:
    office.teams(calendar="office")  # Berlin, from nine
    sends(office, mona, "snooze", preset="morning")
    until = settled(office).snoozed_until
    assert until is not None
    assert f"{until:%d %H:%M}" == "12 08:00"


def test_a_time_of_ones_own_is_read_in_ones_own_zone(office: LoopOffice, mona: Visitor) -> None:
    mona.client.set_cookie("bridge_zone", "America/New_York")
    sends(office, mona, "snooze", preset="own", own="2031-03-11T09:30")
    until = settled(office).snoozed_until
    assert until is not None
    assert f"{until:%d %H:%M}" == "11 13:30"


def test_it_is_given_to_somebody_who_hears_of_it(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "assign", person="olaf")
    assert str(settled(office).owner) == "Olaf Lind"
    assert any("gave this to you" in said for said in office.told("olaf"))
    assert "Mona Berg gave it to Olaf Lind" in shown(office, mona)


def test_people_are_added_and_see_it(office: LoopOffice, mona: Visitor) -> None:
    olaf = visitor(office.world.bridge, "olaf@example.com", Role.MANAGER)
    assert olaf.get(f"/alerts/{office.alert.ref}").status_code == 404
    sends(office, mona, "add", people=["olaf", "dana"])
    office.later(seconds=5)
    page = shown(office, olaf)
    assert "Also on it Dana Kern, Olaf Lind" in page or "Also on it Olaf Lind, Dana Kern" in page


def test_a_note_is_for_the_story_and_the_thread(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "note", words="The invoice was sent twice.")
    office.later(seconds=5)
    assert "Mona Berg noted on this page The invoice was sent twice." in shown(office, mona)
    assert any("The invoice was sent twice." in said for said in office.thread(office.post))


def test_a_message_stands_in_the_thread(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "say", words="Who knows this customer?")
    office.later(seconds=5)
    assert "Mona Berg said on this page Who knows this customer?" in shown(office, mona)
    said = [one for one in office.thread(office.post) if "Who knows this customer?" in one]
    assert len(said) == 1
    assert "Mona Berg" in said[0]


def test_coaching_is_closed_too(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "resolve", **{**REPORT, "coaching": "needed"})
    assert settled(office).closed_at is None
    sends(office, mona, "coach", words="Talked about tone.")
    assert settled(office).closed_at is not None


def test_it_is_marked_as_useful_or_not_once(office: LoopOffice, mona: Visitor) -> None:
    sends(office, mona, "useless", words="It was a test.")
    assert settled(office).useless == ("Mona Berg",)
    answer = mona.post(f"/alerts/{office.alert.ref}/useless")
    assert answer.status_code == 400
    assert "You said so already: thank you." in words(answer.text)
    sends(office, mona, "useful", words="It was real after all.")
    changed = settled(office)
    assert (changed.useful, changed.useless) == (("Mona Berg",), ())


def test_what_became_of_the_customer_is_said_later(office: LoopOffice, mona: Visitor) -> None:
    early = mona.post(f"/alerts/{office.alert.ref}/relation", {"months": 3, "relation": "stayed"})
    assert "is not resolved yet" in words(early.text)
    sends(office, mona, "resolve", **REPORT)
    office.settle()
    sends(office, mona, "relation", months="3", relation="at risk")
    office.settle()
    assert "After 3 months At risk" in shown(office, mona)


@pytest.mark.parametrize(
    ("what", "form", "why"),
    [
        ("contact", {"reached": "yes", "how": "", "words": "Kept"}, "Choose how you tried."),
        ("resolve", {"words": "Kept", "outcome": "recovered"}, "Choose what the cause was."),
        ("resolve", {"cause": "billing", "words": "Kept", "outcome": "no such"}, "Not a valid"),
        ("snooze", {"preset": "own", "words": "Kept"}, "Choose until when."),
        ("snooze", {"preset": "own", "own": "2001-01-01T10:00", "words": "Kept"}, "in the future"),
        ("snooze", {"preset": "own", "own": "2039-01-01T10:00", "words": "Kept"}, "next 90 days"),
        ("reopen", {"words": "Kept"}, "That was not done: It is open."),
        ("coach", {"words": "Kept"}, "That was not done: No coaching is open on it."),
        ("note", {"words": " "}, "Write something."),
        ("note", {"words": "Kept" * 1000}, "at most 3000 characters"),
        ("assign", {"person": "Nobody Known"}, "Not a valid choice"),
        ("add", {}, "Choose at least one person."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    unchanged: LoopOffice, what: str, form: dict[str, Any], why: str
) -> None:
    answer = manager(unchanged).post(f"/alerts/{unchanged.alert.ref}/{what}", form)
    assert answer.status_code == 400
    assert why in words(answer.text)
    assert ("Kept" in str(form)) is ("Kept" in answer.text)
    unchanged.settle()
    assert unchanged.alert.waits


def test_an_act_that_there_is_not_leads_nowhere(office: LoopOffice, mona: Visitor) -> None:
    assert mona.post(f"/alerts/{office.alert.ref}/explode").status_code == 404


def test_a_page_without_words_and_names_where_they_are_hidden(open_office: Opens) -> None:
    hidden = "[redact]\nwords = true\nnames = true\n\n[desks.zendesk]"
    office = loop_office(open_office, lambda text: text.replace("[desks.zendesk]", hidden))
    office.rated(score=1, about="My invoice is wrong")
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")
    for path in ("/inbox", f"/alerts/{office.alert.ref}", "/inbox?q=Anna", "/inbox?q=invoice"):
        page = mona.get(path).text.replace("Without Text: ", "")
        for personal in ("Anna Weber", "anna@example.org", "Nobody helps me", "invoice is wrong"):
            assert personal not in page, path
    assert office.alert.ref not in mona.get("/inbox?q=Anna").text
    assert office.alert.ref not in mona.get("/inbox?q=invoice").text
