"""What Slack sends when somebody clicks, submits or writes, in the shapes that its documentation shows.

A click and a submission come as a form with one field `payload`, JSON in it
(https://docs.slack.dev/interactivity/handling-user-interaction); events as JSON (https://docs.slack.dev/apis/events-api);
a command as a form (https://docs.slack.dev/interactivity/implementing-slash-commands).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from bridge.domain.model import Press, Unreadable
from bridge.domain.relations import WORDS
from connectors import Incoming
from connectors.reading import Node, decode, decode_form

ACTIONS, COMMANDS, EVENTS = "/slack/actions", "/slack/commands", "/slack/events"
"""The paths of the request URLs: interactivity, slash command, event subscriptions."""

AT_ONCE = {
    "acknowledge": Press.ACKNOWLEDGE,
    "useful": Press.USEFUL,
    "useless": Press.USELESS,
    "reopen": Press.REOPEN,
}
"""What a click does without asking anything more, by its id."""

MODALS = {
    "contact": Press.CONTACT,
    "resolve": Press.RESOLVE,
    "snooze": Press.SNOOZE,
    "assign": Press.ASSIGN,
    "add": Press.ADD,
    "note": Press.NOTE,
    "coach": Press.COACH,
}
"""What a click asks more about first, by its id, which is the modal's as well."""

RELATIONS = {f"relation:{word}": found for word, found in WORDS.items()}
"""What a click says of a customer, by its id; see `connectors.channels.slack_relation`."""

SHOW = "show"
MORE = "more"
VALUE = "value"  # the action id of every input; its block has the field's name

_REF = re.compile(r"AB-[0-9A-F]{8}", re.ASCII)
_MONTHS = re.compile(r"[1-9][0-9]?", re.ASCII)
_USER = re.compile(r"[UW][A-Z0-9]{2,40}", re.ASCII)
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,40}", re.ASCII)
_TEAMS = re.compile(r"[TE][A-Z0-9]{2,40}", re.ASCII)


class Doer(Struct, frozen=True, kw_only=True):
    """Who did something in Slack, as Slack says. `teams` are the workspaces that are spoken of: theirs, and where."""

    id: str
    teams: tuple[str, ...] = ()


class Wish(Struct, frozen=True):
    """What was clicked: what to do ("acknowledge", "snooze", "show"), and about which alert.

    Where it says what became of the customer ("relation:left"), `months` is after how many; 0 elsewhere.
    """

    what: str
    ref: str
    months: int = 0


class Place(Struct, frozen=True):
    """What a modal is about: the alert, and the channel where its button was clicked ("" elsewhere)."""

    ref: str
    channel: str = ""


def path(incoming: Incoming) -> str:
    """The path that was called; "" for one that isn't ours."""
    bare = incoming.url.partition("?")[0].rstrip("/")
    return next((one for one in (ACTIONS, COMMANDS, EVENTS) if bare.endswith(one)), "")


def payload(incoming: Incoming) -> Node:
    """The JSON in a form's `payload`. Raises Unreadable."""
    field = decode_form(incoming.body)["payload"]
    if not field:
        raise field.wrong("JSON")
    return decode(field.text().encode()).members()


def event(incoming: Incoming) -> Node:
    """The envelope of an event. Raises Unreadable."""
    return decode(incoming.body).members()


def doer(payload: Node) -> Doer:
    """Who clicked or submitted. Raises Unreadable."""
    user = payload["user"]
    return Doer(id=member(user["id"]), teams=_teams(user["team_id"], payload["team"]["id"]))


def writer(envelope: Node) -> Doer:
    """Who wrote a message or opened their home. Raises Unreadable.

    `user_team` is set where the writer is of another workspace, in a channel that both share (unconfirmed).
    """
    happened = envelope["event"]
    teams = _teams(envelope["team_id"], happened["team"], happened["user_team"])
    return Doer(id=member(happened["user"]), teams=teams)


def commander(form: Node) -> Doer:
    """Who gave a command. Raises Unreadable."""
    return Doer(id=member(form["user_id"]), teams=_teams(form["team_id"]))


def wishes(payload: Node) -> Iterator[Wish]:
    """What was clicked that is ours; a link that only opens a page is not. Raises Unreadable."""
    for action in payload["actions"].items():
        what = action["action_id"].text()
        chosen = action["value"]
        if what == MORE:
            chosen = action["selected_option"]["value"]
            what, _, text = chosen.text().partition(" ")
            chosen = Node(text, chosen.path)
        if what in AT_ONCE or what in MODALS or what == SHOW:
            yield Wish(what, reference(chosen))
        elif what in RELATIONS:
            told, _, ref = chosen.text().partition(" ")
            if not _MONTHS.fullmatch(told):
                raise chosen.wrong("months and an alert's reference")
            yield Wish(what, reference(Node(ref, chosen.path)), int(told))


def channel(payload: Node) -> str:
    """The channel where somebody clicked; "" in their home and in a modal. Raises Unreadable."""
    found = payload["channel"]["id"] or payload["container"]["channel_id"]
    if not found:
        return ""
    return _matching(_CHANNEL, found, "a channel's id")


def place(view: Node) -> Place:
    """What a modal is about. Raises Unreadable."""
    told = view["private_metadata"]
    if not told:
        raise told.wrong("JSON")
    try:
        inner = decode(told.text().encode()).members()
    except Unreadable as error:
        raise Unreadable(f"{told.path}: {error}") from None
    ref, where = (Node(inner[key].value, f"{told.path}.{key}") for key in ("ref", "channel"))
    return Place(reference(ref), _matching(_CHANNEL, where, "a channel's id") if where else "")


def reference(node: Node) -> str:
    """An alert's reference. Raises Unreadable."""
    return _matching(_REF, node, "an alert's reference")


def member(node: Node) -> str:
    """A member's id. Raises Unreadable."""
    return _matching(_USER, node, "a member's id")


def timestamp(node: Node) -> str:
    """Slack's id of a message, "1741597200.000100", as it is: as a number it would lose digits. Raises Unreadable."""
    return _matching(re.compile(r"\d{9,11}\.\d{1,9}", re.ASCII), node, "a message's time")


def _teams(*nodes: Node) -> tuple[str, ...]:
    """Null stands where an app is installed for a whole organisation (unconfirmed)."""
    found = [_matching(_TEAMS, node, "a workspace's id") for node in nodes if node]
    return tuple(dict.fromkeys(found))


def _matching(pattern: re.Pattern[str], node: Node, what: str) -> str:
    text = node.id(need=True)
    if not pattern.fullmatch(text):
        raise node.wrong(what)
    return text
