"""A Slack workspace in memory, and the hands of its people: press, choose, submit, command, say.

Each hand makes one real HTTP request to the app, as Slack does, and gives what came of it; the app
acts over HTTP (see `slack_api`). What somebody could not do in Slack raises `Impossible`, and nothing
is sent.
"""

from __future__ import annotations

import json
from dataclasses import replace

from bridge.sandbox import slack_aims, slack_answers, slack_calls, slack_inputs, slack_payloads
from bridge.sandbox.slack_aims import Aim
from bridge.sandbox.slack_calls import HONEST, Answer, Kind, Request, Sending
from bridge.sandbox.slack_inputs import Impossible
from bridge.sandbox.slack_records import Arrival, Channel, Message, SlackError, User, Version
from bridge.sandbox.slack_views import View
from bridge.sandbox.slack_workspace import SCOPES, Workspace
from bridge.sandbox.wire import Clock, Json

__all__ = [
    "SCOPES",
    "Answer",
    "Arrival",
    "Channel",
    "Impossible",
    "Message",
    "Request",
    "Sending",
    "Slack",
    "SlackError",
    "User",
    "Version",
    "View",
]


class Slack(Workspace):
    """One workspace with one installed app. All methods may be called from any thread.

    `app_url` is the app's request URL; `urls` may name others by "interactivity", "command" and
    "event". Where a place is asked for, it is the `ts` of a message or the id of a view.
    """

    def __init__(
        self,
        now: Clock,
        team: str = "demo",
        *,
        messages_per_second: float | None = 1.0,
        burst: int = 3,
        calls_per_minute: int | None = 50,
    ) -> None:
        super().__init__(
            now,
            team,
            messages_per_second=messages_per_second,
            burst=burst,
            calls_per_minute=calls_per_minute,
        )
        self.app_url = ""
        self.urls: dict[Kind, str] = {}
        self.signing_secret = "sandbox-signing-secret"  # noqa: S105 - of a stand-in
        self.patience = 10.0
        """Real seconds to wait for an answer. Slack gives up after 3: see `Answer.in_time`."""
        self.answers: list[Answer] = []
        """All that the app answered, oldest first."""

    # -- buttons, menus and modals --

    def press(
        self,
        user: str,
        place: str,
        action_id: str,
        value: str | None = None,
        *,
        channel: str | None = None,
        version: int | None = None,
        sending: Sending = HONEST,
    ) -> Answer:
        """Press a button; `value` tells which, where several have the same action_id.

        `channel` tells two messages apart that have the same ts. With `version` the person still
        looks at an earlier state of the message: 0 is the one that was posted.
        """
        aim = Aim(
            user=user,
            place=place,
            what=f"button {action_id}" + ("" if value is None else f" {value}"),
            wanted=slack_aims.button(action_id, value),
            channel=channel,
            version=version,
        )
        return self._touch(aim, sending)

    def choose(
        self,
        user: str,
        place: str,
        option_value: str,
        *,
        action_id: str | None = None,
        channel: str | None = None,
        version: int | None = None,
        sending: Sending = HONEST,
    ) -> Answer:
        """Choose an entry of an overflow menu, a select menu or radio buttons by its value."""
        aim = Aim(
            user=user,
            place=place,
            what=f"option {option_value}",
            wanted=slack_aims.entry(option_value, action_id),
            channel=channel,
            version=version,
        )
        return self._touch(aim, sending)

    def submit(
        self, user: str, view_id: str, entered: Json | None = None, *, sending: Sending = HONEST
    ) -> Answer:
        """Fill in a modal ({block_id: value}, see `slack_inputs.filled`) and send it.

        What the app answers is done: `errors` stay on the view, `update`, `push` and `clear` change
        what is open, an empty answer closes it.
        """
        view = self._front(user, view_id)
        if "submit" not in view.body:
            raise Impossible("this modal has nothing to submit")
        view.values = slack_inputs.filled(view.blocks, view.values, entered or {}, self.users)
        payload = slack_payloads.interaction(self, "view_submission", self._person(user), sending)
        payload |= {
            "trigger_id": self.views.trigger(user, view_id),
            "view": slack_payloads.in_view(self, view)["view"],
            "response_urls": [],
        }
        answer = self._interact(payload, sending)
        return self._keep(slack_answers.to_submission(self, view, answer))

    def close(self, user: str, view_id: str, *, sending: Sending = HONEST) -> Answer | None:
        """Close a modal by its button; the app hears of it only when it asked to."""
        view = self._front(user, view_id)
        self.views.close(view)
        if not view.body.get("notify_on_close"):
            return None
        payload = slack_payloads.interaction(self, "view_closed", self._person(user), sending)
        payload |= {"view": slack_payloads.in_view(self, view)["view"], "is_cleared": False}
        return self._keep(self._interact(payload, sending))

    def modal(self, user: str) -> View | None:
        """The modal that somebody has in front, if any."""
        return self.views.front(user)

    def home(self, user: str) -> View | None:
        """Somebody's home tab, once the app has published one."""
        return self.views.homes.get(user)

    # -- words --

    def command(
        self, user: str, name: str, text: str, channel: str, *, sending: Sending = HONEST
    ) -> Answer:
        """Give a slash command, as "/alerts"; what the app answers is shown in the channel."""
        where = self.find(channel)
        form = slack_payloads.command(self, self._person(user), where, sending)
        form |= {"command": name, "text": text}
        form["trigger_id"] = self.views.trigger(user)
        form["response_url"] = self.response_url(where.id, user)
        body = slack_calls.form(form)
        answer = self._call("command", body, sending)
        return self._keep(slack_answers.to_command(self, where.id, user, answer))

    def open_home(self, user: str, *, sending: Sending = HONEST) -> Answer:
        """Look at the app's home tab."""
        found = self._person(user)
        opened = slack_payloads.home_opened(self, found, self.direct(user), self.home(user))
        return self._tell(opened, sending)

    def say(
        self,
        user: str,
        channel: str,
        thread_ts: str | None,
        text: str,
        *,
        sending: Sending = HONEST,
    ) -> Answer:
        """Write in a channel or thread. The app hears it if it is there; else `trouble` says so."""
        where = self.find(channel)
        message = self.post(where.id, user, text, [], thread_ts=thread_ts)
        if not (self.app_url or "event" in self.urls) or not where.is_member:
            unheard = Request("event", "", {}, b"")
            return Answer(unheard, None, {}, b"", 0.0, "the app does not hear it", message)
        team = sending.team or self.team_id
        event = slack_payloads.said(self, where, message, self._ids.uuid(), team)
        return replace(self._tell(event, sending), message=message)

    def verify_url(self) -> Answer:
        """Ask the app for the challenge, as when its request URL is entered in Slack's settings."""
        challenge = self._ids.hex(32)
        body = {"type": "url_verification", "token": slack_payloads.TOKEN, "challenge": challenge}
        answer = self._call("event", json.dumps(body).encode(), HONEST)
        if answer.ok and challenge.encode() not in answer.body:
            answer = replace(answer, trouble="the challenge did not come back")
        return self._keep(answer)

    # -- what goes wrong --

    def resend(self, answer: Answer, retry: int = 1) -> Answer:
        """The same request once more, signed anew, as Slack does when it saw no answer."""
        sent = answer.request
        return self._keep(self._call(sent.kind, sent.body, Sending(retry=retry)))

    def replay(self, answer: Answer) -> Answer:
        """The same request once more byte for byte, as a stranger would who overheard it."""
        return self._keep(slack_calls.carry(answer.request, self.patience))

    # -- inside --

    def _touch(self, aim: Aim, sending: Sending) -> Answer:
        payload = slack_payloads.interaction(self, "block_actions", self._person(aim.user), sending)
        found = slack_aims.find(self, aim)
        if found.view is not None:
            slack_inputs.choose(found.view.values, found.block, found.element, found.more)
            payload |= slack_payloads.in_view(self, found.view)
        elif found.message is not None:
            payload |= slack_payloads.in_message(self, found.message, found.blocks)
            channel = found.message.channel
            payload["response_url"] = self.response_url(channel, aim.user, found.message)
        at = f"{self.now().timestamp():.6f}"
        payload["actions"] = [slack_payloads.action(found.element, found.block, at) | found.more]
        payload["trigger_id"] = self.views.trigger(aim.user, found.view.id if found.view else None)
        return self._keep(self._interact(payload, sending))

    def _front(self, user: str, view_id: str) -> View:
        view = self.views.front(user)
        if view is None or view.id != view_id:
            raise Impossible(f"{user} does not have the modal {view_id} in front")
        return view

    def _person(self, user: str) -> User:
        if user not in self.users:
            raise Impossible(f"there is nobody with the id {user}")
        return self.users[user]

    def _tell(self, event: Json, sending: Sending) -> Answer:
        event_id = f"Ev{self._ids.hex(10).upper()}"
        body = slack_payloads.event(self, event, event_id, sending)
        return self._keep(self._call("event", json.dumps(body).encode(), sending))

    def _interact(self, payload: Json, sending: Sending) -> Answer:
        return self._call(
            "interactivity", slack_calls.form({"payload": json.dumps(payload)}), sending
        )

    def _call(self, kind: Kind, body: bytes, sending: Sending) -> Answer:
        url = self.urls.get(kind) or self.app_url
        if not url:
            raise Impossible("the app has no request URL: set `app_url`")
        headers = slack_calls.headers(body, kind, self.signing_secret, self.now(), sending)
        return slack_calls.carry(Request(kind, url, headers, body), self.patience)

    def _keep(self, answer: Answer) -> Answer:
        with self.lock:
            self.answers.append(answer)
        return answer
