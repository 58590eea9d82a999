"""A working day of three teams, some 200 tickets, some going wrong in each way that a rule knows.

Every ticket lives one of the stories below. A story schedules what people do, and says beforehand
which rules must find something, so that what came of it can be compared with what was planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from bridge.domain.hours import Hours, parse_week
from bridge.domain.model import Team
from bridge.sandbox import Sandbox, Shipment
from bridge.simulate.world import ENV, World
from connectors.desks.zendesk_webhooks import SATISFACTION_TEMPLATE

CONFIG = Path(__file__).with_name("day.toml")
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
    "It took far too long and I had to explain everything again.",
)
HAPPY = ("Quick and friendly, thank you!", "All good.", "Sorted in minutes.")


@dataclass
class Plan:
    """What must come of a subject: the rules that find something, and where the message goes."""

    rules: frozenset[str] = frozenset()
    team: str = "Support"
    note: bool = True
    ends: bool | None = None  # whether its alert resolves itself; None where that is not planned


@dataclass
class Day:
    """The script: what happens when, and what must come of it."""

    world: World
    random: Random
    script: dict[datetime, list[Callable[[], object]]] = field(default_factory=dict)
    tickets: dict[int, Plan] = field(default_factory=dict)  # by ticket
    strangers: dict[str, Plan] = field(default_factory=dict)  # by e-mail, where there is no ticket
    surveyed: dict[str, str] = field(default_factory=dict)  # survey key -> "ticket:7" or e-mail
    groups: dict[str, int] = field(default_factory=dict)
    agents: dict[str, list[int]] = field(default_factory=dict)
    customers: list[int] = field(default_factory=list)
    numbers: int = 0

    def at(self, start: datetime, minutes: float, action: Callable[[], object]) -> None:
        """Let something happen so many *working* minutes after `start`."""
        moment = HOURS.add(start, timedelta(minutes=minutes))
        self.script.setdefault(moment, []).append(action)


def people(sandbox: Sandbox) -> list[Team]:
    """People the stand-ins; the teams with their groups, channels and managers."""
    desk, slack = sandbox.zendesk, sandbox.slack
    integration = desk.add_agent("Alert Bridge", "bridge@example.com")
    desk.add_client(ENV["ZENDESK_CLIENT_ID"], ENV["ZENDESK_CLIENT_SECRET"], integration)
    slack.add_token(ENV["SLACK_BOT_TOKEN"])
    teams = []
    managers = {"Support": "Amira Haddad", "Billing": "Bruno Keller", "Technical": "Carmen Diaz"}
    for name in TEAMS:
        group = desk.add_group(name)
        for n in (1, 2, 3):
            desk.add_agent(f"{name} agent {n}", f"{name.lower()}{n}@example.com")
        first = managers[name].split()[0].lower()
        teams.append(
            Team(
                name=name,
                slack_channel=slack.add_channel(f"alerts-{name.lower()}"),
                manager=managers[name],
                manager_slack=slack.add_user(first, f"{first}@example.com", managers[name]),
                manager_email=f"{first}@example.com",
                calendar="office",
                groups=(f"zendesk:{group}",),
            )
        )
    for number, name in enumerate(CUSTOMERS):
        desk.add_customer(
            name, f"{name.lower().replace(' ', '.')}@example.org", f"+4930555{number:04d}"
        )
    return teams


def write(world: World, seed: int) -> Day:
    """Write the day's script."""
    day = Day(world, Random(seed))  # noqa: S311 - a repeatable script, not a secret
    desk = world.sandbox.zendesk
    for user in desk.users.values():
        if user.role == "end-user":
            day.customers.append(user.id)
        elif user.name != "Alert Bridge":
            day.agents.setdefault(user.name.split()[0], []).append(user.id)
    day.groups = {group.name: group.id for group in desk.groups.values()}
    desk.subscribe(
        f"{world.hooks}/zendesk", ENV["ZENDESK_WEBHOOK_SECRET"], name="Alert Bridge: events"
    )
    desk.trigger(
        f"{world.hooks}/satisfaction",
        ENV["ZENDESK_WEBHOOK_SECRET"],
        ["rated"],
        SATISFACTION_TEMPLATE,
        name="Alert Bridge: satisfaction",
    )
    world.sandbox.courier.mangle = _as_vendors_do(Random(seed))  # noqa: S311
    for story, many, first, last in STORIES:
        for _ in range(many):
            opening = START.replace(hour=8, minute=0) + timedelta(
                minutes=day.random.uniform(first, last)
            )
            story(day, HOURS.add(opening, timedelta()))
    return day


