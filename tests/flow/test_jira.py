"""The same care where the helpdesk is Jira: labels, internal notes, and never a word to the customer."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from bridge.sandbox import Fault, Jira
from tests.flow.conftest import US, Office, Once, Opens, written

JIRA = """
[desks.jsm]
kind = "jsm"
site = "demo"
user = "bridge@example.com"
base_url = "{jira}"
sweep = "off"

[sources.jsm]
kind = "jsm"
secret = "JSM_WEBHOOK_SECRET"

[sources.surveymonkey]
kind = "surveymonkey"
desk = "jsm"
base_url = "{surveymonkey}"
"""
POLLED = (
    JIRA.replace('sweep = "off"\n', "")
    + """
[sources.feedback]
kind = "jsm-csat"
every = "5m"
"""
)


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + JIRA)


@pytest.fixture
def polled(open_office: Opens) -> Office:
    """One that also asks Jira itself, for what no webhook tells of."""
    return open_office(lambda text: text + POLLED)


def site(office: Office) -> Jira:
    return office.world.sandbox.jira


def account(office: Office, name: str) -> str:
    return next(u.account_id for u in site(office).users.values() if u.name.startswith(name))


def ask(office: Office, project: str = "BIL") -> str:
    """Anna asks for help; the issue's id."""
    office.later(seconds=1)
    words = "I have been waiting for a week."
    issue = site(office).open_request(account(office, "Anna"), "My refund?", words, project)
    office.settle()
    return issue


def resolve(office: Office, issue: str) -> None:
    office.later(seconds=1)
    site(office).resolve(issue, account(office, "Ben"), "It is on its way.")
    office.settle()


def ours(office: Office, issue: str) -> list[str]:
    """The internal notes that we wrote."""
    return [words for who, words in site(office).notes(issue) if who == US]


def labels(office: Office, issue: str) -> set[str]:
    return set(site(office).issues[issue].labels)


def test_a_first_answer_that_is_late_is_told_on_the_issue_and_in_the_teams_channel(
    office: Office,
) -> None:
    issue = ask(office)
    office.later(hours=3, minutes=1)

    assert labels(office, issue) == {"alert_first_response"}
    (note,) = ours(office, issue)
    assert "First answer due in 1 h; goal 4 h" in note
    (post,) = office.posts("Billing")
    assert "Ticket BIL-1" in written(post)
    assert "/browse/BIL-1" in written(post)
    assert "Anna Weber" in written(post)

    office.later(seconds=1)
    site(office).reply(issue, account(office, "Ben"), "I am on it.")
    office.settle()
    assert labels(office, issue) == set()
    assert "Resolved itself" in written(office.posts("Billing")[0])
    assert all(US not in who for who, _ in site(office).public_view(issue))


def test_an_issue_that_is_no_request_gets_its_label_and_no_note_for_all_would_read_it(
    office: Office,
) -> None:
    issue = ask(office, "DEV")
    office.later(hours=3, minutes=1)

    assert labels(office, issue) == {"alert_first_response"}
    assert site(office).issues[issue].comments == []
    (post,) = office.posts("Support")
    assert "No note on the ticket" in written(post)
    assert "not a service request" in written(post)


def test_an_issue_that_moves_keeps_its_alert_under_its_new_name(office: Office) -> None:
    issue = ask(office)
    office.later(hours=3, minutes=1)
    site(office).move(issue, account(office, "Ben"), "SUP")
    office.settle()
    office.later(hours=1)  # now it is late

    (post,) = office.posts("Billing")
    assert "Ticket SUP-1" in written(post)
    assert office.posts("Support") == []
    assert len(ours(office, issue)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.timeout_after_applying(),
        pytest.param(Fault.reset_before(), marks=pytest.mark.long),
        pytest.param(Fault.status(500), marks=pytest.mark.long),
    ],
    ids=["carried out and no answer", "hung up before", "an error"],
)
def test_a_lost_answer_makes_neither_two_notes_nor_none(office: Office, fault: Fault) -> None:
    issue = ask(office)
    office.world.sandbox.faults = Once("jira", "POST", f"/request/{issue}/comment", fault)
    office.later(hours=3, minutes=1)
    office.later(minutes=5)
    assert len(ours(office, issue)) == 1
    assert len(site(office).public_view(issue)) == 1  # what the customer wrote


def test_a_look_for_our_note_that_fails_is_made_again_before_anything_is_written(
    office: Office,
) -> None:
    issue = ask(office)
    lost = Once("jira", "POST", f"/request/{issue}/comment", Fault.timeout_after_applying())
    busy = Once("jira", "GET", "/comment", Fault.status(429, "", {"Retry-After": "5"}), times=2)
    office.world.sandbox.faults = lambda *call: lost(*call) or busy(*call)
    office.later(hours=3, minutes=1)
    office.later(minutes=5)
    assert len(lost.seen) == 1
    assert len(busy.seen) == 3
    assert len(ours(office, issue)) == 1


