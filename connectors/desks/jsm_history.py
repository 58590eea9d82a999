"""A Jira issue's whole life as events, from its comments and its changelog. Pure: records in, events out.

Shapes: developer.atlassian.com/cloud/jira/platform/rest/v2, GET issue/{id}, issue/{id}/comment (asked with
expand=properties, for old servers tell an internal comment by nothing else) and issue/{id}/changelog. The webhooks
read comments and changes with what stands here, so that one fact is one event, whichever way it comes. That the
changelog lists a save's items in the same order both ways is unconfirmed; where it doesn't, the later reading of an
item is taken for a repeat of another one, and the Read at the end of a history puts that right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Opened,
    Party,
    PriorityChanged,
    Read,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Touched,
)
from connectors.desks.jsm_issue import account, issue_id, party, public, seen, team, words
from connectors.reading import Node, decode, fingerprint

# What of a report an item of a changelog makes stale, by the field's id.
_STALE: dict[str, tuple[str, ...]] = {
    "status": ("status", "means"),
    "priority": ("priority",),
    "assignee": ("agent",),
    "labels": ("tags",),
    "project": ("team", "name"),
    "issuekey": ("team", "name"),
    "summary": ("title",),
    "issuetype": ("type",),
    "reporter": ("requester",),
}
_TEXTS: dict[str, Callable[[Node], Any]] = {
    "status": Node.word,
    "priority": Node.word,
    "labels": Node.tags,
    "summary": Node.text,
    "issuetype": Node.word,
}
_NOBODY = Node(None, found=False)
_MAY_BE_EMPTY = ("priority", "labels")


def history(
    desk: str,
    issue: Mapping[str, Any],
    comments: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    us: str,
) -> list[AnyEvent]:
    """All that the records tell, oldest first, without the Read at the end (see `read`). Raises Unreadable.

    `us` is our own account's id, "" if unknown. `created` of a change may be in ISO 8601 or in milliseconds.
    """
    records = {
        "issue": dict(issue),
        "comments": [dict(comment) for comment in comments],
        "changes": [dict(change) for change in changes],
    }
    # Half characters can't be stored; they become question marks.
    root = decode(json.dumps(records, ensure_ascii=False).encode("utf-8", "replace"))
    return _history(desk, root, us)


def _history(desk: str, root: Node, us: str) -> list[AnyEvent]:
    issue = root["issue"].members()
    key, now = issue_id(issue), seen(issue)
    reporter = now.requester or ""
    saves = sorted(
        (_save(desk, key, change, reporter, us) for change in root["changes"].items()),
        key=lambda save: (save.at, len(save.id), save.id),
    )
    first = _at_first(now, saves)
    created = opened(desk, issue, _NOBODY, us, otherwise=None)
    events: list[AnyEvent] = [
        replace(created, seen=replace(now, clocks=None, **first)),
        *(_reply(desk, key, comment, issue, us) for comment in root["comments"].items()),
    ]
    for save in saves:
        events += changed(save, now, ask=False)
    return sorted(events, key=lambda event: event.order)


def read(desk: str, issue: Mapping[str, Any], events: Sequence[AnyEvent], now: Seen) -> Read:
    """What ends a history that was read as a whole: the issue as it is, which is true whatever the changes say.

    It is as of the issue's last update and follows all of `events`. Its id tells the update and what was `seen`, but
    not how much of a clock that runs was used up, or each look at the issue would be news. Raises Unreadable.
    """
    node = Node(dict(issue))
    key, updated = issue_id(node), node["fields"]["updated"].time()
    at = max([event.at for event in events] + ([updated] if updated else []))
    still = [clock if clock.paused else replace(clock, elapsed=None) for clock in now.clocks or ()]
    told = replace(now, clocks=None if now.clocks is None else tuple(still))
    as_of = int((updated or at).timestamp() * 1000)
    return Read(
        id=f"{desk}:read:{key}:{as_of}:{fingerprint(told)[:8]}",
        subject=f"{desk}:{key}",
        at=at,
        seq=1 + max(event.seq for event in events),
        seen=now,
    )


# --- one fact, one event -------------------------------------------------------------------------


def opened(desk: str, issue: Node, user: Node, us: str, *, otherwise: datetime | None) -> Opened:
    """The issue's creation: by the customer unless an agent did it for them; `user` did if no creator is told.

    A form's or a mailbox's app that opens a request for a reporter stands for the customer. `otherwise` is when, if
    the issue doesn't tell. Raises Unreadable.
    """
    fields, key = issue["fields"], issue_id(issue)
    reporter = account(fields["reporter"]) or ""
    creator = next((who for who in (fields["creator"], user, fields["reporter"]) if who), user)
    by, actor = party(creator, reporter, us), account(creator) or ""
    if by is Party.SYSTEM and reporter:
        by, actor = Party.CUSTOMER, reporter
    at = fields["created"].time() or otherwise
    if not at:
        raise fields["created"].wrong("a time")
    return Opened(
        id=f"{desk}:opened:{key}",
        subject=f"{desk}:{key}",
        at=at,
        by=by,
        actor=actor,
        text=words(fields["description"]),
    )


def replied(
    desk: str, key: str, comment: Node, reporter: str, us: str, *, visible: bool | None
) -> Replied:
    """A comment. `visible` as `public` tells it: a customer can write no other, and else it is taken for a note.

    A reporter who writes a note is one of the staff. Raises Unreadable.
    """
    ref, at = comment["id"].id(need=True), comment["created"].time()
    if not at:
        raise comment["created"].wrong("a time")
    by = party(comment["author"], "" if visible is False else reporter, us)
    return Replied(
        id=f"{desk}:comment:{ref}",
        subject=f"{desk}:{key}",
        at=at,
        seq=1,
        by=by,
        actor=account(comment["author"]) or "",
        public=by is Party.CUSTOMER if visible is None else visible,
        text=words(comment["body"]),
        ref=ref,
    )


class Save(Struct, frozen=True, kw_only=True):
    """One save of an issue, in which several fields may have changed. `id` is the changelog's."""

    id: str
    desk: str
    key: str
    at: datetime
    by: Party
    actor: str
    items: tuple[Node, ...]


