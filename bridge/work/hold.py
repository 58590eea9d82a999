"""What holds a message back at this moment, and the reminder of mutes that nobody thinks of any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import structlog
from sqlalchemy import Connection

from bridge.domain.hours import Hours
from bridge.domain.hush import Hold, Mute, held, muting
from bridge.domain.model import Alert, Team, Undeliverable
from bridge.domain.routing import SLACK
from bridge.store import deliveries, mutes
from bridge.work.bridge import Bridge, team_named
from bridge.work.queue import wake_deliveries
from connectors.budget import Urgency, urgent
from connectors.channels.slack import Slack
from connectors.channels.slack_parts import plain_text, said, section

log = structlog.get_logger()


def hold(
    bridge: Bridge, connection: Connection, row: deliveries.Row, alert: Alert, team: Team
) -> Hold | None:
    """What holds this delivery back now; None for one that may go, or that calls nobody.

    It then waits until `Hold.until`, with `Hold.why` as its reason, and is looked at again.
    """
    if not row.calls:
        return None
    now = bridge.now()
    known = mutes.current(connection, now)
    return held(alert, known, _awake(bridge, team), bridge.settings.quiet_unless, now)


def hidden(connection: Connection, running: Sequence[Mute], now: datetime) -> dict[int, set[str]]:
    """The references of the alerts that each mute holds back now, by the mute's number."""
    found: dict[int, set[str]] = {mute.id: set() for mute in running}
    for alert in mutes.waiting_alerts(connection, now):
        for mute in muting(alert, running, now):
            found[mute.id].add(alert.ref)
    return found


def end(bridge: Bridge, number: int) -> Mute | None:
    """End a mute at once: what waits because of it is looked at again. As it was; None if there is none to end."""
    now = bridge.now()
    with bridge.engine.begin() as connection:
        before = mutes.end(connection, number, now)
        if before is not None:
            waiting = mutes.waiting_alerts(connection, now)
            concerned = [alert.number for alert in waiting if before.concerns(alert)]
            wake_deliveries(connection, mutes.release(connection, concerned, now))
    return before


def remind(bridge: Bridge) -> int:
    """Say in the channels of the teams concerned that a mute is about to end, or what an old one hides; how many were.

    One of a team is said there, any other where the alerts are that it holds back, or to the default team.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        due = mutes.to_remind(connection, now)
        if not due or SLACK not in bridge.channels:
            return 0
        running = mutes.current(connection, now)
        waiting = mutes.waiting_alerts(connection, now)
        teams = bridge.teams(connection)
    many = 0
    for mute in due:
        behind = [alert for alert in waiting if mute in muting(alert, running, now)]
        if not behind and now < mute.near:
            continue
        names = {mute.team} if mute.team else {alert.team for alert in behind}
        told = [team_named(name, teams) for name in names or {bridge.settings.default_team}]
        if _say(bridge, mute, told, Counter(alert.team for alert in behind), now):
            with bridge.engine.begin() as connection:
                mutes.reminded(connection, mute.id, now)
            many += 1
    return many


def _say(
    bridge: Bridge, mute: Mute, teams: Sequence[Team], many: Mapping[str, int], now: datetime
) -> bool:
    """Whether somebody was told, or nobody ever can be; not if it is worth another try."""
    slack = cast("Slack", bridge.channels[SLACK])
    told = again = False
    for to, team in sorted({t.slack_channel: t for t in teams if t.slack_channel}.items()):
        text = _words(mute, _awake(bridge, team), many.get(team.name, 0))
        marker = f"mute-{mute.id}-{now:%Y%m%dT%H%M}"
        try:
            with urgent(Urgency.READ):
                slack.post_plain(to, [section(plain_text(said(text, 2000)))], text, marker=marker)
        except Undeliverable as error:
            log.warning("not reminded", mute=mute.id, team=team.name, why=str(error))
            again = again or error.retry_after is not None
        else:
            told = True
    return told or not again


def _words(mute: Mute, awake: Hours | None, many: int) -> str:
    """Until when, how many alerts wait for that, and what for."""
    what = "Maintenance" if mute.maintenance else "Muted"
    until = f"{mute.ends_at.astimezone(awake.zone if awake else UTC):%a %d %b %H:%M %Z}"
    held_back = "1 alert was held" if many == 1 else f"{many or 'no'} alerts were held"
    of = ", ".join(filter(None, (mute.rule, mute.subject)))
    return f"{what} until {until}: {held_back}{f' ({of})' if of else ''}. {mute.by}: {mute.reason}"


def _awake(bridge: Bridge, team: Team) -> Hours | None:
    """When the team may be interrupted; None for always."""
    return bridge.settings.calendars.get(team.awake) if team.awake else None
