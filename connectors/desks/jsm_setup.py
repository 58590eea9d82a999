"""Jira's side of our doors: the admin webhook, and the recipe of an automation rule, which only people can make.

A webhook is ours if it bears our name for the door and calls the door's path; nothing else is touched. Jira never
tells a webhook's secret again, only `isSigned`. So one whose secret we don't hold is given a new one; and that a PUT
takes a secret is unconfirmed, so whatever differs is mended by making the webhook anew and then deleting the old one:
what both tell meanwhile has the same ids. Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/ (admin
webhooks); that the call of REST takes a `secret` is seen in the code of others
(https://github.com/n8n-io/n8n/pull/8822).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from bridge.domain.model import Undeliverable, Unreadable
from connectors import Door, Found, Step
from connectors.desks import jsm_changes
from connectors.desks import jsm_shapes as shapes
from connectors.plain import plain
from connectors.reading import Node
from connectors.skew import skew

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

WEBHOOK = "jsm"
RULE = "jsm-automation"
SURVEY = "jsm-csat"

# What alerts are made of. The rest is asked for first and left out where it is refused.
NEEDED = ("comment_created", "jira:issue_created", "jira:issue_deleted", "jira:issue_updated")
ALL = (*NEEDED, "comment_deleted", "comment_updated")

FILTER = "projectType = service_desk"
"""Which issues we hear of. That a webhook's filter takes it is unconfirmed; refused, there is no filter."""

PERMISSIONS: Mapping[str, str] = {
    "BROWSE_PROJECTS": "requests can't be read",
    "EDIT_ISSUES": "labels can't be set",
    "ADD_COMMENTS": "no notes can be written",
    "SERVICEDESK_AGENT": "no internal notes can be written, and no answers to surveys seen",
}
"""What the account needs in each service project, and what is so without it."""

_ADMIN = "ADMINISTER"
_PATH = "rest/webhooks/1.0/webhook"
_SECTION = "issue-related-events-section"
_MOST_PROJECTS = 20  # whose permissions are looked at, a call each
_BY_HAND = "docs/setup-jira.md tells how to do it by hand"
_CREDENTIALS = "look at `user`, at the token and at when it expires; docs/setup-jira.md"
_SEARCH = (
    'without a search there is no sweep and no import: say `sweep = "off"`, or docs/setup-jira.md'
)
_AGENT = "make the account an agent of the project: docs/setup-jira.md"
_RECIPE = (
    "Project settings > Automation > Create rule. When: Field value changed, field Satisfaction. "
    "If: the request has a rating (optional). Then: Send web request, POST, to {url}; "
    "header X-Bridge-Secret, hidden, with what {variable} holds; "
    "web request body: Custom data, the JSON in docs/setup-jira.md"
)


class Webhook(Struct, frozen=True, kw_only=True):
    """An admin webhook. `bare` is without the issue; `signed` is None where Jira doesn't say."""

    id: str
    name: str
    url: str
    enabled: bool
    bare: bool
    signed: bool | None
    events: frozenset[str]
    filters: Mapping[str, Any]


