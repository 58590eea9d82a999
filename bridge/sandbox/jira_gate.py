"""Who may call the Jira stand-in and how often: tokens, rate limits, and refusals as answers."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from bridge.sandbox.jira import Jira
from bridge.sandbox.jira_records import Grant, Issue, Refused
from bridge.sandbox.wire import Allowance, Json, iso

_QUOTA = Allowance(granted=False, limit=65_000, remaining=0, seconds=1847)


class TooMany(Exception):
    """A rate limit is used up; `reason` tells the caller which."""

    def __init__(self, reason: str, allowance: Allowance) -> None:
        super().__init__(reason, allowance)
        self.reason = reason
        self.allowance = allowance


def visible(jira: Jira, issue: str) -> Issue:
    """An issue that the caller may see. Raises Refused (404)."""
    if "BROWSE_PROJECTS" not in g.permissions:
        raise Refused.missing()
    return jira.show(issue)


def root() -> str:
    """The site's address as the caller knows it."""
    return request.url_root.rstrip("/")


def body_of() -> Json:
    """The JSON object that was sent. Raises Refused (400)."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused.because(400, "Invalid request payload. Refer to the REST API documentation.")
    return body


def spend_write(jira: Jira, issue: Issue) -> None:
    """Count a write to an issue. Raises TooMany when there were too many lately."""
    for limit in jira.issue_limits:
        allowance = limit.take(issue.id)
        if not allowance.granted:
            raise TooMany("jira-per-issue-on-write", allowance)


def guard(app: Flask, jira: Jira) -> None:
    """Count, authenticate and limit every call; turn refusals into answers."""

    @app.before_request
    def admit() -> Response | None:
        rule = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(request.url_rule or request.path))
        jira.calls[request.method, rule] += 1
        grant = _grant(jira)
        if grant is None and not request.path.endswith("/serverInfo"):
            return _unauthenticated(jira)
        if jira.quota_spent:
            raise TooMany("jira-quota-tenant-based", _QUOTA)
        bucket = jira.bursts.get(request.method)
        if bucket is not None:
            g.allowance = bucket.take(rule)
            if not g.allowance.granted:
                raise TooMany("jira-burst-based", g.allowance)
        g.user = grant.user if grant else None
        g.permissions = grant.permissions if grant else frozenset()
        return None

    @app.after_request
    def tell(response: Response) -> Response:
        allowance: Allowance | None = g.get("allowance")
        if allowance:
            near = allowance.remaining < allowance.limit / 5
            response.headers.setdefault("X-RateLimit-Limit", str(allowance.limit))
            response.headers.setdefault("X-RateLimit-Remaining", str(allowance.remaining))
            response.headers.setdefault("X-RateLimit-NearLimit", str(near).lower())
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Json, int]:
        return error.body, error.status

    @app.errorhandler(TooMany)
    def too_many(error: TooMany) -> Response:
        allowance = error.allowance
        response = jsonify(errorMessages=["Rate limit exceeded."], errors={})
        response.status_code = 429
        response.headers["Retry-After"] = str(allowance.seconds)
        response.headers["RateLimit-Reason"] = error.reason
        response.headers["X-RateLimit-Limit"] = str(allowance.limit)
        response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
        until = jira.now() + timedelta(seconds=allowance.seconds)
        response.headers["X-RateLimit-Reset"] = iso(until)
        return response

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        """Outside of what is known, Jira answers with a page for people."""
        text = f"<html><head><title>{error.name}</title></head></html>"
        return Response(text, error.code or 500, content_type="text/html;charset=UTF-8")

    @app.errorhandler(ValueError)
    def not_a_number(_error: ValueError) -> tuple[Json, int]:
        return {"errorMessages": ["A parameter is not a number."], "errors": {}}, 400


def _grant(jira: Jira) -> Grant | None:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return jira.grants.get(given)
    if kind.lower() != "basic":
        return None
    try:
        email, _, token = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return None
    grant = jira.grants.get(token)
    return grant if grant and grant.user.email.lower() == email.lower() else None


def _unauthenticated(jira: Jira) -> Response:
    """401: plain text when credentials were wrong, JSON when there were none."""
    words = "Client must be authenticated to access this resource."
    if "Authorization" in request.headers:
        response = Response(words, 401, content_type="text/plain;charset=UTF-8")
        response.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
    else:
        response = jsonify({"message": words, "status-code": 401})
        response.status_code = 401
    response.headers["WWW-Authenticate"] = f'OAuth realm="{jira.host}"'
    return response
