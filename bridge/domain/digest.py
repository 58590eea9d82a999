"""The daily digest: a team's alerts ranked by what to do first, what was resolved, and who to coach on what. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.hours import Hours
from bridge.domain.model import Alert, AlertState, Coaching, Goalpost, Outcome, Severity
from bridge.domain.presses import finished
from bridge.domain.saying import GOALS

RECENT = timedelta(days=30)
"""How far back a rule that held more than once for one agent is worth a word with them."""

RECURS = 2
CONTACT_LOOK = timedelta(days=7)
_DAY = timedelta(days=1)
_FAR = datetime.max.replace(tzinfo=UTC)


class Where(Struct, frozen=True, kw_only=True):
    """Where an alert's case is. `agent` is "<desk>:<id>", "" for nobody. Nothing in it is escaped."""

    about: str  # "Ticket 4711" or "Survey answer"
    title: str = ""
    url: str = ""
    agent: str = ""


class Case(Struct, frozen=True, kw_only=True):
    """An alert as it stands in a digest. Every text may be a stranger's, and none is escaped.

    `goal` is the next goal of the loop, None where none is open; `age` is since the alert opened. `why` are the
    headlines of its standing reasons, gravest first; of an alert that is over, those it had.
    """

    ref: str
    severity: Severity
    state: AlertState
    why: tuple[str, ...]
    where: Where
    age: timedelta
    words: str = ""  # the customer's own
    goal: Goalpost | None = None
    owner: str = ""
    snoozed_until: datetime | None = None
    outcome: str = ""  # how it came out, in a sentence


class Coach(Struct, frozen=True, kw_only=True):
    """Somebody to coach: on rules that held for several of their tickets (with how many), and on single alerts.

    `agent` is "<desk>:<id>", "" where a ticket names nobody; `name` is what people call them.
    """

    agent: str
    name: str = ""
    recurring: tuple[tuple[str, int], ...] = ()
    cases: tuple[Case, ...] = ()


class Figures(Struct, frozen=True, kw_only=True):
    """How the loop does: alerts of the local day before, and contacts of the last seven days.

    Of `contacts` alerts whose customer was contacted or should have been, `in_time` were within the goal.
    """

    opened: int = 0
    resolved: int = 0
    contacts: int = 0
    in_time: int = 0

    @property
    def share(self) -> float | None:
        """The share within the goal, 0..1; None where there was nobody to contact."""
        return self.in_time / self.contacts if self.contacts else None


