"""What people did about alerts that has come in, and is not judged yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, cast, func, select

from bridge.domain.model import Pressed
from bridge.store.schema import events

_decode: Any = msgspec.json.Decoder(Pressed).decode


def under_way(connection: Connection, subjects: Collection[str]) -> dict[str, list[Pressed]]:
    """What people did about alerts of these subjects, by the alerts' references, in order. Costs what waits."""
    found: dict[str, list[Pressed]] = defaultdict(list)
    if not subjects:
        return found
    query = (
        select(cast(events.c.body, Text))
        .where(
            ~events.c.judged,
            events.c.subject == func.any(list(subjects)),
            events.c.body["kind"].astext == "pressed",
        )
        .order_by(events.c.at, events.c.id)
    )
    for body in connection.execute(query).scalars():
        pressed: Pressed = _decode(body)
        found[pressed.alert].append(pressed)
    return found
