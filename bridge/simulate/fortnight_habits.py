"""What people make of an alert: at once, late, from the ticket, by giving it away, or not at all for days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.simulate.fortnight_people import DAYS, DIRECTOR, PEOPLE, START, Person, there

if TYPE_CHECKING:
    from bridge.simulate.fortnight import Case, Fortnight, Life

CAUSES = ("slow answer", "wrong answer", "handoffs", "tone", "product defect", "billing")
CLEAR = timedelta(seconds=20)
"""Nobody takes an alert within so much of the moment at which somebody is told of it."""

_LAST_ANSWER = START + timedelta(days=DAYS + 6)
_ASKED = timedelta(days=1)
_COLLEAGUE = PEOPLE["dora"]


def live(fortnight: Fortnight, case: Case) -> None:
    """Write what becomes of the case into the script."""
    habits = _OF_SURVEYS if case.kind == "survey" else _OF_TICKETS
    habit = case.chance.choices(list(habits), list(habits.values()))[0]
    _Course(fortnight, case, case.lives[0]).follow(habit)


class _Course:
    """One life of an alert, and `now` in it while it is written."""

    def __init__(self, fortnight: Fortnight, case: Case, life: Life) -> None:
        self.fortnight, self.case, self.life = fortnight, case, life
        self.hands, self.chance = fortnight.hands, case.chance
        self.now = life.opened
        self.owner: Person | None = None

    def follow(self, habit: Callable[[_Course], None]) -> None:
        habit(self)

    # --- time

    def later(self, low: float, high: float) -> None:
        """Some minutes pass, and the night if it is night then."""
        self.now += self.case.minutes(low, high)
        awake = self.fortnight.rules.calendars[self.case.unit.awake]
        if not awake.holds(self.now):
            self.now = awake.next_open(self.now) + self.case.minutes(5, 60)

    def at_once(self, low: float, high: float) -> None:
        """Some minutes pass; what is critical gets people out of bed."""
        if self.case.severity == "critical":
            self.now += self.case.minutes(low, high)
        else:
            self.later(low, high)

    def do(self, action: Callable[[], object]) -> None:
        self.fortnight.at(self.now, action)

    def take(self, action: Callable[[], object], owner: Person | None) -> None:
        """Somebody has it in hand from now on."""
        calls = self.fortnight.calls(self.case, self.life.opened, self.life.owner)
        while any(abs(self.now - call.at) < CLEAR for call in calls):
            self.now += 2 * CLEAR
        self.life.taken, self.owner = self.now, owner
        self.do(action)

    def manager(self) -> Person:
        """Who manages the team at this moment."""
        return there(PEOPLE[self.case.unit.manager], self.now, self.fortnight.away)

    # --- deeds

    def acknowledge(self, who: Person) -> None:
        self.take(lambda: self.hands.press(who, self.case.ticket, "acknowledge"), who)

    def fill_in(self, who: Person, what: str, **fields: str) -> Callable[[], object]:
        return lambda: self.hands.fill_in(who, self.case.ticket, what, fields)

    def contact(self, who: Person) -> None:
        """By phone, sometimes in vain at first."""
        if self.case.happens(0.15):
            self.do(self.fill_in(who, "contact", how="phone", reached="no"))
            self.later(60, 300)
        words = "Listened, and said what happens next."
        self.do(self.fill_in(who, "contact", how="phone", reached="yes", words=words))

    def resolve(self, who: Person) -> None:
        """With how it came out; a customer may be asked, and coaching follows where it is needed."""
        outcome = self.chance.choices(
            ("recovered", "not recovered", "unreachable", "not justified"), (65, 15, 10, 10)
        )[0]
        coaching = self.chance.choices(("not needed", "needed", "done"), (75, 15, 10))[0]
        cause = self.chance.choice(CAUSES)
        words = "Put right, and called again."
        fields = {"outcome": outcome, "cause": cause, "words": words, "coaching": coaching}
        self.do(self.fill_in(who, "resolve", **fields))
        resolved = self.now
        if coaching == "needed":
            self.later(120, 2000)
            self.do(self.fill_in(who, "coach", words="Talked it through."))
        self.hear(resolved)

    def solve(self, words: str = "I am sorry. It is put right now.") -> Callable[[], object]:
        case = self.case
        return lambda: self.hands.desk.solve(case.ticket, case.agent, words)

    def note(self, words: str) -> Callable[[], object]:
        return lambda: self.hands.note(self.case.ticket, self.case.agent, words)

    # --- what the customer says of it

    def hear(self, resolved: datetime) -> None:
        """Some customers of teams that ask answer; whom it didn't help has the alert opened again, once."""
        case = self.case
        if not case.unit.follow_up or len(case.lives) > 1 or not case.happens(0.5):
            return
        self.now = max(self.now, resolved + _ASKED) + case.minutes(10, 1200)
        if self.now > _LAST_ANSWER:
            return
        better = case.happens(0.8)
        life = None if better else self.fortnight.begin(case, self.now, self.owner)
        better = life is None
        words = "" if better else "It is as bad as before."
        self.do(lambda: self.hands.answer(case.ticket, case.email, better=better, words=words))
        if life is not None:
            _Course(self.fortnight, case, life).follow(case.chance.choice((_soon, _late)))


