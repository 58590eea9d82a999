"""The tables. Migrations make them; `tests/store/test_schema.py` says that both agree."""

from __future__ import annotations

from bridge.store.schema.access import (
    api_keys,
    api_rates,
    audit,
    endpoints,
    idempotency,
    login_links,
    login_tries,
    notices,
    sessions,
    users,
)
from bridge.store.schema.columns import metadata
from bridge.store.schema.incoming import (
    answers,
    deadlines,
    errands,
    events,
    inbox,
    ratings,
    tickets,
)
from bridge.store.schema.learning import (
    accounts,
    counts,
    shadows,
    signals,
    wordings,
)
from bridge.store.schema.outgoing import (
    alert_timers,
    alerts,
    deliveries,
    mutes,
    own_writes,
    silenced,
    storms,
    story,
)
from bridge.store.schema.roster import absences, members, people, team_groups, teams
from bridge.store.schema.running import bookmarks, budgets, pulse, tokens

__all__ = [
    "absences",
    "accounts",
    "alert_timers",
    "alerts",
    "answers",
    "api_keys",
    "api_rates",
    "audit",
    "bookmarks",
    "budgets",
    "counts",
    "deadlines",
    "deliveries",
    "endpoints",
    "errands",
    "events",
    "idempotency",
    "inbox",
    "login_links",
    "login_tries",
    "members",
    "metadata",
    "mutes",
    "notices",
    "own_writes",
    "people",
    "pulse",
    "ratings",
    "sessions",
    "shadows",
    "signals",
    "silenced",
    "storms",
    "story",
    "team_groups",
    "teams",
    "tickets",
    "tokens",
    "users",
    "wordings",
]
