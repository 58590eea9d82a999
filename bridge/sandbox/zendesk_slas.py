"""Zendesk's own service levels, worked out from a ticket's audits: which clocks run, wait, are over, breached.

Calendar hours only. Sources: developer.zendesk.com/documentation/ticketing/reference-guides/
ticket-metric-event-types-reference and api-reference/ticketing/tickets/ticket_metric_events.
Unconfirmed: when updates are counted and wait; that solving ends the clocks of replies and updates;
the shape of the sideload `slas` beyond `breach_at`, `stage`, `metric` and one member that is named
after the unit of what remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from bridge.sandbox.wire import Json, iso
from bridge.sandbox.zendesk_records import Ticket

Stage: TypeAlias = Literal["active", "paused", "achieved"]

METRICS = (
    "first_reply_time",
    "next_reply_time",
    "periodic_update_time",
    "pausable_update_time",
    "requester_wait_time",
    "agent_work_time",
)
"""What a policy may have targets for. The events know both kinds of reply as `reply_time`."""

_PAUSES = {
    "reply_time": frozenset[str](),
    "periodic_update_time": frozenset[str](),
    "pausable_update_time": frozenset({"pending"}),
    "requester_wait_time": frozenset({"pending"}),
    "agent_work_time": frozenset({"pending", "hold"}),
}
"""The metrics as events know them, and the statuses in which their clocks wait."""
_UPDATES = ("periodic_update_time", "pausable_update_time")
_WORK = ("requester_wait_time", "agent_work_time")
_OVER = frozenset({"solved", "closed", "deleted"})
_TYPE_OF: dict[Stage, str] = {"active": "activate", "paused": "pause", "achieved": "fulfill"}
_TYPES = ("measure", "activate", "pause", "fulfill", "update_status", "apply_sla", "breach")
_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy:
    """Targets in minutes, by priority and metric: `{"high": {"first_reply_time": 60}}`.

    It holds for all tickets; a ticket without a priority has no targets.
    """

    title: str
    targets: Mapping[str, Mapping[str, int]]
    id: int = 360000500001

    @property
    def longest(self) -> timedelta:
        """The longest of its targets."""
        minutes = (each for metrics in self.targets.values() for each in metrics.values())
        return timedelta(minutes=max(minutes, default=0))


@dataclass(frozen=True, slots=True)
class _Goal:
    """From `at` on, this target held; None for none."""

    at: datetime
    audit: int
    policy: SlaPolicy | None
    minutes: int | None


@dataclass(slots=True)
class _Run:
    """One instance of a metric: from its start to its end, with its waits between."""

    metric: str
    instance: int
    stage: Stage | None = None
    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    moves: list[tuple[datetime, int, Stage]] = field(default_factory=list)
    goals: list[_Goal] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The metric as policies name it."""
        if self.metric != "reply_time":
            return self.metric
        return "first_reply_time" if self.instance == 1 else "next_reply_time"

    def move(self, stage: Stage, at: datetime, audit: int) -> None:
        """Run, wait or be over from now on."""
        if stage == self.stage or (self.stage is None and stage == "achieved"):
            return
        if self.stage == "active":
            self.spans[-1] = (self.spans[-1][0], at)
        if stage == "active":
            self.spans.append((at, None))
        self.stage = stage
        self.moves.append((at, audit, stage))

    def used(self, now: datetime) -> timedelta:
        """The time that was counted."""
        return sum(((end or now) - start for start, end in self.spans), timedelta())

    def breach_at(self, minutes: int) -> datetime | None:
        """When the target was missed, or will be if the clock runs on; None while it waits or is over."""
        left = timedelta(minutes=minutes)
        for start, end in self.spans:
            if end is None or end - start > left:
                return start + left
            left -= end - start
        return None


def slas(
    ticket: Ticket,
    policies: Sequence[SlaPolicy],
    is_staff: Callable[[int], bool],
    now: datetime,
) -> Json:
    """The member `slas` of a ticket, as `include=slas` adds it. Without a target there is nothing in it."""
    latest = {run.name: run for run in _runs(ticket, policies, is_staff)}
    shown = [_policy_metric(latest[name], now) for name in METRICS if name in latest]
    return {"policy_metrics": [one for one in shown if one]}