def _as_vendors_do(random: Random) -> Callable[[Shipment], list[Shipment]]:
    """Some deliveries come twice, some overtake others."""

    def mangle(shipment: Shipment) -> list[Shipment]:
        dice = random.random()
        if dice < 0.03:
            return [shipment, shipment]
        if dice < 0.05:
            return [replace(shipment, lane=f"{shipment.lane}:overtaking")]
        return [shipment]

    return mangle


# --- what people do


class _Case:
    """One ticket of the day; opened when its time comes."""

    def __init__(
        self, day: Day, opened: datetime, *, priority: str = "normal", team: str = ""
    ) -> None:
        self.day = day
        self.desk = day.world.sandbox.zendesk
        self.opened = opened
        self.team = team or day.random.choice(TEAMS)
        self.agent = day.random.choice(day.agents[self.team])
        self.customer = day.random.choice(day.customers)
        self.plan = Plan(team=self.team)
        self.number = 0
        subject = day.random.choice(SUBJECTS)

        def open_it() -> None:
            self.number = self.desk.open_ticket(
                self.customer,
                subject,
                f"Hello, {subject.lower()}. Can you help?",
                day.groups[self.team],
                priority,
            )
            day.tickets[self.number] = self.plan

        self.at(0, open_it)

    def at(self, minutes: float, action: Callable[[], object]) -> None:
        self.day.at(self.opened, minutes, action)

    def expect(self, *rules: str, ends: bool | None = None, note: bool = True) -> None:
        self.plan.rules, self.plan.ends, self.plan.note = frozenset(rules), ends, note

    def answer(self, minutes: float, words: str = "Thank you, I am looking into it.") -> None:
        self.at(minutes, lambda: self._do("reply", self.agent, words))

    def ask(self, minutes: float, words: str = "Any news?") -> None:
        self.at(minutes, lambda: self._do("reply", self.customer, words))

    def whisper(self, minutes: float) -> None:
        self.at(minutes, lambda: self._do("note", self.agent, "Asked a colleague."))

    def status(self, minutes: float, status: str) -> None:
        self.at(minutes, lambda: self._do("set_status", self.agent, status))

    def solve(self, minutes: float) -> None:
        self.at(minutes, lambda: self._do("solve", self.agent, "This is solved now."))

    def hand(self, minutes: float, *, team: str | None = None, agent: int | None = None) -> None:
        group = self.day.groups[team] if team else None
        self.at(
            minutes, lambda: self.desk.assign(self.number, self.agent, group=group, assignee=agent)
        )

    def typeform(
        self, minutes: float, score: int, words: str = "", *, by_email: bool = False
    ) -> None:
        def send() -> None:
            who = self.desk.users[self.customer]
            key = self.day.world.surveys.typeform(
                f"{self.day.world.hooks}/typeform",
                ENV["TYPEFORM_SECRET"],
                score=score,
                words=words,
                ticket=None if by_email else self.number,
                email=who.email or "",
                name=who.name,
            )
            self.day.surveyed[key] = f"ticket:{self.number}"

        self.at(minutes, send)

    def survey(self, minutes: float, answer: int, **given: object) -> None:
        def send() -> None:
            key = self.day.world.surveys.standard(
                f"{self.day.world.hooks}/survey",
                ENV["SURVEY_SECRET"],
                {
                    "answer": answer,
                    "at": self.day.world.clock().isoformat(),
                    "case": self.number,
                    **given,
                },
            )
            self.day.surveyed[key] = f"ticket:{self.number}"

        self.at(minutes, send)

    def _do(self, what: str, *arguments: object) -> None:
        getattr(self.desk, what)(self.number, *arguments)


