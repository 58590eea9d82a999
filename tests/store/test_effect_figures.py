"""The answers that an effect is reckoned from are counted as one would by hand, and told apart by what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.model import Alert, Answer, Finding, Reason, Severity, Ticket
from bridge.domain.people import Roster
from bridge.insight.choice import SATISFIED, Choice
from bridge.insight.effect import effect
from bridge.insight.periods import period
from bridge.settings import parse
from bridge.store.figures.effect import began, cells
from bridge.store.figures.scope import Lines, Scope
from tests.figured import DAY, HOUR, NOW, Past, made_up, store

SCOPE = Scope(since=NOW - 400 * DAY, until=NOW + DAY)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as made:
        yield made


def answered(past: Past) -> list[tuple[Ticket, Answer]]:
    """The scored answers of tickets, as far as they lie in the period."""
    return [
        (ticket, answer)
        for ticket in past.tickets.values()
        for answer in ticket.answers
        if answer.score is not None and answer.at is not None and answer.at < SCOPE.until
    ]


def alerted(past: Past, ticket: Ticket, answer: Answer) -> bool:
    assert answer.at is not None
    return any(a.subject == ticket.id and a.opened_at < answer.at for a in past.alerts)


def test_every_scored_answer_is_in_one_cell(connection: Connection) -> None:
    past = made_up(connection, seed=3)
    split = NOW - 60 * DAY
    found = cells(connection, SCOPE, Lines(), SATISFIED, split)
    by_hand = Counter(
        (alerted(past, ticket, answer), answer.at >= split, answer.scale)  # type: ignore[operator]
        for ticket, answer in answered(past)
    )
    counted = Counter[tuple[bool, bool, str]]()
    for one in found:
        counted[one.alerted, one.after, one.scale] += one.many
    assert counted == by_hand
    scores = [answer.score or 0 for _, answer in answered(past)]
    assert sum(one.total for one in found) == pytest.approx(sum(scores))
    assert sum(one.squares for one in found) == pytest.approx(sum(s * s for s in scores))
    assert sum(one.satisfied for one in found) == sum(s >= SATISFIED for s in scores)
    assert not any(one.after for one in cells(connection, SCOPE, Lines(), SATISFIED, None))


def test_a_case_is_as_old_as_when_its_customer_answered(connection: Connection) -> None:
    ages = {"under a day": 2 * HOUR, "1 to 3 days": DAY, "3 to 7 days": 4 * DAY}
    ages |= {"over 7 days": 7 * DAY}
    past = Past()
    for number, (name, length) in enumerate(ages.items()):
        ticket = rated(number, 1.0, age=length)
        past.tickets[ticket.id] = replace(ticket, priority=name)
    store(connection, past)
    found = cells(connection, SCOPE, Lines(), SATISFIED, None)
    assert {one.priority: one.age for one in found} == {name: name for name in ages}


def rated(number: int, score: float, *, age: timedelta = DAY, **more: str) -> Ticket:
    """A ticket whose customer answered, at an age."""
    at = NOW - 30 * DAY
    return Ticket(
        id=f"zendesk:{number + 1}",
        as_of=(at, 0, f"e{number}"),
        whole=True,
        opened_at=at - age,
        answers=(Answer(id=f"a{number}", score=score, scale="csat", at=at),),
        **more,  # type: ignore[arg-type]
    )


def rung(subject: str, number: int) -> Alert:
    """An alert that opened a day before the answer."""
    at = NOW - 31 * DAY
    finding = Finding(rule="handoffs", severity=Severity.WARNING, headline="Handed on", since=at)
    return Alert(
        subject=subject,
        ref=f"AB-{number:08X}",
        severity=Severity.WARNING,
        opened_at=at,
        changed_at=at,
        reasons=(Reason(finding=finding, added_at=at),),
    )


def chosen() -> Choice:
    settings = parse("", {})
    return Choice(
        period=period("90d", NOW, settings.hours.zone), roster=Roster(teams=()), settings=settings
    )


def test_what_the_groups_are_made_of_is_named_and_taken_out(connection: Connection) -> None:
    """Urgent cases are rated low by half of the customers, others by none; alerts open mostly on urgent ones."""
    past, number = Past(), 0
    for urgent, many, with_alert in ((True, 60, 50), (False, 60, 10)):
        for n in range(many):
            number += 1
            low = urgent and n % 2 == 0
            ticket = rated(number, 0.0 if low else 1.0, priority="urgent" if urgent else "low")
            past.tickets[ticket.id] = ticket
            if n < with_alert:
                past.alerts.append(rung(ticket.id, number))
    store(connection, past)
    found = effect(connection, chosen(), NOW)
    both = found.alerted
    assert (both.one.many, both.other.many) == (60, 60)
    assert both.low is not None
    assert both.low.clear
    assert both.low.value == pytest.approx(25 / 60 - 5 / 60)
    assert both.low_alike is not None
    assert both.low_alike.value == pytest.approx(0, abs=0.01)
    assert {(one.part, one.value) for one in both.differences} == {
        ("priority", "urgent"),
        ("priority", "low"),
    }
    assert not both.few
    assert found.changed is None


def test_before_and_after_a_day_are_compared(connection: Connection) -> None:
    made_up(connection, seed=3)
    split = (NOW - 40 * DAY).date()
    found = effect(connection, replace(chosen(), changed=split), NOW)
    assert found.changed is not None
    assert found.changed.one.many + found.changed.other.many == (
        found.alerted.one.many + found.alerted.other.many
    )
    assert {one.name for one in found.tables} >= {"before_and_after", "comparability_over_time"}


def test_a_rule_begins_with_its_first_alert(connection: Connection) -> None:
    past = made_up(connection, seed=3)
    first = {
        rule: min(a.opened_at for a in past.alerts if rule in {r.finding.rule for r in a.reasons})
        for rule in ("low_score", "first_response", "reopened")
    }
    assert dict(began(connection, SCOPE)) == first
    later = replace(SCOPE, since=max(first.values()) + HOUR)
    assert began(connection, later) == []
