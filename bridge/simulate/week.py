"""A week of three teams on two helpdesks, whose webhooks are partly lost, told twice, or late.

What people do follows from the seed alone, and so does which webhooks go astray.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from msgspec.structs import replace

from bridge.domain.model import Team
from bridge.sandbox import Sandbox, Shipment
from bridge.sandbox.chaos import Mangle
from bridge.simulate.cases import CUSTOMERS, SUBJECTS, TEAMS, ZONE
from bridge.simulate.day import people as people_of_the_day
from bridge.simulate.desks import OURS, Helpdesk, OnJira, OnZendesk
from bridge.simulate.lives import live
from bridge.simulate.world import ENV, World

CONFIG = Path(__file__).with_name("week.toml")
START = datetime(2026, 5, 11, tzinfo=ZONE)
"""A Monday. The Thursday is a holiday of one of the teams."""

DAYS = 7
TICKETS = 2000
AT_END = timedelta(minutes=30)
"""How long the world goes on after the last deed, for the last sweeps."""

CALENDARS = {"Support": "office", "Billing": "long", "Technical": "always"}
LOST, TWICE, LATE = 0.2, 0.025, 0.025
"""Shares of all webhooks. A late one comes after those that were sent later."""

LATEST = timedelta(minutes=10)
GRAIN = timedelta(minutes=2)
_MILLISECOND = timedelta(milliseconds=1)  # Jira tells no shorter time
_MOST_MILLISECONDS = GRAIN // _MILLISECOND
_DESK_OF = {"zendesk": "zendesk", "jira": "jsm"}


class Losses:
    """Lets webhooks go astray; to be put into `sandbox.courier.mangle`.

    What happens to the webhooks of a ticket depends on the seed and on them alone, in whatever order those of other
    tickets are sent.
    """

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self.sent = 0
        self.lost: dict[str, list[datetime]] = {}
        """By subject, when a webhook of its was lost or held back."""
        self._seed = seed
        self._now = now
        self._lanes: dict[str, Mangle] = {}

    def __call__(self, shipment: Shipment) -> list[Shipment]:
        """What really sets out. Called by one thread at a time."""
        if shipment.lane not in self._lanes:
            chance = Random(f"{self._seed}:{shipment.lane}")  # noqa: S311 - repeatable, no secret
            self._lanes[shipment.lane] = Mangle(
                chance,
                self._now,
                lost=LOST,
                late=LATE,
                twice=TWICE,
                swapped=0,
                latest=LATEST,
            )
        self.sent += 1
        gone = self._lanes[shipment.lane](shipment)
        if not gone or gone[0].not_before:
            subject = f"{_DESK_OF[shipment.vendor]}:{shipment.lane.rpartition(':')[2]}"
            self.lost.setdefault(subject, []).append(self._now())
        return gone

    @property
    def done(self) -> Counter[str]:
        """How many webhooks were lost, late, and sent twice."""
        total = Counter[str]()
        for mangle in self._lanes.values():
            total += mangle.done
        return total


class Week:
    """The script: what happens when."""

    def __init__(self, world: World, seed: int, days: int) -> None:
        self.world = world
        self.seed = seed
        self.end = START + timedelta(days=days)
        self.zendesk = OnZendesk(world.sandbox.zendesk)
        self.jira = OnJira(world.sandbox.jira)
        self.losses = Losses(seed, world.sandbox.now)
        self.script: dict[datetime, list[Callable[[], object]]] = {}
        calendars = world.bridge.settings.calendars
        self.hours = {team: calendars[CALENDARS[team]] for team in TEAMS}
        self._random = Random(f"{seed}:minutes")  # noqa: S311
        self._instants: dict[datetime, datetime] = {}

    @property
    def desks(self) -> tuple[OnZendesk, OnJira]:
        return self.zendesk, self.jira

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        """Let something happen within `GRAIN` of that moment, if that is within the week.

        Everybody acts at the same instants, so that the world need not be brought to rest for each.
        """
        if not START <= moment < self.end:
            return
        begun = _grain_of(moment)
        if begun not in self._instants:
            self._instants[begun] = begun + _MILLISECOND * self._random.randrange(
                _MOST_MILLISECONDS
            )
        self.script.setdefault(self._instants[begun], []).append(action)

    @staticmethod
    def after(moment: datetime) -> datetime:
        """From when on something happens surely later than what happens at that moment."""
        return _grain_of(moment) + GRAIN


def _grain_of(moment: datetime) -> datetime:
    """When the span that the moment lies in began."""
    return START + (moment - START) // GRAIN * GRAIN


def people(sandbox: Sandbox) -> list[Team]:
    """The people and teams of the day, with hours of their own."""
    return [replace(team, calendar=CALENDARS[team.name]) for team in people_of_the_day(sandbox)]


def write(world: World, seed: int, tickets: int = TICKETS, days: int = DAYS) -> Week:
    """Write the script of that many tickets over so many days, and let the webhooks go astray."""
    sandbox = world.sandbox
    week = Week(world, seed, days)
    secret = ENV["ZENDESK_WEBHOOK_SECRET"]
    sandbox.zendesk.subscribe(f"{world.hooks}/zendesk", secret, name=f"{OURS}: events")
    sandbox.jira.subscribe(f"{world.hooks}/jsm", ENV["JSM_WEBHOOK_SECRET"], name=OURS)
    sandbox.courier.mangle = week.losses
    for number in range(tickets):
        chance = Random(f"{seed}:{number}")  # noqa: S311
        desk: Helpdesk = week.jira if chance.random() < 0.35 else week.zendesk
        live(
            week,
            chance,
            desk,
            opened=_opening(chance, days),
            customer=chance.choice(CUSTOMERS),
            subject=chance.choice(SUBJECTS),
        )
    return week


def _opening(chance: Random, days: int) -> datetime:
    """Mostly by day and on weekdays, but at any time."""
    while True:
        day = START + timedelta(days=chance.randrange(days))
        by_day = chance.random() < 0.85
        minutes = chance.uniform(7 * 60, 20 * 60) if by_day else chance.uniform(0, 24 * 60)
        if day.weekday() < 5 or chance.random() < 0.3:
            return day + timedelta(minutes=minutes)
