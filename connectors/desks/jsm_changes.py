"""The changelogs of many Jira issues with one call.

developer.atlassian.com/cloud/jira/platform/rest/v3, POST changelog/bulkfetch: up to 1000 issues, all changes of all of
them in the order of time, in pages. That version 2 of the API has the same call is unconfirmed, and so is in which unit
its times are: whole numbers of seconds are read as well as milliseconds. A server of one's own has no such call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from bridge.domain.model import Undeliverable
from connectors.desks import jsm_shapes as shapes
from connectors.desks.jsm_reading import changelog
from connectors.desks.jsm_shapes import MOST_PAGES, PLATFORM, Missing
from connectors.reading import Node

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

_AT_ONCE = 1000  # issues in one call
_ON_A_PAGE = 1000  # changes; Jira's own default

Changes = dict[str, list[dict[str, Any]]]


def together(desk: JiraServiceManagement, keys: Collection[str]) -> Changes | None:
    """The changes of these issues, [] for one without; None where Jira doesn't give many at once.

    Raises Undeliverable for what passes, or needs an admin.
    """
    changes: Changes = {key: [] for key in keys}
    wanted = list(changes)
    try:
        for start in range(0, len(wanted), _AT_ONCE):
            for key, some in _pages(desk, wanted[start : start + _AT_ONCE]):
                changes.setdefault(key, []).extend(some)
    except Undeliverable as failure:
        if failure.wide or failure.retry_after is not None:
            raise
        return None
    return changes


def singly(
    desk: JiraServiceManagement, keys: Collection[str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The same, a call for each issue; one that is gone is passed over. Raises Undeliverable half way."""
    for key in keys:
        try:
            yield key, changelog(desk, key)
        except Missing:
            continue


def _pages(
    desk: JiraServiceManagement, keys: list[str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    page = ""
    for _ in range(MOST_PAGES):
        body: dict[str, Any] = {"issueIdsOrKeys": keys, "maxResults": _ON_A_PAGE}
        if page:
            body["nextPageToken"] = page
        path = f"{PLATFORM}/changelog/bulkfetch"
        some, page = desk.shown(path, _page, method="POST", body=body)
        yield from some
        if not page:
            return
    raise Undeliverable(f"{desk.name} has more changes than can be read at once")


def _page(answer: Node) -> tuple[list[tuple[str, list[dict[str, Any]]]], str]:
    """Pairs of an issue's number and some of its changes, and the name of the next page."""
    logs = list(answer["issueChangeLogs"].items())
    return [(log["issueId"].id(), _histories(log)) for log in logs], shapes.next_page(answer)


def _histories(log: Node) -> list[dict[str, Any]]:
    return [change.members().value for change in log["changeHistories"].items()]
