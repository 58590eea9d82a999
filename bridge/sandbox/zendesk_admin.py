"""What an admin sets up in Zendesk by its API: webhooks with their secrets and deliveries, triggers, views.

Sources: developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks and
api-reference/ticketing/business-rules (triggers, views), documentation/ticketing/reference-guides/
conditions-reference. Of the conditions only those are understood that the bridge uses.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import g, request

from bridge.sandbox.courier import Attempt
from bridge.sandbox.wire import Json, iso
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_records import (
    STATUSES,
    Grant,
    Rating,
    Refused,
    Saved,
    Ticket,
    Webhook,
)

Paged = Callable[[str, Sequence[Any], Callable[[Any], Json]], Json]
Route = tuple[str, str, Callable[..., Any]]

_NEEDED = ("name", "endpoint", "http_method", "request_format", "status")
_CONDITIONAL = "conditional_ticket_events"


class Admin:
    """The views, one method each. `page` cuts a list into the pages that are asked for."""

    def __init__(
        self, zendesk: Zendesk, page: Paged, show_ticket: Callable[[Ticket], Json]
    ) -> None:
        self.zendesk = zendesk
        self.page = page
        self.show_ticket = show_ticket

    def routes(self) -> list[Route]:
        """Method, path and view."""
        hook, rule = "/api/v2/webhooks/<webhook>", "/<int:number>"
        found: list[Route] = [
            ("GET", "/api/v2/webhooks", self.webhooks),
            ("POST", "/api/v2/webhooks", self.create_webhook),
            ("GET", hook, self.webhook),
            ("PATCH", hook, self.change_webhook),
            ("DELETE", hook, self.delete_webhook),
            ("GET", f"{hook}/signing_secret", self.signing_secret),
            ("POST", f"{hook}/signing_secret", self.reset_secret),
            ("GET", f"{hook}/invocations", self.invocations),
            ("GET", "/api/v2/views/<int:number>/tickets", self.view_tickets),
            ("GET", "/api/v2/oauth/tokens/current", self.own_token),
        ]
        for kind in ("trigger", "view"):
            path = f"/api/v2/{kind}s"
            found += [
                ("GET", path, lambda kind=kind: self.rules(kind)),
                ("POST", path, lambda kind=kind: self.create_rule(kind)),
                ("GET", path + rule, lambda number, kind=kind: self.rule(kind, number)),
                ("PUT", path + rule, lambda number, kind=kind: self.change_rule(kind, number)),
                ("DELETE", path + rule, lambda number, kind=kind: self.delete_rule(kind, number)),
            ]
        return found

    # -- webhooks --

    def webhooks(self) -> Json:
        page = self.page("webhooks", list(self.zendesk.webhooks.values()), _webhook)
        return {"meta": {"has_more": False}, "links": {"next": None, "prev": None}} | page

    def create_webhook(self) -> tuple[Json, int]:
        asked = payload("webhook")
        missing = [name for name in _NEEDED if not asked.get(name)]
        if missing:
            raise Refused(400, _problem(f"{missing[0]} is required"))
        types = asked.get("subscriptions") or []
        self._check_types(types)
        webhook = self.zendesk.subscribe(
            asked["endpoint"],
            None,
            types,
            name=asked["name"],
            kind="conditional" if types in ([], [_CONDITIONAL]) else "event",
            headers=_extra_headers(asked),
            created_by=g.user_id,
        )
        return {"webhook": _webhook(webhook)}, 201

    def webhook(self, webhook: str) -> Json:
        return {"webhook": _webhook(self._webhook(webhook))}

    def change_webhook(self, webhook: str) -> tuple[str, int]:
        """What is given is changed; the kind is for life."""
        asked = payload("webhook")
        with self.zendesk.lock:
            found = self._webhook(webhook)
            types = tuple(asked.get("subscriptions") or found.subscriptions)
            if (types == (_CONDITIONAL,)) != (found.subscriptions == (_CONDITIONAL,)):
                raise Refused(400, _problem("subscriptions of this webhook can't be changed so"))
            self._check_types(types)
            self.zendesk.webhooks[webhook] = replace(
                found,
                name=asked.get("name", found.name),
                endpoint=asked.get("endpoint", found.endpoint),
                status=asked.get("status", found.status),
                subscriptions=types,
            )
        return "", 204

    def delete_webhook(self, webhook: str) -> tuple[str, int]:
        with self.zendesk.lock:
            self._webhook(webhook)
            if any(webhook in _called(rule) for rule in self.zendesk.triggers.values()):
                raise Refused(400, _problem("the webhook is used by a trigger"))
            self.zendesk.webhooks.pop(webhook)
        return "", 204

    def signing_secret(self, webhook: str) -> Json:
        secret = self._webhook(webhook).secret
        return {"signing_secret": {"secret": secret, "algorithm": "SHA256"}}

    def reset_secret(self, webhook: str) -> tuple[Json, int]:
        with self.zendesk.lock:
            found = self._webhook(webhook)
            self.zendesk.webhooks[webhook] = replace(found, secret=self.zendesk.new_secret())
        return self.signing_secret(webhook), 201

    def invocations(self, webhook: str) -> Json:
        """The newest first; the word for one that succeeded is a guess, its code isn't."""
        self._webhook(webhook)
        latest: dict[str, Attempt] = {}
        for attempt in list(self.zendesk.courier.attempts):
            if attempt.shipment.lane.startswith(f"{self.zendesk.name}:{webhook}:"):
                latest[attempt.shipment.key] = attempt
        newest = sorted(latest.values(), key=lambda one: one.at, reverse=True)
        return self.page("invocations", newest, _invocation)

    def _webhook(self, webhook: str) -> Webhook:
        if webhook not in self.zendesk.webhooks:
            raise Refused.missing()
        return self.zendesk.webhooks[webhook]

    def _check_types(self, types: Sequence[str]) -> None:
        known = self.zendesk.known_events
        unknown = sorted(set(types) - known - {_CONDITIONAL}) if known is not None else []
        if unknown:
            raise Refused(400, _problem(f"unknown event type {unknown[0]}"))

    # -- triggers and views --

    def rules(self, kind: str) -> Json:
        return self.page(f"{kind}s", list(self._rules(kind).values()), lambda rule: rule)

    def rule(self, kind: str, number: int) -> Json:
        return {kind: self._rule(kind, number)}

    def create_rule(self, kind: str) -> tuple[Json, int]:
        return {kind: self._save(kind, self.zendesk.record_id(), payload(kind), {})}, 201

    def change_rule(self, kind: str, number: int) -> Json:
        return {kind: self._save(kind, number, payload(kind), self._rule(kind, number))}

    def delete_rule(self, kind: str, number: int) -> tuple[str, int]:
        with self.zendesk.lock:
            self._rule(kind, number)
            gone = self._rules(kind).pop(number)
            if kind == "trigger":
                self._hang_up(_called(gone))
        return "", 204

    def view_tickets(self, number: int) -> Json:
        """Those a view shows."""
        conditions = self._rule("view", number)["conditions"]
        with self.zendesk.lock:
            live = [one for one in self.zendesk.tickets.values() if not one.deleted]
            shown = [one for one in live if _holds(conditions, Saved(None, one, frozenset(), -1))]
        return self.page("tickets", shown, self.show_ticket)

    def _save(self, kind: str, number: int, asked: Json, before: Json) -> Json:
        conditions = asked.get("conditions") or {
            part: asked.get(part, []) for part in ("all", "any")
        }
        if not asked.get("title") and not before:
            raise Refused.invalid("title", "Title: cannot be blank", "BlankValue")
        if not any(conditions.values()):
            raise Refused.invalid("base", "a rule must have a condition")
        at = iso(self.zendesk.now())
        rule: Json = {
            "active": True,
            "description": None,
            "created_at": at,
            **before,
            **{name: asked[name] for name in ("title", "description", "active") if name in asked},
            "id": number,
            "updated_at": at,
            "conditions": {"all": conditions.get("all", []), "any": conditions.get("any", [])},
        }
        with self.zendesk.lock:
            if kind == "trigger":
                rule["actions"] = asked.get("actions") or before.get("actions") or []
                if not rule["actions"]:
                    raise Refused.invalid("base", "a trigger must have an action")
                self._hang_up(_called(before))
                self._call(rule)
            self._rules(kind)[number] = rule
        return rule

    def _call(self, rule: Json) -> None:
        """From now on the trigger's webhook hears of what its conditions name."""

        called = _called(rule)

        def when(saved: Saved) -> bool:
            active = [self.zendesk.webhooks[one].status == "active" for one in called]
            return bool(rule["active"]) and all(active) and _holds(rule["conditions"], saved)

        for webhook, template in called.items():
            if webhook not in self.zendesk.webhooks:
                raise Refused.invalid("actions", f"webhook {webhook} is not known")
            found = self.zendesk.webhooks[webhook]
            self.zendesk.webhooks[webhook] = replace(found, when=when, template=template)

    def _hang_up(self, called: Mapping[str, str]) -> None:
        for webhook in called:
            if found := self.zendesk.webhooks.get(webhook):
                self.zendesk.webhooks[webhook] = replace(found, when=None, template=None)

    def _rules(self, kind: str) -> dict[int, Json]:
        return self.zendesk.triggers if kind == "trigger" else self.zendesk.views

    def _rule(self, kind: str, number: int) -> Json:
        if number not in self._rules(kind):
            raise Refused.missing()
        return self._rules(kind)[number]

    # -- tokens --

    def own_token(self) -> Json:
        grant: Grant = g.grant
        return {"token": {"user_id": grant.user_id, "scopes": list(grant.scopes)}}


