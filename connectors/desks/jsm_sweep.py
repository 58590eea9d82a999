"""What happened to any request since the last time, for webhooks that were lost.

A search finds the issues that were updated, and one more call gives all their changes: both tell the same events, under
the same ids, as the webhooks. The window is told in minutes before now, `updated >= -7m`: a date in JQL is read in the
account's own time zone, and by minutes neither that nor how far Jira's clock is from ours makes a difference. Windows
overlap, for Jira's index lags behind. Looked through are the service projects, whose webhooks `JsmSetup` asks for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import AnyEvent, Touched, Undeliverable, Unreadable
from connectors import Known, State, Swept
from connectors.desks import jsm_changes
from connectors.desks.jsm_history import history
from connectors.desks.jsm_issue import public
from connectors.desks.jsm_reading import WHOLE, Levels, by_number, project_type, state
from connectors.desks.jsm_setup import FILTER
from connectors.desks.jsm_shapes import PLATFORM, Missing
from connectors.reading import Node, fingerprint

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

_OVERLAP = timedelta(minutes=5)
_SINGLY = timedelta(days=1)  # for how long changes are asked for one by one, after a refusal


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """Where sweeping stands, in seconds since 1970.

    While there are pages left: when the round `began`, and the next `page`; `again` once a page was not known any more
    and the round began anew. Until `singly`, changes are asked for one by one.
    """

    since: int
    began: int = 0
    minutes: int = 0
    page: str = ""
    again: bool = False
    singly: int = 0


def sweep(desk: JiraServiceManagement, cursor: str, now: datetime, known: Known) -> Swept:
    """A page of the issues updated since then, with all that happened to them. Raises Undeliverable.

    Two calls for a hundred issues; where Jira gives no changelogs together, one for each issue. An issue of an unknown
    shape is told as one to be read from its desk, where that then shows.
    """
    place = _place(cursor, now)
    place, issues, page = _search(desk, place, now)
    found = by_number(issues)
    singly = place.singly > now.timestamp()
    together = None if singly else jsm_changes.together(desk, found)
    if together is None and not singly:
        place = replace(place, singly=int((now + _SINGLY).timestamp()))
    changes = jsm_changes.singly(desk, found) if together is None else together.items()
    told, failure = _Told(desk, known, now), None
    try:
        for key, some in changes:
            if key in found:
                told.take(key, found[key], some)
    except Undeliverable as stopped:
        if not told.events:
            raise
        failure = stopped
    return Swept(
        events=tuple(told.events),
        states=tuple(told.states),
        cursor=_onward(place, page) if failure is None else _encoded(place),
        more=bool(page) and failure is None,
        failure=failure,
    )


# --- where it stands -----------------------------------------------------------------------------


def _place(cursor: str, now: datetime) -> _Cursor:
    """Where to go on: at the page that is next, or with a new search."""
    try:
        last = msgspec.json.decode(cursor, type=_Cursor)
    except msgspec.DecodeError:  # the very first time, there is none
        last = _Cursor(int(now.timestamp()))
    return last if last.page else _anew(last, now)


def _anew(place: _Cursor, now: datetime) -> _Cursor:
    """A search from its first page."""
    seconds = max(now.timestamp() - place.since, 0) + _OVERLAP.total_seconds()
    minutes = math.ceil(seconds / 60)
    return replace(place, began=int(now.timestamp()), minutes=minutes, page="")


def _onward(place: _Cursor, page: str) -> str:
    following = replace(place, page=page) if page else _Cursor(place.began, singly=place.singly)
    return _encoded(following)


def _encoded(place: _Cursor) -> str:
    return msgspec.json.encode(place).decode()


def _search(
    desk: JiraServiceManagement, place: _Cursor, now: datetime
) -> tuple[_Cursor, list[dict[str, Any]], str]:
    """A page of issues. Where Jira doesn't know the page any more, the first one again, once in a round."""
    try:
        return (place, *desk.search_page(_jql(place), WHOLE, place.page))
    except Undeliverable as failure:
        lost = place.page and not place.again and not failure.wide and failure.retry_after is None
        if not lost:
            raise
    place = replace(_anew(place, now), again=True)
    return (place, *desk.search_page(_jql(place), WHOLE))


def _jql(place: _Cursor) -> str:
    return f'{FILTER} AND updated >= "-{place.minutes}m" ORDER BY updated ASC'


# --- what it finds -------------------------------------------------------------------------------


class _Told:
    """What happened to the issues of a page, and how they stand."""

    def __init__(self, desk: JiraServiceManagement, known: Known, now: datetime) -> None:
        self._desk, self._known, self._now = desk, known, now
        self._levels = Levels(desk)
        self.events: list[AnyEvent] = []
        self.states: list[State] = []

    def take(self, key: str, shown: dict[str, Any], changes: list[dict[str, Any]]) -> None:
        """An issue as it was found, and its changes. Raises Undeliverable."""
        issue, desk = Node(shown), self._desk
        try:
            said = list(self._comments(key, issue))
            self.events += history(desk.name, shown, said, changes, desk.user_id)
        except Missing:  # it is gone meanwhile
            return
        except Unreadable:
            self.events.append(self._to_read(key, shown))
            return
        if desk.slas != "off":
            self.states.append(state(key, issue, self._levels))

    def _to_read(self, key: str, shown: dict[str, Any]) -> Touched:
        fields = shown.get("fields")
        updated = fields.get("updated") if isinstance(fields, dict) else None
        return Touched(
            id=f"{self._desk.name}:swept:{key}:{fingerprint(updated)[:12]}",
            subject=f"{self._desk.name}:{key}",
            at=self._now,
            read=True,
        )

    def _comments(self, key: str, issue: Node) -> Iterable[dict[str, Any]]:
        """The comments within the issue, where at most known ones are missing or don't say who sees them.

        Else they are read apart, the newest first, up to a page of which all are known. Raises Unreadable.
        """
        within, kind = issue["fields"]["comment"], project_type(issue)
        told, total = list(within["comments"].items()), within["total"].number()
        unsure = [comment for comment in told if public(comment, kind) is None]
        if total is not None and total <= len(told) and self._are_known(unsure):
            return [comment.value for comment in told if comment not in unsure]
        return self._newest(key)

    def _newest(self, key: str) -> Iterator[dict[str, Any]]:
        path, params = (
            f"{PLATFORM}/issue/{key}/comment",
            {"orderBy": "-created", "expand": "properties"},
        )
        for page, last in self._desk.pages(path, "comments", Node.members, key, params):
            yield from (comment.value for comment in page)
            if not last and _descends(page) and self._are_known(page):
                return

    def _are_known(self, comments: Iterable[Node]) -> bool:
        ids = {f"{self._desk.name}:comment:{comment['id'].id()}" for comment in comments}
        return not ids or ids <= set(self._known(ids))


def _descends(comments: Sequence[Node]) -> bool:
    """Whether the newest come first, as they were asked for: an old server may give them as it likes."""
    times = [at for comment in comments if (at := comment["created"].time())]
    return bool(times) and times[0] >= times[-1]
