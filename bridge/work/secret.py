"""A secret of our own, and keys made from it: nothing that can be derived is kept."""

from __future__ import annotations

import hmac
from secrets import token_hex

from bridge.settings.sections import variable
from bridge.store import teams
from bridge.work.bridge import Bridge

SECRET = "BRIDGE_SECRET"  # noqa: S105 - the variable's name
OWN_SECRET = "pages"  # noqa: S105 - whose it is


def our_key(bridge: Bridge, purpose: str) -> bytes:
    """32 bytes for one purpose alone: made from BRIDGE_SECRET, else from a secret of our own in the database.

    Another BRIDGE_SECRET makes other keys.
    """
    given = variable(bridge.settings.env, SECRET)
    if not given:
        with bridge.engine.begin() as connection:
            given = teams.own_secret(connection, OWN_SECRET, token_hex(32))
    return hmac.digest(given.encode(), purpose.encode(), "sha256")
