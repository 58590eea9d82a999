"""A small lossy week against the helpdesks' own histories; and what the yardstick says of worlds made by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace
from rich.progress import Progress

from bridge.domain.goals import Goal
from bridge.domain.judge import Policy
from bridge.domain.model import AnyEvent, Finding, Severity, Ticket
from bridge.domain.rules import rules
from bridge.domain.ticket import STATUSES, fold_all
from bridge.sandbox import Shipment
from bridge.simulate.reckoning import WeekOutcome
from bridge.simulate.truth import Key, Span, differences, key_of, runs, standing
from bridge.simulate.week import CONFIG, START, Losses
from bridge.simulate.week_run import play
from tests.stories import (
    NINE_TO_FIVE,
    agent_answered,
    at,
    became,
    customer_wrote,
    moved,
    opened,
)

POLICY = Policy(
    rules=tuple(rule() for rule in rules().values()),
    goals=(Goal(name="first_response", targets={"": timedelta(hours=2)}, warn=(0.5,)),),
    hours=NINE_TO_FIVE,
    statuses={"zendesk": STATUSES},
)
FIRST_ANSWER = Key("zendesk:1", "first_response", "", "2026-03-02T09:00:00+00:00+7200")


def small(url: str, config: Path = CONFIG) -> WeekOutcome:
    """The Monday of sixty tickets."""
    with Progress(disable=True) as progress:
        return play(url, 4, progress, tickets=60, days=1, config=config)


# --- whole worlds


@pytest.mark.slow
def test_what_is_lost_is_found_again_and_told_once(url: str) -> None:
    found = small(url)
    assert found.good, found.trouble
    assert found.tickets == 60
    assert found.lost_webhooks > found.webhooks * 0.15
    assert found.twice_or_swapped > 10
    assert found.repaired_events > 50
    assert found.alerts > 10
    assert sum(late.alerts for late in found.late.values()) > 20
    untouched = found.late["untouched"]
    assert untouched.bands["on time"] == untouched.alerts
    assert max(late.max for late in found.late.values()) < 600
    assert found.api_calls["zendesk"]["GET /api/v2/incremental/ticket_events"] > 250
    assert found.api_calls["jsm"]["GET /rest/api/2/search/jql"] > 250


@pytest.mark.long
def test_without_sweeps_what_is_lost_stays_lost(url: str, tmp_path: Path) -> None:
    never = tmp_path / "never.toml"
    never.write_text(CONFIG.read_text("utf-8").replace('sweep = "5m"', 'sweep = "off"'), "utf-8")
    found = small(url, never)
    assert not found.good
    assert found.histories_differ > 0


# --- which webhooks go astray


def shipment(ticket: int) -> Shipment:
    return Shipment(
        vendor="zendesk",
        lane=f"zendesk:hook:{ticket}",
        key="",
        url="",
        body=b"",
        sign=lambda _body, _at: {},
        retry=lambda _attempt: None,
    )


def fates(tickets: list[int]) -> dict[int, list[int]]:
    """How many copies set out of the webhooks of each ticket, sent in this order."""
    losses = Losses(7, lambda: START)
    found: dict[int, list[int]] = {}
    for ticket in tickets:
        found.setdefault(ticket, []).append(len(losses(shipment(ticket))))
    return found


def test_whose_webhooks_are_lost_does_not_depend_on_those_of_others() -> None:
    in_turn = [number for _ in range(50) for number in range(20)]
    mixed = sorted(in_turn, key=lambda _: Random(1).random())
    assert fates(in_turn) == fates(mixed)
    copies = [many for some in fates(in_turn).values() for many in some]
    assert 0.15 < copies.count(0) / len(copies) < 0.25
    assert copies.count(2) > 5


def test_a_lost_webhook_is_remembered_by_its_ticket() -> None:
    losses = Losses(7, lambda: START)
    while losses(shipment(5)):
        pass
    assert START in losses.lost["zendesk:5"]
    assert losses.done["lost"] == 1


# --- what should have been told


def test_the_truth_rings_at_the_moment_and_ends_with_the_answer() -> None:
    history: list[AnyEvent] = [opened("09:00"), agent_answered("12:00")]
    assert standing(history, POLICY, at("17:00"))[FIRST_ANSWER] == [
        Span(at("10:00"), at("11:00"), Severity.WARNING),
        Span(at("11:00"), at("12:00"), Severity.HIGH),
    ]


def test_what_still_stands_at_the_end_stood_until_then() -> None:
    history: list[AnyEvent] = [opened("09:00")]
    (span,) = standing(history, POLICY, at("10:30"))[FIRST_ANSWER]
    assert span == Span(at("10:00"), at("10:30"), Severity.WARNING)


def test_a_graver_stage_counts_for_the_lesser_one() -> None:
    warned = Span(at("10:00"), at("11:00"), Severity.WARNING)
    missed = Span(at("11:00"), at("12:00"), Severity.HIGH)
    again = Span(at("14:00"), at("15:00"), Severity.WARNING)
    spans = [warned, missed, again]
    assert list(runs(spans, Severity.WARNING)) == [replace(warned, end=at("12:00")), again]
    assert list(runs(spans, Severity.HIGH)) == [missed]


def test_an_occurrence_is_the_same_to_the_second() -> None:
    finding = Finding(rule="first_response", severity=Severity.HIGH, headline="", since=at("09:00"))
    fraction = replace(finding, occurrence="2026-03-02T09:00:00.250000+00:00+7200")
    whole = replace(finding, occurrence="2026-03-02T09:00:00+00:00+7200")
    assert key_of("zendesk:1", fraction) == key_of("zendesk:1", whole) == FIRST_ANSWER


# --- what must be known


HISTORY: list[AnyEvent] = [
    opened("09:00"),
    moved("09:10", team="17"),
    customer_wrote("09:20"),
    became("09:30", "hold"),
    agent_answered("09:40"),
    became("09:50", "open"),
]


def known(*, but: int) -> dict[str, Ticket]:
    """The ticket as it is to somebody who never heard of one thing."""
    ticket = fold_all([event for number, event in enumerate(HISTORY) if number != but])
    assert ticket is not None
    return {"zendesk:1": ticket}


def test_who_heard_of_everything_knows_the_same() -> None:
    assert differences({"zendesk:1": HISTORY}, known(but=99), POLICY) == []


@pytest.mark.parametrize("number", range(len(HISTORY)))
def test_who_missed_one_thing_knows_otherwise(number: int) -> None:
    assert differences({"zendesk:1": HISTORY}, known(but=number), POLICY) != []


def test_a_ticket_that_nobody_heard_of_is_one_that_differs() -> None:
    assert differences({"zendesk:1": HISTORY}, {}, POLICY) == ["zendesk:1: not known at all"]
