"""A provider of OpenID Connect, as its client: where people are sent, and who they are when they come back.

The authorization code flow with state, nonce and PKCE (S256), by Authlib over requests. What a provider says of
itself is asked for when it is first wanted, and again after a while.
https://openid.net/specs/openid-connect-core-1_0.html, sections 3.1.2 and 3.1.3
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct

from bridge.domain.model import BridgeError
from bridge.settings.login import WELL_KNOWN, LoginSection

TIMEOUT = 5.0
"""Seconds within which a provider has to connect, and to go on answering."""

KEPT = timedelta(hours=1)
"""How long it is believed what a provider says of itself."""

AWAY = timedelta(seconds=15)
"""How long a provider that did not answer is left alone, so that nobody can have all of us wait for it."""

LEEWAY = 60
"""Seconds that a provider's clock and ours may be apart."""

SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""How a token may be signed: by a key that the provider alone has. "none" and shared secrets are not among them."""

_ASKED = ("email", "email_verified", "xms_edov", "name")


class ProviderError(BridgeError):
    """It did not work. `kind` is "away", "denied" (by the person or the provider), or "wrong" (what came is no good).

    The message is for the log: never a token, and nothing personal.
    """

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Departure(Struct, frozen=True, kw_only=True):
    """What has to be remembered while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider, as it is configured. May be asked from any thread."""

    def __init__(self, section: LoginSection, client_id: str, secret: str) -> None:
        self.section = section
        self._client_id = client_id
        self._secret = secret
        self._lock = threading.Lock()
        self._said: Mapping[str, Any] = {}
        self._said_at: datetime | None = None
        self._away_at: datetime | None = None
        self._keys: KeySet | None = None

    # --- the way there and back

    def departure(self, back: str, now: datetime) -> tuple[str, Departure]:
        """Where to send somebody, and what to remember of them. Raises ProviderError."""
        leaving = Departure(
            state=generate_token(32), nonce=generate_token(32), verifier=generate_token(64)
        )
        said = self._metadata(now)
        with self._session(said) as client:
            address, _ = client.create_authorization_url(
                said["authorization_endpoint"],
                state=leaving.state,
                code_verifier=leaving.verifier,
                redirect_uri=back,
                nonce=leaving.nonce,
            )
        return address, leaving

    def arrival(
        self, answered: Mapping[str, str], left: Departure, back: str, now: datetime
    ) -> dict[str, Any]:
        """What the provider says of somebody who came back: checked. Raises ProviderError."""
        if not hmac.compare_digest(answered.get("state", ""), left.state):
            raise ProviderError("wrong", "the state is another")
        said = self._metadata(now)
        if answered.get("iss", said["issuer"]) != said["issuer"]:  # RFC 9207
            raise ProviderError("wrong", "the answer is another provider's")
        if answered.get("error"):
            raise ProviderError("denied", "the provider, or the person, refused")
        if not answered.get("code"):
            raise ProviderError("wrong", "the answer has no code")
        with self._session(said) as client:
            token = self._exchanged(client, said, answered["code"], left, back)
            claims = self._claims(token, said, left, now)
            wanted = [name for name in ("email", self.section.groups) if name]
            if "userinfo_endpoint" in said and any(name not in claims for name in wanted):
                asked = self._asked_for(client, said["userinfo_endpoint"], claims["sub"])
                claims = asked | claims
        return claims

    # --- its parts

    def _session(self, said: Mapping[str, Any]) -> OAuth2Session:
        known = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        way = "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        return OAuth2Session(
            self._client_id,
            self._secret,
            token_endpoint_auth_method=way if self._secret else "none",
            scope=self.section.scope,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )

    def _exchanged(
        self,
        client: OAuth2Session,
        said: Mapping[str, Any],
        code: str,
        left: Departure,
        back: str,
    ) -> Mapping[str, Any]:
        try:
            token: Mapping[str, Any] = client.fetch_token(
                said["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=left.verifier,
                redirect_uri=back,
                allow_redirects=False,
            )
        except OAuthError as error:
            raise ProviderError("wrong", f"no token: {_plain(error.error)}") from None
        except requests.RequestException as error:
            raise ProviderError("away", f"no token: {type(error).__name__}") from None
        except ValueError:
            raise ProviderError("wrong", "the token can't be read") from None
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise ProviderError("wrong", "there is no id_token")
        return token

    def _claims(
        self, token: Mapping[str, Any], said: Mapping[str, Any], left: Departure, now: datetime
    ) -> dict[str, Any]:
        """What the token says, once its signature, issuer, audience, age and nonce are right."""
        known = said.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(
            algorithms=[one for one in SIGNED if one in known], strict_check_header=False
        )
        try:
            try:
                decoded = jwt.decode(token["id_token"], self._key_set(said), registry=registry)
            except (JoseError, ValueError):  # they may have changed their keys
                fresh = self._key_set(said, again=True)
                decoded = jwt.decode(token["id_token"], fresh, registry=registry)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": said["issuer"]},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {
                    "nonce": left.nonce,
                    "client_id": self._client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError) as error:
            raise ProviderError(
                "wrong", f"the id_token is no good: {type(error).__name__}"
            ) from None
        return dict(claims)

    def _asked_for(self, client: OAuth2Session, address: str, sub: str) -> dict[str, Any]:
        """What the token left out. It has to be of the same person: OpenID Connect Core, 5.3.2."""
        try:
            answer = client.get(address, allow_redirects=False)
            answer.raise_for_status()
            told = answer.json()
        except requests.RequestException as error:
            raise ProviderError("away", f"nothing about them: {type(error).__name__}") from None
        if not isinstance(told, dict) or told.get("sub") != sub:
            raise ProviderError("wrong", "what is told is of somebody else")
        names = (*_ASKED, self.section.groups)
        return {name: told[name] for name in names if name and name in told}

    # --- what it says of itself

    def _metadata(self, now: datetime) -> Mapping[str, Any]:
        with self._lock:
            if self._said_at is not None and now - self._said_at < KEPT:
                return self._said
            if self._away_at is not None and now - self._away_at < AWAY:
                raise ProviderError("away", "did not answer a moment ago")
        try:
            said = self._read(self.section.issuer.rstrip("/") + WELL_KNOWN)
            self._complete(said)
        except ProviderError:
            with self._lock:
                self._away_at = now
            raise
        with self._lock:
            self._said, self._said_at, self._keys = said, now, None
        return said

    def _complete(self, said: Mapping[str, Any]) -> None:
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(said.get(name), str):
                raise ProviderError("away", f"its description lacks {name}")
        # Discovery 1.0, 4.3: else one provider could speak for another.
        if said["issuer"].rstrip("/") != self.section.issuer.rstrip("/"):
            raise ProviderError("away", "its description is of another issuer")

    def _key_set(self, said: Mapping[str, Any], *, again: bool = False) -> KeySet:
        if self._keys is None or again:
            self._keys = KeySet.import_key_set(self._read(said["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _read(self, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=TIMEOUT)
            answer.raise_for_status()
            said = answer.json()
        except requests.RequestException as error:
            raise ProviderError("away", f"does not answer: {type(error).__name__}") from None
        if not isinstance(said, dict):
            raise ProviderError("away", "its description can't be read")
        return said


def _plain(error: object) -> str:
    """An error's name as the standard has it; a provider could write anything there."""
    word = str(error)
    return word if word.replace("_", "").isalnum() and len(word) < 40 else "unknown"
