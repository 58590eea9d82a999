"""A test alert goes where alerts go, says that it is one, ends by itself, and leaves real cases alone."""

from __future__ import annotations

import pytest

from bridge.domain.model import AlertState, ConfigError
from bridge.sandbox import Fault
from bridge.store import deliveries
from bridge.work.drill import drill
from tests.flow.conftest import Office, Once, written


def settled(office: Office) -> list[deliveries.Row]:
    """What became of each delivery once Slack has taken them, one a second."""
    office.later(seconds=5)
    return office.deliveries()


def test_a_drill_is_told_in_the_teams_channel_and_ended(office: Office) -> None:
    drill(office.world.bridge, "Billing")
    rows = settled(office)
    assert [(row.action.value, row.state) for row in rows] == [
        ("post", "sent"),
        ("edit", "sent"),
        ("reply", "sent"),
    ]
    (post,) = office.posts("Billing")
    assert "TEST" in written(post)
    assert "it was only a test" in written(post)
    assert office.posts("Support") == []
    (alert,) = office.alerts()
    assert alert.state is AlertState.RESOLVED


def test_a_drill_on_a_ticket_leaves_a_note_and_takes_its_tag_off_again(office: Office) -> None:
    ticket = office.open()
    drill(office.world.bridge, "Billing", f"zendesk:{ticket}")
    rows = settled(office)
    assert {row.state for row in rows} == {"sent"}
    (note,) = office.notes(ticket)
    assert "TEST" in note
    assert office.tags(ticket) == set()
    assert all("TEST" not in words for _, words in office.desk.public_view(ticket))


def test_a_drill_does_not_hide_what_is_wrong_with_the_ticket(office: Office) -> None:
    ticket = office.open()
    drill(office.world.bridge, "Billing", f"zendesk:{ticket}")
    office.settle()
    office.later(hours=5)
    assert office.tags(ticket) == {"alert_first_response"}
    assert len(office.posts("Billing")) == 2


def test_a_failure_is_seen(office: Office) -> None:
    refused = Fault.status(
        200, '{"ok": false, "error": "invalid_auth"}', {"Content-Type": "application/json"}
    )
    office.world.sandbox.faults = Once("slack", "POST", "chat.postMessage", refused, times=9)
    (post, *_) = drill(office.world.bridge, "Billing")
    assert post.state == "failed"
    assert "invalid_auth" in post.reason


@pytest.mark.parametrize(
    ("team", "ticket", "words"),
    [
        ("Biling", "", "Billing, Support"),
        ("Billing", "zendesk", "DESK:KEY"),
        ("Billing", "nodesk:1", "desks are: zendesk"),
    ],
)
def test_what_does_not_exist_is_said(office: Office, team: str, ticket: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        drill(office.world.bridge, team, ticket)
