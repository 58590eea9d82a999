"""Hold who was told in a simulated fortnight against who should have been, and count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from msgspec import Struct
from sqlalchemy import text

from bridge.domain.model import Alert, Outcome
from bridge.simulate.fortnight import Case, Fortnight
from bridge.simulate.fortnight_hands import REF
from bridge.simulate.fortnight_people import PEOPLE, TEAMS, channel_of, slack_ids
from bridge.simulate.fortnight_plan import Call, Rules
from bridge.store import alerts

ON_TIME = timedelta(seconds=5)
NOBODY = "Nobody has taken this in hand"
"""What every escalation says, in whatever medium."""

_MOST = 1_000_000
_WORST = ("on time", "late", "early", "missed")


class FortnightOutcome(Struct, frozen=True, kw_only=True):
    """The figures. `early`, `late`, `after_acknowledge`, `in_quiet_hours` and `missed` must all be 0.

    `planned` are the steps of ladders that came before anybody took the alert; `in_quiet_hours` counts all that called
    somebody while a team was not awake, though the alert was not grave enough. The shares are of all alerts.
    """

    scenario: str
    seed: int
    alerts: int
    planned: int
    on_time: int
    early: int
    late: int
    after_acknowledge: int
    in_quiet_hours: int
    missed: int
    contacted_24h: float
    resolved_4d: float
    closed_7d: float
    median_hours_to_contact: float
    recovered_share: float
    trouble: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing went wrong."""
        wrong = (self.early, self.late, self.after_acknowledge, self.in_quiet_hours, self.missed)
        return self.planned > 0 and not any(wrong) and not self.trouble


@dataclass(frozen=True)
class Told:
    """That nobody has it was told to somebody by a medium; in a channel, to nobody in particular."""

    at: datetime
    who: str
    by: str


class Tally:
    """What became of the steps of ladders, counted, and what went wrong in words."""

    def __init__(self) -> None:
        self.planned = 0
        self.counts = dict.fromkeys((*_WORST, "after acknowledge", "in quiet hours"), 0)
        self.trouble: list[str] = []

    def say(self, what: str, words: str) -> None:
        self.counts[what] += 1
        self.trouble.append(f"{what}: {words}")


def compare(rules: Rules, case: Case, told: Sequence[Told], tally: Tally) -> None:
    """Count what was told of one case."""
    left = list(told)
    for call in planned(rules, case):
        tally.planned += 1
        found = [_told(call, medium, left) for medium in call.by]
        worst = max(found, key=_WORST.index)
        if worst == "on time":
            tally.counts[worst] += 1
        else:
            tally.say(worst, f"{case.subject}: {call.who.name} at {call.at:%d %H:%M:%S}")
    for one in left:
        words = f"{case.subject}: {one.who or 'the channel'} by {one.by} at {one.at:%d %H:%M:%S}"
        if in_hand(case, one.at):
            tally.say("after acknowledge", words)
        elif one.who:
            tally.say("early", f"{words}, planned by nobody")


def planned(rules: Rules, case: Case) -> list[Call]:
    """Who had to be told of it: all that came before somebody took it."""
    return [
        call
        for life in case.lives
        for call in rules.calls(case.unit, case.severity, life.opened, life.owner)
        if life.taken is None or call.at < life.taken
    ]


def in_hand(case: Case, at: datetime) -> bool:
    """Whether somebody had it at that moment, or it was over."""
    life = [one for one in case.lives if one.opened <= at][-1:]
    return bool(life) and life[0].taken is not None and life[0].taken <= at


def disturbances(rules: Rules, case: Case, calls: Iterable[Told]) -> Iterator[str]:
    """What called somebody while the team was not awake, though the case was not grave enough."""
    for one in calls:
        if rules.disturbs(case.unit, case.severity, one.at):
            who = one.who or "the channel"
            yield f"{case.subject}: {who} by {one.by} at {one.at:%d %H:%M:%S}"


def _told(call: Call, medium: str, left: list[Told]) -> str:
    """How a step came by one medium; what told it is taken out of those left."""
    mine = [one for one in left if (one.who, one.by) == (call.who.key, medium)]
    if not mine:
        return "missed"
    nearest = min(mine, key=lambda one: abs(one.at - call.at))
    left.remove(nearest)
    if abs(nearest.at - call.at) <= ON_TIME:
        return "on time"
    return "late" if nearest.at > call.at else "early"


# --- what the stand-ins hold


