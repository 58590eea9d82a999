"""`/sms/<marker>`: Twilio tells what became of a text message.

Signed in `X-Twilio-Signature` over the address and the form (twilio.com/docs/usage/security). Callbacks may overtake
each other; which status counts is the store's to say (twilio.com/docs/messaging/guides/track-outbound-message-status).
"""

from __future__ import annotations

import re

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from twilio.request_validator import RequestValidator

from bridge.store import deliveries
from bridge.work.bridge import Bridge

STATUSES = frozenset({"queued", "sent", "delivered", "undelivered", "failed"})
"""What is kept; the others (accepted, sending, read...) say nothing that matters to us."""

_CODE = re.compile(r"\d{5}", re.ASCII)
_MOST_FIELDS = 100

log = structlog.get_logger()


def sms(bridge: Bridge) -> Blueprint:
    """The route; only where text messages are configured. Raises ConfigError if the auth token isn't set."""
    routes = Blueprint("sms", __name__)
    setting = bridge.settings.sms
    if setting is None:
        return routes
    validator = RequestValidator(bridge.settings.secret(setting.token))
    base = bridge.settings.public_url

    @routes.post("/sms/<marker>")
    def told(marker: str) -> Response:
        form = request.form
        given = request.headers.get("X-Twilio-Signature", "")
        called = _called(base)
        if len(form) > _MOST_FIELDS or not validator.validate(called, form, given):
            log.warning("refused", source="sms")
            return _say(403, "not accepted: the signature does not match")
        status = form.get("MessageStatus", "")
        code = form.get("ErrorCode", "")
        if status in STATUSES:
            code = code if _CODE.fullmatch(code) else ""
            try:
                with bridge.engine.begin() as connection:
                    deliveries.reported(connection, marker, status, code)
            except SQLAlchemyError as error:
                log.error("not kept", kind=type(error).__name__)
                return _say(503, "not kept; send it again")
        return Response(status=204)

    return routes


def _called(public_url: str) -> str:
    """The address as Twilio called it: the public one, whatever proxies made of it."""
    base = public_url or f"{request.scheme}://{request.host}"
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return f"{base}{request.path}{query}"


def _say(status: int, words: str) -> Response:
    return Response(words + "\n", status, content_type="text/plain; charset=utf-8")
