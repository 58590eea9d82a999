"""A Jira issue in the words of the bridge. Pure: what webhooks, automation rules and the REST API v2 show of it.

Shapes: developer.atlassian.com/cloud/jira/platform/rest/v2 (issue, comment) and
developer.atlassian.com/cloud/jira/service-desk/rest (request type, SLA, organisation). Any member may be missing:
Cloud's webhooks about comments show few of them. The fields of Jira Service Management have other ids on every
site (customfield_10010), so they are known by their shape; one of an unknown shape is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from bridge.domain.model import (
    Answer,
    Category,
    Contact,
    Party,
    Rated,
    Seen,
)
from connectors.desks.jsm_clocks import clocks
from connectors.plain import plain
from connectors.reading import Node
from connectors.scores import normalise

STATUSES: Mapping[str, Category] = {
    "new": Category.NEW,
    "to do": Category.NEW,
    "backlog": Category.NEW,
    "open": Category.OPEN,
    "reopened": Category.OPEN,
    "in progress": Category.OPEN,
    "work in progress": Category.OPEN,
    "under review": Category.OPEN,
    "under investigation": Category.OPEN,
    "escalated": Category.OPEN,
    "waiting for support": Category.OPEN,
    "waiting for customer": Category.PENDING,
    "awaiting customer": Category.PENDING,
    "pending": Category.HOLD,
    "on hold": Category.HOLD,
    "blocked": Category.HOLD,
    "waiting for approval": Category.HOLD,
    "awaiting approval": Category.HOLD,
    "awaiting implementation": Category.HOLD,
    "resolved": Category.SOLVED,
    "closed": Category.SOLVED,
    "done": Category.SOLVED,
    "completed": Category.SOLVED,
    "declined": Category.SOLVED,
    "canceled": Category.SOLVED,
    "cancelled": Category.SOLVED,
}
"""The usual statuses of service projects, which Jira's own category calls "in progress" nearly all.

A closed issue can still be commented on and reopened, so it counts as solved.
"""

LONGEST_TEXT = 40_000  # Jira's own limit is 32,767 characters. Unconfirmed
_LONGEST_FACT = 200

_CATEGORIES = {"new": Category.NEW, "indeterminate": Category.OPEN, "done": Category.SOLVED}
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_OWN_URL = re.compile(r"/rest/api/[^/]+/(?:issue/)?([0-9]{1,19})/?$", re.ASCII)
_COMMENT_URL = re.compile(r"/issue/([0-9]{1,19})/comment/", re.ASCII)
# The nodes of a rich text that begin a line of their own.
_BLOCKS = frozenset({"paragraph", "heading", "codeBlock", "rule", "taskItem", "decisionItem"})


# --- ids -----------------------------------------------------------------------------------------


def issue_id(issue: Node, comment: Node | None = None) -> str:
    """The issue's number, which stays when the issue is moved and its key changes.

    Where it isn't told, the issue's address has it, and a comment's too. Raises Unreadable.
    """
    if issue["id"]:
        return number(issue["id"])
    match = _OWN_URL.search(issue["self"].text())
    if comment and not match:
        match = _COMMENT_URL.search(comment["self"].text())
    if not match:
        raise issue["id"].wrong("the issue's number")
    return match[1]


def number(node: Node) -> str:
    """An issue's id, which is a number. Raises Unreadable for all else, an unrendered placeholder too."""
    if not _NUMBER.fullmatch(node.id()):
        raise node.wrong("the issue's number")
    return node.id()


def account(user: Node) -> str | None:
    """Who a user is: Cloud's account id, or an old server's key or name. None if not reported, "" for nobody."""
    if not user.found:
        return None
    if not user:
        return ""
    return user["accountId"].id() or user["key"].id() or user["name"].id()


def party(user: Node, reporter: str, us: str) -> Party:
    """Whose doing it was: `reporter` and `us` are account ids, "" where they are not known.

    `accountType` is "atlassian", "app" or "customer", the latter for those who know the portal only. Nobody at all
    is the system, and so is a user without an id: a doubtful reply must not count as an agent's.
    """
    who = account(user) or ""
    if who and who == us:
        return Party.BRIDGE
    kind = user["accountType"].word() if user else ""
    if kind == "customer" or (who and who == reporter and kind != "app"):
        return Party.CUSTOMER
    return Party.AGENT if who and kind != "app" else Party.SYSTEM


# --- texts ---------------------------------------------------------------------------------------


def words(text: Node) -> str:
    """A description or a comment: wiki markup as it is, or the words of a rich text document.

    The latter is what the REST API v3 and some automation rules send
    (developer.atlassian.com/cloud/jira/platform/apis/document/structure). Raises Unreadable.
    """
    if not isinstance(text.value, dict):
        return text.text()[:LONGEST_TEXT].rstrip()
    parts: list[str] = []
    for part in _parts(text.value):
        parts.append(part)
        if len(parts) > LONGEST_TEXT:
            break
    return plain("".join(parts).replace("\x00", ""), lines=True)[:LONGEST_TEXT].rstrip()


