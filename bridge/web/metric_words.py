"""What each figure of `/metrics` means, and by what it is divided."""

from __future__ import annotations

PREFIX = "bridge_"

COUNTED = {
    "build": "The release that answers",
    "webhooks": "Webhooks taken in, by the numbers given out: a repeat takes one as well",
    "events": "Events kept, by the numbers given out: a repeat takes one as well",
    "alerts": "Alerts opened",
    "deliveries": "Deliveries planned",
    "notices": "Webhooks to endpoints planned",
}
"""What only ever grows, and what release this is."""

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "database_up": ("Whether the database answers", ()),
    "database_size_bytes": ("Size of the database", ()),
    "measured_seconds": ("How long these figures took", ()),
    "clock_beat_age_seconds": ("Seconds since the clock was heard of; missing if it never was", ()),
    "workers": ("Workers heard of within a minute", ()),
    "queue_jobs": ("Jobs of the queue", ("task", "status")),
    "webhooks_last_hour": ("Webhooks taken in within an hour", ("source", "state")),
    "webhooks_waiting": ("Webhooks to be read", ()),
    "webhooks_oldest_waiting_seconds": ("How long the oldest of them has waited", ()),
    "webhooks_unreadable": ("Webhooks that can't be read", ()),
    "events_waiting": ("Events to be judged", ()),
    "events_oldest_waiting_seconds": ("How long the oldest of them has waited", ()),
    "alerts_live": ("Live alerts", ("team", "severity", "state")),
    "alerts_live_by_rule": ("Live alerts by reason; one may have several", ("rule",)),
    "alerts_overdue": ("Live alerts with a goal that is missed", ("team",)),
    "alerts_without_owner": ("Live alerts that nobody has", ("team",)),
    "alerts_opened_last_hour": ("Alerts opened within an hour", ("team", "severity")),
    "deliveries_last_hour": (
        "Deliveries planned within an hour, by how they are now",
        ("channel", "action", "state"),
    ),
    "deliveries_waiting": ("Deliveries that wait, for their time too", ("channel",)),
    "deliveries_due": ("Deliveries that might be sent now", ()),
    "deliveries_oldest_due_seconds": ("How long the oldest of them has been due", ()),
    "deliveries_failed": ("Deliveries that failed for good", ()),
    "delivery_lag_seconds": (
        "From planned to sent, of what was planned within an hour, waits included",
        ("channel", "quantile"),
    ),
    "timers": ("Timers set, 10000 at most are counted", ("of",)),
    "timers_due": ("Timers that should have rung", ("of",)),
    "timer_next_seconds": ("Seconds until the next timer is due", ("of",)),
    "errands_waiting": ("What is to be asked of vendors", ("task",)),
    "errands_overdue_seconds": ("How long the oldest of it has been due", ("task",)),
    "sweep_behind_seconds": ("How far a sweep or a poll is behind", ("task", "of")),
    "budget_left_ratio": ("What is left of a limit of a vendor's account", ("account", "limit")),
    "budget_refused": ("Calls held back for want of it, lately", ("account", "limit")),
    "notices_last_hour": ("Webhooks to endpoints planned within an hour", ("endpoint", "state")),
    "notices_waiting": ("Webhooks to endpoints that wait", ("endpoint",)),
    "notices_failed": ("Webhooks to endpoints that failed for good", ()),
    "endpoints": ("Endpoints", ("state",)),
}
"""What may go up and down: its meaning, and its labels."""
