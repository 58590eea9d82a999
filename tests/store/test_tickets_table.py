"""Events, tickets and timers: a ticket is one worker's at a time, and a timer rings once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from bridge.domain.model import Deadline, Opened, Party, Replied, Severity, Ticket, Unreadable
from bridge.store import tickets

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ANNA, OMAR = "zendesk:1", "zendesk:2"


def wrote(number: int, subject: str, *, words: str = "Hello?", minutes: int = 0) -> Replied:
    return Replied(
        id=f"comment:{number}",
        subject=subject,
        at=NINE + timedelta(minutes=minutes),
        by=Party.CUSTOMER,
        public=True,
        text=words,
    )


def add(connection: Connection, *events: Opened | Replied) -> None:
    tickets.add_events(connection, [tickets.arrive(event, NINE) for event in events])


@pytest.fixture
def two(engine: Engine) -> Iterator[tuple[Connection, Connection]]:
    """Two workers' connections."""
    with engine.connect() as one, engine.connect() as other:
        yield one, other


def test_an_event_that_is_known_already_changes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, wrote(1, ANNA))
        add(connection, wrote(1, ANNA, words="Something else"), wrote(2, ANNA))
        (first, second) = tickets.waiting(connection, [ANNA])[ANNA]
    assert isinstance(first.event, Replied)
    assert first.event.text == "Hello?"
    assert second.event.id == "comment:2"


def test_waiting_events_come_in_the_order_they_fold_in(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, wrote(3, ANNA, minutes=9), wrote(1, ANNA, minutes=3), wrote(2, OMAR))
        waiting = tickets.waiting(connection, [ANNA, OMAR])
        assert tickets.unjudged(connection, 10) == [ANNA, OMAR]
    assert [w.event.id for w in waiting[ANNA]] == ["comment:1", "comment:3"]


def test_a_ticket_is_never_given_to_two(engine: Engine) -> None:
    subjects = [f"zendesk:{n}" for n in range(200)]
    with engine.begin() as connection:
        tickets.claim(connection, subjects)
    start, end = Barrier(4), Barrier(4)

    def worker(wanted: Sequence[str]) -> list[str]:
        with engine.begin() as connection:
            start.wait(10)
            mine = [claimed.id for claimed in tickets.claim(connection, wanted)]
            end.wait(10)  # all hold what they claimed
            return mine

    with ThreadPoolExecutor(4) as pool:
        orders = [subjects, subjects[::-1], subjects[::2] + subjects[1::2], subjects]
        claimed = [mine for found in pool.map(worker, orders) for mine in found]
    assert len(claimed) == len(set(claimed))


def test_a_ticket_that_another_holds_is_passed_over(two: tuple[Connection, Connection]) -> None:
    one, other = two
    with one.begin():
        assert tickets.claim(one, [ANNA])[0].ticket is None, "it is new"
    with one.begin():
        tickets.claim(one, [ANNA])
        with other.begin():
            assert [claimed.id for claimed in tickets.claim(other, [ANNA, OMAR])] == [OMAR]
    with other.begin():
        assert [claimed.id for claimed in tickets.claim(other, [ANNA])] == [ANNA]


def test_a_ticket_comes_back_as_it_was_stored(engine: Engine) -> None:
    ticket = Ticket(id=ANNA, as_of=(NINE, 0, "x"), title="Refund?", team="17", requester="3")
    timers = (Deadline("first_response", "warn", NINE),)
    told = {"low_score||1": Severity.HIGH}
    with engine.begin() as connection:
        tickets.claim(connection, [ANNA])
        tickets.store(connection, [tickets.Judged(ticket, timers, told)])
        (claimed,) = tickets.claim(connection, [ANNA])
        assert claimed == tickets.Claimed(ANNA, ticket, timers, told)
        assert tickets.find(connection, ANNA) == ticket
        assert tickets.groups_seen(connection) == {"zendesk:17": 1}
        assert tickets.newest_of(connection, ["zendesk:3"], NINE) == ANNA
        assert tickets.newest_of(connection, ["zendesk:3"], NINE + timedelta(days=1)) is None


def test_what_could_not_be_judged_is_left_out_of_the_history(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, wrote(1, ANNA), wrote(2, ANNA))
        first, second = tickets.waiting(connection, [ANNA])[ANNA]
        assert tickets.faulty(connection, [first.id], "a fault of ours") == []
        tickets.judged(connection, [second.id])
        assert [event.id for event in tickets.history(connection, ANNA)] == ["comment:2"]
        assert tickets.unjudged(connection, 10) == []


@pytest.mark.parametrize("words", ["a\x00b", "half of an emoji \ud83d"])
def test_text_that_no_database_takes_is_unreadable(words: str) -> None:
    with pytest.raises(Unreadable):
        tickets.arrive(wrote(1, ANNA, words=words), NINE)


def test_a_backslash_before_u0000_is_a_customers_good_right(engine: Engine) -> None:
    words = "C:\\u0000 is a path"
    with engine.begin() as connection:
        add(connection, wrote(1, ANNA, words=words))
        (event,) = tickets.history(connection, ANNA)
    assert isinstance(event, Replied)
    assert event.text == words


