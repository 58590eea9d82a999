"""What holds a message back for a while: mutes, maintenance windows and quiet hours are one idea. Pure.

Each says until when and why; a message that several hold waits for the last of them. What is held stays planned.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

from bridge.domain.hours import Hours
from bridge.domain.model import Alert, Severity

MUTED, MAINTENANCE, QUIET = "muted until", "maintenance until", "quiet hours until"
"""How each begins in words."""

SOON = timedelta(hours=1)


class Mute(Struct, frozen=True, kw_only=True):
    """Nobody is called for what it matches, from `starts_at` up to, not including, `ends_at`.

    `team` and `subject` ("zendesk:4711") are matched as they are, `rule` against the reasons that stand; what is
    empty matches everything. `reason` and `by` are told to those who wonder. `id` is 0 until it is stored.
    """

    id: int = 0
    team: str = ""
    rule: str = ""
    subject: str = ""
    reason: str
    by: str
    starts_at: datetime
    ends_at: datetime
    maintenance: bool = False

    def runs(self, now: datetime) -> bool:
        """Whether it has begun and isn't over."""
        return self.starts_at <= now < self.ends_at

    @property
    def near(self) -> datetime:
        """From when on its end is near: an hour before, or half of a mute that is shorter than two."""
        return self.ends_at - min(SOON, (self.ends_at - self.starts_at) / 2)

    def concerns(self, alert: Alert) -> bool:
        """Whether it matches the alert, or at least one of its reasons."""
        return (
            self.team in ("", alert.team)
            and self.subject in ("", alert.subject)
            and (not self.rule or self.rule in _rules(alert))
        )


class Hold(Struct, frozen=True):
    """Why a message waits, and until when at least: then it is looked at again."""

    why: str
    until: datetime


def muting(alert: Alert, mutes: Iterable[Mute], now: datetime) -> tuple[Mute, ...]:
    """The mutes that hold the alert back now, in their order.

    One that names a rule does so only where each reason that stands is muted: with a further one, the alert rings.
    """
    matching = [mute for mute in mutes if mute.runs(now) and mute.concerns(alert)]
    named = {mute.rule for mute in matching if mute.rule}
    covered = named >= _rules(alert)
    return tuple(mute for mute in matching if covered or not mute.rule)


def held(
    alert: Alert,
    mutes: Iterable[Mute],
    awake: Hours | None,
    unless: Severity,
    now: datetime,
) -> Hold | None:
    """What holds a message back that calls for somebody to act on the alert; None if it may go.

    `awake` are the hours outside of which only what is as grave as `unless` interrupts the team; None for none.
    Mutes and maintenance windows hold whatever its severity. Times in words are the team's, where its hours are known.
    """
    zone: tzinfo = awake.zone if awake else UTC
    holding = muting(alert, mutes, now)
    holds = [_muted(mute, zone, now) for mute in holding]
    ends = _ends(holding)
    if awake is not None and alert.severity < unless and not awake.is_open(now):
        opens = awake.next_open(now)
        ends.append(opens)
        holds.append(f"{QUIET} {_clock(opens, zone, now)}")
    return Hold("; ".join(holds), max(ends)) if ends else None


def _ends(holding: Iterable[Mute]) -> list[datetime]:
    """When each lets go of the alert; those of rules together, for it rings again with the first of its reasons."""
    ends: list[datetime] = []
    last: dict[str, datetime] = {}
    for mute in holding:
        if mute.rule:
            last[mute.rule] = max(mute.ends_at, last.get(mute.rule, mute.ends_at))
        else:
            ends.append(mute.ends_at)
    return [*ends, min(last.values())] if last else ends


def _rules(alert: Alert) -> set[str]:
    """The rules of the reasons that stand, or of all where none does."""
    return {reason.finding.rule for reason in alert.standing or alert.reasons}


def _muted(mute: Mute, zone: tzinfo, now: datetime) -> str:
    what = MAINTENANCE if mute.maintenance else MUTED
    return f"{what} {_clock(mute.ends_at, zone, now)} by {mute.by}: {mute.reason}"


def _clock(at: datetime, zone: tzinfo, now: datetime) -> str:
    """The time alone on the same day, else with its date."""
    there = at.astimezone(zone)
    day = "" if there.date() == now.astimezone(zone).date() else f"{there:%a %d %b} "
    return f"{day}{there:%H:%M}"
