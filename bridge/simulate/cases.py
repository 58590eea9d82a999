"""What people do in the course of a simulated day, when, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bridge.domain.hours import Hours, parse_week
from bridge.sandbox.zendesk import Zendesk
from bridge.simulate.desks import Helpdesk, OnJira, OnZendesk
from bridge.simulate.world import ENV, World

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 10, 7, 55, tzinfo=ZONE)
END = datetime(2026, 3, 10, 18, 30, tzinfo=ZONE)
HOURS = Hours(ZONE, parse_week({"mon-fri": ["08:00-12:00", "12:30-18:00"]}))
TEAMS = ("Support", "Billing", "Technical")

CUSTOMERS = (
    "Ada Moreno", "Ben Okafor", "Chloe Petit", "Dario Conti", "Elif Demir", "Finn Larsen", "Grace Lim", "Hugo Braun",
    "Ines Costa", "Jonas Weber", "Kira Novak", "Leon Fischer", "Mina Sato", "Noor Haddad", "Olga Ivanova", "Paul Roux",
    "Quinn Doyle", "Rosa Vidal", "Sam Turner", "Tara Singh", "Umut Kaya", "Vera Lindt", "Will Carter", "Yara Nassar",
)  # fmt: skip
SUBJECTS = (
    "Cannot sign in since this morning", "Invoice shows the wrong amount", "Export stops half way",
    "Where is my order?", "The app crashes when I open settings", "Please change my delivery address",
    "Charged twice this month", "Password mail never arrives", "How do I add a colleague?",
    "Synchronisation is very slow", "Refund not received", "Update broke our integration",
)  # fmt: skip
ANGRY = (
    "Third time I write about this. Nobody reads what I say.",
    "I was promised a call back and heard nothing for a week.",
    "Rude answer, and the problem is still there. <!channel> please & thanks",
    "It took far too long and I had to explain everything again. {color:red}*really*{color}",
)
HAPPY = ("Quick and friendly, thank you!", "All good.", "Sorted in minutes.")

# By source in day.toml: the variable with what it signs with, and how it sends.
SURVEYS = {
    "typeform": "TYPEFORM_SECRET",
    "delighted": "DELIGHTED_SECRET",
    "simplesat": "SIMPLESAT_SECRET",
    "surveymonkey": "SURVEYMONKEY_SECRET",
    "qualtrics": "QUALTRICS_SECRET",
    "asknicely": "ASKNICELY_SECRET",
}


@dataclass
class Plan:
    """What must come of a subject: the rules that find something, and where the message goes."""

    rules: frozenset[str] = frozenset()
    team: str = "Support"
    note: bool = True
    ends: bool | None = None  # whether its alert resolves itself; None where that is not planned


@dataclass
class Day:
    """The script: what happens when, and what must come of it. Subjects are "zendesk:7" or an e-mail address."""

    world: World
    random: Random
    zendesk: OnZendesk
    jira: OnJira
    script: dict[datetime, list[Callable[[], object]]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    surveyed: dict[str, str] = field(default_factory=dict)  # key of what was sent -> subject
    answers: dict[str, int] = field(default_factory=dict)  # by source
    numbers: int = 0

    @property
    def desks(self) -> tuple[OnZendesk, OnJira]:
        return self.zendesk, self.jira

    def at(self, start: datetime, minutes: float, action: Callable[[], object]) -> None:
        """Let something happen so many *working* minutes after `start`."""
        moment = HOURS.add(start, timedelta(minutes=minutes))
        self.script.setdefault(moment, []).append(action)

    def between(self, low: float, high: float) -> float:
        """Some minutes."""
        return self.random.uniform(low, high)

    def a_desk(self) -> Helpdesk:
        """One of the helpdesks; most customers write to Zendesk."""
        return self.jira if self.random.random() < 0.35 else self.zendesk

    def sent(self, source: str, key: str, subject: str) -> None:
        """Remember an answer that has set out."""
        self.surveyed[key] = subject
        self.answers[source] = self.answers.get(source, 0) + 1


class Case:
    """One ticket of the day; opened when its time comes."""

    def __init__(
        self,
        day: Day,
        opened: datetime,
        desk: Helpdesk | None = None,
        *,
        urgency: str = "normal",
        team: str = "",
        customer: str = "",
    ) -> None:
        self.day = day
        self.desk = desk or day.a_desk()
        self.opened = opened
        self.team = team or day.random.choice(TEAMS)
        self.agent = self.an_agent(self.team)
        self.customer = customer or day.random.choice(CUSTOMERS)
        self.plan = Plan(team=self.team)
        self.key = ""
        subject = day.random.choice(SUBJECTS)

        def open_it() -> None:
            words = f"Hello, {subject.lower()}. Can you help?"
            self.key = self.desk.open(self.customer, subject, words, self.team, urgency=urgency)
            day.plans[self.subject] = self.plan

        self.at(0, open_it)

    @property
    def subject(self) -> str:
        return f"{self.desk.name}:{self.key}"

    def an_agent(self, team: str, number: int = 0) -> str:
        return f"{team} agent {number or self.day.random.choice((1, 2, 3))}"

    def at(self, minutes: float, action: Callable[[], object]) -> None:
        self.day.at(self.opened, minutes, action)

    def expect(self, *rules: str, ends: bool | None = None, note: bool = True) -> None:
        self.plan.rules, self.plan.ends, self.plan.note = frozenset(rules), ends, note

    def answer(self, minutes: float, words: str = "Thank you, I am looking into it.") -> None:
        self.at(minutes, lambda: self.desk.reply(self.key, self.agent, words))

    def ask(self, minutes: float, words: str = "Any news?") -> None:
        self.at(minutes, lambda: self.desk.reply(self.key, self.customer, words))

    def whisper(self, minutes: float) -> None:
        self.at(minutes, lambda: self.desk.note(self.key, self.agent, "Asked a colleague."))

    def wait(self, minutes: float) -> None:
        self.at(minutes, lambda: self.desk.wait(self.key, self.agent))

    def solve(self, minutes: float) -> None:
        self.at(minutes, lambda: self.desk.solve(self.key, self.agent, "This is solved now."))

    def hand(self, minutes: float, *, team: str = "", agent: str = "") -> None:
        self.at(minutes, lambda: self.desk.hand(self.key, self.agent, team=team, agent=agent))

    def rate(
        self, minutes: float, source: str, score: int, words: str = "", *, by_email: bool = False
    ) -> None:
        """The customer answers a survey tool; without the ticket's number if `by_email`."""

        def send() -> None:
            name, email, _ = self.desk.contact(self.customer)
            key = answer(
                self.day,
                source,
                score=score,
                words=words,
                ticket=None if by_email else int(self.key),
                email=email,
                name=name,
            )
            self.day.sent(source, key, self.subject)

        self.at(minutes, send)

    def survey(self, minutes: float, number: int, **given: object) -> None:
        """The same by a tool that signs as Standard Webhooks lay down, and may send an answer again."""

        def send() -> None:
            world = self.day.world
            body = {"answer": number, "at": world.clock().isoformat(), "case": self.key, **given}
            key = world.surveys.standard(f"{world.hooks}/survey", ENV["SURVEY_SECRET"], body)
            self.day.sent("survey", key, self.subject)

        self.at(minutes, send)

    def colour(self, minutes: float, colour: str, words: str = "") -> None:
        """The same by a thermometer of four colours."""

        def send() -> None:
            world = self.day.world
            key = world.surveys.thermometer(
                f"{world.hooks}/thermometer",
                ENV["THERMOMETER_SECRET"],
                colour=colour,
                comment=words,
                ticket=int(self.key),
            )
            self.day.sent("thermometer", key, self.subject)

        self.at(minutes, send)

    def call(
        self, minutes: float, *, rating: str = "", resolved: str = "", words: str = ""
    ) -> None:
        """The customer is handed to the survey after a call, and presses keys; none: hangs up."""

        def dial() -> None:
            world = self.day.world
            _, _, phone = self.desk.contact(self.customer)
            call = world.sandbox.twilio.call(
                f"{world.hooks}/calls?ticket={self.key}",
                ENV["CALLS_SECRET"],
                digits={"rating": rating, "resolved": resolved},
                words=words,
                phone=phone,
                hangs_up_at="" if rating else "rating",
            )
            self.day.sent("calls", call.sid, self.subject)

        self.at(minutes, dial)


def answer(day: Day, source: str, **given: Any) -> str:
    """Have a survey tool send an answer; its key."""
    world = day.world
    send = getattr(world.surveys, source)
    key: str = send(f"{world.hooks}/{source}", ENV[SURVEYS[source]], **given)
    return key


def zendesk(day: Day) -> Zendesk:
    """The stand-in itself, for what only Zendesk has."""
    return day.zendesk.desk
