"""What the helpdesk calls its agents, as far as we have read it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bridge.store.teams import persons


def names_of(connection: Connection, agents: Iterable[str]) -> dict[str, str]:
    """By "<desk>:<id>"; one that we never read, or that has no name, is missing."""
    wanted = {(desk, number) for desk, _, number in (one.partition(":") for one in agents)}
    found = persons(connection, {one for one in wanted if one[1]})
    return {f"{desk}:{number}": one.name for (desk, number), one in found.items() if one.name}
