"""All open requests with their past: what a bridge reads before it starts, a hundred issues with two calls.

Searched are the service projects, the oldest first. A search that was begun long ago may not be known to Jira any more
(unconfirmed how long it is): then it begins anew, which tells what was told already under the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from bridge.domain.model import AnyEvent, Undeliverable, Unreadable
from connectors import Past
from connectors.desks import jsm_changes
from connectors.desks.jsm_history import history, read
from connectors.desks.jsm_issue import seen
from connectors.desks.jsm_reading import WHOLE, by_number, comments
from connectors.desks.jsm_setup import FILTER
from connectors.desks.jsm_shapes import PLATFORM, Missing
from connectors.reading import Node

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

_OPEN = f"{FILTER} AND statusCategory != Done"
_JQL = f"{_OPEN} ORDER BY created ASC"


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """The next page of the search, and how many issues were told before it; `over` once there is no more."""

    page: str = ""
    done: int = 0
    over: bool = False


def past(
    desk: JiraServiceManagement,
    cursor: str,
    now: datetime,  # noqa: ARG001 - a search for what is open needs no time
) -> Iterator[Past]:
    """Every open request, its events and at last its Read, in steps of a page. Raises Undeliverable half way.

    One whose history can't be told from a page is `unread`: it has another shape, or Jira gives no changelogs together.
    Its clocks are as the search told them. An issue that was reopened is not asked for an answer to its survey.
    """
    place = _place(cursor)
    total = 0 if place.over else _count(desk)
    while not place.over:
        issues, page, place = _search(desk, place)
        events, unread = _complete(desk, issues)
        place = _Cursor(page, place.done + len(issues), over=not page)
        yield Past(
            cursor=msgspec.json.encode(place).decode(),
            done=place.done,
            total=max(total, place.done),
            events=tuple(events),
            unread=tuple(unread),
        )


def _place(cursor: str) -> _Cursor:
    try:
        return msgspec.json.decode(cursor, type=_Cursor)
    except msgspec.DecodeError:  # from the start
        return _Cursor()


def _count(desk: JiraServiceManagement) -> int:
    """Roughly how many there are (POST search/approximate-count); 0 where Jira doesn't say."""
    path, body = f"{PLATFORM}/search/approximate-count", {"jql": _OPEN}
    try:
        count = desk.shown(path, lambda answer: answer["count"].number(), method="POST", body=body)
    except Undeliverable as failure:
        if failure.wide:
            raise
        return 0
    return int(count or 0)


def _search(
    desk: JiraServiceManagement, place: _Cursor
) -> tuple[list[dict[str, Any]], str, _Cursor]:
    """A page of issues, the next page, and where this one was: at the start, where Jira lost the page."""
    try:
        return (*desk.search_page(_JQL, WHOLE, place.page), place)
    except Undeliverable as failure:
        if not place.page or failure.wide or failure.retry_after is not None:
            raise
    return (*desk.search_page(_JQL, WHOLE), _Cursor())


def _complete(
    desk: JiraServiceManagement, issues: list[dict[str, Any]]
) -> tuple[list[AnyEvent], list[str]]:
    """The histories of a page's issues, and the keys of those that have to be read one by one."""
    found = by_number(issues)
    changes = jsm_changes.together(desk, found)
    if changes is None:
        return [], list(found)
    events, unread = list[AnyEvent](), list[str]()
    for key, issue in found.items():
        try:
            events += _life(desk, key, issue, changes)
        except Unreadable:
            unread.append(key)
        except Missing:  # it is gone meanwhile
            continue
    return events, unread


def _life(
    desk: JiraServiceManagement, key: str, shown: dict[str, Any], changes: Mapping[str, Any]
) -> list[AnyEvent]:
    issue = Node(shown)
    events = history(desk.name, shown, comments(desk, key, issue), changes[key], desk.user_id)
    return [*events, read(desk.name, shown, events, seen(issue))]
