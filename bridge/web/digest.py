"""`/digest/unsubscribe/<token>`: a team's digest by mail no more, for the one who was sent the link.

A GET changes nothing, for mail scanners follow links before people do. The button, and the one click of a mail program
(RFC 8058), are the same POST; the link is signed and stands for one address, so that it needs no session.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, make_response, render_template
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.model import ConfigError
from bridge.store import digests
from bridge.web.followup import HEADERS, STYLE
from bridge.work.bridge import Bridge
from bridge.work.unsubscribing import PATH, NotOurs, read

log = structlog.get_logger()


def digest(bridge: Bridge) -> Blueprint:
    """The routes of the page."""
    pages = Blueprint("digest", __name__, template_folder="templates")

    @pages.get(f"{PATH}/<token>/", strict_slashes=False)
    def show(token: str) -> Response:
        found = _opened(bridge, token)
        if isinstance(found, Response):
            return found
        team, address = found
        return _page(f"No more digests of {team}?", f"They go to {address}.", asks=True)

    @pages.post(f"{PATH}/<token>/", strict_slashes=False)
    def stop(token: str) -> Response:
        found = _opened(bridge, token)
        if isinstance(found, Response):
            return found
        team, address = found
        try:
            with bridge.engine.begin() as connection:
                digests.unsubscribe(connection, team, address, bridge.now())
        except SQLAlchemyError as error:
            log.error("not unsubscribed", kind=type(error).__name__)
            return _page("That did not work", "Please try again in a minute.", status=503)
        log.info("digest unsubscribed", team=team)
        told = "Whoever looks after Alert Bridge can have them sent again. You may close this page."
        return _page(f"No more digests of {team} go to {address}", told)

    return pages


def _opened(bridge: Bridge, token: str) -> tuple[str, str] | Response:
    """The team and the address that the link stands for, or a page that says why there are none."""
    try:
        return read(bridge.settings, token)
    except NotOurs:
        return _page("This link does not work", "Was it copied as a whole?", status=404)
    except ConfigError as error:
        log.error("no unsubscribing", why=str(error))
        return _page("This link does not work", "It can't be checked here.", status=404)


def _page(title: str, told: str, *, status: int = 200, asks: bool = False) -> Response:
    page = render_template(
        "unsubscribe.html",
        title=title,
        told=told,
        asks=asks,
        style=Markup(STYLE),  # noqa: S704 - our own file
    )
    made = make_response(page, status)
    made.headers.update(HEADERS)
    return made
