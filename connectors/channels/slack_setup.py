"""Slack's side: whether the token works and may do what we need, and whether the bot is in each team's channel.

The app itself is made by a person, from config/slack-manifest.yaml: Slack lets nobody else do it without a token of a
higher kind (https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.domain.model import Undeliverable
from connectors import Found, Step
from connectors.channels.slack_refusals import ADVICE, INVITE, Refusal
from connectors.plain import plain
from connectors.skew import skew

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

    from connectors.channels.slack import Slack

CREATE = "https://api.slack.com/apps?new_app=1"
"""Where an app is created; "From a manifest" is offered there."""

SCOPES: Mapping[str, str] = {
    "chat:write": "nothing can be posted",
    "commands": "/alerts isn't there",
    "users:read": "nobody can press a button: who did isn't known",
    "users:read.email": "nobody is matched by e-mail",
    "im:write": "nobody can be told in person",
    "channels:history": "after a lost answer a message may be posted twice, and what is said in threads isn't heard",
    "groups:history": "in private channels the same",
    "channels:join": "the bot has to be invited to each channel",
    "channels:read": "public channels can't be chosen by name, only by id",
    "groups:read": "private channels can't be chosen by name, only by id",
}
"""What the manifest asks for, and what is so without it.

That im:write is needed to write to a member who never wrote to the app is unconfirmed: chat:write may do.
"""

OPTIONAL = frozenset({"channels:join", "channels:read", "groups:read"})
"""May be left out without harm."""

_REINSTALL = "OAuth & Permissions: add it, then install the app again"


class SlackSetup:
    """See `connectors.Setup`. `channels` are ids by the names of teams; "" where a team has none."""

    def __init__(self, slack: Slack, channels: Mapping[str, str]) -> None:
        self.slack = slack
        self.channels = channels

    def run(self, *, dry: bool = False) -> Iterator[Step]:
        """Join the public channels that the bot isn't in; say what only people can do. Raises Undeliverable."""
        answer = self._test()
        told = f"{_text(answer, 'team')} as {_text(answer, 'user')}"
        yield Step(do="keep", what="token", detail=f"it is good for {told}")
        for scope in self._missing(answer):
            yield Step(
                do="by hand",
                what=f"scope {scope}",
                detail=f"{_REINSTALL}; without it {SCOPES[scope]}",
            )
        for team, channel in self._listed():
            what = f"channel {channel} of {team}"
            if not channel:
                hint = "give it a slack_channel: `bridge teams import`"
                yield Step(do="by hand", what=f"team {team}", detail=hint)
            elif not (wrong := self._wrong(channel)):
                yield Step(do="keep", what=what, detail="the bot is in it")
            elif wrong != "not_in_channel":
                yield Step(do="by hand", what=what, detail=ADVICE.get(wrong, wrong))
            else:
                yield self._join(channel, what, dry=dry)

    def remove(self, *, dry: bool = False) -> Iterator[Step]:  # noqa: ARG002 - nothing can be done by us
        """The app is a person's to delete."""
        where = "https://api.slack.com/apps: open the app, Delete App"
        yield Step(do="by hand", what="the app in Slack", detail=where)

    def inspect(self, now: datetime) -> Iterator[Found]:
        """The token, its scopes, the clock, and the bot in each team's channel."""
        try:
            answer = self._test()
        except Undeliverable as error:
            fix = "set the Bot User OAuth Token of the app: docs/setup-slack.md"
            yield Found(False, str(error), fix)
            return
        told = f"{_text(answer, 'team')} as {_text(answer, 'user')}"
        yield Found(True, f"slack: the token is good for {told}")
        for scope in self._missing(answer):
            without = f"slack: the scope {scope} is missing: {SCOPES[scope]}"
            yield Found(scope in OPTIONAL, without, "" if scope in OPTIONAL else _REINSTALL)
        yield from skew("slack", _header(answer, "date"), now)
        for team, channel in self._listed():
            if channel:  # that a team has none is told by `bridge check`
                yield self._member(team, channel)

    def _member(self, team: str, channel: str) -> Found:
        try:
            wrong = self._wrong(channel)
        except Undeliverable as error:
            return Found(False, f"team {team}: {error}", "try again later")
        if not wrong:
            return Found(True, f"team {team}: the bot is in its channel")
        if wrong == "not_in_channel":
            what = f"team {team}: the bot is not in the channel {channel}"
            return Found(False, what, f"run `bridge setup slack`, or {INVITE}")
        return Found(False, f"team {team}: channel {channel}: {wrong}", ADVICE.get(wrong, INVITE))

    def _test(self) -> SlackResponse:
        return self.slack.answer(lambda client: client.auth_test())

    def _missing(self, answer: SlackResponse) -> list[str]:
        """Scopes of the manifest that the token lacks; none where the answer doesn't tell what it has.

        That answers name them in x-oauth-scopes is unconfirmed for bot tokens.
        """
        told = _header(answer, "x-oauth-scopes")
        have = {scope.strip() for scope in told.split(",")}
        return [scope for scope in SCOPES if scope not in have] if told else []

    def _listed(self) -> list[tuple[str, str]]:
        return sorted((plain(team, 80), plain(one, 40)) for team, one in self.channels.items())

    def _wrong(self, channel: str) -> str:
        """Slack's code for why the bot can't post there; "" if it can.

        Asks for one message where the app may not ask about channels; that this is refused in a public channel without
        the bot is unconfirmed.
        """
        try:
            data = self.slack.answer(lambda client: client.conversations_info(channel=channel)).data
        except Refusal as refusal:
            if refusal.code != "missing_scope":
                return self._code(refusal)
        else:
            shown = data.get("channel") if isinstance(data, dict) else None
            if isinstance(shown, dict) and shown.get("is_archived"):
                return "is_archived"
            if isinstance(shown, dict) and "is_member" in shown:
                return "" if shown["is_member"] else "not_in_channel"
        try:
            self.slack.answer(lambda client: client.conversations_history(channel=channel, limit=1))
        except Refusal as refusal:
            return self._code(refusal)
        return ""

    @staticmethod
    def _code(refusal: Refusal) -> str:
        if refusal.retry_after is not None:
            raise refusal
        return refusal.code

    def _join(self, channel: str, what: str, *, dry: bool) -> Step:
        if not dry:
            try:
                self.slack.answer(lambda client: client.conversations_join(channel=channel))
            except Refusal as refusal:
                if refusal.retry_after is not None:
                    raise
                return Step(do="by hand", what=what, detail=INVITE)
        return Step(do="create", what=what, detail="the bot joins it")


def _text(answer: SlackResponse, name: str) -> str:
    found = answer.data.get(name) if isinstance(answer.data, dict) else ""
    return plain(found, 60) if isinstance(found, str) else ""


def _header(answer: SlackResponse, name: str) -> str:
    """A header; the SDK keeps names as the server writes them, and gives lists in some of its versions."""
    for key, value in dict(answer.headers).items():
        if str(key).lower() == name:
            return str(value[0]) if isinstance(value, list) and value else str(value)
    return ""
