"""Jira Service Management's satisfaction survey, by asking for it: no webhook is known to tell of an answer.

A search finds the requests that may have been answered, and each is asked for its answer: fifty in one poll. Whether an
answer counts as an update of its request is unconfirmed, so all requests resolved of late are asked, round after round;
a round of many pages is followed by as long a rest, which keeps the calls at fifty for each `every`. Where many are
resolved, `jql` can name the field that Jira keeps the time of the answer in (unconfirmed as well), which costs less and
is quicker: `"Satisfaction date" >= -{minutes}m`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import (
    AnyEvent,
    ConfigError,
    Contact,
    Forged,
    Undeliverable,
    Unreadable,
)
from connectors import Desk, Incoming, Polled, Response
from connectors.desks import jsm_shapes as shapes
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.jsm_issue import account, issue_id, rated
from connectors.plain import plain
from connectors.reading import Node, decode, fingerprint, only_post

_AT_ONCE = 50  # requests in one poll, each of which is a call
_OVERLAP = timedelta(minutes=10)  # Jira's clock and ours, whole minutes, an index that lags behind
_FIRST = timedelta(days=1)  # what is news at the very first poll
_SOON = timedelta(seconds=30)

_ANSWERED = "projectType = service_desk AND statusCategory = Done AND resolved >= -{minutes}m"


class _Cursor(Struct, frozen=True, array_like=True):
    """Where polling stands, in seconds since 1970. While there are pages left: how the search began, and the next.

    `pages` is how many pages the round has had, `rest` how many polls are left out after it. `after` is the last
    request of the page that could be asked, where a failure cut the poll short.
    """

    since: int
    began: int = 0
    minutes: int = 0
    page: str = ""
    pages: int = 0
    rest: int = 0
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class JsmSatisfaction:
    """Answers to the survey after a request is resolved, 1 to 5 stars. What the issue's history tells is told once.

    `projects` are the keys of the projects to look at, all service projects if empty. `every` is how often Jira is
    asked, `within` how long after its resolution a request is asked for its answer. `jql` takes the place of the search
    for these; `{minutes}` in it is the time since the last poll, for a time in JQL is read in the account's own time
    zone. Raises ConfigError.
    """

    kind: ClassVar[str] = "jsm-csat"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
Nothing is called from outside: [sources.{name}] asks the desk for new answers.
1. In each service project: Project settings > Customer satisfaction, turn the survey on.
2. The desk's account must be an agent in these projects, or it sees neither the requests nor the answers.
"""

    name: str
    desk: str = "jsm"
    projects: tuple[str, ...] = ()
    every: timedelta = timedelta(minutes=5)
    within: timedelta = timedelta(days=2)
    jql: str = ""

    def __post_init__(self) -> None:
        for project in self.projects:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,254}", project):
                wrong = plain(project, 40)
                raise ConfigError(
                    f"{wrong!r} is no project's key; write HELP for HELP-12's project"
                )
        if re.search(r"\border\s+by\b", self.jql, re.IGNORECASE):
            raise ConfigError("jql: leave ORDER BY out, the bridge reads the oldest change first")

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:  # noqa: ARG002 - nobody may
        """Raise Forged: nothing is to come in from outside."""
        raise Forged("this source is polled and takes no requests")

    def identify(self, incoming: Incoming) -> str:
        """The request, and a digest of what its customer answered."""
        body = decode(incoming.body).members()
        return _key(issue_id(body["issue"]), body["feedback"])

    def answer(self, incoming: Incoming) -> Response | None:
        """Nobody calls."""
        return only_post(incoming)

    def poll(self, desk: Desk, cursor: str, now: datetime) -> Polled:
        """What customers answered since then. Raises Undeliverable."""
        if not isinstance(desk, JiraServiceManagement):
            why = f"[sources.{self.name}]: the desk {self.desk} is no Jira Service Management"
            raise Undeliverable(why, wide=True)
        place = _place(cursor, now)
        if place.rest:
            return _polled((), replace(place, rest=place.rest - 1))
        issues, page = self._search(desk, place)
        since = datetime.fromtimestamp(place.since, UTC) - _OVERLAP
        found = _ask(desk, _left(issues, place.after), since, now)
        if found.failure is not None:
            return _polled(found.deliveries, replace(place, after=found.last), found.failure)
        if page:
            onward = replace(place, page=page, pages=place.pages + 1, after="")
            return _polled(found.deliveries, onward)
        rest = 0 if self.jql else place.pages
        return _polled(found.deliveries, _Cursor(place.began, rest=rest))

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer."""
        body = decode(incoming.body).members()
        reporter, feedback = body["reporter"], body["feedback"].members()
        contact = Contact(reporter["displayName"].text(), reporter["emailAddress"].text())
        yield rated(
            self.desk,
            issue_id(body["issue"]),
            shapes.rating(feedback),
            shapes.remark(feedback),
            body["at"].time() or incoming.received_at,
            contact=contact,
            actor=account(reporter) or "",
        )

    def _search(
        self, desk: JiraServiceManagement, place: _Cursor
    ) -> tuple[list[dict[str, Any]], str]:
        """A page of requests. Where Jira doesn't know the page any more, the first one again."""
        minutes = place.minutes if self.jql else math.ceil(self.within.total_seconds() / 60)
        jql, fields = self._jql(minutes), ("reporter", "updated")
        try:
            return desk.search_page(jql, fields, place.page, _AT_ONCE)
        except Undeliverable as failure:
            if not place.page or failure.wide or failure.retry_after is not None:
                raise
        return desk.search_page(jql, fields, "", _AT_ONCE)

    def _jql(self, minutes: int) -> str:
        jql = (self.jql or _ANSWERED).replace("{minutes}", str(minutes))
        if self.projects:
            keys = ", ".join(f'"{project}"' for project in self.projects)
            jql = f"({jql}) AND project in ({keys})"
        return f"{jql} ORDER BY updated ASC"