def payload(key: str) -> Json:
    """The inside of `{key: {...}}`; empty when the body is not wrapped so, as the vendor reads it."""
    body = request.get_json(silent=True)
    inside = body.get(key) if isinstance(body, dict) else None
    return inside if isinstance(inside, dict) else {}


def _called(rule: Json) -> dict[str, str]:
    """The webhooks that a trigger calls, with the template for each."""
    return {
        action["value"][0]: action["value"][1]
        for action in rule.get("actions", ())
        if action["field"] == "notification_webhook"
    }


def _holds(conditions: Json, saved: Saved) -> bool:
    some = conditions["any"]
    return all(_true(one, saved) for one in conditions["all"]) and (
        not some or any(_true(one, saved) for one in some)
    )


def _true(condition: Json, saved: Saved) -> bool:
    """Whether a condition holds after a save. What is not understood holds never."""
    field, operator, value = (condition.get(n) for n in ("field", "operator", "value"))
    ticket = saved.after
    match field, operator:
        case "satisfaction_score", "changed":
            return "rated" in saved.events
        case "satisfaction_score", "is":
            return str(value) in set(_scores(ticket.rating))
        case "role", "is_not":
            return str(saved.actor_id) != str(value)
        case "status", "less_than":
            return STATUSES.index(ticket.status) < STATUSES.index(str(value))
        case "current_tags", "includes":
            return bool(set(str(value).split()) & set(ticket.tags))
    return False


