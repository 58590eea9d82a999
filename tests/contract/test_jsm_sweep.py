"""Jira swept for lost webhooks: all that happened, told as they would have told it, with few calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from bridge.domain.model import (
    Opened,
    Replied,
    StatusChanged,
    Touched,
    Undeliverable,
)
from bridge.sandbox import Fault
from connectors import Swept
from tests.contract.jira_site import (
    BULK,
    CHANGELOG,
    COMMENTS,
    SEARCH,
    Desk,
    a_long_story,
    all_known,
    ids,
    opened,
    ticket,
)


@pytest.fixture
def site() -> Iterator[Desk]:
    with opened() as site:
        yield site


@pytest.fixture
def new_york() -> Iterator[Desk]:
    with opened("America/New_York") as site:
        yield site


def test_the_first_sweep_looks_back_five_minutes_and_no_further(site: Desk) -> None:
    site.open()
    site.later(minutes=6)
    recent = site.open()
    site.later(minutes=1)
    assert {event.subject for event in site.sweep().events} == {f"jsm:{recent}"}


def test_a_lost_webhook_is_found(site: Desk) -> None:
    issue = site.open()
    site.later(hours=1)
    site.sweep()
    site.later(minutes=3)
    site.jira.set_status(issue, site.ben, "In progress")
    site.later(minutes=2)
    missed = [event for event in site.sweep().events if isinstance(event, StatusChanged)]
    assert [event.status for event in missed] == ["in progress"]
    assert ids(missed) <= ids(site.webhooks())
    site.later(minutes=20)
    assert site.sweep().events != ()  # windows overlap
    site.later(minutes=20)
    assert site.sweep().events == ()


def test_what_the_index_learns_late_is_found_by_the_next_sweep(site: Desk) -> None:
    site.jira.index_lag = timedelta(minutes=4)
    issue = site.open()
    site.later(minutes=1)
    assert site.sweep().events == ()
    site.later(minutes=5)
    assert {event.subject for event in site.sweep().events} == {f"jsm:{issue}"}


def test_where_the_site_is_makes_no_difference(site: Desk, new_york: Desk) -> None:
    told = []
    for one in (site, new_york):
        one.later(hours=-1)
        one.open()
        one.later(hours=1)
        one.sweep()
        a_long_story(one)
        told.append(one.sweep().events)
    here, there = told
    assert ids(here) == ids(there)
    assert [event.at for event in here] == [event.at for event in there]


def test_a_moved_issue_is_the_same_ticket_under_another_name(site: Desk) -> None:
    issue = site.open()
    site.later(hours=1)
    site.sweep()
    site.jira.move(issue, site.ben, "OPS")
    events = list(site.sweep().events)
    assert {event.subject for event in events} == {f"jsm:{issue}"}
    assert (ticket(events).name, ticket(events).team) == ("OPS-1", "OPS")


def test_projects_without_customers_are_left_alone(site: Desk) -> None:
    site.open("DEV")
    assert site.sweep().events == ()
    assert site.past()[0].events == ()


def test_fifty_changes_among_ten_thousand_open_issues_cost_two_calls(site: Desk) -> None:
    issues = site.seed(10_000)
    site.sweep()
    site.later(minutes=2)
    for issue in issues[::200]:
        site.jira.set_status(issue, site.ben, "Pending")
    site.calls()
    swept = site.sweep(all_known)
    assert len({event.subject for event in swept.events}) == 50
    assert not swept.more
    assert site.calls() == {SEARCH: 1, BULK: 1}


def test_without_changelogs_in_bulk_each_issue_is_asked_and_so_it_is_for_a_day(site: Desk) -> None:
    site.jira.bulk_changelogs = False
    issues = site.seed(10)
    site.sweep()
    site.later(minutes=2)
    for issue in issues:
        site.jira.set_status(issue, site.ben, "Pending")
    site.calls()
    first = site.sweep()
    assert len([one for one in first.events if isinstance(one, StatusChanged)]) == 20
    assert site.calls() == {SEARCH: 1, BULK: 1, CHANGELOG: 10}
    site.later(minutes=1)
    assert ids(site.sweep().events) == ids(first.events)
    assert site.calls() == {SEARCH: 1, CHANGELOG: 10}
    site.jira.bulk_changelogs = True
    site.later(days=1)
    site.sweep()
    assert BULK in site.calls()


def test_a_quiet_sweep_costs_one_call(site: Desk) -> None:
    site.seed(3)
    site.calls()
    assert site.sweep() == Swept(events=(), cursor=site.cursor)
    assert site.calls() == {SEARCH: 1}


def test_many_changes_come_in_pages(site: Desk) -> None:
    for issue in site.seed(130):
        site.jira.set_status(issue, site.ben, "Pending")
    first = site.sweep()
    site.later(minutes=1)
    second = site.sweep()
    assert (first.more, second.more) == (True, False)
    told = [{event.subject for event in one.events} for one in (first, second)]
    assert [len(one) for one in told] == [100, 30]
    assert not told[0] & told[1]
    site.later(minutes=2)  # what happened while the pages were read is in the next window
    assert len({event.subject for event in site.sweep().events}) == 100


def test_a_page_that_is_not_known_any_more_begins_the_round_anew_but_once(site: Desk) -> None:
    for issue in site.seed(130):
        site.jira.set_status(issue, site.ben, "Pending")
    first = site.sweep()
    place = msgspec.json.decode(first.cursor)
    site.cursor = msgspec.json.encode(place | {"page": "long gone"}).decode()
    assert ids(site.sweep().events) == ids(first.events)
    place = msgspec.json.decode(site.cursor)
    site.cursor = msgspec.json.encode(place | {"page": "gone again"}).decode()
    with pytest.raises(Undeliverable, match="400"):
        site.sweep()


def test_the_changes_of_one_page_may_come_in_many(site: Desk) -> None:
    issue = site.seed(1)[0]
    for number in range(1001):
        site.jira.save(issue, site.ben, {"summary": f"No. {number}"})
    site.calls()
    assert len(site.sweep().events) == 1 + 2 + 2 + 1001
    assert site.calls() == {SEARCH: 1, BULK: 2}


def test_a_sweep_that_is_stopped_half_way_keeps_what_it_found_and_goes_on(site: Desk) -> None:
    site.jira.bulk_changelogs = False
    first, second = site.seed(2)
    for issue in (first, second):
        site.later(seconds=1)
        site.jira.set_status(issue, site.ben, "Pending")

    def busy(_vendor: str, _method: str, path: str) -> Fault | None:
        return Fault.status(503) if path.endswith(f"{second}/changelog") else None

    site.sandbox.faults = busy
    swept = site.sweep()
    assert {event.subject for event in swept.events} == {f"jsm:{first}"}
    assert swept.failure
    assert swept.failure.retry_after
    assert not swept.more
    site.sandbox.faults = lambda *_: None
    site.later(minutes=1)
    assert len({event.subject for event in site.sweep().events}) == 2


def test_a_sweep_that_finds_nothing_out_says_why(site: Desk) -> None:
    site.jira.set_status(site.seed(1)[0], site.ben, "Pending")
    site.sandbox.faults = lambda _vendor, method, _path: (
        Fault.status(401) if method == "POST" else None
    )
    with pytest.raises(Undeliverable, match="token"):
        site.sweep()


def test_an_issue_of_another_shape_is_told_as_one_to_be_read(site: Desk) -> None:
    odd, even = site.open(), site.open()
    site.jira.issues[odd].custom = {"labels": {}}
    events = {event.subject: event for event in site.sweep().events}
    to_read = events[f"jsm:{odd}"]
    assert isinstance(to_read, Touched)
    assert to_read.read
    assert isinstance(events[f"jsm:{even}"], Opened)
    assert ids(site.sweep().events) == {event.id for event in events.values()}
    [step] = site.past()
    assert step.unread == (odd,)
    assert {event.subject for event in step.events} == {f"jsm:{even}"}


def test_of_many_comments_only_the_pages_with_news_are_read(site: Desk) -> None:
    issue = site.open()
    for number in range(250):
        site.later(seconds=1)
        site.jira.reply(issue, site.ben, f"No. {number}")
    site.calls()
    every = [event for event in site.sweep().events if isinstance(event, Replied)]
    assert len(every) == 250
    assert site.calls()[COMMENTS] == 3
    site.later(seconds=1)
    site.jira.reply(issue, site.anna, "Stop it!")
    old = ids(every)
    told = site.sweep(lambda asked: [one for one in asked if one in old]).events
    assert len([event for event in told if isinstance(event, Replied)]) == 200
    assert site.calls()[COMMENTS] == 2
    site.sweep(all_known)
    assert site.calls()[COMMENTS] == 1
