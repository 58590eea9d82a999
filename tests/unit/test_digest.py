"""The daily digest: what comes first, what is said of it, who is to be coached, and when it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bridge.domain.digest import Coach, Digest, Figures, Where, coming, draw_up, moment, open_on
from bridge.domain.digest import with_names as named
from bridge.domain.hours import Hours, parse_week
from bridge.domain.model import (
    Alert,
    AlertState,
    Coaching,
    Finding,
    Member,
    Outcome,
    Promise,
    Reason,
    Severity,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 7, tzinfo=UTC)  # a Wednesday, 08:00 in Berlin
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def finding(headline: str = "Waiting 2 h", rule: str = "next_reply", **more: Any) -> Finding:
    told = {"severity": Severity.HIGH, "since": NOW - HOUR}
    return Finding(rule=rule, headline=headline, **told | more)


def alert(ref: str, *findings: Finding, age: timedelta = 2 * HOUR, **more: Any) -> Alert:
    opened = NOW - age
    reasons = tuple(Reason(finding=f, added_at=opened) for f in findings or (finding(),))
    told = {"subject": f"zendesk:{ref}", "severity": Severity.HIGH, "changed_at": opened}
    return Alert(ref=ref, opened_at=opened, reasons=reasons, **told | more)


def due(within: timedelta, what: str = "contact", met: timedelta | None = None) -> dict[str, Any]:
    met_at = None if met is None else NOW + met
    return {"promises": {what: Promise(due_at=NOW + within, met_at=met_at)}}


def over(ref: str, ago: timedelta = HOUR, **more: Any) -> Alert:
    """Resolved so long ago, and nothing is left to do."""
    told = {"state": AlertState.RESOLVED, "ended_at": NOW - ago, "closed_at": NOW - ago}
    return alert(ref, **told | {"age": ago + HOUR} | more)


def drawn(*alerts: Alert, places: Mapping[str, Where] | None = None, **more: Any) -> Digest:
    told = {"team": "Billing", "manager": "Mona", "zone": BERLIN, "since": NOW - DAY, "now": NOW}
    return draw_up(alerts, places or {}, **told | more)


def refs(digest: Digest) -> list[str]:
    return [case.ref for case in digest.active]


# --- what comes first


def test_a_missed_goal_comes_before_one_that_is_due_at_once() -> None:
    assert refs(drawn(alert("soon", **due(HOUR / 60)), alert("missed", **due(-HOUR)))) == [
        "missed",
        "soon",
    ]


def test_of_two_goals_the_one_that_is_due_sooner_comes_first_however_grave_the_other_is() -> None:
    later = alert("later", severity=Severity.CRITICAL, **due(2 * HOUR))
    assert refs(drawn(later, alert("sooner", severity=Severity.INFO, **due(HOUR)))) == [
        "sooner",
        "later",
    ]


def test_of_goals_that_are_due_together_the_graver_alert_comes_first_then_the_older() -> None:
    grave = alert("grave", severity=Severity.CRITICAL, **due(HOUR))
    old, young = alert("old", age=9 * HOUR, **due(HOUR)), alert("young", **due(HOUR))
    assert refs(drawn(young, old, grave)) == ["grave", "old", "young"]


def test_what_has_no_goal_comes_last() -> None:
    grave = alert("grave", severity=Severity.CRITICAL)
    assert refs(drawn(grave, alert("promised", severity=Severity.INFO, **due(99 * DAY)))) == [
        "promised",
        "grave",
    ]


def test_a_goal_is_missed_at_the_moment_it_is_due_and_not_before() -> None:
    soon = timedelta(microseconds=1)
    assert [drawn(alert("a", **due(left))).missed for left in (timedelta(), soon)] == [1, 0]


def test_the_next_goal_is_the_first_that_nobody_has_met() -> None:
    promises = {
        "acknowledge": Promise(due_at=NOW - HOUR, met_at=NOW - 2 * HOUR),
        "contact": Promise(due_at=NOW + HOUR),
        "resolve": Promise(due_at=NOW + DAY),
    }
    [case] = drawn(alert("a", state=AlertState.ACKNOWLEDGED, promises=promises)).active
    assert case.goal is not None
    assert (case.goal.what, case.goal.due_at) == ("Contact the customer", NOW + HOUR)


def test_an_alert_that_is_taken_has_no_goal_to_be_taken() -> None:
    [case] = drawn(alert("a", state=AlertState.ACKNOWLEDGED, **due(-HOUR, "acknowledge"))).active
    assert case.goal is None


def test_closing_is_no_goal_of_an_alert_that_is_not_even_resolved() -> None:
    [case] = drawn(alert("a", **due(-HOUR, "close"))).active
    assert case.goal is None


def test_what_somebody_resolved_without_saying_why_is_still_to_do() -> None:
    resolved = over("a", closed_at=None, resolved_by="Ana", outcome=Outcome.RECOVERED)
    [case] = drawn(alert("b", **due(DAY)), resolved).active[1:]
    assert case.ref == "a"
    assert refs(drawn(over("a", closed_at=None, resolved_by=""))) == []
    explained = {"resolved_by": "Ana", "outcome": Outcome.RECOVERED, "cause": "tone"}
    assert refs(drawn(over("a", closed_at=None, **explained))) == []


# --- what is said of each


def test_a_case_says_all_that_is_wrong_and_how_old_it_is() -> None:
    low = finding("Rated 0", severity=Severity.CRITICAL, words="Awful.")
    gone = Reason(finding=finding("Was late"), added_at=NOW, gone_at=NOW)
    told = alert("a", finding(), low, owner=Member(name="Ben"))
    told = replace(told, reasons=(*told.reasons, gone))
    place = Where(about="Ticket 7", title="Refund", url="https://acme.zendesk.com/7")
    [case] = drawn(told, places={"zendesk:a": place}).active
    assert case.why == ("Rated 0", "Waiting 2 h")
    assert (case.words, case.owner, case.age) == ("Awful.", "Ben", 2 * HOUR)
    assert case.where == place


def test_a_case_whose_ticket_is_not_known_is_called_by_its_subject() -> None:
    [case] = drawn(alert("a")).active
    assert case.where == Where(about="zendesk:a")


def test_a_snooze_is_told_while_it_lasts() -> None:
    until = [NOW + HOUR, NOW]
    told = [drawn(alert("a", snoozed_until=at)).active[0].snoozed_until for at in until]
    assert told == [NOW + HOUR, None]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"ended": "the ticket is solved"}, "Resolved itself: the ticket is solved."),
        ({}, "Resolved itself."),
        (
            {
                "resolved_by": "Ana",
                "outcome": Outcome.RECOVERED,
                "cause": "tone",
                "done": "Called.",
            },
            "Recovered, by Ana: tone. Called.",
        ),
        ({"resolved_by": "Ana", "outcome": Outcome.UNREACHABLE}, "Unreachable, by Ana."),
        ({"resolved_by": "Ana"}, "Resolved, by Ana."),
    ],
)
def test_what_was_resolved_says_how_it_came_out(how: dict[str, Any], said: str) -> None:
    [case] = drawn(over("a", **how)).closed
    assert case.outcome == said


def test_resolved_since_the_last_digest_is_neither_told_twice_nor_left_out() -> None:
    at_last, since_then = over("a", DAY), over("b", DAY - timedelta(microseconds=1))
    assert [case.ref for case in drawn(at_last, since_then).closed] == ["b"]
    now, later = over("a", timedelta()), over("b", -timedelta(microseconds=1))
    assert [case.ref for case in drawn(now, later).closed] == ["a"]


def test_the_gravest_that_was_resolved_comes_first() -> None:
    grave = over("b", severity=Severity.CRITICAL)
    assert [case.ref for case in drawn(over("a"), grave).closed] == ["b", "a"]


# --- who is to be coached


BEN = Where(about="Ticket", agent="zendesk:7")


def test_a_rule_that_held_twice_for_one_agent_is_worth_a_word() -> None:
    pair = [alert("a"), over("b", 20 * DAY)]
    coaching = drawn(*pair, places={a.subject: BEN for a in pair}).coaching
    assert coaching == (Coach(agent="zendesk:7", recurring=(("next_reply", 2),)),)


@pytest.mark.parametrize(
    "second",
    [
        alert("b", finding(rule="handoffs")),
        alert("b", age=30 * DAY),
        over("b", resolved_by="Ana", outcome=Outcome.NOT_JUSTIFIED, cause="other"),
    ],
    ids=["another rule", "a month ago", "it was not justified"],
)
def test_once_is_no_habit(second: Alert) -> None:
    pair = [alert("a"), second]
    assert drawn(*pair, places={a.subject: BEN for a in pair}).coaching == ()


def test_two_reasons_of_one_rule_in_one_alert_are_one_ticket() -> None:
    twice = alert("a", finding(about="1"), finding(about="2"))
    assert drawn(twice, places={"zendesk:a": BEN}).coaching == ()


def test_two_agents_with_one_alert_each_have_no_habit_and_nobody_has_none() -> None:
    pair = [alert("a"), alert("b")]
    clara = Where(about="Ticket", agent="zendesk:8")
    assert drawn(*pair, places={"zendesk:a": BEN, "zendesk:b": clara}).coaching == ()
    assert drawn(*pair, places={a.subject: Where(about="Ticket") for a in pair}).coaching == ()


def test_an_alert_that_calls_for_coaching_is_told_until_it_is_given_however_old() -> None:
    old = over("a", 90 * DAY, coaching=Coaching.NEEDED)
    [coach] = drawn(old, places={"zendesk:a": BEN}).coaching
    assert (coach.agent, [case.ref for case in coach.cases]) == ("zendesk:7", ["a"])
    for coaching in (Coaching.DONE, Coaching.NOT_NEEDED):
        assert drawn(over("a", 90 * DAY, coaching=coaching)).coaching == ()


def test_who_has_most_to_be_told_comes_first() -> None:
    needed = over("a", coaching=Coaching.NEEDED)
    often = [alert(ref) for ref in "bcd"]
    less = [alert(ref) for ref in "ef"]
    places = {"zendesk:a": Where(about="", agent="zendesk:1")}
    places |= {a.subject: Where(about="", agent="zendesk:2") for a in often}
    places |= {a.subject: Where(about="", agent="zendesk:3") for a in less}
    digest = drawn(*less, *often, needed, places=places)
    assert [coach.agent for coach in digest.coaching] == ["zendesk:1", "zendesk:2", "zendesk:3"]


def test_agents_are_called_by_their_names_where_those_are_known() -> None:
    pair = [over("a", coaching=Coaching.NEEDED), over("b", coaching=Coaching.NEEDED)]
    places = {"zendesk:a": BEN, "zendesk:b": Where(about="", agent="zendesk:8")}
    digest = named(drawn(*pair, places=places), {"zendesk:7": "Ben Ito"})
    assert [coach.name for coach in digest.coaching] == ["Ben Ito", ""]


# --- the figures


def test_yesterday_is_the_local_day_before() -> None:
    midnight = datetime(2026, 3, 2, 23, tzinfo=UTC)  # Tuesday begins in Berlin
    edges = [midnight - timedelta(seconds=1), midnight, midnight + DAY - timedelta(seconds=1)]
    opened = [alert(str(n), age=NOW - at) for n, at in enumerate([*edges, midnight + DAY])]
    assert drawn(*opened).figures == Figures(opened=2)
    ended = [over(str(n), NOW - at, age=40 * DAY) for n, at in enumerate([*edges, midnight + DAY])]
    assert drawn(*ended).figures.resolved == 2


@pytest.mark.parametrize(
    ("what", "counts", "in_time"),
    [
        (due(-HOUR) | {"contacted_at": NOW - 2 * HOUR}, 1, 1),
        (due(HOUR) | {"contacted_at": NOW - 2 * HOUR}, 1, 1),
        (due(-2 * HOUR) | {"contacted_at": NOW - HOUR}, 1, 0),
        (due(-HOUR), 1, 0),
        (due(HOUR), 0, 0),
        (due(-7 * DAY), 0, 0),
        (due(-7 * DAY + HOUR), 1, 0),
        ({}, 0, 0),
        (due(-HOUR) | {"state": AlertState.RESOLVED, "ended_at": NOW - HOUR}, 0, 0),
        (due(-2 * HOUR) | {"state": AlertState.RESOLVED, "ended_at": NOW - HOUR}, 1, 0),
    ],
    ids=[
        "in time",
        "early",
        "too late",
        "missed",
        "not due yet",
        "over a week ago",
        "nearly a week ago",
        "not promised",
        "over when it was due",
        "over after it was due",
    ],
)
def test_contacts_within_the_goal(what: dict[str, Any], counts: int, in_time: int) -> None:
    figures = drawn(alert("a", age=8 * DAY, **what)).figures
    assert (figures.contacts, figures.in_time) == (counts, in_time)


def test_the_share_of_none_is_not_told() -> None:
    assert Figures().share is None
    assert Figures(contacts=4, in_time=3).share == 0.75


def test_nothing_at_all_is_an_empty_digest() -> None:
    assert drawn().empty
    assert not drawn(alert("a")).empty
    assert not drawn(over("a")).empty
    assert not drawn(over("a", 9 * DAY, coaching=Coaching.NEEDED)).empty


# --- when


def test_its_day_is_that_of_the_teams_zone() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    at = datetime(2026, 3, 3, 19, tzinfo=UTC)
    assert drawn(zone=auckland, now=at).day == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        (date(2026, 3, 28), time(8), "2026-03-28T07:00"),
        (date(2026, 3, 29), time(8), "2026-03-29T06:00"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # shown by no clock
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # shown twice
    ],
)
def test_the_hour_of_a_day_on_which_clocks_change(day: date, clock: time, utc: str) -> None:
    assert moment(day, clock, BERLIN).isoformat(timespec="minutes") == f"{utc}+00:00"


@pytest.mark.parametrize("clock", [time(8), time(2, 30), time(0), time(23, 59)])
def test_every_day_of_a_year_has_exactly_one_hour(clock: time) -> None:
    at = datetime(2025, 12, 31, 12, tzinfo=UTC)
    days = []
    while (at := coming(clock, BERLIN, at)) < datetime(2027, 1, 1, tzinfo=UTC) - HOUR:
        days.append(at.astimezone(BERLIN).date())
    assert days == sorted(set(days))
    assert set(days) >= {date(2026, 1, 1) + n * DAY for n in range(365)}


def test_the_next_hour_is_never_now() -> None:
    assert coming(time(8), BERLIN, NOW) == NOW + DAY
    assert coming(time(8), BERLIN, NOW - timedelta(microseconds=1)) == NOW


def test_a_day_is_open_if_anybody_begins_work_on_it() -> None:
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)
    office = Hours(BERLIN, parse_week({"mon-fri": "09:00-17:00"}), frozenset({friday}))
    weekend = Hours(BERLIN, parse_week({"sat": "10:00-12:00"}))
    both = Hours(BERLIN, follow=(office, weekend))
    always = Hours(BERLIN)
    assert [open_on(h, friday) for h in (office, weekend, both, always)] == [
        False,
        False,
        False,
        True,
    ]
    assert [open_on(h, saturday) for h in (office, both)] == [False, True]
