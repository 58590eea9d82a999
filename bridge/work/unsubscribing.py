"""The link by which somebody has a team's digest sent to them no more. It is signed, and good for ever."""

from __future__ import annotations

from hashlib import sha256

from itsdangerous import BadSignature, URLSafeSerializer

from bridge.domain.model import BridgeError, ConfigError
from bridge.settings import Settings

SECRET = "BRIDGE_SECRET"  # noqa: S105 - the name of the variable
PATH = "/digest/unsubscribe"


class NotOurs(BridgeError):
    """The link was not made by us, or not with this secret."""


def link_to(settings: Settings, team: str, address: str) -> str:
    """The link for the one at this address; "" where there is no PUBLIC_URL to lead to, or no secret to sign with."""
    if not settings.public_url:
        return ""
    try:
        token = _signed(settings).dumps([team, address])
    except ConfigError:
        return ""
    return f"{settings.public_url}{PATH}/{token}/"


def read(settings: Settings, token: str) -> tuple[str, str]:
    """The team and the address in a link. Raises NotOurs, or ConfigError where there is no secret."""
    try:
        found = _signed(settings).loads(token)
    except BadSignature:
        raise NotOurs("no link of ours") from None
    match found:
        case [str(team), str(address)]:
            return team, address
    raise NotOurs("no link of ours")


def _signed(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(
        settings.secret(SECRET),
        salt="digest",
        signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"},
    )
