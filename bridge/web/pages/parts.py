"""All the parts of the pages. A new one is a line here, and in the navigation."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from bridge.web.pages import alert, inbox, insight
from bridge.web.pages.admin import (
    accounts,
    audit,
    deliveries,
    endpoints,
    keys,
    people,
    policy,
    sources,
    teams,
    users,
    webhooks,
)

PARTS: tuple[Callable[[], Blueprint], ...] = (
    inbox.blueprint,
    alert.blueprint,
    insight.blueprint,
    users.blueprint,
    endpoints.blueprint,
    keys.blueprint,
    teams.blueprint,
    people.blueprint,
    accounts.blueprint,
    policy.blueprint,
    sources.blueprint,
    deliveries.blueprint,
    webhooks.blueprint,
    audit.blueprint,
)
"""Each makes a blueprint. Sign-in, form tokens and headers stand before its views; it says itself who may see it."""
