"""What admins do with endpoints, from the page and from the command line: checked, and noted in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.domain.model import ConfigError
from bridge.domain.notice import KINDS
from bridge.store import endpoints, notices
from bridge.store.endpoints import Endpoint
from bridge.work.bridge import Bridge
from bridge.work.notices import disable
from bridge.work.publicly import Unreachable, target
from bridge.work.queue import wake_endpoints

LONGEST_URL = 2000
Note = Callable[..., None]
"""Writes into the audit log: what, of what, `before` and `after`."""


def add(
    bridge: Bridge,
    connection: Connection,
    url: str,
    *,
    words: str = "",
    changes: Sequence[str] = (),
    teams: Sequence[str] = (),
    by: str = "",
    note: Note,
) -> Endpoint:
    """Have an address called from now on. Raises ConfigError where it is none to call, or a change has no such name."""
    url = url.strip()
    if len(url) > LONGEST_URL:
        raise ConfigError(f"the address is longer than {LONGEST_URL} characters")
    try:
        target(url, bridge.settings.outgoing.allow)
    except Unreachable as error:
        raise ConfigError(str(error)) from error
    _known(bridge, connection, changes, teams)
    made = endpoints.add(
        connection, url, bridge.now(), note=words, changes=changes, teams=teams, by=by
    )
    note(connection, "endpoint added", _named(made), after=shown(made))
    return made


def change(
    bridge: Bridge,
    connection: Connection,
    endpoint: Endpoint,
    *,
    words: str,
    changes: Sequence[str],
    teams: Sequence[str],
    note: Note,
) -> None:
    """Call it about other things from now on. Raises ConfigError for a change or a team that there isn't."""
    _known(bridge, connection, changes, teams)
    endpoints.change(connection, endpoint.id, note=words, changes=changes, teams=teams)
    _noted(connection, "endpoint changed", endpoint, note)


def enable(connection: Connection, endpoint: Endpoint, note: Note) -> None:
    """Call it again."""
    endpoints.enable(connection, endpoint.id)
    _noted(connection, "endpoint enabled", endpoint, note)


def switch_off(connection: Connection, endpoint: Endpoint, note: Note) -> None:
    """Call it no more, until it is enabled."""
    disable(connection, endpoint.id)
    _noted(connection, "endpoint disabled", endpoint, note)


def rotate(connection: Connection, endpoint: Endpoint, now: datetime, note: Note) -> None:
    """Give it a new secret. The old one is signed with, too, for a day."""
    endpoints.rotate(connection, endpoint.id, now)
    note(connection, "endpoint given a new secret", _named(endpoint))


def remove(connection: Connection, endpoint: Endpoint, note: Note) -> None:
    """Delete it, with its webhooks."""
    endpoints.remove(connection, endpoint.id)
    note(connection, "endpoint removed", _named(endpoint), before=shown(endpoint))


def retry(
    connection: Connection,
    now: datetime,
    note: Note,
    *,
    of: int | None = None,
    ids: Sequence[int] = (),
) -> list[int]:
    """Have webhooks sent again that failed: those of an endpoint, or these; their numbers."""
    again = notices.retry(connection, now, endpoint=of, ids=ids)
    if again:
        wake_endpoints(connection, notices.due(connection, now))
        about = f"endpoint:{of}" if of is not None else "notices"
        note(
            connection, "notices retried", about, after={"notices": again[:100], "many": len(again)}
        )
    return again


def shown(endpoint: Endpoint) -> dict[str, Any]:
    """What of an endpoint stands in the audit log."""
    return {
        "url": endpoint.url,
        "note": endpoint.note,
        "changes": list(endpoint.changes),
        "teams": list(endpoint.teams),
        "enabled": endpoint.enabled,
    }


def _noted(connection: Connection, what: str, before: Endpoint, note: Note) -> None:
    after = endpoints.find(connection, before.id)
    note(connection, what, _named(before), before=shown(before), after=after and shown(after))


def _named(endpoint: Endpoint) -> str:
    return f"endpoint:{endpoint.id}"


def _known(
    bridge: Bridge, connection: Connection, changes: Sequence[str], teams: Sequence[str]
) -> None:
    for one in changes:
        if one not in KINDS:
            raise ConfigError(f"{one!r} is no change that is told; they are: {', '.join(KINDS)}")
    names = {team.name for team in bridge.teams(connection)}
    for one in teams:
        if one not in names:
            raise ConfigError(f"there is no team {one!r}: `bridge teams list`")
