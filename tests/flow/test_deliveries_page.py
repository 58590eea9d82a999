"""What could not be sent is looked after: tried again, it arrives; given up, what waited behind it goes on."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from bridge.domain.model import Action, Delivery
from bridge.domain.viewing import Role
from bridge.store import audit, deliveries, outgoing, teams
from tests.flow.conftest import Command, Office
from tests.flow.visitors import Visitor, visitor

PAGE = "/admin/deliveries"


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN, name="Ada Admin")


@pytest.fixture
def failed(office: Office) -> deliveries.Row:
    """A message that failed, for its team's channel was none: by now it is one."""
    before = channel(office, "C0NOWHERE")
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2, words="Nobody helps me.")
    [row] = [row for row in office.deliveries("post") if row.state == "failed"]
    channel(office, before)
    return row


def channel(office: Office, to: str) -> str:
    """Let Billing have another channel; the one that it had."""
    with office.world.bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        [billing] = [team for team in known if team.name == "Billing"]
        teams.save(connection, [replace(billing, slack_channel=to)])
    return billing.slack_channel


def changed(office: Office) -> list[audit.Entry]:
    with office.world.bridge.engine.begin() as connection:
        return audit.listing(connection)


def state(office: Office, number: int) -> str:
    return next(row.state for row in office.deliveries() if row.id == number)


def test_it_says_that_all_was_told(ada: Visitor) -> None:
    page = ada.get(PAGE).text
    assert "Nothing to look after" in page


def test_managers_and_viewers_are_kept_out(office: Office) -> None:
    for role in (Role.VIEWER, Role.MANAGER):
        one = visitor(office.world.bridge, f"{role.value}@example.com", role, ["Billing"])
        assert one.get(PAGE).status_code == 403
        assert one.post(f"{PAGE}/1/retry").status_code == 403


def test_what_failed_stands_there_with_its_reason_and_the_way_out(
    ada: Visitor, failed: deliveries.Row
) -> None:
    page = ada.get(PAGE).text
    assert "channel_not_found" in page
    assert "Invite the app to the channel, or give the team another one; then retry." in page
    assert f"{PAGE}/{failed.id}/retry" in page
    assert "Why they failed" in page


def test_a_retried_delivery_arrives(office: Office, ada: Visitor, failed: deliveries.Row) -> None:
    assert office.posts() == []
    answer = ada.post(f"{PAGE}/{failed.id}/retry")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    office.settle()
    assert len(office.posts()) == 1
    assert state(office, failed.id) == "sent"
    [entry] = changed(office)
    assert (entry.who, entry.via, entry.what) == ("ada@example.com", "page", "delivery retried")
    assert entry.before["state"] == "failed"
    assert "Nobody helps me" not in json.dumps(entry.before)


def test_all_that_failed_for_one_reason_are_retried_together(
    office: Office, ada: Visitor, failed: deliveries.Row
) -> None:
    ada.post(f"{PAGE}/retry-all", {"channel": "slack", "reason": failed.reason})
    office.later(seconds=5)
    assert state(office, failed.id) == "sent"
    assert changed(office)[0].after == {"retried": 1}


def test_another_reason_is_left_alone(office: Office, ada: Visitor, failed: deliveries.Row) -> None:
    ada.post(f"{PAGE}/retry-all", {"channel": "slack", "reason": "another"})
    office.settle()
    assert state(office, failed.id) == "failed"
    assert changed(office) == []


def test_what_is_dropped_is_gone_for_good(
    office: Office, ada: Visitor, failed: deliveries.Row
) -> None:
    answer = ada.post(f"{PAGE}/{failed.id}/drop?state=failed")
    assert answer.headers["Location"] == f"{PAGE}?state=failed"
    assert "It is given up for good" in ada.get(PAGE).text
    ada.post(f"{PAGE}/{failed.id}/retry")
    office.settle()
    assert state(office, failed.id) == "dropped"
    assert office.posts() == []
    assert [entry.what for entry in changed(office)] == ["delivery dropped"]
    assert "Given up" in ada.get(f"{PAGE}?state=dropped").text


def test_a_dropped_delivery_lets_what_waits_behind_it_go(office: Office, ada: Visitor) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2)
    bridge, [alert] = office.world.bridge, office.alerts()
    with bridge.engine.begin() as connection:
        first, second = (
            Delivery(channel="slack", action=Action.REPLY, to="", why="a word", text=words)
            for words in ("The first word", "The second word")
        )
        later = replace(first, not_before=office.now.replace(year=2032))
        stuck, behind = deliveries.add(
            connection, [(alert.number, later), (alert.number, second)], office.now
        )
    office.settle()
    assert state(office, behind) == "waiting"
    page = ada.get(f"{PAGE}?state=waiting").text
    assert "after what goes before it" in page
    assert "next try" in page
    ada.post(f"{PAGE}/{stuck}/drop")
    office.later(seconds=5)
    assert (state(office, stuck), state(office, behind)) == ("dropped", "sent")
    [post] = office.posts()
    assert "The second word" in "".join(office.thread(post))
    assert "The first word" not in "".join(office.thread(post))


def test_what_was_sent_can_be_neither_retried_nor_dropped(office: Office, ada: Visitor) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2)
    [post] = office.deliveries("post")
    ada.post(f"{PAGE}/{post.id}/drop")
    assert "It was not given up" in ada.get(PAGE).text
    ada.post(f"{PAGE}/{post.id}/retry")
    assert "It was not tried again" in ada.get(PAGE).text
    assert state(office, post.id) == "sent"
    assert changed(office) == []


def test_one_that_never_was_is_not_there(ada: Visitor) -> None:
    assert ada.post(f"{PAGE}/4711/drop").status_code == 404
    assert ada.post(f"{PAGE}/4711/retry").status_code == 404


def test_a_long_list_has_pages_and_failed_ones_come_before_held_ones(
    office: Office, failed: deliveries.Row
) -> None:
    with office.world.bridge.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO deliveries
                    (alert, channel, action, "to", why, marker, state, reason, not_before, created_at)
                SELECT alert, channel, action, "to", why, 'made-' || n,
                       CASE WHEN n % 2 = 0 THEN 'held' ELSE 'failed' END, reason, not_before, created_at
                FROM deliveries, generate_series(1, 9) AS n WHERE id = :id
            """),
            {"id": failed.id},
        )
        seen, after, pages = [], None, 0
        while pages == 0 or after is not None:
            rows, after = outgoing.page(connection, outgoing.TROUBLED, "slack", after, limit=4)
            seen += rows
            pages += 1
    assert [row.state for row in seen] == ["failed"] * 6 + ["held"] * 4
    assert len({row.id for row in seen}) == 10
    assert pages == 3


def test_a_channel_without_trouble_shows_none(ada: Visitor, failed: deliveries.Row) -> None:
    assert "Nothing like that" in ada.get(f"{PAGE}?channel=zendesk").text


def test_it_is_dropped_on_the_command_line_as_well(
    office: Office, failed: deliveries.Row, command: Command
) -> None:
    read = json.loads(command(office, "deliveries", "drop", str(failed.id), "--json"))
    assert read == {"dropped": [failed.id]}
    assert "0 of 1 dropped" in command(office, "deliveries", "drop", str(failed.id), code=1)
    assert state(office, failed.id) == "dropped"
    [entry] = changed(office)
    assert (entry.via, entry.object) == ("command line", f"delivery:{failed.id}")
