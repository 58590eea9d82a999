"""What Jira's answers look like, what its refusals mean, and how a call shows who makes it.

developer.atlassian.com/cloud/jira/platform/rest/v2 and developer.atlassian.com/cloud/jira/service-desk/rest.
Every reader here raises Unreadable, and nothing else, for an answer of another shape.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import requests
from msgspec import Struct
from requests.auth import AuthBase

from bridge.domain.model import Undeliverable, Unreadable
from connectors import Person, http
from connectors.desks.jsm_issue import account, words
from connectors.reading import Node
from connectors.reading import decode as decode_json

PLATFORM = "rest/api/2"
"""Jira's own API: version 2, whose texts are strings."""

SERVICE_DESK = "rest/servicedeskapi"

MOST_PAGES = 100
"""Of any list, an issue's comments or changes, say: what has more is not read to its end."""

# How long to wait where Jira doesn't say, by its reason: until its bucket has room again for certain.
_LIMITS = {
    "jira-burst-based": timedelta(seconds=5),  # a bucket for a second
    "jira-per-issue-on-write": timedelta(seconds=30),  # 20 in 2 s, 100 in 30 s
}


# --- answers -------------------------------------------------------------------------------------


class Comment(Struct, frozen=True, kw_only=True):
    """A comment as far as it matters for finding our own; None where Jira doesn't say."""

    id: str
    author: str
    body: str
    at: datetime | None
    public: bool | None


def decode(body: bytes) -> Node:
    """The answer, from JSON. Half emoji in it, which cut-off texts end with, become question marks."""
    try:
        return decode_json(body)
    except Unreadable:
        try:
            whole = json.dumps(json.loads(body), ensure_ascii=False)
        except (ValueError, RecursionError):
            raise Unreadable("the body: not JSON") from None
        return decode_json(whole.encode("utf-8", "replace"))


def comment(node: Node) -> Comment:
    """One of GET issue/{id}/comment, or what POST request/{id}/comment made of ours.

    The former says `jsdPublic`, the latter `public`, and its author is called by name there.
    """
    public = node["jsdPublic"] if node["jsdPublic"].found else node["public"]
    return Comment(
        id=node["id"].id(need=True),
        author=account(node["author"]) or "",
        body=node["body"].text(),
        at=node["created"].time() if isinstance(node["created"].value, str) else None,
        public=public.flag(),
    )


def person(user: Node) -> Person:
    """A user; one with an Atlassian account counts as staff, though a customer may have one as well.

    The e-mail address is "" for whoever keeps it to themselves, as most do.
    """
    return Person(
        id=account(user.members()) or "",
        name=user["displayName"].text(),
        email=user["emailAddress"].text(),
        staff=user["accountType"].word() == "atlassian",
    )


def labels(issue: Node) -> tuple[str, ...]:
    """An issue's labels."""
    return issue["fields"].members()["labels"].tags()


def project(node: Node) -> tuple[str, str]:
    """A project's key and name."""
    return node["key"].id(need=True), node["name"].text()


def rating(answer: Node) -> int:
    """The stars of a survey's answer, on whatever scale they are."""
    stars = answer["rating"].number()
    if stars is None or not stars.is_integer():
        raise answer["rating"].wrong("a whole number")
    return int(stars)


def remark(answer: Node) -> str:
    """The words of a survey's answer."""
    return words(answer["comment"]["body"])


def is_last(page: Node, member: str, so_far: int) -> bool:
    """Is this the last page of a list by `startAt`? Some lists say isLast, others the total; an empty page ends any."""
    if page["isLast"].flag() or not page[member].value:
        return True
    total = page["total"].number()
    return total is not None and so_far >= total


def next_page(page: Node) -> str:
    """The name of the page that follows, in lists that go by names; "" on the last."""
    following = page["nextPageToken"].value
    return "" if page["isLast"].value is True or not isinstance(following, str) else following


# --- refusals ------------------------------------------------------------------------------------


class Missing(Undeliverable):
    """There is no such thing, or the account may not see it: Jira answers both with 404."""


def verdict(status: int, headers: Mapping[str, str], said: str, *, who: str) -> Undeliverable:
    """What a refusal means: retry at, or never, and whether it is this issue's trouble or the whole site's.

    `RateLimit-Reason` names which of Jira's limits was met: jira-quota-* is the hour's allowance of the site,
    jira-burst-based that of one kind of call for a moment, jira-per-issue-on-write the one issue's
    (developer.atlassian.com/cloud/jira/platform/rate-limiting).
    """
    if status == 401:
        why = "Jira refused the token; check that it hasn't expired, and that `user` is its account"
        return Undeliverable(f"{who}: {why}", wide=True)
    failure = http.verdict(status, headers, said, who=who) or Undeliverable(who)
    if status == 404:
        return Missing(str(failure))
    if headers.get("X-Authentication-Denied-Reason", ""):
        why = "Jira wants the account to log in by hand once (CAPTCHA)"
        return Undeliverable(f"{who}: {why}", wide=True)
    reason = headers.get("RateLimit-Reason", "").strip().lower()
    if status == 429 and reason:
        wait = http.retry_after(headers) or _LIMITS.get(reason) or failure.retry_after
        alone = reason == "jira-per-issue-on-write"
        return Undeliverable(f"{failure} ({_word(reason)})", retry_after=wait, wide=not alone)
    return failure


def _word(reason: str) -> str:
    return reason if reason in _LIMITS or reason.startswith("jira-quota-") else "rate limit"


# --- credentials ---------------------------------------------------------------------------------


class Credentials(AuthBase):
    """Puts the current token on each request: with the account's e-mail address, or alone as a bearer token."""

    def __init__(self, user: str, token: Callable[[bool], str], name: str) -> None:
        self._user, self._token, self._name = user, token, name

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self._token(False)
        if not http.usable(token):
            raise Undeliverable(f"{self._name}: the token is empty or isn't one", wide=True)
        bearer = f"Bearer {token}"
        request.headers["Authorization"] = (
            f"Basic {basic(self._user, token)}" if self._user else bearer
        )
        return request


def basic(user: str, token: str) -> str:
    """Both as they stand in a header: secret like the token itself."""
    return b64encode(f"{user}:{token}".encode()).decode()
