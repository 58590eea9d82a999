"""The real client against the stand-in, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket
from zenpy.lib.exception import (
    APIException,
    RatelimitBudgetExceeded,
    RecordNotFoundException,
    TooManyValuesException,
)

from bridge.sandbox import Fault, Sandbox

from .conftest import Clock, People

API = "https://demo.zendesk.com/api/v2"


@pytest.fixture
def ticket(sandbox: Sandbox, people: People) -> int:
    return sandbox.zendesk.open_ticket(
        people.anna, "Invoice wrong", "I paid twice", people.billing, "high", ["vip"]
    )


def put(session: requests.Session, ticket: int, **changes: Any) -> requests.Response:
    return session.put(f"{API}/tickets/{ticket}.json", json={"ticket": changes}, timeout=5)


class TestReading:
    def test_a_ticket_with_its_people(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        found = zenpy.tickets(id=ticket)
        assert found.subject == "Invoice wrong"
        assert (found.status, found.priority, found.tags) == ("new", "high", ["vip"])
        assert found.requester.email == "anna@example.com"
        assert found.group.name == "Billing"
        assert found.satisfaction_rating.score == "unoffered"
        assert sandbox.zendesk.calls["GET", "/api/v2/tickets/{ticket}"] == 1

    def test_many_at_once(self, zenpy: Zenpy, sandbox: Sandbox, people: People) -> None:
        ids = [sandbox.zendesk.open_ticket(people.anna, f"No. {n}", "?") for n in range(3)]
        sandbox.zendesk.delete(ids[1], people.ben)
        assert [one.id for one in zenpy.tickets(ids=ids)] == [ids[0], ids[2]]

    def test_deleted_ones_may_be_among_many(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.shows_deleted = True
        sandbox.zendesk.delete(ticket, people.ben)
        assert [(one.id, one.status) for one in zenpy.tickets(ids=[ticket])] == [
            (ticket, "deleted")
        ]

    def test_more_than_a_hundred_ids_are_refused(self, zenpy: Zenpy) -> None:
        with pytest.raises(TooManyValuesException):
            zenpy.tickets(ids=range(1, 102))

    def test_comments_and_audits_in_pages(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        for number in range(120):
            sandbox.zendesk.reply(ticket, people.ben, f"update {number}")
        assert len(list(zenpy.tickets.comments(ticket))) == 121
        assert len(list(zenpy.tickets.audits(ticket))) == 121
        assert sandbox.zendesk.calls["GET", "/api/v2/tickets/{ticket}/audits"] == 2

    def test_the_latest_audits_first(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        url = f"{API}/tickets/{ticket}/audits.json?sort_order=desc&per_page=1"
        [audit] = session.get(url, timeout=5).json()["audits"]
        assert audit["author_id"] == people.ben
        assert audit["events"][0]["field_name"] == "status"
        assert audit["events"][0]["previous_value"] == "new"

    def test_people_and_groups(self, zenpy: Zenpy, people: People) -> None:
        assert zenpy.users.me().id == people.bridge
        assert [one.id for one in zenpy.users.search(query="anna@example.com")] == [people.anna]
        assert [one.id for one in zenpy.users.search(query="+4930123456")] == [people.anna]
        assert {one.name for one in zenpy.users(ids=[people.anna, people.ben])} == {
            "Anna Weber",
            "Ben Ito",
        }
        assert [one.name for one in zenpy.groups()] == ["Billing"]

    def test_ratings_since(
        self, session: requests.Session, zenpy: Zenpy, sandbox: Sandbox, ticket: int, clock: Clock
    ) -> None:
        sandbox.zendesk.rate(ticket, "good")
        clock.forward(minutes=5)
        since = int(clock().timestamp())
        sandbox.zendesk.rate(ticket, "bad", "nobody called back")
        [rating] = zenpy.satisfaction_ratings(score="bad_with_comment", start_time=since)
        assert rating.comment == "nobody called back"
        assert rating.ticket_id == ticket
        assert zenpy.tickets(id=ticket).satisfaction_rating.score == "bad"
        assert not list(zenpy.satisfaction_ratings(score="good"))


class TestWriting:
    def test_an_internal_note_stays_internal(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        change = Ticket(id=ticket)
        change.comment = Comment(body="Told the manager", public=False)
        change.metadata = {"alert": "a-1"}
        answer = zenpy.tickets.update(change)
        assert answer.ticket.id == ticket
        assert answer.audit.author_id == people.bridge
        assert sandbox.zendesk.tickets[ticket].audits[-1]["metadata"]["custom"] == {"alert": "a-1"}
        assert sandbox.zendesk.notes(ticket) == [("Alert Bridge", "Told the manager")]
        assert sandbox.zendesk.public_view(ticket) == [("Anna Weber", "I paid twice")]

    def test_a_comment_is_public_unless_said_otherwise(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int
    ) -> None:
        change = Ticket(id=ticket)
        change.comment = Comment(body="Oh no")
        zenpy.tickets.update(change)
        assert ("Alert Bridge", "Oh no") in sandbox.zendesk.public_view(ticket)

    def test_tags_overwrite_but_can_be_added(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        assert list(zenpy.tickets.add_tags(ticket, ["alert"])) == ["vip", "alert"]
        assert list(zenpy.tickets.delete_tags(ticket, ["vip"])) == ["alert"]
        put(session, ticket, tags=["only"])
        assert sandbox.zendesk.tickets[ticket].tags == ("only",)
        put(session, ticket, additional_tags=["more"])
        assert sandbox.zendesk.tickets[ticket].tags == ("only",)
        assert sandbox.zendesk.ignored["additional_tags"] == 1

    def test_a_body_that_is_not_wrapped_changes_nothing(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        url = f"{API}/tickets/{ticket}.json"
        answer = session.put(url, json={"priority": "low"}, timeout=5)
        assert answer.status_code == 200
        assert sandbox.zendesk.tickets[ticket].priority == "high"
        assert len(sandbox.zendesk.tickets[ticket].audits) == 1

    def test_closed_is_closed(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        sandbox.zendesk.close(ticket)
        answer = put(session, ticket, priority="low")
        assert answer.status_code == 422
        assert answer.json()["error"] == "RecordInvalid"
        with pytest.raises(APIException):
            zenpy.tickets.add_tags(ticket, ["late"])

    def test_what_was_deleted_or_merged_is_not_found(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        other = sandbox.zendesk.open_ticket(people.anna, "Same again", "!")
        third = sandbox.zendesk.open_ticket(people.anna, "Spam", "!")
        sandbox.zendesk.merge(other, ticket, people.ben)
        sandbox.zendesk.delete(third, people.ben)
        for gone in (other, third, 999):
            with pytest.raises(RecordNotFoundException):
                zenpy.tickets(id=gone)
            with pytest.raises(RecordNotFoundException):
                zenpy.tickets.update(Ticket(id=gone, priority="low"))

    def test_a_safe_update_that_comes_too_late(
        self, zenpy: Zenpy, sandbox: Sandbox, ticket: int, people: People, clock: Clock
    ) -> None:
        seen = zenpy.tickets(id=ticket).updated_at
        clock.forward(seconds=2)
        sandbox.zendesk.set_priority(ticket, people.ben, "urgent")
        change = Ticket(id=ticket, priority="low", safe_update=True, updated_stamp=seen)
        with pytest.raises(APIException) as caught:
            zenpy.tickets.update(change)
        assert caught.value.response.status_code == 409
        assert caught.value.response.json()["error"] == "UpdateConflict"
        fresh = zenpy.tickets(id=ticket).updated_at
        change = Ticket(id=ticket, priority="low", safe_update=True, updated_stamp=fresh)
        assert zenpy.tickets.update(change).ticket.priority == "low"

    def test_a_bulk_update_skips_what_changed_meanwhile(
        self,
        zenpy: Zenpy,
        session: requests.Session,
        sandbox: Sandbox,
        people: People,
        clock: Clock,
    ) -> None:
        zendesk = sandbox.zendesk
        one, two = (zendesk.open_ticket(people.anna, name, "?") for name in ("One", "Two"))
        zendesk.hold_jobs = True
        url = f"{API}/tickets/update_many.json?ids={one},{two}"
        job = session.put(url, json={"ticket": {"additional_tags": ["storm"]}}, timeout=5).json()
        assert job["job_status"]["status"] == "queued"
        clock.forward(seconds=1)
        zendesk.set_priority(two, people.ben, "low")
        zendesk.run_jobs()
        assert zenpy.job_status(id=job["job_status"]["id"]).status == "completed"
        url = job["job_status"]["url"]
        results = session.get(url, timeout=5).json()["job_status"]["results"]
        assert [result.get("error") for result in results] == [None, "UpdateConflict"]
        assert zendesk.tickets[one].tags == ("storm",)
        assert zendesk.tickets[two].tags == ()


class TestTokens:
    def test_minted_used_and_expired(
        self, session: requests.Session, sandbox: Sandbox, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.add_client("bridge", "s3cret", people.bridge)
        asked = {
            "grant_type": "client_credentials",
            "client_id": "bridge",
            "client_secret": "s3cret",
            "scope": "read write",
        }
        url = "https://demo.zendesk.com/oauth/tokens"
        token = session.post(url, json=asked, timeout=5).json()
        assert (token["token_type"], token["expires_in"]) == ("bearer", 1800)
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        me = f"{API}/users/me.json"
        assert session.get(me, headers=headers, timeout=5).json()["user"]["id"] == people.bridge
        clock.forward(minutes=31)
        late = session.get(f"{API}/groups.json", headers=headers, timeout=5)
        assert (late.status_code, late.json()) == (401, {"error": "Couldn't authenticate you"})
        anonymous = session.get(me, headers=headers, timeout=5)
        assert anonymous.status_code == 200
        assert anonymous.json() == {"user": {"name": "Anonymous user"}}

        renewal = asked | {
            "grant_type": "refresh_token",
            "refresh_token": token["refresh_token"],
        }
        fresh = session.post(url, json=renewal, timeout=5).json()
        headers = {"Authorization": f"Bearer {fresh['access_token']}"}
        assert session.get(f"{API}/groups.json", headers=headers, timeout=5).status_code == 200
        again = session.post(url, json=renewal, timeout=5)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")

    @pytest.mark.parametrize(
        ("change", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"scope": "read write admin"}, 400, "invalid_scope"),
            ({"expires_in": 5}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    def test_refused(  # noqa: PLR0917
        self,
        session: requests.Session,
        sandbox: Sandbox,
        people: People,
        change: dict[str, Any],
        status: int,
        error: str,
    ) -> None:
        sandbox.zendesk.add_client("bridge", "s3cret", people.bridge)
        asked = {
            "grant_type": "client_credentials",
            "client_id": "bridge",
            "client_secret": "s3cret",
        } | change
        answer = session.post("https://demo.zendesk.com/oauth/tokens", data=asked, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_a_token_that_may_only_read(
        self, session: requests.Session, sandbox: Sandbox, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.add_token("reader", people.bridge, ["tickets:read"])
        session.headers["Authorization"] = "Bearer reader"
        assert session.get(f"{API}/tickets/{ticket}.json", timeout=5).status_code == 200
        answer = put(session, ticket, priority="low")
        assert answer.status_code == 403
        assert answer.json()["error"]["title"] == "Forbidden"


class TestLimits:
    def test_thirty_updates_of_a_ticket_in_ten_minutes(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int, clock: Clock
    ) -> None:
        for number in range(30):
            assert put(session, ticket, subject=f"No. {number}").status_code == 200
        answer = put(session, ticket, subject="one too many")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "600"
        assert not answer.headers["Content-Type"].startswith("application/json")
        with pytest.raises(RatelimitBudgetExceeded):
            zenpy.tickets.add_tags(ticket, ["late"])
        clock.forward(minutes=10)
        assert put(session, ticket, subject="in time").status_code == 200

    def test_the_account_as_a_whole(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, clock: Clock
    ) -> None:
        sandbox.zendesk.account_limit.limit = 2
        first = session.get(f"{API}/groups.json", timeout=5)
        assert first.headers["X-Rate-Limit"] == "2"
        assert first.headers["X-Rate-Limit-Remaining"] == "1"
        clock.forward(seconds=20)
        session.get(f"{API}/groups.json", timeout=5)
        answer = session.get(f"{API}/groups.json", timeout=5)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")


def always(fault: Fault) -> Callable[[str, str, str], Fault]:
    return lambda *_call: fault


class TestFaults:
    def test_a_lost_reply(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        sandbox.faults = always(Fault.timeout_after_applying())
        with pytest.raises(requests.ConnectionError):
            put(session, ticket, priority="low")
        assert sandbox.zendesk.tickets[ticket].priority == "low"

    def test_a_call_that_never_got_there(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        sandbox.faults = always(Fault.reset_before())
        with pytest.raises(requests.ConnectionError):
            put(session, ticket, priority="low")
        assert sandbox.zendesk.tickets[ticket].priority == "high"
        assert len(sandbox.gates["zendesk"].faulted) == 1

    def test_a_status_of_our_choice(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        sandbox.faults = always(Fault.status(503, "", {"Retry-After": "7"}))
        answer = put(session, ticket, priority="low")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")

    def test_a_slow_answer(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox, ticket: int
    ) -> None:
        sandbox.faults = always(Fault.slow(0.3))
        url = f"{API}/tickets/{ticket}.json"
        with pytest.raises(requests.Timeout):
            session.get(url, timeout=0.1)

    def test_connections_are_kept(
        self, zenpy: Zenpy, session: requests.Session, sandbox: Sandbox
    ) -> None:
        answer = session.get(f"{API}/groups.json", timeout=5)
        assert answer.raw.version == 11
        assert answer.headers.get("Connection", "keep-alive") == "keep-alive"