def changed(save: Save, now: Seen, *, ask: bool) -> Iterator[AnyEvent]:
    """One event for each item. `now` is the issue as reported; what the save doesn't tell in full is asked for.

    In the changelog, `to` is an id and `toString` what people read; a null is nobody or nothing, but a missing
    member tells nothing. Raises Unreadable.
    """
    fields = [_field(item) for item in save.items]
    for number, (field, item) in enumerate(zip(fields, save.items, strict=True)):
        value = _told(field, item, "to")
        common: dict[str, Any] = {
            "id": f"{save.desk}:change:{save.id}:{number}",
            "subject": f"{save.desk}:{save.key}",
            "at": save.at,
            "seq": number + 1,  # after an opening at the same instant
            "save": save.id,
            "by": save.by,
            "actor": save.actor,
        }
        match value:
            case {"status": word}:
                means = now.means if word == now.status else None
                yield StatusChanged(status=word, means=means, **common)
            case {"priority": word}:
                yield PriorityChanged(priority=word, **common)
            case {"agent": agent}:
                yield Assigned(agent=agent, **common)
            case {"team": new, "name": name}:
                yield Assigned(team=new, seen=Seen(name=name), **common)
            case {"tags": after}:
                before = _told(field, item, "from").get("tags", ())
                added = tuple(tag for tag in after if tag not in before)
                removed = tuple(tag for tag in before if tag not in after)
                yield Tagged(added=added, removed=removed, **common)
            case {}:
                # A move is told by the key; the project's item has its number and its full name only.
                moved = field == "project" and "issuekey" in fields
                read = ask and field in _STALE and not value and not moved
                yield Touched(read=read, seen=Seen(**value) if value else None, **common)


def fresh(save: Save, now: Seen) -> Seen:
    """The report without what the save itself changes."""
    stale = [name for item in save.items for name in _STALE.get(_field(item), ())]
    return replace(now, **dict.fromkeys(stale))


def _field(item: Node) -> str:
    """The field's id; old servers tell its name only, and so do moves of the key."""
    field = item["fieldId"].word()
    if not field and item["fieldtype"].word() != "custom":
        field = item["field"].word()
    return "issuekey" if field == "key" else field


def _told(field: str, item: Node, side: str) -> dict[str, Any]:
    """What an item says the field was ("from") or is now ("to"), in our words; {} if it doesn't say."""
    text = item[f"{side}String"]
    if field in ("assignee", "reporter"):
        return {_STALE[field][0]: _who(item, side)} if item[side].found else {}
    if field == "issuekey":
        project = team(text.id())
        return {"team": project, "name": text.id()} if project else {}
    if field not in _TEXTS or not text.found:
        return {}
    value = _TEXTS[field](text)
    return {_STALE[field][0]: value} if value or field in _MAY_BE_EMPTY else {}


def _who(item: Node, side: str) -> str:
    """An account id, which Cloud gives beside the old name where both are known."""
    return item[f"tmp{side.title()}AccountId"].id() or item[side].id()


# --- the history alone ---------------------------------------------------------------------------


def _save(desk: str, key: str, change: Node, reporter: str, us: str) -> Save:
    at = change["created"].time()
    if not at:
        raise change["created"].wrong("a time")
    return Save(
        id=change["id"].id(need=True),
        desk=desk,
        key=key,
        at=at,
        by=party(change["author"], reporter, us),
        actor=account(change["author"]) or "",
        items=tuple(change["items"].items()),
    )


def _reply(desk: str, key: str, comment: Node, issue: Node, us: str) -> Replied:
    fields = issue["fields"]
    reporter = account(fields["reporter"]) or ""
    visible = public(comment, fields["project"]["projectTypeKey"].word())
    return replied(desk, key, comment, reporter, us, visible=visible)


def _at_first(now: Seen, saves: Iterable[Save]) -> dict[str, Any]:
    """What was otherwise when the issue was opened: what its first changes came from, None where they don't say."""
    first: dict[str, Any] = {}
    for save in saves:
        for item in save.items:
            field = _field(item)
            was = _told(field, item, "from")
            for name in () if field == "project" else _STALE.get(field, ()):
                first.setdefault(name, was.get(name))
    if "means" in first:
        first["means"] = now.means if first["status"] == now.status else None
    return first
