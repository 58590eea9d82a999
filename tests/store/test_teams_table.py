"""Teams with their groups, the people of the helpdesk, and one token for all processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.model import Contact, Team
from bridge.sandbox import Sandbox
from bridge.settings import parse
from bridge.store import teams
from bridge.work.bridge import Bridge

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
BILLING = Team(
    name="Billing",
    parent="Support",
    slack_channel="C1",
    manager="Mona Berg",
    manager_slack="U1",
    manager_email="mona@example.com",
    manager_phone="+49301",
    calendar="office",
    routes="loud",
    groups=("zendesk:1", "zendesk:2"),
)
SUPPORT = Team(name="Support", slack_channel="C2", groups=("zendesk:3",))


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def test_teams_come_back_as_they_were_saved(connection: Connection) -> None:
    teams.save(connection, [SUPPORT, BILLING])
    assert teams.all_teams(connection) == [BILLING, SUPPORT]
    teams.save(connection, [replace(BILLING, manager="", groups=("zendesk:2",))])
    assert teams.all_teams(connection)[0] == replace(BILLING, manager="", groups=("zendesk:2",))


def test_a_group_goes_to_the_team_that_names_it_last(connection: Connection) -> None:
    teams.save(connection, [BILLING, replace(SUPPORT, groups=("zendesk:1",))])
    assert [team.groups for team in teams.all_teams(connection)] == [("zendesk:2",), ("zendesk:1",)]


def test_a_removed_team_leaves_its_groups_free(connection: Connection) -> None:
    teams.save(connection, [BILLING, SUPPORT])
    teams.remove(connection, ["Billing", "Nobody"])
    assert teams.all_teams(connection) == [SUPPORT]


def known(number: str, *, email: str = "", phone: str = "") -> teams.Known:
    return teams.Known(
        desk="zendesk", id=number, name="Anna", email=email, phone=phone, staff=False, read_at=NINE
    )


def test_customers_are_found_by_address_in_any_case_or_by_number(connection: Connection) -> None:
    teams.save_people(
        connection, [known("1", email="Anna@Example.org"), known("2", phone="+49301"), known("3")]
    )
    assert teams.customers(connection, "zendesk", "anna@example.ORG", "") == ["1"]
    assert teams.customers(connection, "zendesk", "", "+49301") == ["2"]
    assert sorted(teams.customers(connection, "zendesk", "ANNA@example.org", "+49301")) == [
        "1",
        "2",
    ]
    assert teams.customers(connection, "zendesk", "", "") == []
    assert teams.customers(connection, "other", "anna@example.org", "") == []


def test_a_person_read_again_is_brought_up_to_date(connection: Connection) -> None:
    teams.save_people(connection, [known("1", email="old@example.org")])
    teams.save_people(connection, [known("1", email="new@example.org")])
    person = teams.person(connection, "zendesk", "1")
    assert person is not None
    assert person.contact == Contact("Anna", "new@example.org", "")
    assert teams.person(connection, "zendesk", "2") is None


def test_a_token_is_good_until_it_ends(connection: Connection) -> None:
    teams.lock_token(connection, "zendesk")
    assert teams.token(connection, "zendesk", NINE) == ""
    teams.save_token(connection, "zendesk", "t-1", NINE + timedelta(minutes=30))
    assert teams.token(connection, "zendesk", NINE + timedelta(minutes=29)) == "t-1"
    assert teams.token(connection, "zendesk", NINE + timedelta(minutes=30)) == ""


DESK = """
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
base_url = "{url}"
"""


def test_many_threads_of_many_processes_mint_one_token(url: str) -> None:
    with Sandbox(lambda: NINE) as sandbox:
        desk = sandbox.zendesk
        desk.add_client("id", "secret", desk.add_agent("Alert Bridge", "bridge@example.com"))
        env = {"ZENDESK_CLIENT_ID": "id", "ZENDESK_CLIENT_SECRET": "secret"}
        settings = parse(DESK.format(url=sandbox.zendesk_url), env)
        processes = [Bridge(settings, url, now=lambda: NINE, pool=4) for _ in range(2)]
        start = Barrier(8)

        def ask(bridge: Bridge) -> str:
            start.wait(10)
            return bridge.desks["zendesk"].me().name

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask, processes * 4)) == {"Alert Bridge"}
        assert desk.calls["POST", "/oauth/tokens"] == 1
        for bridge in processes:
            bridge.close()
