"""A Zendesk account in memory: people, groups, tickets, audits, ratings, tokens and webhooks.

People act through the methods of `Zendesk`; programs act over HTTP (see `zendesk_api`). Both make
the same audits and send the same webhooks, so that a bridge hears its own writes as well.

Shapes follow developer.zendesk.com: api-reference/ticketing (tickets, ticket_audits,
ticket_comments, satisfaction_ratings, job_statuses), api-reference/webhooks/event-types/
ticket-events, and documentation/webhooks/verifying for signatures.
"""

from __future__ import annotations

import html
import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.sandbox.courier import Courier
from bridge.sandbox.wire import Clock, Ids, Json, Window, iso
from bridge.sandbox.zendesk_records import (
    EVENTS,
    PRIORITIES,
    STATUSES,
    TYPES,
    Client,
    Comment,
    Grant,
    Group,
    Job,
    Rating,
    Refused,
    Saved,
    Ticket,
    User,
    Webhook,
    When,
    event_type,
)
from bridge.sandbox.zendesk_webhooks import Herald

_EVENT_OF = {
    "status": "status_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "subject": "subject_changed",
    "group_id": "group_assignment_changed",
    "assignee_id": "agent_assignment_changed",
    "tags": "tags_changed",
}
_UPPER = {"status", "priority", "type"}