class JsmSetup:
    """See `connectors.Setup`. Of the doors, those of the kinds "jsm", "jsm-automation" and "jsm-csat" are served."""

    def __init__(self, desk: JiraServiceManagement, doors: Sequence[Door]) -> None:
        self.desk = desk
        self.doors = [door for door in doors if door.kind in {WEBHOOK, RULE, SURVEY}]
        self.hooked = [door for door in self.doors if door.kind == WEBHOOK]

    def run(self, *, dry: bool = False) -> Iterator[Step]:
        """Make what is missing and mend what differs; rules are left to be made by hand. Raises Undeliverable."""
        self.desk.me()
        try:
            known = self._webhooks() if self.hooked else []
        except shapes.Missing:
            known = None
        for door in self.doors:
            if door.kind == RULE:
                yield _rule(door, dry=dry)
            elif door.kind == SURVEY:
                detail = "it is asked for news; nothing calls us"
                yield Step(do="keep", what=f"source {door.name}", detail=detail)
            elif known is None:
                detail = f"this Jira has no such call; {_BY_HAND}"
                yield Step(do="by hand", what=_what(door), detail=detail)
            else:
                yield from self._webhook(door, known, dry=dry)

    def remove(self, *, dry: bool = False) -> Iterator[Step]:
        """Take away webhooks; a rule is a person's to delete. Raises Undeliverable."""
        known = self._webhooks() if self.hooked else []
        for door in self.hooked:
            for hook in (hook for hook in known if _is_ours(hook, door)):
                if hook.url == door.url:
                    yield self._delete(hook, _what(door), dry=dry)
                else:
                    why = f"it calls {_host(hook.url)}, and so may be another installation's"
                    yield Step(do="by hand", what=_what(door), detail=why)
        for door in self.doors:
            if door.kind == RULE:
                detail = f"delete or disable the rule that calls {door.url}"
                yield Step(do="by hand", what=_rule_of(door), detail=detail)

    # -- webhooks --

    def _webhook(self, door: Door, known: Sequence[Webhook], *, dry: bool) -> Iterator[Step]:
        ours = [hook for hook in known if _is_ours(hook, door)]
        ours.sort(key=lambda h: (h.url != door.url, len(_differences(h, door)), -int(h.id)))
        hook = ours[0] if ours else None
        why = _differences(hook, door) if hook else [door.url]
        if hook and not door.secret:
            why.append("its secret isn't known here, and gets replaced")
        if hook and not why:
            detail = "whether its secret is ours, Jira doesn't tell"
            yield Step(do="keep", what=_what(door), detail=detail)
        else:
            fresh = "" if door.secret or dry else secrets.token_urlsafe(32)
            if not dry:
                self._make(door, hook, door.secret or fresh)
            yield Step(
                do="change" if hook else "create",
                what=_what(door),
                detail="; ".join(why),
                variable=door.variable if fresh else "",
                secret=fresh,
            )
            if hook and not dry:  # after the new one's secret was told: it can't be had again
                self._delete(hook, _what(door), dry=dry)
        for twin in ours[1:]:
            if twin.url == door.url:
                yield self._delete(twin, f"a second {_what(door)}", dry=dry)

    def _make(self, door: Door, old: Webhook | None, secret: str) -> None:
        """A new webhook with as much as Jira takes. A filter that a person may have narrowed is kept."""
        filters = old.filters if old else {_SECTION: FILTER}
        wanted = {"name": _name(door), "url": door.url, "excludeBody": False, "secret": secret}
        tries = [(ALL, filters), (NEEDED, filters)] + ([] if old else [(NEEDED, {})])
        for number, (events, some) in enumerate(tries, 1):
            body = {**wanted, "events": list(events), "filters": some}
            try:
                self.desk.request("POST", _PATH, body=body)
            except Undeliverable as error:
                if error.retry_after is not None or error.wide or number == len(tries):
                    raise
            else:
                return

    def _delete(self, hook: Webhook, what: str, *, dry: bool) -> Step:
        if not dry:
            self.desk.request("DELETE", f"{_PATH}/{hook.id}")
        return Step(do="remove", what=what)

    def _webhooks(self) -> list[Webhook]:
        """All that can be named. Raises Undeliverable, and Missing where Jira has no such call."""
        answer = self.desk.request("GET", _PATH)
        try:
            found = [_read(node) for node in shapes.decode(answer).items()]
        except Unreadable:
            raise Undeliverable(f"{self.desk.name}: its webhooks can't be read") from None
        return [hook for hook in found if hook.id]

    # -- looking --

    def inspect(self, now: datetime) -> Iterator[Found]:
        """Who we are and may do, in which service projects, whether the clocks agree, what can be read of many
        issues at once, and each door's webhook."""
        name = f"desk {self.desk.name}"
        try:
            us = self.desk.me()
            answer = self.desk.response("GET", "rest/api/2/myself")
        except Undeliverable as error:
            yield Found(False, f"{name}: {error}", _CREDENTIALS)
            return
        yield Found(True, f"{name}: we are {plain(us.name, 60)}")
        yield from skew(name, answer.headers.get("Date", ""), now)
        try:
            yield from self._projects(name)
        except Undeliverable as error:
            yield Found(False, f"{name}: its projects can't be looked at: {error}", _AGENT)
        yield from self._many(name)
        if self.hooked:
            yield from self._hooks(name)

    def _projects(self, name: str) -> Iterator[Found]:
        projects = sorted(self.desk.groups())
        if not projects:
            yield Found(False, f"{name}: no service project is seen by us", _AGENT)
            return
        shown = [plain(key, 40) for key in projects[:_MOST_PROJECTS]]
        more = len(projects) - len(shown)
        rest = f" and {more} more, which weren't looked at" if more > 0 else ""
        yield Found(True, f"{name}: service projects {', '.join(shown)}{rest}")
        for key in projects[:_MOST_PROJECTS]:
            missing = self._missing(tuple(PERMISSIONS), {"projectKey": key})
            for permission in missing:
                without = PERMISSIONS[permission]
                what = f"{name}: project {plain(key, 40)}: {permission} is missing: {without}"
                yield Found(False, what, _AGENT)

    def _many(self, name: str) -> Iterator[Found]:
        """The search, and the changelogs of many issues at once, which sweeps and imports are made of."""
        try:
            newest, _ = self.desk.search_page(
                f"{FILTER} ORDER BY created DESC", ["created"], limit=1
            )
        except shapes.Missing:  # as on a server of one's own
            yield Found(True, f"{name}: it has no search that we know: no sweep, and no import")
            return
        except Undeliverable as error:
            yield Found(False, f"{name}: it can't be searched: {error}", _SEARCH)
            return
        yield Found(True, f"{name}: it can be searched")
        keys = [str(issue["id"]) for issue in newest if issue.get("id")]
        try:
            together = jsm_changes.together(self.desk, keys)
        except Undeliverable as error:
            yield Found(False, f"{name}: changelogs can't be read: {error}", _AGENT)
            return
        if together is None:
            what = f"{name}: it doesn't give changelogs of many issues at once"
            yield Found(True, f"{what}: a sweep costs one call for each issue that changed")

    def _missing(self, names: Sequence[str], where: Mapping[str, str]) -> list[str]:
        """Permissions that we don't have there."""
        params = {"permissions": ",".join(names), **where}
        answer = self.desk.request("GET", "rest/api/2/mypermissions", params=params)
        try:
            have = shapes.decode(answer)["permissions"].members()
            return [one for one in names if not have[one]["havePermission"].flag()]
        except Unreadable:
            raise Undeliverable(f"{self.desk.name}: our permissions can't be read") from None

    def _hooks(self, name: str) -> Iterator[Found]:
        """The webhooks, which only an administrator can see: needed to set them up, not to live with them."""
        try:
            if self._missing((_ADMIN,), {}):
                what = f"{name}: we don't administer Jira: webhooks can't be looked at"
                yield Found(True, f"{what}, and who watches an issue gets e-mail of our labels")
                return
            known = self._webhooks()
        except Undeliverable as error:
            yield Found(False, f"{name}: webhooks can't be looked at: {error}", _BY_HAND)
            return
        for door in self.hooked:
            yield from self._hook(door, known)

    def _hook(self, door: Door, known: Sequence[Webhook]) -> Iterator[Found]:
        run = f"run `bridge setup {self.desk.name}`"
        at_url = [hook for hook in known if hook.url == door.url]
        ours = at_url or [hook for hook in known if _is_ours(hook, door)]
        if not ours:
            yield Found(False, f"source {door.name}: no webhook calls {door.url}", run)
            return
        best = min(ours, key=lambda hook: len(_differences(hook, door)))
        if problems := _differences(best, door):
            what = f"source {door.name}: its webhook: {'; '.join(problems)}"
            yield Found(False, what, run)
            return
        signed = "" if best.signed else "; whether it signs, Jira doesn't say"
        yield Found(True, f"source {door.name}: its webhook calls {door.url}{signed}")


