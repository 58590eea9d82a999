"""A Jira Cloud site in memory, with Jira Service Management: people, projects, issues, webhooks.

People act through the methods of `Jira`; programs act over HTTP (see `jira_api`). Both make the
same changelog and send the same webhooks, so that a bridge hears its own writes as well.

Shapes follow developer.atlassian.com: cloud/jira/platform/rest/v3, cloud/jira/service-desk/rest
and cloud/jira/platform/webhooks.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.sandbox.courier import Courier
from bridge.sandbox.jira_edits import checked, item
from bridge.sandbox.jira_jql import Asking, parse
from bridge.sandbox.jira_records import (
    EVENTS,
    HAPPENINGS,
    PAUSING,
    PERMISSIONS,
    RESOLUTION,
    Comment,
    Cycle,
    Feedback,
    Grant,
    History,
    Issue,
    Project,
    Refused,
    Rule,
    Status,
    User,
    Webhook,
    slas_from,
)
from bridge.sandbox.jira_seed import seeded
from bridge.sandbox.jira_webhooks import Herald
from bridge.sandbox.wire import Bucket, Clock, Ids, Json, Window

_LONGEST = 32_767  # characters of a comment or a description
_KINDS = {"status": "issue_generic", "assignee": "issue_assigned", "project": "issue_moved"}


class Jira:
    """One site. All methods may be called from any thread; issues are named by id or by key.

    Limits, all in handed-in time, None for no limit (developer.atlassian.com/cloud/jira/platform/
    rate-limiting): `calls_per_second` to one endpoint for GET and POST (half of it for PUT and
    DELETE), `writes_per_issue` in 2 seconds (five times as many in 30).
    """

    name = "jira"

    def __init__(
        self,
        now: Clock,
        site: str = "demo",
        *,
        zone: str = "Etc/UTC",
        courier: Courier | None = None,
        calls_per_second: int | None = 100,
        writes_per_issue: int | None = 20,
    ) -> None:
        self.now = now
        self.site = site
        self.zone = zone
        """Where the site and its users are, as `America/New_York`; JQL's dates are read there."""
        self.courier = courier or Courier(now)
        self.users: dict[str, User] = {}
        self.projects: dict[str, Project] = {}
        """By key."""
        self.issues: dict[str, Issue] = {}
        """By id; deleted ones are kept, and marked so."""
        self.issue_ids: dict[str, str] = {}
        """Ids by id and by key. A moved issue is still found by its old keys."""
        self.webhooks: dict[int, Webhook] = {}
        self.rules: list[Rule] = []
        self.grants: dict[str, Grant] = {}
        """By token."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """Calls that arrived, by method and route, as ("PUT", "/rest/api/3/issue/{issue}")."""
        self.mailed: Counter[str] = Counter()
        """Updates that sent e-mail to the watchers, by issue id."""
        self.quota_spent = False
        """While True, each call answers that the hourly quota is used up."""
        self.index_lag = timedelta()
        """How long the search misses what was just changed, unless told to reconcile it."""
        self.bulk_changelogs = True
        """While False, the changelogs of many issues can't be asked for at once: 404."""
        self.embedded = 20
        """How many comments an issue shows by itself, the newest; which ones Jira shows is unconfirmed."""
        self.embeds_public = True
        """While False, a comment within an issue doesn't say whether customers see it."""
        self.shows_slas = True
        """While False, an issue's own fields tell nothing of its SLAs."""
        self.unfetchable: set[str] = set()
        """Ids of issues that a bulk read fails to give, with a word on each."""
        half = calls_per_second and max(1, calls_per_second // 2)
        self.bursts = {
            method: Bucket(now, limit, limit or 100)
            for method, limit in (
                ("GET", calls_per_second),
                ("POST", calls_per_second),
                ("PUT", half),
                ("DELETE", half),
            )
        }
        long = writes_per_issue and writes_per_issue * 5
        self.issue_limits = (
            Window(now, long, timedelta(seconds=30)),
            Window(now, writes_per_issue, timedelta(seconds=2)),
        )
        self.lock = threading.RLock()
        self._ids = Ids(f"jira:{site}")
        self._next_record = 10_000
        self._next_issue = 10_000
        self._herald = Herald(self, self._ids)
        self.automation_app = self.add_app("Automation for Jira", "automation@example.com")
        """The app that reopens what a customer answers to."""

    @property
    def host(self) -> str:
        """The address that the site believes to have, for the links in its webhooks."""
        return f"https://{self.site}.atlassian.net"

    # -- people, projects, tokens --

    def add_project(self, key: str, name: str, service_desk: bool = True) -> str:
        """A service desk, or else an ordinary software project; returns its key."""
        with self.lock:
            self.projects[key] = Project(self._record_id(), key, name, service_desk)
            return key

    def add_agent(self, name: str, email: str, zone: str | None = None) -> str:
        """A member of staff; returns the account id."""
        return self._add_user(User(self._ids.hex(24), name, email, "atlassian", zone or self.zone))

    def add_customer(self, name: str, email: str) -> str:
        """A customer of the portal; returns the account id, which has colons in it."""
        account = f"qm:{self._ids.uuid()}:{self._ids.uuid()}"
        return self._add_user(User(account, name, email, "customer", self.zone))

    def add_app(self, name: str, email: str, zone: str | None = None) -> str:
        """An app; returns the account id."""
        account = f"557058:{self._ids.uuid()}"
        return self._add_user(User(account, name, email, "app", zone or self.zone))

    def _add_user(self, user: User) -> str:
        with self.lock:
            self.users[user.account_id] = user
            return user.account_id

    def add_token(self, token: str, user: str, permissions: Iterable[str] = PERMISSIONS) -> None:
        """An API token: good with the user's e-mail address (basic), and alone (bearer)."""
        with self.lock:
            self.grants[token] = Grant(self.users[user], frozenset(permissions))

    def revoke(self, token: str) -> None:
        """Make a token invalid from now on."""
        with self.lock:
            self.grants.pop(token, None)

    # -- what people do --

    def open_request(
        self,
        customer: str,
        summary: str,
        description: str,
        project: str,
        priority: str = "Medium",
        *,
        labels: Iterable[str] = (),
        organization: str | None = None,
        request_type: str | None = "Get help",
        opened_by: str | None = None,
    ) -> str:
        """A customer asks for help (or staff on their behalf); returns the issue's id."""
        with self.lock:
            at, home = self.now(), self.projects[project]
            kept = checked({"labels": list(labels), "priority": priority}, self.users)
            self._next_issue += 1
            issue = Issue(
                id=str(self._next_issue),
                key=self._next_key(home),
                project=home,
                summary=summary,
                description=description,
                status=home.statuses[0],
                **kept,
                reporter=customer,
                creator=opened_by or customer,
                created=at,
                updated=at,
                status_changed=at,
                request_type=request_type if home.is_desk else None,
                organization=organization,
            )
            if issue.is_request:
                issue.slas = slas_from(at)
            self.issues[issue.id] = issue
            self.issue_ids[issue.id] = self.issue_ids[issue.key] = issue.id
            self._herald.issue("jira:issue_created", "issue_created", issue, issue.creator)
            self._herald.automate({"created"}, issue)
            return issue.id

    def seed(
        self, customer: str, agent: str, project: str, count: int, since: datetime
    ) -> list[str]:
        """`count` open requests, a second apart from `since` on, without webhooks; returns their ids.

        Each was taken up by the agent in the minute after, answered, and noted upon.
        """
        with self.lock:
            home, first = self.projects[project], self._next_issue + 1
            self._next_issue += count
            for number in range(count):
                issue = seeded(
                    str(first + number),
                    self._next_key(home),
                    since + timedelta(seconds=number),
                    home=home,
                    customer=customer,
                    agent=agent,
                    record_id=self._record_id,
                )
                self.issues[issue.id] = issue
                self.issue_ids[issue.id] = self.issue_ids[issue.key] = issue.id
            return [str(first + number) for number in range(count)]

    def reply(self, issue: str, who: str, words: str) -> Comment:
        """Say something that the customer reads; a customer's words reopen what waits or is resolved."""
        return self.comment(issue, who, words, public=True)

    def note(self, issue: str, who: str, words: str) -> Comment:
        """Write an internal note. In a software project there is no such thing: all can read it."""
        return self.comment(issue, who, words, public=False)

    def set_status(self, issue: str, who: str, status: str) -> None:
        """Move along the workflow, to any status of it."""
        with self.lock:
            self.save(issue, who, {"status": self._live(issue).project.status(status)})

    def resolve(self, issue: str, who: str, words: str | None = None) -> None:
        """Resolve (in a software project: be done), with a last public comment if there are words."""
        with self.lock:
            found = self._live(issue)
            if words:
                self.reply(issue, who, words)
            self.set_status(issue, who, "Resolved" if found.project.is_desk else "Done")

    def assign(self, issue: str, who: str, assignee: str | None) -> None:
        """Give the issue to somebody, or to nobody."""
        self.save(issue, who, {"assignee": assignee})

    def move(self, issue: str, who: str, project: str) -> str:
        """Move to another project: the id stays, the key does not. Returns the new key."""
        with self.lock:
            found, home = self._live(issue), self.projects[project]
            changes: Json = {"project": home, "key": self._next_key(home)}
            if found.status not in home.statuses:
                alike = [one for one in home.statuses if one.category == found.status.category]
                changes["status"] = alike[0]
            self.save(issue, who, changes)
            self.issue_ids[found.key] = found.id
            return found.key

    def rate(
        self, issue: str, rating: Literal[1, 2, 3, 4, 5], words: str | None = None
    ) -> Feedback:
        """The customer rates; a second time replaces the first.

        No webhook tells of it and `updated` stays as it is (unconfirmed): programs ask for feedback,
        or an automation rule sends it.
        """
        with self.lock:
            found = self._live(issue)
            if not found.is_request:
                raise Refused.desk(400, "Only a request can be rated.")
            found.feedback = Feedback(rating, words)
            self._herald.automate({"rated"}, found)
            return found.feedback

    def delete(self, issue: str, who: str) -> None:
        """Delete for good: its API answers 404 from now on."""
        with self.lock:
            found = self._live(issue)
            found.deleted = True
            self._herald.issue("jira:issue_deleted", None, found, who)
            self._herald.automate({"deleted"}, found)

    # -- what people see --

    def public_view(self, issue: str) -> list[tuple[str, str]]:
        """What the customer sees: (author's name, text), the description first, then public comments."""
        with self.lock:
            found = self.issues[self.issue_ids[issue]]
            return [(self.user_name(found.reporter), found.description), *self._said(found, True)]

    def notes(self, issue: str) -> list[tuple[str, str]]:
        """What only agents see: (author's name, text) of the internal notes, oldest first."""
        with self.lock:
            return self._said(self.issues[self.issue_ids[issue]], False)

    def _said(self, issue: Issue, public: bool) -> list[tuple[str, str]]:
        return [
            (self.user_name(comment.author), comment.text)
            for comment in issue.comments
            if comment.public is public
        ]

    def user_name(self, account_id: str) -> str:
        """A name for an account id."""
        return self.users[account_id].name if account_id in self.users else "Jira"

    # -- webhooks --

    def subscribe(
        self,
        url: str,
        secret: str | None = None,
        events: Iterable[str] = EVENTS,
        *,
        jql: str = "",
        name: str = "events",
        created_by: str | None = None,
    ) -> Webhook:
        """An admin webhook; it hears of the issues that `jql` finds, of all when it is empty.

        Raises Refused (400) for an unknown event, and for a query that is not understood.
        """
        with self.lock:
            named = tuple(events)
            if not named or set(named) - set(EVENTS):
                raise Refused.because(400, "Unknown or no events for a webhook.")
            parse(jql, self.asking())
            user = self.users.get(created_by or "")
            number = int(self._record_id())
            webhook = Webhook(number, name, url, secret, named, jql, self.now(), user)
            self.webhooks[number] = webhook
            return webhook

    def automation(
        self, url: str, header: str, secret: str, on: Collection[str] = ("rated",)
    ) -> Rule:
        """A rule that sends the issue as a web request when one of `HAPPENINGS` happens to it."""
        unknown = set(on) - set(HAPPENINGS)
        if unknown:
            raise ValueError(f"a rule cannot hear {sorted(unknown)}")
        with self.lock:
            rule = Rule(int(self._record_id()), url, header, secret, frozenset(on))
            self.rules.append(rule)
            return rule

    def asking(self, user: User | None = None) -> Asking:
        """What JQL's names mean for this user, or for the site itself."""
        zone = user.zone if user else self.zone
        return Asking(self.now(), zone, self.projects, self.issue_ids)

    # -- saving --

    def comment(self, issue: str, who: str, words: str, *, public: bool) -> Comment:
        """Add a comment. Raises Refused as the API would: 400 (no words, too many), 404."""
        with self.lock:
            found = self._live(issue)
            if not words.strip():
                raise Refused.field("comment", "Comment body can not be empty!")
            if len(words) > _LONGEST:
                why = f"The entered text is too long. It exceeds the allowed limit of {_LONGEST:,} characters."
                raise Refused.field("comment", why)
            seen = public or not found.project.is_desk
            comment = Comment(self._record_id(), who, words, seen, self.now())
            found.comments.append(comment)
            found.updated = comment.created
            customer = self.users[who].account_type == "customer"
            if seen and not customer:
                for sla in found.slas:
                    if sla.name == "Time to first response":
                        sla.finish(comment.created)
            self._herald.comment(found, comment)
            self._herald.automate({"commented"}, found)
            if customer and found.status.name in {*PAUSING, "Resolved"}:
                self.set_status(issue, self.automation_app, "Waiting for support")
            return comment

    def save(
        self, issue: str, who: str, changes: Mapping[str, Any], *, notify: bool = True
    ) -> History | None:
        """Change an issue once: one entry of the changelog, one webhook. None if nothing changed.

        Raises Refused as the API would: 400 (invalid), 404 (deleted).
        """
        with self.lock:
            found = self._live(issue)
            wanted = checked(changes, self.users)
            changed = {
                name: value for name, value in wanted.items() if getattr(found, name) != value
            }
            items = [
                item(name, getattr(found, name), new, self.user_name)
                for name, new in changed.items()
            ]
            if "status" in changed:
                items += self._enter(found, changed["status"])
            if not items:
                return None
            for name, value in changed.items():
                setattr(found, name, value)
            found.updated = self.now()
            history = History(self._record_id(), who, found.updated, tuple(items))
            found.changelog.append(history)
            self.mailed[found.id] += notify
            kind = next((_KINDS[name] for name in _KINDS if name in changed), "issue_updated")
            self._herald.issue("jira:issue_updated", kind, found, who, history)
            besides = {"issue_assigned": {"assigned"}, "issue_moved": {"moved"}}.get(kind, set())
            self._herald.automate({"updated"} | besides, found)
            return history

    def _enter(self, issue: Issue, status: Status) -> list[Json]:
        """Do what goes with a new status: the resolution and the clocks. Returns its items."""
        at = issue.status_changed = self.now()
        was, done = issue.resolved is not None, status.category == "done"
        for sla in issue.slas:
            if done:
                sla.finish(at)
            elif sla.running is None and sla.name == "Time to resolution":
                sla.cycles.append(Cycle(at))
            elif sla.running is not None and status.name in PAUSING:
                sla.running.hold(at)
            elif sla.running is not None:
                sla.running.go_on(at)
        if done == was:
            return []
        issue.resolved = at if done else None
        old, new = (None, RESOLUTION) if done else (RESOLUTION, None)
        return [item("resolution", old, new, self.user_name)]

    def _next_key(self, project: Project) -> str:
        project.issues_made += 1
        return f"{project.key}-{project.issues_made}"

    def _record_id(self) -> str:
        with self.lock:
            self._next_record += 1
            return str(self._next_record)

    def _live(self, issue: str) -> Issue:
        found = self.issues.get(self.issue_ids.get(issue.upper(), ""))
        if found is None or found.deleted:
            raise Refused.missing()
        return found

    # -- reading by programs (the HTTP API calls these) --

    def show(self, issue: str) -> Issue:
        """An issue that is not deleted, as it is now. Raises Refused (404)."""
        with self.lock:
            return replace(self._live(issue))

    def find(self, jql: str, user: User, reconcile: Collection[str] = ()) -> list[Issue]:
        """What a query finds, in its order. Raises Refused (400) also when it has no condition."""
        with self.lock:
            query = parse(jql, self.asking(user))
            if not query.conditions:
                why = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
                raise Refused.because(400, why)
            indexed = self.now() - self.index_lag
            return query.sorted(
                [
                    issue
                    for issue in self.issues.values()
                    if not issue.deleted
                    and (issue.updated <= indexed or issue.id in reconcile)
                    and query.matches(issue)
                ]
            )
