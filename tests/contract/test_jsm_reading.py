"""Jira read afresh: one issue with its whole past, many as they are now, and the clocks of its service levels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bridge.domain.model import (
    Category,
    Read,
    Replied,
    Undeliverable,
)
from bridge.sandbox import Fault
from connectors import State
from tests.contract.jira_site import (
    CHANGELOG,
    COMMENTS,
    ISSUE,
    SLA,
    TEN,
    TOGETHER,
    Desk,
    a_long_story,
    ids,
    opened,
    ticket,
)


@pytest.fixture
def site() -> Iterator[Desk]:
    with opened() as site:
        yield site


# -- the same story --


@pytest.mark.parametrize("bulk", [True, False])
def test_webhooks_history_and_sweep_tell_the_same(site: Desk, bulk: bool) -> None:
    site.jira.bulk_changelogs = bulk
    site.sweep()
    issue = a_long_story(site)
    swept, read, heard = site.sweep(), site.desk.history(issue), site.webhooks()
    assert ids(swept.events) == ids(read) == ids(heard)
    assert ticket(heard) == ticket(read) == ticket(list(swept.events))
    told = ticket(heard)
    assert (told.name, told.team, told.agent) == ("OPS-1", "OPS", "")
    assert (told.status, told.category) == ("waiting for support", Category.OPEN)
    assert (told.public_replies, told.internal_notes, told.customer_messages) == (2, 1, 3)


def test_and_so_does_the_past(site: Desk) -> None:
    issue = a_long_story(site)
    [step] = site.past()
    assert ticket(list(step.events)) == ticket(site.webhooks())
    assert list(step.events) == site.desk.history(issue)


def test_a_history_ends_with_the_issue_as_it_is(site: Desk) -> None:
    issue = a_long_story(site)
    *events, last = site.desk.history(issue)
    assert isinstance(last, Read)
    assert last.seen
    assert (last.at, last.subject) == (site.now[0], f"jsm:{issue}")
    assert last.id.startswith(f"jsm:read:{issue}:{int(site.now[0].timestamp() * 1000)}:")
    assert (last.seen.status, last.seen.name) == ("waiting for support", "OPS-1")
    assert [clock.name for clock in last.seen.clocks or ()] == ["Time to resolution"]
    assert events == sorted(events, key=lambda event: event.order)
    assert all(last.order > event.order for event in events)


def test_a_history_is_one_call_until_it_is_long(site: Desk) -> None:
    issue = a_long_story(site)
    assert len(site.desk.history(issue)) > 12
    assert site.calls() == {ISSUE: 1}
    for number in range(30):
        site.later(seconds=1)
        site.jira.reply(issue, site.ben, f"No. {number}")
    told = [event for event in site.desk.history(issue) if isinstance(event, Replied)]
    assert len(told) == 35
    assert site.calls() == {ISSUE: 1, COMMENTS: 1}
    for number in range(40):
        site.later(seconds=1)
        site.jira.save(issue, site.ben, {"summary": f"No. {number}"})
    events = site.desk.history(issue)
    assert ids(events) == ids(site.webhooks())
    assert site.calls() == {ISSUE: 1, COMMENTS: 1, CHANGELOG: 1}


def test_where_an_issue_does_not_say_who_sees_a_comment_it_is_asked_apart(site: Desk) -> None:
    site.jira.embeds_public = False
    site.sweep()
    issue = site.open()
    site.later(seconds=1)
    site.jira.note(issue, site.ben, "She is right.")
    site.calls()
    for events in (
        site.desk.history(issue),
        list(site.sweep().events),
        list(site.past()[0].events),
    ):
        [note] = [event for event in events if isinstance(event, Replied)]
        assert note.public is False
    assert site.calls()[COMMENTS] == 3


# -- how issues stand --


def test_states_come_in_the_order_asked_for_and_once_each(site: Desk) -> None:
    issues = site.seed(120)
    told = site.desk.states([issues[7], *issues, issues[3]])
    assert [one.key for one in told] == [issues[7], *issues[:7], *issues[8:]]
    assert site.calls() == {TOGETHER: 2}
    assert told[0].seen
    assert (told[0].seen.status, told[0].seen.agent) == ("in progress", site.ben)
    assert told[0].updated_at == TEN - timedelta(days=2) + timedelta(seconds=57)


def test_a_moved_issue_is_there_and_a_deleted_one_is_gone(site: Desk) -> None:
    moved, deleted = site.open(), site.open()
    site.jira.move(moved, site.ben, "OPS")
    site.jira.delete(deleted, site.ben)
    there, gone = site.desk.states([moved, deleted])
    assert there.seen
    assert (there.seen.name, there.gone) == ("OPS-1", "")
    assert gone == State(key=deleted, gone="deleted")
    assert site.calls() == {TOGETHER: 1, ISSUE: 1}


def test_an_issue_that_could_not_be_fetched_with_others_is_not_gone(site: Desk) -> None:
    issue, other = site.open(), site.open()
    site.jira.unfetchable = {issue}
    told = site.desk.states([issue, other])
    assert all(one.seen and not one.gone for one in told)
    site.sandbox.faults = lambda _vendor, method, _path: (
        Fault.status(500) if method == "GET" else None
    )
    with pytest.raises(Undeliverable, match="500"):
        site.desk.states([issue, other])


def test_a_server_without_bulk_reads_is_asked_issue_by_issue(site: Desk) -> None:
    issues = [site.open(), site.open()]
    site.sandbox.faults = lambda _vendor, method, _path: (
        Fault.status(404) if method == "POST" else None
    )
    assert all(one.seen for one in site.desk.states(issues))
    assert site.calls() == {ISSUE: 2}


def test_of_an_issue_of_another_shape_nothing_is_known(site: Desk) -> None:
    odd, even = site.open(), site.open()
    site.jira.issues[odd].custom = {"labels": {}}
    first, second = site.desk.states([odd, even])
    assert first == State(key=odd)
    assert second.seen


# -- Jira's own service levels --


@pytest.mark.parametrize("shown", [True, False])
def test_clocks_are_those_of_the_fields_or_else_of_the_service_desk(
    site: Desk, shown: bool
) -> None:
    site.slas, site.jira.shows_slas = "win", shown
    issue = site.open()
    site.later(hours=1)
    site.jira.reply(issue, site.ben, "Which ones?")
    [state] = site.desk.states([issue])
    assert state.seen
    [clock] = state.seen.clocks or ()
    assert clock.name == "Time to resolution"
    assert (clock.started_at, clock.breach_at) == (TEN, TEN + timedelta(hours=8))
    assert (clock.target, clock.elapsed) == (timedelta(hours=8), timedelta(hours=1))
    assert site.calls() == {TOGETHER: 1} | ({} if shown else {SLA: 1})
    assert site.sweep().states == (state,)
    site.jira.set_status(issue, site.ben, "Waiting for customer")
    [paused] = site.desk.states([issue])
    assert paused.seen
    assert [(one.paused, one.breach_at) for one in paused.seen.clocks or ()] == [(True, None)]
    last = site.desk.history(issue)[-1]
    assert last.seen
    assert last.seen.clocks == paused.seen.clocks


def test_nobody_asks_for_clocks_that_do_not_count(site: Desk) -> None:
    site.jira.shows_slas = False
    issue = site.open()
    site.calls()
    [state] = site.desk.states([issue])
    assert state.seen
    assert state.seen.clocks is None
    assert site.sweep().states == ()
    assert SLA not in site.calls()


def test_what_is_no_request_has_no_clocks(site: Desk) -> None:
    site.slas = "lose"
    task = site.jira.open_request(site.anna, "Tidy up", "?", "HELP", request_type=None)
    plain = site.open("DEV")
    site.calls()
    one, other = site.desk.states([task, plain])
    assert one.seen
    assert one.seen.clocks == ()
    assert other.seen
    assert other.seen.clocks is None
    assert site.calls() == {TOGETHER: 1, SLA: 1}


def test_not_more_than_a_hundred_issues_are_asked_for_their_clocks(site: Desk) -> None:
    site.slas, site.jira.shows_slas = "win", False
    issues = site.seed(101)
    told = site.desk.states(issues)
    assert site.calls() == {TOGETHER: 2, SLA: 100}
    assert [one.key for one in told if one.seen and one.seen.clocks is None] == [issues[-1]]


def test_a_webhook_tells_of_clocks_where_it_tells_of_the_fields(site: Desk) -> None:
    issue = site.open()
    site.jira.reply(issue, site.ben, "Which ones?")
    opening, reply = site.webhooks()
    assert opening.seen
    assert opening.seen.clocks
    assert len(opening.seen.clocks) == 2
    assert reply.seen
    assert reply.seen.clocks is None
