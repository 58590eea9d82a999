"""Accounts as they are kept: partial changes, who owns what, and which account a ticket's customer belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from bridge.domain.accounts import Change, Stakeholder
from bridge.domain.judge import Around
from bridge.domain.model import Member, Ticket
from bridge.store import accounts, teams, tickets
from bridge.store.accounts import Clash, Customer
from bridge.work.around import around

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ACME = Change(
    key="acme",
    name="Acme",
    tier="gold",
    owner=Member(name="Olga Owner", email="olga@example.com"),
    stakeholders=(Stakeholder(role="sales", who=Member(email="sam@example.com")),),
    domains=("acme.example",),
    organisations=("zendesk:17", "acme ltd"),
)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def person(connection: Connection, number: str, email: str) -> None:
    known = teams.Known(
        desk="zendesk", id=number, name="", email=email, phone="", staff=False, read_at=NINE
    )
    teams.save_people(connection, [known])


def ticket(connection: Connection, number: int, requester: str, opened_at: datetime) -> None:
    one = Ticket(
        id=f"zendesk:{number}",
        as_of=(opened_at, 0, ""),
        requester=requester,
        opened_at=opened_at,
    )
    tickets.claim(connection, [one.id])
    tickets.store(connection, [tickets.Judged(one, (), {})])


def test_an_account_comes_back_as_it_was_told(connection: Connection) -> None:
    accounts.apply(connection, [ACME], NINE)
    stored = accounts.one(connection, "acme")
    assert stored is not None
    assert stored.account == ACME.applied(None)
    assert stored.updated_at == NINE
    assert accounts.every(connection) == [stored.account]


def test_what_is_not_named_stays_as_it_is(connection: Connection) -> None:
    accounts.apply(connection, [ACME, Change(key="other", name="Other")], NINE)
    [changed] = accounts.apply(connection, [Change(key="acme", tier="")], NINE + DAY)
    assert (changed.tier, changed.domains) == ("", ("acme.example",))
    assert accounts.apply(connection, [Change(key="acme", tier="")], NINE + 2 * DAY) == []
    stored = accounts.one(connection, "acme")
    assert stored is not None
    assert stored.updated_at == NINE + DAY, "nothing changed since"


def test_an_account_goes_where_that_is_said(connection: Connection) -> None:
    accounts.apply(connection, [ACME], NINE)
    assert len(accounts.apply(connection, [Change(key="acme", deleted=True)], NINE)) == 1
    assert accounts.apply(connection, [Change(key="acme", deleted=True)], NINE) == []
    assert accounts.one(connection, "acme") is None


def test_what_belongs_to_one_can_not_be_another_s(connection: Connection) -> None:
    accounts.apply(connection, [ACME], NINE)
    with pytest.raises(Clash, match="belongs to account 'acme' already"):
        accounts.apply(connection, [Change(key="zeta", domains=("acme.example",))], NINE)
    moved = [Change(key="acme", domains=()), Change(key="zeta", domains=("acme.example",))]
    assert len(accounts.apply(connection, moved, NINE)) == 2


def test_accounts_are_found_by_a_part_of_their_name(connection: Connection) -> None:
    changes = [ACME, *(Change(key=f"k{n}", name=f"100% {n}") for n in range(5))]
    accounts.apply(connection, changes, NINE)
    assert [one.account.key for one in accounts.page(connection, search="ACM")] == ["acme"]
    assert len(accounts.page(connection, search="100%")) == 5
    assert accounts.page(connection, search="1_0") == []
    assert [one.account.key for one in accounts.page(connection, after="k2", limit=1)] == ["k3"]
    assert accounts.many(connection) == 6


def test_the_organisation_tells_before_the_address(connection: Connection) -> None:
    changes = [ACME, Change(key="zeta", name="Zeta", domains=("zeta.example",))]
    accounts.apply(connection, changes, NINE)
    person(connection, "1", "anna@Acme.example")
    person(connection, "2", "zoe@zeta.example")
    person(connection, "3", "nobody@example.org")
    asked = [
        Customer("zendesk:1", "1", ""),
        Customer("zendesk:2", "2", "17"),
        Customer("zendesk:3", "3", "Acme Ltd"),
        Customer("zendesk:4", "2", "18"),
        Customer("zendesk:5", "3", "18"),
        Customer("zendesk:6", "", ""),
        Customer("jsm:7", "1", "17"),
        Customer("account:zeta", "", ""),
    ]
    found = {one.subject: one.account for one in accounts.belonging(connection, asked).values()}
    assert found == {
        "zendesk:1": "acme",
        "zendesk:2": "acme",
        "zendesk:3": "acme",
        "zendesk:4": "zeta",
        "account:zeta": "zeta",
    }


def test_what_is_known_around_a_ticket(connection: Connection) -> None:
    accounts.apply(connection, [ACME], NINE)
    person(connection, "1", "anna@acme.example")
    for number, days in ((1, 0), (2, 3), (3, 5), (4, 200)):
        ticket(connection, number, "1", NINE - days * DAY)
    ticket(connection, 9, "2", NINE)
    asked = [Customer(f"zendesk:{n}", who) for n, who in ((1, "1"), (9, "2"), (10, ""))]
    found = around(connection, asked, NINE - 90 * DAY)
    assert found == {
        "zendesk:1": Around(
            account="acme",
            name="Acme",
            tier="gold",
            contacts=(NINE - 5 * DAY, NINE - 3 * DAY),
        )
    }


def test_of_nobody_nothing_is_known(connection: Connection) -> None:
    assert around(connection, [], NINE) == {}