def _between(day: Day, low: float, high: float) -> float:
    return day.random.uniform(low, high)


# --- stories in which all goes well, some of them nearly not


def calm(day: Day, opened: datetime) -> None:
    """Answered in time, solved, and often praised."""
    case = _Case(day, opened)
    first = _between(day, 5, 170)
    case.hand(first / 2, agent=case.agent)
    case.answer(first)
    case.ask(first + 15, "Thanks, here is the screenshot.")
    case.whisper(first + 20)
    done = first + 15 + _between(day, 10, 170)
    case.solve(done)
    if day.random.random() < 0.5:
        case.typeform(done + 20, day.random.choice((4, 5)), day.random.choice(HAPPY))
    elif day.random.random() < 0.4:
        case.at(done + 20, lambda: day.world.sandbox.zendesk.rate(case.number, "good"))


def patient(day: Day, opened: datetime) -> None:
    """Waits for the customer all day: pending pauses the clocks."""
    case = _Case(day, opened)
    case.answer(20, "Could you send me the order number?")
    case.status(21, "pending")


def in_the_nick_of_time(day: Day, opened: datetime) -> None:
    """Answered just before the warning."""
    case = _Case(day, opened)
    case.answer(179)
    case.solve(185)


def back_once(day: Day, opened: datetime) -> None:
    """Reopened once, by a customer who has one more question."""
    case = _Case(day, opened)
    case.answer(10)
    case.solve(30)
    case.ask(60, "One more question…")
    case.solve(100)


def moved_once(day: Day, opened: datetime) -> None:
    """Handed to the right team, once."""
    case = _Case(day, opened, team="Support")
    case.hand(10, team="Billing")
    case.agent = day.random.choice(day.agents["Billing"])
    case.hand(12, agent=case.agent)
    case.answer(40)
    case.solve(90)


# --- stories in which something goes wrong


