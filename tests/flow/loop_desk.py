"""The office in which alerts are followed to their end: by whom, by which medium, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bridge.domain.alerts import Step
from bridge.domain.model import Alert, Member, Press, Team
from bridge.domain.people import Absence
from bridge.sandbox import Jira
from bridge.sandbox.slack import Message
from bridge.settings import parse
from bridge.simulate.world import ENV
from bridge.store import alerts, people, teams
from bridge.store.deliveries import Row
from bridge.work.press import press
from tests.flow.conftest import Office, Opens, written

POLICY = Path(__file__).with_name("loop.toml")
PHONE_AND_MAIL = """
[channels.email]
host = "127.0.0.1"
port = {port}
security = "none"
password = ""
sender = "Alert Bridge <alerts@example.com>"

[channels.sms]
account = "{account}"
sender = "+15005550001"
base_url = "{twilio}"
"""
"""Where there are a mail server and a Twilio account."""

MONA, NILS, DANA = "+4930111111", "+4930222222", "+4930333333"
"""The phones of Billing's manager, of Support's, whose team is above it, and of the director."""


@dataclass
class LoopOffice(Office):
    """Billing is a part of Support here, and above both is Dana. Olaf may stand in for anybody.

    Sara of sales has a mailbox alone, Otto of operations a phone. What people do about an alert has been told, at
    Slack's pace, when the next thing happens.
    """

    # --- what people do

    def rated(self, score: int = 2, **how: Any) -> int:
        """A ticket of Billing's, answered and then rated: 1 is critical, 2 is high; its number."""
        ticket = self.open(**how)
        self.answer(ticket)
        self.rate(ticket, score=score, words="Nobody helps me.")
        return ticket

    def note(self, ticket: int, words: str, who: str = "Ben") -> None:
        """An agent writes an internal note."""
        self.later(seconds=1)
        self.desk.note(ticket, self.people[who], words)
        self.later(seconds=4)

    def tag(self, ticket: int, tag: str, who: str = "Ben") -> None:
        self.later(seconds=1)
        self.desk.add_tags(ticket, self.people[who], tag)
        self.later(seconds=4)

    def press(self, action: Press, who: str = "Mona Berg", **said: Any) -> None:
        """Somebody does something about the one alert."""
        self.later(seconds=1)
        press(self.world.bridge, self.alert.ref, action, self.member(who), **said)
        self.later(seconds=4)

    def away(self, who: str, deputy: str, until: datetime) -> None:
        """Somebody is away from now on."""
        absence = Absence(member=who, deputy=deputy, starts_at=self.now, ends_at=until)
        with self.world.bridge.engine.begin() as connection:
            people.save_absences(connection, [absence])

    def teams(self, **changes: str) -> None:
        """All teams are otherwise from now on."""
        with self.world.bridge.engine.begin() as connection:
            known = teams.all_teams(connection)
            teams.save(connection, [replace(team, **changes) for team in known])

    def policy(self, *changes: tuple[str, str], more: str = PHONE_AND_MAIL) -> None:
        """The configuration is another, and the processes have been started again."""
        bridge, sandbox = self.world.bridge, self.world.sandbox
        text = Path(bridge.settings.path).read_text("utf-8") + more
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        twilio = sandbox.twilio
        places = {"port": sandbox.smtp.port, "account": twilio.account}
        for vendor in ("zendesk", "jira", "slack", "twilio"):
            places[vendor] = getattr(sandbox, f"{vendor}_url")
        for name, value in places.items():
            text = text.replace(f"{{{name}}}", str(value))
        env = {**ENV, "TWILIO_AUTH_TOKEN": twilio.token}
        bridge.settings = parse(text, env, bridge.settings.path)
        vars(bridge).pop("channels", None)

    # --- what can be seen

    @property
    def alert(self) -> Alert:
        """The one that there is."""
        (alert,) = self.alerts()
        return alert

    @property
    def post(self) -> Message:
        """The one message in Billing's channel."""
        (post,) = self.posts()
        return post

    @property
    def state(self) -> str:
        return self.alert.state.value

    @property
    def jira(self) -> Jira:
        return self.world.sandbox.jira

    def member(self, name: str) -> Member:
        with self.world.bridge.engine.begin() as connection:
            return people.roster(connection).named(name) or Member(name=name)

    def story(self) -> list[Step]:
        with self.world.bridge.engine.begin() as connection:
            return [told.step for told in alerts.told_of(connection, self.alert.number)]

    def told(self, who: str) -> list[str]:
        """What somebody was told in direct messages, oldest first."""
        user = self.member(who).slack
        return [written(m) for m in self.slack.messages(self.slack.direct(user).id)]

    def texts(self, phone: str) -> list[str]:
        return [sms.body for sms in self.world.sandbox.twilio.inbox(phone)]

    def mails(self, address: str) -> list[str]:
        """The subjects of what came for somebody."""
        return [mail.content["Subject"] for mail in self.world.sandbox.smtp.inbox(address)]

    def called(self) -> list[str]:
        """What the channel was called for, in the thread but shown to all."""
        return [written(post) for post in self.broadcasts()]

    def kept_back(self) -> list[Row]:
        """What waits or is held."""
        return [row for row in self.deliveries() if row.state in ("waiting", "held")]


def loop_office(open_office: Opens, change: Callable[[str], str] = lambda text: text) -> LoopOffice:
    """The office opens; `change` is given the policy's text and may say something else."""
    opened = open_office(lambda _: change(POLICY.read_text("utf-8")))
    office = LoopOffice(opened.world, opened.people, opened.groups)
    office.policy()
    slack = office.slack
    with office.world.bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        teams.save(connection, [_reachable(team) for team in known])
        dana, olaf = (
            Member(
                key=key,
                name=name,
                email=f"{key}@example.com",
                phone=phone,
                slack=slack.add_user(key, f"{key}@example.com", name),
            )
            for key, name, phone in (("dana", "Dana Kern", DANA), ("olaf", "Olaf Lind", ""))
        )
        sara = Member(key="sara", name="Sara Voss", email="sara@example.com")
        otto = Member(key="otto", name="Otto Falk", phone="+4930444444")
        people.save_members(connection, [dana, olaf, sara, otto])
    return office


def _reachable(team: Team) -> Team:
    first = team.name == "Billing"
    return replace(
        team,
        parent="Support" if first else "",
        manager_email="mona@example.com" if first else "nils@example.com",
        manager_phone=MONA if first else NILS,
    )
