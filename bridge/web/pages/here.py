"""Who looks at a page, and what every page needs: the application, the time, and a note in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import abort, current_app, g
from sqlalchemy import Connection

from bridge.domain.viewing import Role, Viewer
from bridge.store import audit
from bridge.work.bridge import Bridge

P = ParamSpec("P")
R = TypeVar("R")

KEY = "alert-bridge"
"""Where the application holds its `Bridge`, in `app.extensions`."""


def bridge() -> Bridge:
    """The application's own."""
    return cast("Bridge", current_app.extensions[KEY])


def viewer() -> Viewer:
    """Who looks. Every page but those marked `public` has one."""
    return cast("Viewer", g.viewer)


def signed_in() -> bool:
    """Whether anybody is signed in: on public pages there may be nobody."""
    return g.get("viewer") is not None


def needs(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For a view that people of this role, or of one that may do more, may see; others are told that they may not."""

    def guarded(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            require(role)
            return view(*args, **kwargs)

        return checked

    return guarded


def require(role: Role) -> None:
    """Answer 403 unless they are of this role, or of one that may do more."""
    if not viewer().may(role):
        abort(403)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """For a view that nobody has to be signed in for."""
    view.public = True  # type: ignore[attr-defined]
    return view


def note(
    connection: Connection,
    what: str,
    object: str,  # noqa: A002 - it is one
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    """Write into the audit log what the viewer has changed, in the same transaction; see `store.audit`."""
    who = viewer().who
    audit.write(
        connection,
        bridge().now(),
        who=who.email or str(who),
        via="page",
        what=what,
        object=object,
        before=before,
        after=after,
    )