# --- habits


def _soon(course: _Course) -> None:
    """The manager takes it within minutes."""
    course.at_once(2, 15)
    who = course.manager()
    course.acknowledge(who)
    course.later(10, 240)
    course.contact(who)
    course.later(30, 2400)
    course.resolve(who)


def _late(course: _Course) -> None:
    """After some have been told of it."""
    course.later(40, 700)
    who = course.manager()
    course.acknowledge(who)
    course.later(30, 2000)
    course.contact(who)
    course.later(60, 4000)
    course.resolve(who)


def _called_at_once(course: _Course) -> None:
    """That the customer was called is the first that is said of it."""
    course.later(3, 60)
    who = course.manager()
    fields = {"how": "phone", "reached": "yes"}
    course.take(lambda: course.hands.fill_in(who, course.case.ticket, "contact", fields), who)
    course.later(30, 1500)
    course.resolve(who)


def _snoozed(course: _Course) -> None:
    """To be asked about again later."""
    course.later(3, 50)
    who = course.manager()
    until = course.now + course.case.minutes(120, 500)
    course.take(lambda: course.hands.snooze(who, course.case.ticket, until), who)
    course.now = until
    course.later(5, 60)
    course.contact(who)
    course.later(30, 1000)
    course.resolve(who)


def _given_away(course: _Course) -> None:
    """To a colleague, who takes it when there is time: till then others are told."""
    course.later(2, 15)
    who = course.manager()
    if who != _COLLEAGUE:
        course.do(lambda: course.hands.assign(who, course.case.ticket, _COLLEAGUE))
    course.later(10, 600)
    course.acknowledge(_COLLEAGUE)
    course.later(20, 600)
    course.contact(_COLLEAGUE)
    course.later(60, 1000)
    course.resolve(_COLLEAGUE)


def _ignored(course: _Course) -> None:
    """For days; then the director does it, or nobody does."""
    if course.case.happens(0.2):
        return
    course.later(1500, 4000)
    course.acknowledge(DIRECTOR)
    course.later(5, 60)
    course.contact(DIRECTOR)
    course.later(30, 600)
    course.resolve(DIRECTOR)


def _by_tags(course: _Course) -> None:
    """Agents say all of it with tags; how it came out is told later, in Slack."""
    case, hands = course.case, course.hands
    course.later(5, 200)
    course.take(lambda: hands.tag(case.ticket, case.agent, "do_alert_ack"), None)
    course.later(10, 300)
    course.do(lambda: hands.tag(case.ticket, case.agent, "do_alert_contacted"))
    course.later(60, 1500)
    course.do(lambda: hands.tag(case.ticket, case.agent, "do_alert_resolved"))
    resolved = course.now
    course.later(60, 1500)
    who = course.manager()
    fields = {"outcome": "recovered", "cause": "slow answer", "words": "Refunded."}
    course.do(course.fill_in(who, "resolve", **fields))
    course.hear(resolved)


def _by_notes(course: _Course) -> None:
    """Agents say it in internal notes."""
    course.later(5, 200)
    course.take(course.note("#alert contacted by phone, will send the papers"), None)
    course.later(60, 1500)
    course.do(course.note("#alert resolved recovered cause: wrong answer. Sent the papers."))
    course.hear(course.now)


def _by_reply(course: _Course) -> None:
    """An agent answers the customer, which is contact; the manager resolves."""
    case, hands = course.case, course.hands
    course.later(3, 90)
    words = "I am sorry. I look into it at once."
    course.take(lambda: hands.desk.reply(case.ticket, case.agent, words), None)
    course.later(60, 1500)
    course.resolve(course.manager())


def _answered(course: _Course) -> None:
    """The ticket is answered and solved, and the alert is over by itself."""
    low, high = course.chance.choice(((2, 9), (15, 90), (100, 700)))
    course.later(low, high)
    course.take(course.solve(), None)


def _seen_and_answered(course: _Course) -> None:
    """The manager takes it, and an agent answers."""
    course.later(2, 25)
    course.acknowledge(course.manager())
    course.later(10, 200)
    course.do(course.solve())


_OF_SURVEYS = {
    _soon: 30,
    _called_at_once: 8,
    _late: 17,
    _by_tags: 8,
    _by_notes: 8,
    _by_reply: 6,
    _snoozed: 6,
    _given_away: 7,
    _ignored: 10,
}
_OF_TICKETS = {_answered: 75, _seen_and_answered: 20, _ignored: 5}