class Zendesk:
    """One account. All methods may be called from any thread.

    Limits, all in handed-in time, None for no limit (developer.zendesk.com/api-reference/
    introduction/rate-limits): `calls_per_minute` for the account, `updates_per_minute` for ticket
    updates of the account, 30 updates in 10 minutes for each user and ticket.
    """

    name = "zendesk"
    account_id = 20481024
    brand_id = 360000100001

    def __init__(
        self,
        now: Clock,
        subdomain: str = "demo",
        *,
        courier: Courier | None = None,
        calls_per_minute: int | None = 700,
        updates_per_minute: int | None = 100,
        updates_per_ticket: int | None = 30,
    ) -> None:
        self.now = now
        self.subdomain = subdomain
        self.courier = courier or Courier(now)
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.tickets: dict[int, Ticket] = {}
        self.ratings: dict[int, Rating] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.triggers: dict[int, Json] = {}
        self.views: dict[int, Json] = {}
        self.known_events: frozenset[str] | None = None
        """The only event types a webhook may be subscribed to by the API; None for any."""
        self.jobs: dict[str, Job] = {}
        self.hold_jobs = False
        """While True, bulk updates stay queued until `run_jobs()`."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """Calls that arrived, by method and route, as ("PUT", "/api/v2/tickets/{ticket}")."""
        self.ignored: Counter[str] = Counter()
        """Keys of ticket updates that were ignored in silence, as the vendor does."""
        minute, ten = timedelta(minutes=1), timedelta(minutes=10)
        self.account_limit = Window(now, calls_per_minute, minute)
        self.update_limit = Window(now, updates_per_minute, minute)
        self.ticket_limit = Window(now, updates_per_ticket, ten)
        self.export_limit = Window(now, 10, minute)
        self.clients: dict[str, Client] = {}
        self.grants: dict[str, Grant] = {}
        self.refreshes: dict[str, str] = {}  # refresh token -> access token
        self.lock = threading.RLock()
        self._ids = Ids(subdomain)
        self._next_record = 9_000_000_000_000
        self._next_ticket = 0
        self._herald = Herald(self, self._ids)

    @property
    def host(self) -> str:
        """The address that the account believes to have, for the links in its answers."""
        return f"https://{self.subdomain}.zendesk.com"

    # -- people, groups, tokens --

    def add_agent(self, name: str, email: str, role: Literal["agent", "admin"] = "agent") -> int:
        """A member of staff; returns the user id."""
        return self._add_user(name, email, None, role)

    def add_customer(self, name: str, email: str, phone: str | None = None) -> int:
        """An end user; returns the user id."""
        return self._add_user(name, email, phone, "end-user")

    def _add_user(
        self, name: str, email: str, phone: str | None, role: Literal["end-user", "agent", "admin"]
    ) -> int:
        with self.lock:
            user = User(self.record_id(), name, email, phone, role, self.now())
            self.users[user.id] = user
            return user.id

    def add_group(self, name: str) -> int:
        """A group of agents; returns its id."""
        with self.lock:
            group = Group(self.record_id(), name, self.now())
            self.groups[group.id] = group
            return group.id

    def add_token(self, token: str, user: int, scopes: Iterable[str] = ("read", "write")) -> None:
        """A bearer token that never expires."""
        with self.lock:
            self.grants[token] = Grant(user, tuple(scopes), None)

    def add_client(
        self,
        client_id: str,
        client_secret: str,
        user: int,
        scopes: Iterable[str] = ("read", "write"),
    ) -> None:
        """An OAuth client that may ask for tokens; they act as `user`."""
        with self.lock:
            self.clients[client_id] = Client(client_secret, user, tuple(scopes))

    def revoke(self, token: str) -> None:
        """Make a token invalid from now on."""
        with self.lock:
            self.grants.pop(token, None)

    def mint(self, client_id: str, scopes: tuple[str, ...], lifetime: timedelta) -> Json:
        """A fresh access token with its refresh token, as POST /oauth/tokens answers."""
        with self.lock:
            access, refresh = self._ids.hex(64), self._ids.hex(64)
            client = self.clients[client_id]
            self.grants[access] = Grant(client.user_id, scopes, self.now() + lifetime, client_id)
            self.refreshes[refresh] = access
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "scope": " ".join(scopes),
            "expires_in": int(lifetime.total_seconds()),
        }

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
            self.tickets[ticket.id] = ticket
            audit = self._audit(ticket, ticket.submitter_id, channel, {})
            self._add_comment(audit, Comment(requester, text, public=True))
            for name in (
                "subject",
                "requester_id",
                "assignee_id",
                "group_id",
                "priority",
                "status",
            ):
                value = getattr(ticket, name)
                if value is not None:
                    self._add_event(audit, "Create", field_name=name, value=str(value))
            self._add_event(audit, "Create", field_name="tags", value=list(ticket.tags))
            ticket.audits.append(audit)
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
            audit = self._audit(found, found.requester_id, "web", {})
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
        """Put the ticket in the bin: its API answers 404 from now on."""
        with self.lock:
            found = self._live(ticket)
            before = replace(found)
            found.deleted = True
            found.updated_at = self.now()
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

    def user_name(self, user: int) -> str:
        """A name for an author id; the account itself acts as -1."""
        return self.users[user].name if user in self.users else "Zendesk"

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

    def new_secret(self) -> str:
        """A signing secret."""
        return self._ids.secret()

    # -- saving --

    def save(
        self,
        ticket: int,
        actor: int,
        changes: Mapping[str, Any],
        comment: Comment | None = None,
        *,
        custom: Json | None = None,
        channel: str = "web",
    ) -> Json:
        """Change a ticket once: one audit, one series of webhooks. Returns the audit.

        A save that changes nothing leaves no trace and returns an audit without events.
        Raises Refused as the API would: 404 (deleted, merged), 422 (closed, invalid).
        """
        with self.lock:
            found = self._writable(ticket)
            before = replace(found)
            wanted = self._with_effects(found, dict(changes), comment)
            audit = self._audit(found, actor, channel, custom or {})
            happened: list[tuple[str, Json]] = []
            if comment:
                event = self._add_comment(audit, comment)
                happened.append(("comment_added", {"comment": self._herald.comment(event)}))
            for name, value in wanted.items():
                old = getattr(found, name)
                if old == value:
                    continue
                setattr(found, name, value)
                happened += self._change(audit, name, old, value)
            if not audit["events"]:
                return audit
            found.updated_at = self.now()
            found.audits.append(audit)
            self._herald.announce(before, found, actor, happened, frozenset())
            return audit

    def _with_effects(self, ticket: Ticket, wanted: Json, comment: Comment | None) -> Json:
        """Check the changes, and add what Zendesk does by itself."""
        if "tags" in wanted:
            wanted["tags"] = clean_tags(wanted["tags"])
        self._check(wanted)
        by_customer = comment and comment.public and not self.is_staff(comment.author_id)
        if by_customer and ticket.status in {"pending", "hold", "solved"}:
            wanted.setdefault("status", "open")
        group_changes = wanted.get("group_id", ticket.group_id) != ticket.group_id
        if group_changes and ticket.assignee_id is not None:
            wanted.setdefault("assignee_id", None)
        if wanted.get("assignee_id") is not None and ticket.status == "new":
            wanted.setdefault("status", "open")
        return wanted

    def _check(self, wanted: Mapping[str, Any]) -> None:
        allowed: tuple[tuple[str, Collection[Any], str], ...] = (
            ("status", STATUSES, "is not a valid status"),
            ("priority", (*PRIORITIES, None), "is not a valid priority"),
            ("type", (*TYPES, None), "is not a valid type"),
            ("group_id", (*self.groups, None), "is not a valid group"),
            ("assignee_id", (*self.users, None), "is not a valid assignee"),
        )
        for name, values, why in allowed:
            if name in wanted and wanted[name] not in values:
                raise Refused.invalid(name, f"{name}: {wanted[name]} {why}")

    def _change(self, audit: Json, name: str, old: Any, new: Any) -> list[tuple[str, Json]]:
        """Write one changed field into the audit; say which webhook events it makes."""
        if name == "custom_fields":
            return self._change_custom(audit, dict(old), dict(new))
        self._add_event(
            audit, "Change", field_name=name, value=_plain(new), previous_value=_plain(old)
        )
        if name == "tags":
            added = [tag for tag in new if tag not in old]
            removed = [tag for tag in old if tag not in new]
            return [("tags_changed", {"tags_added": added, "tags_removed": removed})]
        if name not in _EVENT_OF:
            return []
        values = {"previous": _text(old), "current": _text(new)}
        if name in _UPPER:
            values = {key: value and value.upper() for key, value in values.items()}
        return [(_EVENT_OF[name], dict(values))]

    def _change_custom(
        self, audit: Json, old: dict[int, Any], new: dict[int, Any]
    ) -> list[tuple[str, Json]]:
        happened = []
        for key in [key for key in new if new[key] != old.get(key)]:
            value, previous = new[key], old.get(key)
            self._add_event(
                audit, "Change", field_name=str(key), value=value, previous_value=previous
            )
            event = {
                "current": {"value": value},
                "previous": {"value": previous},
                "custom_field": {"id": str(key), "title": str(key), "type": "text"},
            }
            happened.append(("custom_field_changed", event))
        return happened

    def _audit(self, ticket: Ticket, author: int, channel: str, custom: Json) -> Json:
        return {
            "id": self.record_id(),
            "ticket_id": ticket.id,
            "created_at": iso(self.now()),
            "author_id": author,
            "metadata": {"system": {}, "custom": custom},
            "events": [],
            "via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}},
        }

    def _add_event(self, audit: Json, kind: str, **content: Any) -> Json:
        event: Json = {"id": self.record_id(), "type": kind, **content}
        audit["events"].append(event)
        return event

    def _add_comment(self, audit: Json, comment: Comment) -> Json:
        escaped = html.escape(comment.text, quote=False).replace("\n", "<br>")
        return self._add_event(
            audit,
            "Comment",
            author_id=comment.author_id,
            body=comment.text,
            html_body=comment.html or f'<div class="zd-comment" dir="auto">{escaped}<br></div>',
            plain_body=comment.text,
            public=comment.public,
            attachments=[],
            audit_id=audit["id"],
        )

    def record_id(self) -> int:
        """A number for a new record."""
        with self.lock:
            self._next_record += 128
            return self._next_record

    def is_staff(self, user: int) -> bool:
        """Agents, and the account itself, are staff."""
        return user not in self.users or self.users[user].is_staff

    def _live(self, ticket: int) -> Ticket:
        found = self.tickets.get(ticket)
        if found is None or found.deleted or found.merged_into is not None:
            raise Refused.missing()
        return found

    def _writable(self, ticket: int) -> Ticket:
        found = self._live(ticket)
        if found.status == "closed":
            raise Refused.invalid("status", "Status: closed prevents ticket update")
        return found

    # -- reading and writing by programs (the HTTP API calls these) --

    def show(self, ticket: int) -> Ticket:
        """A ticket that is neither deleted nor merged. Raises Refused (404)."""
        with self.lock:
            return self._live(ticket)

    def apply_update(self, ticket: int, payload: Json, actor: int, *, bulk: bool = False) -> Json:
        """Apply the inside of `{"ticket": {...}}`; returns the audit.

        `comment.public` is true unless said otherwise; `tags` replaces them all; what is not known
        is ignored in silence, `additional_tags` and `remove_tags` too, but for the bulk form.
        """
        with self.lock:
            found = self._writable(ticket)
            self.check_stamp(found, payload)
            changes: Json = {
                name: payload[name]
                for name in ("status", "priority", "type", "subject", "external_id", "tags")
                if name in payload
            }
            for name in ("group_id", "assignee_id"):
                if name in payload:
                    changes[name] = None if payload[name] is None else int(payload[name])
            if payload.get("custom_fields"):
                fields = dict(found.custom_fields)
                fields.update({int(one["id"]): one["value"] for one in payload["custom_fields"]})
                changes["custom_fields"] = tuple(fields.items())
            if bulk:
                changes |= self._bulk_tags(found, payload)
            known = {"comment", "metadata", "safe_update", "updated_stamp", "custom_fields", "id"}
            for key in payload.keys() - changes.keys() - known:
                if not (bulk and key in {"additional_tags", "remove_tags"}):
                    self.ignored[key] += 1
            comment = _comment_from(payload.get("comment"), actor)
            custom = payload.get("metadata") or {}
            return self.save(ticket, actor, changes, comment, custom=custom, channel="api")

    @staticmethod
    def _bulk_tags(ticket: Ticket, payload: Json) -> Json:
        if not payload.keys() & {"additional_tags", "remove_tags"}:
            return {}
        gone = clean_tags(payload.get("remove_tags") or ())
        kept = [tag for tag in ticket.tags if tag not in gone]
        return {"tags": (*kept, *clean_tags(payload.get("additional_tags") or ()))}

    def check_stamp(self, ticket: Ticket, payload: Json) -> None:
        """Refuse a safe update whose `updated_stamp` is older than the ticket (to the second)."""
        if str(payload.get("safe_update", "")).lower() != "true":
            return
        try:
            stamp = datetime.fromisoformat(str(payload.get("updated_stamp")))
        except ValueError:
            body = {"error": "InvalidValue", "description": "updated_stamp is not a valid date"}
            raise Refused(400, body) from None
        if iso(stamp) < iso(ticket.updated_at):
            raise Refused.outdated()

    def queue_job(self, updates: list[tuple[int, Json]], user: int) -> Job:
        """Queue a bulk update; it runs right after, unless `hold_jobs`."""
        with self.lock:
            job = Job(f"V3-{self._ids.hex(32)}", self.now(), updates, user)
            self.jobs[job.id] = job
            return job

    def run_jobs(self) -> None:
        """Run all queued bulk updates. A ticket changed since the queueing is skipped with an error.

        Source: update_many always behaves as a safe update (developer.zendesk.com, tickets).
        """
        with self.lock:
            for job in self.jobs.values():
                if job.results is None:
                    job.results = [
                        self._run_one(index, ticket, payload, job)
                        for index, (ticket, payload) in enumerate(job.updates)
                    ]
                    job.completed_at = self.now()

    def _run_one(self, index: int, ticket: int, payload: Json, job: Job) -> Json:
        safe = {"updated_stamp": job.queued_at.isoformat()} | payload | {"safe_update": "true"}
        try:
            self.apply_update(ticket, safe, job.user_id, bulk=True)
        except Refused as refused:
            error, details = refused.body["error"], refused.body["description"]
            return {"index": index, "id": ticket, "error": error, "details": details}
        return {
            "index": index,
            "id": ticket,
            "action": "update",
            "status": "Updated",
            "success": True,
            "account_id": self.account_id,
        }


def clean_tags(tags: str | Iterable[str]) -> tuple[str, ...]:
    """Lower case, without repeats, in the order given; a text is split at blanks and commas."""
    words = re.split(r"[\s,]+", tags) if isinstance(tags, str) else tags
    return tuple(dict.fromkeys(word.lower() for word in words if word))


def _any_of(names: frozenset[str]) -> Callable[[Saved], bool]:
    return lambda saved: bool(names & saved.events)


def _comment_from(payload: Any, actor: int) -> Comment | None:
    if not isinstance(payload, dict):
        return None
    markup = payload.get("html_body")
    text = payload.get("body") or html.unescape(re.sub(r"<[^>]+>", "", markup or ""))
    if not text:
        return None
    author = int(payload.get("author_id") or actor)
    return Comment(author, text, payload.get("public", True) is not False, markup)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _plain(value: object) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else _text(value)
