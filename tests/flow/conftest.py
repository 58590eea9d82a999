"""An office in which things go wrong: the whole application, its outside world, and a clock moved by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from bridge.cli import main
from bridge.domain.model import Alert, Team
from bridge.sandbox import Fault, Jira, Sandbox
from bridge.sandbox.slack import Message
from bridge.simulate.world import ENV, World, world
from bridge.store import alerts, deliveries, inbox
from connectors.desks.zendesk_webhooks import SATISFACTION_TEMPLATE
from tests.conftest import databases
from tests.flow.visitors import share

POLICY = Path(__file__).with_name("office.toml")
START = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)  # a Tuesday that the real clock has not reached
US = "Alert Bridge"


@dataclass
class Office:
    """Customers write to Billing, where Ben and Clara answer, and Mona hears of what goes wrong.

    Support is the default team, Nils its manager. Whatever people do, they do a second later.
    """

    world: World
    people: dict[str, int]
    groups: dict[str, int]

    # --- what people do

    def open(
        self,
        who: str = "Anna",
        *,
        about: str = "Where is my refund?",
        group: str | None = "Billing",
        priority: str | None = None,
    ) -> int:
        """A customer asks for help; the ticket's number."""
        self.later(seconds=1)
        where = self.groups[group] if group else None
        words = "I have been waiting for a week."
        number = self.desk.open_ticket(self.people[who], about, words, where, priority)
        self.settle()
        return number

    def answer(self, ticket: int, who: str = "Ben", words: str = "I am on it.") -> None:
        self.later(seconds=1)
        self.desk.reply(ticket, self.people[who], words)
        self.settle()

    def ask(self, ticket: int, who: str = "Anna", words: str = "Any news?") -> None:
        self.answer(ticket, who, words)

    def solve(self, ticket: int, who: str = "Ben") -> None:
        self.later(seconds=1)
        self.desk.solve(ticket, self.people[who], "This is solved now.")
        self.settle()

    def close(self, ticket: int) -> None:
        """The helpdesk closes it for good, as it does some days after it was solved."""
        self.later(seconds=1)
        self.desk.close(ticket)
        self.settle()

    def hand(self, ticket: int, group: str, who: str = "Ben") -> None:
        self.later(seconds=1)
        self.desk.assign(ticket, self.people[who], group=self.groups[group])
        self.settle()

    def rate(self, ticket: int | None = None, *, score: int, words: str = "", **who: str) -> None:
        """A customer answers the form; it names the ticket, or the customer (`email`, `name`)."""
        self.later(seconds=1)
        self.world.surveys.typeform(
            f"{self.world.hooks}/typeform",
            ENV["TYPEFORM_SECRET"],
            score=score,
            words=words,
            ticket=ticket,
            **who,
        )
        self.settle()

    def survey(self, **answer: Any) -> None:
        """A customer answers the other survey tool, which may send an answer again with more in it."""
        self.later(seconds=1)
        at = self.now.isoformat()
        self.world.surveys.standard(
            f"{self.world.hooks}/survey", ENV["SURVEY_SECRET"], {"at": at, **answer}
        )
        self.settle()

    def later(self, **by: float) -> None:
        """Time passes, and what is due in it happens when it is due."""
        self.world.run({}, self.now + timedelta(**by))

    def settle(self) -> None:
        """All that can be done at this moment is done."""
        self.world.settle()

    # --- what can be seen

    @property
    def now(self) -> datetime:
        return self.world.clock()

    @property
    def desk(self) -> Any:
        return self.world.sandbox.zendesk

    @property
    def slack(self) -> Any:
        return self.world.sandbox.slack

    def tags(self, ticket: int) -> set[str]:
        return {tag for tag in self.desk.tickets[ticket].tags if tag.startswith("alert_")}

    def notes(self, ticket: int) -> list[str]:
        """What we wrote on the ticket."""
        return [words for who, words in self.desk.notes(ticket) if who == US]

    def posts(self, team: str = "Billing") -> list[Message]:
        """The messages in a team's channel, threads apart."""
        found: list[Message] = self.slack.messages(f"alerts-{team.lower()}")
        return [message for message in found if not message.is_reply]

    def broadcasts(self, team: str = "Billing") -> list[Message]:
        found: list[Message] = self.slack.messages(f"alerts-{team.lower()}")
        return [message for message in found if message.is_reply]

    def thread(self, post: Message) -> list[str]:
        """What was said below a message."""
        return [written(m) for m in self.slack.thread(post.channel, post.ts)]

    def alerts(self) -> list[Alert]:
        """Oldest first."""
        with self.world.bridge.engine.begin() as connection:
            return alerts.listing(connection, 100)[::-1]

    def deliveries(self, *actions: str) -> list[deliveries.Row]:
        """Oldest first; those of some actions, or all."""
        with self.world.bridge.engine.begin() as connection:
            found = deliveries.listing(connection, None, 100)[::-1]
        return [row for row in found if not actions or row.action.value in actions]

    def inbox(self) -> list[inbox.Kept]:
        with self.world.bridge.engine.begin() as connection:
            return inbox.listing(connection, None, 1000)[::-1]


