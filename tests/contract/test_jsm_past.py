"""All open requests of a Jira site with their past, read before the bridge starts."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from bridge.domain.model import (
    Read,
    Undeliverable,
)
from bridge.sandbox import Fault
from tests.contract.jira_site import (
    BULK,
    COUNT,
    SEARCH,
    Desk,
    opened,
)


@pytest.fixture
def site() -> Iterator[Desk]:
    with opened() as site:
        yield site


def test_all_open_requests_with_two_calls_for_a_hundred(site: Desk) -> None:
    issues = site.seed(250)
    site.jira.resolve(issues[0], site.ben)
    site.calls()
    steps = site.past()
    assert [(one.done, one.total) for one in steps] == [(100, 249), (200, 249), (249, 249)]
    events = [event for step in steps for event in step.events]
    assert {event.subject for event in events} == {f"jsm:{issue}" for issue in issues[1:]}
    assert sum(isinstance(event, Read) for event in events) == 249
    assert len(events) == 249 * 6
    assert site.calls() == {COUNT: 1, SEARCH: 3, BULK: 3}


def test_an_import_goes_on_where_it_stopped(site: Desk) -> None:
    site.seed(250)
    whole = site.past()
    rest = site.past(whole[0].cursor)
    assert rest == whole[1:]
    assert site.past(whole[-1].cursor) == []


def test_an_import_whose_page_is_forgotten_begins_anew(site: Desk) -> None:
    site.seed(150)
    cursor = msgspec.json.encode({"page": "long gone", "done": 100}).decode()
    assert site.past(cursor) == site.past()


def test_without_changelogs_in_bulk_each_history_is_to_be_read(site: Desk) -> None:
    site.jira.bulk_changelogs = False
    issues = site.seed(3)
    [step] = site.past()
    assert (step.events, step.unread, step.done) == ((), tuple(issues), 3)


def test_an_import_does_not_need_to_know_how_many_there_are(site: Desk) -> None:
    site.seed(3)
    site.sandbox.faults = lambda _vendor, _method, path: (
        Fault.status(500) if path.endswith("approximate-count") else None
    )
    [step] = site.past()
    assert (step.done, step.total) == (3, 3)


def test_an_import_that_is_stopped_half_way_says_why(site: Desk) -> None:
    site.seed(150)
    steps = site.desk.past("", site.now[0])
    assert next(steps).done == 100
    site.jira.quota_spent = True
    with pytest.raises(Undeliverable) as failure:
        next(steps)
    assert failure.value.retry_after
