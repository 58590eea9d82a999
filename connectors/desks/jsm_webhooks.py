"""Jira's webhooks: those an admin subscribes, and web requests of automation rules.

Only the former are signed (https://developer.atlassian.com/cloud/jira/platform/webhooks/): X-Hub-Signature holds the
method, "=", and the HMAC of the raw body in hex. No time is signed, so a repeat is known by its identifier only:
Jira retries for about half an hour. An automation rule proves itself by a header of our choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import (
    AnyEvent,
    Contact,
    Forged,
    Gone,
    Party,
    Seen,
    Touched,
    Unreadable,
)
from connectors import Incoming, Response
from connectors.desks.jsm_history import Save, changed, fresh, opened, replied
from connectors.desks.jsm_issue import (
    account,
    issue_id,
    number,
    party,
    public,
    rated,
    seen,
    words,
)
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.signing import Algorithm, check_given, check_signature, header

# The body of "Send web request" in a rule on satisfaction: "Web request body: Custom data". No webhook tells of a
# rating. `Satisfaction` is the field's English name; a site in another language needs its own. That the field has
# members `rating` and `comment` there is unconfirmed: a smart value that is empty or left as it is, is taken for
# unknown, all but the issue's, and then the issue is read. `jsonEncode` keeps a quote in the comment from breaking
# the JSON.
TEMPLATE = """\
{
  "bridge": 1,
  "event": "satisfaction.rated",
  "issue": "{{issue.id}}",
  "key": "{{issue.key}}",
  "at": "{{now}}",
  "reporter": "{{issue.reporter.accountId}}",
  "satisfaction": {
    "rating": "{{issue.Satisfaction.rating}}",
    "comment": "{{issue.Satisfaction.comment.jsonEncode}}"
  }
}
"""

_IDENTIFIER = "x-atlassian-webhook-identifier"
# The methods of WebSub that are safe (https://www.w3.org/TR/websub/#signing-content); Jira uses the first.
_METHODS: dict[str, Algorithm] = {"sha256": "sha256", "sha512": "sha512"}
_NEXT = 1  # after an opening at the same instant


class _Report(Struct, frozen=True, kw_only=True):
    """A delivery about one issue. `unique` is its content's digest, for what has no id of its own."""

    desk: str
    key: str
    event: str  # "issue_updated"
    at: datetime
    unique: str
    by: Party
    actor: str
    now: Seen
    body: Node
    issue: Node
    comment: Node


@dataclass(frozen=True, kw_only=True)
class Jsm:
    """A webhook registered by an admin. `desk` is the name of the helpdesk its issues live in.

    Old servers are read too: those that name users by `name` and `key`, and that tell of comments by an update.
    """

    kind: ClassVar[str] = "jsm"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = (_IDENTIFIER,)
    setup: ClassVar[str] = """\
`bridge setup jsm` does all this for you. By hand, as an administrator of Jira:
1. Settings > System > WebHooks > Create a WebHook.
2. URL: {url}
   Secret: {secret}
   The variable {variable} must hold the same. If it isn't set yet, choose a long random one for both.
3. Events, with a JQL filter for your service projects (project in (HELP)): Issue created, updated, deleted;
   Comment created, updated, deleted. Don't tick "Exclude body".
"""

    name: str
    desk: str = "jsm"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the secrets proves the request by a method we know."""
        given = header(incoming, "X-Hub-Signature")
        method, _, signature = given.partition("=")
        algorithm = _METHODS.get(method.strip().lower())
        if algorithm is None:
            raise Forged("the signature's method is unknown")
        check_signature(signature, incoming.body, secrets, algorithm=algorithm)

    def identify(self, incoming: Incoming) -> str:
        """The webhook's identifier, which all attempts share; a digest of the body where the header is missing."""
        if given := incoming.headers.get(_IDENTIFIER, ""):
            return Node(given, _IDENTIFIER).id(need=True)
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """Jira doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The events in the delivery; none for events about projects, users, versions and the like."""
        body = decode(incoming.body).members()
        event = _event(body)
        if event in _READERS or body["issue"]:
            yield from _READERS.get(event, _touched)(_report(self.desk, event, body, incoming))


@dataclass(frozen=True, kw_only=True)
class JsmAutomation:
    """The action "Send web request" of an automation rule, or the older "Webhook" of a service project.

    Its body may be TEMPLATE or the issue, in either format that Jira offers; the issue is then read from the helpdesk.
    """

    kind: ClassVar[str] = "jsm-automation"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
