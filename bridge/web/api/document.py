"""`/api/openapi.json`: the OpenAPI 3.1 document, made from the declarations; `/api/docs` to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from inspect import cleandoc
from typing import Any

import msgspec
from flask import Blueprint, Response, abort, render_template, request
from msgspec import Struct
from msgspec.structs import fields

from bridge.web.api.endpoints import ROOT, Endpoint, Guarded, Once
from bridge.web.api.problems import TYPE, Kind, ProblemDetails
from bridge.web.api.reading import say
from bridge.web.api.sending import etag
from bridge.web.pages.assets import address

ALWAYS = (Kind.INVALID, Kind.NO_KEY, Kind.NOT_ALLOWED, Kind.TOO_LARGE, Kind.TOO_MANY)
"""What every operation may be answered; and what is nobody's fault."""

OURS = (Kind.FAULT, Kind.AWAY)

_REF = "#/components/schemas/{name}"
_HOUR = "public, max-age=3600"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ETag": (
        "What tells this answer from others; for If-None-Match, and If-Match.",
        {"type": "string"},
    ),
    "Idempotent-Replayed": (
        "`true` where the answer is that of an earlier request.",
        {"type": "string"},
    ),
    "RateLimit": (
        "How many requests are left (r), and in how many seconds all are (t).",
        {"type": "string"},
    ),
    "RateLimit-Policy": (
        "How many requests (q) a key has in how many seconds (w).",
        {"type": "string"},
    ),
    "Retry-After": ("Seconds to wait.", {"type": "string", "pattern": "^[0-9]+$"}),
    "WWW-Authenticate": ("How to prove who asks.", {"type": "string"}),
}
_WITH = {
    Kind.NO_KEY: ("WWW-Authenticate",),
    Kind.UNDER_WAY: ("Retry-After",),
    Kind.TOO_MANY: ("Retry-After",),
    Kind.AWAY: ("Retry-After",),
}
INTRODUCTION = """
What managers and admins see on the pages, for programs.

Each request carries a key: `Authorization: Bearer ab_…`. Admins make keys at `/admin/keys`, or by `bridge keys create`.
A key has a role, scopes and teams: it sees and does what a person of that role in those teams would, and of that only
what its scopes name.

Lists come in pages: send `next` as `cursor`, with the same filters, for the page after. Times are in UTC. Errors are
problems as RFC 9457 has them.
"""


def documents(endpoints: Sequence[Endpoint]) -> Blueprint:
    """The document, the page to read it, and what each kind of problem means."""
    routes = Blueprint("api_documents", __name__)

    @cache
    def written() -> tuple[bytes, str]:
        """The document and its tag, made when somebody asks for the first time."""
        body = msgspec.json.encode(document(endpoints))
        return body, etag(body)

    kinds = {kind.slug: kind for kind in Kind}

    @routes.get("/api/openapi.json")
    def openapi() -> Response:
        body, tag = written()
        answer = Response(body, content_type="application/json")
        answer.headers["ETag"] = tag
        answer.headers["Cache-Control"] = _HOUR
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer.make_conditional(request.environ)  # type: ignore[return-value]

    @routes.get("/api/docs")
    def docs() -> Response:
        return _page(render_template("api/docs.html", asset=address))

    @routes.get("/api/problems/<slug>")
    def problem(slug: str) -> Response:
        if slug not in kinds:
            abort(404)
        return _page(render_template("api/problem.html", asset=address, kind=kinds[slug]))

    return routes


