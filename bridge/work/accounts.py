"""What is told of accounts carried out, and the people of an account put on the alerts that are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.accounts import Account, Change
from bridge.domain.alerts import Change as Became
from bridge.domain.alerts import Step
from bridge.domain.judge import NOTHING_AROUND
from bridge.domain.model import Alert, Member, Ticket
from bridge.store import accounts
from bridge.work.bridge import Bridge
from bridge.work.following import Changed, Facts


def carry_out(connection: Connection, changes: Sequence[Change], now: datetime) -> str:
    """Carry out what a delivery says of accounts, all or nothing; why it could not be, or ""."""
    savepoint = connection.begin_nested()
    try:
        accounts.apply(connection, changes, now)
    except accounts.Clash as error:
        savepoint.rollback()
        return str(error)
    savepoint.commit()
    return ""


def with_people(
    bridge: Bridge, connection: Connection, facts: Facts, changes: Sequence[tuple[Ticket, Changed]]
) -> list[tuple[Ticket, Changed]]:
    """Alerts that open about an account go to its owner and its people, and to its team where it has one.

    Those on a ticket of an account that ranks higher are joined by its people, where the configuration says so.
    """
    wanted = {
        ticket.id: near.account
        for ticket, changed in changes
        if not changed.after.number
        and (near := facts.around.get(ticket.id, NOTHING_AROUND)).account
        and (ticket.desk == "account" or _joins(bridge, near.tier))
    }
    known = accounts.found(connection, wanted.values())
    return [
        (ticket, _joined(changed, ticket, account))
        if not changed.after.number and (account := known.get(wanted.get(ticket.id, "")))
        else (ticket, changed)
        for ticket, changed in changes
    ]


def _joins(bridge: Bridge, tier: str) -> bool:
    setting = bridge.settings.accounts
    return setting.add_stakeholders and tier in setting.tiers


def _joined(changed: Changed, ticket: Ticket, account: Account) -> Changed:
    """The alert with the account's people on it, told as if the account itself had called them."""
    alert, steps = changed.after, list(changed.steps)
    at, caller = alert.opened_at, Member(name=f"Account {account.name}")
    everybody = (account.owner, *(one.who for one in account.stakeholders))
    if ticket.desk == "account":
        alert = replace(alert, owner=account.owner, team=account.team or alert.team)
        if account.owner:
            steps.append(Step(change=Became.ASSIGNED, at=at, who=caller, people=(account.owner,)))
    people = _once(everybody, alert)
    if people:
        alert = replace(alert, people=(*alert.people, *people))
        steps.append(Step(change=Became.JOINED, at=at, who=caller, people=people))
    return Changed(changed.before, alert, tuple(steps))


def _once(everybody: Sequence[Member], alert: Alert) -> tuple[Member, ...]:
    """Those who are not on it yet, each once."""
    found: list[Member] = []
    for one in everybody:
        if one and not any(one.same(other) for other in (alert.owner, *alert.people, *found)):
            found.append(one)
    return tuple(found)
