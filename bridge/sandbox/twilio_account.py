"""The account of the Twilio stand-in, as it stands, and its numbers.

Shapes follow Twilio's OpenAPI document (twilio_api_v2010). A suspended account is told how it stands and nothing else;
that Twilio itself lets it ask is unconfirmed.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, jsonify, request

from bridge.sandbox.twilio import Twilio
from bridge.sandbox.wire import Json

ACCOUNT = "account.fetch"
"""The one endpoint that answers whatever the account's status."""

_PAGE = 50


def create(twilio: Twilio) -> Blueprint:
    """What lies below `/2010-04-01/Accounts`."""
    routes = Blueprint("account", __name__)

    @routes.get("/<_account>.json")
    def fetch(_account: str) -> Response:
        uri = f"/2010-04-01/Accounts/{twilio.account}"
        return jsonify(
            {
                "auth_token": twilio.token,
                "date_created": "Mon, 02 Nov 2026 08:00:00 +0000",
                "date_updated": "Mon, 02 Nov 2026 08:00:00 +0000",
                "friendly_name": "Acme",
                "owner_account_sid": twilio.account,
                "sid": twilio.account,
                "status": twilio.status,
                "subresource_uris": {"messages": f"{uri}/Messages.json"},
                "type": twilio.kind,
                "uri": f"{uri}.json",
            }
        )

    @routes.get("/<_account>/IncomingPhoneNumbers.json")
    def numbers(_account: str) -> Response:
        wanted = request.args.get("PhoneNumber", "")
        with twilio.lock:
            found = [_shown(twilio, one) for one in sorted(twilio.numbers) if wanted in one]
        return jsonify(
            {
                "incoming_phone_numbers": found,
                "page": 0,
                "page_size": _PAGE,
                "start": 0,
                "end": max(0, len(found) - 1),
                "uri": request.full_path.rstrip("?"),
                "first_page_uri": f"{request.path}?PageSize={_PAGE}&Page=0",
                "next_page_uri": None,
                "previous_page_uri": None,
            }
        )

    return routes


def _shown(twilio: Twilio, number: str) -> Json:
    sid = "PN" + hashlib.sha256(number.encode()).hexdigest()[:32]
    sends = number not in twilio.voice_only
    return {
        "account_sid": twilio.account,
        "capabilities": {"fax": False, "mms": False, "sms": sends, "voice": True},
        "friendly_name": number,
        "origin": "twilio",
        "phone_number": number,
        "sid": sid,
        "uri": f"/2010-04-01/Accounts/{twilio.account}/IncomingPhoneNumbers/{sid}.json",
    }
