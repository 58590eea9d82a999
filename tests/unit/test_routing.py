"""Who is told what, and why."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, reconcile
from bridge.domain.model import Action, Alert, AlertState, Delivery, Finding, Severity, Team, Ticket
from bridge.domain.routing import MEDIUMS, SLACK, TICKET, Plan, plan, tag
from tests import casework
from tests.casework import LOOP
from tests.stories import at, became, gone, opened, ticket

INFO, WARNING, HIGH = Severity.INFO, Severity.WARNING, Severity.HIGH
CASE = ticket(opened("09:00"))
NOBODY = Team(name="EMEA", slack_channel="C1")
"""A team without a manager: what goes to people is in test_routing_people."""
BOTH = frozenset(MEDIUMS)
NOTED = {INFO: (TICKET,), WARNING: (TICKET, SLACK), HIGH: (TICKET, SLACK)}


def finding(rule: str, severity: Severity = WARNING, level: str = "") -> Finding:
    return casework.finding(rule, severity, level=level)


def facts(*, team: Team = NOBODY, **told: Any) -> Plan:
    asked = {"routes": NOTED, "desk": "zendesk", **told}
    return Plan(loop=replace(LOOP, team=team), **asked)


def planned(
    *days: tuple[Finding, ...], posted: frozenset[str] = BOTH, case: Ticket = CASE, **told: Any
) -> list[tuple[str, str, str]]:
    """What is planned on the last of the days, as (channel, action, why)."""
    alert: Alert | None = None
    steps: tuple[Step, ...] = ()
    for found in days:
        alert, steps = reconcile(alert, case, found, {}, at("10:00"))
    assert alert is not None
    plans = plan(alert, case, steps, facts(posted=posted, **told))
    return [(d.channel, d.action.value, d.why) for d in plans]


def deliveries(
    alert: Alert, *changes: Change, case: Ticket = CASE, **told: Any
) -> tuple[Delivery, ...]:
    found = alert.reasons[0].finding
    if Change.ENDED in changes:
        alert = replace(alert, state=AlertState.RESOLVED)
    steps = tuple(Step(change=change, at=at("10:00"), finding=found) for change in changes)
    return plan(alert, case, steps, facts(**told))


def alert_with(*found: Finding) -> Alert:
    alert, _ = reconcile(None, CASE, found, {}, at("10:00"))
    assert alert is not None
    return alert


SLOW, RUDE = finding("slow"), finding("rude")

NEW = [("zendesk", "tag", "a new alert"), ("zendesk", "note", "a new alert")]
POST = ("slack", "post", "a new alert")
EDIT = ("slack", "edit", "kept current")


def test_a_new_alert_is_told_in_the_ticket_and_in_slack() -> None:
    assert planned((SLOW,), posted=frozenset()) == [*NEW, POST]


def test_addresses_and_tags_are_those_of_the_case() -> None:
    tagged, note, post = deliveries(alert_with(SLOW, RUDE), Change.OPENED)
    assert (tagged.to, tagged.tags) == ("1", ("alert_rude", "alert_slow"))
    assert (note.to, post.to) == ("1", "C1")
    assert {d.held for d in (tagged, note, post)} == {""}


def test_no_change_tells_nobody() -> None:
    assert planned((SLOW,), (SLOW,)) == []


def test_a_further_reason_is_a_tag_and_a_word_in_the_thread() -> None:
    assert planned((SLOW,), (SLOW, RUDE)) == [
        ("zendesk", "tag", "a further reason"),
        EDIT,
        ("slack", "reply", "reason added"),
    ]


def test_an_update_and_a_reason_that_has_gone_only_keep_the_message_current() -> None:
    assert planned((SLOW,), (finding("slow", level="2"),)) == [EDIT]
    assert planned((SLOW, RUDE), (RUDE,)) == [EDIT]


def test_what_gets_graver_is_shown_in_the_channel_and_said_once() -> None:
    assert planned((SLOW,), (SLOW, finding("rude", HIGH))) == [
        ("zendesk", "tag", "a further reason"),
        EDIT,
        ("slack", "broadcast", "the severity was raised"),
    ]


def test_what_nears_the_breach_is_said_in_the_thread() -> None:
    warned, breached = finding("slow", level="warn"), finding("slow", level="breach")
    warned, breached = replace(warned, stage="warn"), replace(breached, stage="breach")
    assert planned((warned,), (breached,)) == [EDIT, ("slack", "reply", "nearer to the breach")]


def test_a_breach_that_is_graver_is_said_once_and_in_the_channel() -> None:
    warned = replace(finding("slow", level="warn"), stage="warn")
    breached = replace(finding("slow", HIGH, level="breach"), stage="breach")
    assert planned((warned,), (breached,)) == [
        EDIT,
        ("slack", "broadcast", "the severity was raised"),
    ]


def test_a_reminder_is_shown_in_the_channel_and_leaves_the_ticket_alone() -> None:
    breached = replace(finding("slow", level="breach"), stage="breach")
    reminded = replace(finding("slow", level="nag1"), stage="nag1")
    assert planned((breached,), (reminded,)) == [EDIT, ("slack", "broadcast", "a reminder")]


def test_a_stage_that_is_taken_back_only_keeps_the_message_current() -> None:
    breached = replace(finding("slow", level="breach"), stage="breach")
    relaxed = replace(finding("slow", level="warn"), stage="warn")
    assert planned((breached,), (relaxed,)) == [EDIT]


def test_the_words_in_the_thread_say_what_is_new() -> None:
    *_, reply = deliveries(alert_with(SLOW), Change.ADDED, posted=BOTH)
    assert reply.text == "A further reason: It is slow"
    *_, reply = deliveries(alert_with(SLOW), Change.NEARED, posted=BOTH)
    assert reply.text == "It is slow"
    *_, broadcast = deliveries(alert_with(SLOW), Change.REMINDED, posted=BOTH)
    assert broadcast.text == "Still open: It is slow"
    raised = alert_with(finding("slow", HIGH))
    *_, broadcast = deliveries(raised, Change.RAISED, posted=BOTH)
    assert broadcast.text == "Now high: It is slow"
    ended = replace(alert_with(SLOW), ended="the ticket is solved")
    *_, reply = deliveries(ended, Change.EASED, Change.ENDED, posted=BOTH)
    assert reply.text == "Resolved itself: the ticket is solved."


def test_its_end_takes_all_its_tags_off_and_is_said_in_the_thread() -> None:
    ends = [
        ("zendesk", "untag", "it has ended"),
        EDIT,
        ("slack", "reply", "resolved itself"),
    ]
    assert planned((SLOW, RUDE), (RUDE,), ()) == ends
    eased, _ = reconcile(alert_with(SLOW, RUDE), CASE, [RUDE], {}, at("10:00"))
    assert eased is not None
    untag, *_ = deliveries(eased, Change.ENDED, posted=BOTH)
    assert untag.tags == ("alert_rude", "alert_slow")


def test_of_what_ends_at_once_only_the_end_is_said() -> None:
    _, _, *said = deliveries(alert_with(SLOW), Change.ADDED, Change.ENDED, posted=BOTH)
    assert [delivery.why for delivery in said] == ["resolved itself"]


def test_nobody_hears_of_the_end_of_what_they_never_heard_of() -> None:
    assert planned((SLOW,), (), posted=frozenset()) == []


def test_an_answer_without_a_ticket_is_told_in_slack_alone() -> None:
    assert planned((SLOW,), posted=frozenset(), desk="") == [POST]


def test_a_minor_one_is_not_for_slack_until_it_gets_graver() -> None:
    minor = finding("slow", INFO)
    assert planned((minor,), posted=frozenset()) == NEW
    assert planned((minor,), (SLOW,), posted=frozenset({TICKET})) == [POST]


def test_where_it_is_told_it_is_kept_current_though_the_new_severity_goes_elsewhere() -> None:
    routes = {WARNING: (TICKET, SLACK), HIGH: ()}
    grave = finding("slow", HIGH)
    assert planned((SLOW,), (grave,), routes=routes) == [
        EDIT,
        ("slack", "broadcast", "the severity was raised"),
    ]
    assert planned((grave,), (), routes=routes)[0] == ("zendesk", "untag", "it has ended")


def test_a_severity_without_a_route_is_told_nowhere() -> None:
    assert planned((SLOW,), posted=frozenset(), routes={}) == []


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (ticket(gone("09:00", why="spam")), "the ticket was spam"),
        (ticket(became("09:00", "closed")), "the ticket is closed and cannot be written to"),
        (ticket(became("09:00", "solved")), ""),
    ],
)
@pytest.mark.parametrize("change", [Change.OPENED, Change.ENDED, Change.ADDED])
def test_what_cannot_be_written_to_the_ticket_is_held_with_the_reason(
    case: Ticket, why: str, change: Change
) -> None:
    posted = frozenset() if change is Change.OPENED else BOTH
    planned = deliveries(alert_with(SLOW), change, case=case, posted=posted)
    assert {d.held for d in planned if d.channel == "zendesk"} == {why}
    assert {d.held for d in planned if d.channel == SLACK} == {""}


def test_a_team_without_a_channel_holds_what_is_for_slack_and_nothing_else() -> None:
    *others, post = deliveries(alert_with(SLOW), Change.OPENED, team=Team(name="EMEA"))
    assert post.action is Action.POST
    assert post.held == "team 'EMEA' has no Slack channel"
    assert {d.held for d in others} == {""}


def test_a_tag_has_no_spaces() -> None:
    assert tag("low_score") == "alert_low_score"
