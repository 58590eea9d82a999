"""What people do about alerts in Slack: clicks, modals they submit, what they write in an alert's thread.

Every delivery of one app is signed alike (https://docs.slack.dev/authentication/verifying-requests-from-slack). A click
and a submission come once; events come again, with the same `event_id`, until they are answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from bridge.domain.model import Checked, Member, Party, Press, Pressed, Unreadable
from connectors import Incoming, Response
from connectors.people.slack_fields import Form
from connectors.people.slack_payload import (
    ACTIONS,
    AT_ONCE,
    COMMANDS,
    EVENTS,
    MODALS,
    RELATIONS,
    Doer,
    Wish,
    channel,
    doer,
    event,
    path,
    payload,
    place,
    reference,
    timestamp,
    wishes,
    writer,
)
from connectors.reading import Node, decode_form, only_post
from connectors.signing import check_slack

WHO = "x-bridge-who"
"""The header in which the members spoken of are kept, as far as they are known: JSON, Slack's id to a Member."""
ALERT = "x-bridge-alert"
"""The header in which the alert is kept in whose thread a message was written."""

_SECRET = ("token", "response_url", "response_urls")
_CODED = re.compile(r"<([^<>]*)>")
_people = msgspec.json.Decoder(dict[str, Member])


@dataclass(frozen=True, kw_only=True)
class SlackApp:
    """The app in the workspace, as it calls us.

    `workspace` is the id of the workspace whose members may act ("T0123ABCD"); "" for the one that the bot's token
    is for. `pressers`: "workspace" for all its full members, "people" for managers, listed members, and those who are
    on the alert.
    """

    kind: ClassVar[str] = "slack"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = (WHO, ALERT)
    desk: ClassVar[str] = ""
    setup: ClassVar[str] = """\
1. Copy config/slack-manifest.yaml, and put your own address into its three request URLs. They end in /slack/actions,
   /slack/commands and /slack/events, where {url} has /hooks/{name}.
2. https://api.slack.com/apps > your app > App Manifest: paste it > Save Changes. Install the app again if it asks.
3. Basic Information > App Credentials > Signing Secret > Show.
   The variable {variable} must hold it.
4. Restart, then App Manifest > click to verify the URL of the events. It says Verified.
5. Type /alerts in Slack: you are answered at once.
"""

    name: str
    workspace: str = ""
    pressers: Literal["workspace", "people"] = "workspace"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the app's signing secrets proves the request."""
        check_slack(incoming, secrets)

    def identify(self, incoming: Incoming) -> str:
        """The trigger of a click, the view of a submission as it was, the event's id. Raises Unreadable."""
        if path(incoming) == EVENTS:
            return event(incoming)["event_id"].id(need=True)
        return _key(payload(incoming))

    def scrub(self, incoming: Incoming) -> bytes:
        """The body without the addresses by which anybody could answer, and Slack's old token."""
        if path(incoming) == EVENTS:
            return incoming.body
        try:
            sent = payload(incoming).value
        except Unreadable:
            return incoming.body
        left = {name: value for name, value in sent.items() if name not in _SECRET}
        return urlencode({"payload": msgspec.json.encode(left).decode()}).encode()

    def answer(self, incoming: Incoming) -> Response | None:
        """An empty 200, which is all that Slack wants, and closes a modal; handshakes are answered at once.

        To prove an address Slack sends `challenge` and wants it back
        (https://docs.slack.dev/reference/events/url_verification), or `ssl_check` and wants a 200.
        """
        where = path(incoming)
        if where == COMMANDS and _checks_the_certificate(incoming):
            return Response(status=200)
        if incoming.method != "POST":
            return only_post(incoming)
        if not where:
            paths = f"{ACTIONS}, {COMMANDS} and {EVENTS}"
            return Response(status=404, body=f"Slack is taken in at {paths}.\n")
        if where == EVENTS and (challenge := _challenge(incoming)):
            return Response(status=200, body=challenge)
        return Response(status=200, keep=True)

    def read(self, incoming: Incoming) -> Iterator[Pressed | Checked]:
        """What somebody did about an alert, if they were let in. Its subject is left empty: only the alert knows it."""
        if path(incoming) == EVENTS:
            envelope = event(incoming)
            if envelope["event"]["type"].text() == "message":
                yield self._said(incoming, envelope)
            return
        sent = payload(incoming)
        match sent["type"].text():
            case "block_actions":
                yield from self._clicked(incoming, sent)
            case "view_submission":
                yield from self.submitted(incoming, sent)

    def _clicked(self, incoming: Incoming, sent: Node) -> Iterator[Pressed | Checked]:
        key = _key(sent)
        done = [wish for wish in wishes(sent) if wish.what in AT_ONCE or wish.what in RELATIONS]
        for number, wish in enumerate(done):
            name = f"{self.name}:{key}" + (f":{number}" if number else "")
            by, where = doer(sent), channel(sent)
            if wish.what in RELATIONS:
                yield _answered(incoming, by, where, name, wish)
                continue
            yield self._pressed(
                incoming, by, where, id=name, alert=wish.ref, action=AT_ONCE[wish.what]
            )

    def submitted(self, incoming: Incoming, sent: Node) -> Iterator[Pressed]:
        """What somebody filled in, last what they sent the form for. Raises Unreadable."""
        view = sent["view"]
        what = view["callback_id"].text()
        if what not in MODALS:
            raise view["callback_id"].wrong("a modal of ours")
        about, form = place(view), Form.of(view)
        pressed = self._pressed(
            incoming,
            doer(sent),
            about.channel,
            id=f"{self.name}:{_key(sent)}",
            alert=about.ref,
            action=MODALS[what],
        )
        if what == "resolve" and (coaching := form.words("coaching_words")):
            words = f"Coaching: {coaching}"
            yield replace(pressed, id=f"{pressed.id}:coaching", action=Press.NOTE, words=words)
        yield replace(pressed, seq=1, **_filled_in(what, form, known(incoming)))

    def _said(self, incoming: Incoming, envelope: Node) -> Pressed:
        """Something between the people on an alert. The time is Slack's own: an event may come again an hour later."""
        happened = envelope["event"]
        at = happened["ts"].time()
        return replace(
            self._pressed(
                incoming,
                writer(envelope),
                happened["channel"].id(),
                id=f"{self.name}:{envelope['event_id'].id(need=True)}",
                alert=reference(
                    Node(incoming.headers.get(ALERT), ALERT, ALERT in incoming.headers)
                ),
                action=Press.SAY,
            ),
            at=min(at or incoming.received_at, incoming.received_at),
            words=plainly(happened["text"].text()),
        )

    def _pressed(
        self,
        incoming: Incoming,
        by: Doer,
        where: str,
        *,
        id: str,  # noqa: A002 - it is one
        alert: str,
        action: Press,
    ) -> Pressed:
        return Pressed(
            id=id,
            subject="",
            at=incoming.received_at,
            by=Party.AGENT,
            actor=by.id,
            alert=alert,
            action=action,
            who=_admitted(incoming, by),
            via="slack",
            reply=f"{where}/{by.id}",
        )


