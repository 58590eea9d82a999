"""The clocks of Zendesk's own service levels, as a ticket shows them beside itself (`include=slas`).

Shape: {"policy_metrics": [{"metric": "first_reply_time", "stage": "active", "breach_at": "2026-03-02T10:00:00Z"}]},
with the stages active, paused and achieved. All of it is unconfirmed: what looks otherwise is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.domain.model import VendorClock
from connectors.desks.zendesk_history import clean

GOALS: Mapping[str, str] = {
    "first_reply_time": "first_response",
    "next_reply_time": "next_reply",
    "periodic_update_time": "periodic_update",
    "pausable_update_time": "periodic_update",
    "requester_wait_time": "requester_wait",
    "agent_work_time": "agent_work",
    "resolution_time": "resolution",
    "total_resolution_time": "resolution",
}
"""Which goal of ours a metric of Zendesk's is."""

_STOPPED = {"achieved", "fulfilled"}


def clocks(slas: Any) -> tuple[VendorClock, ...] | None:
    """The clocks that run or are paused; None where the ticket doesn't say. Never raises."""
    metrics = slas.get("policy_metrics") if isinstance(slas, dict) else None
    if not isinstance(metrics, list):
        return None
    found = (_clock(metric) for metric in metrics)
    return tuple(clock for clock in found if clock)


def _clock(metric: Any) -> VendorClock | None:
    if not isinstance(metric, dict):
        return None
    name, stage, told = (metric.get(key) for key in ("metric", "stage", "breach_at"))
    if not (isinstance(name, str) and name and isinstance(stage, str)) or stage in _STOPPED:
        return None
    breach_at = _moment(told)
    if told is not None and breach_at is None:
        return None
    paused = stage == "paused" or breach_at is None
    return VendorClock(name=clean(name), paused=paused, breach_at=None if paused else breach_at)


def _moment(told: Any) -> datetime | None:
    if not isinstance(told, str):
        return None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
