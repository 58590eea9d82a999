"""How webhooks to others go out, and what they may tell."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BeforeValidator

from bridge.settings.sections import Section


def _network(value: object) -> object:
    try:
        return ip_network(str(value))
    except ValueError as error:
        raise ValueError(f'{value!r} is no network: write it as "10.0.0.0/8"') from error


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Outgoing(Section):
    """Webhooks to others."""

    allow: tuple[Network, ...] = ()  # networks besides the public ones; into these, http:// will do
    words: bool = False  # also tell what customers wrote, and who they and the owner are
