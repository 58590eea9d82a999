"""What a backtest reports: the figures alone, ready for JSON. `reckoning` fills it; pages and tables show it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bridge.insight.intervals import Interval


class Figures(Struct, frozen=True, kw_only=True):
    """How well one rule, or a set of them, told the bad cases from the others, in some part of a history.

    `cases` are those whose outcome is known, `bad` those of them that came out badly. `alerted` had an alert, `hits`
    were bad and alerted before the bad thing happened, `late` were bad and alerted only then or after it.

    `rate` is alerted of all cases, `base` bad of all, `precision` hits of the alerted, `recall` hits of the bad, `lift`
    precision by base; each with its 95 % interval, None of nothing. `lead` is the median of the hours between alert and
    bad outcome of the hits, `lead_low` and `lead_high` its quartiles, None where no instant is known. `life` is the
    median share (0..1) of its life that a case had behind it when it was alerted. `pings` are alerts by manager and
    day, on average; `pings_busiest` is the same of the busiest manager.
    """

    cases: int
    bad: int
    alerted: int
    hits: int
    late: int
    rate: Interval | None
    base: Interval | None
    precision: Interval | None
    recall: Interval | None
    lift: Interval | None
    lead: float | None = None
    lead_low: float | None = None
    lead_high: float | None = None
    life: float | None = None
    pings: float | None = None
    pings_busiest: float | None = None


class Parts(Struct, frozen=True, kw_only=True):
    """The figures of the earlier part of a history, by which is chosen, of the later part, and of both together."""

    earlier: Figures
    later: Figures
    whole: Figures


class Setup(Struct, frozen=True, kw_only=True):
    """A set of rules and its figures. `name` is "present", "recommended" or "naive"; `rules` say each rule in words."""

    name: str
    rules: tuple[str, ...]
    parts: Parts


class RuleFigures(Struct, frozen=True, kw_only=True):
    """One rule as it is configured. `tells` is False for one in shadow. `only` are hits that no other rule had."""

    rule: str
    words: str  # what it says: "First response: 8h, warning at 75%"
    tells: bool
    parts: Parts
    only: int = 0


class Overlap(Struct, frozen=True, kw_only=True):
    """Of the cases that rule i alerts, the share (0..1) that rule j alerts as well; None where i alerts none."""

    rules: tuple[str, ...]
    shares: tuple[tuple[float | None, ...], ...]


class Manager(Struct, frozen=True, kw_only=True):
    """A team's alerts: how many in all, by day on average, and on its busiest day."""

    team: str
    alerts: int
    by_day: float
    busiest_day: int


class Month(Struct, frozen=True, kw_only=True):
    """The cases opened in one month ("2026-03"). `recommended` is None where nothing was recommended."""

    month: str
    present: Figures
    recommended: Figures | None = None


class Slice(Struct, frozen=True, kw_only=True):
    """The cases of one kind: `by` is what they are split by ("priority"), `value` which they are."""

    by: str
    value: str
    present: Figures
    recommended: Figures | None = None


class Point(Struct, frozen=True, kw_only=True):
    """One value of a tunable. `number` is its place on an axis, `text` how it is written ("36h", "3", "0.4").

    `now`: it is the value that is configured now.
    """

    number: float
    text: str
    parts: Parts
    now: bool = False


class Sweep(Struct, frozen=True, kw_only=True):
    """A rule with each value of one tunable. `tunable` is "goals.first_response.target" or "rules.handoffs.at_least".

    `unit` is "h" for durations, "" else.
    """

    rule: str
    tunable: str
    unit: str
    points: tuple[Point, ...]


class CurvePoint(Struct, frozen=True, kw_only=True):
    """The best set for one budget. `budget` is the share of cases (0..1) that it was chosen for on the earlier part."""

    budget: float
    rules: tuple[str, ...]
    parts: Parts


class Walk(Struct, frozen=True, kw_only=True):
    """The choice made again and again through the later part, each time by what was known at that time alone.

    `figures` are those of all its alerts together, `steps` how often it was made, `rules` what was chosen each time.
    """

    figures: Figures
    steps: int
    rules: tuple[tuple[str, ...], ...]


class Recommendation(Struct, frozen=True, kw_only=True):
    """What to configure. `rules` are plain sentences, `toml` the tables to paste, `diff` the same as a unified diff.

    `chosen_on` says in words on which cases it was chosen, `walk` how well the same procedure did while time went on.
    `notes` say what should be known before it is followed.
    """

    rules: tuple[str, ...]
    toml: str
    diff: str
    chosen_on: str
    notes: tuple[str, ...] = ()
    walk: Walk | None = None


class OutcomeFigures(Struct, frozen=True, kw_only=True):
    """Another outcome that the mapping names: the figures of the present configuration for it."""

    outcome: str
    unknown: int
    present: Figures


class History(Struct, frozen=True, kw_only=True):
    """What was played. `files` are names without folders, none for our own database.

    `unknown` are cases whose outcome is not known yet: they are in no figure. `split_at` parts the earlier cases from
    the later ones, by their opening. `teams` are so many managers. `flaws` say what was wrong with how many rows.
    """

    files: tuple[str, ...]
    rows: int
    events: int
    cases: int
    left_out: int
    unknown: int
    teams: int
    began: datetime | None = None
    until: datetime | None = None
    split_at: datetime | None = None
    flaws: dict[str, int] = {}


class Speed(Struct, frozen=True, kw_only=True):
    """Seconds from file to report, how many events that is each second, and in how many processes."""

    seconds: float
    events_by_second: float
    jobs: int


class Feedback(Struct, frozen=True, kw_only=True):
    """What people said of a rule's alerts, where the history is our own database."""

    rule: str
    useful: int
    not_useful: int
    asked: int


class Report(Struct, frozen=True, kw_only=True):
    """All that a backtest found. `outcome` is what counts as bad. The budget is a share of cases, or pings by manager
    and day; None for the one that was not given. `setups` are the present configuration, the recommended set and the
    naive one; without a recommendation, the present one alone. `curve` is by rising budget.
    """

    outcome: str
    history: History
    budget: float | None
    budget_pings: float | None
    setups: tuple[Setup, ...]
    rules: tuple[RuleFigures, ...]
    overlap: Overlap
    managers: tuple[Manager, ...]
    months: tuple[Month, ...]
    slices: tuple[Slice, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    recommendation: Recommendation | None = None
    others: tuple[OutcomeFigures, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    warnings: tuple[str, ...] = ()
    speed: Speed | None = None

    def setup(self, name: str) -> Setup | None:
        """The set of that name: "present", "recommended" or "naive"; None where it was not reckoned."""
        return next((one for one in self.setups if one.name == name), None)
