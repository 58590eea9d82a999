"""A Zendesk account without its tickets' doings: people, groups, tokens, limits and switches."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from bridge.sandbox.courier import Courier
from bridge.sandbox.wire import Clock, Ids, Json, Window
from bridge.sandbox.zendesk_records import (
    Client,
    Grant,
    Group,
    Job,
    Rating,
    Ticket,
    User,
    Webhook,
)
from bridge.sandbox.zendesk_slas import SlaPolicy
from bridge.sandbox.zendesk_webhooks import Herald


class Account:
    """Who is there and what is allowed. All methods may be called from any thread.

    Limits, all in handed-in time, None for no limit (developer.zendesk.com/api-reference/
    introduction/rate-limits): `calls_per_minute` for the account, `updates_per_minute` for ticket
    updates of the account, 30 updates in 10 minutes for each user and ticket; 10 incremental
    exports and 100 exports of a search a minute. A page of events has `export_page` of them.
    """

    name = "zendesk"
    account_id = 20481024
    brand_id = 360000100001

    def __init__(
        self,
        now: Clock,
        subdomain: str = "demo",
        *,
        courier: Courier | None = None,
        calls_per_minute: int | None = 700,
        updates_per_minute: int | None = 100,
        updates_per_ticket: int | None = 30,
        export_page: int = 1000,
    ) -> None:
        self.now = now
        self.subdomain = subdomain
        self.courier = courier or Courier(now)
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.tickets: dict[int, Ticket] = {}
        self.ratings: dict[int, Rating] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.triggers: dict[int, Json] = {}
        self.views: dict[int, Json] = {}
        self.known_events: frozenset[str] | None = None
        """The only event types a webhook may be subscribed to by the API; None for any."""
        self.jobs: dict[str, Job] = {}
        self.hold_jobs = False
        """While True, bulk updates stay queued until `run_jobs()`."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """Calls that arrived, by method and route, as ("PUT", "/api/v2/tickets/{ticket}")."""
        self.ignored: Counter[str] = Counter()
        """Keys of ticket updates that were ignored in silence, as the vendor does."""
        minute, ten = timedelta(minutes=1), timedelta(minutes=10)
        self.account_limit = Window(now, calls_per_minute, minute)
        self.update_limit = Window(now, updates_per_minute, minute)
        self.ticket_limit = Window(now, updates_per_ticket, ten)
        self.export_limit = Window(now, 10, minute)
        self.search_limit = Window(now, 100, minute)
        self.export_page = export_page
        self.sla_policies: list[SlaPolicy] = []
        """Service levels; the first one with a target for a ticket's priority counts."""
        self.shows_deleted = False
        """While True, deleted tickets are among many that are read at once, with status deleted.

        Which of both the vendor does is unconfirmed.
        """
        self.clients: dict[str, Client] = {}
        self.grants: dict[str, Grant] = {}
        self.refreshes: dict[str, str] = {}  # refresh token -> access token
        self.lock = threading.RLock()
        self._ids = Ids(subdomain)
        self._next_record = 9_000_000_000_000
        self._next_ticket = 0
        self._herald = Herald(self, self._ids)

    @property
    def host(self) -> str:
        """The address that the account believes to have, for the links in its answers."""
        return f"https://{self.subdomain}.zendesk.com"

    # -- people, groups, tokens --

    def add_agent(self, name: str, email: str, role: Literal["agent", "admin"] = "agent") -> int:
        """A member of staff; returns the user id."""
        return self._add_user(name, email, None, role)

    def add_customer(self, name: str, email: str, phone: str | None = None) -> int:
        """An end user; returns the user id."""
        return self._add_user(name, email, phone, "end-user")

    def _add_user(
        self, name: str, email: str, phone: str | None, role: Literal["end-user", "agent", "admin"]
    ) -> int:
        with self.lock:
            user = User(self.record_id(), name, email, phone, role, self.now())
            self.users[user.id] = user
            return user.id

    def add_group(self, name: str) -> int:
        """A group of agents; returns its id."""
        with self.lock:
            group = Group(self.record_id(), name, self.now())
            self.groups[group.id] = group
            return group.id

    def add_token(self, token: str, user: int, scopes: Iterable[str] = ("read", "write")) -> None:
        """A bearer token that never expires."""
        with self.lock:
            self.grants[token] = Grant(user, tuple(scopes), None)

    def add_client(
        self,
        client_id: str,
        client_secret: str,
        user: int,
        scopes: Iterable[str] = ("read", "write"),
    ) -> None:
        """An OAuth client that may ask for tokens; they act as `user`."""
        with self.lock:
            self.clients[client_id] = Client(client_secret, user, tuple(scopes))

    def revoke(self, token: str) -> None:
        """Make a token invalid from now on."""
        with self.lock:
            self.grants.pop(token, None)

    def mint(self, client_id: str, scopes: tuple[str, ...], lifetime: timedelta) -> Json:
        """A fresh access token with its refresh token, as POST /oauth/tokens answers."""
        with self.lock:
            access, refresh = self._ids.hex(64), self._ids.hex(64)
            client = self.clients[client_id]
            self.grants[access] = Grant(client.user_id, scopes, self.now() + lifetime, client_id)
            self.refreshes[refresh] = access
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "scope": " ".join(scopes),
            "expires_in": int(lifetime.total_seconds()),
        }

    def user_name(self, user: int) -> str:
        """A name for an author id; the account itself acts as -1."""
        return self.users[user].name if user in self.users else "Zendesk"

    def record_id(self) -> int:
        """A number for a new record."""
        with self.lock:
            self._next_record += 128
            return self._next_record

    def is_staff(self, user: int) -> bool:
        """Agents, and the account itself, are staff."""
        return user not in self.users or self.users[user].is_staff

    def new_secret(self) -> str:
        """A signing secret."""
        return self._ids.secret()