# --- timers


def warn(minutes: int, goal: str = "first_response") -> Deadline:
    return Deadline(goal, "warn", NINE + timedelta(minutes=minutes))


def store(connection: Connection, subject: str, *timers: Deadline) -> None:
    """A ticket with these timers on it."""
    tickets.claim(connection, [subject])
    ticket = Ticket(id=subject, as_of=(NINE, 0, ""))
    tickets.store(connection, [tickets.Judged(ticket, timers, {})])
    tickets.set_timers(connection, [], [(subject, timer) for timer in timers])


def due(connection: Connection, minutes: int, **more: Any) -> list[tuple[str, Deadline]]:
    """What has come due, by ticket."""
    then = NINE + timedelta(minutes=minutes)
    found = tickets.overdue(connection, "zendesk", then, 100, **more)
    return [(one.ticket.id, timer) for one in found for timer in one.timers]


def test_a_desk_with_due_timers_is_named_once(engine: Engine) -> None:
    with engine.begin() as connection:
        store(connection, ANNA, warn(30))
        store(connection, OMAR, warn(10), warn(20, "next_reply"))
        store(connection, "jsm:7", warn(40))
        assert tickets.next_due(connection, NINE) == NINE + timedelta(minutes=10)
        assert tickets.next_due(connection, NINE + timedelta(minutes=40)) is None
        assert tickets.due_desks(connection, NINE) == []
        assert tickets.due_desks(connection, NINE + timedelta(minutes=30)) == ["zendesk"]
        assert tickets.due_desks(connection, NINE + timedelta(days=1)) == ["zendesk", "jsm"]


def test_tickets_with_due_timers_come_with_them_oldest_first(engine: Engine) -> None:
    with engine.begin() as connection:
        store(connection, ANNA, warn(30))
        store(connection, OMAR, warn(10), warn(90, "next_reply"))
        assert due(connection, 5) == []
        assert due(connection, 30) == [(OMAR, warn(10)), (ANNA, warn(30))]
        assert due(connection, 30, but={OMAR}) == [(ANNA, warn(30))]


def test_a_timer_is_taken_once_and_not_if_it_was_moved(engine: Engine) -> None:
    with engine.begin() as connection:
        store(connection, ANNA, warn(30))
        store(connection, OMAR, warn(10))
        seen = due(connection, 30)
        tickets.set_timers(connection, [], [(ANNA, warn(40))])
        assert tickets.take_timers(connection, seen) == [(OMAR, warn(10))]
        assert tickets.take_timers(connection, seen) == []


def test_two_clocks_do_not_ring_one_timer_twice(two: tuple[Connection, Connection]) -> None:
    one, other = two
    timers = [(f"zendesk:{n}", warn(n)) for n in range(6)]
    with one.begin():
        tickets.set_timers(one, [], timers)
    with one.begin(), other.begin():
        mine = tickets.take_timers(one, timers[:3])
        theirs = tickets.take_timers(other, timers)
    assert sorted(mine) == timers[:3]
    assert sorted(theirs) == timers[3:]


def test_a_timer_that_is_set_again_is_moved(engine: Engine) -> None:
    with engine.begin() as connection:
        tickets.set_timers(connection, [], [(ANNA, warn(10)), (ANNA, warn(20, "next_reply"))])
        tickets.set_timers(connection, [(ANNA, warn(20, "next_reply"))], [(ANNA, warn(40))])
        gone = tickets.take_timers(connection, [(ANNA, warn(10)), (ANNA, warn(20, "next_reply"))])
        assert gone == []
        assert tickets.take_timers(connection, [(ANNA, warn(40))]) == [(ANNA, warn(40))]


# --- what is known already


def test_events_that_are_stored_are_known_judged_or_not(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, wrote(1, ANNA))
        assert (
            tickets.add_events(connection, [tickets.arrive(wrote(2, ANNA), NINE)], judged=True) == 1
        )
        assert tickets.add_events(connection, [tickets.arrive(wrote(2, ANNA), NINE)]) == 0
        assert tickets.known(connection, ["comment:1", "comment:2", "comment:3"]) == {
            "comment:1",
            "comment:2",
        }
        assert [w.event.id for w in tickets.waiting(connection, [ANNA])[ANNA]] == ["comment:1"]
        assert len(tickets.history(connection, ANNA)) == 2


# --- answers


def test_all_parts_of_one_answer_belong_to_the_same_ticket(engine: Engine) -> None:
    with engine.begin() as connection:
        tickets.bind(connection, {"survey:1": ANNA})
        tickets.bind(connection, {"survey:1": OMAR, "survey:2": OMAR})
        known = tickets.subjects_of(connection, ["survey:1", "survey:2", "survey:3"])
    assert known == {"survey:1": ANNA, "survey:2": OMAR}


def test_old_events_are_forgotten_once_they_are_judged(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, wrote(1, ANNA), wrote(2, ANNA))
        first = tickets.waiting(connection, [ANNA])[ANNA][0]
        tickets.judged(connection, [first.id])
        assert tickets.forget_events(connection, NINE + timedelta(days=1)) == 1
        assert tickets.waiting_before(connection, NINE + timedelta(seconds=1))
