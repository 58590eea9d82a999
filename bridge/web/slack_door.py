"""What becomes of a click, a form, a command and a message in Slack.

A trigger lives for three seconds, and a form closes on the answer to its submission
(https://docs.slack.dev/interactivity/handling-user-interaction): so forms are opened and checked within the request.
All else is kept, answered after the commit, and done by a job. What can't be done is told to who asked alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import msgspec
import structlog
from flask import Response
from msgspec.structs import replace

from bridge.domain.model import (
    Action,
    Alert,
    Member,
    Message,
    Pressed,
    Severity,
    Undeliverable,
    Unreadable,
)
from bridge.store import alerts, boards
from bridge.web.hooks import Intake, keep, say
from bridge.web.slack_command import commanded
from bridge.web.slack_forms import FIRST, complaints, form, hindrance
from bridge.web.slack_story import shown
from bridge.work.bridge import Bridge
from bridge.work.pressing import Denied, Doorkeeper, presser, workspace
from bridge.work.queue import HOME, ask
from bridge.work.relations import unwanted
from bridge.work.telling import Unknown
from connectors import Dispatch, Incoming
from connectors.people.slack import ALERT, WHO, SlackApp, thread
from connectors.people.slack_fields import Form
from connectors.people.slack_payload import (
    AT_ONCE,
    MODALS,
    RELATIONS,
    SHOW,
    Doer,
    Wish,
    channel,
    commander,
    doer,
    event,
    payload,
    place,
    wishes,
    writer,
)
from connectors.reading import Node, decode_form

AWAY = "Slack doesn't tell who is who just now. Please try again in a minute."

log = structlog.get_logger()


class Door:
    """The app's door: each method answers one kind of request, verified already."""

    def __init__(
        self, bridge: Bridge, name: str, app: SlackApp, secrets: Sequence[str], intake: Intake
    ) -> None:
        self.bridge = bridge
        self.name = name
        self.app = app
        self.secrets = secrets
        self.intake = intake
        self.keeper = Doorkeeper(bridge, app)

    # --- clicks and forms

    def acted(self, incoming: Incoming) -> Response:
        """A click, or a form that was submitted; what else Slack tells of is not ours."""
        try:
            sent = payload(incoming)
            match sent["type"].text():
                case "block_actions":
                    return self._clicked(incoming, sent)
                case "view_submission":
                    return self._submitted(incoming, sent)
        except Unreadable:
            return self._keep(incoming)  # reading it says why
        return _nothing()

    def _clicked(self, incoming: Incoming, sent: Node) -> Response:
        wanted = list(wishes(sent))
        if not wanted:
            return _nothing()
        by, where = doer(sent), channel(sent)
        wish = wanted[0]
        try:
            (who, alert), *_ = [self._admitted(by, one.ref) for one in wanted]
        except (Denied, Undeliverable) as error:
            return self._whisper(where, by, _why(error))
        if wish.what in RELATIONS and (why := unwanted(alert, wish.months, incoming.received_at)):
            return self._whisper(where, by, why)
        if wish.what in AT_ONCE or wish.what in RELATIONS:
            return self._keep(incoming, [who])
        return self._open(incoming, sent, wish, alert, who)

    def _open(
        self, incoming: Incoming, sent: Node, wish: Wish, alert: Alert, who: Member
    ) -> Response:
        where, now = channel(sent), incoming.received_at
        if wish.what == SHOW:
            try:
                view = shown(self.bridge, alert, where)
            except Unknown as error:
                return self._whisper(where, doer(sent), f"It can't be shown: {error}.")
        elif why := hindrance(wish.what, alert, _asked(wish, alert, who, incoming)):
            return self._whisper(where, doer(sent), why)
        else:
            view = form(wish.what, alert, where, self.bridge.settings, now)
        try:
            workspace(self.bridge).open_view(sent["trigger_id"].id(need=True), view)
        except Undeliverable as error:
            log.warning("not opened", alert=alert.ref, what=wish.what, why=str(error))
        return _nothing()

    def _submitted(self, incoming: Incoming, sent: Node) -> Response:
        view = sent["view"]
        what = view["callback_id"].text()
        if what not in MODALS:
            return _nothing()
        about = place(view)
        try:
            who, alert = self._admitted(doer(sent), about.ref)
            known = [who, *self._chosen(what, view)]
            *_, pressed = self.app.submitted(_with_people(incoming, known), sent)
        except (Denied, Undeliverable) as error:
            return _errors({FIRST[what]: _why(error)})
        except Unreadable:
            log.warning("form not read", alert=about.ref, what=what)
            return _errors({FIRST[what]: "What you filled in can't be read. Please open it anew."})
        wrong = complaints(what, alert, pressed, incoming.received_at)
        return _errors(wrong) if wrong else self._keep(incoming, known)

    def _chosen(self, what: str, view: Node) -> list[Member]:
        """Who was picked in a form. Raises Denied, Undeliverable, Unreadable."""
        picked = Form.of(view).people(what) if what in ("assign", "add") else ()
        try:
            return [presser(self.bridge, one.slack) for one in picked]
        except Denied:
            raise Denied("Choose full members of the workspace: no guests or apps.") from None

    # --- commands and events

    def commanded(self, incoming: Incoming) -> Response:
        """`/alerts …`: answered at once, to who asked alone."""
        try:
            sent = decode_form(incoming.body)
            who = self.keeper.admit(commander(sent))
            found = commanded(self.bridge, who, sent["text"].text(), self.keeper.visible)
        except Unreadable as error:
            return _ephemeral({"text": f"That can't be read: {error}"})
        except (Denied, Undeliverable) as error:
            return _ephemeral({"text": _why(error)})
        return _ephemeral(found)

    def happened(self, incoming: Incoming) -> Response:
        """Something was written in an alert's thread, or somebody looks at their home; the rest is not ours."""
        try:
            envelope = event(incoming)
            if envelope["event"]["type"].text() == "app_home_opened":
                return self._home(envelope)
            found = thread(envelope)
            if found is None:
                return _nothing()
            with self.bridge.engine.begin() as connection:
                alert = boards.of_thread(connection, *found)
            return self._said(incoming, writer(envelope), alert) if alert else _nothing()
        except Unreadable:
            return self._keep(incoming)

    def _said(self, incoming: Incoming, by: Doer, alert: Alert) -> Response:
        try:
            who = self.keeper.admit(by, alert)
        except Denied:
            return _nothing()  # talk among others
        except Undeliverable as error:
            log.warning("not known", alert=alert.ref, why=str(error))
            return say(503, "Slack doesn't tell who wrote it; send it again")
        return self._keep(_with(incoming, ALERT, alert.ref), [who])

    def _home(self, envelope: Node) -> Response:
        """The view is published by an errand: Slack waits for no answer to this."""
        if envelope["event"]["tab"].text() == "home":
            by = writer(envelope)
            with self.bridge.engine.begin() as connection:
                ask(connection, HOME, [by.id], self.bridge.now())
        return _nothing()

    # --- parts

    def _admitted(self, by: Doer, ref: str) -> tuple[Member, Alert]:
        """Who it is, and the alert on which they may act. Raises Denied and Undeliverable."""
        with self.bridge.engine.begin() as connection:
            alert = alerts.named(connection, ref)
        who = self.keeper.admit(by, alert)
        if alert is None:
            raise Denied(f"There is no alert {ref} any more.")
        return who, alert

    def _keep(self, incoming: Incoming, people: Sequence[Member] = ()) -> Response:
        """Kept, and done by a job. The empty answer is also what closes a form."""
        if people:
            incoming = _with_people(incoming, people)
        kept = keep(self.intake, self.name, self.app, incoming)
        return kept if kept.status_code >= 400 else _nothing()

    def _whisper(self, where: str, by: Doer, words: str) -> Response:
        """Told to who clicked, where they clicked."""
        message = Message(
            ref="",
            severity=Severity.INFO,
            resolved=False,
            headline=words,
            lines=(),
            subject="",
            since=self.bridge.now(),
            text=words,
        )
        dispatch = Dispatch(
            action=Action.WHISPER, to=f"{where}/{by.id}", marker=token_hex(8), message=message
        )
        try:
            workspace(self.bridge).send(dispatch)
        except Undeliverable as error:
            log.warning("not whispered", why=str(error))
        return _nothing()


def _why(error: Denied | Undeliverable) -> str:
    if isinstance(error, Denied):
        return str(error)
    log.warning("not known", why=str(error))
    return AWAY


def _asked(wish: Wish, alert: Alert, who: Member, incoming: Incoming) -> Pressed:
    return Pressed(
        id=f"asked:{alert.ref}",
        subject=alert.subject,
        at=incoming.received_at,
        alert=alert.ref,
        action=MODALS[wish.what],
        who=who,
    )


def _with_people(incoming: Incoming, people: Sequence[Member]) -> Incoming:
    known = msgspec.json.encode({one.slack: one for one in people}).decode()
    return _with(incoming, WHO, known)


def _with(incoming: Incoming, header: str, value: str) -> Incoming:
    return replace(incoming, headers={**incoming.headers, header: value})


def _nothing() -> Response:
    return Response("", 200)


def _errors(found: dict[str, str]) -> Response:
    """The form stays open and says what is wrong: https://docs.slack.dev/surfaces/modals#displaying_errors."""
    return _json({"response_action": "errors", "errors": found})


def _ephemeral(found: dict[str, Any]) -> Response:
    return _json({"response_type": "ephemeral", **found})


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), 200, content_type="application/json")
