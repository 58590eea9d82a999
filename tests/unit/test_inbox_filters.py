"""What stands in the inbox's address, and until when an alert is put off."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.hours import Hours, parse_week
from bridge.domain.model import Severity
from bridge.domain.redaction import OPEN, Redaction
from bridge.store.cases import After
from bridge.web.pages.filters import asked, written
from bridge.web.pages.snoozes import morning, parsed

NOW = datetime(2031, 3, 11, 15, 0, tzinfo=UTC)  # a Tuesday
BERLIN = ZoneInfo("Europe/Berlin")


def test_an_address_that_says_nothing_asks_for_all_that_are_live() -> None:
    wanted = asked({}).filter(NOW, (), OPEN)
    assert (wanted.state, wanted.only_live, wanted.text, wanted.due_by) == ("live", True, "", None)


def test_an_address_is_read() -> None:
    given = {"state": "all", "severity": "high", "due": "overdue", "q": "  late\x00 ", "x": "y"}
    wanted = asked(given).filter(NOW, ("zendesk:1",), OPEN)
    assert wanted.state == ""
    assert not wanted.only_live
    assert wanted.severity is Severity.HIGH
    assert wanted.due_by == NOW
    assert wanted.text == "late"
    assert wanted.subjects == ("zendesk:1",)


def test_what_is_hidden_is_not_searched_for() -> None:
    wanted = asked({"q": "Anna"}).filter(NOW, (), Redaction(words=True, names=True))
    assert (wanted.titles, wanted.customers) == (False, False)


@pytest.mark.parametrize("due", [NOW, None])
def test_a_place_in_the_list_comes_back_from_the_address(due: datetime | None) -> None:
    place = After(40, due, 17)
    assert asked({"after": written(place)}).after == place


@pytest.mark.parametrize("cursor", ["", "x", "%", "é", "W10", "WzQwXQ", "bnVsbA", "a" * 10_000])
def test_a_place_that_there_is_not_is_the_beginning(cursor: str) -> None:
    assert asked({"after": cursor}).after is None


def test_a_very_long_text_is_cut() -> None:
    assert len(asked({"q": "x" * 10_000}).said["q"]) == 200


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2031, 3, 11, 15, 0, tzinfo=UTC), datetime(2031, 3, 12, 8, 0, tzinfo=UTC)),
        (datetime(2031, 3, 14, 15, 0, tzinfo=UTC), datetime(2031, 3, 17, 8, 0, tzinfo=UTC)),
        (datetime(2031, 3, 11, 23, 30, tzinfo=UTC), datetime(2031, 3, 13, 8, 0, tzinfo=UTC)),
    ],
)
def test_tomorrow_morning_is_when_the_team_opens_next(now: datetime, opens: datetime) -> None:
    hours = Hours(BERLIN, parse_week({"mon-fri": "09:00-17:00"}))
    assert morning(hours, now) == opens


def test_where_the_team_never_stops_the_morning_begins_at_eight() -> None:
    assert morning(Hours(BERLIN), NOW) == datetime(2031, 3, 12, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("words", ["", "soon", "2031-13-01T10:00", "10:00"])
def test_what_is_no_time_is_none(words: str) -> None:
    assert parsed(words) is None
