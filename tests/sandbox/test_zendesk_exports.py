"""What changed since a moment, and all that a search finds, as a program exports it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from bridge.sandbox import Sandbox
from bridge.sandbox.zendesk_slas import SlaPolicy

from .conftest import Clock, People

API = "https://demo.zendesk.com/api/v2"


@pytest.fixture
def admin(sandbox: Sandbox, session: requests.Session) -> requests.Session:
    """A session that may export."""
    zendesk = sandbox.zendesk
    zendesk.add_token("admin", zendesk.add_agent("Ada Kern", "ada@example.com", "admin"))
    session.headers["Authorization"] = "Bearer admin"
    return session


@pytest.fixture
def ticket(sandbox: Sandbox, people: People) -> int:
    return sandbox.zendesk.open_ticket(
        people.anna, "Invoice wrong", "I paid twice", people.billing, "high", ["vip"]
    )


def get(session: requests.Session, path: str, **params: Any) -> requests.Response:
    return session.get(f"{API}/{path}.json", params=params, timeout=5)


def saves(session: requests.Session, since: int = 0, **params: Any) -> list[dict[str, Any]]:
    answer = get(session, "incremental/ticket_events", start_time=since, **params)
    found: list[dict[str, Any]] = answer.json()["ticket_events"]
    return found


def children(session: requests.Session, **params: Any) -> list[dict[str, Any]]:
    """What the newest save of all did."""
    found: list[dict[str, Any]] = saves(session, **params)[-1]["child_events"]
    return found


class TestTickets:
    def test_goes_on_where_it_ended(
        self, admin: requests.Session, sandbox: Sandbox, people: People, clock: Clock
    ) -> None:
        for _ in range(3):
            sandbox.zendesk.open_ticket(people.anna, "Help", "?")
            clock.forward(seconds=1)
        first = get(admin, "incremental/tickets/cursor", start_time=0, per_page=2).json()
        assert ([one["id"] for one in first["tickets"]], first["end_of_stream"]) == ([1, 2], False)
        second = admin.get(first["after_url"], timeout=5).json()
        assert ([one["id"] for one in second["tickets"]], second["end_of_stream"]) == ([3], True)
        third = admin.get(second["after_url"], timeout=5).json()
        assert (third["tickets"], third["after_cursor"]) == ([], second["after_cursor"])
        clock.forward(seconds=1)
        sandbox.zendesk.delete(1, people.ben)
        fourth = admin.get(third["after_url"], timeout=5).json()
        assert [one["status"] for one in fourth["tickets"]] == ["deleted"]

    def test_a_cursor_of_somebody_elses_is_refused(self, admin: requests.Session) -> None:
        answer = get(admin, "incremental/tickets/cursor", cursor="no cursor")
        assert (answer.status_code, answer.json()["error"]) == (400, "InvalidPaginationParameter")


class TestTicketEvents:
    def test_a_new_ticket(
        self, admin: requests.Session, ticket: int, people: People, clock: Clock
    ) -> None:
        opened = clock()
        clock.forward(minutes=1)
        [save] = saves(admin)
        assert (save["ticket_id"], save["updater_id"]) == (ticket, people.anna)
        assert (save["event_type"], save["via"]) == ("Audit", "Mail")
        assert save["timestamp"] == opened.timestamp()
        comment, *created = save["child_events"]
        assert comment["event_type"] == "Comment"
        assert (comment["comment_present"], comment["comment_public"]) == (True, True)
        assert "body" not in comment
        assert {one["event_type"] for one in created} == {"Create"}
        about = {"id", "via", "via_reference_id", "event_type"}
        assert {
            name: value for one in created for name, value in one.items() if name not in about
        } == {
            "subject": "Invoice wrong",
            "requester_id": people.anna,
            "group_id": people.billing,
            "priority": "high",
            "status": "new",
            "tags": ["vip"],
        }

    def test_what_was_said_comes_when_asked_for(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.note(ticket, people.ben, "Call her")
        clock.forward(minutes=1)
        [note] = children(admin, include="comment_events")
        [kept] = [c for c in sandbox.zendesk.tickets[ticket].comments if not c["public"]]
        assert (note["type"], note["event_type"]) == ("Comment", "Comment")
        assert (note["body"], note["public"]) == ("Call her", False)
        assert (note["id"], note["author_id"]) == (kept["id"], people.ben)
        assert note["audit_id"] == sandbox.zendesk.tickets[ticket].audits[-1]["id"]

    def test_a_change_names_its_field(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.assign(ticket, people.ben, assignee=people.ben)
        clock.forward(minutes=1)
        assigned, opened = children(admin)
        assert (assigned["assignee_id"], assigned["previous_value"]) == (people.ben, None)
        assert (opened["status"], opened["previous_value"]) == ("open", "new")
        assert {assigned["event_type"], opened["event_type"]} == {"Change"}

    def test_tags_tell_what_came_and_went(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.add_tags(ticket, people.ben, "late")
        sandbox.zendesk.save(ticket, people.ben, {"tags": ["late", "big"]})
        clock.forward(minutes=1)
        [change] = children(admin)
        assert (change["tags"], change["previous_value"]) == (["late", "big"], ["vip", "late"])
        assert (change["added_tags"], change["removed_tags"]) == (["big"], ["vip"])

    def test_custom_fields_have_a_place_of_their_own(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        fields = {"custom_fields": [{"id": 77, "value": "gold"}], "metadata": {"alert": "a-1"}}
        sandbox.zendesk.apply_update(ticket, fields, people.bridge)
        clock.forward(minutes=1)
        save = saves(admin)[-1]
        assert save["child_events"][0]["custom_ticket_fields"] == {"77": "gold"}
        assert (save["via"], save["metadata"]) == ("Web service", {"alert": "a-1"})

    def test_a_rating_and_a_rule(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, clock: Clock
    ) -> None:
        sandbox.zendesk.rate(ticket, "bad")
        sandbox.zendesk.close(ticket)
        clock.forward(minutes=1)
        rated, closed = saves(admin)[-2:]
        assert rated["child_events"][0]["score"] == "bad"
        assert (closed["via"], closed["updater_id"]) == ("Rule", -1)

    def test_what_is_deleted_changes_its_status(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.delete(ticket, people.ben)
        clock.forward(minutes=1)
        [change] = children(admin)
        assert (change["status"], change["previous_value"]) == ("deleted", "new")

    def test_the_last_minute_is_left_out(
        self, admin: requests.Session, ticket: int, clock: Clock
    ) -> None:
        clock.forward(seconds=59)
        answer = get(admin, "incremental/ticket_events", start_time=0).json()
        assert (answer["ticket_events"], answer["count"]) == ([], 0)
        assert (answer["end_time"], answer["next_page"]) == (None, None)
        assert answer["end_of_stream"]
        clock.forward(seconds=1)
        assert [save["ticket_id"] for save in saves(admin)] == [ticket]

    def test_a_start_within_the_last_minute_is_refused(
        self, admin: requests.Session, clock: Clock
    ) -> None:
        latest = int(clock().timestamp()) - 60
        assert get(admin, "incremental/ticket_events", start_time=latest).status_code == 200
        answer = get(admin, "incremental/ticket_events", start_time=latest + 1)
        assert answer.status_code == 422
        assert answer.json()["description"].startswith("Too recent start_time")

    @pytest.mark.parametrize("start", [{}, {"start_time": "yesterday"}])
    def test_a_start_must_be_given(self, admin: requests.Session, start: dict[str, str]) -> None:
        assert get(admin, "incremental/ticket_events", **start).status_code == 400

    def test_pages_overlap_at_a_second(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.export_page = 3
        for number in range(6):
            sandbox.zendesk.note(ticket, people.ben, str(number))
            clock.forward(seconds=number % 2)
        clock.forward(minutes=1)
        every = [audit["id"] for audit in sandbox.zendesk.tickets[ticket].audits]
        pages = [get(admin, "incremental/ticket_events", start_time=0, include="x").json()]
        while not pages[-1]["end_of_stream"]:
            assert pages[-1]["next_page"].endswith(f"start_time={pages[-1]['end_time']}")
            assert "include=x" in pages[-1]["next_page"]
            pages.append(admin.get(pages[-1]["next_page"], timeout=5).json())
        assert [page["count"] for page in pages] == [4, 3, 2]
        seen = [save["id"] for page in pages for save in page["ticket_events"]]
        assert list(dict.fromkeys(seen)) == every
        assert len(seen) > len(every)
        for one, next_one in pairwise(pages):
            assert next_one["ticket_events"][0]["timestamp"] == one["end_time"]

    def test_a_second_fuller_than_a_page_comes_whole(
        self, admin: requests.Session, sandbox: Sandbox, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.export_page = 2
        for _ in range(5):
            sandbox.zendesk.open_ticket(people.anna, "Help", "?")
        clock.forward(seconds=1)
        for _ in range(2):
            sandbox.zendesk.open_ticket(people.anna, "Help", "?")
        clock.forward(minutes=1)
        first = get(admin, "incremental/ticket_events", start_time=0).json()
        assert [save["ticket_id"] for save in first["ticket_events"]] == [1, 2, 3, 4, 5, 6]
        assert not first["end_of_stream"]
        second = admin.get(first["next_page"], timeout=5).json()
        assert [save["ticket_id"] for save in second["ticket_events"]] == [6, 7]
        assert second["end_of_stream"]


class TestLimits:
    def test_admins_only(self, session: requests.Session, people: People) -> None:
        session.headers["Authorization"] = "Bearer static"
        for path in ("tickets/cursor", "ticket_events", "ticket_metric_events"):
            answer = get(session, f"incremental/{path}", start_time=0)
            assert answer.status_code == 403
            assert answer.json()["error"]["title"] == "Forbidden"

    def test_ten_exports_a_minute_of_all_kinds(self, admin: requests.Session, clock: Clock) -> None:
        paths = ("tickets/cursor", "ticket_events", "ticket_metric_events")
        for number in range(10):
            answer = get(admin, f"incremental/{paths[number % 3]}", start_time=0)
            assert answer.status_code == 200
            told = answer.headers["zendesk-ratelimit-incremental-exports"]
            assert told == f"total=10; remaining={9 - number}; resets=60"
            assert answer.headers["X-Rate-Limit-Remaining"] == str(699 - number)
        clock.forward(seconds=18)
        for path in paths:
            answer = get(admin, f"incremental/{path}", start_time=0)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "42")
            told = answer.headers["zendesk-ratelimit-incremental-exports"]
            assert told == "total=10; remaining=0; resets=42"
        clock.forward(seconds=42)
        assert get(admin, "incremental/ticket_events", start_time=0).status_code == 200

    def test_a_hundred_searches_a_minute(
        self, admin: requests.Session, sandbox: Sandbox, clock: Clock
    ) -> None:
        asked = {"query": "status<solved", "filter[type]": "ticket"}
        first = get(admin, "search/export", **asked)
        told = first.headers["zendesk-ratelimit-search-export"]
        assert told == "total=100; remaining=99; resets=60"
        sandbox.zendesk.search_limit.limit = 1
        answer = get(admin, "search/export", **asked)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


class TestMetricEvents:
    def test_the_life_of_a_first_reply(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        policy = SlaPolicy(title="VIP", targets={"high": {"first_reply_time": 30}})
        sandbox.zendesk.sla_policies = [policy]
        opened = clock()
        clock.forward(minutes=45)
        sandbox.zendesk.reply(ticket, people.ben, "Sorry!")
        clock.forward(minutes=1)
        answer = get(admin, "incremental/ticket_metric_events", start_time=0).json()
        assert answer["end_of_stream"]
        assert answer["end_time"] == int((opened + timedelta(minutes=45)).timestamp())
        told = [one for one in answer["ticket_metric_events"] if one["metric"] == "reply_time"]
        assert [(one["type"], one["instance_id"]) for one in told] == [
            ("measure", 0),
            ("activate", 1),
            ("apply_sla", 1),
            ("breach", 1),
            ("fulfill", 1),
            ("update_status", 1),
        ]
        by_type = {one["type"]: one for one in told}
        assert by_type["apply_sla"]["sla"] == {
            "target": 30,
            "target_in_seconds": 1800,
            "business_hours": False,
            "policy": {"id": policy.id, "title": "VIP", "description": None},
        }
        assert by_type["breach"]["deleted"] is False
        assert by_type["breach"]["time"] == "2026-11-21T10:30:00Z"
        assert by_type["update_status"]["status"] == {"calendar": 45, "business": 45}

    def test_numbers_are_unique_and_stay(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        zendesk = sandbox.zendesk
        zendesk.sla_policies = [SlaPolicy(title="VIP", targets={"high": {"agent_work_time": 5}})]
        zendesk.reply(ticket, people.ben, "Which one?")
        zendesk.set_status(ticket, people.ben, "pending")
        clock.forward(minutes=1)
        first = get(admin, "incremental/ticket_metric_events", start_time=0).json()
        clock.forward(minutes=5)
        zendesk.reply(ticket, people.anna, "The second")
        clock.forward(minutes=10)
        second = get(admin, "incremental/ticket_metric_events", start_time=0).json()
        ids = [one["id"] for one in second["ticket_metric_events"]]
        assert len(set(ids)) == len(ids)
        assert {one["id"] for one in first["ticket_metric_events"]} < set(ids)
        times = [one["time"] for one in second["ticket_metric_events"]]
        assert times == sorted(times)

    def test_a_breach_under_a_target_that_was_replaced_is_deleted(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        targets = {"high": {"requester_wait_time": 10}, "low": {"requester_wait_time": 600}}
        sandbox.zendesk.sla_policies = [SlaPolicy(title="All", targets=targets)]
        clock.forward(minutes=20)
        sandbox.zendesk.set_priority(ticket, people.ben, "low")
        clock.forward(minutes=1)
        answer = get(admin, "incremental/ticket_metric_events", start_time=0).json()
        told = answer["ticket_metric_events"]
        assert [one["deleted"] for one in told if one["type"] == "breach"] == [True]
        assert [one["sla"]["target"] for one in told if one["type"] == "apply_sla"] == [10, 600]

    def test_a_breach_comes_long_after_the_last_save(
        self, admin: requests.Session, sandbox: Sandbox, ticket: int, clock: Clock
    ) -> None:
        policy = SlaPolicy(title="Slow", targets={"high": {"agent_work_time": 4320}})
        sandbox.zendesk.sla_policies = [policy]
        path, an_hour = "incremental/ticket_metric_events", 3600
        clock.forward(days=2)
        late = get(admin, path, start_time=int(clock().timestamp()) - an_hour).json()
        assert late["ticket_metric_events"] == []
        clock.forward(days=1, minutes=1)
        late = get(admin, path, start_time=int(clock().timestamp()) - an_hour).json()
        assert [one["type"] for one in late["ticket_metric_events"]] == ["breach"]

    def test_without_a_policy_the_clocks_are_told_all_the_same(
        self, admin: requests.Session, ticket: int, clock: Clock
    ) -> None:
        clock.forward(minutes=1)
        answer = get(admin, "incremental/ticket_metric_events", start_time=0).json()
        kinds = {one["type"] for one in answer["ticket_metric_events"]}
        assert kinds == {"measure", "activate"}


class TestSearch:
    def test_the_open_ones_in_pages(
        self, admin: requests.Session, sandbox: Sandbox, people: People, clock: Clock
    ) -> None:
        zendesk = sandbox.zendesk
        for _ in range(6):
            zendesk.open_ticket(people.anna, "Help", "?")
            clock.forward(seconds=1)
        zendesk.solve(2, people.ben)
        zendesk.delete(3, people.ben)
        asked = {"query": "status<solved", "filter[type]": "ticket", "page[size]": 2}
        first = get(admin, "search/export", **asked).json()
        assert [one["id"] for one in first["results"]] == [6, 5]
        assert {one["result_type"] for one in first["results"]} == {"ticket"}
        assert first["meta"]["has_more"]
        zendesk.solve(6, people.ben)  # what was seen may go: nothing is skipped for that
        second = admin.get(first["links"]["next"], timeout=5).json()
        assert [one["id"] for one in second["results"]] == [4, 1]
        assert second["meta"] == {"has_more": False, "after_cursor": None, "before_cursor": None}
        assert second["links"]["next"] is None
        again = get(admin, "search/export", **asked, **after(first)).json()
        assert again["results"] == second["results"]

    def test_a_cursor_lives_for_an_hour(
        self, admin: requests.Session, sandbox: Sandbox, people: People, clock: Clock
    ) -> None:
        for _ in range(2):
            sandbox.zendesk.open_ticket(people.anna, "Help", "?")
        asked = {"query": "status<solved", "filter[type]": "ticket", "page[size]": 1}
        first = get(admin, "search/export", **asked).json()
        clock.forward(minutes=60)
        assert get(admin, "search/export", **asked, **after(first)).status_code == 200
        clock.forward(seconds=1)
        assert get(admin, "search/export", **asked, **after(first)).status_code == 400

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("created>=2026-11-21T11:00:00Z", [3, 2]),
            ("created<2026-11-21T11:00:00Z", [1]),
            ("created>2026-11-21 status:new", [3, 2]),
            ("updated>=2026-11-21T12:00:00Z", [3, 1]),
            ("status>=open", [1]),
            ("", [3, 2, 1]),
        ],
    )
    def test_what_a_query_understands(  # noqa: PLR0917
        self,
        admin: requests.Session,
        sandbox: Sandbox,
        people: People,
        clock: Clock,
        query: str,
        found: list[int],
    ) -> None:
        for _ in range(3):
            sandbox.zendesk.open_ticket(people.anna, "Help", "?")
            clock.forward(hours=1)
        sandbox.zendesk.set_status(1, people.ben, "pending")
        answer = get(admin, "search/export", **{"query": query, "filter[type]": "ticket"})
        assert [one["id"] for one in answer.json()["results"]] == found

    @pytest.mark.parametrize(
        ("query", "kind"),
        [
            ("type:ticket status<solved", "ticket"),
            ("status<done", "ticket"),
            ("created>soon", "ticket"),
            ("refund", "ticket"),
            ("status<solved", "user"),
        ],
    )
    def test_what_is_not_understood_is_refused(
        self, admin: requests.Session, query: str, kind: str
    ) -> None:
        answer = get(admin, "search/export", **{"query": query, "filter[type]": kind})
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


def after(page: dict[str, Any]) -> dict[str, str]:
    return {"page[after]": page["meta"]["after_cursor"]}
