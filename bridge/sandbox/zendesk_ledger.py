"""Tickets as they are saved: what a change does, the audit it leaves, updates by programs, bulk jobs.

Sources: developer.zendesk.com/api-reference/ticketing (tickets, ticket_audits, job_statuses).
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.sandbox.wire import Json, iso
from bridge.sandbox.zendesk_account import Account
from bridge.sandbox.zendesk_records import (
    PRIORITIES,
    STATUSES,
    TYPES,
    Comment,
    Job,
    Refused,
    Ticket,
)

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


class Ledger(Account):
    """An account whose tickets can be saved; each save leaves one audit."""

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
            audit = self._audit(found, actor, channel, self.now(), custom)
            happened = self._write(found, audit, self.now(), changes, comment)
            if happened or audit["events"]:
                self._herald.announce(before, found, actor, happened, frozenset())
            return audit

    def _write(
        self,
        ticket: Ticket,
        audit: Json,
        at: datetime,
        changes: Mapping[str, Any],
        comment: Comment | None,
    ) -> list[tuple[str, Json]]:
        """Change a ticket and tell nobody; returns which webhook events that makes.

        An audit that stays without events is not kept.
        """
        wanted = self._with_effects(ticket, dict(changes), comment)
        happened: list[tuple[str, Json]] = []
        if comment:
            event = self._add_comment(audit, comment)
            happened.append(("comment_added", {"comment": self._herald.comment(event)}))
        for name, value in wanted.items():
            old = getattr(ticket, name)
            if old == value:
                continue
            setattr(ticket, name, value)
            happened += self._change(audit, name, old, value)
        if audit["events"]:
            ticket.updated_at = at
            ticket.audits.append(audit)
        return happened

    def _create(self, ticket: Ticket) -> None:
        """Take in a new ticket and tell nobody."""
        self.tickets[ticket.id] = ticket
        audit = self._audit(ticket, ticket.submitter_id, ticket.channel, ticket.created_at)
        self._add_comment(audit, Comment(ticket.requester_id, ticket.description, public=True))
        for name in ("subject", "requester_id", "assignee_id", "group_id", "priority", "status"):
            value = getattr(ticket, name)
            if value is not None:
                self._add_event(audit, "Create", field_name=name, value=str(value))
        self._add_event(audit, "Create", field_name="tags", value=list(ticket.tags))
        ticket.audits.append(audit)

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

    def _audit(
        self, ticket: Ticket, author: int, channel: str, at: datetime, custom: Json | None = None
    ) -> Json:
        return {
            "id": self.record_id(),
            "ticket_id": ticket.id,
            "created_at": iso(at),
            "author_id": author,
            "metadata": {"system": {}, "custom": custom or {}},
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
