"""A page waits a moment for a vendor, and goes on without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from bridge.domain.model import Undeliverable
from bridge.web.pages.admin.teams_vendors import AGAIN, GOOD_FOR, Known, Told, seats
from connectors.channels.slack_list import Room, Rooms

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_an_answer_is_good_for_some_minutes() -> None:
    asked = []
    known = Known(lambda: asked.append(1) or len(asked))  # type: ignore[func-returns-value]
    assert known.told(NOON).value == 1
    assert known.told(NOON + GOOD_FOR - timedelta(seconds=1)).value == 1
    assert known.told(NOON + GOOD_FOR).value == 2
    known.forget()
    assert known.told(NOON + GOOD_FOR).value == 3


def test_a_page_goes_on_without_an_answer_that_is_late() -> None:
    answers = Event()
    known = Known(lambda: answers.wait(60), patience=0)
    assert known.told(NOON) == Told(None, late=True)
    answers.set()
    known.begin(NOON).result(60)
    assert known.told(NOON) == Told(value=True)


def test_a_vendor_that_is_away_is_asked_again_soon_and_what_it_said_before_counts_meanwhile() -> (
    None
):
    away = Undeliverable("slack is away")
    answers: list[Undeliverable | str] = ["named", away, "named anew"]

    def ask() -> str:
        one = answers.pop(0)
        if isinstance(one, Undeliverable):
            raise one
        return one

    known = Known(ask)
    assert known.told(NOON).value == "named"
    later = NOON + GOOD_FOR
    assert known.told(later) == Told("named", away)
    assert known.told(later + AGAIN - timedelta(seconds=1)) == Told("named", away)
    assert known.told(later + AGAIN) == Told("named anew")


def test_a_fault_of_ours_is_no_trouble_of_a_vendors() -> None:
    def ask() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Known(ask).told(NOON)


def test_whether_the_bot_is_in_a_channel_is_told_only_where_it_is_known() -> None:
    general = Room(id="C1", name="general", joined=True)
    whole, part = Rooms(found=(general,)), Rooms(found=(general,), cursor="more")
    assert seats(Told(whole))("C1").joined is True
    assert seats(Told(whole))("C2").joined is False
    assert seats(Told(part))("C2").joined is None
    assert seats(Told(None, late=True))("C1").name == ""
