"""Who comes in of those whom a provider vouches for: by what it says of them, and by what we know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from bridge.domain.viewing import Role
from bridge.settings.login import LoginSection
from bridge.store.users import User

Refusal = Literal["unverified", "elsewhere", "unknown"]
"""Why somebody doesn't come in: no verified address, one of another domain, or not on the list (or not any more)."""


class Admission(Struct, frozen=True, kw_only=True):
    """Somebody comes in: as whom, and with which role and teams from now on."""

    email: str
    name: str
    role: Role
    teams: tuple[str, ...]


def address(section: LoginSection, claims: Mapping[str, Any]) -> str:
    """Somebody's e-mail address, in small letters; "" if there is none that the provider vouches for.

    Entra doesn't say `email_verified`; `xms_edov` says there that the address's domain is the organisation's own.
    https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims-reference
    """
    email = claims.get("email")
    if not isinstance(email, str) or email.count("@") != 1 or not email.isascii():
        return ""
    email = email.strip().lower()
    said = claims.get("email_verified")
    if said is True or (said is None and claims.get("xms_edov") in (True, "1", "true")):
        return email
    return email if said is None and section.trust_email else ""


def admit(
    section: LoginSection, claims: Mapping[str, Any], known: User | None
) -> Admission | Refusal:
    """Whether somebody comes in, `known` being who has their address.

    Where groups are configured they decide, each time anew: who is in none of them comes in with the role of
    newcomers, or not at all.
    """
    email = address(section, claims)
    if not email:
        return "unverified"
    if section.domains and email.rpartition("@")[2] not in section.domains:
        return "elsewhere"
    if known is not None and known.disabled:
        return "unknown"
    role = known.role if known and not section.groups else _given(section, claims)
    if role is None:
        return "unknown"
    name = claims.get("name")
    told = name.strip()[:200] if isinstance(name, str) else ""
    return Admission(
        email=email,
        name=(known.name if known else "") or told,
        role=role,
        teams=known.teams if known else section.teams,
    )


def _given(section: LoginSection, claims: Mapping[str, Any]) -> Role | None:
    """The highest role of their groups, else that of newcomers."""
    said = claims.get(section.groups) if section.groups else None
    groups = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    found = [section.roles[one] for one in groups if isinstance(one, str) and one in section.roles]
    return max(found, key=lambda role: role.rank, default=section.role)