def written(message: Message) -> str:
    """All that stands in a message, in one line."""
    return json.dumps(message.blocks, ensure_ascii=False)


@dataclass
class Once:
    """A fault that happens to the first call that matches, or to the first few."""

    vendor: str
    method: str
    end: str
    fault: Fault
    times: int = 1
    seen: list[datetime] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: START

    def __call__(self, vendor: str, method: str, path: str) -> Fault | None:
        if (vendor, method) != (self.vendor, self.method) or not path.endswith(self.end):
            return None
        self.seen.append(self.now())
        return self.fault if len(self.seen) <= self.times else None


Opens = Callable[..., Office]
Command = Callable[..., str]


@pytest.fixture
def command() -> Command:
    """Runs `bridge …` beside an office, on its database and its policy; what it printed."""

    def run(office: Office, *arguments: str, code: int = 0) -> str:
        bridge = office.world.bridge
        env = {
            **ENV,
            "DATABASE_URL": bridge.url,
            "BRIDGE_CONFIG": bridge.settings.path,
            "COLUMNS": "200",
        }
        result = CliRunner().invoke(main, arguments, env=env)
        structlog.reset_defaults()  # a command sends its log to the terminal it believes it has
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture
def open_office(database: Callable[..., str], tmp_path: Path) -> Iterator[Opens]:
    """Opens an office; `change` is given the policy's text and may say something else."""
    with ExitStack() as stack:
        yield opens(stack, database, tmp_path)


@pytest.fixture(scope="module")
def open_shared(
    server: str, names: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opens]:
    """Opens an office that all tests of a file look at: none of them may change what the others see."""
    with databases(server, names) as database, ExitStack() as stack:
        yield opens(stack, database, tmp_path_factory.mktemp("office"))


def opens(stack: ExitStack, database: Callable[[], str], folder: Path) -> Opens:
    """What opens an office, which is closed with the stack."""

    def make(change: Callable[[str], str] = lambda text: text) -> Office:
        policy = folder / "bridge.toml"
        policy.write_text(change(POLICY.read_text("utf-8")), "utf-8")
        made = stack.enter_context(world(database(), policy, START, _people))
        share(made.bridge, made.app)
        desk = made.sandbox.zendesk
        secret = ENV["ZENDESK_WEBHOOK_SECRET"]
        desk.subscribe(f"{made.hooks}/zendesk", secret)
        made.sandbox.jira.subscribe(f"{made.hooks}/jsm", ENV["JSM_WEBHOOK_SECRET"])
        desk.trigger(
            f"{made.hooks}/satisfaction", secret, ["rated"], SATISFACTION_TEMPLATE, name="csat"
        )
        return Office(
            made,
            {user.name.split()[0]: user.id for user in desk.users.values()},
            {group.name: group.id for group in desk.groups.values()},
        )

    return make


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office()


def _people(sandbox: Sandbox) -> list[Team]:
    desk, slack = sandbox.zendesk, sandbox.slack
    _site(sandbox.jira)
    sandbox.surveys.surveymonkey.add_token(ENV["SURVEYMONKEY_TOKEN"])
    desk.add_client(
        ENV["ZENDESK_CLIENT_ID"],
        ENV["ZENDESK_CLIENT_SECRET"],
        desk.add_agent(US, "bridge@example.com", "admin"),
    )
    slack.add_token(ENV["SLACK_BOT_TOKEN"])
    desk.add_customer("Anna Weber", "anna@example.org", "+4930123456")
    desk.add_customer("Omar Said", "omar@example.org")
    for name in ("Ben Ito", "Clara Roy", "Dev Rao"):
        desk.add_agent(name, f"{name.split()[0].lower()}@example.com")
    return [
        Team(
            name=name,
            slack_channel=slack.add_channel(f"alerts-{name.lower()}"),
            manager=manager,
            manager_slack=slack.add_user(
                manager.split()[0].lower(), f"{name}@example.com", manager
            ),
            groups=(f"zendesk:{desk.add_group(name)}", f"jsm:{name[:3].upper()}"),
        )
        for name, manager in (("Billing", "Mona Berg"), ("Support", "Nils Holm"))
    ]


def _site(jira: Jira) -> None:
    """The same people where the helpdesk is Jira; DEV is a project of developers, where nobody asks for help."""
    jira.add_token(ENV["JSM_TOKEN"], jira.add_agent(US, "bridge@example.com"))
    jira.add_customer("Anna Weber", "anna@example.org")
    jira.add_agent("Ben Ito", "ben@example.com")
    for name in ("Billing", "Support"):
        jira.add_project(name[:3].upper(), name)
    jira.add_project("DEV", "Development", service_desk=False)
