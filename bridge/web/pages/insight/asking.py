"""What the URL asks for: a period, a team or an employee, as far as the viewer may see them."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import ConfigError
from bridge.insight.choice import Choice
from bridge.insight.names import names_of
from bridge.insight.periods import KINDS, OWN, QUARTER, Period, period
from bridge.store import people
from bridge.store.figures.associates import works_in
from bridge.web.pages import times
from bridge.web.pages.here import bridge, viewer

NAMES = ("period", "since", "until", "team", "agent", "changed")


class Asked(Struct, frozen=True, kw_only=True):
    """The choice, how it stands in the URL, what the employee is called, and what was wrong with the dates.

    `unclear` is what was wrong with the day on which something changed.
    """

    choice: Choice
    said: dict[str, str]
    agent: str = ""
    trouble: str = ""
    unclear: str = ""

    def href(self, endpoint: str = "", **changes: str) -> str:
        """The same on another page, or with something else; "" takes away."""
        said: dict[str, Any] = {**self.said, **changes}
        kept = {name: value for name, value in said.items() if value}
        return url_for(endpoint or request.endpoint or "pages.insight.show", **kept)

    def file(self, page: str, name: str) -> str:
        """A table as a file."""
        said: dict[str, Any] = dict(self.said)
        return url_for("pages.insight.file", page=page, name=name, **said)


def asked(connection: Connection) -> Asked:
    """Read it. Answers 404 for a team that there isn't, and for whoever the viewer may not see."""
    said = {
        name: request.args[name].strip() for name in NAMES if request.args.get(name, "").strip()
    }
    chosen, trouble = _period(said)
    changed, unclear = _day(said.get("changed", ""))
    roster = people.roster(connection)
    choice = Choice(
        period=chosen,
        roster=roster,
        settings=bridge().settings,
        visible=viewer().teams,
        team=said.get("team", ""),
        agent=said.get("agent", ""),
        changed=changed,
    )
    if choice.team and not (choice.sees(choice.team) and choice.path()):
        abort(404)
    called = ""
    if choice.agent:
        if not works_in(connection, choice.scope):
            abort(404)
        called = names_of(connection, [choice.agent]).get(choice.agent, choice.agent)
    return Asked(choice=choice, said=said, agent=called, trouble=trouble, unclear=unclear)


def _day(written: str) -> tuple[date | None, str]:
    """The day on which something changed, None where none is given; and what is wrong with it."""
    if not written:
        return None, ""
    try:
        return date.fromisoformat(written), ""
    except ValueError:
        return None, gettext("Write the day as 2026-03-31.")


def _period(said: dict[str, str]) -> tuple[Period, str]:
    """The period; where its dates are no good, the usual one, and what is wrong."""
    kind = said.get("period", QUARTER)
    now, zone = bridge().now(), times.zone()
    if kind not in KINDS:
        abort(404)
    usual = period(QUARTER, now, zone)
    if kind != OWN:
        return period(kind, now, zone), ""
    try:
        first, last = (date.fromisoformat(said.get(name, "")) for name in ("since", "until"))
    except ValueError:
        return usual, gettext("Give both dates, the first and the last day.")
    if first > last:
        return usual, gettext("The first day is after the last.")
    try:
        return period(kind, now, zone, first=first, last=last), ""
    except ConfigError:
        return usual, gettext("A period is five years long at most, and lies after 1970.")
