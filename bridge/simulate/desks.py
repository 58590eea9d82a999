"""The helpdesks of a simulated world, one way to act on each and to look at what the bridge did there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from bridge.sandbox import Jira, Zendesk
from bridge.sandbox.zendesk_records import Comment

OURS = "Alert Bridge"
PREFIX = "alert_"

_PRIORITIES = {"normal": "Medium", "high": "High", "urgent": "Highest"}
_STATUSES = {"open": "In progress", "pending": "Waiting for customer", "hold": "Pending"}


class Writing(Struct):
    """What the bridge wrote on one ticket."""

    notes: int
    rules: Counter[str]  # tags that were put on, however often


class Helpdesk(Protocol):
    """A stand-in as its people use it. Tickets are named by their keys; people and teams by their names."""

    name: str

    def open(self, customer: str, subject: str, words: str, team: str, *, urgency: str) -> str:
        """A customer asks for help; `urgency` is "normal", "high" or "urgent"."""

    def reply(self, key: str, who: str, words: str) -> None: ...
    def note(self, key: str, who: str, words: str) -> None: ...
    def wait(self, key: str, who: str) -> None:
        """Wait for the customer."""

    def solve(self, key: str, who: str, words: str) -> None: ...
    def put(self, key: str, who: str, status: str, words: str = "") -> None:
        """Make it "open", "pending" or "hold", with an answer to the customer in the same go if there are words."""

    def urge(self, key: str, who: str, urgency: str) -> None:
        """Set the urgency, as for `open`."""

    def hand(self, key: str, who: str, *, team: str = "", agent: str = "") -> None: ...
    def contact(self, customer: str) -> tuple[str, str, str]:
        """Name, e-mail and phone."""

    def keys(self) -> list[str]: ...
    def state(self, key: str) -> dict[str, object]:
        """As the bridge should know it: status, group, agent, and how many public words there are."""

    def public(self, key: str) -> list[tuple[str, str]]:
        """What a customer sees: author and words."""

    def writing(self, key: str) -> Writing: ...
    def found_in(self, text: str) -> str:
        """The key of the ticket that a text links to; "" for none."""


class OnZendesk:
    """Zendesk: teams are groups."""

    name = "zendesk"

    def __init__(self, desk: Zendesk) -> None:
        self.desk = desk
        self.ids = {user.name: user.id for user in desk.users.values()}
        self.groups = {group.name: group.id for group in desk.groups.values()}
        self.us = self.ids[OURS]

    def open(self, customer: str, subject: str, words: str, team: str, *, urgency: str) -> str:
        number = self.desk.open_ticket(
            self._id(customer), subject, words, self.groups[team], urgency
        )
        return str(number)

    def reply(self, key: str, who: str, words: str) -> None:
        self.desk.reply(int(key), self._id(who), words)

    def note(self, key: str, who: str, words: str) -> None:
        self.desk.note(int(key), self._id(who), words)

    def wait(self, key: str, who: str) -> None:
        self.desk.set_status(int(key), self._id(who), "pending")

    def solve(self, key: str, who: str, words: str) -> None:
        self.desk.solve(int(key), self._id(who), words)

    def put(self, key: str, who: str, status: str, words: str = "") -> None:
        said = Comment(self._id(who), words, public=True) if words else None
        self.desk.save(int(key), self._id(who), {"status": status}, said)

    def urge(self, key: str, who: str, urgency: str) -> None:
        self.desk.set_priority(int(key), self._id(who), urgency)

    def close(self, key: str) -> None:
        """For good: nobody can write to it any more."""
        self.desk.close(int(key))

    def hand(self, key: str, who: str, *, team: str = "", agent: str = "") -> None:
        group = self.groups[team] if team else None
        assignee = self._id(agent) if agent else None
        self.desk.assign(int(key), self._id(who), group=group, assignee=assignee)

    def contact(self, customer: str) -> tuple[str, str, str]:
        user = self.desk.users[self._id(customer)]
        return user.name, user.email or "", user.phone or ""

    def keys(self) -> list[str]:
        return [str(number) for number in self.desk.tickets]

    def state(self, key: str) -> dict[str, object]:
        ticket = self.desk.tickets[int(key)]
        return {
            "status": str(ticket.status),
            "group": str(ticket.group_id or ""),
            "agent": str(ticket.assignee_id or ""),
            "public": len(self.public(key)),
        }

    def public(self, key: str) -> list[tuple[str, str]]:
        return self.desk.public_view(int(key))

    def writing(self, key: str) -> Writing:
        found = Writing(0, Counter())
        for audit in self.desk.tickets[int(key)].audits:
            if audit["author_id"] != self.us:
                continue
            for event in audit["events"]:
                if event["type"] == "Comment":
                    found.notes += 1
                elif event.get("field_name") == "tags":
                    new = set(event["value"]) - set(event.get("previous_value") or [])
                    found.rules.update(_rules(new))
        return found

    def found_in(self, text: str) -> str:
        found = re.search(r"/agent/tickets/(\d+)", text)
        return found[1] if found else ""

    def _id(self, who: str) -> int:
        if who not in self.ids:  # somebody who came later
            self.ids = {user.name: user.id for user in self.desk.users.values()}
        return self.ids[who]


class OnJira:
    """Jira Service Management: teams are projects, and a ticket changes its name with its team."""

    name = "jsm"

    def __init__(self, desk: Jira) -> None:
        self.desk = desk
        self.ids = {user.name: user.account_id for user in desk.users.values()}
        self.projects = {project.name: key for key, project in desk.projects.items()}
        self.us = self.ids[OURS]

    def open(self, customer: str, subject: str, words: str, team: str, *, urgency: str) -> str:
        home, priority = self.projects[team], _PRIORITIES[urgency]
        return self.desk.open_request(self.ids[customer], subject, words, home, priority)

    def reply(self, key: str, who: str, words: str) -> None:
        self.desk.reply(key, self.ids[who], words)

    def note(self, key: str, who: str, words: str) -> None:
        self.desk.note(key, self.ids[who], words)

    def wait(self, key: str, who: str) -> None:
        self.desk.set_status(key, self.ids[who], "Waiting for customer")

    def solve(self, key: str, who: str, words: str) -> None:
        self.desk.resolve(key, self.ids[who], words)

    def put(self, key: str, who: str, status: str, words: str = "") -> None:
        if words:
            self.reply(key, who, words)
        self.desk.set_status(key, self.ids[who], _STATUSES[status])

    def urge(self, key: str, who: str, urgency: str) -> None:
        self.desk.save(key, self.ids[who], {"priority": _PRIORITIES[urgency]})

    def hand(self, key: str, who: str, *, team: str = "", agent: str = "") -> None:
        if team:
            self.desk.move(key, self.ids[who], self.projects[team])
            self.desk.assign(key, self.ids[who], None)
        if agent:
            self.desk.assign(key, self.ids[who], self.ids[agent])

    def contact(self, customer: str) -> tuple[str, str, str]:
        user = self.desk.users[self.ids[customer]]
        return user.name, user.email, ""

    def keys(self) -> list[str]:
        return list(self.desk.issues)

    def state(self, key: str) -> dict[str, object]:
        issue = self.desk.issues[key]
        return {
            "status": issue.status.name.lower(),
            "group": issue.project.key,
            "agent": issue.assignee or "",
            "public": len(self.public(key)),
        }

    def public(self, key: str) -> list[tuple[str, str]]:
        return self.desk.public_view(key)

    def writing(self, key: str) -> Writing:
        issue = self.desk.issues[key]
        labels = [
            set((item["toString"] or "").split()) - set((item["fromString"] or "").split())
            for change in issue.changelog
            if change.author == self.us
            for item in change.items
            if item["field"] == "labels"
        ]
        notes = sum(c.author == self.us and not c.public for c in issue.comments)
        return Writing(notes, Counter(rule for new in labels for rule in _rules(new)))

    def found_in(self, text: str) -> str:
        found = re.search(r"/browse/([A-Z]+-\d+)", text)
        return self.desk.issue_ids.get(found[1], "") if found else ""


def _rules(tags: set[str]) -> Iterator[str]:
    return (tag.removeprefix(PREFIX) for tag in tags if tag.startswith(PREFIX))