def _answered(incoming: Incoming, by: Doer, where: str, name: str, wish: Wish) -> Checked:
    """What somebody says of a customer, by its name among all events."""
    who = _admitted(incoming, by)
    return Checked(
        id=name,
        subject="",
        at=incoming.received_at,
        by=Party.AGENT,
        actor=by.id,
        alert=wish.ref,
        months=wish.months,
        relation=RELATIONS[wish.what],
        why=f"{who} says so",
        who=who,
        via="slack",
        reply=f"{where}/{by.id}",
    )


def known(incoming: Incoming) -> Mapping[str, Member]:
    """The members that were known when the delivery came in, by Slack's id. Raises Unreadable."""
    told = incoming.headers.get(WHO)
    if not told:
        return {}
    try:
        return _people.decode(told.encode())
    except (msgspec.DecodeError, UnicodeError):
        raise Unreadable(f"{WHO}: expected members by their ids") from None


def _admitted(incoming: Incoming, by: Doer) -> Member:
    """Who did it. Raises Unreadable where nobody looked whether they may: then it is not obeyed, however it came in."""
    found = known(incoming).get(by.id)
    if found is None:
        raise Unreadable(f"{WHO}: expected whoever did it to be let in")
    return found


def thread(envelope: Node) -> tuple[str, str] | None:
    """The channel and the thread in which a person wrote a message; None for any other event. Raises Unreadable.

    Edits, removals, joins and what apps write have a subtype or a `bot_id`
    (https://docs.slack.dev/reference/events/message). A reply that is shown in the channel as well has one too.
    """
    happened = envelope["event"]
    if happened["type"].text() != "message" or happened["bot_id"] or not happened["thread_ts"]:
        return None
    if happened["subtype"].text() not in ("", "thread_broadcast") or not happened["text"].text():
        return None
    return happened["channel"].id(need=True), timestamp(happened["thread_ts"])


def plainly(text: str) -> str:
    """A message's text as people read it: `<@U1>`, `<https://…|here>` and escapes undone.

    Source: https://docs.slack.dev/messaging/formatting-message-text.
    """
    bare = _CODED.sub(_uncoded, text)
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _uncoded(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    sign = target[:1]
    if sign == "#":
        return f"#{label or target[1:]}"
    if sign == "!":
        return label or f"@{target[1:].partition('^')[0]}"
    return label or target


def _filled_in(what: str, form: Form, members: Mapping[str, Member]) -> dict[str, Any]:
    """What a modal says of its press. Raises Unreadable."""
    match what:
        case "contact":
            said: dict[str, Any] = {"how": form.choice("how"), "reached": form.reached()}
        case "resolve":
            said = {
                "outcome": form.outcome(),
                "cause": form.choice("cause"),
                "coaching": form.coaching(),
            }
        case "snooze":
            said = {"until": form.until()}
        case "assign" | "add":
            picked = form.people(what)
            return {"people": tuple(members.get(one.slack) or one for one in picked)}
        case _:
            said = {}
    return said | {"words": form.words()}


def _key(sent: Node) -> str:
    if sent["type"].text() == "view_submission":
        view = sent["view"]
        return ":".join(filter(None, (view["id"].id(need=True), view["hash"].id())))
    return sent["trigger_id"].id(need=True)


def _challenge(incoming: Incoming) -> str:
    try:
        envelope = event(incoming)
        is_one = envelope["type"].text() == "url_verification"
        return envelope["challenge"].text() if is_one else ""
    except Unreadable:
        return ""


def _checks_the_certificate(incoming: Incoming) -> bool:
    """Whether this is Slack's look at our certificate, by GET or POST, which is not signed (unconfirmed)."""
    query = incoming.url.partition("?")[2].encode()
    try:
        return any(decode_form(part)["ssl_check"].flag() for part in (query, incoming.body) if part)
    except Unreadable:
        return False
