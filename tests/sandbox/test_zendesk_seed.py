"""Many tickets at once, with a past, for those who measure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter

import requests
from zenpy import Zenpy

from bridge.sandbox import Sandbox

from .conftest import Clock, People, Receiver

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def test_they_have_a_past_and_nobody_is_told(
    sandbox: Sandbox, people: People, receiver: Receiver, clock: Clock, zenpy: Zenpy
) -> None:
    zendesk = sandbox.zendesk
    zendesk.subscribe(receiver.url)
    seeded = zendesk.seed(
        4,
        requester=people.anna,
        agent=people.ben,
        since=SINCE,
        until=SINCE + timedelta(minutes=42),
        group=people.billing,
        priority="high",
    )
    assert sandbox.courier.wait_idle(5)
    assert receiver.calls == []
    found = [zendesk.tickets[one] for one in seeded]
    assert [one.created_at for one in found] == [
        SINCE + timedelta(minutes=10 * n) for n in range(4)
    ]
    last = found[-1]
    assert (last.status, last.assignee_id, last.group_id) == ("open", people.ben, people.billing)
    assert last.updated_at == last.created_at + timedelta(minutes=2)
    assert [name for name, _ in zendesk.public_view(last.id)] == [
        "Anna Weber",
        "Ben Ito",
        "Anna Weber",
    ]
    assert [one.id for one in zenpy.tickets(ids=seeded)] == seeded
    assert len(list(zenpy.tickets.audits(last.id))) == 3


def test_the_next_ticket_has_the_next_number(sandbox: Sandbox, people: People) -> None:
    zendesk = sandbox.zendesk
    seeded = zendesk.seed(3, requester=people.anna, agent=people.ben, since=SINCE, replies=0)
    assert {zendesk.tickets[one].status for one in seeded} == {"new"}
    assert zendesk.open_ticket(people.anna, "Help", "?") == seeded[-1] + 1
    ids = [
        event["id"]
        for found in zendesk.tickets.values()
        for audit in found.audits
        for event in (audit, *audit["events"])
    ]
    assert len(set(ids)) == len(ids)


def test_ten_thousand_are_soon_there(
    sandbox: Sandbox, people: People, session: requests.Session, clock: Clock
) -> None:
    zendesk = sandbox.zendesk
    zendesk.add_token("admin", zendesk.add_agent("Ada Kern", "ada@example.com", "admin"))
    begun = perf_counter()
    zendesk.seed(10_000, requester=people.anna, agent=people.ben, since=SINCE)
    assert perf_counter() - begun < 10  # some seconds even where the machine is busy
    session.headers["Authorization"] = "Bearer admin"
    since = int(clock().timestamp()) - 3600
    url = f"https://demo.zendesk.com/api/v2/incremental/ticket_events.json?start_time={since}"
    answer = session.get(url, timeout=10).json()
    fresh = [
        audit
        for found in zendesk.tickets.values()
        for audit in found.audits
        if since <= datetime.fromisoformat(audit["created_at"]).timestamp() <= since + 3540
    ]
    assert answer["count"] == len(fresh) > 0
