"""Forgetting one person, and telling them all that is known of them; both are in the audit log, without their name."""

from __future__ import annotations

import hmac
from secrets import token_hex
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.forgetting import MARK, Person, phone_of
from bridge.domain.model import Action, ConfigError, Delivery
from bridge.domain.routing import SLACK
from bridge.settings.sections import variable
from bridge.store import audit, deliveries, exporting, forgetting, teams, traces
from bridge.store.forgetting import Message
from bridge.work.bridge import Bridge
from bridge.work.followup import SECRET
from bridge.work.queue import wake_deliveries

VIA = "command line"
_OWN_SECRET = "forgetting"  # noqa: S105 - whose it is


class Given(Struct, frozen=True, kw_only=True):
    """How somebody is named: one of an e-mail address, a phone number, and a helpdesk's user ("zendesk:123")."""

    email: str = ""
    phone: str = ""
    desk_user: str = ""

    def __post_init__(self) -> None:
        """Raise ConfigError for what names nobody."""
        if sum(map(bool, (self.email, self.phone, self.desk_user))) != 1:
            raise ConfigError("name one person: by an e-mail address, --phone or --desk-user")
        if self.email and "@" not in self.email:
            raise ConfigError(f"{self.email!r} is no e-mail address")
        if self.phone and not phone_of(self.phone):
            raise ConfigError(f"{self.phone!r} is no phone number: write it as +4930123456")
        desk, _, number = self.desk_user.partition(":")
        if self.desk_user and not (desk and number):
            raise ConfigError(f"{self.desk_user!r} is no helpdesk's user: write it as zendesk:123")


class Report(Struct, frozen=True, kw_only=True):
    """What was erased, by table; `person` is the mark that stands in their place.

    `updated` are alerts whose message in Slack is brought up to date, `out_of_reach` is what was sent and stays where
    it is, `still_needed` what keeps their name until somebody else takes their place.
    """

    person: str
    erased: dict[str, int]
    updated: int = 0
    out_of_reach: tuple[Message, ...] = ()
    still_needed: tuple[str, ...] = ()


def forget(bridge: Bridge, given: Given, *, dry_run: bool = False) -> Report:
    """Erase all that is stored of somebody; with `dry_run` only say what would be."""
    with bridge.engine.connect() as connection, connection.begin() as transaction:
        who, own = _found(bridge, connection, given)
        sent = forgetting.out_of_reach(connection, who, own)
        erased = dict(sorted(forgetting.erase(connection, who, own).items()))
        updated = _brought_up_to_date(bridge, connection, own.alerts if erased else ())
        report = Report(
            person=who.mark,
            erased=erased,
            updated=updated,
            out_of_reach=tuple(sent) if erased else (),
            still_needed=tuple(forgetting.still_needed(connection, who)),
        )
        if erased:
            _note(bridge, connection, "person erased", who.mark, {"erased": erased})
        if dry_run:
            transaction.rollback()
    return report


def export(bridge: Bridge, given: Given) -> dict[str, Any]:
    """All that is stored of somebody, by table, and by which names they were looked for."""
    with bridge.engine.begin() as connection:
        who, own = _found(bridge, connection, given)
        rows = exporting.export(connection, who, own)
        counts = {table: len(found) for table, found in rows.items()}
        _note(bridge, connection, "person exported", who.mark, {"exported": counts})
    known = {name: getattr(who, name) for name in ("emails", "phones", "names", "desk_users")}
    return {"known_as": known, "data": rows}


def _found(bridge: Bridge, connection: Connection, given: Given) -> tuple[Person, traces.Theirs]:
    who = traces.identify(
        connection, email=given.email, phone=given.phone, desk_user=given.desk_user
    )
    who = replace(who, mark=_mark(bridge, connection, given))
    return who, traces.theirs(connection, who)


def _mark(bridge: Bridge, connection: Connection, given: Given) -> str:
    """The same for the same address each time, and of no use to anybody who lacks our secret."""
    secret = variable(bridge.settings.env, SECRET)
    if not secret:
        secret = teams.own_secret(connection, _OWN_SECRET, token_hex(32))
    told = given.email.strip().lower() or phone_of(given.phone) or given.desk_user
    return MARK + hmac.new(secret.encode(), told.encode(), "sha256").hexdigest()[:12]


def _brought_up_to_date(bridge: Bridge, connection: Connection, numbers: tuple[int, ...]) -> int:
    """Have the messages in Slack about these alerts edited; how many."""
    if bridge.settings.slack is None:
        return 0
    posted = [(n, at) for n in numbers if (at := deliveries.posted(connection, n, SLACK))]
    edits = [
        (n, Delivery(channel=SLACK, action=Action.EDIT, to=at.to, why="somebody was forgotten"))
        for n, at in posted
    ]
    wake_deliveries(connection, deliveries.add(connection, edits, bridge.now()))
    return len(edits)


def _note(bridge: Bridge, connection: Connection, what: str, mark: str, after: Any) -> None:
    now = bridge.now()
    audit.write(connection, now, who=VIA, via=VIA, what=what, object=f"person:{mark}", after=after)
