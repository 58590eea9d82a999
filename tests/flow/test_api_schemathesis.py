"""Whatever is sent, by whomever: no fault, no answer that isn't documented, and no way round roles."""

from __future__ import annotations

from collections import defaultdict

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bridge.domain.viewing import Role
from bridge.store import alerts, teams
from bridge.web import create_app
from tests.flow.conftest import Office, Opens
from tests.flow.programs import Program, program

pytestmark = pytest.mark.slow

UNSAID = (positive_data_acceptance,)
"""No schema says that a cursor is a word of ours, a snooze ends within 90 days, a team names what there is."""

CLOSED = {"GET /sources", "PUT /teams/{name}", "PATCH /teams/{name}"}
"""What is for admins alone."""

Statuses = dict[str, set[int]]


@pytest.fixture
def office(open_office: Opens) -> Office:
    made = open_office(lambda text: text + "\n[api]\ncalls_per_minute = 1000000\n")
    for score in (1, 2):
        ticket = made.open()
        made.answer(ticket)
        made.rate(ticket, score=score, words="Nobody helps me.")
    return made


def tried(office: Office, app: Flask, one: Program, examples: int) -> Statuses:
    """Send so many requests as they should be, and as many others, to each operation; the statuses that came."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    headers = {"Authorization": f"Bearer {one.token}"} if one.token else {}
    there = {"ref": office.alerts()[0].ref, "id": office.deliveries()[0].id, "name": "Billing"}
    seen: Statuses = defaultdict(set)
    for result in schema.get_all_operations():
        operation = result.ok()
        known = {it.name: there[it.name] for it in operation.path_parameters if it.name in there}
        for mode in schemathesis.GenerationMode:
            # Half of them about what there is, for a reference that was guessed leads nowhere.
            for path in (known, {}) if known else ({},):
                cases = operation.as_strategy(mode, path_parameters=path or None)
                bounded = settings(
                    max_examples=examples,
                    derandomize=True,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )

                @bounded
                @given(case=cases)
                def check(case: schemathesis.Case) -> None:
                    answer = case.call_and_validate(headers=headers, excluded_checks=list(UNSAID))
                    seen[case.operation.label].add(answer.status_code)

                check()
    return seen


def state(office: Office) -> object:
    """All that could have been changed."""
    office.settle()
    with office.world.bridge.engine.begin() as connection:
        found = [alerts.named(connection, one.ref) for one in office.alerts()]
        sent = connection.exec_driver_sql("SELECT id, state FROM deliveries ORDER BY id").all()
        return found, sent, teams.all_teams(connection)


@pytest.mark.parametrize("who", ["nobody", pytest.param("viewer", marks=pytest.mark.long)])
def test_who_may_change_nothing_changes_nothing(office: Office, who: str) -> None:
    app = create_app(office.world.bridge)
    viewer = program(office.world.bridge, Role.VIEWER, ["*"], app=app)
    before = state(office)
    seen = tried(office, app, viewer if who == "viewer" else Program(app), 2)
    assert state(office) == before
    done = {label for label, statuses in seen.items() if min(statuses) < 400}
    read = {label for label in seen if label.startswith("GET") and label not in CLOSED}
    assert done == (read if who == "viewer" else set())


@pytest.mark.parametrize("who", [pytest.param("manager", marks=pytest.mark.long), "admin"])
def test_every_answer_is_as_documented(office: Office, who: str) -> None:
    app = create_app(office.world.bridge)
    manager = program(office.world.bridge, Role.MANAGER, ["Billing"], app=app)
    admin = program(office.world.bridge, Role.ADMIN, app=app)
    one = admin if who == "admin" else manager
    before = state(office)
    seen = tried(office, app, one, 5)
    assert state(office) != before
    reached = {label for label, statuses in seen.items() if statuses & {200, 201}}
    assert not reached & CLOSED if who == "manager" else "GET /sources" in reached
    assert {label for label in seen if label.startswith("GET")} - CLOSED <= reached
