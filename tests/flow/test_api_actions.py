"""Programs act on alerts as people do; what is sent twice is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.domain.viewing import Role
from bridge.store import keys
from bridge.store.keys import Scope
from bridge.web.api.presses import PATHS
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.programs import Program, program


def troubled(opens: Opens) -> LoopOffice:
    """One critical alert."""
    office = loop_office(opens)
    office.rated(score=1)
    return office


@pytest.fixture
def loop(open_office: Opens) -> LoopOffice:
    return troubled(open_office)


@pytest.fixture(scope="module")
def unchanged(open_shared: Opens) -> LoopOffice:
    """The same, for tests of what comes to nothing."""
    return troubled(open_shared)


@pytest.fixture(scope="module")
def onlooker(unchanged: LoopOffice) -> Program:
    return program(unchanged.world.bridge, Role.MANAGER, ["Billing"], name="Duty")


@pytest.fixture
def duty(loop: LoopOffice) -> Program:
    return program(loop.world.bridge, Role.MANAGER, ["Billing"], name="Duty")


def test_an_alert_is_followed_to_its_end(loop: LoopOffice, duty: Program) -> None:
    ref = loop.alert.ref
    steps = (
        ("acknowledge", None, "acknowledged"),
        ("contact", {"reached": False, "how": "phone"}, "acknowledged"),
        ("contact", {"how": "phone", "words": "Called her."}, "contacted"),
        ("snooze", {"until": (loop.now + timedelta(hours=2)).isoformat()}, "contacted"),
        ("note", {"words": "She wants a voucher."}, "contacted"),
        ("say", {"words": "Who has vouchers?"}, "contacted"),
        ("assign", {"to": "nils@example.com"}, "contacted"),
        ("add", {"people": ["sara", "Otto Falk"]}, "contacted"),
        ("useful", {}, "contacted"),
        ("not-useful", {}, "contacted"),
        (
            "resolve",
            {
                "outcome": "recovered",
                "cause": "billing",
                "words": "Refunded.",
                "coaching": "needed",
            },
            "resolved",
        ),
        ("coach", {"words": "Talked about tone."}, "resolved"),
        ("reopen", {"words": "It came back."}, "acknowledged"),
    )
    for action, body, state in steps:
        answer = duty.act(ref, action, body)
        assert (action, answer.status_code) == (action, 200), answer.text
        assert (action, answer.json["state"]) == (action, state)
        loop.later(seconds=4)
        assert (action, loop.state) == (action, state)
    done = {step.via for step in loop.story() if str(step.who) == "Duty"}
    assert done == {"api"}
    assert {action for action, _, _ in steps} == set(PATHS.values())


def test_what_the_state_does_not_allow_is_refused_with_the_reason(
    loop: LoopOffice, duty: Program
) -> None:
    duty.act(loop.alert.ref, "acknowledge")
    again = duty.act(loop.alert.ref, "acknowledge")
    assert again.status_code == 409
    assert again.json["type"] == "/api/problems/refused"
    assert "You have it already" in again.json["detail"]


@pytest.mark.parametrize(
    ("action", "body", "field", "way_out"),
    [
        ("snooze", {}, "until", "with its zone"),
        ("snooze", {"until": "2031-03-11T12:00:00"}, "until", "with its zone"),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, "until", "within the next 90 days"),
        ("snooze", {"until": "9999-12-31T23:59:59-14:00"}, "until", "between the years"),
        ("assign", {"to": "Mona Brg"}, "to", "Did you mean Mona Berg?"),
        ("add", {"people": []}, "people", "1 to 20 people"),
        ("add", {"people": ["nobody@example.net"]}, "people[0]", "Name somebody"),
        ("resolve", {"cause": "witchcraft"}, "cause", "billing"),
        ("resolve", {"outcome": "great"}, "outcome", "How it came out"),
        ("note", {"words": "  "}, "words", "Write something"),
        ("note", {"words": "a\u0000b"}, "words", "Write something"),
        ("contact", {"word": "Called."}, "word", "Did you mean words?"),
        ("contact", {"reached": "yes"}, "reached", "false for an attempt"),
    ],
)
def test_what_is_wrong_names_the_field_and_the_way_out(
    unchanged: LoopOffice, onlooker: Program, *, action: str, body: object, field: str, way_out: str
) -> None:
    answer = onlooker.act(unchanged.alert.ref, action, body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    [error] = answer.json["errors"]
    assert (error["field"], error["place"]) == (field, "body")
    assert way_out in error["fix"]


def test_all_that_is_wrong_is_told_at_once(unchanged: LoopOffice, onlooker: Program) -> None:
    answer = onlooker.act(unchanged.alert.ref, "contact", {"reached": 1, "how": 2, "else": 3})
    assert {error["field"] for error in answer.json["errors"]} == {"reached", "how", "else"}


def test_the_same_key_and_body_are_answered_the_same_and_done_once(
    loop: LoopOffice, duty: Program
) -> None:
    ref, key = loop.alert.ref, "5f0c1a2e"
    first = duty.act(ref, "note", {"words": "Once."}, idempotency_key=key)
    loop.later(seconds=4)
    again = duty.act(ref, "note", {"words": "Once."}, idempotency_key=key)
    loop.later(seconds=4)
    assert (again.status_code, again.data) == (200, first.data)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [step.words for step in loop.story()].count("Once.") == 1


def test_a_refusal_is_answered_the_same_too(loop: LoopOffice, duty: Program) -> None:
    ref = loop.alert.ref
    refused = duty.act(ref, "reopen", {}, idempotency_key="r")
    duty.act(ref, "resolve", {"outcome": "recovered", "cause": "billing"})
    loop.later(seconds=4)
    again = duty.act(ref, "reopen", {}, idempotency_key="r")
    assert (again.status_code, again.data) == (409, refused.data)
    assert again.content_type == "application/problem+json"


def test_a_key_that_stood_for_something_else_is_refused(loop: LoopOffice, duty: Program) -> None:
    ref = loop.alert.ref
    duty.act(ref, "note", {"words": "One."}, idempotency_key="k")
    for action, words in (("note", "Two."), ("say", "One.")):
        other = duty.act(ref, action, {"words": words}, idempotency_key="k")
        assert (other.status_code, other.json["type"]) == (422, "/api/problems/key-used")
    # Another program's keys are its own.
    mine = program(loop.world.bridge, Role.ADMIN)
    assert mine.act(ref, "note", {"words": "Two."}, idempotency_key="k").status_code == 200


def test_what_is_under_way_is_not_done_twice_and_is_taken_up_if_it_was_cut_off(
    loop: LoopOffice, duty: Program
) -> None:
    ref, bridge = loop.alert.ref, loop.world.bridge
    duty.act(ref, "note", {"words": "First."}, idempotency_key="k")
    with bridge.engine.begin() as connection:  # as if its process had died before the answer
        connection.exec_driver_sql("UPDATE idempotency SET status = NULL, body = NULL")
    waiting = duty.act(ref, "note", {"words": "First."}, idempotency_key="k")
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (409, "1")
    assert waiting.json["type"] == "/api/problems/under-way"
    loop.later(minutes=2)
    assert duty.act(ref, "note", {"words": "First."}, idempotency_key="k").status_code == 200


def test_answers_are_forgotten_after_a_day(loop: LoopOffice, duty: Program) -> None:
    ref, bridge = loop.alert.ref, loop.world.bridge
    duty.act(ref, "note", {"words": "Today."}, idempotency_key="k")
    loop.later(days=1, minutes=1)
    other = duty.act(ref, "note", {"words": "Tomorrow."}, idempotency_key="k")
    assert other.status_code == 200
    loop.later(days=2)
    with bridge.engine.begin() as connection:
        keys.forget(connection, bridge.now())
        assert connection.exec_driver_sql("SELECT count(*) FROM idempotency").scalar() == 0


def test_a_malformed_idempotency_key_is_refused(loop: LoopOffice, duty: Program) -> None:
    answer = duty.act(loop.alert.ref, "acknowledge", None, idempotency_key="a b")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["place"] == "header"


def test_viewers_may_look_and_not_act(loop: LoopOffice) -> None:
    looks = program(loop.world.bridge, Role.VIEWER, ["Billing"])
    ref = loop.alert.ref
    assert looks.get(f"/alerts/{ref}").status_code == 200
    assert looks.act(ref, "acknowledge").status_code == 403
    reads = program(loop.world.bridge, Role.MANAGER, ["*"], scopes=[Scope.ALERTS_READ])
    answer = reads.act(ref, "acknowledge")
    assert answer.status_code == 403
    assert 'scope="alerts:write"' in answer.headers["WWW-Authenticate"]
    elsewhere = program(loop.world.bridge, Role.MANAGER, ["Elsewhere"])
    assert elsewhere.act(ref, "acknowledge").status_code == 404
    assert loop.alert.waits


def test_a_failed_delivery_is_tried_again(loop: LoopOffice, duty: Program) -> None:
    bridge = loop.world.bridge
    with bridge.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'failed', reason = 'channel_not_found'"
            " WHERE channel = 'slack' AND action = 'post'"
        )
    [failed] = duty.read("/deliveries?state=failed")["items"]
    assert (failed["reason"], failed["alert"]) == ("channel_not_found", loop.alert.ref)
    answer = duty.ask("POST", f"/deliveries/{failed['id']}/retry")
    assert (answer.status_code, answer.json["state"]) == (200, "waiting")
    loop.later(seconds=4)
    assert duty.read("/deliveries?state=failed")["items"] == []
    with bridge.engine.begin() as connection:
        noted = connection.exec_driver_sql("SELECT who, via, what FROM audit").all()
    assert [tuple(row) for row in noted] == [("Duty", "api", "delivery retried")]
    refused = duty.ask("POST", f"/deliveries/{failed['id']}/retry")
    assert (refused.status_code, "it is sent" in refused.json["detail"]) == (409, True)
    other = program(bridge, Role.MANAGER, ["Elsewhere"])
    assert other.ask("POST", f"/deliveries/{failed['id']}/retry").status_code == 404
    assert duty.ask("POST", "/deliveries/99999999999999999999/retry").status_code == 400
