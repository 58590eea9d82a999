"""What Zendesk sends when tickets change, and what its courier does when nobody takes it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket, Webhook

from bridge.sandbox import Sandbox, Shipment
from bridge.sandbox.serve import Server

from .conftest import Clock, People, Receiver

SECRET = "zd-demo-secret"


@pytest.fixture
def ticket(sandbox: Sandbox, people: People) -> int:
    return sandbox.zendesk.open_ticket(
        people.anna, "Invoice wrong", "I paid twice", people.billing, "high", ["vip"]
    )


@pytest.fixture
def listening(sandbox: Sandbox, receiver: Receiver, ticket: int) -> Receiver:
    """Subscribed to everything, after the ticket was opened."""
    sandbox.zendesk.subscribe(receiver.url, SECRET)
    return receiver


def settle(sandbox: Sandbox) -> None:
    assert sandbox.courier.wait_idle(5)


class TestEvents:
    def test_signed_and_in_the_vendors_shape(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        settle(sandbox)
        [call] = listening.calls
        assert call.is_signed(SECRET)
        assert not call.is_signed("another")
        assert call.headers["X-Zendesk-Webhook-Signature-Timestamp"] == "2026-11-21T10:00:00Z"
        assert len(call.headers["X-Zendesk-Webhook-Invocation-Id"]) == 26
        assert call.json["type"] == "zen:event-type:ticket.status_changed"
        assert call.json["subject"] == f"zen:ticket:{ticket}"
        event, detail = call.json["event"], call.json["detail"]
        assert (event["previous"], event["current"]) == ("NEW", "PENDING")
        assert (detail["status"], detail["priority"]) == ("PENDING", "HIGH")
        assert (detail["id"], detail["actor_id"]) == (str(ticket), str(people.ben))
        assert (detail["assignee_id"], detail["tags"]) == (None, ["vip"])

    def test_a_known_signature(self, sandbox: Sandbox, clock: Clock, receiver: Receiver) -> None:
        webhook = sandbox.zendesk.subscribe(receiver.url, SECRET)
        body = b'{"id":"1","type":"zen:event-type:ticket.created"}'
        assert webhook.sign(body, clock()) == "6/VIiIsCOO9OIv1t6vPubXjaoDVRSGcTBj9hXe1oHJU="

    def test_one_save_is_one_sequence(
        self, sandbox: Sandbox, listening: Receiver, zenpy: Zenpy, ticket: int, people: People
    ) -> None:
        change = Ticket(id=ticket, tags=["vip", "alert"])
        change.comment = Comment(body="Told the manager", public=False)
        zenpy.tickets.update(change)
        settle(sandbox)
        assert listening.types == ["comment_added", "tags_changed"]
        said, tagged = (call.json for call in listening.calls)
        assert said["detail"]["actor_id"] == str(people.bridge)
        assert said["event"]["comment"]["is_public"] is False
        assert said["event"]["comment"]["author"] == {
            "id": str(people.bridge),
            "is_staff": True,
            "name": "Alert Bridge",
        }
        assert tagged["event"]["tags_added"] == ["alert"]
        assert tagged["event"]["tags_removed"] == []
        sequences = [one["event"]["meta"]["sequence"] for one in (said, tagged)]
        assert sequences[0]["id"] == sequences[1]["id"]
        assert [(one["position"], one["total"]) for one in sequences] == [(1, 2), (2, 2)]

    def test_a_customers_reply_reopens(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.solve(ticket, people.ben, "Refunded")
        sandbox.zendesk.reply(ticket, people.anna, "It did not arrive")
        settle(sandbox)
        assert listening.types == [
            "comment_added",
            "status_changed",
            "agent_assignment_changed",
            "comment_added",
            "status_changed",
        ]
        assert sandbox.zendesk.tickets[ticket].status == "open"
        assert listening.calls[-1].json["event"]["current"] == "OPEN"

    def test_a_handover_leaves_the_ticket_to_nobody(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.assign(ticket, people.ben, assignee=people.ben)
        assert sandbox.zendesk.tickets[ticket].status == "open"
        returns = sandbox.zendesk.add_group("Returns")
        sandbox.zendesk.assign(ticket, people.ben, group=returns)
        settle(sandbox)
        events = {
            call.json["type"].rpartition(".")[2]: call.json["event"] for call in listening.calls
        }
        assert events["group_assignment_changed"]["current"] == str(returns)
        assert events["agent_assignment_changed"]["current"] is None

    def test_times_with_any_number_of_digits(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People, clock: Clock
    ) -> None:
        clock.forward(microseconds=123456)
        for priority in ("low", "normal", "urgent", "high"):
            sandbox.zendesk.set_priority(ticket, people.ben, priority)
        settle(sandbox)
        assert {call.json["time"] for call in listening.calls} == {
            "2026-11-21T10:00:00Z",
            "2026-11-21T10:00:00.123Z",
            "2026-11-21T10:00:00.123456Z",
            "2026-11-21T10:00:00.123456000Z",
        }

    def test_order_is_kept_for_each_ticket(
        self, sandbox: Sandbox, listening: Receiver, people: People
    ) -> None:
        tickets = [sandbox.zendesk.open_ticket(people.anna, "Help", "?") for _ in range(5)]
        for number in range(20):
            for ticket in tickets:
                sandbox.zendesk.reply(ticket, people.ben, str(number))
        settle(sandbox)
        assert len(listening.calls) == 5 * 21
        for ticket in tickets:
            heard = [
                call.json["event"]["comment"]["body"]
                for call in listening.calls
                if call.json["subject"] == f"zen:ticket:{ticket}"
                and "comment" in call.json["event"]
            ]
            assert heard == [str(number) for number in range(20)]

    def test_only_what_was_subscribed(
        self, sandbox: Sandbox, receiver: Receiver, zenpy: Zenpy, ticket: int, people: People
    ) -> None:
        made = zenpy.webhooks.create(
            Webhook(
                name="bridge",
                endpoint=receiver.url,
                http_method="POST",
                request_format="json",
                status="active",
                subscriptions=[
                    "zen:event-type:ticket.soft_deleted",
                    "zen:event-type:ticket.merged",
                ],
                authentication={
                    "type": "bearer_token",
                    "data": {"token": "twice"},
                    "add_position": "header",
                },
            )
        )
        secret = zenpy.webhooks.show_secret(made).secret
        other = sandbox.zendesk.open_ticket(people.anna, "Same again", "!")
        sandbox.zendesk.merge(other, ticket, people.ben)
        sandbox.zendesk.delete(ticket, people.ben)
        settle(sandbox)
        assert sorted(receiver.types) == ["merged", "soft_deleted"]
        assert all(call.is_signed(secret) for call in receiver.calls)
        assert receiver.calls[0].headers["Authorization"] == "Bearer twice"
        assert [one.id for one in zenpy.webhooks.list()] == [made.id]
        zenpy.webhooks.delete(made)
        assert not sandbox.zendesk.webhooks


class TestTriggers:
    TEMPLATE = json.dumps(
        {
            "ticket": "{{ticket.id}}",
            "status": "{{ticket.status}}",
            "at": "{{ticket.updated_at_with_timestamp}}",
            "rating": "{{ satisfaction.current_rating }}",
            "requester": "{{ticket.requester.id}}",
            "group": "{{ticket.group.id}}",
            "by": "{{current_user.id}}",
            "unknown": "{{ticket.weather}}",
        }
    )

    def test_placeholders(
        self, sandbox: Sandbox, receiver: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.trigger(receiver.url, SECRET, ["rated"], self.TEMPLATE)
        sandbox.zendesk.set_status(ticket, people.ben, "hold")
        sandbox.zendesk.rate(ticket, "bad", "nobody called")
        settle(sandbox)
        [call] = receiver.calls
        assert call.is_signed(SECRET)
        assert call.json == {
            "ticket": str(ticket),
            "status": "On-hold",
            "at": "2026-11-21T10:00:00Z",
            "rating": "Bad",
            "requester": str(people.anna),
            "group": str(people.billing),
            "by": str(people.anna),
            "unknown": "",
        }

    def test_a_condition_of_ones_own(
        self, sandbox: Sandbox, receiver: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.zendesk.trigger(
            receiver.url,
            SECRET,
            lambda saved: saved.actor_id != people.bridge and saved.after.priority == "urgent",
            "{}",
        )
        sandbox.zendesk.set_priority(ticket, people.bridge, "urgent")
        sandbox.zendesk.reply(ticket, people.anna, "Hello?")
        settle(sandbox)
        assert len(receiver.calls) == 1


class TestCourier:
    @pytest.mark.parametrize(
        ("answer", "wait", "attempts"),
        [
            ((409, {}), timedelta(seconds=10), 4),
            ((503, {"Retry-After": "30"}), timedelta(seconds=30), 6),
            ((429, {"Retry-After": "59"}), timedelta(seconds=59), 6),
            ((503, {"Retry-After": "60"}), None, 1),
            ((503, {}), None, 1),
            ((500, {}), None, 1),
        ],
    )
    def test_what_is_tried_again(  # noqa: PLR0917
        self,
        sandbox: Sandbox,
        listening: Receiver,
        ticket: int,
        people: People,
        clock: Clock,
        answer: tuple[int, dict[str, str]],
        wait: timedelta | None,
        attempts: int,
    ) -> None:
        listening.answers = [answer] * 10
        started = clock()
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        settle(sandbox)
        assert len(listening.calls) == 1
        assert sandbox.courier.next_due() == (started + wait if wait else None)
        while due := sandbox.courier.next_due():
            clock.at = due
            sandbox.courier.run_due()
            settle(sandbox)
        assert len(listening.calls) == attempts
        keys = {call.headers["X-Zendesk-Webhook-Invocation-Id"] for call in listening.calls}
        assert len(keys) == 1
        assert all(call.is_signed(SECRET) for call in listening.calls)
        stamps = {call.headers["X-Zendesk-Webhook-Signature-Timestamp"] for call in listening.calls}
        assert len(stamps) == attempts
        assert len({call.json["time"] for call in listening.calls}) == 1

    def test_taken_at_the_second_try(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People, clock: Clock
    ) -> None:
        listening.answers = [(503, {"Retry-After": "5"})]
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        settle(sandbox)
        assert sandbox.courier.held() == 1
        clock.forward(seconds=5)
        sandbox.courier.run_due()
        settle(sandbox)
        assert [one.status for one in sandbox.courier.attempts] == [503, 202]
        assert sandbox.courier.next_due() is None

    def test_nobody_there(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People, clock: Clock
    ) -> None:
        sandbox.zendesk.webhooks.clear()
        sandbox.zendesk.subscribe("http://127.0.0.1:9/in", SECRET)
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        settle(sandbox)
        assert [one.error for one in sandbox.courier.attempts] == ["unreachable"]
        assert sandbox.courier.held() == 1

    def test_an_answer_that_takes_too_long(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People
    ) -> None:
        sandbox.courier.timeout = 0.05
        gate = threading.Event()

        def slow(_environ: Any, _start: Any) -> Any:
            gate.wait(5)
            raise ConnectionAbortedError

        server = Server(slow)
        server.start()
        sandbox.zendesk.webhooks.clear()
        sandbox.zendesk.subscribe(server.url, SECRET)
        sandbox.zendesk.set_status(ticket, people.ben, "pending")
        settle(sandbox)
        gate.set()
        server.stop()
        assert [one.error for one in sandbox.courier.attempts] == ["timeout"]

    def test_lost_twice_and_late(
        self, sandbox: Sandbox, listening: Receiver, ticket: int, people: People, clock: Clock
    ) -> None:
        late = clock() + timedelta(minutes=3)

        def mangle(shipment: Shipment) -> list[Shipment]:
            priority = json.loads(shipment.body)["event"]["current"]
            return {
                "LOW": [],
                "NORMAL": [shipment, shipment],
                "URGENT": [replace(shipment, not_before=late)],
            }.get(priority, [shipment])

        sandbox.courier.mangle = mangle
        for priority in ("low", "normal", "urgent", "high"):
            sandbox.zendesk.set_priority(ticket, people.ben, priority)
        settle(sandbox)
        heard = [call.json["event"]["current"] for call in listening.calls]
        assert heard == ["NORMAL", "NORMAL", "HIGH"]
        clock.at = late
        assert sandbox.courier.run_due() <= 1  # the courier may have looked for itself
        settle(sandbox)
        assert listening.calls[-1].json["event"]["current"] == "URGENT"