Jira tells of a satisfaction rating by an automation rule only:
1. In the project: Project settings > Automation > Create rule > When: Field value changed, field Satisfaction.
2. Then: Send web request, POST, to {url}
3. Add a header X-Bridge-Secret (or what `header` says in [sources.{name}]) with the value {secret}, hidden; the
   variable {variable} must hold the same. An older server without headers takes it as the password in the address.
4. Web request body: Custom data, as it stands in docs/setup-jira.md.
"""

    name: str
    desk: str = "jsm"
    header: str = "X-Bridge-Secret"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the secrets came with the request."""
        check_given(incoming, self.header, secrets)

    def identify(self, incoming: Incoming) -> str:
        """A digest of the body: a rule's web request carries no id."""
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """Jira doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """That something about an issue changed, which has to be read; and the rating, if there is one."""
        body = decode(incoming.body).members()
        if body["bridge"].found:
            yield from _templated(self.desk, body, incoming)
            return
        issue = body["issue"] or body
        fields = issue.members()["fields"]
        if not issue["id"].found and not fields.found:
            raise body.wrong("an issue, or our template")
        yield Touched(
            id=f"{self.desk}:automation:{fingerprint(incoming.body)}",
            subject=f"{self.desk}:{issue_id(issue)}",
            at=body["timestamp"].time() or fields["updated"].time() or incoming.received_at,
            seq=_NEXT,
            seen=_any(seen(issue)),
            read=True,
        )


def _templated(desk: str, body: Node, incoming: Incoming) -> Iterator[AnyEvent]:
    if body["bridge"].id() != "1":
        raise Unreadable("bridge: expected 1: the web request's body is not our template")
    key = number(body["issue"])
    name, reporter = (_rendered(body[member]).id() for member in ("key", "reporter"))
    at = _rendered(body["at"]).time() or incoming.received_at
    yield Touched(
        id=f"{desk}:automation:{fingerprint(incoming.body)}",
        subject=f"{desk}:{key}",
        at=at,
        by=Party.CUSTOMER,
        actor=reporter,
        seen=_any(Seen(name=name or None, requester=reporter or None)),
        read=True,
    )
    given = body["satisfaction"]
    rating = _rendered(given["rating"]).number()
    if rating is not None:
        if rating not in (1, 2, 3, 4, 5):
            raise given["rating"].wrong("a rating from 1 to 5")
        comment = words(_rendered(given["comment"]))
        yield rated(desk, key, int(rating), comment, at, contact=Contact(), actor=reporter)


def _rendered(node: Node) -> Node:
    """A value out of a template; nothing where the smart value was left as it is."""
    return Node(None, node.path) if "{{" in str(node.value) else node


# --- reports -------------------------------------------------------------------------------------


def _event(body: Node) -> str:
    """What happened: "issue_updated", "comment_created" and the like.

    Old servers leave out `webhookEvent`; then `issue_event_type_name` or what there is tells. Raises Unreadable.
    """
    event = body["webhookEvent"].word().removeprefix("jira:")
    kind = body["issue_event_type_name"].word()
    items = any(body["changelog"]["items"].items())
    if not event:
        event = _KINDS.get(kind, "issue_updated" if kind or items else "")
    if event == "issue_updated" and kind in _KINDS and body["comment"] and not items:
        return _KINDS[kind]
    if not event and not body["issue"]:
        raise body["webhookEvent"].wrong("an event, or an issue")
    return event


# https://developer.atlassian.com/server/jira/platform/webhooks/: the event behind an issue_updated.
_KINDS = {
    "issue_created": "issue_created",
    "issue_deleted": "issue_deleted",
    "issue_commented": "comment_created",
    "issue_comment_edited": "comment_updated",
    "issue_comment_deleted": "comment_deleted",
}


def _report(desk: str, event: str, body: Node, incoming: Incoming) -> _Report:
    issue, comment = body["issue"], body["comment"]
    now = seen(issue)
    user = next((one for one in (body["user"], comment["updateAuthor"]) if one), comment["author"])
    if event == "comment_deleted":
        user = body["user"]  # whoever deletes a comment needn't have written it
    at = body["timestamp"].time() or issue["fields"]["updated"].time() or incoming.received_at
    return _Report(
        desk=desk,
        key=issue_id(issue, comment),
        event=event,
        at=at,
        unique=fingerprint(incoming.body),
        by=party(user, now.requester or "", ""),
        actor=account(user) or "",
        now=now,
        body=body,
        issue=issue,
        comment=comment,
    )


def _any(report: Seen) -> Seen | None:
    """None for a report that tells nothing."""
    return report if report != Seen() else None


def _facts(report: _Report, unique: str) -> dict[str, Any]:
    """What all events but a comment's and an opening's have in common."""
    return {
        "id": f"{report.desk}:{unique}",
        "subject": f"{report.desk}:{report.key}",
        "at": report.at,
        "seq": _NEXT,
        "by": report.by,
        "actor": report.actor,
        "seen": _any(report.now),
    }


# --- events --------------------------------------------------------------------------------------


def _touched(report: _Report) -> Iterator[AnyEvent]:
    """Any event without one of ours, and all that Jira may yet invent.

    One without a name, or with a comment of which it isn't said what became of it, has to be looked into.
    """
    unsure = not report.event or bool(report.comment)
    yield Touched(**_facts(report, f"touched:{report.unique}"), read=unsure)


def _created(report: _Report) -> Iterator[AnyEvent]:
    event = opened(report.desk, report.issue, report.body["user"], "", otherwise=report.at)
    yield replace(event, seen=_any(report.now))


def _updated(report: _Report) -> Iterator[AnyEvent]:
    """An event for each item of the changelog, the first of which carries the report; without items, the report.

    A comment may come along, from old servers and from transitions with a comment.
    """
    changelog = report.body["changelog"]
    items = tuple(changelog["items"].items())
    save = Save(
        id=changelog["id"].id() or report.unique,
        desk=report.desk,
        key=report.key,
        at=report.at,
        by=report.by,
        actor=report.actor,
        items=items,
    )
    around = fresh(save, report.now)
    for index, event in enumerate(changed(save, report.now, ask=True)):
        yield event if index else replace(event, seen=_joined(around, event.seen))
    if report.comment and items:
        yield from _commented(report, None)
    if not items:
        yield from _touched(report)


def _joined(around: Seen, own: Seen | None) -> Seen | None:
    """The report, and what the event itself says of what the report would tell."""
    said = {
        name: value
        for name in Seen.__struct_fields__
        if (value := getattr(own, name, None)) is not None
    }
    return _any(replace(around, **said))


def _comment_created(report: _Report) -> Iterator[AnyEvent]:
    """What is told of the issue beside a comment may be older than another event of the same instant."""
    now = _any(report.now)
    yield from _commented(report, now and replace(now, weak=True))


def _commented(report: _Report, now: Seen | None) -> Iterator[AnyEvent]:
    """The comment, if it is sure who sees it; else the issue is read: a note must not pass for a reply."""
    comment, reporter = report.comment.members(), report.now.requester or ""
    if not comment["author"].found and report.body["user"]:
        comment = Node(comment.value | {"author": report.body["user"].value}, comment.path)
    if not comment["created"]:
        comment = Node(comment.value | {"created": report.at.isoformat()}, comment.path)
    project = report.issue["fields"]["project"]["projectTypeKey"].word()
    visible = public(comment, project)
    event = replied(report.desk, report.key, comment, reporter, "", visible=visible)
    if visible is None and event.by is not Party.CUSTOMER:
        unique = f"comment:{event.ref}:unsure"
        yield Touched(**_facts(report, unique) | {"seen": now}, read=True)
    else:
        yield replace(event, seen=now)


def _comment_updated(report: _Report) -> Iterator[AnyEvent]:
    """An edit is no new reply."""
    at = report.comment["updated"].time() or report.at
    ref = report.comment["id"].id(need=True)
    yield Touched(**_facts(report, f"comment:{ref}:updated:{int(at.timestamp() * 1000)}"))


def _comment_deleted(report: _Report) -> Iterator[AnyEvent]:
    """The reply was given all the same."""
    ref = report.comment["id"].id(need=True)
    yield Touched(**_facts(report, f"comment:{ref}:deleted"))


def _deleted(report: _Report) -> Iterator[AnyEvent]:
    yield Gone(**_facts(report, f"deleted:{report.key}"), why="deleted")


_READERS = {
    "issue_created": _created,
    "issue_updated": _updated,
    "issue_deleted": _deleted,
    "comment_created": _comment_created,
    "comment_updated": _comment_updated,
    "comment_deleted": _comment_deleted,
}
