"""An office whose managers see an alert in Slack, and the hands with which they act on it."""

from __future__ import annotations

from typing import Any

from bridge.domain.model import Alert
from bridge.sandbox.slack_records import Message
from bridge.simulate.world import ENV
from bridge.store import inbox
from tests.flow.conftest import Office, written

APP = """
[sources.slack]
kind = "slack"
secret = "SLACK_SIGNING_SECRET"
"""
MONA, NILS = "mona", "nils"


class Desk:
    """The office, with an alert of Billing's that nobody has yet, and the hands of those who see it in Slack."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.slack = office.slack
        app = office.world.hooks.removesuffix("/hooks")
        self.slack.urls = {
            "interactivity": f"{app}/slack/actions",
            "command": f"{app}/slack/commands",
            "event": f"{app}/slack/events",
        }
        self.slack.signing_secret = ENV["SLACK_SIGNING_SECRET"]
        self.ids = {user.name: user.id for user in self.slack.users.values()}
        self.ticket = office.open("Anna", group="Billing")
        office.later(hours=3, minutes=1)

    @property
    def alert(self) -> Alert:
        (alert,) = self.office.alerts()
        return alert

    @property
    def post(self) -> Message:
        (post,) = self.office.posts("Billing")
        return post

    def press(self, who: str, button: str, **how: Any) -> Any:
        answer = self.slack.press(self.ids[who], self.post.ts, button, **how)
        self.office.settle()
        return answer

    def choose(self, who: str, what: str, **how: Any) -> Any:
        answer = self.slack.choose(self.ids[who], self.post.ts, f"{what} {self.alert.ref}", **how)
        self.office.settle()
        return answer

    def fill_in(self, who: str, **fields: Any) -> Any:
        """Fill in the form in front of somebody, and send it."""
        self.office.later(seconds=1)
        view = self.slack.modal(self.ids[who])
        answer = self.slack.submit(self.ids[who], view.id, fields)
        self.office.settle()
        return answer

    def form(self, who: str) -> str | None:
        """Which form somebody has in front."""
        view = self.slack.modal(self.ids[who])
        return view.callback_id if view else None

    def wrong(self, who: str) -> dict[str, str]:
        """What the form says is wrong."""
        found: dict[str, str] = self.slack.modal(self.ids[who]).errors
        return found

    def whispers(self, who: str) -> list[str]:
        return [written(m) for m in self.slack.ephemerals(user=self.ids[who])]

    def kept(self) -> list[inbox.Kept]:
        return [row for row in self.office.inbox() if row.source == "slack"]

    def ask(self, who: str, text: str, **how: Any) -> Any:
        return self.slack.command(self.ids[who], "/alerts", text, "alerts-billing", **how)


def elements(post: Message) -> list[dict[str, Any]]:
    return [e for block in post.blocks if block["type"] == "actions" for e in block["elements"]]


def ids(post: Message) -> list[str]:
    return [element["action_id"] for element in elements(post)]
