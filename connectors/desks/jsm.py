"""Jira Service Management as a desk: labels and internal notes out, the history of a request in.

Calls go through the jira SDK's session, without its retries and its waiting on 429 (see `connectors.http`): Jira's own
REST API v2, whose texts are wiki markup, and beside it the service desk's. Answers are read as they came, for the
SDK's own objects ask for more than is needed, and it writes what it can't parse to the log.
All that is written here is internal: `_internal` makes the comments, and only through the service desk's API: Jira's
own would show a note on an issue that is no request to everybody. The one public comment there is, the question whether
it was put right, is made by `jsm_ask`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import quote

import requests
from jira import JIRA
from jira.exceptions import JIRAError

from bridge.domain.model import (
    Action,
    AnyEvent,
    Category,
    ConfigError,
    Receipt,
    Undeliverable,
    Unreadable,
)
from connectors import Dispatch, Door, Known, Past, Person, State, Swept, Unsearchable
from connectors.budget import UNLIMITED, Budget, Gate
from connectors.desks import jsm_ask, jsm_past, jsm_reading, jsm_sweep
from connectors.desks import jsm_shapes as shapes
from connectors.desks.jsm_clocks import SLA_GOALS
from connectors.desks.jsm_issue import STATUSES
from connectors.desks.jsm_limits import JiraLimits
from connectors.desks.jsm_note import note_text
from connectors.desks.jsm_setup import JsmSetup
from connectors.desks.jsm_shapes import (
    MOST_PAGES,
    PLATFORM,
    SERVICE_DESK,
    Comment,
    Credentials,
    Missing,
    basic,
    verdict,
)
from connectors.http import TIMEOUT, Refused, redact, session, transport
from connectors.plain import plain
from connectors.reading import Node

T = TypeVar("T")
Params = Mapping[str, str | list[str]]

_ON_A_PAGE = 100  # comments, projects, issues; Jira gives fewer where it likes
_PEOPLE_AT_ONCE = 50  # users in one call: their ids stand in the address
_LOOK_BACK = 3  # pages of comments to look through for a note of ours
_SKEW = timedelta(minutes=5)  # how far Jira's clock and ours may be apart
_SOON = timedelta(seconds=30)
_GARBLED = (JIRAError, AttributeError, LookupError, TypeError, ValueError)


def host(site: str) -> str:
    """The site's address on Atlassian's cloud. Raises ConfigError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", site):
        raise ConfigError(
            f"{plain(site, 80)!r} is no Atlassian site; write acme for https://acme.atlassian.net"
        )
    return f"https://{site}.atlassian.net"


