"""Goals: what is promised, to whom, with which warnings. Which clocks run for them, `clocks` says. Pure.

docs/sla.md has the table of what starts, pauses, stops and resets each goal; its cells are tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from msgspec import Struct

from bridge.domain.model import Category, Stage, Ticket

GOALS = (
    "first_response",
    "next_reply",
    "periodic_update",
    "requester_wait",
    "agent_work",
    "resolution",
)
WARN = "warn"
BREACH = "breach"
NAG = "nag"

PAUSES: Mapping[str, frozenset[Category]] = {
    "first_response": frozenset(),
    "next_reply": frozenset(),
    "periodic_update": frozenset({Category.PENDING}),
    "requester_wait": frozenset({Category.PENDING}),
    "agent_work": frozenset({Category.PENDING, Category.HOLD}),
    "resolution": frozenset({Category.PENDING, Category.HOLD}),
}
"""In which categories the clock of a goal pauses unless the configuration says otherwise."""

Lead = float | timedelta
"""When to warn: at a share of the target (0 to 1), or so much working time before the breach."""

_ZERO = timedelta()


class Goal(Struct, frozen=True, kw_only=True):
    """What is promised. `targets` are working time by priority, "" for all others; without one no clock runs.

    `teams` holds other targets for a helpdesk's group ("zendesk:17"), none at all for no promise. `warn` says when to
    warn, `nag` how much working time lies between two reminders after the breach, `pause` where the clock stands still
    (None: `PAUSES`).
    """

    name: str
    targets: Mapping[str, timedelta] = {}
    teams: Mapping[str, Mapping[str, timedelta]] = {}
    warn: tuple[Lead, ...] = ()
    nag: timedelta | None = None
    pause: frozenset[Category] | None = None

    def target(self, ticket: Ticket) -> timedelta | None:
        """Working time promised for this ticket; None for no promise."""
        own = self.teams.get(f"{ticket.desk}:{ticket.team}") if self.teams else None
        if own is not None and not own:
            return None
        for targets in (own or {}, self.targets):
            for priority in (ticket.priority, ""):
                if priority in targets:
                    return targets[priority]
        return None

    @property
    def still(self) -> tuple[Category, ...]:
        """The categories in which the clock stands still; a solved ticket's does too, and goes on if reopened."""
        return _still(PAUSES[self.name] if self.pause is None else self.pause)

    def stages(self, target: timedelta | None) -> tuple[Stage, ...]:
        """ "warn", or "warn1", "warn2"…, then "breach"; a warning that would come at the start is left out.

        Without a target stages are counted back from the breach, and no share of it can be warned of.
        """
        return _stages(self.warn, target)


class Match(Struct, frozen=True, kw_only=True):
    """Which tickets a policy is for: every member that isn't empty must hold, by any of its values.

    `teams` are groups of a helpdesk ("zendesk:17"); all others are in the helpdesk's own words or ids, lower case
    where they are words. A tier that the helpdesk passes on to its tickets as a tag is matched by `tags`.
    """

    desks: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def holds(self, ticket: Ticket) -> bool:
        """Whether the ticket is one of those."""
        return (
            (not self.desks or ticket.desk in self.desks)
            and (not self.teams or f"{ticket.desk}:{ticket.team}" in self.teams)
            and (not self.projects or ticket.team in self.projects)
            and (not self.priorities or ticket.priority in self.priorities)
            and (not self.types or ticket.type in self.types)
            and (not self.organisations or ticket.organisation in self.organisations)
            and (not self.brands or ticket.brand in self.brands)
            and (not self.tags or not self.tags.isdisjoint(ticket.tags))
        )


class SlaPolicy(Struct, frozen=True, kw_only=True):
    """Other promises for some tickets. The first policy that matches counts; a goal that it doesn't name is as always.

    A goal without targets is no promise: its clock does not run.
    """

    name: str
    match: Match
    goals: Mapping[str, Goal]


class VendorSlas(Struct, frozen=True, kw_only=True):
    """What is done with the clocks of a helpdesk's own service levels.

    `goals` says which of our goals the helpdesk's clock of that name is (lower case); one that is none of ours runs
    beside them. `win`: the helpdesk's clock counts where there is one, else ours does.
    """

    win: bool
    goals: Mapping[str, str]


@cache
def _stages(warn: tuple[Lead, ...], target: timedelta | None) -> tuple[Stage, ...]:
    if target is None:
        needs = {-lead for lead in warn if isinstance(lead, timedelta)}
    else:
        all_needs = (target * lead if isinstance(lead, float) else target - lead for lead in warn)
        needs = {need for need in all_needs if _ZERO < need < target}
    rising = sorted(needs)
    names = (WARN,) if len(rising) == 1 else tuple(f"{WARN}{n + 1}" for n in range(len(rising)))
    return (*map(Stage, names, rising), Stage(BREACH, target or _ZERO))


@cache
def _still(pause: frozenset[Category]) -> tuple[Category, ...]:
    return tuple(c for c in Category if c in pause or not c.live)
