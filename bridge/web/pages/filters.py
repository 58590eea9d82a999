"""The filters of the inbox: in the URL, as choices with counts, and as chips that take one away again."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import url_for
from flask_babel import gettext
from msgspec import Struct

from bridge.domain.model import Severity
from bridge.domain.people import Roster
from bridge.domain.redaction import Redaction
from bridge.store.cases import LIVE, MINE, NOBODY, RESOLVED, SOMEBODY, After, Counts, Filter
from bridge.web.pages.wording import SEVERITIES, STATES

NAMES = ("q", "team", "rule", "severity", "state", "owner", "due", "ticket")
"""What stands in the URL, besides the place in the list: `after`."""

ALL = "all"
OVERDUE = "overdue"
LONGEST = 200
"""Characters of what is searched for."""


class Option(Struct, frozen=True, kw_only=True):
    """A choice of a filter. `many` is None where it isn't counted."""

    value: str
    label: str
    many: int | None = None
    chosen: bool = False


class Choice(Struct, frozen=True, kw_only=True):
    """A filter with its choices, the first of which is no filter."""

    name: str
    label: str
    options: tuple[Option, ...]


class Link(Struct, frozen=True, kw_only=True):
    """Somewhere else in the inbox: a chip that takes a filter away, or one of the totals."""

    label: str
    href: str
    many: int = 0
    here: bool = False
    kind: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """What the URL asks for, as it stands there; what says nothing is left out."""

    said: dict[str, str]
    after: After | None = None

    def filter(self, now: datetime, subjects: tuple[str, ...], hide: Redaction) -> Filter:
        """The same for the store; `subjects` are the tickets that `ticket` may mean. What is hidden isn't searched."""
        said = self.said
        state = said.get("state", LIVE)
        return Filter(
            team=said.get("team", ""),
            rule=said.get("rule", ""),
            severity=_severity(said.get("severity", "")),
            state="" if state == ALL else state,
            owner=said.get("owner", ""),
            subjects=subjects,
            text=said.get("q", ""),
            titles=not hide.words,
            customers=not hide.names,
            due_by=now if said.get("due") == OVERDUE else None,
        )

    def href(self, **changes: str | None) -> str:
        """The inbox with some filters otherwise, "" or None for none; from the beginning of the list."""
        said = {name: value for name, value in (self.said | changes).items() if value}
        return _address(said)

    def older(self, after: After) -> str:
        """The next page."""
        return _address({**self.said, "after": written(after)})

    @property
    def query(self) -> str:
        """What stands behind the question mark."""
        place = {"after": written(self.after)} if self.after else {}
        return urlencode({**self.said, **place})


def asked(arguments: Mapping[str, str]) -> Asked:
    """What a URL asks for; what can't be meant is passed over."""
    said = {}
    for name in NAMES:
        value = arguments.get(name, "").replace("\x00", "").strip()[:LONGEST]
        known = _KNOWN.get(name)
        if value and (known is None or value in known):
            said[name] = value
    return Asked(said=said, after=_read(arguments.get("after", "")))


def written(after: After) -> str:
    """A place in the list as it stands in a URL."""
    return urlsafe_b64encode(msgspec.json.encode(after)).decode().rstrip("=")


def _read(cursor: str) -> After | None:
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=After)
    except ValueError:  # not ours, or cut off
        return None


_STATES = (LIVE, "open", "acknowledged", "contacted", RESOLVED, ALL)
_KNOWN: Mapping[str, Iterable[str]] = {
    "severity": [grave.name.lower() for grave in Severity],
    "state": _STATES,
    "due": (OVERDUE,),
}


def totals(asked: Asked, counts: Counts) -> list[Link]:
    """The figures on top, each of which shows what it counts."""
    owner, late = asked.said.get("owner", ""), "due" in asked.said
    several = gettext("Live") if asked.said.get("state", LIVE) == LIVE else gettext("All")
    return [
        Link(
            label=several,
            href=asked.href(owner=None, due=None),
            many=counts.everybody,
            here=not owner and not late,
        ),
        Link(
            label=gettext("Nobody has it"),
            href=asked.href(owner=NOBODY, due=None),
            many=counts.unowned,
            here=owner == NOBODY and not late,
            kind="unowned",
        ),
        Link(
            label=gettext("Overdue"),
            href=asked.href(due=OVERDUE, owner=None),
            many=counts.overdue,
            here=late and not owner,
            kind="overdue",
        ),
        Link(
            label=gettext("Mine"),
            href=asked.href(owner=MINE, due=None),
            many=counts.mine,
            here=owner == MINE and not late,
        ),
    ]


