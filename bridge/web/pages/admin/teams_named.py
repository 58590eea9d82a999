"""Which team a page is about."""

from __future__ import annotations

from flask import abort, request
from sqlalchemy import Connection

from bridge.domain.model import Team
from bridge.domain.people import Roster
from bridge.store import people
from bridge.web.pages.here import bridge


def wanted(connection: Connection) -> tuple[Team, Roster]:
    """The team that `team` names in the address or the form, and everybody; answers 404 if there is none."""
    roster = people.roster(connection, since=bridge().now())
    name = request.values.get("team", "")
    team = next((one for one in roster.teams if one.name == name), None)
    if team is None:
        abort(404)
    return team, roster
