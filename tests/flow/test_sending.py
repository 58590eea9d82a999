"""What becomes of a message when the vendor is busy, slow, silent, or does not know the place any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from bridge.cli import main
from bridge.sandbox import Fault
from bridge.simulate.world import ENV
from tests.flow.conftest import Command, Office, Once, Opens, written

NOTE = ("zendesk", "PUT", "/tickets/1.json")
TAGS = ("zendesk", "PUT", "/tags.json")
POST = ("slack", "POST", "/chat.postMessage")
TOKENS = ("POST", "/oauth/tokens")


def fail(office: Office, call: tuple[str, str, str], fault: Fault, times: int = 1) -> Once:
    """Let the next calls of this kind go wrong."""
    once = Once(*call, fault, times, now=office.world.clock)
    office.world.sandbox.faults = once
    return once


@pytest.mark.parametrize("call", [POST, NOTE, TAGS], ids=["Slack", "a note", "tags"])
def test_who_says_too_many_is_left_alone_for_as_long_as_asked(
    office: Office, call: tuple[str, str, str]
) -> None:
    ticket = office.open()
    asked = fail(office, call, Fault.status(429, "", {"Retry-After": "30"}))
    office.rate(ticket, score=1)
    started = office.now

    office.later(seconds=29)
    assert len(asked.seen) == 1
    waiting = [row for row in office.deliveries() if row.state == "waiting"]
    assert waiting
    assert "429" in waiting[0].reason

    office.later(seconds=2)
    assert asked.seen[1] - started >= timedelta(seconds=30)
    assert {row.state for row in office.deliveries()} == {"sent"}
    assert len(office.posts()) == len(office.notes(ticket)) == 1


@pytest.mark.parametrize("call", [POST, NOTE, TAGS], ids=["Slack", "a note", "tags"])
@pytest.mark.parametrize(
    "fault",
    [Fault.timeout_after_applying(), Fault.reset_before(), Fault.status(502)],
    ids=["carried out and no answer", "hung up before", "a bad gateway"],
)
def test_a_lost_answer_makes_neither_two_messages_nor_none(
    office: Office, call: tuple[str, str, str], fault: Fault
) -> None:
    ticket = office.open()
    fail(office, call, fault)
    office.rate(ticket, score=1)
    office.later(minutes=2)

    assert len(office.posts()) == 1
    assert len(office.notes(ticket)) == 1
    assert office.tags(ticket) == {"alert_low_score"}
    assert {row.state for row in office.deliveries()} == {"sent"}
    assert max(row.attempts for row in office.deliveries()) == 2


def test_a_broadcast_whose_answer_is_lost_is_found_in_its_thread(office: Office) -> None:
    office.open()
    office.later(hours=3, minutes=1)
    fail(office, POST, Fault.timeout_after_applying())
    office.later(hours=1)

    assert len(office.broadcasts()) == 1
    assert {row.state for row in office.deliveries()} == {"sent"}


def test_where_slack_may_not_be_searched_the_message_may_repeat_and_says_so(
    office: Office,
) -> None:
    office.slack.add_token(ENV["SLACK_BOT_TOKEN"], ["chat:write"])
    ticket = office.open()
    fail(office, POST, Fault.timeout_after_applying())
    office.rate(ticket, score=1)
    office.later(minutes=2)

    (post,) = office.deliveries("post")
    assert post.state == "sent"
    assert "may repeat" in post.reason
    assert len(office.posts()) == 2


def test_an_outage_of_an_hour_costs_nothing_but_time(office: Office) -> None:
    ticket = office.open()
    asked = fail(office, POST, Fault.status(503), times=10_000)
    office.rate(ticket, score=1)
    office.later(hours=1)
    assert office.posts() == []
    assert len(asked.seen) < 30, "it asks ever more rarely"

    asked.times = 0
    office.later(minutes=11)
    assert len(office.posts()) == 1


def test_after_a_day_it_is_given_up_and_can_be_seen(office: Office) -> None:
    ticket = office.open(priority="urgent")
    fail(office, POST, Fault.status(503), times=10_000)
    office.rate(ticket, score=1)
    office.later(hours=25)

    (post,) = office.deliveries("post")
    assert post.state == "failed"
    assert post.reason.startswith("gave up after")


def test_an_archived_channel_fails_visibly_and_the_message_goes_out_once_it_is_mended(
    office: Office, command: Command
) -> None:
    ticket = office.open()
    channel = office.slack.find("alerts-billing")
    channel.is_archived = True
    office.rate(ticket, score=1)

    (post,) = office.deliveries("post")
    assert post.state == "failed"
    assert "archived" in post.reason
    assert "archived" in command(office, "deliveries", "list", "--state", "failed")
    assert len(office.notes(ticket)) == 1, "the ticket is told nevertheless"

    channel.is_archived = False
    assert "1 of 1" in command(office, "deliveries", "retry", str(post.id))
    office.later(seconds=2)  # one message a second, the one that failed too
    assert len(office.posts()) == 1


def test_a_deleted_ticket_fails_visibly_and_slack_says_that_there_is_no_note(
    office: Office,
) -> None:
    ticket = office.open()
    office.desk.tickets[ticket].deleted = True  # and the webhook that says so is late
    office.rate(ticket, score=1)

    assert {row.state for row in office.deliveries("note", "tag")} == {"failed"}
    (post,) = office.posts()
    assert f"ticket {ticket} does not exist any more" in written(post)


def test_a_bot_that_was_never_invited_joins_by_itself(office: Office) -> None:
    office.slack.find("alerts-billing").is_member = False
    ticket = office.open()
    office.rate(ticket, score=1)
    office.later(seconds=2)  # one message a second, the one that was refused too
    assert len(office.posts()) == 1


def test_a_desk_without_credentials_is_told_before_anything_is_sent(open_office: Opens) -> None:
    result = CliRunner().invoke(
        main, ["worker"], env={"DATABASE_URL": "postgresql:///none", "BRIDGE_CONFIG": "none.toml"}
    )
    assert result.exit_code == 1
    assert "none.toml: no such file" in result.output


# --- tokens


def test_a_token_is_minted_once_for_many_calls(office: Office) -> None:
    for _ in range(3):
        office.rate(office.open(), score=1)
    assert office.desk.calls[TOKENS] == 1


def test_a_token_is_renewed_before_it_ends(office: Office) -> None:
    office.rate(office.open(), score=1)
    office.later(minutes=28)
    ticket = office.open()
    office.rate(ticket, score=1)

    assert office.desk.calls[TOKENS] == 2
    assert len(office.notes(ticket)) == 1
    assert {row.attempts for row in office.deliveries("note", "tag")} == {1}


def test_a_revoked_token_is_minted_anew_at_once(office: Office) -> None:
    office.rate(office.open(), score=1)
    for token in list(office.desk.grants):
        office.desk.revoke(token)
    ticket = office.open()
    office.rate(ticket, score=1)

    assert office.desk.calls[TOKENS] == 2
    assert len(office.notes(ticket)) == 1


def test_a_wrong_client_secret_is_said_and_the_managers_hear_nevertheless(
    open_office: Opens,
) -> None:
    office = open_office()
    office.desk.clients.clear()
    office.rate(office.open(), score=1)

    (note,) = office.deliveries("note")
    assert "check the client's identifier, its secret and its scopes" in note.reason
    assert ENV["ZENDESK_CLIENT_SECRET"] not in note.reason
    assert len(office.posts()) == 1
