"""One incident alert gathers those of single cases: while it is live, they call nobody by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.hush import Hold
from bridge.domain.model import Alert
from bridge.store import deliveries, incidents, signals
from bridge.work.bridge import Bridge
from bridge.work.queue import wake_deliveries

LOOKED_AT_AGAIN = timedelta(hours=1)
"""When a message that waits for the end of an incident is looked at again, should nobody have let go of it."""

PART_OF = "part of incident"


def gathered(
    bridge: Bridge, connection: Connection, row: deliveries.Row, alert: Alert
) -> Hold | None:
    """The incident that holds this delivery back; None for one that may go, or calls nobody.

    An alert of a ticket is part of it where the ticket counts for the topic that surges. What is as grave as
    `[quiet] unless` calls all the same. The note on the ticket is written in any case.
    """
    if not row.calls or alert.severity >= bridge.settings.quiet_unless:
        return None
    topics = signals.topics_of(connection, [alert.subject]).get(alert.subject)
    if not topics or not (ref := incidents.gathering(connection, topics)):
        return None
    return Hold(f"{PART_OF} {ref}", bridge.now() + LOOKED_AT_AGAIN)


def let_go(bridge: Bridge, connection: Connection, changed: Sequence[Alert]) -> int:
    """Look again at what incidents that are over held back; how many deliveries.

    Cases that are still troubled are told then, in a storm's summary where there are many; the others stay held.
    """
    over = [a for a in changed if not a.live and a.subject.startswith(("topic:", "team:"))]
    now, many = bridge.now(), 0
    for alert in over:
        free = incidents.release(connection, f"{PART_OF} {alert.ref}", now)
        wake_deliveries(connection, free)
        many += len(free)
    return many
