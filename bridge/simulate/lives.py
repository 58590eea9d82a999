"""What becomes of a ticket in a simulated week: who does what after how long. Drawn by chance, not by a plan.

Much of it is made to be hard to follow for somebody who doesn't hear everything: there and back within minutes, an
answer just before a warning, several things in one save.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from bridge.simulate.cases import TEAMS
from bridge.simulate.desks import Helpdesk

if TYPE_CHECKING:
    from bridge.simulate.week import Week

_STAGES = (45.0, 60.0, 90.0, 120.0, 180.0, 216.0, 240.0)
"""Working minutes at which a timer may ring."""


class Life:
    """One ticket, and `now` in its life while it is written."""

    def __init__(self, week: Week, chance: Random, desk: Helpdesk, opened: datetime) -> None:
        self.week, self.chance, self.desk, self.now = week, chance, desk, opened
        self.team = chance.choice(TEAMS)
        self.agent = self.an_agent()
        self.customer = ""
        self.key = ""
        self._free_from = opened

    def an_agent(self) -> str:
        return f"{self.team} agent {self.chance.choice((1, 2, 3))}"

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def later(self, low: float, high: float) -> None:
        """Some minutes pass."""
        self.now += timedelta(minutes=self.chance.uniform(low, high))

    def work(self, minutes: float) -> None:
        """So many working minutes of the team pass."""
        self.now = self.week.hours[self.team].add(self.now, timedelta(minutes=minutes))

    def do(self, action: Callable[[], object]) -> None:
        """Nothing happens twice to a ticket at one instant."""
        self.now = max(self.now, self._free_from)
        self._free_from = self.week.after(self.now)
        self.week.at(self.now, action)

    # -- deeds, each now --

    def open(self, customer: str, subject: str, urgency: str) -> None:
        self.customer, team = customer, self.team

        def act() -> None:
            words = f"Hello, {subject.lower()}. Can you help?"
            self.key = self.desk.open(customer, subject, words, team, urgency=urgency)

        self.do(act)

    def ask(self) -> None:
        self.do(lambda: self.desk.reply(self.key, self.customer, "Any news?"))

    def answer(self) -> None:
        who = self.agent
        self.do(lambda: self.desk.reply(self.key, who, "Thank you, I am looking into it."))

    def whisper(self) -> None:
        who = self.agent
        self.do(lambda: self.desk.note(self.key, who, "Asked a colleague."))

    def put(self, status: str, words: str = "") -> None:
        who = self.agent
        self.do(lambda: self.desk.put(self.key, who, status, words))

    def solve(self) -> None:
        who = self.agent
        self.do(lambda: self.desk.solve(self.key, who, "This is solved now."))

    def urge(self, urgency: str) -> None:
        who = self.agent
        self.do(lambda: self.desk.urge(self.key, who, urgency))

    def take(self) -> None:
        who = self.agent
        self.do(lambda: self.desk.hand(self.key, who, agent=who))

    def hand(self, team: str) -> None:
        who, self.team = self.agent, team
        self.do(lambda: self.desk.hand(self.key, who, team=team))
        self.agent = self.an_agent()


def live(
    week: Week, chance: Random, desk: Helpdesk, *, opened: datetime, customer: str, subject: str
) -> None:
    """Write one ticket's life into the script."""
    life = Life(week, chance, desk, opened)
    urgency = chance.choices(("normal", "high", "urgent"), (7, 2, 1))[0]
    life.open(customer, subject, urgency)
    if life.happens(0.1):
        _back_and_forth(life)
    if life.happens(0.06):
        life.work(life.chance.uniform(2, 90))
        life.urge("urgent" if life.happens(0.5) else "high")
    if not _answered(life, first=True):
        return
    for _ in range(chance.choices((0, 1, 2, 3), (4, 4, 2, 1))[0]):
        _happening(life)
        life.later(20, 300)
        life.ask()
        if not _answered(life, first=False):
            return
    _ended(life)


def _answered(life: Life, *, first: bool) -> bool:
    """Somebody takes it and answers, in time or not; False if nobody ever does."""
    kind = life.chance.choices(("soon", "nick", "late", "never"), (84, 9, 5, 2))[0]
    if kind == "never":
        if life.happens(0.5):
            life.work(30)
            life.whisper()
        return False
    wait = life.chance.uniform(3, 40)
    if kind == "nick":
        wait = life.chance.choice(_STAGES) + life.chance.uniform(-6, 4)
    elif kind == "late":
        wait = life.chance.uniform(130, 600)
    if first:
        taken = wait * life.chance.uniform(0.1, 0.9)
        life.work(taken)
        life.take()
        wait -= taken
    life.work(wait)
    how = life.chance.choices(("answer", "pending", "hold", "together"), (6, 1, 1, 2))[0]
    if how == "together":
        life.put("pending", "Could you send me the order number?")
    else:
        life.answer()
        life.later(0.5, 2)
        if how != "answer":
            life.put(how)
    return True


def _happening(life: Life) -> None:
    """Something on the way that is no answer."""
    what = life.chance.randrange(8)
    if what == 0:
        _back_and_forth(life)
    elif what == 1:
        _flips(life)
    elif what == 2:
        life.later(1, 60)
        life.whisper()
    elif what == 3:
        life.later(5, 120)
        life.hand(life.chance.choice([team for team in TEAMS if team != life.team]))
        life.work(life.chance.uniform(5, 60))
        life.take()
    elif what == 4:
        life.later(10, 200)
        life.put("hold")
        life.later(60, 900)
        life.put("open")
    elif what == 5:
        life.work(life.chance.uniform(1, 120))
        life.urge("urgent")


def _back_and_forth(life: Life) -> None:
    """To another team and back within minutes: who hears of none of it sees no difference."""
    home = life.team
    for _ in range(life.chance.choice((1, 1, 2))):
        life.later(1, 8)
        life.hand(life.chance.choice([team for team in TEAMS if team != home]))
        life.later(1, 5)
        life.hand(home)
    if life.happens(0.5):
        life.later(1, 10)
        life.take()


def _flips(life: Life) -> None:
    """Waits for the customer, and does not, within minutes."""
    for _ in range(life.chance.choice((1, 2))):
        life.later(1.5, 10)
        life.put(life.chance.choice(("pending", "hold")))
        life.later(1.5, 6)
        life.put("open")


def _ended(life: Life) -> None:
    """Solved, mostly; sometimes not for good."""
    if life.happens(0.12):
        return
    life.work(life.chance.uniform(5, 400))
    life.solve()
    for _ in range(life.chance.choices((0, 1, 2, 3), (14, 3, 2, 1))[0]):
        life.later(2, 400)
        life.ask()
        if life.happens(0.3):
            life.work(life.chance.uniform(5, 60))
            life.answer()
        life.work(life.chance.uniform(3, 200))
        life.solve()
