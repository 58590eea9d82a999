"""The rules about figures: lines drawn in the configuration, the past of a metric, an account, a distribution."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.example import NOW, ago
from bridge.domain.hours import Hours
from bridge.domain.judge import Around, Judgement, Policy, Rule, judge
from bridge.domain.metrics import amount, called, parted, path
from bridge.domain.model import Finding, Measure, Severity, Ticket
from bridge.domain.rules.account_shift import AccountShift
from bridge.domain.rules.distribution_shift import DistributionShift
from bridge.domain.rules.metric_threshold import Limit, MetricThreshold
from bridge.domain.rules.repeat_contact import RepeatContact
from bridge.settings import parse
from bridge.work.whatif import changed_rules, tunables, value_of
from bridge.work.written import written as as_written

Figures = tuple[Measure, ...]


def hourly(*values: float) -> Figures:
    """The last figures, the newest now."""
    return tuple(Measure(ago(hours=len(values) - 1 - n), value) for n, value in enumerate(values))


def weekly(*values: float) -> Figures:
    return tuple(Measure(ago(weeks=len(values) - 1 - n), value) for n, value in enumerate(values))


def looked(rule: Rule, subject: str = "team:Billing", **measures: Figures) -> tuple[Finding, ...]:
    return judged(rule, Ticket(id=subject, as_of=(NOW, 0, ""), measures=measures)).findings


def judged(rule: Rule, ticket: Ticket, around: Around | None = None) -> Judgement:
    policy = Policy(rules=(rule,), goals=(), hours=Hours(ZoneInfo("UTC")), tiers={"gold": 1})
    return judge(ticket, policy, NOW, around or Around())


# --- lines


def drawn(**limit: object) -> MetricThreshold:
    return MetricThreshold(limits=(Limit(name="backlog", **limit),))  # type: ignore[arg-type]


def test_a_line_is_crossed_above_and_below_and_not_on_it() -> None:
    rule = drawn(above=200, below=10)
    told = [[f.headline for f in looked(rule, backlog=hourly(n))] for n in (200, 201, 10, 9)]
    assert told == [[], ["Backlog is 201, above 200"], [], ["Backlog is 9, below 10"]]


def test_a_line_may_have_to_be_crossed_for_a_while() -> None:
    rule = drawn(above=200, lasts=timedelta(hours=2))
    assert looked(rule, backlog=hourly(100, 250, 260)) == ()
    [found] = looked(rule, backlog=hourly(100, 250, 260, 270))
    assert found.headline == "Backlog is 270, above 200, for 2 h"
    assert found.since == ago(hours=2)


def test_a_line_is_for_those_alone_that_it_names() -> None:
    rule = drawn(above=200, subjects=("team:B",))
    assert looked(rule, "team:Billing", backlog=hourly(300))
    assert looked(rule, "team:Support", backlog=hourly(300)) == ()


def test_the_same_crossing_is_the_same_occurrence_until_it_is_over() -> None:
    rule = drawn(above=200)
    [first] = looked(rule, backlog=hourly(1, 300))
    later = (
        *hourly(1, 300)[:-1],
        Measure(ago(hours=0), 300),
        Measure(NOW + timedelta(hours=1), 310),
    )
    [second] = looked(rule, backlog=later)
    assert first.occurrence == second.occurrence
    assert first.level != second.level


def test_every_finding_leads_to_its_chart() -> None:
    [found] = looked(drawn(above=200), "team:Tier 1/EU", backlog=hourly(300))
    assert dict(found.facts)["Chart"] == "/insight/metrics/team:Tier%201%2FEU/backlog"


def test_a_line_needs_a_side() -> None:
    with pytest.raises(ValueError, match="above or below"):
        Limit(name="backlog")


# --- the own past


def test_a_metric_with_a_line_of_its_own_is_not_compared_with_its_past() -> None:
    past = [40.0 + n % 3 for n in range(200)]
    assert looked(MetricThreshold(past=("*",)), backlog=hourly(*past, 150))
    assert looked(drawn(above=200), backlog=hourly(*past, 150)) == ()


def test_only_the_metrics_that_are_named_are_compared() -> None:
    past = hourly(*[40.0 + n % 3 for n in range(200)], 150)
    rule = MetricThreshold(past=("backlog",))
    assert [f.about for f in looked(rule, backlog=past, queue=past)] == ["backlog"]
    assert looked(MetricThreshold(), backlog=past) == ()


def test_what_was_compared_before_it_came_here_is_left_alone() -> None:
    past = hourly(*[40.0 + n % 3 for n in range(200)])
    told = (*past[:-1], Measure(NOW, 150, None, 41.0, 0.00001))
    assert looked(MetricThreshold(), low=told) == ()


def test_accounts_have_a_rule_of_their_own() -> None:
    past = weekly(*[40.0 + n % 3 for n in range(30)], 150)
    assert looked(MetricThreshold(), "account:acme", usage=past) == ()
    assert looked(AccountShift(), "team:Billing", usage=past) == ()


# --- accounts


def test_down_and_up_have_severities_of_their_own() -> None:
    past = [100.0 + n % 5 for n in range(20)]
    [down] = looked(AccountShift(), "account:acme", spend=weekly(*past, 20))
    [up] = looked(AccountShift(), "account:acme", spend=weekly(*past, 300))
    assert (down.headline, down.severity) == ("Spend down 80 %: 20, usually 102", Severity.HIGH)
    assert (up.headline, up.severity) == ("Spend up 194 %: 300, usually 102", Severity.WARNING)
    assert looked(AccountShift(up=None), "account:acme", spend=weekly(*past, 300)) == ()


def test_an_account_with_few_points_is_left_in_peace() -> None:
    assert looked(AccountShift(), "account:acme", spend=weekly(*[100.0] * 7, 1)) == ()


def test_a_tier_raises_what_is_found_and_says_so() -> None:
    past = weekly(*[100.0 + n % 5 for n in range(20)], 20)
    ticket = Ticket(id="account:acme", as_of=(NOW, 0, ""), measures={"spend": past})
    around = Around(account="acme", name="Acme", tier="gold")
    [found] = judged(AccountShift(), ticket, around).findings
    assert found.severity is Severity.CRITICAL
    assert found.facts[-1] == ("Account", "Acme (gold)")


# --- distributions


def test_the_category_that_grew_is_named() -> None:
    [found] = looked(
        DistributionShift(),
        **{"topic=login": weekly(50, 52, 49, 150), "topic=bill": weekly(50, 48, 51, 50)},
    )
    assert found.headline == "Topic: more “login”, 75 % instead of 50 %"
    assert dict(found.facts)["Test"].startswith("chi-squared, p below 0.0001, Cramér’s V 0.2")


def test_days_of_a_week_are_added_up() -> None:
    days = [Measure(ago(days=n), 10.0) for n in range(27, 6, -1)]
    more = [Measure(ago(days=n), 30.0) for n in range(6, -1, -1)]
    same = [Measure(ago(days=n), 10.0) for n in range(27, -1, -1)]
    found = looked(
        DistributionShift(), **{"topic=login": (*days, *more), "topic=bill": tuple(same)}
    )
    assert len(found) == 1


def test_scores_are_compared_by_their_order() -> None:
    [found] = looked(
        DistributionShift(), **{"scores=0": weekly(5, 5, 5, 40), "scores=1": weekly(95, 95, 95, 60)}
    )
    assert found.headline == "Scores: lower, 0.6 on average instead of 0.95"
    assert "Mann-Whitney" in dict(found.facts)["Test"]


def test_a_sure_change_that_is_too_small_is_none() -> None:
    measures = {
        "topic=a": weekly(500_000, 500_000, 505_000),
        "topic=b": weekly(500_000, 500_000, 495_000),
    }
    assert looked(DistributionShift(), **measures) == ()


def test_a_first_week_has_nothing_to_be_compared_with() -> None:
    assert looked(DistributionShift(), **{"scores=0": weekly(40), "scores=1": weekly(60)}) == ()


# --- repeat contact


def test_only_what_was_opened_before_counts() -> None:
    ticket = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), opened_at=ago(days=3))
    for contacts, many in (((4, 5), 1), ((4,), 0), ((2, 1), 0), ((11, 12), 0)):
        around = Around(contacts=tuple(ago(days=d) for d in contacts))
        assert len(judged(RepeatContact(), ticket, around).findings) == many


@pytest.mark.parametrize(
    ("rule", "values", "word"),
    [
        (MetricThreshold, {"chance": 0.0}, "chance"),
        (MetricThreshold, {"least": -1}, "least"),
        (AccountShift, {"chance": 0.6}, "chance"),
        (AccountShift, {"least": -0.1}, "least"),
        (DistributionShift, {"chance": 1}, "chance"),
        (DistributionShift, {"effect": 1}, "effect"),
        (DistributionShift, {"weeks": 0}, "weeks"),
        (DistributionShift, {"window": timedelta()}, "window"),
        (RepeatContact, {"at_least": 1}, "at_least"),
        (RepeatContact, {"within": timedelta()}, "within"),
    ],
)
def test_a_tunable_that_makes_no_sense_is_refused(
    rule: type, values: dict[str, object], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        rule(**values)


# --- the configuration


def test_lines_are_tables_that_name_them() -> None:
    text = """
    [rules.metric_threshold]
    chance = 0.001

    [rules.metric_threshold.limits.backlog]
    above = 200
    lasts = "2h"
    severity = "critical"

    [rules.metric_threshold.limits.billing-slow]
    metric = "resolved_per_hour"
    below = 3
    subjects = ["team:Billing"]
    """
    [rule] = [r for r in parse(text, {}).rules if r.name == "metric_threshold"]
    assert rule == MetricThreshold(
        chance=0.001,
        limits=(
            Limit(name="backlog", above=200, lasts=timedelta(hours=2), severity=Severity.CRITICAL),
            Limit(
                name="billing-slow",
                metric="resolved_per_hour",
                below=3,
                subjects=("team:Billing",),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("abov = 2", "limits.backlog.abov: 'abov' is not known; did you mean 'above'?"),
        ("above = 'much'", "limits.backlog.above: Input should be a valid number"),
        ("above = 1\nlasts = '2 hours'", "limits.backlog.lasts: '2 hours' is no duration"),
        ("lasts = '2h'", "limits.backlog: needs above or below"),
    ],
)
def test_a_mistake_in_a_line_names_its_key(line: str, told: str) -> None:
    text = f"[rules.metric_threshold.limits.backlog]\n{line}\n"
    with pytest.raises(Exception, match="metric_threshold") as error:
        parse(text, {})
    assert told in str(error.value)


def test_lines_that_are_no_tables_are_refused() -> None:
    for written in ("limits = 3", "limits = { backlog = 3 }"):
        with pytest.raises(Exception, match="must be"):
            parse(f"[rules.metric_threshold]\n{written}\n", {})


@pytest.mark.parametrize("name", ["account", "agent", "answer", "metric", "team", "test", "topic"])
def test_no_desk_is_called_like_a_subject_of_ours(name: str) -> None:
    text = f'[desks.{name}]\nkind = "zendesk"\nsubdomain = "demo"\n'
    with pytest.raises(Exception, match=f"no desk may be called '{name}'"):
        parse(text, {})


# --- words


def test_figures_are_written_as_people_read_them() -> None:
    told = [amount("backlog", n) for n in (41, 12.5, 1204.4, 0.1234)]
    assert told == ["41", "12.5", "1,204", "0.123"]
    assert amount("satisfaction_7d", 0.874) == "87 %"
    assert called("logins_per-day") == "Logins per day"
    assert parted("topic=login") == ("topic", "login")
    assert parted("topic") is None
    assert path("account:acme", "topic=a b") == "/insight/metrics/account:acme/topic"


# --- tried on the past


@pytest.mark.parametrize("rule", ["metric_threshold", "distribution_shift", "repeat_contact"])
def test_what_a_page_shows_of_a_rule_is_read_again_as_it_was(rule: str) -> None:
    text = """
    [rules.metric_threshold.limits.backlog]
    above = 200
    lasts = "1h30m"
    subjects = ["team:Billing"]
    severity = "critical"
    """
    present = parse(text, {}).rules
    [shown] = [one for one in present if one.name == rule]
    written = {name: value_of(as_written(v)) for name, v in tunables(shown).items()}
    [again] = [one for one in changed_rules(present, rule, written) if one.name == rule]
    assert again == shown