class Heard:
    """All that called somebody, by the reference of the alert, as people got it."""

    def __init__(self, fortnight: Fortnight) -> None:
        self.told: dict[str, list[Told]] = {}
        self.calls: dict[str, list[Told]] = {}
        sandbox = fortnight.world.sandbox
        by_slack = {number: key for key, number in slack_ids(sandbox).items()}
        by_phone = {person.phone: key for key, person in PEOPLE.items()}
        by_mail = {person.email: key for key, person in PEOPLE.items()}
        slack = sandbox.slack
        for unit in TEAMS:
            for message in slack.messages(channel_of(unit)):
                self._hear(json.dumps(message.blocks), message.at, "", "slack")
        for channel in [one for one in slack.channels.values() if one.user in by_slack]:
            for message in slack.everything(channel.id):
                who = by_slack[str(channel.user)]
                self._hear(json.dumps(message.blocks), message.at, who, "slack")
        for sms in sandbox.twilio.messages:
            self._hear(sms.body, sms.at, by_phone.get(sms.to, sms.to), "sms")
        for mail in sandbox.smtp.messages:
            for to in set(mail.recipients) & by_mail.keys():
                self._hear(_plain(mail.content), mail.at, by_mail[to], "email")

    def _hear(self, written: str, at: datetime, who: str, by: str) -> None:
        refs = REF.findall(written)
        if refs:
            told = Told(at, who, by)
            self.calls.setdefault(refs[0], []).append(told)
            if NOBODY in written:
                self.told.setdefault(refs[0], []).append(told)


def _plain(content: Any) -> str:
    body = content.get_body(("plain",))
    return " ".join(str(body.get_content()).split()) if body else ""


# --- all of it


def reckon(fortnight: Fortnight, seconds: float) -> FortnightOutcome:
    """Count."""
    heard, tally = Heard(fortnight), Tally()
    with fortnight.world.bridge.engine.begin() as connection:
        found = alerts.listing(connection, _MOST)
        rows = connection.execute(
            text("SELECT alert, min(at) AS at FROM story WHERE what = :what GROUP BY alert"),
            {"what": "customer contacted"},
        )
        contacted: dict[int, datetime] = {row.alert: row.at for row in rows}
    by_subject: dict[str, list[Alert]] = {}
    for alert in found:
        by_subject.setdefault(alert.subject, []).append(alert)
    tally.trouble += fortnight.hands.trouble
    for case in fortnight.cases:
        mine = by_subject.pop(case.subject, [])
        if len(mine) != 1:
            tally.trouble.append(f"{case.subject}: {len(mine)} alerts")
        refs = [alert.ref for alert in mine]
        compare(fortnight.rules, case, [t for ref in refs for t in heard.told.get(ref, ())], tally)
        calls = [one for ref in refs for one in heard.calls.get(ref, ())]
        for words in disturbances(fortnight.rules, case, calls):
            tally.say("in quiet hours", words)
    tally.trouble += [f"{subject}: nobody planned an alert" for subject in by_subject]
    waited = {a.number: contacted[a.number] - a.opened_at for a in found if a.number in contacted}
    return _outcome(fortnight, found, waited, tally, seconds)


def _outcome(
    fortnight: Fortnight,
    found: Sequence[Alert],
    waited: Mapping[int, timedelta],
    tally: Tally,
    seconds: float,
) -> FortnightOutcome:
    def share(many: int) -> float:
        return round(many / max(len(found), 1), 4)

    def within(days: int, *moments: datetime | None) -> int:
        limit = timedelta(days=days)
        pairs = zip(found, moments, strict=True)
        return sum(at is not None and at - alert.opened_at <= limit for alert, at in pairs)

    hours = [wait / timedelta(hours=1) for wait in waited.values()]
    counts = tally.counts
    return FortnightOutcome(
        scenario="fortnight",
        seed=fortnight.seed,
        alerts=len(found),
        planned=tally.planned,
        on_time=counts["on time"],
        early=counts["early"],
        late=counts["late"],
        after_acknowledge=counts["after acknowledge"],
        in_quiet_hours=counts["in quiet hours"],
        missed=counts["missed"],
        contacted_24h=share(sum(wait <= timedelta(days=1) for wait in waited.values())),
        resolved_4d=share(within(4, *(alert.ended_at for alert in found))),
        closed_7d=share(within(7, *(alert.closed_at for alert in found))),
        median_hours_to_contact=round(median(hours), 2) if hours else 0.0,
        recovered_share=share(sum(alert.outcome is Outcome.RECOVERED for alert in found)),
        trouble=tuple(tally.trouble[:40]),
        seconds=round(seconds, 1),
    )
