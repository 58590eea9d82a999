"""What a team's digest is made of: its alerts, where they are, and who is called what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct

from bridge.domain.digest import RECENT, Digest, Where, draw_up, with_names
from bridge.domain.hours import Hours
from bridge.domain.message import subject_of
from bridge.domain.model import Contact, Member, Team, Ticket, Undeliverable
from bridge.domain.viewing import private
from bridge.store import digests, people, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.lookup import remember

LONGEST_BACK = timedelta(days=14)
"""What was resolved longer ago is no news, however long no digest was sent."""

FRESH = timedelta(days=7)

log = structlog.get_logger()


class Readers(Struct, frozen=True):
    """Who a team's digest is for: its manager, and who is there for them at this moment."""

    manager: Member
    present: Member


def hours_of(bridge: Bridge, team: Team) -> Hours:
    """The team's calendar, else the default one."""
    return bridge.settings.calendars.get(team.calendar, bridge.settings.hours)


def readers_of(bridge: Bridge, team: Team, now: datetime) -> Readers:
    """The manager, or the deputy while the manager is away."""
    with bridge.engine.begin() as connection:
        roster = people.roster(connection, since=now)
    manager = roster.manager(team)
    return Readers(manager, roster.present(manager, now))


def digest_of(
    bridge: Bridge,
    team: Team,
    manager: str,
    since: datetime,
    now: datetime,
    *,
    look: bool = True,
    for_all: bool = False,
) -> Digest:
    """The team's digest at `now`, with what was resolved after `since`; `for_all` to read, without what is private.

    With `look`, agents whose names aren't known are asked of their desk; if it doesn't answer, they stay numbers.
    """
    zone: ZoneInfo = hours_of(bridge, team).zone
    since = max(since, now - LONGEST_BACK)
    with bridge.engine.begin() as connection:
        found = digests.material(connection, team.name, now - RECENT)
        found = [alert for alert in found if not (for_all and private(alert.subject))]
        cases = tickets.find_all(connection, {alert.subject for alert in found})
    hide = bridge.redaction
    places = {subject: _where(bridge, hide.ticket(ticket)) for subject, ticket in cases.items()}
    shown = [hide.alert(alert) for alert in found]
    digest = draw_up(
        shown, places, team=team.name, manager=manager, zone=zone, since=since, now=now
    )
    agents = [coach.agent for coach in digest.coaching if coach.agent]
    return with_names(digest, _names(bridge, agents, now, look=look))


def _where(bridge: Bridge, ticket: Ticket) -> Where:
    setting = bridge.settings.desks.get(ticket.desk)
    if setting is None:
        return Where(about=subject_of(ticket, on_desk=False), title=ticket.title)
    return Where(
        about=f"Ticket {ticket.name or ticket.key}",
        title=ticket.title,
        url=setting.desk.ticket_url(ticket.key, ticket.name),
        agent=f"{ticket.desk}:{ticket.agent}" if ticket.agent else "",
    )


def _names(bridge: Bridge, agents: Iterable[str], now: datetime, *, look: bool) -> dict[str, str]:
    named: dict[str, str] = {}
    unknown: dict[str, list[str]] = {}
    with bridge.engine.begin() as connection:
        for agent in agents:
            desk, _, number = agent.partition(":")
            known = teams.person(connection, desk, number)
            named |= {agent: known.name} if known else {}
            if known is None or now - known.read_at > FRESH:
                unknown.setdefault(desk, []).append(number)
    for desk, numbers in unknown.items() if look else ():
        try:
            found = bridge.desks[desk].people(numbers)
        except Undeliverable as error:
            log.warning("agents unknown", desk=desk, why=str(error))
            continue
        remember(bridge, desk, found, Contact())
        named |= {f"{desk}:{one.id}": one.name for one in found if one.name}
    return named
