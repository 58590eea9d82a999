"""What people do in the simulated fortnight, each through the door that they would use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests

from bridge.sandbox.slack import Impossible
from bridge.simulate.desks import OnZendesk
from bridge.simulate.fortnight_people import TEAMS, Person, Unit, channel_of, slack_ids
from bridge.simulate.world import ENV, World

REF = re.compile(r"\bAB-[0-9A-F]{8}\b")
LINK = re.compile(r"https?://[^\s\"<]+/followup/[^\s\"<]+/")
_BUTTONS = ("contact", "resolve")
_PATIENCE = 10.0  # real seconds


class Hands:
    """Acts on tickets and, in Slack, on the posts that tell of them. What can't be done is kept in `trouble`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = OnZendesk(world.sandbox.zendesk)
        self.slack = world.sandbox.slack
        self.ids = slack_ids(world.sandbox)
        self.trouble: list[str] = []
        self._posts: dict[str, tuple[str, str, str]] = {}  # ticket -> channel, ts, reference

    # --- customers

    def arrive(self, customer: str, email: str) -> None:
        """Somebody becomes a customer."""
        self.world.sandbox.zendesk.add_customer(customer, email)

    def rate(self, ticket: str, score: int, words: str) -> None:
        """The customer answers a survey, 1 to 5."""
        self.world.surveys.typeform(
            f"{self.world.hooks}/typeform",
            ENV["TYPEFORM_SECRET"],
            score=score,
            words=words,
            ticket=int(ticket),
        )

    def answer(self, ticket: str, email: str, *, better: bool, words: str = "") -> None:
        """The customer opens the newest question whether it helped, wherever it came, and answers it."""
        mails = [_plain(mail.content) for mail in self.world.sandbox.smtp.inbox(email)]
        public = [words for _, words in self.desk.public(ticket)]
        links = LINK.findall("\n".join([*public, *mails]))
        if not links:
            self.trouble.append(f"{ticket}: the customer was not asked whether it helped")
            return
        form = {"better": "yes" if better else "no", "words": words}
        told = requests.post(links[-1], data=form, timeout=_PATIENCE)
        if not told.ok:
            self.trouble.append(f"{ticket}: the customer's answer got {told.status_code}")

    # --- agents, on the ticket

    def tag(self, ticket: str, agent: str, tag: str) -> None:
        self.desk.desk.add_tags(int(ticket), self.desk.ids[agent], tag)

    def note(self, ticket: str, agent: str, words: str) -> None:
        self.desk.note(ticket, agent, words)

    # --- managers, in Slack

    def press(self, who: Person, ticket: str, button: str) -> None:
        """Press a button of the post."""
        self._try(
            who, ticket, button, lambda channel, ts, _: self._pressed(who, channel, ts, button)
        )

    def fill_in(self, who: Person, ticket: str, what: str, fields: Mapping[str, Any]) -> None:
        """Open a form by its button or from the menu, fill it in, and send it."""

        def act(channel: str, ts: str, ref: str) -> None:
            user = self.ids[who.key]
            if what in _BUTTONS:
                self._pressed(who, channel, ts, what)
            else:
                self.slack.choose(user, ts, f"{what} {ref}", channel=channel)
            view = self.slack.modal(user)
            if view is None:
                raise Impossible("no form opened")
            self.slack.submit(user, view.id, dict(fields))
            if left := self.slack.modal(user):
                wrong = left.errors
                self.slack.close(user, left.id)
                raise Impossible(f"the form says {wrong}")

        self._try(who, ticket, what, act)

    def snooze(self, who: Person, ticket: str, until: datetime) -> None:
        self.fill_in(who, ticket, "snooze", {"until": int(until.timestamp())})

    def assign(self, who: Person, ticket: str, to: Person) -> None:
        self.fill_in(who, ticket, "assign", {"person": self.ids[to.key]})

    # --- parts

    def _pressed(self, who: Person, channel: str, ts: str, button: str) -> None:
        answer = self.slack.press(self.ids[who.key], ts, button, channel=channel)
        if answer.status != 200:
            raise Impossible(f"answered {answer.status}")

    def _try(
        self, who: Person, ticket: str, what: str, act: Callable[[str, str, str], None]
    ) -> None:
        try:
            act(*self._post(ticket))
        except Impossible as error:
            now = self.world.clock()
            self.trouble.append(f"{ticket}: {who.name} can't {what} at {now:%d %H:%M:%S}: {error}")

    def _post(self, ticket: str) -> tuple[str, str, str]:
        if ticket not in self._posts:
            for unit in TEAMS:
                self._look(unit)
        if ticket not in self._posts:
            raise Impossible("there is no post")
        return self._posts[ticket]

    def _look(self, unit: Unit) -> None:
        for message in self.slack.messages(channel_of(unit)):
            if not message.is_reply:
                written = json.dumps(message.blocks)
                refs = REF.findall(written)
                if refs:
                    key = self.desk.found_in(written)
                    self._posts[key] = (message.channel, message.ts, refs[0])


def _plain(content: Any) -> str:
    body = content.get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""
