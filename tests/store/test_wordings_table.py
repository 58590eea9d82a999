"""What was learned, as it is kept: at most one version is used; and what there is to learn of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Connection, Engine, insert

from bridge.domain.model import Answer, Opened, Party, Replied, Ticket
from bridge.store import comments, wordings
from bridge.store.schema import tickets
from bridge.store.tickets import add_events, arrive

NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def keep(connection: Connection, name: str, *, use: bool = True) -> None:
    wordings.keep(connection, name, NINE, name.encode(), {"comments": 70}, use=use)


def states(connection: Connection) -> dict[str, str]:
    return {one.name: one.state for one in wordings.versions(connection)}


def test_nothing_is_used_before_anything_was_learned(connection: Connection) -> None:
    assert wordings.used(connection) is None
    assert wordings.used_name(connection) is None
    assert wordings.last_made(connection) is None
    assert not wordings.forget(connection)


def test_what_is_newly_used_takes_the_place_of_what_was(connection: Connection) -> None:
    keep(connection, "one")
    keep(connection, "two")
    keep(connection, "three", use=False)
    assert states(connection) == {"three": "refused", "two": "used", "one": "old"}
    assert (wordings.used_name(connection), wordings.used(connection)) == ("two", b"two")
    assert wordings.body(connection, "one") == b"one"
    assert wordings.versions(connection)[0].figures == {"comments": 70}
    assert wordings.last_made(connection) == NINE


def test_any_version_can_be_used_again_and_none(connection: Connection) -> None:
    keep(connection, "one")
    keep(connection, "two")
    assert wordings.use(connection, "one")
    assert states(connection) == {"two": "old", "one": "used"}
    assert not wordings.use(connection, "nine")
    assert wordings.used_name(connection) == "one"
    assert wordings.forget(connection)
    assert wordings.used(connection) is None


def test_a_second_one_of_a_day_has_a_number(connection: Connection) -> None:
    assert wordings.free_name(connection, NINE) == "learned-2026-03-10"
    keep(connection, "learned-2026-03-10")
    assert wordings.free_name(connection, NINE) == "learned-2026-03-10.2"
    assert wordings.free_name(connection, NINE + timedelta(days=1)) == "learned-2026-03-11"


def test_answers_with_words_and_a_score_are_learned_of(connection: Connection) -> None:
    answers = (
        Answer(id="a", score=0.0, words="Late", at=NINE),
        Answer(id="b", score=1.0),
        Answer(id="c", words="No score"),
        Answer(id="d", score=1.0, words=" "),
    )
    for number, given in enumerate((answers, ())):
        subject = f"zendesk:{number}"
        case = Ticket(id=subject, as_of=(NINE, 0, ""), answers=given)
        state = msgspec.to_builtins(case)
        connection.execute(insert(tickets).values(id=subject, state=state, updated_at=NINE))
    assert [(one.id, one.words) for one in comments.scored(connection)] == [("a", "Late")]


def test_public_replies_of_agents_are_looked_at(connection: Connection) -> None:
    def replied(number: int, by: Party, *, public: bool, text: str = "On it.") -> Replied:
        id_, subject = f"e{number}", f"zendesk:{number}"
        return Replied(id=id_, subject=subject, at=NINE, by=by, public=public, text=text)

    happened = [
        replied(1, Party.AGENT, public=True),
        replied(2, Party.AGENT, public=False),
        replied(3, Party.CUSTOMER, public=True),
        replied(4, Party.AGENT, public=True, text=""),
        Opened(id="e5", subject="zendesk:5", at=NINE, by=Party.AGENT, text="On it."),
    ]
    add_events(connection, [arrive(event, NINE) for event in happened])
    assert list(comments.replies(connection)) == [("zendesk:1", "On it.")]
