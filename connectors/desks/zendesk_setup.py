"""Zendesk's side of our doors: webhooks, the trigger on satisfaction, and a view of the tickets with a live alert.

A webhook is ours if it bears our name for the door and calls the door's path; a trigger if it bears our title and calls
such a webhook; the view by its title and description. Nothing else is touched. Sources:
https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks and .../ticketing/business-rules/triggers.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from bridge.domain.model import Undeliverable
from bridge.domain.routing import tag
from bridge.domain.rules import rules
from connectors import Door, Found, Step
from connectors.desks.zendesk_inspect import deliveries, role
from connectors.desks.zendesk_shapes import (
    Condition,
    Conditions,
    Invocations,
    OwnTokenPage,
    SigningSecretPage,
    Trigger,
    Triggers,
    View,
    Views,
    Webhook,
    WebhookPage,
    Webhooks,
    decode,
)
from connectors.desks.zendesk_webhooks import SATISFACTION_TEMPLATE
from connectors.plain import plain
from connectors.skew import skew

if TYPE_CHECKING:
    from connectors.desks.zendesk import Zendesk

EVENTS = "zendesk"
TRIGGER = "zendesk-trigger"
TITLE = "Alert Bridge: satisfaction"
VIEW = "Live alerts"
KEPT = "Alert Bridge keeps this view: tickets with an alert that stands."
CONDITIONAL = "conditional_ticket_events"  # what a trigger's webhook is subscribed to
"""A webhook is of one kind for life (https://support.zendesk.com/hc/en-us/articles/4408839108378)."""

# What alerts are made of. The rest, as well as messages, is asked for first and left out where it is refused: which
# names an account knows depends on its plan (unconfirmed).
_NEEDED = (
    "agent_assignment_changed",
    "comment_added",
    "comment_made_private",
    "created",
    "custom_status_changed",
    "group_assignment_changed",
    "marked_as_spam",
    "merged",
    "permanently_deleted",
    "priority_changed",
    "soft_deleted",
    "status_changed",
    "tags_changed",
    "undeleted",
)
# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
_WELCOME = (
    "brand_changed",
    "csat_received",
    "custom_field_changed",
    "description_changed",
    "external_id_changed",
    "form_changed",
    "next_sla_breach_changed",
    "organization_changed",
    "problem_link_changed",
    "requester_changed",
    "schedule_changed",
    "sla_policy_changed",
    "subject_changed",
    "submitter_changed",
    "task_due_at_changed",
    "type_changed",
)
_PREFIX = "zen:event-type:ticket."
NEEDED = tuple(_PREFIX + name for name in _NEEDED)
ALL = (
    *NEEDED,
    *(_PREFIX + name for name in _WELCOME),
    "zen:event-type:messaging_ticket.message_added",
)
_RATINGS = ("good", "good_with_comment", "bad", "bad_with_comment")
_BY_HAND = "docs/setup-zendesk.md tells how to do it by hand"
_RIGHTS = (
    "the token's user has to be an admin, and its OAuth client needs the scopes read and write"
)


class ZendeskSetup:
    """See `connectors.Setup`. Of the doors, those of the kinds "zendesk" and "zendesk-trigger" are served."""

    def __init__(self, desk: Zendesk, doors: Sequence[Door]) -> None:
        self.desk = desk
        self.doors = [door for door in doors if door.kind in {EVENTS, TRIGGER}]

    def run(self, *, dry: bool = False) -> Iterator[Step]:
        """Make what is missing and mend what differs. A trigger or view that is refused is left to be done by hand."""
        us = self.desk.me().id
        known = self._webhooks()
        for door in self.doors:
            webhook = yield from self._webhook(door, known, dry=dry)
            if door.kind == TRIGGER:
                rule = self._trigger(webhook, us, dry=dry)
                yield from _or_by_hand(f"trigger “{TITLE}”", rule)
        yield from _or_by_hand(f"view “{VIEW}”", self._view(dry=dry))

    def remove(self, *, dry: bool = False) -> Iterator[Step]:
        """Take away triggers first, for a webhook that a trigger calls may be refused to go (unconfirmed)."""
        known = self._webhooks()
        ours = [hook for door in self.doors for hook in known if _is_ours(hook, door)]
        urls = {door.url for door in self.doors}
        gone = [hook for hook in ours if hook.endpoint in urls]
        for trigger in self._triggers():
            if _calls(trigger, {hook.id for hook in gone}):
                yield self._delete(f"triggers/{trigger.id}.json", f"trigger “{TITLE}”", dry)
        for view in self._views():
            yield self._delete(f"views/{view.id}.json", f"view “{VIEW}”", dry)
        for hook in ours:
            if hook.endpoint in urls:
                yield self._delete(f"webhooks/{quote(hook.id)}", f"webhook “{hook.name}”", dry)
            else:
                why = f"it calls {_host(hook.endpoint)}, and so may be another installation's"
                yield Step(do="by hand", what=f"webhook “{hook.name}”", detail=why)

    # -- webhooks --

    def _webhook(
        self, door: Door, known: Sequence[Webhook], *, dry: bool
    ) -> Generator[Step, None, str]:
        """The id of the door's webhook, "" while there is none."""
        name = _name(door)
        ours = sorted(
            (hook for hook in known if _is_ours(hook, door)), key=lambda h: h.endpoint != door.url
        )
        right = [hook for hook in ours if _is_trigger(hook) == (door.kind == TRIGGER)]
        for hook in ours:
            if hook not in right and hook.endpoint == door.url:
                yield self._delete(f"webhooks/{quote(hook.id)}", f"webhook “{name}”", dry)
        if not right:
            if dry:
                yield Step(do="create", what=f"webhook “{name}”", detail=door.url)
                return ""
            made = self._create(door)
            yield self._told("create", door, made, door.url)
            return made
        hook = right[0]
        differs = _differences(hook, door)
        if differs and not dry:
            self._patch(hook, door)
        if dry:
            step = Step(do="change" if differs else "keep", what=f"webhook “{name}”")
            yield Step(do=step.do, what=step.what, detail="; ".join(differs))
        else:
            yield self._told("change" if differs else "keep", door, hook.id, "; ".join(differs))
        for twin in right[1:]:
            if twin.endpoint == door.url:
                yield self._delete(f"webhooks/{quote(twin.id)}", f"a second webhook “{name}”", dry)
        return hook.id

    def _create(self, door: Door) -> str:
        def post(subscriptions: Sequence[str]) -> bytes:
            webhook = _wanted(door, subscriptions)
            return self.desk.request("POST", "webhooks", body={"webhook": webhook})

        made = decode(_widest(door, post), WebhookPage)
        if made is None:
            raise Undeliverable(f"{self.desk.name}: the new webhook's answer can't be read")
        return made.webhook.id

    def _patch(self, hook: Webhook, door: Door) -> None:
        """That subscriptions can be changed so is unconfirmed; refused, it is an error that says so."""

        def patch(subscriptions: Sequence[str]) -> bytes:
            webhook = _wanted(door, subscriptions)
            return self.desk.request(
                "PATCH", f"webhooks/{quote(hook.id)}", body={"webhook": webhook}
            )

        _widest(door, patch)

    def _told(self, do: str, door: Door, webhook: str, detail: str) -> Step:
        """The step, with the signing secret where we don't hold it yet."""
        secret = self._secret(webhook)
        known = hmac.compare_digest(secret.encode(), door.secret.encode())
        return Step(
            do=do,
            what=f"webhook “{_name(door)}”",
            detail=detail,
            variable="" if known else door.variable,
            secret="" if known else secret,
        )

    def _secret(self, webhook: str) -> str:
        path = f"webhooks/{quote(webhook)}/signing_secret"
        return self.desk.shown(path, SigningSecretPage).signing_secret.secret

    def _webhooks(self) -> list[Webhook]:
        return [hook for page in self.desk.pages("webhooks", Webhooks) for hook in page.webhooks]

    # -- trigger and view --

    def _trigger(self, webhook: str, us: str, *, dry: bool) -> Iterator[Step]:
        """Tells us of a rating. That we are the one who rates is ruled out, lest a write of ours calls us back.

        The fields `satisfaction_score` and `role` and their values are unconfirmed.
        """
        changed = Condition(field="satisfaction_score", operator="changed")
        not_us = Condition(field="role", operator="is_not", value=us)
        given = [Condition(field="satisfaction_score", operator="is", value=v) for v in _RATINGS]
        conditions = Conditions(all=[changed, not_us], any=given)
        action = {"field": "notification_webhook", "value": [webhook, SATISFACTION_TEMPLATE]}
        wanted = {
            "title": TITLE,
            "description": "Alert Bridge keeps this trigger.",
            "active": True,
            "conditions": _conditions(conditions),
            "actions": [action],
        }
        found = next((t for t in self._triggers() if webhook and _calls(t, {webhook})), None)
        same = (
            found is not None
            and found.active
            and found.conditions.keys() == conditions.keys()
            and [list(a.value) for a in found.actions] == [action["value"]]
        )
        what, number = f"trigger “{TITLE}”", found.id if found else None
        yield self._put("trigger", number, wanted, what, same=same, dry=dry)

    def _view(self, *, dry: bool) -> Iterator[Step]:
        """Tickets that aren't closed and bear a tag of ours.

        One condition for each tag: that one with several tags means any of them is unconfirmed.
        """
        standing = [Condition(field="status", operator="less_than", value="closed")]
        tags = [
            Condition(field="current_tags", operator="includes", value=tag(name))
            for name in sorted(rules())
        ]
        conditions = Conditions(all=standing, any=tags)
        columns = ["nice_id", "description", "requester", "group", "assignee", "priority"]
        wanted = {
            "title": VIEW,
            "description": KEPT,
            "active": True,
            **_conditions(conditions),
            "output": {"columns": columns, "sort_by": "updated", "sort_order": "desc"},
        }
        found = next(iter(self._views()), None)
        same = found is not None and found.active and found.conditions.keys() == conditions.keys()
        number = found.id if found else None
        yield self._put("view", number, wanted, f"view “{VIEW}”", same=same, dry=dry)

    def _put(
        self,
        kind: str,
        number: int | None,
        wanted: Mapping[str, Any],
        what: str,
        *,
        same: bool,
        dry: bool,
    ) -> Step:
        """Make or mend a business rule."""
        if same:
            return Step(do="keep", what=what)
        if not dry:
            path = f"{kind}s/{number}.json" if number else f"{kind}s.json"
            self.desk.request("PUT" if number else "POST", path, body={kind: wanted})
        return Step(do="change" if number else "create", what=what)

    def _delete(self, path: str, what: str, dry: bool) -> Step:
        if not dry:
            self.desk.request("DELETE", path)
        return Step(do="remove", what=what)

    def _triggers(self) -> list[Trigger]:
        """Those with our title."""
        pages = self.desk.pages("triggers.json", Triggers)
        return [one for page in pages for one in page.triggers if one.title == TITLE]

    def _views(self) -> list[View]:
        """Ours."""
        found = [one for page in self.desk.pages("views.json", Views) for one in page.views]
        return [one for one in found if one.title == VIEW and one.description == KEPT]

    # -- looking --

    def inspect(self, now: datetime) -> Iterator[Found]:
        """Who we are and may do, whether the clocks agree, and how each door's webhook fares."""
        name = self.desk.name
        try:
            us = self.desk.me()
            answer = self.desk.response("GET", "users/me.json")
        except Undeliverable as error:
            yield Found(False, f"desk {name}: {error}", f"look at its credentials; {_BY_HAND}")
            return
        yield Found(True, f"desk {name}: we are {plain(us.name, 60)}")
        yield from role(f"desk {name}", answer.content)
        yield from skew(f"desk {name}", answer.headers.get("Date", ""), now)
        yield from self._scopes()
        try:
            known = self._webhooks()
        except Undeliverable as error:
            yield Found(False, f"desk {name}: webhooks can't be looked at: {error}", _RIGHTS)
            return
        for door in self.doors:
            try:
                yield from self._inspect(door, known, now)
            except Undeliverable as error:
                yield Found(False, f"source {door.name}: {error}", _RIGHTS)

    def _scopes(self) -> Iterator[Found]:
        """What the token may do, where Zendesk says so: that it does is unconfirmed."""
        try:
            scopes = self.desk.shown("oauth/tokens/current.json", OwnTokenPage).token.scopes
        except Undeliverable:
            return
        missing = [scope for scope in ("read", "write") if scope not in scopes]
        if missing:
            what = f"desk {self.desk.name}: the token lacks the scope {' and '.join(missing)}"
            yield Found(False, what, _RIGHTS)

    def _inspect(self, door: Door, known: Sequence[Webhook], now: datetime) -> Iterator[Found]:
        run = f"run `bridge setup {self.desk.name}`"
        right = [h for h in known if _is_trigger(h) == (door.kind == TRIGGER)]
        at_url = [hook for hook in right if hook.endpoint == door.url]
        ours = at_url or [hook for hook in right if _is_ours(hook, door)]
        if not ours:
            yield Found(False, f"source {door.name}: no webhook calls {door.url}", run)
            return
        hook = ours[0]
        problems = _differences(hook, door)
        if problems:
            yield Found(False, f"source {door.name}: its webhook: {'; '.join(problems)}", run)
        else:
            yield Found(True, f"source {door.name}: its webhook calls {door.url}")
        if door.secret and not hmac.compare_digest(
            self._secret(hook.id).encode(), door.secret.encode()
        ):
            what = f"source {door.name}: {door.variable} is not the webhook's signing secret"
            yield Found(False, what, f"{run} and set what it says")
        if door.kind == TRIGGER:
            called = [t for t in self._triggers() if t.active and _calls(t, {hook.id})]
            if not called:
                what = f"source {door.name}: no trigger “{TITLE}” calls its webhook"
                yield Found(False, what, f"{run}; another trigger of yours may do as well")
        path = f"webhooks/{quote(hook.id)}/invocations"
        newest = self.desk.shown(path, Invocations, params={"page[size]": "100"}).invocations
        yield deliveries(f"source {door.name}", newest, now)


def _or_by_hand(what: str, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps; what the account refuses for good is left to a person, for alerts come without it too."""
    try:
        yield from steps
    except Undeliverable as error:
        if error.retry_after is not None:
            raise
        yield Step(do="by hand", what=what, detail=f"{error}; {_BY_HAND}")


def _widest(door: Door, send: Callable[[Sequence[str]], bytes]) -> bytes:
    """The answer for all events, or where that is refused for those that are needed."""
    if door.kind == TRIGGER:
        return send([CONDITIONAL])
    try:
        return send(ALL)
    except Undeliverable as error:
        if error.retry_after is not None or error.wide:
            raise
        return send(NEEDED)


def _wanted(door: Door, subscriptions: Sequence[str]) -> dict[str, Any]:
    return {
        "name": _name(door),
        "endpoint": door.url,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": list(subscriptions),
    }


def _differences(hook: Webhook, door: Door) -> list[str]:
    """What is to be mended, in words."""
    found = []
    if hook.endpoint != door.url:
        found.append(f"it calls {_host(hook.endpoint)}, not {door.url}")
    if hook.status != "active":
        found.append(f"it is {plain(hook.status, 20) or 'not active'}")
    if (hook.http_method.upper(), hook.request_format.lower()) != ("POST", "json"):
        found.append("it doesn't send JSON by POST")
    missing = set(NEEDED) - set(hook.subscriptions or ())
    if door.kind == EVENTS and missing:
        names = sorted(name.removeprefix(_PREFIX) for name in missing)
        found.append(f"it isn't subscribed to {', '.join(names)}")
    return found


def _name(door: Door) -> str:
    return f"Alert Bridge: {door.name}"


def _is_ours(hook: Webhook, door: Door) -> bool:
    return hook.name == _name(door) and urlsplit(hook.endpoint).path == urlsplit(door.url).path


def _is_trigger(hook: Webhook) -> bool:
    return (hook.subscriptions or [CONDITIONAL]) == [CONDITIONAL]


def _calls(trigger: Trigger, webhooks: set[str]) -> bool:
    values = (a.value for a in trigger.actions if a.field == "notification_webhook")
    return any(isinstance(v, list) and v and v[0] in webhooks for v in values)


def _conditions(conditions: Conditions) -> dict[str, list[dict[str, Any]]]:
    def plainly(some: Sequence[Condition]) -> list[dict[str, Any]]:
        return [{"field": c.field, "operator": c.operator, "value": c.value} for c in some]

    return {"all": plainly(conditions.all), "any": plainly(conditions.any)}


def _host(url: str) -> str:
    """An address without what may be secret in it."""
    return plain(urlsplit(url).hostname or "another address", 80)
