"""A report of a backtest whose figures were counted from a few numbers: what it would look like after half a year."""

from __future__ import annotations

from datetime import UTC, datetime

from bridge.insight.backtest.report_of import (
    CurvePoint,
    Feedback,
    Figures,
    History,
    Manager,
    Month,
    OutcomeFigures,
    Overlap,
    Parts,
    Point,
    Recommendation,
    Report,
    RuleFigures,
    Setup,
    Slice,
    Speed,
    Sweep,
    Walk,
)
from bridge.insight.intervals import Interval, share

TOML = """[goals.first_response]
target = { default = "80h" }

[rules.first_response]
at_risk = "off"
"""


def figures(cases: int, bad: int, alerted: int, hits: int, lead: float | None = 43.0) -> Figures:
    """The figures of so many cases."""
    precision, base = share(hits, alerted), share(bad, cases)
    lift = None
    if precision and base and base.value:
        lift = Interval(
            precision.value / base.value, precision.low / base.value, precision.high / base.value
        )
    return Figures(
        cases=cases,
        bad=bad,
        alerted=alerted,
        hits=hits,
        late=0,
        rate=share(alerted, cases),
        base=base,
        precision=precision,
        recall=share(hits, bad),
        lift=lift,
        lead=lead if hits else None,
        lead_low=lead / 2 if lead and hits else None,
        lead_high=lead * 1.6 if lead and hits else None,
        life=0.4,
        pings=round(alerted / 400, 2),
        pings_busiest=round(alerted / 120, 2),
    )


def parts(rate: float, precision: float, drop: float = 1.0, lead: float = 43.0) -> Parts:
    """The figures of a rule that alerts this share, and is right so often; later the base is `drop` times as high."""
    earlier = _some(6000, 0.42, rate, precision, lead)
    later = _some(4000, 0.42 * drop, rate * drop, precision * (0.5 + drop / 2), lead)
    whole = figures(
        earlier.cases + later.cases,
        earlier.bad + later.bad,
        earlier.alerted + later.alerted,
        earlier.hits + later.hits,
        lead,
    )
    return Parts(earlier=earlier, later=later, whole=whole)


def _some(cases: int, base: float, rate: float, precision: float, lead: float) -> Figures:
    bad, alerted = round(cases * base), round(cases * rate)
    return figures(cases, bad, alerted, min(bad, round(alerted * precision)), lead)


def reported() -> Report:
    """The whole of it, with every part that a report may have."""
    present, recommended = parts(0.34, 0.61, 0.55, 20), parts(0.21, 0.94, 0.55)
    rules = {
        "first_response": ("First response: 80h", parts(0.19, 0.95, 0.55, 48)),
        "stale_update": ("No update for 72h, from 2 handoffs on", parts(0.07, 0.83, 0.55, 30)),
        "handoffs": ("Handed over 3 times or more", parts(0.16, 0.58, 0.6, 61)),
        "ping_pong": ("Back to the team it came from", parts(0.05, 0.52, 0.6, 55)),
        "reopened": ("Reopened 2 times or more", parts(0.004, 0.6, 0.6, 12)),
    }
    sets = {
        5: ("first response after 96h",),
        10: ("first response after 80h",),
        15: ("first response after 80h", "no update for 72h, from 2 handoffs on"),
        20: ("first response after 60h", "no update for 72h, from 2 handoffs on"),
        30: ("first response after 48h", "no update for 48h"),
    }
    return Report(
        outcome="missed_deadline",
        history=History(
            files=("incidents.csv",),
            rows=61_840,
            events=93_112,
            cases=10_412,
            left_out=3_120,
            unknown=412,
            teams=7,
            began=datetime(2026, 1, 5, tzinfo=UTC),
            until=datetime(2026, 6, 30, tzinfo=UTC),
            split_at=datetime(2026, 4, 18, tzinfo=UTC),
            flaws={"no time": 14},
        ),
        budget=0.15,
        budget_pings=None,
        setups=(
            Setup(name="recommended", rules=sets[15], parts=recommended),
            Setup(name="present", rules=tuple(words for words, _ in rules.values()), parts=present),
            Setup(name="naive", rules=tuple(rules), parts=parts(0.49, 0.47, 0.6, 25)),
        ),
        rules=tuple(
            RuleFigures(rule=name, words=words, tells=name != "reopened", parts=found, only=40 * n)
            for n, (name, (words, found)) in enumerate(rules.items())
        ),
        overlap=Overlap(
            rules=tuple(rules),
            shares=tuple(
                tuple(
                    None
                    if one == "reopened" and other == "ping_pong"
                    else 1.0
                    if one == other
                    else ((i * 7 + j * 5) % 10) / 10
                    for j, other in enumerate(rules)
                )
                for i, one in enumerate(rules)
            ),
        ),
        managers=tuple(
            Manager(team=team, alerts=alerts, by_day=alerts / 120, busiest_day=4 + alerts // 60)
            for team, alerts in {"Network": 402, "Billing": 311, "Field": 120, "": 9}.items()
        ),
        months=tuple(
            Month(
                month=f"2026-{n:02}",
                present=_some(1700, 0.55 - n * 0.05, 0.34, 0.6, 20),
                recommended=_some(1700, 0.55 - n * 0.05, 0.24 - n * 0.02, 0.95 - n * 0.01, 43),
            )
            for n in range(1, 7)
        ),
        slices=tuple(
            Slice(by="priority", value=value, present=_some(many, 0.4, 0.3, 0.6, 20))
            for value, many in {"P3": 3200, "P4": 780, "P2": 20}.items()
        ),
        sweeps=(
            Sweep(
                rule="first_response",
                tunable="goals.first_response.target",
                unit="h",
                points=tuple(
                    Point(
                        number=hours,
                        text=f"{hours}h",
                        parts=parts(0.6 - hours / 220, 0.5 + hours / 200, 0.55),
                        now=hours == 48,
                    )
                    for hours in range(12, 100, 12)
                ),
            ),
            Sweep(
                rule="handoffs",
                tunable="rules.handoffs.at_least",
                unit="",
                points=tuple(
                    Point(number=n, text=str(n), parts=parts(0.5 / n, 0.35 + n * 0.07), now=n == 3)
                    for n in range(1, 7)
                ),
            ),
        ),
        curve=tuple(
            CurvePoint(
                budget=percent / 100,
                rules=chosen,
                parts=parts(percent / 60, 0.99 - percent / 200, 0.6),
            )
            for percent, chosen in sets.items()
        ),
        recommendation=Recommendation(
            rules=(
                "first_response: no first answer for 80 h",
                "stale_update: no update for 72 h, where the case changed hands twice or more",
            ),
            toml=TOML,
            diff='-target = { default = "48h" }\n+target = { default = "80h" }\n',
            chosen_on="Chosen among 1,200 sets by the newest fifth of the earlier cases.",
            walk=Walk(figures=_some(3800, 0.23, 0.11, 0.88, 40), steps=8, rules=(sets[15],) * 8),
            notes=("The share that came out badly fell from 42 % to 23 % within the history.",),
        ),
        others=(
            OutcomeFigures(
                outcome="reopened", unknown=3, present=_some(10_000, 0.03, 0.34, 0.05, 9)
            ),
        ),
        feedback=(
            Feedback(rule="first_response", useful=61, not_useful=9, asked=68),
            Feedback(rule="handoffs", useful=3, not_useful=8, asked=11),
        ),
        warnings=(
            "The column “resolved_by” is filled only once a case is over: no rule was told of it.",
            "412 cases were still open when the history ended.",
        ),
        speed=Speed(seconds=6.4, events_by_second=14_549, jobs=2),
    )
