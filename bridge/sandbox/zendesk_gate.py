"""Who may call the Zendesk stand-in and how often: tokens, rate limits, and refusals as answers.

Sources: developer.zendesk.com/api-reference/introduction/rate-limits and documentation/
api-basics/authentication. The names of the endpoints' own limits in headers are unconfirmed for
all but ticket updates and incremental exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from bridge.sandbox.wire import Allowance, Json, Window
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_records import Refused

UPDATES = "zendesk-ratelimit-tickets-update"
EXPORTS = "zendesk-ratelimit-incremental-exports"
SEARCHES = "zendesk-ratelimit-search-export"


class TooMany(Exception):
    """A rate limit is used up."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(allowance)
        self.allowance = allowance


def spend(limit: Window, header: str) -> None:
    """Count a call to an endpoint with a limit of its own, which the answer tells in `header`.

    Raises TooMany.
    """
    allowance = limit.take()
    g.setdefault("own_limits", {})[header] = allowance
    if not allowance.granted:
        raise TooMany(allowance)


def spend_update(zendesk: Zendesk, ticket: int) -> None:
    """Count an update of a ticket, for the account and for the user on this ticket. Raises TooMany."""
    spend(zendesk.update_limit, UPDATES)
    allowance = zendesk.ticket_limit.take((ticket, g.user_id))
    if not allowance.granted:
        raise TooMany(allowance)


def admins_only(zendesk: Zendesk) -> None:
    """Raises Refused (403) when the caller isn't an admin."""
    if zendesk.users[g.user_id].role != "admin":
        raise Refused(403, _forbidden("You do not have access to this page"))


def guard(app: Flask, zendesk: Zendesk) -> None:
    """Count, authenticate and limit every call; turn refusals into answers."""

    @app.before_request
    def admit() -> tuple[Json, int] | None:
        rule = str(request.url_rule) if request.url_rule else request.path
        zendesk.calls[request.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)] += 1
        if not request.path.startswith("/api/"):
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = zendesk.grants.get(token) if kind.lower() == "bearer" else None
        if grant is None or (grant.expires_at is not None and grant.expires_at <= zendesk.now()):
            if request.path == "/api/v2/users/me":
                return None
            return {"error": "Couldn't authenticate you"}, 401
        if not _allowed(grant.scopes):
            return _forbidden("The token does not have the scope for this"), 403
        g.user_id, g.grant = grant.user_id, grant
        g.allowance = zendesk.account_limit.take()
        if not g.allowance.granted:
            raise TooMany(g.allowance)
        return None

    @app.after_request
    def tell(response: Response) -> Response:
        account: Allowance | None = g.get("allowance")
        if account:
            for name in ("X-Rate-Limit", "ratelimit-limit"):
                response.headers[name] = str(account.limit)
            for name in ("X-Rate-Limit-Remaining", "ratelimit-remaining"):
                response.headers[name] = str(account.remaining)
            response.headers["ratelimit-reset"] = str(account.seconds)
        own: dict[str, Allowance] = g.get("own_limits", {})
        for name, left in own.items():
            response.headers[name] = (
                f"total={left.limit}; remaining={left.remaining}; resets={left.seconds}"
            )
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Json, int]:
        return error.body, error.status

    @app.errorhandler(TooMany)
    def too_many(error: TooMany) -> Response:
        text = "Rate limit exceeded. Please wait before trying again."
        headers = {"Retry-After": str(error.allowance.seconds)}
        return Response(text, 429, headers, content_type="text/plain; charset=utf-8")

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> tuple[Response, int]:
        if error.code in {404, 405}:
            return jsonify(error="InvalidEndpoint", description="Not found"), 404
        return jsonify(error="BadRequest", description=error.description), error.code or 500


def without_json(app: Callable[..., Any]) -> Callable[..., Any]:
    """Paths may end in `.json` or not."""

    def stripped(environ: Json, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removesuffix(".json")
        return app(environ, start_response)

    return stripped


def _allowed(scopes: tuple[str, ...]) -> bool:
    verb = "read" if request.method == "GET" else "write"
    resource = request.path.split("/")[3]
    return bool({verb, f"{resource}:{verb}"} & set(scopes)) or request.path.endswith("/me")


def _forbidden(message: str) -> Json:
    return {"error": {"title": "Forbidden", "message": message}}
