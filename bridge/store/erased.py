"""A row of any table as it is once a person is forgotten."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.domain import wordless
from bridge.domain.alerts import Step
from bridge.domain.forgetting import Person
from bridge.domain.model import Alert, AnyEvent, Rated, Ticket
from bridge.store.traces import Theirs


class Erased:
    """A row (`kept`) without what names somebody; where it is about them alone, without what anybody wrote."""

    def __init__(self, table: str, kept: dict[str, Any], who: Person, own: Theirs) -> None:
        self.table = table
        self.kept = kept
        self.who = who
        about = kept.get("id") if table == "tickets" else kept.get("subject")
        number = kept.get("number") if table == "alerts" else kept.get("alert")
        self.theirs = about in own.subjects or number in own.alerts

    def value(self, column: str) -> Any:
        """What stands in a column then: the same object where nothing is to be taken out."""
        value = self.kept[column]
        if value is None:
            return None
        bare = self._wordless(column, value)
        found = self.who.taken_out(bare, names=self.who.ours or self.theirs)
        if isinstance(found, dict):
            return self._unnumbered(found)
        if isinstance(found, list):
            return sorted({self.who.mark if one in self.who.keys else one for one in found})
        return found

    def _wordless(self, column: str, value: Any) -> Any:
        match self.table, column:
            case "events", "body":
                event = msgspec.convert(value, AnyEvent)
                return _unless_same(
                    value, event, wordless.event(event) if self._wrote(event) else event
                )
            case "tickets", "state" if self.theirs:
                ticket = msgspec.convert(value, Ticket)
                return _unless_same(value, ticket, wordless.ticket(ticket))
            case "alerts", "body" if self.theirs:
                alert = msgspec.convert(value, Alert)
                return _unless_same(value, alert, wordless.alert(alert))
            case "story", "detail" if self.theirs:
                at = self.kept["at"].isoformat()
                step = msgspec.convert({**value, "change": self.kept["what"], "at": at}, Step)
                told = _unless_same(value, step, wordless.step(step))
                return {name: one for name, one in told.items() if name not in ("change", "at")}
            case "deliveries", "text" if self.theirs:
                return ""
        return value

    def _wrote(self, event: AnyEvent) -> bool:
        """Whether an event is about them alone, or holds what they wrote."""
        by = f"{event.subject.partition(':')[0]}:{event.actor}" in self.who.desk_users
        if isinstance(event, Rated):
            by = by or self.who.is_in(msgspec.to_builtins(event.answer.contact))
        return self.theirs or by

    def _unnumbered(self, body: dict[str, Any]) -> dict[str, Any]:
        """A ticket or an event without the helpdesk's number of them."""
        subject = self.kept["id"] if self.table == "tickets" else self.kept.get("subject", "")
        desk = f"{str(subject).partition(':')[0]}:"
        mine = {u.removeprefix(desk) for u in self.who.desk_users if u.startswith(desk)}
        if not mine:
            return body
        rest = {n: self.who.mark if n in _NUMBERS and v in mine else v for n, v in body.items()}
        if isinstance(seen := rest.get("seen"), dict) and seen.get("requester") in mine:
            rest["seen"] = {**seen, "requester": self.who.mark}
        return rest


_NUMBERS = ("requester", "actor")


def _unless_same(value: Any, before: Any, after: Any) -> Any:
    return value if after == before else msgspec.to_builtins(after)
