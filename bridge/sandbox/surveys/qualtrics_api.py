"""The HTTP side of the Qualtrics stand-in: one response.

https://api.qualtrics.com; the codes of its errors are unconfirmed.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from uuid import UUID

from flask import Flask, request
from werkzeug.exceptions import HTTPException, NotFound

from bridge.sandbox.surveys.qualtrics import Qualtrics
from bridge.sandbox.wire import Json


class _Stranger(Exception):
    """The token is unknown."""


def problem(status: int, message: str, code: str) -> Json:
    """The body of an error."""
    error = {"errorMessage": message, "errorCode": code}
    return {"meta": {**_meta(status), "error": error}}


def create_app(brand: Qualtrics) -> Flask:
    """The brand's API."""
    app = Flask("sandbox.qualtrics", static_folder=None, template_folder=None)

    @app.before_request
    def authenticate() -> None:
        if request.headers.get("X-API-TOKEN", "") not in brand.tokens:
            raise _Stranger

    @app.get("/API/v3/surveys/<survey>/responses/<response>")
    def survey_response(survey: str, response: str) -> Json:
        found = brand.find(survey, response)
        if found is None:
            raise NotFound
        return {"result": found, "meta": {**_meta(200), "requestId": _request_id(request.path)}}

    @app.errorhandler(_Stranger)
    def stranger(_: _Stranger) -> tuple[Json, int]:
        return problem(401, "Unrecognized X-API-TOKEN.", "AUTH_6.0"), 401

    @app.errorhandler(HTTPException)
    def unknown(_: HTTPException) -> tuple[Json, int]:
        return problem(404, "The requested resource does not exist.", "NF_1"), 404

    return app


def _meta(status: int) -> Json:
    return {"httpStatus": f"{status} - {HTTPStatus(status).phrase}"}


def _request_id(path: str) -> str:
    return str(UUID(bytes=hashlib.sha256(path.encode()).digest()[:16], version=4))
