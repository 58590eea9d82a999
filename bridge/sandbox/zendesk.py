"""A Zendesk account in memory: people, groups, tickets, audits, ratings, tokens and webhooks.

People act through the methods of `Zendesk`; programs act over HTTP (see `zendesk_api`). Both make
the same audits and send the same webhooks, so that a bridge hears its own writes as well.

Shapes follow developer.zendesk.com: api-reference/ticketing (tickets, ticket_audits,
ticket_comments, satisfaction_ratings, job_statuses), api-reference/webhooks/event-types/
ticket-events, and documentation/webhooks/verifying for signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from bridge.sandbox.wire import Json
from bridge.sandbox.zendesk_ledger import Ledger, clean_tags
from bridge.sandbox.zendesk_records import (
    EVENTS,
    Comment,
    Rating,
    Saved,
    Ticket,
    Webhook,
    When,
    event_type,
)

_MINUTE = timedelta(minutes=1)


class Zendesk(Ledger):
    """One account. All methods may be called from any thread; see `Account` for its limits."""

    # -- what people do --

    def open_ticket(  # noqa: PLR0917 - the last ones are mostly named
        self,
        requester: int,
        subject: str,
        text: str,
        group: int | None = None,
        priority: str | None = None,
        tags: Iterable[str] = (),
        assignee: int | None = None,
        *,
        channel: str = "email",
        submitter: int | None = None,
    ) -> int:
        """A customer asks for help (or `submitter` does on their behalf); returns the ticket id."""
        with self.lock:
            at = self.now()
            self._next_ticket += 1
            ticket = Ticket(
                id=self._next_ticket,
                subject=subject,
                description=text,
                status="new" if assignee is None else "open",
                priority=priority,
                type=None,
                requester_id=requester,
                submitter_id=submitter or requester,
                assignee_id=assignee,
                group_id=group,
                brand_id=self.brand_id,
                tags=clean_tags(tags),
                channel=channel,
                created_at=at,
                updated_at=at,
            )
            self._create(ticket)
            self._herald.announce(None, ticket, ticket.submitter_id, [("created", {})], frozenset())
            return ticket.id

    def reply(self, ticket: int, author: int, text: str, public: bool = True) -> Json:
        """Say something; a customer's public reply reopens what was pending, on hold or solved."""
        return self.save(ticket, author, {}, Comment(author, text, public))

    def note(self, ticket: int, author: int, text: str) -> Json:
        """Write an internal note."""
        return self.reply(ticket, author, text, public=False)

    def set_status(self, ticket: int, actor: int, status: str) -> Json:
        """Set any status but closed, for which there is `close`."""
        return self.save(ticket, actor, {"status": status})

    def solve(self, ticket: int, actor: int, text: str | None = None) -> Json:
        """Solve, with a last public reply if there is one; whoever solves takes an unassigned one."""
        with self.lock:
            changes: Json = {"status": "solved"}
            if self._live(ticket).assignee_id is None:
                changes["assignee_id"] = actor
            return self.save(ticket, actor, changes, Comment(actor, text, True) if text else None)

    def close(self, ticket: int, actor: int | None = None) -> Json:
        """Close for good: nothing can be changed any more. Zendesk does so some days after solving."""
        return self.save(
            ticket, -1 if actor is None else actor, {"status": "closed"}, channel="rule"
        )

    def assign(
        self, ticket: int, actor: int, group: int | None = None, assignee: int | None = None
    ) -> Json:
        """Hand over. A new group without an assignee leaves the ticket to nobody in that group."""
        changes: Json = {}
        if group is not None:
            changes["group_id"] = group
        if assignee is not None:
            changes["assignee_id"] = assignee
        return self.save(ticket, actor, changes)

    def set_priority(self, ticket: int, actor: int, priority: str) -> Json:
        """Set the priority."""
        return self.save(ticket, actor, {"priority": priority})

    def add_tags(self, ticket: int, actor: int, *tags: str) -> Json:
        """Add tags and keep the others."""
        with self.lock:
            return self.save(ticket, actor, {"tags": (*self._live(ticket).tags, *tags)})

    def remove_tags(self, ticket: int, actor: int, *tags: str) -> Json:
        """Take tags away and keep the others."""
        with self.lock:
            gone = clean_tags(tags)
            kept = [tag for tag in self._live(ticket).tags if tag not in gone]
            return self.save(ticket, actor, {"tags": kept})

    def rate(
        self,
        ticket: int,
        score: Literal["good", "bad"],
        comment: str | None = None,
        reason: str | None = None,
    ) -> Rating:
        """The requester rates; a second time changes the same rating."""
        with self.lock:
            found = self._writable(ticket)
            at = self.now()
            old = found.rating
            rating = Rating(
                id=old.id if old else self.record_id(),
                ticket_id=ticket,
                score=score,
                comment=comment,
                reason=reason,
                requester_id=found.requester_id,
                assignee_id=found.assignee_id,
                group_id=found.group_id,
                created_at=old.created_at if old else at,
                updated_at=at,
            )
            before = replace(found)
            found.rating = self.ratings[rating.id] = rating
            found.updated_at = at
            audit = self._audit(found, found.requester_id, "web", at)
            self._add_event(
                audit,
                "SatisfactionRating",
                score=score,
                assignee_id=found.assignee_id,
                body=comment or "",
            )
            found.audits.append(audit)
            self._herald.announce(before, found, found.requester_id, [], frozenset({"rated"}))
            return rating

    def delete(self, ticket: int, actor: int) -> None:
        """Put the ticket in the bin: its API answers 404 from now on, and only exports tell of it."""
        with self.lock:
            found = self._live(ticket)
            before, at = replace(found), self.now()
            found.deleted = True
            found.updated_at = at
            audit = self._audit(found, actor, "web", at)
            was = found.status
            self._add_event(
                audit, "Change", field_name="status", value="deleted", previous_value=was
            )
            found.audits.append(audit)
            self._herald.announce(before, found, actor, [("soft_deleted", {})], frozenset())

    def merge(self, source: int, target: int, actor: int) -> None:
        """Merge one ticket into another: the source is closed, the target gets an internal note."""
        with self.lock:
            lost, kept = self._writable(source), self._writable(target)
            words = f"Request #{source} “{lost.subject}” was closed and merged into this request."
            self.save(target, actor, {}, Comment(actor, words, public=False))
            changes = {"status": "closed", "tags": (*lost.tags, "closed_by_merge")}
            note = f"This request was closed and merged into request #{target} “{kept.subject}”."
            self.save(source, actor, changes, Comment(actor, note, public=False))
            lost.merged_into = target
            event = {"target_ticket_id": str(target)}
            self._herald.announce(replace(lost), lost, actor, [("merged", event)], frozenset())

    def seed(
        self,
        tickets: int,
        *,
        requester: int,
        agent: int,
        since: datetime,
        until: datetime | None = None,
        replies: int = 2,
        group: int | None = None,
        priority: str | None = "normal",
    ) -> list[int]:
        """Make many open tickets with a short past, fast and without webhooks; returns their ids.

        They are opened evenly between `since` and `until` (now, when not said). To each come
        `replies`, a minute apart: the agent, who takes it, then the customer, and so on in turn. All
        of it happened before `until`.
        """
        with self.lock:
            end = (until or self.now()) - replies * _MINUTE
            first = self._next_ticket + 1
            self._next_ticket += tickets
            for number in range(tickets):
                at = since + (end - since) * number / tickets
                ticket = Ticket(
                    id=first + number,
                    subject=f"Question {first + number}",
                    description="Where is my order?",
                    status="new",
                    priority=priority,
                    type=None,
                    requester_id=requester,
                    submitter_id=requester,
                    assignee_id=None,
                    group_id=group,
                    brand_id=self.brand_id,
                    tags=(),
                    channel="email",
                    created_at=at,
                    updated_at=at,
                )
                self._create(ticket)
                for turn in range(replies):
                    self._converse(
                        ticket, requester if turn % 2 else agent, at + (turn + 1) * _MINUTE
                    )
            return list(range(first, first + tickets))

    def _converse(self, ticket: Ticket, author: int, at: datetime) -> None:
        takes = self.is_staff(author) and ticket.assignee_id is None
        audit = self._audit(ticket, author, "web" if self.is_staff(author) else "email", at)
        words = "We look into it." if self.is_staff(author) else "Any news?"
        changes = {"assignee_id": author} if takes else {}
        self._write(ticket, audit, at, changes, Comment(author, words, public=True))

    # -- what people see --

    def public_view(self, ticket: int) -> list[tuple[str, str]]:
        """What the customer sees: (author's name, text) of the public comments, oldest first."""
        with self.lock:
            return [
                (self.user_name(comment["author_id"]), comment["body"])
                for comment in self.tickets[ticket].comments
                if comment["public"]
            ]

    def notes(self, ticket: int) -> list[tuple[str, str]]:
        """What only agents see: (author's name, text) of the internal notes, oldest first."""
        with self.lock:
            return [
                (self.user_name(comment["author_id"]), comment["body"])
                for comment in self.tickets[ticket].comments
                if not comment["public"]
            ]

    # -- webhooks --

    def subscribe(
        self,
        endpoint_url: str,
        secret: str | None = None,
        subscriptions: Iterable[str] = EVENTS,
        *,
        name: str = "events",
        kind: str = "event",
        headers: Mapping[str, str] | None = None,
        created_by: int = -1,
    ) -> Webhook:
        """An event webhook. Subscriptions are event types, or just their names as in `EVENTS`.

        With kind="conditional" it hears nothing until it is given to `trigger`.
        """
        with self.lock:
            types = tuple(map(event_type, subscriptions)) if kind == "event" else ()
            webhook = Webhook(
                id=self._ids.ulid(self.now()),
                name=name,
                endpoint=endpoint_url,
                secret=secret or self._ids.secret(),
                subscriptions=types or ("conditional_ticket_events",),
                created_at=self.now(),
                created_by=created_by,
                headers=tuple((headers or {}).items()),
            )
            self.webhooks[webhook.id] = webhook
            return webhook

    def trigger(
        self,
        endpoint_url: str,
        secret: str | None,
        when: When,
        template: str,
        *,
        name: str = "trigger",
        headers: Mapping[str, str] | None = None,
    ) -> Webhook:
        """A trigger with its webhook: `template` is sent, with placeholders filled in, after saves.

        `when` says after which: a condition on a `Saved`, or names of events of which one is enough.
        """
        condition = when if callable(when) else _any_of(frozenset(when))
        with self.lock:
            made = self.subscribe(endpoint_url, secret, (), name=name, kind="", headers=headers)
            webhook = replace(made, when=condition, template=template)
            self.webhooks[webhook.id] = webhook
            return webhook


def _any_of(names: frozenset[str]) -> Callable[[Saved], bool]:
    return lambda saved: bool(names & saved.events)