def choices(asked: Asked, counts: Counts, roster: Roster) -> list[Choice]:
    """All that can be chosen, with how many alerts each choice would show."""
    said = asked.said
    graves = {grave.name.lower(): counts.severity.get(grave, 0) for grave in SEVERITIES}
    live = sum(many for state, many in counts.state.items() if state != RESOLVED)
    states: dict[str, int | None] = {
        state: live if state == LIVE else counts.state.get(state, 0) for state in _STATES
    }
    if said.get("state") not in (RESOLVED, ALL):
        states |= {RESOLVED: None, ALL: None}  # there is no end to them
    else:
        states[ALL] = sum(counts.state.values())
    owners: dict[str, int | None] = {
        MINE: counts.mine,
        NOBODY: counts.unowned,
        SOMEBODY: sum(counts.owner.values()),
        **dict(sorted(counts.owner.items(), key=lambda one: called(one[0], roster).casefold())),
    }
    given: Mapping[str, Any] = {"said": said, "roster": roster}
    return [
        _choice("severity", gettext("Severity"), gettext("Every severity"), graves, **given),
        _choice("team", gettext("Team"), gettext("Every team"), _sorted(counts.team), **given),
        _choice("rule", gettext("Rule"), gettext("Every rule"), _sorted(counts.rule), **given),
        _choice("owner", gettext("Owner"), gettext("Whoever has it"), owners, **given),
        _choice("state", gettext("State"), "", states, **given),
    ]


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: one[0].casefold()))


def _choice(
    name: str,
    label: str,
    every: str,
    counts: Mapping[str, int | None] | Mapping[str, int],
    *,
    said: Mapping[str, str],
    roster: Roster,
) -> Choice:
    now = said.get(name, "" if every else LIVE)
    first = [Option(value="", label=every, chosen=not now)] if every else []
    known = dict(counts) if now in counts or not now else {**counts, now: 0}
    others = [
        Option(value=value, label=_said(name, value, roster), many=many, chosen=value == now)
        for value, many in known.items()
    ]
    return Choice(name=name, label=label, options=(*first, *others))


def chips(asked: Asked, roster: Roster) -> Iterator[Link]:
    """What is filtered by; each leads to the list without it."""
    labels = {
        "q": gettext("Text"),
        "team": gettext("Team"),
        "rule": gettext("Rule"),
        "severity": gettext("Severity"),
        "state": gettext("State"),
        "owner": gettext("Owner"),
        "due": gettext("Due"),
        "ticket": gettext("Ticket"),
    }
    for name, value in asked.said.items():
        if (name, value) != ("state", LIVE):
            words = f"{labels[name]}: {_said(name, value, roster)}"
            yield Link(label=words, href=asked.href(**{name: None}))


def _said(name: str, value: str, roster: Roster) -> str:
    """A value of a filter, as people read it."""
    match name:
        case "severity":
            return str(SEVERITIES[Severity[value.upper()]])
        case "state":
            return str(STATES[value])
        case "owner":
            return called(value, roster)
        case "due":
            return str(gettext("Overdue"))
        case "rule":
            return value.replace("_", " ")
    return value or str(gettext("No team"))


def called(owner: str, roster: Roster) -> str:
    """How people know an owner, who is kept by what names them for certain."""
    match owner:
        case "me":
            return str(gettext("Me"))
        case "nobody":
            return str(gettext("Nobody"))
        case "somebody":
            return str(gettext("Somebody"))
    return str(roster.named(owner) or owner)


def _severity(name: str) -> Severity | None:
    return Severity[name.upper()] if name else None


def _address(said: Mapping[str, str]) -> str:
    """The inbox with these in its URL, in their order."""
    query = urlencode(said)
    return url_for("pages.inbox.show") + (f"?{query}" if query else "")
