"""The HTTP side of the SurveyMonkey stand-in: one response, and the survey it belongs to.

Errors as in https://github.com/SurveyMonkey/public_api_docs (includes/_overview.md, Error Codes).
"""

from __future__ import annotations

from flask import Flask, request
from werkzeug.exceptions import HTTPException, NotFound

from bridge.sandbox.surveys.surveymonkey import SURVEY, SurveyMonkey, details
from bridge.sandbox.wire import Json

ERRORS = {
    1010: (401, "Authorization Error", "The authorization token was not provided."),
    1011: (401, "Authorization Error", "The authorization token provided was invalid."),
    1020: (404, "Resource Not Found", "There was an error retrieving the requested resource."),
    1040: (429, "Rate Limit Reached", "Too many requests were made, try again later."),
    1050: (500, "Internal Server Error", "Oh bananas! We couldn't process your request."),
    1051: (503, "Internal Server Error", "Service unreachable. Please try again later."),
}
"""Status, name and message of each error code."""


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def problem(code: int) -> Json:
    """The body of an error. Raises KeyError for a code that is not in ERRORS."""
    status, name, message = ERRORS[code]
    return {
        "error": {
            "docs": "https://developer.surveymonkey.com/api/v3/#error-codes",
            "message": message,
            "id": str(code),
            "name": name,
            "http_status_code": status,
        }
    }


def create_app(account: SurveyMonkey) -> Flask:
    """The account's API."""
    app = Flask("sandbox.surveymonkey", static_folder=None, template_folder=None)

    @app.before_request
    def authenticate() -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _Refused(1010)
        if token not in account.tokens:
            raise _Refused(1011)

    @app.get("/v3/surveys/<survey>/responses/<response>/details")
    def response_details(survey: str, response: str) -> Json:
        found = account.find(survey, response)
        if found is None:
            raise NotFound
        here = f"{request.root_url}v3/surveys/{survey}/responses/{response}"
        return {"href": here, **found}

    @app.get("/v3/surveys/<survey>/details")
    def survey_details(survey: str) -> Json:
        if survey != SURVEY:
            raise NotFound
        return {"href": f"{request.root_url}v3/surveys/{survey}", **details()}

    @app.errorhandler(_Refused)
    def refused(error: _Refused) -> tuple[Json, int]:
        return problem(error.code), ERRORS[error.code][0]

    @app.errorhandler(HTTPException)
    def unknown(_: HTTPException) -> tuple[Json, int]:
        return problem(1020), 404

    return app
