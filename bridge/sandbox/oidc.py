"""A provider of OpenID Connect in memory: people with accounts, the codes and tokens given out, and what goes wrong.

It follows OpenID Connect Core 1.0 (openid.net/specs/openid-connect-core-1_0.html), the authorization code flow with
PKCE (RFC 7636). The HTTP side is in `oidc_api`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from bridge.sandbox.wire import Clock, Ids, Json

CODE_LASTS = timedelta(minutes=1)
TOKEN_LASTS = timedelta(hours=1)


@dataclass(slots=True)
class Account:
    """Somebody's account. What they say of themselves may be changed at any time."""

    sub: str
    email: str
    name: str
    verified: bool | None = True
    """What `email_verified` says; None where the provider doesn't say it, as Entra."""
    claims: Json = field(default_factory=dict)
    """Whatever else stands in the token: groups, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code stands for, and later an access token."""

    client: str
    redirect_uri: str
    account: Account
    nonce: str
    challenge: str
    scope: frozenset[str]
    ends_at: datetime


class Oidc:
    """One provider with its clients and accounts. All methods may be called from any thread.

    `chosen` is the account that consents by itself; without one a page asks who it is. `denies` has people refuse.
    `wrong` are the mistakes that the next tokens have, by name: see `MISTAKES`. `bare` leaves the claims on a person
    out of the token, so that they have to be asked for. `issuer` is set by who serves it.
    """

    def __init__(self, now: Clock) -> None:
        self.now = now
        self.issuer = ""
        self.clients: dict[str, str] = {}
        self.redirects: dict[str, set[str]] = {}
        self.accounts: dict[str, Account] = {}
        self.chosen: Account | None = None
        self.denies = False
        self.bare = False
        self.wrong: set[str] = set()
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}
        self.lock = threading.RLock()
        self._key: RSAKey | None = None
        self._keys_made = 1
        self._ids = Ids("oidc")

    # -- what an admin sets up --

    def add_client(self, client: str, secret: str = "", *redirects: str) -> None:
        """An application that may ask; without a secret it is a public one. Without addresses, all are allowed."""
        with self.lock:
            self.clients[client] = secret
            self.redirects[client] = set(redirects)

    def add_account(
        self, email: str, name: str, *, verified: bool | None = True, **claims: Any
    ) -> Account:
        """Somebody who may sign in; the last one that was added is `chosen`."""
        sub = hashlib.sha256(email.encode()).hexdigest()[:21]
        with self.lock:
            account = Account(sub, email, name, verified, dict(claims))
            self.accounts[sub] = self.chosen = account
            return account

    # -- what it gives out --

    @property
    def kid(self) -> str:
        """What the key in use is called."""
        return f"sandbox-{self._keys_made}"

    @property
    def key(self) -> RSAKey:
        """What tokens are signed with. Made when it is wanted, for that takes a while."""
        with self.lock:
            if self._key is None:
                self._key = _made_key(self.kid)
            return self._key

    def new_key(self) -> None:
        """Sign with another key from now on, and know the old one no more."""
        with self.lock:
            self._key = None
            self._keys_made += 1

    def give_code(self, account: Account, **asked: Any) -> str:
        """A code for somebody who consents."""
        code = self._ids.hex(40)
        with self.lock:
            self.codes[code] = Grant(account=account, ends_at=self.now() + CODE_LASTS, **asked)
        return code

    def take_code(self, code: str) -> Grant | None:
        """What a code stands for: once, and not for long."""
        with self.lock:
            grant = self.codes.pop(code, None)
        return grant if grant and grant.ends_at > self.now() else None

    def give_token(self, grant: Grant) -> str:
        """An access token."""
        token = self._ids.hex(48)
        with self.lock:
            self.tokens[token] = grant
        return token

    def about(self, grant: Grant) -> Json:
        """What may be told of an account."""
        account = grant.account
        told: Json = {"sub": account.sub}
        if "email" in grant.scope:
            told["email"] = account.email
            if account.verified is not None:
                told["email_verified"] = account.verified
        if "profile" in grant.scope:
            told["name"] = account.name
        return told | account.claims

    def id_token(self, grant: Grant) -> str:
        """Who it is, signed; with the mistakes asked for."""
        now = int(self.now().timestamp())
        claims: Json = {
            "iss": self.issuer,
            "aud": grant.client,
            "iat": now,
            "exp": now + int(TOKEN_LASTS.total_seconds()),
            "nonce": grant.nonce,
            **({"sub": grant.account.sub} if self.bare else self.about(grant)),
        }
        for name, spoil in MISTAKES.items():
            if name in self.wrong:
                spoil(claims)
        key = _made_key(self.kid) if "key" in self.wrong else self.key
        token = jwt.encode({"alg": "RS256", "kid": self.kid}, claims, key)
        if "unsigned" in self.wrong:
            token = f"eyJhbGciOiJub25lIn0.{token.split('.')[1]}."
        return token


def _late(claims: Json) -> None:
    claims["iat"] -= 7200
    claims["exp"] -= 7200


MISTAKES: dict[str, Callable[[Json], object]] = {
    "nonce": lambda claims: claims.update(nonce="of-somebody-else"),
    "no nonce": lambda claims: claims.pop("nonce"),
    "expired": _late,
    "audience": lambda claims: claims.update(aud="another-client"),
    "issuer": lambda claims: claims.update(iss="https://issuer.example.com"),
}
"""What may be wrong in a token. With its signature: "key" (a strange one) and "unsigned"."""


def _made_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
