"""What the incremental export of ticket events tells, as events. Pure: records in, events out.

Each record is a save with its child events, whose shape is their own: a changed thing stands under its own name
({"event_type": "Change", "status": "open", "previous_value": "new"}), tags besides with `added_tags` and
`removed_tags`, and `via` is a channel's name ("Rule"). A comment stands there whole if it is asked for. Sources:
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-event-export
for comments; the names in child events are seen in public recordings only (unconfirmed). That ids of a save and of
its parts are those of the audit is unconfirmed as well: if not, a subject or a type is merely told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.domain.model import AnyEvent, Opened, Replied, Seen, Touched
from connectors import Person
from connectors.desks.zendesk_facts import Turns, change, party, second_of_save
from connectors.desks.zendesk_history import FIELDS, actor_id, clean, utc, value
from connectors.desks.zendesk_shapes import SaveRecord

_BORN_WITH = {"status", "subject", "requester_id"}  # what every ticket is created with


def events(
    desk: str,
    us: str,
    records: Iterable[SaveRecord],
    people: Mapping[str, Person],
    requesters: Mapping[str, str],
) -> list[AnyEvent]:
    """All that the records tell, oldest first, by the same ids as audits and webhooks tell it.

    `people` are the authors and `requesters` the tickets' customers as far as they are known: whoever isn't, is taken
    for an agent. `us` is our user's id. The ids don't depend on people.
    """
    turns = Turns()
    dated = [(at, record) for record in records if (at := _at(record))]
    dated.sort(key=lambda one: (one[0], one[1].id))
    found: list[AnyEvent] = []
    for at, record in dated:
        found += _Save(desk, us, record, at, people, requesters, turns).events()
    return found


class _Save:
    """One save of a ticket."""

    def __init__(  # noqa: PLR0917 - read in one place
        self,
        desk: str,
        us: str,
        record: SaveRecord,
        at: datetime,
        people: Mapping[str, Person],
        requesters: Mapping[str, str],
        turns: Turns,
    ) -> None:
        self._desk, self._us, self._record, self._at = desk, us, record, at
        self._people, self._turns = people, turns
        self._subject = f"{desk}:{record.ticket_id}"
        self._parts = record.child_events
        self._opens = any(
            _kind(part) == "create" and _BORN_WITH & part.keys() for part in self._parts
        )
        self._born = self._at_creation() if self._opens else {}
        known = requesters.get(str(record.ticket_id), "")
        self._requester = str(self._born.get("requester", known))

    def events(self) -> Iterator[AnyEvent]:
        """In the order of the save."""
        comments = [part for part in self._parts if _is_comment(part)]
        if self._opens:
            yield self._opened(comments.pop(0) if comments else None)
        for index, part in enumerate(self._parts):
            if _is_comment(part):
                if any(part is one for one in comments):
                    yield self._replied(part)
            elif _kind(part) in {"change", "create"}:
                yield from self._changed(part, part.get("id") or index)
            elif part.get("comment_present") and not comments and not self._opens:
                yield self._touched(part.get("id") or index)
            if _rates(part):
                yield self._touched(part.get("id") or index)

    def _opened(self, comment: dict[str, Any] | None) -> Opened:
        author = _author(comment) if comment else None
        if author is None:
            author = self._record.updater_id
        common = self._common(author, None)
        return Opened(
            id=f"{self._desk}:opened:{self._record.ticket_id}",
            text=clean(comment.get("body")) if comment else "",
            seen=Seen(opened_at=self._at, **self._born),
            **common,
        )

    def _replied(self, part: dict[str, Any]) -> Replied:
        author = _author(part)
        return Replied(
            id=f"{self._desk}:comment:{part['id']}",
            public=bool(part.get("public")),
            text=clean(part.get("body")),
            ref=str(part["id"]),
            **self._common(self._record.updater_id if author is None else author, self._via(part)),
        )

    def _changed(self, part: dict[str, Any], number: object) -> Iterator[AnyEvent]:
        creates = _kind(part) == "create"
        for field, name in FIELDS.items():
            if not _speaks_of(part, field) or (creates and self._opens):
                continue
            now, before = _now(part, field), _before(part, field)
            if now != before:
                unique = f"{self._desk}:audit:{self._record.id}:{number}"
                common = self._common(self._record.updater_id, self._via(part))
                yield change(name, now, before, unique, common)

    def _touched(self, number: object) -> Touched:
        """What the export doesn't tell in full: a comment that was left out, a rating."""
        common = self._common(self._record.updater_id, self._record.via)
        return Touched(
            id=f"{self._desk}:audit:{self._record.id}:{number}:read", read=True, **common
        )

    def _at_creation(self) -> dict[str, Any]:
        """What the ticket was at first, as far as it is told: as created, else as before its first change."""
        created: dict[str, Any] = {}
        before: dict[str, Any] = {}
        for part in self._parts:
            for field, name in FIELDS.items():
                if _is_comment(part) or not _speaks_of(part, field):
                    continue
                if _kind(part) == "create":
                    created.setdefault(name, _now(part, field))
                elif "previous_value" in part:
                    before.setdefault(name, _before(part, field))
        return before | created

    def _via(self, part: dict[str, Any]) -> Any:
        return part.get("via") or self._record.via

    def _common(self, author: int | None, via: Any) -> dict[str, Any]:
        who = party(author, via, us=self._us, people=self._people, requester=self._requester)
        return {
            "subject": self._subject,
            "at": self._at,
            "seq": self._turns.next(self._subject, self._at),
            "save": str(second_of_save(self._at)),
            "by": who,
            "actor": actor_id(author),
        }


def _at(record: SaveRecord) -> datetime | None:
    """When it was saved, to the second; None for a record that doesn't tell."""
    if record.created_at:
        return utc(record.created_at).replace(microsecond=0)
    return datetime.fromtimestamp(record.timestamp, UTC) if 0 < record.timestamp < 2**33 else None


def _kind(part: dict[str, Any]) -> str:
    return str(part.get("event_type") or "").lower()


def _is_comment(part: dict[str, Any]) -> bool:
    """Whether a comment stands here whole: `type` is the ticket's own in other parts."""
    return _kind(part) in {"comment", "voicecomment"} and "public" in part and bool(part.get("id"))


def _author(part: dict[str, Any]) -> int | None:
    author = part.get("author_id")
    return author if isinstance(author, int) else None


def _speaks_of(part: dict[str, Any], field: str) -> bool:
    if field == "tags":
        return bool({"tags", "added_tags", "removed_tags"} & part.keys())
    return field in part


def _now(part: dict[str, Any], field: str) -> Any:
    if field == "tags" and "tags" not in part:
        return value(field, part.get("added_tags"))
    return value(field, part[field])


def _before(part: dict[str, Any], field: str) -> Any:
    """What it was; of tags, what they were without those that came and with those that went."""
    if field == "tags" and {"added_tags", "removed_tags"} & part.keys():
        added, removed = (value(field, part.get(key)) for key in ("added_tags", "removed_tags"))
        kept = tuple(tag for tag in _now(part, field) if tag not in added)
        return (*kept, *removed)
    if field != "tags" and "previous_value" not in part:
        return None
    return value(field, part.get("previous_value"))


def _rates(part: dict[str, Any]) -> bool:
    """Whether a customer has rated. The names are unconfirmed; a missed one comes by the trigger on satisfaction."""
    if _kind(part) == "satisfactionrating":
        return True
    score = part.get("satisfaction_score")
    return isinstance(score, str) and score.lower().startswith(("good", "bad"))
