"""Whether there is anything to do at a moment: one question to the database, whatever its size."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

# The first of each is asked for in order, and not EXISTS, for which a plan that is kept may read a whole table.
_ANYTHING = text("""
    SELECT COALESCE(
        (SELECT true FROM deadlines WHERE due_at <= :now ORDER BY due_at LIMIT 1),
        (SELECT true FROM alert_timers WHERE due_at <= :now ORDER BY due_at LIMIT 1),
        (SELECT true FROM errands WHERE not_before <= :now ORDER BY not_before LIMIT 1),
        (SELECT true FROM signals WHERE NOT counted ORDER BY id LIMIT 1),
        (SELECT true FROM deliveries WHERE state = 'waiting' AND not_before <= :now
         ORDER BY not_before LIMIT 1),
        (SELECT true FROM deliveries WHERE state = 'sending' AND tried_at < :cut_off
         ORDER BY tried_at LIMIT 1),
        (SELECT true FROM notices WHERE state = 'sending' AND tried_at < :cut_off
         ORDER BY tried_at LIMIT 1),
        (SELECT true FROM endpoints AS e WHERE enabled AND (paused_until IS NULL OR paused_until <= :now)
         AND (SELECT true FROM notices AS n WHERE n.endpoint = e.id AND state = 'waiting' AND not_before <= :now
              ORDER BY endpoint, not_before LIMIT 1) LIMIT 1),
        (SELECT received_at FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT 1) < :left
            OR (SELECT received_at FROM events WHERE NOT judged ORDER BY id LIMIT 1) < :left,
        false)
""")


def anything(connection: Connection, now: datetime, *, left: datetime, cut_off: datetime) -> bool:
    """Whether a timer, an errand, a delivery or a webhook to others is due at `now`, a signal waits to be counted, or
    something was left behind.

    That is what was to be sent, and whose attempt began before `cut_off`; a webhook or an event that has waited since
    before `left`.
    """
    found = connection.execute(_ANYTHING, {"now": now, "left": left, "cut_off": cut_off})
    return bool(found.scalar())