def _rule(door: Door, *, dry: bool) -> Step:
    """What a person is to do. The secret is of our choice, unless there is one."""
    fresh = "" if door.secret or dry else secrets.token_urlsafe(32)
    return Step(
        do="by hand",
        what=_rule_of(door),
        detail=_RECIPE.format(url=door.url, variable=door.variable),
        variable=door.variable if fresh else "",
        secret=fresh,
    )


def _read(node: Node) -> Webhook:
    """Raises Unreadable. The id stands at the end of its address alone; "" where it doesn't."""
    number = re.search(r"/([0-9]{1,18})/?$", node.members()["self"].text(), re.ASCII)
    filters = node["filters"]
    return Webhook(
        id=number[1] if number else "",
        name=node["name"].text(),
        url=node["url"].text(),
        enabled=node["enabled"].flag() is not False,
        bare=node["excludeBody"].flag() is True,
        signed=node["isSigned"].flag(),
        events=frozenset(event.text() for event in node["events"].items()),
        filters=filters.members().value if filters else {},
    )


def _differences(hook: Webhook, door: Door) -> list[str]:
    """What is to be mended, in words."""
    found = []
    if hook.url != door.url:
        found.append(f"it calls {_host(hook.url)}, not {door.url}")
    if not hook.enabled:
        found.append("it is disabled")
    if hook.bare:
        found.append("it leaves out the body")
    if hook.signed is False:
        found.append("it has no secret, so nothing is signed")
    if missing := sorted(set(NEEDED) - hook.events):
        found.append(f"it doesn't hear {', '.join(missing)}")
    return found


def _name(door: Door) -> str:
    return f"Alert Bridge: {door.name}"


def _what(door: Door) -> str:
    return f"webhook “{_name(door)}”"


def _rule_of(door: Door) -> str:
    return f"automation rule for {door.name}"


def _is_ours(hook: Webhook, door: Door) -> bool:
    return hook.name == _name(door) and urlsplit(hook.url).path == urlsplit(door.url).path


def _host(url: str) -> str:
    """An address without what may be secret in it."""
    return plain(urlsplit(url).hostname or "another address", 80)
