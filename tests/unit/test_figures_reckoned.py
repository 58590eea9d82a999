"""Periods, intervals, tables: what figures are cut by, how sure they are, and how they are written down."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import ConfigError, Severity, Team
from bridge.domain.people import Roster
from bridge.insight.choice import Choice
from bridge.insight.intervals import (
    Sample,
    difference_of_means,
    difference_of_shares,
    share,
)
from bridge.insight.periods import KINDS, period
from bridge.insight.response import targets
from bridge.insight.satisfaction import apart
from bridge.insight.tables import Kind, Row, as_csv, ratio, records, table
from bridge.settings import parse
from bridge.settings.loop import Loop
from bridge.store.figures.satisfaction import Mixed
from bridge.store.figures.scope import Lines

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(
    2031, 3, 11, 3, 30, tzinfo=UTC
)  # late on Monday the 10th there; clocks went on the day before


# --- periods


def test_a_day_is_the_viewers_own() -> None:
    thirty = period("30d", NOW, NEW_YORK)
    assert (thirty.first, thirty.last) == (date(2031, 2, 9), date(2031, 3, 10))
    assert thirty.since == datetime(2031, 2, 9, 5, tzinfo=UTC)
    assert thirty.until == datetime(2031, 3, 11, 4, tzinfo=UTC)  # summer time by then


def test_short_periods_are_cut_into_weeks_and_long_ones_into_months() -> None:
    weeks = period("90d", NOW, NEW_YORK)
    assert {day.weekday() for day in weeks.buckets(NOW)} == {0}
    assert weeks.buckets(NOW)[0] <= weeks.first
    months = period("12m", NOW, NEW_YORK)
    assert months.buckets(NOW) == (
        *(date(2030, month, 1) for month in range(4, 13)),
        *(date(2031, month, 1) for month in range(1, 4)),
    )


def test_what_lies_ahead_has_no_weeks_yet() -> None:
    own = period("own", NOW, NEW_YORK, first=date(2031, 3, 3), last=date(2031, 4, 30))
    assert own.buckets(NOW) == (date(2031, 3, 3), date(2031, 3, 10))


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (None, date(2031, 1, 1), "both dates"),
        (date(2031, 2, 1), date(2031, 1, 1), "after the last"),
        (date(2020, 1, 1), date(2031, 1, 1), "five years"),
        (date(1, 1, 1), date(2, 1, 1), "between 1970 and 2999"),
    ],
)
def test_dates_that_are_no_period_say_why(first: date | None, last: date, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        period("own", NOW, NEW_YORK, first=first, last=last)


def test_another_word_is_no_period() -> None:
    with pytest.raises(ConfigError, match=", ".join(KINDS)):
        period("week", NOW, NEW_YORK)


# --- intervals


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    found = share(81, 263)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)  # Newcombe 1998, table I


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_the_interval_of_a_difference_is_that_of_the_textbook(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference_of_shares(*one, *other)  # Newcombe 1998, table II, method 10
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nothing_there_is_no_share() -> None:
    assert share(0, 0) is None
    assert difference_of_shares(1, 2, 0, 0) is None
    assert difference_of_means(Sample(0.5, None, 1), Sample(0.5, 0.1, 9)) is None
    assert ratio(1, 0) is None


def test_means_differ_clearly_where_their_interval_leaves_out_zero() -> None:
    near = difference_of_means(Sample(0.50, 0.09, 40), Sample(0.55, 0.09, 40))
    far = difference_of_means(Sample(0.30, 0.09, 100), Sample(0.80, 0.09, 100))
    assert near is not None
    assert not near.clear
    assert far is not None
    assert far.clear
    assert far.value == pytest.approx(-0.5)
    assert (far.high - far.low) / 2 == pytest.approx(1.959964 * (0.09 / 50) ** 0.5, rel=1e-5)


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_within_its_interval(part: int, whole: int) -> None:
    part = min(part, whole)
    found = share(part, whole)
    assert found is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_groups_of_the_same_make_are_alike_and_of_different_ones_apart() -> None:
    def group(alerted: bool, team: str, many: int) -> Mixed:
        return Mixed(alerted=alerted, team=team, scale="csat", many=many)

    alike = [group(True, "a", 1), group(True, "b", 1), group(False, "a", 9), group(False, "b", 9)]
    assert apart(alike, lambda one: one.team) == 0
    assert apart([group(True, "a", 5), group(False, "b", 7)], lambda one: one.team) == 1
    assert apart([group(True, "a", 5)], lambda one: one.team) == 0


# --- tables


HOSTILE = table(
    "hostile",
    (("name", Kind.TEXT), ("from", Kind.BUCKET), ("took", Kind.SPAN), ("share", Kind.SHARE)),
    [
        Row(cells=('=HYPERLINK("http://example.com")', None, timedelta(minutes=90), 1 / 3)),
        Row(cells=("@SUM(1)", date(2031, 3, 10), None, -0.5)),
        Row(cells=("-2+3", date(2031, 3, 3), timedelta(), None)),
    ],
)


def test_a_file_holds_no_formula_and_numbers_stay_numbers() -> None:
    read = list(csv.reader(StringIO(as_csv(HOSTILE))))
    assert read == [
        ["name", "from", "took", "share"],
        ['\'=HYPERLINK("http://example.com")', "total", "1.5", "0.3333"],
        ["'@SUM(1)", "2031-03-10", "", "-0.5"],
        ["'-2+3", "2031-03-03", "0.0", ""],
    ]


def test_programs_get_the_same_numbers() -> None:
    assert records(HOSTILE)[1] == {
        "name": "@SUM(1)",
        "from": "2031-03-10",
        "took": None,
        "share": -0.5,
    }


# --- whose figures


TREE = Roster(
    teams=(
        Team(name="World"),
        Team(name="Europe", parent="World"),
        Team(name="Billing", parent="Europe", groups=("zendesk:1",)),
        Team(name="Delivery", parent="Europe", groups=("zendesk:2",)),
        Team(name="Round", parent="Trip"),
        Team(name="Trip", parent="Round"),
    )
)
POLICY = """
default_team = "Delivery"
[rules.low_score]
at_or_below = 0.3
"""


def choice(team: str = "", visible: frozenset[str] | None = None) -> Choice:
    return Choice(
        period=period("30d", NOW, NEW_YORK),
        roster=TREE,
        settings=parse(POLICY, {}),
        visible=visible,
        team=team,
    )


def test_a_team_stands_for_all_below_it_as_far_as_they_may_be_seen() -> None:
    assert choice("Europe").teams == {"Europe", "Billing", "Delivery"}
    assert choice("Europe", frozenset({"Europe", "Billing"})).teams == {"Europe", "Billing"}
    assert choice().teams is None
    assert choice(visible=frozenset({"Billing"})).scope.groups == {"zendesk:1"}


def test_tickets_of_nobodys_group_are_the_default_teams() -> None:
    assert choice("Delivery").scope.rest
    assert not choice("Billing").scope.rest
    assert choice().team_of("zendesk:77") == "Delivery"
    assert choice().team_of("zendesk:1") == "Billing"
    assert choice().team_of("answer:gone") == "Delivery"


def test_the_way_up_ends_at_what_may_be_seen() -> None:
    assert [team.name for team in choice("Billing").path()] == ["World", "Europe", "Billing"]
    europe = frozenset({"Europe", "Billing", "Delivery"})
    assert [team.name for team in choice("Billing", europe).path()] == ["Europe", "Billing"]
    assert [team.name for team in choice(visible=europe).children()] == ["Europe"]
    assert choice("World", europe).path() == ()


def test_teams_are_offered_as_they_stand_in_the_tree_each_once() -> None:
    assert choice().options() == [
        ("World", 0),
        ("Europe", 1),
        ("Billing", 2),
        ("Delivery", 2),
        ("Round", 0),
        ("Trip", 1),
    ]


def test_what_is_low_is_what_the_rule_says() -> None:
    assert choice().lines == Lines(usual=0.3, nps=0.6)


def test_goals_are_those_of_the_configuration() -> None:
    usual = targets(Loop())
    assert usual["resolve"] == ((None, timedelta(days=4)),)
    assert usual["contact"][0] == (Severity.CRITICAL, timedelta(hours=1))
    assert targets(Loop(contact="2h", resolve="none"))["contact"] == ((None, timedelta(hours=2)),)  # type: ignore[arg-type]
    assert targets(Loop(resolve="none"))["resolve"] == ()  # type: ignore[arg-type]