def nearly_late(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("first_response", ends=True)
    case.answer(_between(day, 182, 236))
    case.solve(300)


def late_first_answer(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("first_response", ends=True)
    case.whisper(100)
    case.answer(_between(day, 250, 330))


def never_answered(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("first_response", ends=False)
    case.whisper(30)


def urgent_and_late(day: Day, opened: datetime) -> None:
    case = _Case(day, opened, priority="urgent")
    case.expect("first_response", ends=True)
    case.answer(_between(day, 65, 100))
    case.solve(200)


def silent_after_question(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("next_reply", ends=True)
    case.answer(15)
    case.ask(30)
    case.ask(90, "Hello?")
    case.answer(30 + _between(day, 185, 330))


def no_update(day: Day, opened: datetime) -> None:
    case = _Case(day, opened, priority="high")
    case.expect("stale_update", ends=True)
    case.answer(10)
    case.whisper(60)
    case.whisper(200)
    case.answer(10 + _between(day, 305, 330), "Still on it.")


def takes_too_long(day: Day, opened: datetime) -> None:
    case = _Case(day, opened, priority="urgent")
    case.expect("resolution_time", ends=True)
    for minute in (10, 90, 180, 270, 350):
        case.answer(minute, "We are still working on it.")
    case.solve(_between(day, 365, 390))


def handed_around(day: Day, opened: datetime) -> None:
    case = _Case(day, opened, team="Support")
    case.expect("handoffs", ends=True)
    case.plan.team = "Technical"  # who has it when it is told
    one, two = day.random.sample(day.agents["Support"], 2)
    case.hand(5, agent=one)
    case.answer(10)
    case.hand(20, agent=two)
    case.hand(40, team="Billing")
    case.hand(45, agent=day.agents["Billing"][0])
    case.hand(70, team="Technical")
    case.solve(150)


def back_and_forth(day: Day, opened: datetime) -> None:
    case = _Case(day, opened, team="Technical")
    case.expect("ping_pong", ends=True)
    case.answer(10)
    case.hand(20, team="Billing")
    case.hand(50, team="Technical")
    case.solve(120)


def comes_back_again(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("reopened", ends=True)
    case.answer(10)
    case.solve(20)
    case.ask(40, "It is still broken.")
    case.solve(60)
    case.ask(80, "Sorry, but it is still the same.")
    case.solve(140)


def bad_form(day: Day, opened: datetime) -> None:
    case = _Case(day, opened)
    case.expect("low_score", ends=False)
    case.answer(20)
    case.solve(60)
    case.typeform(90, day.random.choice((1, 2)), day.random.choice(ANGRY))


def bad_form_by_email(day: Day, opened: datetime) -> None:
    """The form names no ticket: the customer's newest one is meant."""
    case = _Case(day, opened)
    who = day.world.sandbox.zendesk.add_customer(
        f"Guest {len(day.script)}", f"guest.{day.random.randrange(10**9)}@example.net"
    )
    case.customer = who
    case.expect("low_score", ends=False)
    case.answer(20)
    case.solve(60)
    case.typeform(90, 1, day.random.choice(ANGRY), by_email=True)


def thumbs_down(day: Day, opened: datetime) -> None:
    """Zendesk's own satisfaction, told by a trigger: the words are fetched."""
    case = _Case(day, opened)
    case.expect("low_score", ends=False)
    case.answer(20)
    case.solve(60)
    words = day.random.choice(ANGRY)
    case.at(90, lambda: day.world.sandbox.zendesk.rate(case.number, "bad", words))


def score_then_words(day: Day, opened: datetime) -> None:
    """The score comes first, the words ten minutes later: one alert."""
    case = _Case(day, opened)
    case.expect("low_score", ends=False)
    case.answer(20)
    case.solve(60)
    day.numbers += 1
    answer = day.numbers
    case.survey(90, answer, stars=1)
    case.survey(100, answer, stars=1, why=day.random.choice(ANGRY))


def still_broken(day: Day, opened: datetime) -> None:
    """A middling score, but the problem is not resolved."""
    case = _Case(day, opened)
    case.expect("not_resolved", ends=False)
    case.answer(20)
    case.solve(60)
    day.numbers += 1
    case.survey(90, day.numbers, stars="3", solved="no", why="It came back the next day.")


def bad_form_on_closed(day: Day, opened: datetime) -> None:
    """A closed ticket can't be written to: Slack says so."""
    case = _Case(day, opened)
    case.expect("low_score", ends=False, note=False)
    case.answer(20)
    case.solve(40)
    case.at(60, lambda: day.world.sandbox.zendesk.close(case.number))
    case.typeform(90, 2, day.random.choice(ANGRY))


def stranger(day: Day, opened: datetime) -> None:
    """Somebody without any ticket."""
    email = f"stranger.{day.random.randrange(10**9)}@example.net"
    day.strangers[email] = Plan(frozenset({"low_score"}), team="Support", note=False)

    def send() -> None:
        key = day.world.surveys.typeform(
            f"{day.world.hooks}/typeform",
            ENV["TYPEFORM_SECRET"],
            score=1,
            words=day.random.choice(ANGRY),
            email=email,
            name="A stranger",
        )
        day.surveyed[key] = email

    day.at(opened, 0, send)


Story = Callable[[Day, datetime], None]
STORIES: tuple[tuple[Story, int, float, float], ...] = (
    # story, how many, opened between these minutes after 08:00
    (calm, 120, 5, 240),
    (patient, 12, 5, 400),
    (in_the_nick_of_time, 10, 5, 200),
    (back_once, 8, 5, 300),
    (moved_once, 8, 5, 300),
    (nearly_late, 5, 5, 200),
    (late_first_answer, 4, 5, 180),
    (never_answered, 3, 5, 250),
    (urgent_and_late, 3, 5, 240),
    (silent_after_question, 4, 5, 150),
    (no_update, 3, 5, 150),
    (takes_too_long, 2, 5, 60),
    (handed_around, 4, 5, 300),
    (back_and_forth, 4, 5, 300),
    (comes_back_again, 4, 5, 300),
    (bad_form, 5, 5, 300),
    (bad_form_by_email, 2, 5, 300),
    (thumbs_down, 3, 5, 300),
    (score_then_words, 3, 5, 300),
    (still_broken, 3, 5, 300),
    (bad_form_on_closed, 2, 5, 300),
    (stranger, 2, 60, 500),
)
