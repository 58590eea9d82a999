"""The HTTP side of the Twilio stand-in: the Messages API, with basic authentication and form bodies; the account too.

Shapes follow Twilio's OpenAPI document (twilio_api_v2010), errors twilio.com/docs/api/errors: {code, message,
more_info, status}. What is sent is queued, and what became of it is told to `StatusCallback` or found by a look-up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, request

from bridge.sandbox.twilio import Twilio
from bridge.sandbox.twilio_account import ACCOUNT
from bridge.sandbox.twilio_account import create as create_account
from bridge.sandbox.twilio_messages import LONGEST, Sms
from bridge.sandbox.wire import Json

_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_PAGE = 50

_ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    21211: (400, "Invalid 'To' Phone Number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable number."),
    21608: (
        400,
        "The number is unverified. Trial accounts cannot send messages to unverified numbers",
    ),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and 'From'"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21701: (400, "The Messaging Service does not exist"),
}


class _Refusal(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def create_app(twilio: Twilio) -> Flask:
    """The API under `/2010-04-01`."""
    app = Flask(__name__)
    app.register_blueprint(create_account(twilio), url_prefix="/2010-04-01/Accounts")
    messages = "/2010-04-01/Accounts/<_account>/Messages"

    @app.before_request
    def authenticate() -> None:
        login = request.authorization
        if login is None or (login.username, login.password) != (twilio.account, twilio.token):
            raise _Refusal(20003)
        if (request.view_args or {}).get("_account", twilio.account) != twilio.account:
            raise _Refusal(20404)
        if twilio.status != "active" and request.endpoint != ACCOUNT:
            raise _Refusal(20003)

    @app.post(f"{messages}.json")
    def create(_account: str) -> tuple[Response, int]:
        form = request.form
        to, body = form.get("To", "").strip(), form.get("Body", "")
        service = form.get("MessagingServiceSid", "")
        sender = form.get("From", "") or (min(twilio.numbers) if service else "")
        with twilio.lock:
            for wrong, code in (
                (not to, 21604),
                (not _NUMBER.fullmatch(to), 21211),
                (service and service not in twilio.services, 21701),
                (not sender, 21603),
                (sender not in twilio.numbers - twilio.voice_only, 21606),
                (not body, 21602),
                (len(body) > LONGEST, 21617),
                (to in twilio.stopped, 21610),
            ):
                if wrong:
                    raise _Refusal(code)
            if to in twilio.refused:
                raise _Refusal(twilio.refused[to])
            message = twilio.take(to, sender, body, form.get("StatusCallback", ""), service)
        return jsonify(_shown(twilio, message) | {"status": "queued", "date_sent": None}), 201

    @app.get(f"{messages}.json")
    def find(_account: str) -> Response:
        asked = request.args
        size = int(asked.get("PageSize", _PAGE))
        page = int(asked.get("Page", 0))
        with twilio.lock:
            found = [
                one
                for one in reversed(twilio.messages)
                if asked.get("To", one.to) == one.to
                and asked.get("From", one.sender) == one.sender
                and _on(one.at, asked.get("DateSent"))
                and _since(asked.get("DateSent>")) <= one.at < _until(asked.get("DateSent<"))
            ]
        shown = found[page * size : (page + 1) * size]
        more = len(found) > (page + 1) * size
        following = urlencode({**asked.to_dict(), "PageSize": size, "Page": page + 1})
        return jsonify(
            {
                "messages": [_shown(twilio, one) for one in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(0, len(shown) - 1),
                "uri": request.full_path.rstrip("?"),
                "first_page_uri": f"{request.path}?PageSize={size}&Page=0",
                "next_page_uri": f"{request.path}?{following}" if more else None,
                "previous_page_uri": None,
            }
        )

    @app.get(f"{messages}/<sid>.json")
    def fetch(_account: str, sid: str) -> Response:
        with twilio.lock:
            for one in twilio.messages:
                if one.sid == sid:
                    return jsonify(_shown(twilio, one))
        raise _Refusal(20404)

    @app.errorhandler(_Refusal)
    def refused(refusal: _Refusal) -> tuple[Response, int]:
        status, words = _ERRORS[refusal.code]
        more = f"https://www.twilio.com/docs/errors/{refusal.code}"
        body = {"code": refusal.code, "message": words, "more_info": more, "status": status}
        return jsonify(body), status

    return app


def _shown(twilio: Twilio, message: Sms) -> Json:
    at = format_datetime(message.at.astimezone(UTC))
    uri = f"/2010-04-01/Accounts/{twilio.account}/Messages/{message.sid}"
    return {
        "account_sid": twilio.account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "direction": "outbound-api",
        "error_code": message.error,
        "error_message": None,
        "from": message.sender,
        "messaging_service_sid": message.service or None,
        "num_media": "0",
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def _day(text: str) -> datetime:
    """A moment, or the beginning of a day, in UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _on(at: datetime, day: str | None) -> bool:
    return day is None or _day(day) <= at < _day(day) + timedelta(days=1)


def _since(day: str | None) -> datetime:
    return _day(day) if day else datetime.min.replace(tzinfo=UTC)


def _until(day: str | None) -> datetime:
    return _day(day) if day else datetime.max.replace(tzinfo=UTC)
