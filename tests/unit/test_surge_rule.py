"""When something bigger rings, how it goes on, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.hours import Hours
from bridge.domain.judge import Policy, judge
from bridge.domain.model import Finding, Measure, Ticket
from bridge.domain.patterns import Share, chance, usual
from bridge.domain.rules.agent_pattern import AgentPattern
from bridge.domain.rules.surge import Surge, rarely

TEN = datetime(2026, 3, 4, 10, tzinfo=UTC)
POLICY = Policy(rules=(), goals=(), hours=Hours(ZoneInfo("UTC")))


def at(hour: float) -> datetime:
    return datetime(2026, 3, 4, tzinfo=UTC) + timedelta(hours=hour)


def figure(hour: float, value: float, sure: float = 1.0, usually: float = 2.0) -> Measure:
    return Measure(at(hour), value, None, usually, sure)


def found(
    now: float, *figures: Measure, rule: Surge | None = None, **more: tuple[Measure, ...]
) -> list[Finding]:
    measures = {"opened.hour": figures} | {name.replace("_", "."): m for name, m in more.items()}
    topic = Ticket(
        id="topic:zendesk:brand:Acme", as_of=(at(0), 0, ""), name="Acme", measures=measures
    )
    asked = Policy(rules=(rule or Surge(),), goals=(), hours=POLICY.hours)
    return list(judge(topic, asked, at(now)).findings)


RANG = figure(10.4, 23, 0.001)


def test_it_stands_until_two_quiet_hours_have_passed() -> None:
    assert found(10.5, RANG)
    assert found(12.9, RANG, figure(11.9, 3), figure(12.9, 2))
    assert found(13.0, RANG, figure(11.9, 3), figure(12.9, 2)) == []


def test_an_hour_of_more_than_twice_the_usual_is_not_quiet() -> None:
    [still] = found(13.5, RANG, figure(11.9, 9))
    assert dict(still.facts)["All of it"] == "32 in 2 h"
    assert still.headline == "9 new cases about Acme in an hour; usually 2"
    assert still.since == TEN


def test_what_is_high_but_not_unlikely_never_begins_one() -> None:
    assert found(10.5, figure(10.4, 12, 0.4)) == []


def test_few_are_no_surge_however_unlikely() -> None:
    assert found(10.5, figure(10.4, 4, 1e-9)) == []
    assert found(10.5, figure(10.4, 4, 1e-9), rule=Surge(at_least=4))


def test_the_budget_says_what_is_unlikely() -> None:
    assert found(10.5, figure(10.4, 12, 0.4), rule=Surge(false_alarms_per_week=0.5))


def test_a_later_surge_is_another_one() -> None:
    [first], [second] = found(10.5, RANG), found(20.5, RANG, figure(20.2, 30, 0.001))
    assert first.occurrence != second.occurrence
    [grown] = found(11.5, RANG, figure(11.4, 30, 0.001))
    assert grown.occurrence == first.occurrence
    assert grown.level != first.level


def test_the_message_is_brought_up_to_date_with_each_tenth_that_it_grows() -> None:
    levels = [found(10.5, figure(10.4, many, 0.001))[0].level for many in (100, 101, 112)]
    assert levels[0] == levels[1] != levels[2]


def test_a_day_may_ring_where_none_of_its_hours_does() -> None:
    day = figure(15, 40, 0.01, 18.0)
    [by_day] = found(15.1, opened_day=(day,))
    assert by_day.headline == "40 new cases about Acme in a day; usually 18"
    assert by_day.since == at(0)
    assert found(24.0, opened_day=(day,)) == [], "it ends with the day"


def test_a_day_that_is_high_because_of_one_hour_is_that_hours_surge() -> None:
    day = figure(10.4, 40, 0.001, 18.0)
    [one] = found(10.5, RANG, opened_day=(day,))
    assert one.headline.endswith("in an hour; usually 2")
    assert found(14.0, RANG, opened_day=(day,)) == []


def test_each_kind_is_a_reason_of_its_own() -> None:
    several = found(10.5, RANG, low_hour=(figure(10.4, 6, 0.01, 0.2),))
    assert [one.about for one in several] == ["opened", "low"]
    assert several[1].headline == "6 low scores about Acme in an hour; usually 0.2"


def test_tunables_without_sense_are_refused() -> None:
    for wrong in ({"false_alarms_per_week": 0.0}, {"false_alarms_per_week": 1.0}, {"at_least": 1}):
        with pytest.raises(ValueError, match="must be"):
            Surge(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a_week", "words"),
    [
        (0.9, "every week"),
        (0.1, "once in 10 weeks"),
        (0.001, "once in 19 years"),
        (0.0, "once in 1,000,000 years or more seldom"),
    ],
)
def test_chances_read_as_people_say_them(a_week: float, words: str) -> None:
    assert rarely(a_week) == words


# --- patterns


def test_the_busiest_are_not_the_guiltiest() -> None:
    others = Share(200, 1000)
    few, many = Share(14, 20), Share(60, 250)
    assert many.bad > few.bad
    assert chance(few, others, 50) < 0.2
    assert chance(many, others, 50) == 1.0


def test_a_share_as_others_have_is_no_pattern_whatever_the_volume() -> None:
    others = Share(200, 1000)
    for of in (10, 100, 1000, 10_000):
        assert chance(Share(of // 5, of), others, 50) == 1.0


def test_few_to_compare_with_make_it_less_sure() -> None:
    own = Share(12, 20)
    assert chance(own, Share(2, 10), 1) > chance(own, Share(200, 1000), 1)
    assert usual(own, Share(200, 1000)) == pytest.approx(4, abs=0.05)


def test_a_pattern_stands_until_it_is_back_near_the_usual() -> None:
    rule = AgentPattern()
    day = timedelta(days=1)
    sure = Measure(TEN, 9, 20, 3.0, 0.01)
    less = Measure(TEN + day, 8, 20, 3.0, 1.0)
    back = Measure(TEN + 2 * day, 3, 20, 3.0, 1.0)
    assert rule.standing([less]) is None
    standing = rule.standing([sure, less])
    assert standing is not None
    assert (standing.since, standing.now) == (TEN, less)
    assert rule.standing([sure, less, back]) is None
    for wrong in ({"false_alarms_per_quarter": 0.0}, {"at_least": 0}):
        with pytest.raises(ValueError, match="must be"):
            AgentPattern(**wrong)  # type: ignore[arg-type]