def _policy_metric(run: _Run, now: datetime) -> Json | None:
    minutes = run.goals[-1].minutes if run.goals else None
    if minutes is None or run.stage is None:
        return None
    left = timedelta(minutes=minutes) - run.used(now)
    shown: Json = {"breach_at": None, "stage": run.stage, "metric": run.name}
    if run.stage == "achieved":
        # those who read it must look at the stage: an end in time has a moment of breach as well
        breach = run.breach_at(minutes) or run.moves[-1][0] + left
        return shown | {"breach_at": iso(breach)}
    if run.stage == "active":
        shown["breach_at"] = iso(run.breach_at(minutes) or now)
    seconds = left.total_seconds()
    unit, length = next(
        ((unit, length) for unit, length in _UNITS if abs(seconds) >= 2 * length),
        _UNITS[-1],
    )
    return shown | {unit: int(seconds // length)}


def metric_events(
    ticket: Ticket,
    policies: Sequence[SlaPolicy],
    is_staff: Callable[[int], bool],
    now: datetime,
) -> Iterator[Json]:
    """What happened to a ticket's clocks up to `now`, in no order. A number is the same each time."""
    for metric in _PAUSES:
        yield _event(ticket, metric, 0, "measure", ticket.created_at, ticket.audits[0]["id"])
    for run in _runs(ticket, policies, is_staff):
        for at, audit, stage in run.moves:
            yield _event(ticket, run.metric, run.instance, _TYPE_OF[stage], at, audit)
            if stage == "achieved":
                minutes = int(run.used(at).total_seconds() // 60)
                told = _event(ticket, run.metric, run.instance, "update_status", at, audit)
                yield told | {"status": {"calendar": minutes, "business": minutes}}
        for goal in run.goals:
            yield _applied(ticket, run, goal)
            due = run.breach_at(goal.minutes) if goal.minutes is not None else None
            if due is not None and max(due, goal.at) <= now:
                # a target that came too late to be met is missed from its first moment
                at = max(due, goal.at)
                breach = _event(ticket, run.metric, run.instance, "breach", at, goal.audit)
                yield breach | {"deleted": goal is not run.goals[-1]}


def _applied(ticket: Ticket, run: _Run, goal: _Goal) -> Json:
    told = _event(ticket, run.metric, run.instance, "apply_sla", goal.at, goal.audit)
    if goal.policy is None or goal.minutes is None:
        return told | {"sla": None}
    return told | {
        "sla": {
            "target": goal.minutes,
            "target_in_seconds": goal.minutes * 60,
            "business_hours": False,
            "policy": {"id": goal.policy.id, "title": goal.policy.title, "description": None},
        }
    }


def _event(  # noqa: PLR0917
    ticket: Ticket, metric: str, instance: int, kind: str, at: datetime, audit: int
) -> Json:
    # audits lie 128 apart, so that what follows from one has a number of its own
    number = audit + 1 + list(_PAUSES).index(metric) * len(_TYPES) + _TYPES.index(kind)
    return {
        "id": number,
        "ticket_id": ticket.id,
        "metric": metric,
        "instance_id": instance,
        "type": kind,
        "time": iso(at),
    }


def _runs(
    ticket: Ticket, policies: Sequence[SlaPolicy], is_staff: Callable[[int], bool]
) -> list[_Run]:
    """All instances of all metrics, in the order they began."""
    replay = _Replay(policies, is_staff)
    for audit in ticket.audits:
        replay.take(audit)
    return replay.runs


class _Replay:
    """Goes through a ticket's saves, oldest first, and moves its clocks."""

    def __init__(self, policies: Sequence[SlaPolicy], is_staff: Callable[[int], bool]) -> None:
        self.runs: list[_Run] = []
        self._policies = policies
        self._is_staff = is_staff
        self._current: dict[str, _Run] = {}
        self._status = "new"
        self._priority: str | None = None

    def take(self, audit: Json) -> None:
        """One save."""
        at, number = datetime.fromisoformat(audit["created_at"]), audit["id"]
        said = self._read(audit)
        over = self._status in _OVER
        if said == "answered" or over:
            for metric in ("reply_time", *_UPDATES):
                if metric in self._current:
                    self._current[metric].move("achieved", at, number)
        for metric in () if over else self._begun(said):
            last = self._current.get(metric)
            self._current[metric] = _Run(metric, last.instance + 1 if last else 1)
            self.runs.append(self._current[metric])
        for metric, run in self._current.items():
            if over:
                run.move("achieved", at, number)
            elif run.stage != "achieved" or metric in _WORK:  # work goes on when reopened
                run.move("paused" if self._status in _PAUSES[metric] else "active", at, number)
            if run.stage != "achieved":
                self._apply(run, at, number)

    def _read(self, audit: Json) -> Literal["asked", "answered", ""]:
        """Learn status and priority; tell whether somebody spoke for all to read, and who."""
        said: Literal["asked", "answered", ""] = ""
        for event in audit["events"]:
            if event["type"] == "Comment" and event["public"]:
                said = "answered" if self._is_staff(event["author_id"]) else "asked"
            elif event.get("field_name") == "status":
                self._status = event["value"]
            elif event.get("field_name") == "priority":
                self._priority = event["value"]
        return said

    def _begun(self, said: str) -> Iterator[str]:
        """The metrics of which a new instance begins."""
        reply = self._current.get("reply_time")
        if said == "asked" and (reply is None or reply.stage == "achieved"):
            yield "reply_time"
        if said == "answered":
            yield from _UPDATES
        yield from (metric for metric in _WORK if metric not in self._current)

    def _apply(self, run: _Run, at: datetime, audit: int) -> None:
        """Note the target that holds now, where it is another than before."""
        priority = self._priority or ""
        policy = next((one for one in self._policies if one.targets.get(priority)), None)
        minutes = policy.targets[priority].get(run.name) if policy else None
        last = run.goals[-1].minutes if run.goals else None
        if minutes != last:
            run.goals.append(_Goal(at, audit, policy, minutes))
