"""What is tried on a history in one pass: a policy, and for each variant of a rule how its first finding is seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from bridge.domain.judge import Policy, Rule

Value = int | float | timedelta


class Variant(Struct, frozen=True, kw_only=True):
    """A rule with one choice of values.

    `tunable` is what was chosen ("at_least"), "target" for a rule about a clock, "" for a rule as it is configured.
    `value` is the choice: of a target its hours, or where `share` is true the share of the promised deadline, and
    `targets` are what it comes to by priority. `number` is the place on an axis: hours for durations. `fixed` is what
    else of the rule was set.
    """

    rule: str
    tunable: str = ""
    value: Value | None = None
    number: float = 0.0
    goal: str = ""
    share: bool = False
    targets: Mapping[str, timedelta] = {}
    with_handoffs: int = 0
    fixed: Mapping[str, bool] = {}
    tells: bool = True


class Single(Struct, frozen=True, kw_only=True):
    """A rule that is a variant of its own: it counts from when it first finds what people are told."""

    rule: Rule
    column: int


class Rising(Struct, frozen=True, kw_only=True):
    """A rule with rising counts: where one of them does not hold, none that asks for more does."""

    rules: tuple[Rule, ...]
    columns: tuple[int, ...]


class Steps(Struct, frozen=True, kw_only=True):
    """A rule about a clock, whose goal has a stage for each target to be tried: the stage says which are reached.

    `columns[h][k]` is the variant with the k-th stage and at least h handoffs; `stages` are the numbers of the stages
    by their names, in rising order.
    """

    rule: Rule
    goal: str
    stages: Mapping[str, int]
    columns: tuple[tuple[int, ...], ...]


Track = Single | Rising | Steps


class Plan(Struct, frozen=True, kw_only=True):
    """All that is tried in one pass. `tracks` say which columns a rule's findings fill, `variants` what each means."""

    policy: Policy
    tracks: tuple[Track, ...]
    variants: tuple[Variant, ...]
