"""Customers' accounts: which organisations and e-mail domains belong to one, how it ranks, and who looks after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import fields, replace

from bridge.domain.model import Member

FREEMAIL = frozenset(
    {
        "aol.com",
        "fastmail.com",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "pm.me",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "t-online.de",
        "web.de",
        "yahoo.com",
        "yandex.ru",
        "zoho.com",
    }
)
"""Providers whose addresses say nothing of whom somebody works for."""


class Stakeholder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of ours who has a part in the account: "sales", "operations", "marketing"."""

    role: str = ""
    who: Member = Member()

    def __str__(self) -> str:
        return f"{self.who} ({self.role})" if self.role else str(self.who)


class Account(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer as sales knows them. `key` is what programs call it ("acme"), `team` the name of our team for it.

    `domains` are of e-mail addresses; `organisations` are helpdesks' own, as "<desk>:<id>", or by name. Both are in
    lower case.
    """

    key: str
    name: str = ""
    tier: str = ""
    team: str = ""
    owner: Member = Member()
    stakeholders: tuple[Stakeholder, ...] = ()
    domains: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What its alerts are about."""
        return f"account:{self.key}"


class Change(Struct, frozen=True, kw_only=True):
    """What was said of an account: what is left out stays as it is. `deleted`: there is to be no such account."""

    key: str
    deleted: bool = False
    name: str | UnsetType = UNSET
    tier: str | UnsetType = UNSET
    team: str | UnsetType = UNSET
    owner: Member | UnsetType = UNSET
    stakeholders: tuple[Stakeholder, ...] | UnsetType = UNSET
    domains: tuple[str, ...] | UnsetType = UNSET
    organisations: tuple[str, ...] | UnsetType = UNSET

    def applied(self, known: Account | None) -> Account | None:
        """The account afterwards; None where there is none then. A new one is called by its key unless it is named."""
        if self.deleted:
            return None
        said = {
            field.name: value
            for field in fields(self)
            if field.name not in ("key", "deleted")
            and (value := getattr(self, field.name)) is not UNSET
        }
        after = replace(known or Account(key=self.key, name=self.key), **said)
        return after if after.name else replace(after, name=self.key)


class Stored(Struct, frozen=True, kw_only=True):
    """An account as it stands since `updated_at`."""

    account: Account
    updated_at: datetime


def claimed_twice(accounts: Mapping[str, Account]) -> str:
    """What two accounts both call theirs, in a sentence; "" where all is clear."""
    for what in ("domains", "organisations"):
        owners: dict[str, str] = {}
        for key in sorted(accounts):
            for one in getattr(accounts[key], what):
                if owners.setdefault(one, key) != key:
                    return f"{what}: {one!r} belongs to account {owners[one]!r} already"
    return ""
