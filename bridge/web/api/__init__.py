"""`/api/v1`: alerts, teams, deliveries and figures, for programs with a key.

Every operation is declared once, as an `Endpoint`: from it come the route, who may, how what is sent is read, and the
OpenAPI document. So nothing can be served that isn't documented, and nothing be forgotten at the door.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, Flask, Response, request
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bridge.web.api import actions, alerts, deliveries, me, metrics, sources, teams
from bridge.web.api.document import documents
from bridge.web.api.endpoints import ROOT, Call, Endpoint
from bridge.web.api.gate import admitted
from bridge.web.api.problems import Kind, Problem, invalid, wrong
from bridge.web.api.reading import convert, decode
from bridge.web.api.sending import headed, of_database, of_http, sent
from bridge.work.acting import Forbidden, Unseen
from bridge.work.bridge import Bridge
from bridge.work.telling import Unknown

MOST_BYTES = 64_000

ENDPOINTS: tuple[Endpoint, ...] = (
    *alerts.ENDPOINTS,
    *actions.ENDPOINTS,
    *teams.ENDPOINTS,
    *deliveries.ENDPOINTS,
    *sources.ENDPOINTS,
    *metrics.ENDPOINTS,
    *me.ENDPOINTS,
)
"""All operations."""

log = structlog.get_logger()


def add_api(app: Flask, bridge: Bridge) -> None:
    """Let the application serve the API, its document, and a page to read that."""
    routes = Blueprint("api", __name__, url_prefix=ROOT)
    for endpoint in ENDPOINTS:
        routes.add_url_rule(
            endpoint.rule,
            endpoint.called,
            _view(bridge, endpoint),
            methods=[endpoint.method],
            provide_automatic_options=False,
        )
    routes.after_request(headed)
    routes.register_error_handler(Problem, Problem.response)
    routes.register_error_handler(Unseen, _unseen)
    routes.register_error_handler(Unknown, _unseen)
    routes.register_error_handler(Forbidden, _forbidden)
    routes.register_error_handler(SQLAlchemyError, _database)
    app.register_blueprint(routes)
    app.register_blueprint(documents(ENDPOINTS))
    app.register_error_handler(HTTPException, _http)


def _view(bridge: Bridge, endpoint: Endpoint) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        key, viewer = admitted(bridge, endpoint)
        raw = _body()
        call = Call(
            bridge=bridge,
            key=key,
            viewer=viewer,
            path=convert(path, endpoint.path, "path"),
            query=convert(_query(), endpoint.query, "query"),
            body=_read(endpoint, raw),
            headers=_headers(endpoint),
            raw=raw,
            where=f"{request.method} {request.path}",
        )
        return sent(endpoint.does(call), endpoint)

    return view


def _query() -> dict[str, str]:
    """The parameters in the address. Raises Problem for one that is there twice."""
    given = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            fix = "Send it once."
            raise invalid(wrong(name[:100], "is there more than once", fix, "query"))
        given[name] = values[0]
    return given


def _headers(endpoint: Endpoint) -> dict[str, str]:
    """Those that the operation knows. Raises Problem for one that is malformed."""
    names = {name: name.replace("_", "-").title() for name in endpoint.headers.__struct_fields__}
    given = {name: request.headers[told] for name, told in names.items() if told in request.headers}
    found = convert(given, endpoint.headers, "header")
    return {names[name]: getattr(found, name) for name in given}


def _body() -> bytes:
    request.max_content_length = MOST_BYTES + 1
    raw = request.get_data(cache=False)
    if len(raw) > MOST_BYTES:  # sent in chunks, which Werkzeug cuts off in silence
        raise Problem(Kind.TOO_LARGE, "the body is too large")
    return raw


def _read(endpoint: Endpoint, raw: bytes) -> Struct | None:
    if endpoint.body is None:
        return None
    if not raw and endpoint.takes_none:
        return convert({}, endpoint.body, "body")
    if request.mimetype != "application/json":
        raise Problem(Kind.NO_JSON, f"the body is {request.mimetype or 'of no type'}")
    return decode(raw, endpoint.body)


def _unseen(_: Exception) -> Response:
    return Problem(Kind.NOT_FOUND, "there is none, or none that this key may see").response()


def _forbidden(error: Exception) -> Response:
    return Problem(Kind.NOT_ALLOWED, str(error)).response()


def _database(error: SQLAlchemyError) -> Response:
    log.error("not answered", kind=type(error).__name__)
    return of_database(error)


def _http(error: HTTPException) -> AnyResponse | HTTPException:
    """Outside the API, errors stay as they are."""
    return of_http(error) if request.path.startswith("/api/") else error