def _scores(rating: Rating | None) -> Iterator[str]:
    if rating:
        yield rating.score
        if rating.comment:
            yield f"{rating.score}_with_comment"


def _webhook(webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "status": webhook.status,
        "subscriptions": list(webhook.subscriptions),
        "endpoint": webhook.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "created_at": iso(webhook.created_at),
        "created_by": str(webhook.created_by),
    }


def _invocation(attempt: Attempt) -> Json:
    status = "success" if attempt.delivered else "terminated"
    shown: Json = {
        "id": attempt.shipment.key,
        "status": status,
        "latest_completed_at": iso(attempt.at),
    }
    return shown | ({"status_code": attempt.status} if attempt.status else {})


def _extra_headers(asked: Json) -> dict[str, str]:
    """A webhook's own authentication, on top of the signature."""
    authentication = asked.get("authentication") or {}
    data = authentication.get("data") or {}
    headers = dict(asked.get("custom_headers") or {})
    if authentication.get("type") == "bearer_token":
        headers["Authorization"] = f"Bearer {data.get('token')}"
    elif authentication.get("type") == "basic_auth":
        pair = f"{data.get('username')}:{data.get('password')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif authentication.get("type") == "api_key":
        headers[str(data.get("name"))] = str(data.get("value"))
    return headers


def _problem(why: str) -> Json:
    return {"errors": [{"code": "invalid", "title": "Invalid webhook", "detail": why}]}
