"""What somebody filled in: a modal's fields, by the names of their blocks.

Source: https://docs.slack.dev/reference/views/view-objects (`state.values[block_id][action_id]`), and the page of each
input element for where its value stands. The value of an input that was left empty is null.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bridge.domain.model import Coaching, Member, Outcome
from connectors.people.slack_payload import VALUE, member
from connectors.reading import Node


class Form(Struct, frozen=True):
    """The fields of a submitted modal. Every reader raises Unreadable for a value that isn't what the field holds."""

    values: Node

    @classmethod
    def of(cls, view: Node) -> Form:
        """The form in a view."""
        return cls(view["state"]["values"])

    def words(self, field: str = "words") -> str:
        """What was written; "" for nothing. An input's text comes as typed, without Slack's escapes (unconfirmed)."""
        return self._input(field)["value"].text()

    def choice(self, field: str) -> str:
        """The value of the option chosen; "" for none."""
        return self._input(field)["selected_option"]["value"].text()

    def until(self) -> datetime | None:
        """The moment picked; None for none."""
        picked = self._input("until")["selected_date_time"]
        if picked and not isinstance(picked.value, int):
            raise picked.wrong("seconds since 1970")
        return picked.time()

    def people(self, what: str) -> tuple[Member, ...]:
        """Who was picked: one to assign, several to add."""
        if what == "assign":
            picked = self._input("person")["selected_user"]
            return (Member(slack=member(picked)),) if picked else ()
        found = self._input("people")["selected_users"].items()
        return tuple(Member(slack=one) for one in dict.fromkeys(map(member, found)))

    def outcome(self) -> Outcome | None:
        """How it came out; None if nothing was chosen."""
        found = self.choice("outcome")
        if not found:
            return None
        if found not in {one.value for one in Outcome}:
            raise self._input("outcome")["selected_option"]["value"].wrong("an outcome")
        return Outcome(found)

    def coaching(self) -> Coaching | None:
        """Whether somebody is to be coached; None if nothing was chosen."""
        found = self.choice("coaching")
        if not found:
            return None
        if found not in {one.value for one in Coaching}:
            raise self._input("coaching")["selected_option"]["value"].wrong("a kind of coaching")
        return Coaching(found)

    def reached(self) -> bool:
        """Whether the customer was reached; so it is where nothing was said."""
        return self._input("reached")["selected_option"]["value"].flag() is not False

    def _input(self, field: str) -> Node:
        return self.values[field][VALUE]
