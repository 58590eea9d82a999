"""Where a Zendesk account is, and the tokens that its OAuth clients are given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import requests

from bridge.domain.model import ConfigError, Undeliverable
from connectors.desks.zendesk_shapes import Minted, decode
from connectors.http import Refused, redact, transport, usable, verdict
from connectors.plain import plain

_LIFETIME = 1800  # seconds that a token lives unless said otherwise; Zendesk's default


@dataclass(frozen=True, kw_only=True)
class Token:
    """An OAuth access token, and for how many seconds it is good."""

    access_token: str = field(repr=False)
    expires_in: int


def host(subdomain: str) -> str:
    """The account's address: what `base_urls` of a session maps to a sandbox. Raises ConfigError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", subdomain):
        raise ConfigError(
            f"{plain(subdomain, 80)!r} is no Zendesk subdomain; write acme for https://acme.zendesk.com"
        )
    return f"https://{subdomain}.zendesk.com"


def mint(
    http: requests.Session,
    subdomain: str,
    client_id: str,
    client_secret: str,
    scope: str = "read write",
) -> Token:
    """A fresh token by the client credentials of a confidential OAuth client. Raises Undeliverable.

    `http` is a session of `connectors.http`. Zendesk gives the audits, and so a ticket's history, to the
    global scope "read" only (api-reference/ticketing/tickets/ticket_audits): finer scopes won't do.
    Source: developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens. The older
    /api/v2/oauth/tokens speaks another format, needs a token already, and is on its way out: no fallback to it.
    """
    asked = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": scope,
    }
    who = f"the token service of {subdomain}.zendesk.com"
    try:
        body = http.post(f"{host(subdomain)}/oauth/tokens", json=asked).content
    except Refused as refused:
        why = redact(refused.said, [client_secret])
        failure = verdict(refused.status, refused.headers, why, who=who)
        if failure and failure.retry_after:
            raise failure from None
        hint = "check the client's identifier, its secret and its scopes"
        raise Undeliverable(f"{failure}; {hint}", wide=True) from None
    except requests.RequestException as error:
        raise transport(error, who=who) from None
    found = decode(body, Minted)
    if found is None or not usable(found.access_token):
        raise Undeliverable(f"{who} gave no token that can be used", wide=True)
    seconds = found.expires_in if found.expires_in and found.expires_in > 0 else _LIFETIME
    return Token(access_token=found.access_token, expires_in=seconds)