def test_who_has_used_up_the_quota_is_left_alone_for_as_long_as_jira_asks(polled: Office) -> None:
    office = polled
    issue = ask(office)
    office.later(hours=2, minutes=59)
    site(office).quota_spent = True
    office.later(minutes=2)
    assert labels(office, issue) == set()
    asked = site(office).calls.total()
    office.later(minutes=25)
    assert site(office).calls.total() - asked <= 5  # the poll among them

    site(office).quota_spent = False
    office.later(minutes=10)
    assert labels(office, issue) == {"alert_first_response"}
    assert len(ours(office, issue)) == 1


def test_a_rating_that_no_webhook_tells_of_is_found_within_minutes_and_told_once(
    polled: Office,
) -> None:
    office = polled
    issue = ask(office)
    resolve(office, issue)
    site(office).rate(issue, 1, "Nobody read what I wrote.")
    office.later(minutes=6)
    (post,) = office.posts("Billing")
    assert "Nobody read what I wrote." in written(post)
    assert labels(office, issue) == {"alert_low_score"}

    office.later(hours=3)
    assert len(office.posts("Billing")) == len(ours(office, issue)) == 1


def test_a_jira_that_is_away_is_asked_again_and_nothing_of_the_poll_is_lost(
    polled: Office,
) -> None:
    office = polled
    issue = ask(office)
    resolve(office, issue)
    site(office).rate(issue, 2)
    away = Fault.status(503, "", {"Retry-After": "120"})
    office.world.sandbox.faults = Once("jira", "GET", "/search/jql", away, times=2)
    office.later(minutes=15)
    (post,) = office.posts("Billing")
    assert "rated 2" in written(post)


# --- a survey tool that sends ids only


def monkey(office: Office, issue: str, **answer: object) -> str:
    office.later(seconds=1)
    key: str = office.world.surveys.surveymonkey(
        f"{office.world.hooks}/surveymonkey",
        "client-of-the-sandbox&secret-of-the-sandbox",
        ticket=int(issue),
        **answer,
    )
    office.settle()
    return key


def test_what_a_delivery_is_about_is_fetched(office: Office) -> None:
    issue = ask(office)
    resolve(office, issue)
    monkey(office, issue, score=1, words="It took a week.")
    (post,) = office.posts("Billing")
    assert "It took a week." in written(post)
    (row,) = [row for row in office.inbox() if row.source == "surveymonkey"]
    assert row.state == "read"
    assert b"It took a week." not in row.body
    assert b"It took a week." in (row.fetched or b"")


def test_a_survey_tool_that_is_away_is_asked_again_as_it_asks(office: Office) -> None:
    issue = ask(office)
    resolve(office, issue)
    busy = Fault.status(429, "", {"Retry-After": "40"})
    once = Once("surveymonkey", "GET", "/details", busy, now=office.world.clock)
    office.world.sandbox.faults = once
    monkey(office, issue, score=1)
    (row,) = [row for row in office.inbox() if row.source == "surveymonkey"]
    assert (row.state, office.posts("Billing")) == ("fetching", [])
    office.later(seconds=50)
    assert len(office.posts("Billing")) == 1
    assert once.seen[1] - once.seen[0] >= timedelta(seconds=40)


def test_an_answer_that_was_deleted_meanwhile_is_kept_with_the_reason(office: Office) -> None:
    issue = ask(office)
    tool = office.world.surveys.surveymonkey
    away = Fault.reset_before()
    office.world.sandbox.faults = Once("surveymonkey", "GET", "/details", away)
    tool.delete(monkey(office, issue, score=1))
    office.later(minutes=1)
    (row,) = [row for row in office.inbox() if row.source == "surveymonkey"]
    assert row.state == "unreadable"
    assert row.reason.startswith("not fetched: ")
    assert office.alerts() == []


def test_an_answer_of_a_source_that_was_taken_out_is_kept_with_the_reason(office: Office) -> None:
    issue = ask(office)
    once = Once("surveymonkey", "GET", "/details", Fault.reset_before())
    office.world.sandbox.faults = once
    monkey(office, issue, score=1)
    bridge = office.world.bridge
    left = {name: s for name, s in bridge.settings.sources.items() if name != "surveymonkey"}
    bridge.settings = dataclasses.replace(bridge.settings, sources=left)
    office.later(minutes=1)
    (row,) = [row for row in office.inbox() if row.source == "surveymonkey"]
    assert row.state == "unreadable"
    assert "no source 'surveymonkey' is configured any more" in row.reason
