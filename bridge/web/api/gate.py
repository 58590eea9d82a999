"""Who asks: a key in the Authorization header, and nothing else. No cookie is read here."""

from __future__ import annotations

from math import ceil

from flask import g, request

from bridge.domain.model import Member
from bridge.domain.viewing import Viewer, viewer
from bridge.store import keys, people
from bridge.store.keys import Key
from bridge.web.api.endpoints import Endpoint
from bridge.web.api.problems import Kind, Problem
from bridge.work.bridge import Bridge


def admitted(bridge: Bridge, endpoint: Endpoint) -> tuple[Key, Viewer]:
    """Whose key it is, and what they may see. Raises Problem without a good key, a request left, a scope, a role."""
    given = request.authorization
    token = given.token if given is not None and given.type == "bearer" else None
    if not token or not token.startswith(keys.BEGINS):
        raise _keyless("no key was sent", "")
    now, many = bridge.now(), bridge.settings.api.calls_per_minute
    with bridge.engine.begin() as connection:
        key = keys.used(connection, token, now)
        if key is None:
            raise _keyless("the key is not known, has expired, or was revoked", "invalid_token")
        spent = keys.spend(connection, key.id, many, now)
        roster = people.roster(connection, since=now)
    g.rate = (many, spent.left, ceil((many - spent.left) * 60 / many))
    if not spent.allowed:
        wait = max(ceil(spent.wait.total_seconds()), 1)
        raise Problem(
            Kind.TOO_MANY,
            f"this key may ask {many} times a minute",
            headers={"Retry-After": str(wait)},
        )
    who = Member(name=key.name)
    hides = bridge.redaction
    found = viewer(who, key.role, key.teams, roster, now, key=key.id, hides=hides)
    _allowed(endpoint, key, found)
    return key, found


def _allowed(endpoint: Endpoint, key: Key, asks: Viewer) -> None:
    if endpoint.scope is not None and endpoint.scope not in key.scopes:
        scope = endpoint.scope.value
        told = f'Bearer realm="alert-bridge", error="insufficient_scope", scope="{scope}"'
        raise Problem(
            Kind.NOT_ALLOWED, f"the key lacks the scope {scope}", headers={"WWW-Authenticate": told}
        )
    if not asks.may(endpoint.role):
        raise Problem(
            Kind.NOT_ALLOWED, f"the key's role is {key.role.value}: it takes {endpoint.role.value}"
        )


def _keyless(why: str, error: str) -> Problem:
    told = 'Bearer realm="alert-bridge"' + (f', error="{error}"' if error else "")
    return Problem(Kind.NO_KEY, why, headers={"WWW-Authenticate": told})
