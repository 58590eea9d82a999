"""What every rule owes; a new file in `bridge/domain/rules` is found by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass
from datetime import datetime, timedelta
from doctest import DocTestFinder, DocTestRunner
from itertools import pairwise, product
from pkgutil import iter_modules
from sys import modules
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bridge.domain import example
from bridge.domain import rules as folder
from bridge.domain.alerts import token
from bridge.domain.clocks import clocks, due, ring
from bridge.domain.example import NOW, ago
from bridge.domain.goals import GOALS, Goal, VendorSlas
from bridge.domain.hours import Hours
from bridge.domain.judge import NOTHING_AROUND, Around, Judgement, Policy, judge
from bridge.domain.model import (
    Answer,
    Category,
    Contact,
    Deadline,
    Finding,
    Handoff,
    Measure,
    Phase,
    Said,
    Severity,
    Ticket,
    VendorClock,
)
from bridge.domain.routing import tag
from bridge.domain.ticket import fold

RULES = folder.rules()
ROUND_THE_CLOCK = Hours(ZoneInfo("UTC"))
PROMISES = tuple(Goal(name=n, targets={"": timedelta(hours=1)}, warn=(0.75,)) for n in GOALS)

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def judged(rule: Any, **ticket: Any) -> Judgement:
    """What the rule finds once all timers that are due have rung."""
    around = ticket.pop("around", NOTHING_AROUND)
    case = Ticket(**{"id": "zendesk:1", "as_of": (NOW, 0, ""), "whole": True, **ticket})
    asked = policy(rule)
    return judge(ring(case, clocks(case, asked), NOW), asked, NOW, around)


def policy(rule: Any) -> Policy:
    vendors = {"zendesk": VendorSlas(win=False, goals={})}
    return Policy(rules=(rule,), goals=PROMISES, hours=ROUND_THE_CLOCK, vendors=vendors)


def troubled() -> Iterator[dict[str, Any]]:
    """Tickets with everything wrong with them, in several shades."""
    yield {
        "id": "topic:zendesk:tag:billing",
        "measures": {
            "opened.hour": (Measure(ago(hours=1), 23, None, 2.0, 0.0001),),
            "low.day": (Measure(NOW, 9, None, 1.0, 0.001),),
            "low_share": (Measure(NOW, 14, 30, 4.2, 0.002),),
        },
    }
    yield {
        "id": "agent:zendesk:7",
        "measures": {"thin_share": (Measure(NOW, 9, 20, 2.4, 0.01),)},
    }
    weeks = [Measure(ago(weeks=w), 50.0 + w % 4) for w in range(12, 0, -1)]
    other = {"topic=bill": (*weeks, Measure(NOW, 50.0))}
    for value in (1.0, 300.0):
        figures = {
            "usage": (*weeks, Measure(NOW, value)),
            "topic=login": (*weeks, Measure(NOW, value)),
        }
        yield {"id": "account:acme", "measures": {"usage": figures["usage"]}}
        yield {"id": "team:Billing", "measures": {**figures, **other}}
    hollow = "We are still working on it. Thank you for your patience."
    hops = [Handoff(ago(hours=9 - n), "team", f"{n % 2}", f"{(n + 1) % 2}") for n in range(6)]
    for hours, answered, moves in product((0.8, 2), (None, ago(hours=9)), (0, 3, 6)):
        yield {
            "opened_at": ago(hours=hours),
            "phases": (Phase(ago(hours=hours), Category.OPEN),),
            "waiting_since": ago(hours=hours),
            "customer_messages": 1,
            "first_reply_at": answered,
            "last_reply_at": ago(hours=hours),
            "clocks": (VendorClock(name="Time to approve", breach_at=ago(hours=hours - 1)),),
            "handoffs": tuple(hops[:moves]),
            "reopened": tuple(ago(hours=h) for h in range(moves)),
            "answers": (
                Answer(
                    id="a",
                    score=0.0,
                    raw="0",
                    low=0,
                    high=10,
                    scale="nps",
                    words="Awful, call me or my lawyer calls you",
                ),
                Answer(id="b", score=0.4, resolved=False),
            ),
            "updates": tuple(Said(ago(hours=h), "7", f"u{h}", hollow) for h in (5, 4)[:moves]),
            "around": Around(contacts=tuple(ago(hours=h) for h in range(3, 3 + moves))),
        }


def made(rule: Any) -> Any:
    """The rule as it finds something: by its defaults, or with what it must be asked for."""
    return rule(past=("*",)) if rule.name == "metric_threshold" else rule()


def test_there_are_rules() -> None:
    assert "low_score" in RULES
    assert {info.name for info in iter_modules(folder.__path__)} == set(RULES), "a file, a rule"


@every_rule
def test_is_called_like_its_file(rule: Any) -> None:
    assert rule.__module__ == f"bridge.domain.rules.{rule.name}"


@every_rule
def test_its_name_makes_a_tag_without_spaces(rule: Any) -> None:
    assert tag(rule.name).isidentifier()


@every_rule
def test_says_what_to_do(rule: Any) -> None:
    assert rule.playbook.endswith(".")


@every_rule
def test_is_a_frozen_value_with_a_default_for_every_tunable(rule: Any) -> None:
    plain = rule()
    assert is_dataclass(plain)
    assert [f.name for f in fields(plain) if f.default is MISSING] == []
    assert {rule(), rule()} == {plain}, "compared by value"
    with pytest.raises(FrozenInstanceError):
        rule().severity = Severity.INFO


@every_rule
def test_finds_nothing_on_an_empty_ticket(rule: Any) -> None:
    assert judged(rule()).findings == ()


@every_rule
def test_same_in_same_out(rule: Any) -> None:
    for ticket in troubled():
        assert judged(rule(), **ticket) == judged(rule(), **ticket)


@every_rule
def test_what_it_finds_can_be_told_apart_and_put_right(rule: Any) -> None:
    found = [f for ticket in troubled() for f in judged(made(rule), **ticket).findings]
    assert found
    for finding in found:
        assert finding.rule == rule.name
        assert finding.headline
        assert "\n" not in finding.headline
        assert finding.fix
        assert finding.since <= NOW
    for ticket in troubled():
        keys = [f.key for f in judged(made(rule), **ticket).findings]
        assert len(keys) == len(set(keys))


@every_rule
def test_shows_when_it_fires_and_when_not(rule: Any) -> None:
    words = vars(example) | vars(modules[rule.__module__])
    [shown] = DocTestFinder(recurse=False).find(rule, rule.name, globs=words)
    wanted = [e.want for e in shown.examples if e.want]
    assert "[]\n" in wanted, "an example in which it does not fire"
    assert set(wanted) != {"[]\n"}, "an example in which it fires"
    told: list[str] = []
    DocTestRunner().run(shown, out=told.append)
    assert told == []


# --- scars of others ---------------------------------------------------------------------------

ON_TIME = {
    "agent_work": lambda at: {"opened_at": at},
    "first_response": lambda at: {"waiting_since": at},
    "helpdesk_sla": lambda at: {"opened_at": at, "clocks": (own(at),)},
    "next_reply": lambda at: {"waiting_since": at, "first_reply_at": ago(hours=9)},
    "requester_wait": lambda at: {"opened_at": at},
    "resolution_time": lambda at: {"opened_at": at},
    "stale_update": lambda at: {"last_reply_at": at},
}
HOUR = timedelta(hours=1)


def own(began: datetime) -> VendorClock:
    return VendorClock(name="It", started_at=began, breach_at=began + HOUR, target=HOUR)


def test_all_rules_about_clocks_are_tried() -> None:
    assert {name for name, rule in RULES.items() if issubclass(rule, folder.Timed)} == set(ON_TIME)


@pytest.mark.parametrize("name", ON_TIME)
def test_a_clock_warns_before_it_breaches_and_the_breach_is_graver(name: str) -> None:
    rule = RULES[name](at_risk=Severity.WARNING, breached=Severity.HIGH)
    told = []
    for minutes in (44.99, 45, 59.99, 60, 600):
        found = judged(rule, **ON_TIME[name](ago(minutes=minutes))).findings
        told.append([(f.stage, f.severity) for f in found])
    # A helpdesk's own service level that is no goal of ours has nobody who said when to warn.
    warned = [] if name == "helpdesk_sla" else [("warn", Severity.WARNING)]
    breached = [("breach", Severity.HIGH)]
    assert told == [[], warned, warned, breached, breached]


@pytest.mark.parametrize("name", ON_TIME)
def test_a_stage_whose_timer_has_not_rung_is_told_to_nobody(name: str) -> None:
    for minutes in (50, 70):
        fields = ON_TIME[name](ago(minutes=minutes))
        case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, **fields)
        assert judge(case, policy(RULES[name]()), NOW).findings == ()


@pytest.mark.parametrize("name", ON_TIME)
def test_a_stage_without_a_severity_is_told_to_nobody(name: str) -> None:
    silent = RULES[name](at_risk=None, breached=None)
    assert judged(silent, **ON_TIME[name](ago(minutes=50))).findings == ()
    assert judged(silent, **ON_TIME[name](ago(minutes=70))).findings == ()


def finding_of(name: str, goals: tuple[Goal, ...] = PROMISES, **fields: Any) -> Finding:
    case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, **fields)
    asked = replace(policy(RULES[name](at_risk=Severity.INFO)), goals=goals)
    [only] = judge(ring(case, clocks(case, asked), NOW), asked, NOW).findings
    return only


@pytest.mark.parametrize("name", ON_TIME)
def test_warning_and_breach_of_one_wait_are_one_occurrence(name: str) -> None:
    since = ago(minutes=70)
    rule = RULES[name](at_risk=Severity.INFO)
    case = Ticket(id="zendesk:1", as_of=(since, 0, ""), whole=True, **ON_TIME[name](since))
    told: list[Finding] = []
    for minutes in (50, 70):
        now = since + timedelta(minutes=minutes)
        case = ring(case, clocks(case, policy(rule)), now)
        told += judge(case, policy(rule), now).findings
    assert len({token(finding) for finding in told}) == 1


def test_another_target_is_another_occurrence() -> None:
    slower = tuple(replace(goal, targets={"": 1.1 * HOUR}) for goal in PROMISES)
    usual = finding_of("resolution_time", opened_at=ago(hours=2))
    other = finding_of("resolution_time", slower, opened_at=ago(hours=2))
    assert (usual.stage, usual.since) == (other.stage, other.since)
    assert token(usual) != token(other)


def test_a_reminder_is_as_grave_as_the_breach() -> None:
    goals = tuple(replace(goal, nag=HOUR) for goal in PROMISES)
    case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, opened_at=ago(hours=3))
    timer = Deadline("resolution", "nag2", NOW, ago(hours=3), 3 * HOUR)
    asked = replace(policy(RULES["resolution_time"]()), goals=goals)
    [reminded] = judge(fold(case, due("zendesk:1", timer)), asked, NOW).findings
    assert (reminded.stage, reminded.severity) == ("nag2", Severity.HIGH)
    assert reminded.headline == "Unsolved after 3 h; goal 1 h"


def test_what_rang_late_or_was_not_confirmed_says_so() -> None:
    case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, opened_at=ago(hours=1))
    timer = Deadline("resolution", "breach", NOW, ago(hours=1), HOUR)
    rung = due("zendesk:1", timer, late="due 10:00 UTC, the bridge was down", confirmed=False)
    [told] = judge(fold(case, rung), policy(RULES["resolution_time"]()), NOW).findings
    assert told.facts[-2:] == (
        ("Rung late", "due 10:00 UTC, the bridge was down"),
        ("Not confirmed", "the helpdesk could not be asked whether this still holds"),
    )


def test_the_warning_says_what_is_left_and_the_breach_what_was_waited() -> None:
    rule = RULES["first_response"]()
    [soon] = judged(rule, waiting_since=ago(minutes=50), priority="urgent").findings
    assert soon.headline == "First answer due in 10 min; goal 1 h; priority urgent"
    [late] = judged(rule, waiting_since=ago(minutes=130)).findings
    assert late.headline == "Waiting 2 h 10 min for a first answer; goal 1 h"
    assert late.facts == (
        ("Since", "2026-03-04 09:50 UTC"),
        ("Working time used", "2 h 10 min of 1 h"),
    )


# --- survey answers ------------------------------------------------------------------------------


def rated(**answer: Any) -> tuple[str, Severity] | None:
    found = judged(RULES["low_score"](), answers=(Answer(id="1", **answer),)).findings
    return (found[0].headline, found[0].severity) if found else None


def test_zero_is_a_score_and_no_score_is_none() -> None:
    assert rated(score=0.0, raw="0", low=0, high=10) == (
        "The customer rated 0 on a scale of 0 to 10",
        Severity.CRITICAL,
    )
    assert rated(score=None, words="Awful") is None


def test_the_lines_belong_to_what_they_bound() -> None:
    assert rated(score=0.1, raw="1", low=0, high=10) == (
        "The customer rated 1 on a scale of 0 to 10",
        Severity.CRITICAL,
    )
    assert rated(score=0.4, raw="4", low=0, high=10) == (
        "The customer rated 4 on a scale of 0 to 10",
        Severity.HIGH,
    )
    assert rated(score=0.41) is None


def test_the_low_end_of_two_values_is_not_grave() -> None:
    assert rated(score=0.0, raw="bad", low=0, high=1) == ("The customer rated bad", Severity.HIGH)


def test_a_score_whose_scale_is_unknown_or_half_known_is_not_grave() -> None:
    assert rated(score=0.0) == ("The customer rated 0%", Severity.HIGH)
    assert rated(score=0.0, raw="0", high=10) == ("The customer rated 0", Severity.HIGH)


def test_nps_has_a_line_of_its_own() -> None:
    assert rated(score=0.6, raw="6", low=0, high=10, scale="nps")
    assert rated(score=0.7, raw="7", low=0, high=10, scale="nps") is None
    assert rated(score=0.6, raw="6", low=0, high=10, scale="csat") is None


@pytest.mark.parametrize("name", ["low_score", "not_resolved"])
def test_words_a_recording_or_a_contact_that_come_later_are_worth_an_update(name: str) -> None:
    first = Answer(id="1", score=0.0, resolved=False)
    answers = (
        first,
        replace(first, words="Awful"),
        replace(first, recording="https://calls.example/1"),
        replace(first, contact=Contact(email="ana@example.com")),
    )
    levels = {f.level for a in answers for f in judged(RULES[name](), answers=(a,)).findings}
    assert len(levels) == len(answers)


def test_each_answer_is_a_finding_of_its_own() -> None:
    answers = (Answer(id="1", score=0.0), Answer(id="2", score=0.0), Answer(id="3", score=1.0))
    assert [f.about for f in judged(RULES["low_score"](), answers=answers).findings] == ["1", "2"]


# --- hands ---------------------------------------------------------------------------------------


def hops(*teams: str) -> tuple[Handoff, ...]:
    return tuple(
        Handoff(ago(hours=len(teams) - n), "team", a, b) for n, (a, b) in enumerate(pairwise(teams))
    )


def test_handoffs_are_told_again_at_twice_as_many() -> None:
    rule = RULES["handoffs"]()
    told = [judged(rule, handoffs=hops(*"ABCDEFG"[: n + 1])).findings for n in range(7)]
    assert [f[0].occurrence if f else "" for f in told] == ["", "", "", "1", "1", "1", "2"]


def test_handoffs_say_between_whom() -> None:
    agents = Handoff(ago(hours=1), "agent", "1", "2")
    [found] = judged(RULES["handoffs"](), handoffs=(*hops("A", "B", "C"), agents)).findings
    assert found.facts == (("Between teams", "2"), ("Between agents", "1"))


def test_a_detour_over_a_third_team_is_no_ping_pong() -> None:
    rule = RULES["ping_pong"]()
    assert judged(rule, handoffs=hops("A", "B", "C", "A")).findings == ()
    [found] = judged(rule, handoffs=hops("A", "B", "A", "B")).findings
    assert found.headline == "Went back to the team it came from, 2 times"


def test_an_agents_change_between_does_not_hide_a_ping_pong() -> None:
    there, back = hops("A", "B", "A")
    agents = Handoff(ago(hours=1), "agent", "1", "2")
    assert judged(RULES["ping_pong"](), handoffs=(there, agents, back)).findings


@pytest.mark.parametrize("name", ["handoffs", "ping_pong", "reopened"])
def test_nobody_is_called_to_a_ticket_that_is_solved_or_gone(name: str) -> None:
    *_, ticket = troubled()
    assert judged(RULES[name](), **ticket).findings
    assert judged(RULES[name](), **ticket, gone="deleted").findings == ()
    solved = ticket | {"phases": (Phase(NOW, Category.SOLVED),)}
    assert judged(RULES[name](), **solved).findings == ()


def test_reopened_tells_when_it_became_too_much_and_when_it_was_last() -> None:
    times = (ago(hours=3), ago(hours=2), ago(hours=1))
    [found] = judged(RULES["reopened"](), reopened=times).findings
    assert found.since == ago(hours=2)
    assert found.facts == (("Last reopened", "2026-03-04 11:00 UTC"),)


def test_reopened_once_can_be_asked_for() -> None:
    [found] = judged(RULES["reopened"](at_least=1), reopened=(NOW,)).findings
    assert found.headline == "Reopened"


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=50), "50 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=130), "2 h 10 min"),
        (timedelta(hours=10, minutes=10), "10 h"),
        (timedelta(hours=26, minutes=10), "26 h"),
        (timedelta(hours=48), "2 d"),
        (timedelta(hours=76), "3 d 4 h"),
    ],
)
def test_durations_read_as_people_say_them(duration: timedelta, words: str) -> None:
    assert folder.lasting(duration) == words
