"""A call's survey over the telephone: the rating rings at once, the words and the voice join it later."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from bridge.sandbox import Fault
from bridge.sandbox.twilio import Call
from bridge.simulate.world import ENV
from bridge.work.errands import LEASE
from tests.flow.conftest import Office, Opens, written

DOORS = """
[sources.calls]
kind = "twilio"
desk = "zendesk"

[sources.aircall]
kind = "aircall"
desk = "zendesk"
secret = "SIMPLESAT_SECRET"

[sources.aircall.scores]
unhappy = 1

[sources.ratings]
kind = "zendesk-csat"
every = "5m"
"""


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + DOORS)


def call(office: Office, ticket: int, **does: str) -> Call:
    """Somebody calls; what is pressed at which question, and what is said after the tone."""
    office.later(seconds=1)
    words = does.pop("words", "")
    made: Call = office.world.sandbox.twilio.call(
        f"{office.world.hooks}/calls?ticket={ticket}",
        ENV["CALLS_SECRET"],
        digits=does,
        words=words,
        phone="+4930123456",
        transcribed_after=timedelta(minutes=3),
    )
    office.settle()
    return made


def test_the_rating_rings_at_once_and_the_words_join_it(office: Office) -> None:
    ticket = office.open()
    made = call(office, ticket, rating="1", resolved="2", words="Nobody called me back.")

    (post,) = office.posts()
    assert "rated 1" in written(post)
    assert "not resolved" in written(post)
    assert "Nobody called me back." not in written(post)
    assert made.over == "said goodbye"

    office.later(minutes=5)
    (post,) = office.posts()
    assert "Nobody called me back." in written(post)
    assert made.recordings[0] in written(post)
    assert len(office.notes(ticket)) == 1
    assert len(office.alerts()) == 1


def test_a_caller_who_hangs_up_leaves_what_was_pressed(office: Office) -> None:
    ticket = office.open()
    office.later(seconds=1)
    office.world.sandbox.twilio.call(
        f"{office.world.hooks}/calls?ticket={ticket}",
        ENV["CALLS_SECRET"],
        digits={"rating": "2"},
        hangs_up_at="resolved",
    )
    office.settle()
    (post,) = office.posts()
    assert "rated 2" in written(post)


def test_who_presses_the_wrong_key_is_asked_again(office: Office) -> None:
    made = call(office, office.open(), rating="9 1", resolved="1")
    assert [key for question, key in made.pressed if question == "rating"] == ["9", "1"]
    assert len(office.posts()) == 1


def test_two_callers_at_once_are_two_answers(office: Office) -> None:
    one, two = office.open("Anna"), office.open("Omar")
    for ticket, rating in ((one, "1"), (two, "5")):
        office.world.sandbox.twilio.call(
            f"{office.world.hooks}/calls?ticket={ticket}",
            ENV["CALLS_SECRET"],
            digits={"rating": rating, "resolved": "1"},
            phone="anonymous",
        )
    office.settle()
    (alert,) = office.alerts()
    assert alert.subject == f"zendesk:{one}"


def test_who_does_not_sign_as_twilio_does_hears_nothing(office: Office) -> None:
    answer = requests.post(
        f"{office.world.hooks}/calls", data={"CallSid": "CA1", "Digits": "1"}, timeout=5
    )
    assert answer.status_code == 401
    assert "<Response" not in answer.text
    assert office.inbox() == []


def test_a_token_that_comes_in_the_body_is_neither_kept_nor_logged(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    token = ENV["SIMPLESAT_SECRET"]
    body = {
        "resource": "call",
        "event": "call.tagged",
        "timestamp": 1930901000,
        "token": token,
        "data": {"id": 812, "tags": [{"id": 1, "name": "unhappy"}]},
    }
    address = f"{office.world.hooks}/aircall"
    assert requests.post(address, json=body | {"token": "guess"}, timeout=5).status_code == 401
    assert requests.post(address, json=body, timeout=5).status_code == 202
    office.settle()
    (row,) = office.inbox()
    assert row.state == "read"
    assert json.loads(row.body)["data"]["id"] == 812
    assert token.encode() not in row.body
    assert token not in "".join(capsys.readouterr())
    assert len(office.alerts()) == 1


# --- polling, and a desk that is asked in vain


def test_nobody_can_post_to_a_source_that_is_polled(office: Office) -> None:
    assert requests.post(f"{office.world.hooks}/ratings", json={}, timeout=5).status_code == 404


def test_a_rating_that_trigger_poll_and_history_tell_of_is_one(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.later(seconds=1)
    office.desk.rate(ticket, "bad", "Rude.")
    office.settle()
    office.later(minutes=30)
    assert [row.source for row in office.inbox()].count("ratings") >= 1
    (alert,) = office.alerts()
    assert len(alert.reasons) == 1
    assert len(office.posts()) == len(office.notes(ticket)) == 1


def test_a_rating_whose_trigger_was_lost_is_found_by_the_poll(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.later(seconds=1)
    office.world.sandbox.courier.mangle = lambda _: []
    office.desk.rate(ticket, "bad", "Rude.")
    office.settle()
    assert office.posts() == []
    office.later(minutes=6)
    (post,) = office.posts()
    assert "Rude." in written(post)


def test_an_answer_waits_a_minute_for_a_desk_that_is_away_and_no_longer(office: Office) -> None:
    office.later(seconds=1)
    lost = office.desk.open_ticket(
        office.people["Anna"], "Hello", "Hello?", office.groups["Billing"]
    )
    office.world.sandbox.courier.mangle = lambda shipment: (
        [] if shipment.vendor == "zendesk" else [shipment]
    )
    office.world.sandbox.faults = lambda vendor, *_: (
        Fault.status(503) if vendor == "zendesk" else None
    )
    began = office.now
    office.rate(lost + 1, score=1)
    assert office.posts("Support") == []
    office.later(minutes=2)
    (post,) = office.posts("Support")
    (alert,) = office.alerts()
    assert "rated 1" in written(post)
    assert alert.opened_at - began <= timedelta(minutes=1, seconds=5)


def test_an_errand_whose_process_died_is_run_by_another(office: Office) -> None:
    """The row is leased when it is taken; a process that dies leaves it as it was then."""
    from bridge.store import errands
    from bridge.work.queue import READ, ask

    ticket = office.open()
    bridge = office.world.bridge
    calls = office.desk.calls.copy()
    with bridge.engine.begin() as connection:
        errands.want(connection, READ, [f"zendesk:{ticket}"], office.now)
        assert errands.take(connection, READ, f"zendesk:{ticket}", office.now, LEASE)
        ask(connection, READ, [f"zendesk:{ticket}"], office.now)
    office.settle()
    with bridge.engine.begin() as connection:
        (left,) = errands.find(connection, [(READ, f"zendesk:{ticket}")])
    assert left.attempts == 1
    office.later(minutes=3)
    with bridge.engine.begin() as connection:
        assert errands.find(connection, [(READ, f"zendesk:{ticket}")]) == []
    assert office.desk.calls != calls