def _place(cursor: str, now: datetime) -> _Cursor:
    """Where to go on: at the page that is next, or with a new search."""
    try:
        last = msgspec.json.decode(cursor, type=_Cursor)
    except msgspec.DecodeError:  # the very first time, there is none
        last = _Cursor(int((now - _FIRST).timestamp()))
    if last.page or last.rest or last.after:
        return last
    seconds = max(now.timestamp() - last.since, 0) + _OVERLAP.total_seconds()
    return _Cursor(last.since, int(now.timestamp()), math.ceil(seconds / 60))


def _polled(
    deliveries: Sequence[tuple[str, bytes]],
    cursor: _Cursor,
    failure: Undeliverable | None = None,
) -> Polled:
    return Polled(
        deliveries=tuple(deliveries),
        cursor=msgspec.json.encode(cursor).decode(),
        more=bool(cursor.page),
        failure=failure,
    )


def _left(issues: list[dict[str, Any]], after: str) -> list[dict[str, Any]]:
    """The requests still to be asked: all, if the last one that was is not among them any more."""
    ids = [str(issue.get("id")) for issue in issues]
    return issues[ids.index(after) + 1 :] if after in ids else issues


class _Asked(Struct):
    """What was answered on some requests, up to the `last`; the failure that kept the others from being asked."""

    deliveries: list[tuple[str, bytes]]
    last: str = ""
    failure: Undeliverable | None = None


def _ask(
    desk: JiraServiceManagement, issues: list[dict[str, Any]], since: datetime, now: datetime
) -> _Asked:
    """Ask request by request. One that can't be asked is passed over, unless none can. Raises Undeliverable."""
    asked = _Asked([])
    refused = 0
    for issue in issues:
        try:
            if found := _delivery(desk, Node(issue), since, now):
                asked.deliveries.append(found)
        except Undeliverable as failure:
            if failure.wide or failure.retry_after is not None:
                if not asked.last:
                    raise
                asked.failure = failure
                return asked
            refused += 1
            if refused == len(issues):
                raise
        asked.last = str(issue.get("id"))
    return asked


def _delivery(
    desk: JiraServiceManagement, issue: Node, since: datetime, now: datetime
) -> tuple[str, bytes] | None:
    """The answer on one request with all that is needed to read it later; None if there is none.

    An answer has no time of its own. If the request was changed since the last poll, that was when, else now is.
    """
    try:
        key = issue_id(issue)
        reporter, updated = issue["fields"]["reporter"], issue["fields"]["updated"].time()
    except Unreadable:
        why = f"{desk.name} gave an answer that can't be read"
        raise Undeliverable(why, retry_after=_SOON) from None
    feedback = desk.feedback(key)
    if feedback is None:
        return None
    at = updated if updated and since <= updated <= now else now
    who = ("accountId", "key", "name", "displayName", "emailAddress", "accountType")
    body = {
        "issue": {"id": key},
        "feedback": {"rating": feedback["rating"].value, "comment": feedback["comment"].value},
        "reporter": {name: reporter[name].value for name in who if reporter[name]},
        "at": at.isoformat(),
    }
    return _key(key, feedback), msgspec.json.encode(body)


def _key(issue: str, feedback: Node) -> str:
    said = [feedback["rating"].value, feedback["comment"]["body"].value]
    return f"{issue}:{fingerprint(said)}"
