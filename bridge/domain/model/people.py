"""People: customers, those of ours who hear of alerts, and their teams."""

from __future__ import annotations

from msgspec import Struct


class Contact(Struct, frozen=True, omit_defaults=True):
    """How to reach a customer; each part may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.phone)


class Member(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of ours who hears of alerts, or a place where several do. Each part may be empty.

    `key` is what ladders and absences call them by. `slack` is a member ("U0123ABCD") or a channel ("C0123ABCD").
    """

    key: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    slack: str = ""

    def __bool__(self) -> bool:
        return bool(self.key or self.name or self.email or self.phone or self.slack)

    def __str__(self) -> str:
        return self.name or self.key or self.email or self.slack or self.phone

    def same(self, other: Member) -> bool:
        """Whether both are one, by whatever names a person for certain."""
        mine = (self.key, self.email.lower(), self.slack)
        return any(
            a and a == b
            for a, b in zip(mine, (other.key, other.email.lower(), other.slack), strict=True)
        )


class Team(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A team of ours: who is responsible, and where it hears of alerts.

    `groups` are the helpdesk's groups that are this team's, as "<desk>:<group id>".
    """

    name: str
    parent: str = ""
    slack_channel: str = ""  # channel id, "C0123ABCD"
    manager: str = ""
    manager_slack: str = ""  # member id, "U0123ABCD"
    manager_email: str = ""
    manager_phone: str = ""
    calendar: str = ""
    routes: str = ""
    ladder: str = ""  # the name of one in the configuration
    awake: str = ""  # the calendar outside of which only the gravest interrupts anybody
    digest: str = ""  # the local hour of the daily digest, "08:00"; "off" for none
    follow_up: str = (
        ""  # how customers are asked whether it helped: "email", "ticket", "" for not at all
    )
    groups: tuple[str, ...] = ()

    @property
    def responsible(self) -> Member:
        """The manager."""
        return Member(
            key=self.manager,
            name=self.manager,
            email=self.manager_email,
            phone=self.manager_phone,
            slack=self.manager_slack,
        )
