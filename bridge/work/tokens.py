"""Access tokens minted with client credentials: one row an account, minted by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from bridge.store import teams

MARGIN = timedelta(minutes=3)  # a token is renewed this long before it ends
GLANCE = timedelta(minutes=1)  # how long another process's token is used before looking again


class Token(Protocol):
    """What a vendor gives: the token, and the seconds for which it is good."""

    @property
    def access_token(self) -> str: ...

    @property
    def expires_in(self) -> int: ...


class Minted:
    """An account's access token, renewed ahead of its end. May be used by several threads."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], datetime],
        account: str,
        mint: Callable[[], Token],
    ) -> None:
        self.engine = engine
        self.now = now
        self.account = account
        self.mint = mint
        self._token = ""
        self._good_until = datetime.min.replace(tzinfo=UTC)

    def __call__(self, renew: bool) -> str:
        """The token; a new one if the vendor has refused the one we have (`renew`)."""
        now = self.now()
        if not renew and self._token and now < self._good_until:
            return self._token
        refused = self._token if renew else ""
        with self.engine.begin() as connection:
            kept = teams.token(connection, self.account, now + MARGIN)
            if not kept or kept == refused:
                teams.lock_token(connection, self.account)
                kept = teams.token(connection, self.account, now + MARGIN)
            self._good_until = now + GLANCE
            if not kept or kept == refused:
                token = self.mint()
                kept = token.access_token
                ends = now + timedelta(seconds=token.expires_in)
                teams.save_token(connection, self.account, kept, ends)
                self._good_until = ends - MARGIN
        self._token = kept
        return kept
