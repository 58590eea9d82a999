"""What a Zendesk account tells the world: event webhooks and trigger webhooks, signed and shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.sandbox.courier import Attempt, Shipment
from bridge.sandbox.wire import Ids, Json, iso, iso_fraction
from bridge.sandbox.zendesk_records import STATUSES, Saved, Ticket, Webhook, event_type

if TYPE_CHECKING:
    from bridge.sandbox.zendesk_account import Account

_LABELS = {"hold": "On-hold"}
_DIGITS = (3, 0, 6, 9)  # `time` comes with any of these numbers of fractional digits
_SPACING = timedelta(seconds=10)  # between attempts where the vendor publishes none


class Herald:
    """Announces each save to the account's webhooks; to be called with the account's lock held."""

    def __init__(self, zendesk: Account, ids: Ids) -> None:
        self._zendesk = zendesk
        self._ids = ids
        self._events_sent = 0

    def announce(
        self,
        before: Ticket | None,
        after: Ticket,
        actor: int,
        happened: list[tuple[str, Json]],
        besides: frozenset[str],
    ) -> None:
        """One event webhook for each thing that happened; triggers hear `besides` as well."""
        saved = Saved(
            before, replace(after), frozenset(name for name, _ in happened) | besides, actor
        )
        sequence = self._ids.hex(32).upper()
        for position, (name, event) in enumerate(happened, start=1):
            meta = {"sequence": {"id": sequence, "position": position, "total": len(happened)}}
            body = self._envelope(name, {"meta": meta} | event, after, actor)
            for webhook in list(self._zendesk.webhooks.values()):
                if webhook.wants(event_type(name)):
                    self._ship(webhook, after.id, body, name)
        for webhook in list(self._zendesk.webhooks.values()):
            if webhook.when and webhook.template is not None and webhook.when(saved):
                text = self.render(webhook.template, after, actor)
                self._ship(webhook, after.id, text.encode(), "trigger")

    def _envelope(self, name: str, event: Json, ticket: Ticket, actor: int) -> bytes:
        digits = _DIGITS[self._events_sent % len(_DIGITS)]
        self._events_sent += 1
        envelope = {
            "account_id": self._zendesk.account_id,
            "detail": self._detail(ticket, actor),
            "event": event,
            "id": self._ids.uuid(),
            "subject": f"zen:ticket:{ticket.id}",
            "time": iso_fraction(self._zendesk.now(), digits),
            "type": event_type(name),
            "zendesk_event_version": "2022-11-06",
        }
        return (json.dumps(envelope, indent=3, ensure_ascii=False) + "\n").encode()

    def _detail(self, ticket: Ticket, actor: int) -> Json:
        return {
            "actor_id": str(actor),
            "assignee_id": _text(ticket.assignee_id),
            "brand_id": str(ticket.brand_id),
            "created_at": iso(ticket.created_at),
            "custom_status": str(STATUSES.index(ticket.status) + 360000200001),
            "description": ticket.description,
            "external_id": ticket.external_id,
            "form_id": "360000300001",
            "group_id": _text(ticket.group_id),
            "id": str(ticket.id),
            "is_public": True,
            "organization_id": None,
            "priority": ticket.priority and ticket.priority.upper(),
            "requester_id": str(ticket.requester_id),
            "status": ticket.status.upper(),
            "subject": ticket.subject,
            "submitter_id": str(ticket.submitter_id),
            "tags": list(ticket.tags),
            "type": ticket.type and ticket.type.upper(),
            "updated_at": iso(ticket.updated_at),
            "via": {"channel": ticket.channel},
        }

    def comment(self, event: Json) -> Json:
        """An audit's Comment as it stands in a webhook."""
        author = event["author_id"]
        return {
            "id": str(event["id"]),
            "body": event["body"],
            "html_body": event["html_body"],
            "is_public": event["public"],
            "author": {
                "id": str(author),
                "is_staff": self._zendesk.is_staff(author),
                "name": self._zendesk.user_name(author),
            },
        }

    def _ship(self, webhook: Webhook, ticket: int, body: bytes, label: str) -> None:
        invocation = self._ids.ulid(self._zendesk.now())

        def headers(content: bytes, at: datetime) -> Mapping[str, str]:
            return {
                "User-Agent": "Zendesk Webhook",
                "Content-Type": "application/json; charset=utf-8",
                "X-Zendesk-Account-Id": str(self._zendesk.account_id),
                "X-Zendesk-Webhook-Id": webhook.id,
                "X-Zendesk-Webhook-Invocation-Id": invocation,
                "X-Zendesk-Webhook-Signature-Timestamp": iso(at),
                "X-Zendesk-Webhook-Signature": webhook.sign(content, at),
                **dict(webhook.headers),
            }

        self._zendesk.courier.send(
            Shipment(
                vendor=self._zendesk.name,
                lane=f"{self._zendesk.name}:{webhook.id}:{ticket}",
                key=invocation,
                url=webhook.endpoint,
                body=body,
                sign=headers,
                retry=next_attempt,
                label=f"{label} #{ticket}",
            )
        )

    def render(self, template: str, ticket: Ticket, actor: int) -> str:
        """Fill a trigger's placeholders by plain text substitution; unknown ones become nothing."""
        values = self._placeholders(ticket, actor)
        return re.sub(
            r"\{\{\s*([\w.]+)\s*\}\}", lambda found: values.get(found.group(1), ""), template
        )

    def _placeholders(self, ticket: Ticket, actor: int) -> dict[str, str]:
        comments = ticket.comments
        public = [comment["body"] for comment in comments if comment["public"]]
        group = self._zendesk.groups.get(ticket.group_id or 0)
        rating = ticket.rating
        values = {
            "ticket.id": str(ticket.id),
            "ticket.title": ticket.subject,
            "ticket.description": ticket.description,
            "ticket.status": _label(ticket.status),
            "ticket.priority": _label(ticket.priority),
            "ticket.ticket_type": _label(ticket.type),
            "ticket.tags": " ".join(ticket.tags),
            "ticket.via": _label(ticket.channel),
            "ticket.external_id": ticket.external_id or "",
            "ticket.url": f"{self._zendesk.subdomain}.zendesk.com/agent/tickets/{ticket.id}",
            "ticket.link": f"{self._zendesk.host}/agent/tickets/{ticket.id}",
            "ticket.account": self._zendesk.subdomain.title(),
            "ticket.brand.id": str(ticket.brand_id),
            "ticket.brand.name": self._zendesk.subdomain.title(),
            "ticket.group.id": str(group.id) if group else "",
            "ticket.group.name": group.name if group else "",
            "ticket.created_at": f"{ticket.created_at:%B %d, %Y}",
            "ticket.updated_at": f"{ticket.updated_at:%B %d, %Y}",
            "ticket.created_at_with_timestamp": iso(ticket.created_at),
            "ticket.updated_at_with_timestamp": iso(ticket.updated_at),
            "ticket.latest_comment": comments[-1]["body"] if comments else "",
            "ticket.latest_public_comment": public[-1] if public else "",
            "satisfaction.current_rating": _label(rating.score if rating else "unoffered"),
            "satisfaction.current_comment": (rating.comment or "") if rating else "",
        }
        people = {
            "ticket.requester": ticket.requester_id,
            "ticket.submitter": ticket.submitter_id,
            "ticket.assignee": ticket.assignee_id,
            "current_user": actor,
        }
        for prefix, user_id in people.items():
            values |= self._person(prefix, user_id)
        return values

    def _person(self, prefix: str, user_id: int | None) -> dict[str, str]:
        user = self._zendesk.users.get(user_id or 0)
        if user is None:
            return {f"{prefix}.id": _text(user_id) or ""}
        first, _, last = user.name.partition(" ")
        return {
            f"{prefix}.id": str(user.id),
            f"{prefix}.name": user.name,
            f"{prefix}.first_name": first,
            f"{prefix}.last_name": last,
            f"{prefix}.email": user.email,
            f"{prefix}.phone": user.phone or "",
        }


def next_attempt(attempt: Attempt) -> timedelta | None:
    """Zendesk's rule for webhooks that were not taken.

    409 is tried again up to 3 times, time-outs up to 5 times, 429 and 503 only when the answer
    carries a Retry-After under 60 seconds; anything else is lost for good. The vendor publishes
    neither the spacing (10 s here) nor what an unreachable endpoint counts as (a time-out here), nor
    a ceiling for 429 and 503 (5 here).
    """
    if attempt.error:
        return _SPACING if attempt.number <= 5 else None
    if attempt.status == 409:
        return _SPACING if attempt.number <= 3 else None
    if attempt.status in {429, 503} and attempt.number <= 5:
        seconds = attempt.retry_after or ""
        if seconds.isdigit() and int(seconds) < 60:
            return timedelta(seconds=int(seconds))
    return None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _label(value: str | None) -> str:
    return _LABELS.get(value or "", (value or "").capitalize())
