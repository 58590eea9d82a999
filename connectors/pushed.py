"""What the sources have in common that a program of the company's own may call: how it proves itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from connectors import Incoming, Response
from connectors.reading import Node, fingerprint, only_post
from connectors.signing import STANDARD_PREFIX, check_given, check_standard, header


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """Proved by Standard Webhooks (https://www.standardwebhooks.com) where the secret begins with `whsec_`.

    Else by the secret itself: in the header named by `header`, as a bearer token, or as the password in the address.
    """

    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()

    name: str
    desk: str = ""
    header: str = "X-Bridge-Secret"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the secrets proves the request, each in its own way."""
        standard = [secret for secret in secrets if secret.startswith(STANDARD_PREFIX)]
        if standard and "webhook-signature" in incoming.headers:
            check_standard(incoming, standard)
            return
        plain = [secret for secret in secrets if not secret.startswith(STANDARD_PREFIX)]
        if standard and not plain:
            header(incoming, "webhook-signature")
        check_given(incoming, self.header, plain)

    def identify(self, incoming: Incoming) -> str:
        """The header webhook-id, which a repeat shares; without it a digest of the body."""
        if given := incoming.headers.get("webhook-id", ""):
            return Node(given, "webhook-id").id(need=True)
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """There is nothing to probe."""
        return only_post(incoming)