class Digest(Struct, frozen=True, kw_only=True):
    """What a team and its manager are told on `day`, a date of the team's own zone; `at` is when it was drawn up."""

    team: str
    manager: str
    day: date
    at: datetime
    zone: str
    figures: Figures = Figures()
    active: tuple[Case, ...] = ()
    closed: tuple[Case, ...] = ()
    coaching: tuple[Coach, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing to do, nothing done, nobody to coach."""
        return not (self.active or self.closed or self.coaching)

    @property
    def missed(self) -> int:
        """How many of the active alerts have missed a goal."""
        return sum(case.goal is not None and case.goal.missed for case in self.active)


def draw_up(
    alerts: Sequence[Alert],
    places: Mapping[str, Where],
    *,
    team: str,
    manager: str,
    zone: ZoneInfo,
    since: datetime,
    now: datetime,
) -> Digest:
    """The digest at `now`: `alerts` are the team's, in any order, `places` where they are, by subject.

    Told as resolved is what was after `since`, the moment of the digest before.
    """
    day = now.astimezone(zone).date()
    to_do = [a for a in alerts if a.live or _unexplained(a)]
    to_do.sort(key=lambda alert: _urgency(alert, now))
    over = [a for a in alerts if a.ended_at is not None and since < a.ended_at <= now]
    over.sort(key=lambda alert: (-alert.severity, alert.ended_at or _FAR, alert.ref))
    return Digest(
        team=team,
        manager=manager,
        day=day,
        at=now,
        zone=zone.key,
        figures=_figures(alerts, moment(day - _DAY, time(), zone), moment(day, time(), zone), now),
        active=tuple(_case(alert, places, now) for alert in to_do),
        closed=tuple(_case(alert, places, now) for alert in over),
        coaching=_coaching(alerts, places, now),
    )


def with_names(digest: Digest, names: Mapping[str, str]) -> Digest:
    """The digest with what people call the agents in it."""
    called = tuple(replace(c, name=names.get(c.agent, "")) for c in digest.coaching)
    return replace(digest, coaching=called)


# --- when it is sent


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When clocks of the zone show `at` on `day`, in UTC.

    A time that is skipped there is as long after the change as it would be; of one that comes twice it is the first.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def open_on(hours: Hours, day: date) -> bool:
    """Whether anybody begins work on that day."""
    return any(open_on(each, day) for each in hours.follow) or bool(hours.spans(day))


def coming(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The next moment after `now` when clocks of the zone show `at`, whatever day that is."""
    day = now.astimezone(zone).date()
    today = moment(day, at, zone)
    return today if today > now else moment(day + _DAY, at, zone)


# --- cases


def next_goal(alert: Alert, now: datetime) -> Goalpost | None:
    """The goal of the loop that is to be met first, or was missed first; None where none is open."""
    left = [
        (promise.due_at, name)
        for name, promise in alert.promises.items()
        if promise.met_at is None
        and not finished(alert, name)
        and not (name == "close" and alert.live)  # it is the resolving that is late
    ]
    if not left:
        return None
    due_at, name = min(left)
    what = GOALS.get(name, name)
    return Goalpost(what=what[:1].upper() + what[1:], due_at=due_at, missed=due_at <= now)


def _unexplained(alert: Alert) -> bool:
    """Resolved by somebody who still has to say how it came out, or why it came to it."""
    open_still = not alert.live and alert.closed_at is None
    return open_still and bool(alert.resolved_by) and not (alert.outcome and alert.cause)


def _urgency(alert: Alert, now: datetime) -> tuple[bool, datetime, int, datetime, str]:
    goal = next_goal(alert, now)
    missed = goal is not None and goal.missed
    due_at = goal.due_at if goal else _FAR
    return (not missed, due_at, -alert.severity, alert.opened_at, alert.ref)


def _case(alert: Alert, places: Mapping[str, Where], now: datetime) -> Case:
    reasons = alert.standing or alert.reasons
    return Case(
        ref=alert.ref,
        severity=alert.severity,
        state=alert.state,
        why=tuple(reason.finding.headline for reason in reasons),
        where=places.get(alert.subject, Where(about=alert.subject)),
        age=now - alert.opened_at,
        words=next((r.finding.words for r in reasons if r.finding.words), ""),
        goal=next_goal(alert, now),
        owner=str(alert.owner),
        snoozed_until=alert.snoozed_until
        if alert.live and alert.snoozed_until and alert.snoozed_until > now
        else None,
        outcome=_outcome(alert),
    )


def _outcome(alert: Alert) -> str:
    """ "Recovered, by Ana: slow answer. Sent a new key." """
    if alert.live:
        return ""
    if not alert.resolved_by:
        return f"Resolved itself: {alert.ended}." if alert.ended else "Resolved itself."
    told = alert.outcome.value.capitalize() if alert.outcome else "Resolved"
    told += f", by {alert.resolved_by}"
    told += f": {alert.cause}" if alert.cause else ""
    return f"{told}. {alert.done}" if alert.done else f"{told}."


# --- coaching


def _coaching(
    alerts: Iterable[Alert], places: Mapping[str, Where], now: datetime
) -> tuple[Coach, ...]:
    """Most to talk about first: alerts that call for it, then rules that keep coming back."""
    held: dict[str, Counter[str]] = {}
    needed: dict[str, list[Alert]] = {}
    for alert in alerts:
        place = places.get(alert.subject)
        agent = place.agent if place else ""
        if alert.coaching is Coaching.NEEDED:
            needed.setdefault(agent, []).append(alert)
        recent = now - RECENT < alert.opened_at <= now
        if agent and recent and alert.outcome is not Outcome.NOT_JUSTIFIED:
            held.setdefault(agent, Counter()).update({r.finding.rule for r in alert.reasons})
    found = []
    for agent in {*held, *needed}:
        often = [(rule, n) for rule, n in held.get(agent, Counter()).items() if n >= RECURS]
        cases = sorted(needed.get(agent, ()), key=lambda alert: alert.opened_at)
        if often or cases:
            found.append(
                Coach(
                    agent=agent,
                    recurring=tuple(sorted(often, key=lambda one: (-one[1], one[0]))),
                    cases=tuple(_case(alert, places, now) for alert in cases),
                )
            )
    return tuple(sorted(found, key=_most_to_say))


def _most_to_say(coach: Coach) -> tuple[int, int, str]:
    return (-len(coach.cases), -sum(n for _, n in coach.recurring), coach.agent)


# --- figures


def _figures(alerts: Iterable[Alert], begins: datetime, ends: datetime, now: datetime) -> Figures:
    known = list(alerts)
    contacts = [p for alert in known for p in (_contact(alert, now),) if p is not None]
    return Figures(
        opened=sum(begins <= alert.opened_at < ends for alert in known),
        resolved=sum(a.ended_at is not None and begins <= a.ended_at < ends for a in known),
        contacts=len(contacts),
        in_time=sum(contacts),
    )


def _contact(alert: Alert, now: datetime) -> bool | None:
    """Whether the customer was contacted within the goal; None where it isn't known yet, or nothing is promised.

    Counted when it was done, or when it should have been; what ended before that needed nobody.
    """
    promise = alert.promises.get("contact")
    if promise is None:
        return None
    done_at, due_at = alert.contacted_at, promise.due_at
    if done_at is None and alert.ended_at is not None and alert.ended_at <= due_at:
        return None
    in_time = done_at is not None and done_at <= due_at
    counts_at = min(done_at or due_at, due_at)
    return in_time if now - CONTACT_LOOK < counts_at <= now else None