@dataclass(frozen=True, kw_only=True)
class JiraServiceManagement:
    """One site. May be used by several threads.

    `token(False)` gives the API token of the account `user`, an e-mail address; without a user it is sent as a bearer
    token, as a server of one's own wants it. It may raise Undeliverable. `user_id` is the account's id (see `me`):
    what that account did is the bridge's. `base_url` takes the place of https://<site>.atlassian.net, for a server of
    one's own or a sandbox; it is reached without a proxy. `slas` says whether Jira's own service levels count: not at
    all, before our goals, or where we have none. A ticket's key is the issue's number, which stays when the issue is
    moved.
    """

    kind: ClassVar[str] = "jsm"
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}
    statuses: ClassVar[Mapping[str, Category]] = STATUSES
    sla_goals: ClassVar[Mapping[str, str]] = SLA_GOALS

    name: str
    site: str = field(metadata={"hint": "the first part of <site>.atlassian.net"})
    user: str = ""
    base_url: str = ""
    user_id: str = ""
    slas: Literal["off", "win", "lose"] = "off"
    budget: Budget = field(default=UNLIMITED, repr=False)
    token: Callable[[bool], str] = field(repr=False)

    def __post_init__(self) -> None:
        host(self.site)

    # -- out --

    def send(self, dispatch: Dispatch) -> Receipt:
        """Add an internal note, or add or take off labels; other labels are left alone.

        Labels that are as wanted are not written again: each write would call our own webhook. `notifyUsers=false`
        spares the watchers an e-mail; Jira heeds it for administrators of the project only.
        """
        key = self.number(dispatch.to)
        if dispatch.action is Action.NOTE:
            return self._note(key, dispatch)
        if dispatch.action is Action.TAG:
            present = self._labels(key)
            self._change(key, "add", [tag for tag in dispatch.tags if tag not in present])
        elif dispatch.action is Action.UNTAG:
            self._change(key, "remove", [tag for tag in self._labels(key) if tag in dispatch.tags])
        else:
            raise Undeliverable(f"Jira has no way to carry out a {dispatch.action.value}")
        return Receipt(ref=f"tags:{key}")

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The note with the marker, or the labels if they already are as wanted.

        Comments are read newest first (`orderBy=-created`). Jira keeps a comment as a document and writes it as
        markup again, perhaps with backslashes of its own, so these are left out of the comparison. Unconfirmed.
        """
        key = self.number(dispatch.to)
        if dispatch.action is Action.NOTE:
            return self._find_note(key, dispatch.marker, since - _SKEW)
        labels, wanted = set(self._labels(key)), set(dispatch.tags)
        done = wanted <= labels if dispatch.action is Action.TAG else not wanted & labels
        return Receipt(ref=f"tags:{key}") if done else None

    def ask(self, key: str, text: str, marker: str) -> Receipt:
        """Ask the customer in public; see `jsm_ask`. Raises Undeliverable."""
        return jsm_ask.ask(self, self.number(key), text, marker)

    def asked(self, key: str, marker: str, since: datetime) -> Receipt | None:
        """The question with this marker, if it was asked since then. Raises Unsearchable, or Undeliverable."""
        return jsm_ask.asked(self, self.number(key), marker, since)

    def _note(self, key: str, dispatch: Dispatch) -> Receipt:
        note = _internal(note_text(dispatch.message, dispatch.marker))
        path = f"{SERVICE_DESK}/request/{key}/comment"
        try:
            written = self.shown(path, shapes.comment, key=key, method="POST", body=note)
        except Missing:
            raise self._no_request(key) from None
        remark = "Jira shows the note to the customer" if written.public else ""
        return Receipt(ref=written.id, own=(f"comment:{written.id}",), remark=remark)

    def _no_request(self, key: str) -> Undeliverable:
        """Why there is no request to write to: the issue is gone, which raises, or it is one without a customer."""
        path, params = f"{PLATFORM}/issue/{key}", {"fields": "project"}
        name = self.shown(path, lambda issue: issue["key"].id(need=True), key=key, params=params)
        return Undeliverable(
            f"issue {plain(name, 40)} is not a service request: "
            "a comment on it would be seen by everyone, so there is no note"
        )

    def _find_note(self, key: str, marker: str, since: datetime) -> Receipt | None:
        path, params = f"{PLATFORM}/issue/{key}/comment", {"orderBy": "-created"}
        pages = self.pages(path, "comments", shapes.comment, key, params)
        for number, (comments, last) in enumerate(pages, 1):
            for comment in comments:
                if self._is_ours(comment, marker):
                    return Receipt(ref=comment.id, own=(f"comment:{comment.id}",))
            times = [comment.at for comment in comments if comment.at]
            if times and times[0] >= times[-1] and times[-1] < since:
                return None  # newest first, as asked: all that follows is older
            if number == _LOOK_BACK and not last:
                raise Unsearchable(f"issue {key} has too many comments to look through")
        return None

    def _is_ours(self, comment: Comment, marker: str) -> bool:
        if comment.public or (self.user_id and comment.author != self.user_id):
            return False
        return marker in comment.body.replace("\\", "")

    def _labels(self, key: str) -> tuple[str, ...]:
        params = {"fields": "labels"}
        return self.shown(f"{PLATFORM}/issue/{key}", shapes.labels, key=key, params=params)

    def _change(self, key: str, how: str, labels: list[str]) -> None:
        """Add or remove labels; nothing is asked of Jira for none."""
        if labels:
            body = {"update": {"labels": [{how: label} for label in labels]}}
            path, params = f"{PLATFORM}/issue/{key}", {"notifyUsers": "false"}
            self.request("PUT", path, params=params, body=body, key=key)

    # -- in --

    def ticket_url(self, key: str, name: str = "") -> str:
        """Where an agent opens the issue; by its number alone only a search does."""
        if name:
            return f"{self._server}/browse/{quote(name, safe='')}"
        return f"{self._server}/issues/?jql=id%3D{quote(key, safe='')}"

    def setup(self, doors: Sequence[Door]) -> JsmSetup:
        """The site's side of these doors: the admin webhook, and how to make an automation rule."""
        return JsmSetup(self, doors)

    def me(self) -> Person:
        """The user we write as. Raises Undeliverable."""
        us = self.shown(f"{PLATFORM}/myself", shapes.person)
        if not us.id:
            why = f"{self.name}: the token isn't accepted; Jira doesn't say who we are"
            raise Undeliverable(why, wide=True)
        return us

    def people(self, ids: Iterable[str]) -> list[Person]:
        """Users by account id, those that exist. Raises Undeliverable.

        That users who don't exist are left out, and don't fail the call, is unconfirmed. A server of one's own has no
        such call: nobody is found there.
        """
        wanted = sorted({one for one in ids if re.fullmatch(r"[A-Za-z0-9:_-]{1,128}", one)})
        found: list[Person] = []
        for start in range(0, len(wanted), _PEOPLE_AT_ONCE):
            some = wanted[start : start + _PEOPLE_AT_ONCE]
            params: Params = {"accountId": some, "maxResults": str(_PEOPLE_AT_ONCE)}
            try:
                found += self.shown(f"{PLATFORM}/user/bulk", _listed, params=params)
            except Missing:
                break
        return [user for user in found if user.id]

    def find_people(self, email: str, phone: str) -> list[Person]:  # noqa: ARG002 - Jira knows no phones
        """Users with exactly this e-mail address; nobody can be found by phone. Raises Undeliverable.

        Jira finds beginnings of names and addresses, and mostly keeps the addresses to itself: a hit that shows none
        counts if it is the only one.
        """
        address = plain(email, 200).casefold()
        if "@" not in address:
            return []
        params = {"query": address, "maxResults": "50"}
        users = self.shown(f"{PLATFORM}/user/search", _people, params=params)
        same = [user for user in users if user.email.casefold() == address]
        return same or [user for user in users if len(users) == 1 and not user.email]

    def groups(self) -> dict[str, str]:
        """The service projects: key to name. Raises Undeliverable."""
        params = {"typeKey": "service_desk"}
        pages = self.pages(f"{PLATFORM}/project/search", "values", shapes.project, params=params)
        return dict(project for page, _ in pages for project in page)

    def history(self, key: str) -> list[AnyEvent]:
        """An issue's whole life as events, oldest first, and the issue as it is. Raises Undeliverable."""
        return jsm_reading.history_of(self, key)

    def states(self, keys: Sequence[str]) -> list[State]:
        """Issues as they are now, in the order of `keys`, each once. Raises Undeliverable; see `jsm_reading.states`."""
        return jsm_reading.states(self, keys)

    def sweep(self, cursor: str, now: datetime, known: Known) -> Swept:
        """What happened in the service projects since the last time. Raises Undeliverable; see `jsm_sweep.sweep`."""
        return jsm_sweep.sweep(self, cursor, now, known)

    def past(self, cursor: str, now: datetime) -> Iterator[Past]:
        """Every open request with its history, a page at a time. Raises Undeliverable; see `jsm_past.past`."""
        return jsm_past.past(self, cursor, now)

    def feedback(self, key: str) -> Node | None:
        """What the customer answered to the request's satisfaction survey; None if nothing. Raises Undeliverable.

        `rating` is 1 to 5, `comment.body` the words (CSATFeedbackFullDTO of the service desk's API). That nothing
        is a 404, or an answer without a rating, is unconfirmed.
        """
        path = f"{SERVICE_DESK}/request/{self.number(key)}/feedback"
        try:
            answer = self.shown(path, Node.members)
        except Missing:
            return None
        return answer if answer["rating"] else None

    def search(self, jql: str, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Issues as they came, page by page. Raises Undeliverable, also for a search without bounds."""
        wanted, page = list(fields), ""
        for _ in range(MOST_PAGES):
            issues, page = self.search_page(jql, wanted, page)
            yield from issues
            if not page:
                return

    def search_page(
        self, jql: str, fields: Iterable[str], page: str = "", limit: int = _ON_A_PAGE
    ) -> tuple[list[dict[str, Any]], str]:
        """At most `limit` issues, and the name of the next page: "" on the last. Raises Undeliverable.

        Jira's index lags behind by seconds. A server of one's own doesn't have this search.
        """
        params: Params = {"jql": jql, "fields": list(fields), "maxResults": str(limit)}
        if page:
            params = {**params, "nextPageToken": page}

        def shape(answer: Node) -> tuple[list[dict[str, Any]], str]:
            if not answer["issues"]:
                raise answer["issues"].wrong("a list")
            found = [issue.value for issue in answer["issues"].items()]
            return [issue for issue in found if isinstance(issue, dict)], shapes.next_page(answer)

        issues, following = self.shown(f"{PLATFORM}/search/jql", shape, params=params)
        return issues, "" if following == page else following

    # -- calls --

    @property
    def _server(self) -> str:
        return self.base_url.rstrip("/") or host(self.site)

    @cached_property
    def _client(self) -> JIRA:
        made = JIRA(
            server=self._server,
            options={"rest_api_version": "2"},
            get_server_info=False,
            max_retries=0,
            timeout=TIMEOUT,
            logging=False,  # else whole answers go to the log
        )
        ours = session(
            base_urls={self._server: self._server} if self.base_url else {},
            gate=Gate(account=self.name, budget=self.budget, rules=JiraLimits()),
        )
        http = made._session
        http.mount("https://", ours.get_adapter("https://"))
        http.mount("http://", ours.get_adapter("http://"))
        http.cookies = ours.cookies
        http.headers["User-Agent"] = "Alert-Bridge"
        http.headers["X-ExperimentalApi"] = "opt-in"  # parts of the service desk's API ask for it
        http.auth = Credentials(self.user, self.token, self.name)
        return made

    def _call(self, call: Callable[[JIRA], T], key: str = "") -> T:
        """One call. Every failure as Undeliverable; a 404 as Missing."""
        try:
            return call(self._client)
        except Refused as refused:
            raise self._fault(refused, key) from None
        except requests.JSONDecodeError:
            raise self.unreadable() from None
        except requests.RequestException as error:
            raise transport(error, who=self.name) from None
        except _GARBLED:
            raise self.unreadable() from None

    def _fault(self, refused: Refused, key: str) -> Undeliverable:
        if refused.status == 404 and key:
            return Missing(f"issue {key} does not exist any more, or may not be seen by us")
        token = self.token(False)
        said = redact(refused.said, [token, basic(self.user, token)])
        about = f"{self.name} (issue {key})" if key else self.name
        return verdict(refused.status, refused.headers, said, who=about)

    def unreadable(self) -> Undeliverable:
        """What to raise for an answer of another shape: it may be better a little later."""
        why = f"{self.name} gave an answer that can't be read"
        return Undeliverable(why, retry_after=_SOON, unsure=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        key: str = "",
    ) -> bytes:
        """The answer to any call of the site, with the token, as it came. Raises Undeliverable, for a 404 Missing.

        `path` is the whole of it, "rest/api/2/myself", say; `key` is the issue it is about, for the error's words.
        For reading, and for setting the site up; what goes onto a ticket goes through `send` and `ask` alone.
        """
        return self.response(method, path, params=params, body=body, key=key).content

    def response(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        key: str = "",
    ) -> requests.Response:
        """The same as `request`, with the answer's headers."""

        def call(client: JIRA) -> requests.Response:
            url, asked = f"{self._server}/{path}", dict(params or {})
            answer: requests.Response = client._session.request(
                method, url, params=asked, json=body
            )
            return answer

        return self._call(call, key)

    def shown(
        self,
        path: str,
        shape: Callable[[Node], T],
        *,
        key: str = "",
        params: Params | None = None,
        method: str = "GET",
        body: Any = None,
    ) -> T:
        """What `shape` makes of the answer to a call. Raises Undeliverable, for a 404 Missing."""
        answer = self.request(method, path, params=params, body=body, key=key)
        try:
            return shape(shapes.decode(answer))
        except Unreadable:
            raise self.unreadable() from None

    def pages(
        self,
        path: str,
        member: str,
        shape: Callable[[Node], T],
        key: str = "",
        params: Params | None = None,
    ) -> Iterator[tuple[list[T], bool]]:
        """Every page of a list by `startAt`: what stands in the member of that name, and whether it is the last.

        Raises Undeliverable.
        """
        start, last = 0, False

        def page(answer: Node) -> tuple[list[T], bool]:
            items = [shape(item) for item in answer[member].items()]
            return items, shapes.is_last(answer, member, start + len(items))

        for _ in range(MOST_PAGES):
            place = {"startAt": str(start), "maxResults": str(_ON_A_PAGE)}
            items, last = self.shown(path, page, key=key, params={**(params or {}), **place})
            yield items, last
            start += len(items)
            if last:
                return

    def list_all(
        self, path: str, member: str, key: str, params: Params | None = None
    ) -> list[dict[str, Any]]:
        """All the objects on all the pages of a list, as they came. Raises Undeliverable."""
        pages = self.pages(path, member, Node.members, key, params)
        return [item.value for page, _ in pages for item in page]

    def number(self, key: str) -> str:
        """The key, if it is an issue's number. Raises Undeliverable."""
        if not (key.isascii() and key.isdecimal() and len(key) <= 19):
            raise Undeliverable(f"{plain(key, 40)!r} is no ticket of {self.name}")
        return key


def _internal(text: str) -> dict[str, Any]:
    """The only comments we make: internal. What Jira would make of one that doesn't say is unconfirmed."""
    return {"body": text, "public": False}


def _listed(page: Node) -> list[Person]:
    return [shapes.person(user) for user in page["values"].items()]


def _people(users: Node) -> list[Person]:
    """Users that aren't apps."""
    found = [user for user in users.items() if user["accountType"].word() != "app"]
    return [known for user in found if (known := shapes.person(user)).id]
