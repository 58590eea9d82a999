"""What can go wrong, as RFC 9457 has it: each kind has an address that stays, a status, and a way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta, Struct

TYPE = "application/problem+json"
WHERE = "/api/problems/"


class Kind(Enum):
    """A kind of problem: its name in addresses, its status, what it is called, and what to do."""

    INVALID = (
        400,
        "invalid",
        "The request is not valid",
        "Look at `errors`: each names the field and the way out.",
    )
    NO_KEY = (
        401,
        "no-key",
        "No valid key",
        "Send `Authorization: Bearer ab_…` with a key that has not ended.",
    )
    NOT_ALLOWED = (
        403,
        "not-allowed",
        "Not allowed",
        "Use a key whose role and scopes allow it; `GET me` tells what yours may.",
    )
    NOT_FOUND = (
        404,
        "not-found",
        "Not found",
        "Look at the address. What a key may not see is not found either.",
    )
    NO_METHOD = (405, "no-method", "No such method", "`Allow` names the methods of this address.")
    REFUSED = (
        409,
        "refused",
        "Its state does not allow it",
        "Read it again, and look at what can be done about it.",
    )
    UNDER_WAY = (
        409,
        "under-way",
        "It is under way",
        "Ask again after `Retry-After` seconds: the answer will be there.",
    )
    CHANGED = (
        412,
        "changed",
        "Somebody else changed it",
        "Read it again, and send its new `ETag` as `If-Match`.",
    )
    TOO_LARGE = (413, "too-large", "Too large", "Send less: a body has 64 kB at most.")
    NO_JSON = (415, "no-json", "Not JSON", "Send JSON, with `Content-Type: application/json`.")
    USED = (
        422,
        "key-used",
        "The Idempotency-Key was used for something else",
        "Choose a new one for each action.",
    )
    NO_MATCH = (
        428,
        "no-if-match",
        "If-Match is missing",
        "Read it first, and send its `ETag` as `If-Match`.",
    )
    TOO_MANY = (429, "too-many", "Too many requests", "Wait for `Retry-After` seconds.")
    FAULT = (500, "fault", "A fault of ours", "Try again; if it stays, report it.")
    AWAY = (503, "away", "The database is away", "Try again after `Retry-After` seconds.")

    def __init__(self, status: int, slug: str, title: str, way_out: str) -> None:
        self.status = status
        self.slug = slug
        self.title = title
        self.way_out = way_out

    @property
    def address(self) -> str:
        """The `type` of such a problem."""
        return WHERE + self.slug


class FieldError(Struct, frozen=True, kw_only=True):
    """What is wrong with one field, and the way out."""

    field: Annotated[str, Meta(description='Its name; "" for the body as a whole.')]
    place: Annotated[str, Meta(description="query, path, header or body")]
    detail: Annotated[str, Meta(description="What is wrong with it.")]
    fix: Annotated[str, Meta(description="The way out.")]


class ProblemDetails(Struct, frozen=True, kw_only=True):
    """Why there is no other answer: RFC 9457."""

    type: Annotated[
        str, Meta(description="Which kind of problem it is; leads to a page that says what to do.")
    ]
    title: str
    status: int
    detail: Annotated[str, Meta(description="What is wrong this time.")]
    fix: Annotated[str, Meta(description="The way out.")]
    errors: Annotated[tuple[FieldError, ...], Meta(description="One for each field that is wrong.")]


class Problem(Exception):
    """Ends a request. `headers` go with the answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The answer's body."""
        return msgspec.json.encode(
            ProblemDetails(
                type=self.kind.address,
                title=self.kind.title,
                status=self.kind.status,
                detail=self.detail,
                fix=self.kind.way_out,
                errors=self.errors,
            )
        )

    def response(self) -> Response:
        """The answer."""
        answer = Response(self.body(), self.kind.status, content_type=TYPE)
        answer.headers.update(self.headers)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def invalid(*errors: FieldError) -> Problem:
    """400: these fields are wrong."""
    told = "; ".join(f"{one.field or one.place}: {one.detail}" for one in errors)
    return Problem(Kind.INVALID, told, errors=errors)


def wrong(field: str, detail: str, fix: str, place: str = "body") -> FieldError:
    """One field's complaint."""
    return FieldError(field=field, place=place, detail=detail, fix=fix)
