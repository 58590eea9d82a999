"""All the parts of the pages. A new one is a line here, and in the navigation."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from bridge.web.pages import inbox

PARTS: tuple[Callable[[], Blueprint], ...] = (inbox.blueprint,)
"""Each makes a blueprint. Sign-in, form tokens and headers stand before its views; it says itself who may see it."""