def _page(html: str) -> Response:
    answer = Response(html)
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.at, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Alert Bridge",
            "version": "1",
            "summary": "Alerts on support cases that go wrong, and what is done about them.",
            "description": INTRODUCTION.strip(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ROOT}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, endpoints))],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key: ab_…"}
            },
            "schemas": _schemas(endpoints),
            "headers": {
                name: {"description": words, "schema": schema}
                for name, (words, schema) in _HEADERS.items()
            },
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    types: list[type[Struct]] = [ProblemDetails]
    for endpoint in endpoints:
        types += [endpoint.answer, *([endpoint.body] if endpoint.body else [])]
    _, found = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=_REF)
    return found


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    first, _, rest = cleandoc(endpoint.does.__doc__ or "").partition("\n")
    told: dict[str, Any] = {
        "operationId": endpoint.called,
        "tags": [_tag(endpoint)],
        "summary": first.rstrip("."),
        "description": _words(endpoint, rest.strip()),
        "security": [{"key": [endpoint.scope.value] if endpoint.scope else []}],
        "parameters": [
            *_parameters(endpoint.path, "path"),
            *_parameters(endpoint.query, "query"),
            *_parameters(endpoint.headers, "header"),
        ],
        "responses": dict(_responses(endpoint)),
    }
    if endpoint.body is not None:
        told["requestBody"] = {
            "required": not endpoint.takes_none,
            "content": {"application/json": {"schema": _schema(endpoint.body)}},
        }
    return told


def _words(endpoint: Endpoint, more: str) -> str:
    scope = f"the scope `{endpoint.scope.value}`" if endpoint.scope else "any key"
    role = f" and the role {endpoint.role.value}" if endpoint.role.rank else ""
    return "\n\n".join(part for part in (more, f"Takes {scope}{role}.") if part)


def _parameters(given: type[Struct], place: str) -> Iterator[dict[str, Any]]:
    for one in fields(given):
        name = one.encode_name
        schema = _schema(one.type)
        words = say(one) or schema.get("description", "")
        schema.pop("description", None)
        if "anyOf" in schema:  # what is left out is null, which can't be said in an address
            [schema] = [part for part in schema["anyOf"] if part.get("type") != "null"]
            schema.pop("description", None)
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
        if not one.required and one.default not in (None, ""):
            schema["default"] = one.default
        yield {
            "name": name.replace("_", "-").title() if place == "header" else name,
            "in": place,
            "required": one.required,
            "description": words,
            "schema": schema,
        }


def _responses(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, Any]]]:
    usual = ["RateLimit", "RateLimit-Policy"]
    tagged = [] if endpoint.method == "POST" else ["ETag"]
    replayed = ["Idempotent-Replayed"] if endpoint.headers is Once else []
    for status in endpoint.statuses:
        yield (
            str(status),
            {
                "description": {200: "Done.", 201: "Added."}[status],
                "headers": _headers(*tagged, *replayed, *usual),
                "content": {"application/json": {"schema": _schema(endpoint.answer)}},
            },
        )
    if not endpoint.changes:
        yield "304", {"description": "Nothing has changed.", "headers": _headers("ETag", *usual)}
    by_status: dict[int, list[Kind]] = {}
    for kind in _kinds(endpoint):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        more = [name for kind in kinds for name in _WITH.get(kind, ())]
        yield (
            str(status),
            {
                "description": "; or: ".join(f"{kind.title} (`{kind.slug}`)" for kind in kinds)
                + ".",
                "headers": _headers(*dict.fromkeys(more)),
                "content": {TYPE: {"schema": _schema(ProblemDetails)}},
            },
        )


def _kinds(endpoint: Endpoint) -> list[Kind]:
    found = [*ALWAYS, *OURS, *endpoint.problems]
    if fields(endpoint.path):
        found.append(Kind.NOT_FOUND)
    if endpoint.body is not None:
        found.append(Kind.NO_JSON)
    if endpoint.headers is Once:
        found += [Kind.REFUSED, Kind.UNDER_WAY, Kind.USED]
    if endpoint.headers is Guarded:
        found += [Kind.CHANGED, Kind.NO_MATCH]
    return list(dict.fromkeys(found))


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _schema(kind: Any) -> dict[str, Any]:
    [schema], _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return dict(schema)


def _tag(endpoint: Endpoint) -> str:
    return endpoint.at.split("/")[1]
