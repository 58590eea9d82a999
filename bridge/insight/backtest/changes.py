"""Files with a row for each change of a field: which one, what it was, and what it became."""

from __future__ import annotations

from typing import Any

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Replied,
    StatusChanged,
    Tagged,
    Touched,
)
from bridge.insight.backtest.building import Common, Records, Save, opening, tags
from bridge.insight.backtest.case import Found
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.records import AT, FIELD, NEW, OLD, SCORE, STATE, TEXT


class Changes(Common):
    """A case begins as the old values of its first changes say: what was never changed is not known."""

    def life(self, records: Records, found: Found | None = None) -> Life:
        """What became of the case."""
        life = Life(opened=opening(records[0]))
        began = self._began(records)
        if "state" in began:
            life.become(life.opened, self.meaning[began["state"]])
        for record in records:
            aspect = self._aspect(record)
            if aspect == "state" and record[NEW]:
                life.become(record[AT], self.meaning[record[NEW]])
                if found is not None:
                    self.judge_state(_with(record, STATE), found)
            elif aspect == "score":
                self.scored(life, record[AT], _with(record, SCORE), found)
        return life

    def events(self, subject: str, records: Records) -> tuple[AnyEvent, ...]:
        """The opening, then an event for each change."""
        first = records[0]
        began = self._began(records)
        state = began.get("state", "")
        seen = self.asker(
            first,
            facts=self.facts(first) or None,
            status=state.lower() or None,
            means=self.meaning[state] if state else None,
            priority=began.get("priority", "").lower() or None,
            team=began.get("team") or None,
            agent=began.get("agent") or None,
            tags=tags(began.get("tags", "")) or None,
        )
        events: list[AnyEvent] = [
            Opened(
                id=f"{subject}:0",
                subject=subject,
                at=self.moment[opening(first)],
                by=Party.CUSTOMER,
                actor=self.requester(first),
                seen=seen,
            )
        ]
        for record in records:
            self._change(events, subject, record, first)
        return tuple(events)

    def _change(self, events: list[AnyEvent], subject: str, record: Any, first: Any) -> None:
        actor, new = self.actor(record), record[NEW]
        save = f"{record[AT]}:{actor}"
        at = self.moment[record[AT]]
        made = Save(events, subject, at, self.party(record, first), actor, save)
        aspect = self._aspect(record)
        text = record[TEXT] or new
        match aspect:
            case "state" if new:
                made.add(StatusChanged, status=new.lower(), means=self.meaning[new])
            case "team":
                made.add(Assigned, team=new)
            case "agent":
                made.add(Assigned, agent=new)
            case "priority":
                made.add(PriorityChanged, priority=new.lower())
            case "tags":
                old, now = tags(record[OLD]), tags(new)
                added = tuple(tag for tag in now if tag not in old)
                removed = tuple(tag for tag in old if tag not in now)
                made.add(Tagged, added=added, removed=removed)
            case "reply":
                made.add(Replied, public=True, text=text)
            case "note":
                made.add(Replied, public=False, text=text)
            case "score" if answer := self.answer(subject, _with(record, SCORE), record[TEXT]):
                made.by = Party.CUSTOMER
                made.add(Rated, answer=answer)
            case _:
                self._other(made, record, first)

    def _other(self, made: Save, record: Any, first: Any) -> None:
        """A change that means nothing to us; its row may still be a reply or a note."""
        if self.reply is not None and self.reply(record, first):
            made.add(Replied, public=True, text=record[TEXT])
        elif self.note is not None and self.note(record, first):
            made.add(Replied, public=False, text=record[TEXT])
        else:
            made.add(Touched)

    def _aspect(self, record: Any) -> str:
        return self.mapping.changes.get(record[FIELD].lower(), "nothing")

    def _began(self, records: Records) -> dict[str, str]:
        """What each aspect was at the opening: the old value of its first change."""
        began: dict[str, str] = {}
        for record in records:
            began.setdefault(self._aspect(record), record[OLD])
        return began


def _with(record: Any, place: int) -> list[Any]:
    """The record with its new value at another place, where snapshots have it."""
    changed = list(record)
    changed[place] = record[NEW]
    return changed
