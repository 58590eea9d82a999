"""Figures out of the database are those that one gets by counting in one's own hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from statistics import mean, median, quantiles, variance
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, text

from bridge.domain.model import Alert, Answer, Coaching, Outcome, Relation, Ticket
from bridge.store.figures import (
    associates,
    counts,
    levels,
    loop,
    noise,
    recovery,
    satisfaction,
)
from bridge.store.figures.scope import Lines, Scope
from tests.figured import DAY, NOW, TEAMS, Past, made_up

ZONE = ZoneInfo("America/New_York")
LINES = Lines()
SATISFIED = 0.75


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as made:
        yield made


@pytest.fixture(
    params=[3, pytest.param(11, marks=pytest.mark.long)], ids=lambda seed: f"seed {seed}"
)
def past(request: pytest.FixtureRequest, connection: Connection) -> Past:
    return made_up(connection, seed=request.param)


def scope(*teams: str, agent: str = "", days: int = 120, step: str = "week") -> Scope:
    """So many days up to now, of some teams or all."""
    return Scope(
        since=NOW - days * DAY,
        until=NOW,
        zone=ZONE.key,
        step="week" if step == "week" else "month",
        teams=frozenset(teams) if teams else None,
        groups=frozenset(TEAMS[name] for name in teams if name != "Support"),
        mapped=frozenset(group for name, group in TEAMS.items() if name != "Support"),
        rest="Support" in teams,
        agent=agent,
    )


SCOPES: Sequence[Scope] = (
    scope(),
    scope("Billing"),
    scope("Support", "Delivery"),
    scope(agent="zendesk:51"),
    scope(step="month"),
    scope("Billing", agent="zendesk:52", days=400, step="month"),
)
each_scope = pytest.mark.parametrize("chosen", SCOPES, ids=range(len(SCOPES)))


# --- by hand


def bucket(at: datetime, chosen: Scope) -> date:
    day = at.astimezone(ZONE).date()
    return day.replace(day=1) if chosen.step == "month" else day - timedelta(days=day.weekday())


def mine(past: Past, chosen: Scope) -> list[Alert]:
    return [
        a for a in past.alerts if wanted(past, a.subject, chosen) and within(a.opened_at, chosen)
    ]


def wanted(past: Past, subject: str, chosen: Scope) -> bool:
    whose = chosen.teams is None or past.team(subject) in chosen.teams
    return whose and chosen.agent in ("", past.agent(subject))


def within(at: datetime | None, chosen: Scope) -> bool:
    return at is not None and chosen.since <= at < chosen.until


def cases(past: Past, chosen: Scope) -> list[Ticket]:
    return [
        t
        for t in past.tickets.values()
        if within(t.opened_at, chosen) and wanted(past, t.id, chosen)
    ]


def given(past: Past, chosen: Scope) -> list[tuple[Ticket, Answer]]:
    return [
        (ticket, answer)
        for ticket in past.tickets.values()
        for answer in ticket.answers
        if within(answer.at, chosen) and wanted(past, ticket.id, chosen)
    ]


def is_low(answer: Answer) -> bool:
    return answer.score is not None and answer.score <= (0.6 if answer.scale == "nps" else 0.4)


def unhappy(past: Past, chosen: Scope) -> list[tuple[Ticket, Answer]]:
    return [one for one in given(past, chosen) if is_low(one[1]) or one[1].resolved is False]


def contact(past: Past, ticket: Ticket, answer: Answer) -> datetime | None:
    """The first after the answer."""
    found = [
        at
        for alert in past.alerts
        if alert.subject == ticket.id
        for at in past.contacts.get(alert.ref, ())
        if answer.at is not None and at >= answer.at
    ]
    return min(found, default=None)


MET: dict[str, Callable[[Alert], datetime | None]] = {
    "acknowledge": lambda a: a.acknowledged_at,
    "contact": lambda a: a.contacted_at,
    "resolve": lambda a: a.ended_at,
    "close": lambda a: a.closed_at,
}


def judged(alert: Alert, goal: str) -> str:
    """In time, missed, running, or "" where it tells nothing."""
    promise, met = alert.promises.get(goal), MET[goal](alert)
    if promise is None:
        return ""
    if met is not None:
        return "in time" if met <= promise.due_at else "missed"
    if not alert.live and not alert.resolved_by:
        return "running" if goal == "close" and promise.due_at > NOW else ""
    if promise.due_at > NOW and (alert.live or goal == "close"):
        return "running"
    return "missed"


# --- the loop


@each_scope
def test_goals_are_kept_as_one_counts_them(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    found = loop.goals(connection, chosen, NOW)
    groups: dict[date | None, list[Alert]] = {None: mine(past, chosen)}
    for alert in groups[None] or ():
        groups.setdefault(bucket(alert.opened_at, chosen), []).append(alert)
    assert {one.bucket for one in found} == set(groups)
    for one in found:
        several = groups[one.bucket]
        assert one.alerts == len(several)
        for goal, kept in one.goals.items():
            verdicts = Counter(judged(alert, goal) for alert in several)
            assert kept.decided == verdicts["in time"] + verdicts["missed"], goal
            assert kept.in_time == verdicts["in time"]
            assert kept.running == verdicts["running"]
            took = [
                (met - (alert.reopened_at or alert.opened_at)).total_seconds()
                for alert in several
                if judged(alert, goal) in ("in time", "missed") and (met := MET[goal](alert))
            ]
            assert seconds(kept.median) == (pytest.approx(median(took)) if took else None)
            assert seconds(kept.p90) == (pytest.approx(ninetieth(took)) if took else None)


def seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def ninetieth(took: list[float]) -> float:
    return quantiles(took, n=10, method="inclusive")[-1] if len(took) > 1 else took[0]


@each_scope
def test_who_was_unhappy_was_answered_once_somebody_contacted_them_afterwards(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    found = {one.bucket: one for one in loop.answered(connection, chosen, LINES)}
    by_hand = unhappy(past, chosen)
    assert by_hand
    waits = [
        (at - answer.at).total_seconds()
        for ticket, answer in by_hand
        if answer.at and (at := contact(past, ticket, answer))
    ]
    total = found.pop(None)
    assert (total.unhappy, total.answered) == (len(by_hand), len(waits))
    assert seconds(total.median) == (pytest.approx(median(waits)) if waits else None)
    weeks = Counter(bucket(answer.at, chosen) for _, answer in by_hand if answer.at)
    assert {at: one.unhappy for at, one in found.items()} == weeks


@each_scope
def test_who_was_asked_whether_it_helped(connection: Connection, past: Past, chosen: Scope) -> None:
    [total] = [one for one in loop.followed(connection, chosen) if one.bucket is None]
    several = mine(past, chosen)
    assert total.asked == sum(a.ref in past.asked or a.better is not None for a in several)
    assert total.heard == sum(a.better is not None for a in several)
    assert total.helped == sum(a.better is True for a in several)


# --- how many


@each_scope
def test_alerts_are_counted_by_severity_and_cause(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    several = mine(past, chosen)
    by_severity = Counter((bucket(a.opened_at, chosen), int(a.severity)) for a in several)
    found = counts.by_severity(connection, chosen)
    assert {(one.bucket, one.part): one.many for one in found} == by_severity
    by_cause = Counter((bucket(a.opened_at, chosen), a.cause) for a in several)
    found = counts.by_cause(connection, chosen)
    assert {(one.bucket, one.part): one.many for one in found} == by_cause


@each_scope
def test_cases_and_low_scores_are_counted(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    had = {alert.subject for alert in past.alerts}
    opened = [
        (bucket(t.opened_at, chosen), t.id in had) for t in cases(past, chosen) if t.opened_at
    ]
    found = counts.opened(connection, chosen)
    assert {o.bucket: o.tickets for o in found} == Counter(at for at, _ in opened)
    assert sum(o.alerted for o in found) == sum(alerted for _, alerted in opened)
    scored = [a for _, a in given(past, chosen) if a.score is not None]
    answers = counts.scored(connection, chosen, LINES)
    assert sum(o.answers for o in answers) == len(scored)
    assert sum(o.low for o in answers) == sum(map(is_low, scored))


# --- satisfaction


@each_scope
def test_cases_with_an_alert_are_set_against_those_without(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    scores: dict[tuple[str, bool], list[float]] = {}
    for ticket, answer in given(past, chosen):
        before = any(
            a.subject == ticket.id and answer.at and a.opened_at < answer.at for a in past.alerts
        )
        if answer.score is not None:
            scores.setdefault(("", before), []).append(answer.score)
        for question, score in answer.questions.items():
            scores.setdefault((question, before), []).append(score)
    found = satisfaction.groups(connection, chosen, SATISFIED)
    assert {(one.question, one.alerted) for one in found} == set(scores)
    for one in found:
        mine = scores[one.question, one.alerted]
        assert one.many == len(mine)
        assert one.mean == pytest.approx(mean(mine))
        assert one.variance == (pytest.approx(variance(mine)) if len(mine) > 1 else None)
        assert one.satisfied == sum(score >= SATISFIED for score in mine)
    over_time = satisfaction.over_time(connection, chosen, SATISFIED)
    assert sum(one.many for one in over_time) == sum(
        len(several) for (question, _), several in scores.items() if not question
    )
    mixed = satisfaction.mixed(connection, chosen)
    assert sum(one.many for one in mixed) == sum(one.many for one in over_time)


def test_an_alert_that_the_answer_itself_caused_makes_no_alerted_case(
    connection: Connection,
) -> None:
    from tests.figured import store

    past = Past()
    made = made_up(connection, seed=5, many=0)
    assert made.alerts == []
    opened = NOW - 10 * DAY
    answer = Answer(id="s:1", score=0.0, scale="csat", at=opened + DAY)
    past.tickets["zendesk:1"] = Ticket(
        id="zendesk:1", as_of=(opened, 0, "e"), opened_at=opened, answers=(answer,)
    )
    store(connection, past)
    [before] = satisfaction.groups(connection, scope(), SATISFIED)
    assert (before.alerted, before.many) == (False, 1)
    connection.execute(
        text("""
            INSERT INTO alerts (ref, subject, state, severity, team, opened_at, changed_at, body)
            VALUES ('AB-1', 'zendesk:1', 'open', 30, '', :at, :at, '{}')
        """),
        {"at": opened + DAY + timedelta(seconds=5)},
    )
    assert satisfaction.groups(connection, scope(), SATISFIED) == [before]
    connection.execute(text("UPDATE alerts SET opened_at = :at"), {"at": opened})
    [after] = satisfaction.groups(connection, scope(), SATISFIED)
    assert after.alerted


# --- teams, employees, rules, what became of customers


@each_scope
@pytest.mark.parametrize("by", ["team", "agent"])
def test_levels_add_up(connection: Connection, past: Past, chosen: Scope, by: str) -> None:
    kind: levels.By = "team" if by == "team" else "agent"
    several, had = mine(past, chosen), {a.subject for a in past.alerts}
    found = levels.alerted(connection, chosen, kind, NOW)
    key = past.team if by == "team" else past.agent
    assert {name: sums.alerts for name, sums in found.items()} == Counter(
        key(a.subject) for a in several
    )
    total = levels.added(found.values())
    assert total.itself == sum(not a.live and not a.resolved_by for a in several)
    assert total.contact_in_time == sum(judged(a, "contact") == "in time" for a in several)
    assert total.resolve_decided == sum(
        judged(a, "resolve") in ("in time", "missed") for a in several
    )
    assert total.recovered == sum(a.outcome is Outcome.RECOVERED for a in several)
    opened = levels.added(levels.opened(connection, chosen, kind).values())
    assert opened.tickets == len(cases(past, chosen))
    assert opened.alerted == sum(t.id in had for t in cases(past, chosen))
    rated = levels.added(levels.rated_by(connection, chosen, kind, LINES, SATISFIED).values())
    scores = [a.score for _, a in given(past, chosen) if a.score is not None]
    assert rated.scored == len(scores)
    assert rated.score == pytest.approx(sum(scores))
    assert rated.unhappy == len(unhappy(past, chosen))
    assert rated.answered == sum(contact(past, t, a) is not None for t, a in unhappy(past, chosen))


@each_scope
def test_employees_are_told_apart(connection: Connection, past: Past, chosen: Scope) -> None:
    several = [
        alert
        for alert in mine(past, chosen)
        if past.agent(alert.subject) and alert.outcome is not Outcome.NOT_JUSTIFIED
    ]
    found = {one.agent: one for one in associates.associates(connection, chosen)}
    for agent, one in found.items():
        theirs = [a for a in several if past.agent(a.subject) == agent]
        assert one.alerts == len(theirs)
        assert one.open == sum(a.coaching is Coaching.NEEDED for a in theirs)
        assert one.given == sum(a.coaching is Coaching.DONE for a in theirs)
        assert one.tickets == sum(past.agent(t.id) == agent for t in cases(past, chosen))
    rules = Counter(
        (past.agent(a.subject), reason.finding.rule) for a in several for reason in a.reasons
    )
    again = associates.recurring(connection, chosen)
    assert {(one.agent, one.rule): one.many for one in again} == rules


def test_alerts_are_listed_newest_first_a_page_at_a_time(
    connection: Connection, past: Past
) -> None:
    chosen = scope("Billing", days=400)
    first = associates.lines(connection, chosen, 5)
    rest = associates.lines(connection, chosen, 1000, first[-1].number)
    refs = {alert.ref for alert in mine(past, chosen)}
    assert {line.ref for line in (*first, *rest)} == refs
    assert len(first) + len(rest) == len(refs)


@each_scope
def test_rules_are_counted_with_their_noise(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    several = mine(past, chosen)
    found = {one.rule: one for one in noise.by_rule(connection, chosen, NOW)}
    for rule, one in found.items():
        theirs = [a for a in several if rule in {r.finding.rule for r in a.reasons}]
        assert one.alerts == len(theirs)
        assert one.useful == sum(bool(a.useful) for a in theirs)
        assert one.useless == sum(bool(a.useless) for a in theirs)
        assert one.rated == sum(bool(a.useful or a.useless) for a in theirs)
        assert one.itself == sum(not a.live and not a.resolved_by for a in theirs)
        assert one.in_time == sum(judged(a, "acknowledge") == "in time" for a in theirs)
        assert one.pings == sum(past.pings[a.ref] for a in theirs)
    assert sum(one.alerts for one in found.values()) == sum(len(a.reasons) for a in several)


@each_scope
def test_what_became_of_customers_is_counted_where_the_look_is_due(
    connection: Connection, past: Past, chosen: Scope
) -> None:
    by_hand = Counter(
        (
            int(months),
            alert.ended_at.astimezone(ZONE).date().replace(day=1),
            alert.outcome is Outcome.RECOVERED,
            alert.relations.get(months, Relation.UNKNOWN),
        )
        for alert in past.alerts
        for months, due in alert.checks.items()
        if wanted(past, alert.subject, chosen) and within(due, chosen) and alert.ended_at
    )
    found = recovery.became(connection, chosen, NOW)
    assert {(o.months, o.cohort, o.recovered, o.relation): o.many for o in found} == by_hand
