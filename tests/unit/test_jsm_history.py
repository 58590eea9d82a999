"""A Jira issue's history: it tells the same story as the webhooks, and the truth where its changes don't add up."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Category,
    Opened,
    Party,
    PriorityChanged,
    Read,
    Replied,
    StatusChanged,
    Tagged,
    Ticket,
    Touched,
    Unreadable,
    VendorClock,
)
from bridge.domain.ticket import fold_all
from connectors import Incoming
from connectors.desks.jsm_history import history, read
from connectors.desks.jsm_issue import STATUSES, seen
from connectors.desks.jsm_webhooks import Jsm
from connectors.reading import Node

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CARLA = {"accountId": "c1", "accountType": "customer", "displayName": "Carla"}
ANNA = {"accountId": "a1", "accountType": "atlassian", "displayName": "Anna"}
BEN = {"accountId": "b2", "accountType": "atlassian", "displayName": "Ben"}
US = {"accountId": "u0", "accountType": "app", "displayName": "Alert Bridge"}


def item(field: str, before: Any, after: Any, *, ids: bool = False) -> dict[str, Any]:
    """A part of a changelog; with `ids` the values are people."""
    names = ("from", "to") if ids else ("fromString", "toString")
    empty: dict[str, Any] = dict.fromkeys(("from", "fromString", "to", "toString"))
    return {"field": field, "fieldtype": "jira", "fieldId": field, **empty} | dict(
        zip(names, (before, after), strict=True)
    )


class Site:
    """One issue on a Jira site: every act is delivered as a webhook, and kept for the API."""

    def __init__(self) -> None:
        self.now = NINE
        self.deliveries: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.issue: dict[str, Any] = {
            "id": "10100",
            "key": "HELP-12",
            "fields": {
                "summary": "Invoices are wrong",
                "description": "Two of three are.",
                "issuetype": {"name": "Service request"},
                "project": {"key": "HELP", "projectTypeKey": "service_desk"},
                "status": {
                    "name": "Waiting for support",
                    "statusCategory": {"key": "indeterminate"},
                },
                "priority": {"name": "Medium"},
                "labels": ["billing"],
                "assignee": None,
                "reporter": CARLA,
                "creator": CARLA,
                "created": self.time,
                "updated": self.time,
                "customfield_10010": {"requestType": {"name": "Billing question"}},
            },
        }

    @property
    def time(self) -> str:
        return self.now.isoformat(timespec="milliseconds")

    def open(self, who: dict[str, Any] = CARLA) -> None:
        self.issue["fields"]["creator"] = who
        self._deliver("jira:issue_created", user=who)

    def change(self, who: dict[str, Any], *items: dict[str, Any], **fields: Any) -> None:
        self._later()
        self.issue["fields"] |= fields | {"updated": self.time}
        number = str(20_000 + len(self.changes))
        self.changes.append(
            {"id": number, "author": who, "created": self.time, "items": list(items)}
        )
        changelog = {"id": number, "items": list(items)}
        self._deliver("jira:issue_updated", user=who, changelog=changelog)

    def comment(self, who: dict[str, Any], text: str, **more: Any) -> None:
        self._later()
        number = str(30_000 + len(self.comments))
        self.issue["fields"]["updated"] = self.time
        self.comments.append(
            {"id": number, "author": who, "body": text, "created": self.time, **more}
        )
        self._deliver("comment_created", comment=self.comments[-1])

    def status(self, who: dict[str, Any], name: str, category: str = "indeterminate") -> None:
        before = self.issue["fields"]["status"]["name"]
        new = {"name": name, "statusCategory": {"key": category}}
        self.change(who, item("status", before, name), status=new)

    def assign(self, who: dict[str, Any], to: dict[str, Any] | None) -> None:
        before = (self.issue["fields"]["assignee"] or {}).get("accountId")
        after = to["accountId"] if to else None
        self.change(who, item("assignee", before, after, ids=True), assignee=to)

    def move(self, who: dict[str, Any], key: str) -> None:
        project = key.partition("-")[0]
        items = item("project", "Help Centre", "Operations"), item("Key", self.issue["key"], key)
        self.issue["key"] = key
        self.change(who, *items, project={"key": project, "projectTypeKey": "service_desk"})

    def history(self) -> list[AnyEvent]:
        return history("jsm", self.issue, self.comments, self.changes, US["accountId"])

    def whole(self) -> list[AnyEvent]:
        """The history, and the issue as it is."""
        events = self.history()
        return [*events, read("jsm", self.issue, events, seen(Node(self.issue)))]

    def webhooks(self) -> list[AnyEvent]:
        return [
            event
            for delivery in self.deliveries
            for event in Jsm(name="jsm").read(
                Incoming(headers={}, body=json.dumps(delivery).encode(), received_at=NINE)
            )
        ]

    def _later(self) -> None:
        self.now += timedelta(minutes=5, milliseconds=7)

    def _deliver(self, event: str, **members: Any) -> None:
        millis = int(self.now.timestamp() * 1000)
        told = {"timestamp": millis, "webhookEvent": event, "issue": self.issue, **members}
        self.deliveries.append(copy.deepcopy(told))


@pytest.fixture
def site() -> Site:
    return Site()


def ticket(events: list[AnyEvent]) -> Ticket:
    """What the events come to, but for which of them was the last."""
    folded = fold_all(events, STATUSES)
    assert folded
    return msgspec.structs.replace(folded, as_of=(NINE, 0, ""))


def a_long_story(site: Site) -> None:
    site.open()
    site.assign(ANNA, ANNA)
    site.comment(ANNA, "Which ones?", jsdPublic=True)
    site.status(ANNA, "Waiting for customer")
    site.comment(CARLA, "The red ones.", jsdPublic=True)
    site.status(US, "Waiting for support")
    site.comment(ANNA, "Ben should know.", jsdPublic=False)
    site.change(
        ANNA,
        item("priority", "Medium", "High"),
        item("labels", "billing", "billing urgent"),
        item("assignee", "a1", "b2", ids=True),
        priority={"name": "High"},
        labels=["billing", "urgent"],
        assignee=BEN,
    )
    site.move(BEN, "OPS-7")
    site.assign(BEN, None)
    site.change(BEN, item("summary", "Invoices are wrong", "Red ones"), summary="Red ones")
    site.status(BEN, "Resolved", "done")
    site.status(CARLA, "Reopened")
    site.assign(BEN, BEN)


def test_tells_what_the_webhooks_told(site: Site) -> None:
    a_long_story(site)
    assert ticket(site.history()) == ticket(site.webhooks())


def test_tells_each_fact_under_the_webhooks_id(site: Site) -> None:
    a_long_story(site)
    assert [event.id for event in site.history()] == [event.id for event in site.webhooks()]


def test_and_both_together_are_told_once(site: Site) -> None:
    a_long_story(site)
    both = [*site.history(), *site.webhooks()]
    assert ticket(both) == ticket(site.webhooks())
    assert len(ticket(both).handoffs) == 2


def test_the_story_comes_out_right(site: Site) -> None:
    a_long_story(site)
    told = ticket(site.history())
    assert (told.opened_at, told.name, told.title) == (NINE, "OPS-7", "Red ones")
    assert (told.status, told.category) == ("reopened", Category.OPEN)
    assert (told.team, told.agent, told.priority) == ("OPS", "b2", "high")
    assert told.tags == ("billing", "urgent")
    assert (told.public_replies, told.internal_notes, told.customer_messages) == (1, 1, 2)
    assert len(told.reopened) == 1
    assert [phase.category for phase in told.phases] == [
        Category.OPEN,
        Category.PENDING,
        Category.OPEN,
        Category.SOLVED,
        Category.OPEN,
    ]
    assert told.facts == {
        "request type": "Billing question",
        "customer account type": "customer",
    }


def test_opens_with_what_the_issue_was_at_first(site: Site) -> None:
    a_long_story(site)
    first = site.history()[0]
    assert isinstance(first, Opened)
    assert first.seen
    assert (first.by, first.actor, first.text) == (Party.CUSTOMER, "c1", "Two of three are.")
    assert (first.seen.name, first.seen.team, first.seen.agent) == ("HELP-12", "HELP", "")
    assert (first.seen.title, first.seen.status) == ("Invoices are wrong", "waiting for support")
    assert (first.seen.priority, first.seen.tags) == ("medium", ("billing",))
    assert first.seen.means is None


def test_is_in_order_whatever_the_order_of_the_records(site: Site) -> None:
    a_long_story(site)
    told = site.history()
    site.comments.reverse()
    site.changes.reverse()
    assert site.history() == told == sorted(told, key=lambda event: event.order)


def test_our_own_doings_are_ours(site: Site) -> None:
    site.open()
    site.comment(US, "This one is at risk.", jsdPublic=False)
    site.change(US, item("labels", "billing", "billing at-risk"), labels=["billing", "at-risk"])
    assert [event.by for event in site.history()] == [Party.CUSTOMER, Party.BRIDGE, Party.BRIDGE]
    assert ticket(site.history()).internal_notes == 0


def test_an_agent_who_opens_it_for_the_customer_does_not_make_anybody_wait(site: Site) -> None:
    site.open(ANNA)
    [event] = site.history()
    assert (event.by, event.actor) == (Party.AGENT, "a1")
    assert ticket([event]).waiting_since is None


def test_an_app_that_opens_it_stands_for_the_reporter(site: Site) -> None:
    site.open({"accountId": "f0", "accountType": "app"})
    [event] = site.history()
    assert (event.by, event.actor) == (Party.CUSTOMER, "c1")


def test_without_a_creator_it_was_the_reporter(site: Site) -> None:
    del site.issue["fields"]["creator"]
    [event] = site.history()
    assert (event.by, event.actor) == (Party.CUSTOMER, "c1")


@pytest.mark.parametrize(
    ("who", "more", "visible"),
    [
        (ANNA, {"jsdPublic": True}, True),
        (ANNA, {"jsdPublic": False}, False),
        (ANNA, {}, False),
        (CARLA, {}, True),
        (ANNA, {"jsdPublic": True, "visibility": {"type": "role", "value": "Staff"}}, False),
        (
            ANNA,
            {"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]},
            False,
        ),
        (
            ANNA,
            {"properties": [{"key": "sd.public.comment", "value": {"internal": False}}]},
            True,
        ),
        (ANNA, {"properties": [{"key": "other", "value": {"internal": False}}]}, False),
        (ANNA, {"properties": [{"key": "sd.public.comment", "value": {}}]}, False),
    ],
)
def test_who_sees_a_comment(
    site: Site, who: dict[str, Any], more: dict[str, Any], visible: bool
) -> None:
    site.open()
    site.comment(who, "Well.", **more)
    event = site.history()[1]
    assert isinstance(event, Replied)
    assert event.public is visible


def test_outside_of_service_projects_everybody_sees_all(site: Site) -> None:
    site.issue["fields"]["project"]["projectTypeKey"] = "software"
    site.comment(ANNA, "Well.")
    event = site.history()[1]
    assert isinstance(event, Replied)
    assert event.public


def test_a_reporter_who_writes_a_note_is_staff(site: Site) -> None:
    site.issue["fields"]["reporter"] = ANNA
    site.comment(ANNA, "Note to myself.", jsdPublic=False)
    site.comment(ANNA, "Hello?", jsdPublic=True)
    assert [event.by for event in site.history()[1:]] == [Party.AGENT, Party.CUSTOMER]


def test_what_the_changes_do_not_tell_is_told_at_last(site: Site) -> None:
    site.open()
    site.status(ANNA, "Waiting for customer")
    site.issue["fields"] |= {
        "status": {"name": "Tier 9", "statusCategory": {"key": "done"}},
        "labels": ["vip"],
        "updated": "2026-03-02T11:00:00.000+0000",
    }
    *_, last = site.whole()
    assert isinstance(last, Read)
    assert last.seen
    assert last.at == NINE.replace(hour=11)
    assert (last.seen.status, last.seen.means) == ("tier 9", Category.SOLVED)
    assert (last.seen.tags, last.seen.title) == (("vip",), "Invoices are wrong")
    assert ticket(site.whole()).status == "tier 9"


def test_a_change_that_does_not_say_from_what_leaves_the_beginning_open(site: Site) -> None:
    site.open()
    site.assign(ANNA, ANNA)
    for name in ("from", "fromString"):
        del site.changes[0]["items"][0][name]
    first = site.history()[0]
    assert first.seen
    assert first.seen.agent is None
    assert ticket(site.history()).agent == "a1"


def test_a_change_that_does_not_say_to_what_is_made_good(site: Site) -> None:
    site.open()
    site.assign(ANNA, BEN)
    for name in ("to", "toString"):
        del site.changes[0]["items"][0][name]
    kinds = [type(event) for event in site.whole()]
    assert kinds == [Opened, Touched, Read]
    assert not any(isinstance(event, Touched) and event.read for event in site.history())
    assert ticket(site.whole()).agent == "b2"


def test_two_saves_of_one_instant_come_to_what_the_issue_is(site: Site) -> None:
    site.open()
    site.assign(ANNA, ANNA)
    site.assign(ANNA, BEN)
    first, second = site.changes
    first["id"], second["id"] = "999", "1000"
    second["created"] = first["created"]
    site.changes.reverse()
    opening = site.history()[0]
    assert opening.seen
    assert opening.seen.agent == ""
    assert ticket(site.whole()).agent == "b2"


def test_labels_in_another_order_are_no_news(site: Site) -> None:
    site.open()
    labels = item("labels", "billing", "billing angry")
    site.change(ANNA, labels, labels=["angry", "billing"])
    assert [type(event) for event in site.history()] == [Opened, Tagged]


def test_the_read_at_the_end_tells_all_and_changes_nothing(site: Site) -> None:
    a_long_story(site)
    *events, last = site.whole()
    assert events == site.history()
    assert isinstance(last, Read)
    assert last.order > max(event.order for event in events)
    assert last.at == site.now
    assert ticket(site.whole()) == ticket(events)
    digest = last.id.rpartition(":")[2]
    assert last.id == f"jsm:read:10100:{int(site.now.timestamp() * 1000)}:{digest}"
    assert len(digest) == 8


def test_a_read_is_after_all_events_of_its_instant_and_of_later_ones(site: Site) -> None:
    site.open()
    site.comment(ANNA, "Well.", jsdPublic=True)
    site.issue["fields"]["updated"] = site.issue["fields"]["created"]  # the index lags behind
    *events, last = site.whole()
    assert last.order > max(event.order for event in events)


def level(**cycle: Any) -> dict[str, Any]:
    started = {"epochMillis": 1772442000000}
    goal, used = {"millis": 28_800_000}, {"millis": 60_000}
    shown = {"startTime": started, "goalDuration": goal, "elapsedTime": used} | cycle
    return {"name": "Time to resolution", "completedCycles": [], "ongoingCycle": shown}


def last_of(site: Site, **cycle: Any) -> AnyEvent:
    site.issue["fields"]["customfield_10020"] = level(**cycle)
    return site.whole()[-1]


def test_the_read_tells_how_the_service_levels_stand(site: Site) -> None:
    site.open()
    due = NINE + timedelta(hours=8)
    last = last_of(site, breachTime={"epochMillis": int(due.timestamp() * 1000)})
    assert last.seen
    assert last.seen.clocks == (
        VendorClock(
            name="Time to resolution",
            breach_at=due,
            started_at=NINE,
            target=timedelta(hours=8),
            elapsed=timedelta(minutes=1),
        ),
    )
    opening = site.history()[0]
    assert opening.seen
    assert opening.seen.clocks is None  # nobody knows how they stood then


def test_a_read_is_news_when_something_stands_otherwise_but_not_for_time_going_by(
    site: Site,
) -> None:
    site.open()
    due = {"iso8601": "2026-03-02T17:00:00+0000"}
    one = last_of(site, breachTime=due)
    later = last_of(site, breachTime=due, elapsedTime={"millis": 120_000})
    paused = last_of(site, paused=True)
    moved = last_of(site, breachTime={"iso8601": "2026-03-02T17:30:00+0000"})
    assert one.id == later.id
    assert len({one.id, paused.id, moved.id}) == 3
    assert last_of(site, paused=True, elapsedTime={"millis": 120_000}).id != paused.id


def test_every_kind_of_change(site: Site) -> None:
    a_long_story(site)
    kinds = {type(event) for event in site.history()}
    assert kinds == {Opened, Replied, StatusChanged, PriorityChanged, Assigned, Tagged, Touched}


def test_half_characters_become_question_marks(site: Site) -> None:
    site.open()
    site.comment(ANNA, "half \ud83d and nul \x00.", jsdPublic=True)
    event = site.history()[1]
    assert isinstance(event, Replied)
    assert event.text == "half ? and nul ."


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda s: s.issue.pop("id"), "issue.id: expected the issue's number"),
        (lambda s: s.issue.update(fields=[]), "issue.fields: expected an object"),
        (lambda s: s.issue["fields"].pop("created"), "issue.fields.created: expected a time"),
        (lambda s: s.issue["fields"].update(status="x"), "issue.fields.status: expected an obj"),
        (lambda s: s.comments[0].pop("id"), r"comments\[0\].id: expected a string or a number"),
        (lambda s: s.comments[0].pop("created"), r"comments\[0\].created: expected a time"),
        (lambda s: s.comments[0].update(body=[]), r"comments\[0\].body: expected a string"),
        (lambda s: s.changes[0].pop("id"), r"changes\[0\].id: expected a string or a number"),
        (lambda s: s.changes[0].pop("created"), r"changes\[0\].created: expected a time"),
        (lambda s: s.changes[0].update(items={}), r"changes\[0\].items: expected a list"),
        (lambda s: s.changes[0].update(items=[1]), r"changes\[0\].items\[0\]: expected an obj"),
    ],
)
def test_a_record_of_another_shape_is_refused(site: Site, spoil: Any, complaint: str) -> None:
    site.open()
    site.comment(CARLA, "Hello?", jsdPublic=True)
    site.status(ANNA, "Waiting for customer")
    spoil(site)
    with pytest.raises(Unreadable, match=complaint):
        site.history()