def _parts(document: dict[str, Any]) -> Iterator[str]:
    """The texts in a document, in order, with a line break where a block begins."""
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        kind, attributes = node.get("type"), node.get("attrs")
        if kind == "hardBreak" or (isinstance(kind, str) and kind in _BLOCKS):
            yield "\n"
        text = node.get("text")
        if text is None and isinstance(attributes, dict):  # mentions, emoji, cards
            text = attributes.get("text") or attributes.get("shortName") or attributes.get("url")
        if isinstance(text, str):
            yield text
        content = node.get("content")
        if isinstance(content, list):
            waiting.extend(reversed(content))


def public(comment: Node, project_type: str) -> bool | None:
    """Whether customers see the comment; None if that isn't told.

    `jsdPublic` tells, where it is. Else the property sd.public.comment does, which the REST API shows when asked with
    expand=properties. What is shown to a role or group only is internal. Outside of service projects
    (`project_type` other than "service_desk") all comments are alike, so they count as public. What remains is a
    comment in a service project, or who knows where, that doesn't say: whoever reads it must not take it for public,
    for a note taken for a reply would stop a clock.
    """
    if comment["visibility"]:
        return False
    said = comment["jsdPublic"].flag()
    if said is not None:
        return said
    for item in comment["properties"].items():
        if item["key"].text() == "sd.public.comment":
            internal = item["value"]["internal"].flag()
            return None if internal is None else not internal
    return True if project_type and project_type != "service_desk" else None


# --- the issue -----------------------------------------------------------------------------------


def seen(issue: Node) -> Seen:
    """The issue as it is shown: None for what isn't. Raises Unreadable where a system field has a wrong shape.

    The team is the project's key, also read off the issue's key. `organisation` is the name of the first
    organisation the request is shared with; `clocks` are told where a service level is among the fields.
    """
    fields = issue["fields"]
    status, category = fields["status"], fields["status"]["statusCategory"]
    return Seen(
        opened_at=fields["created"].time(),
        name=issue["key"].id() or None,
        title=fields["summary"].text() if fields["summary"] else None,
        status=status["name"].word() or None,
        means=_CATEGORIES.get(category["key"].word()),
        priority=fields["priority"]["name"].word() if fields["priority"].found else None,
        type=fields["issuetype"]["name"].word() or None,
        team=fields["project"]["key"].id() or team(issue["key"].id()) or None,
        agent=account(fields["assignee"]),
        requester=account(fields["reporter"]),
        organisation=next(_organisations(fields.value or {}), None),
        tags=fields["labels"].tags() if fields["labels"].found else None,
        facts=_facts(fields) or None,
        clocks=clocks(_custom(fields.value or {})),
    )


def team(key: str) -> str:
    """The project's key in an issue's key: "HELP" of "HELP-12", "" of anything else."""
    project, _, number = key.rpartition("-")
    return project if number.isdecimal() else ""


def rated(
    desk: str, issue: str, rating: int, words: str, at: datetime, *, contact: Contact, actor: str
) -> Rated:
    """The answer to a request's satisfaction survey: 1 to 5 stars, perhaps with words.

    Its id is the same for the same stars and words, so that whoever hears of it first tells it once.
    Raises Unreadable for a rating off the scale.
    """
    digest = sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
    score, low, high = normalise(rating, scale="csat")
    return Rated(
        id=f"{desk}:csat:{issue}:{rating}:{digest}",
        subject=f"{desk}:{issue}",
        at=at,
        by=Party.CUSTOMER,
        actor=actor,
        answer=Answer(
            id=f"{desk}:csat:{issue}",
            scale="csat",
            raw=str(rating),
            score=score,
            low=low,
            high=high,
            words=words,
            contact=contact,
        ),
    )


# --- fields with an id of the site's own --------------------------------------------------------


def _custom(fields: dict[str, Any]) -> Iterator[Any]:
    return (value for name, value in fields.items() if name.startswith("customfield_"))


def _organisations(fields: dict[str, Any]) -> Iterator[str]:
    """Names in a list of objects with _links. Approvals look alike, but have a decision."""
    for value in _custom(fields):
        for item in value if isinstance(value, list) else ():
            if not isinstance(item, dict) or not isinstance(item.get("_links"), dict):
                continue
            if (name := _short(item.get("name"))) and "finalDecision" not in item:
                yield name


def _facts(fields: Node) -> dict[str, str]:
    """The request's type, and whether a portal customer or an account holder asked."""
    facts: dict[str, str] = {}
    reporter = fields["reporter"]
    if reporter and (kind := _short(reporter["accountType"].word())):
        facts["customer account type"] = kind
    for value in _custom(fields.value or {}):
        asked = value.get("requestType") if isinstance(value, dict) else None
        if isinstance(asked, dict) and (name := _short(asked.get("name"))):
            facts["request type"] = name
    return facts


def _short(value: Any) -> str:
    return plain(value, _LONGEST_FACT) if isinstance(value, str) else ""
