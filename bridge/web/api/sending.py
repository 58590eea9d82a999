"""Answers as they are sent: JSON with an ETag, 304 where it is known already, problems as RFC 9457 has them."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from flask import Response, g, request
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as Busy
from werkzeug.exceptions import HTTPException

from bridge.web.api.endpoints import Answer, Endpoint
from bridge.web.api.problems import TYPE, Kind, Problem

_KINDS = {
    404: (Kind.NOT_FOUND, "there is nothing at this address"),
    405: (Kind.NO_METHOD, "this address does not know the method"),
    413: (Kind.TOO_LARGE, "the body is too large"),
}
AGAIN = "5"
"""Seconds to wait for a database that is away."""


def etag(body: bytes) -> str:
    """What tells this body from others."""
    return f'"{sha256(body).hexdigest()[:24]}"'


def sent(answer: Answer, endpoint: Endpoint) -> Response:
    """The answer to a request that was let in."""
    body = msgspec.json.encode(answer.body)
    kind = TYPE if answer.status >= 400 else "application/json"
    made = Response(body, answer.status, content_type=kind)
    made.headers.update(answer.headers or {})
    made.headers["Cache-Control"] = "no-store" if endpoint.changes else "private, no-cache"
    if answer.status < 400 and not (endpoint.changes and endpoint.method == "POST"):
        tag = etag(body)
        made.headers["ETag"] = tag
        known = request.headers.get("If-None-Match", "")
        if not endpoint.changes and _knows(known, tag):
            made.status_code = 304
            made.set_data(b"")
            del made.headers["Content-Type"]
    return made


def _knows(known: str, tag: str) -> bool:
    parts = {part.strip().removeprefix("W/") for part in known.split(",")}
    return tag in parts or "*" in parts


def headed(answer: Response) -> Response:
    """With what every answer to a key says."""
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Vary", "Authorization")
    if rate := g.get("rate"):
        many, left, full = rate
        answer.headers["RateLimit-Policy"] = f'"key";q={many};w=60'
        answer.headers["RateLimit"] = f'"key";r={left};t={full}'
    return answer


def of_http(error: HTTPException) -> Response:
    """What Werkzeug has to say, as a problem."""
    kind, detail = _KINDS.get(error.code or 500, (Kind.FAULT, "something went wrong on our side"))
    headers = {}
    if kind is Kind.NO_METHOD and (methods := getattr(error, "valid_methods", None)):
        headers["Allow"] = ", ".join(sorted(methods))
    if kind is Kind.FAULT and (error.code or 500) < 500:
        kind, detail = Kind.INVALID, "the request can't be read"
    return Problem(kind, detail, headers=headers).response()


def of_database(error: SQLAlchemyError) -> Response:
    """What the database has to say: what it can't keep is the request's fault, all else is not."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None) or ""
    if isinstance(error, DBAPIError) and (state.startswith("22") or _unfit(cause)):
        return Problem(Kind.INVALID, "it holds what can't be stored").response()
    if isinstance(error, OperationalError | Busy):
        away = "the database does not answer"
        return Problem(Kind.AWAY, away, headers={"Retry-After": AGAIN}).response()
    return Problem(Kind.FAULT, "something went wrong on our side").response()


def _unfit(cause: object) -> bool:
    return type(cause).__name__ == "DataError"
