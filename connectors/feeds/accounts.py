"""Accounts as the CRM knows them: {"accounts": [{"key": "acme", "tier": "gold", "domains": ["acme.example"], …}]}.

What is not named stays as it is; {"key": "acme", "deleted": true} takes an account away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.accounts import Change
from bridge.domain.model import AnyEvent
from connectors import Incoming
from connectors.feeds.account_rows import changes
from connectors.pushed import Pushed
from connectors.reading import decode


@dataclass(frozen=True, kw_only=True)
class Accounts(Pushed):
    """Who our customers are: they are no events of a ticket, but rows that change when the delivery is read."""

    kind: ClassVar[str] = "accounts"
    setup: ClassVar[str] = """\
1. Let your CRM send an account whenever it changes, and all of them once to begin with.
2. Address: {url}
   Method: POST, as JSON
3. Add a header X-Bridge-Secret (or what `header` says in [sources.{name}]) with the value {secret}; the variable
   {variable} must hold the same. A system that signs by Standard Webhooks needs no header: put its whsec_ secret there.
4. Send a first account, then look: bridge accounts list
"""

    def identify(self, incoming: Incoming) -> str:
        """The header webhook-id, which a repeat shares. Without it each delivery is one of its own.

        An account may become again what it was; and to be told the same twice changes nothing.
        """
        known = super().identify(incoming)
        return known if "webhook-id" in incoming.headers else f"{known}:{incoming.received_at}"

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """No events. Raises Unreadable for what could not be applied."""
        self.changes(incoming)
        yield from ()

    def changes(self, incoming: Incoming) -> tuple[Change, ...]:
        """What it says of accounts. Raises Unreadable, naming the field."""
        return changes(decode(incoming.body))
