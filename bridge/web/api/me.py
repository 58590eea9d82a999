"""`me`: what a key may."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from bridge.domain.viewing import Role
from bridge.store.keys import Scope
from bridge.web.api.endpoints import Answer, Call, Endpoint


class Me(Struct, frozen=True, kw_only=True):
    """The key that asks."""

    name: str
    hint: Annotated[str, Meta(description="Its first letters.")]
    role: Role
    scopes: tuple[Scope, ...]
    teams: Annotated[
        tuple[str, ...] | None,
        Meta(description="Whose alerts it sees, those below included; null for all."),
    ]
    created_at: datetime
    expires_at: Annotated[datetime | None, Meta(description="null for never")]


def get_me(call: Call) -> Answer:
    """What the key that asks may do."""
    key, teams = call.key, call.viewer.teams
    return Answer(
        body=Me(
            name=key.name,
            hint=key.hint,
            role=key.role,
            scopes=key.scopes,
            teams=None if teams is None else tuple(sorted(teams)),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


ENDPOINTS = (Endpoint(method="GET", at="/me", does=get_me, answer=Me),)
