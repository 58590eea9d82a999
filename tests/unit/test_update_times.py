"""Moments that people name in what they write."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.updates.times import named

WEDNESDAY = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "moment"),
    [
        ("We will answer within 24 hours.", "Thu 5 March 12:00 UTC"),
        ("within 90 minutes", "Wed 4 March 13:30 UTC"),
        ("I'll have it in two days", "Fri 6 March"),
        ("It takes 2-3 days: you will hear within 2 to 3 days.", "Sat 7 March"),
        ("in the next 3 business days", "Mon 9 March"),
        ("in a week", "Wed 11 March"),
        ("within a month", "Sat 4 April"),
        ("by Friday", "Fri 6 March"),
        ("by Wednesday", "Wed 11 March"),
        ("by Friday, 6 March", "Fri 6 March"),
        ("by 5 pm", "Wed 4 March 17:00 UTC"),
        ("by 9:30 a.m.", "Thu 5 March 09:30 UTC"),
        ("tomorrow by 5 p.m.", "Thu 5 March 17:00 UTC"),
        ("tomorrow at noon", "Thu 5 March 12:00 UTC"),
        ("on Monday between 9:00 and 12:00, not at 9:30", "Mon 9 March 12:00 UTC"),
        ("the day after tomorrow", "Fri 6 March"),
        ("by end of day", "Wed 4 March"),
        ("by the end of the week", "Sun 8 March"),
        ("next week", "Sun 15 March"),
        ("by the end of the month", "Tue 31 March"),
        ("by 12 March", "Thu 12 March"),
        ("on March 12th, 2026", "Thu 12 March"),
        ("Friday 17:00 UTC", "Fri 6 March 17:00 UTC"),
        ("due 2026-03-10 16:30", "Tue 10 March 16:30 UTC"),
        ("2026-03-10T16:30", "Tue 10 March 16:30 UTC"),
        ("by 03/04", "Fri 3 April"),
        ("bis morgen", "Thu 5 March"),
        ("bis morgen 17 Uhr", "Thu 5 March 17:00 UTC"),
        ("in 2 Tagen", "Fri 6 March"),
        ("innerhalb von 24 Stunden", "Thu 5 March 12:00 UTC"),
        ("in den nächsten 3 Werktagen", "Mon 9 March"),
        ("bis Freitag", "Fri 6 March"),
        ("am 12.3.", "Thu 12 March"),
        ("am 12. März um 9:15 Uhr", "Thu 12 March 09:15 UTC"),
        ("übermorgen", "Fri 6 March"),
        ("nächste Woche", "Sun 15 March"),
        ("sous 24 heures", "Thu 5 March 12:00 UTC"),
        ("demain à 10h", "Thu 5 March 10:00 UTC"),
        ("dans 2 jours ouvrés", "Fri 6 March"),
        ("la semaine prochaine", "Sun 15 March"),
        ("en 2 días", "Fri 6 March"),
        ("mañana", "Thu 5 March"),
        ("el 12 de marzo", "Thu 12 March"),
        ("el viernes a las 17:00", "Fri 6 March 17:00 UTC"),
    ],
)
def test_a_moment_that_is_named(sentence: str, moment: str) -> None:
    assert str(named(sentence, WEDNESDAY)) == moment


@pytest.mark.parametrize(
    "sentence",
    [
        "We shipped it 2 days ago.",
        "It was sent on 2 March.",
        "You ordered it on 2 January.",
        "That was yesterday.",
        "Guten Morgen Frau Klee",
        "We are here 24/7.",
        "You have 3 licences, 5 of them in use.",
        "last Friday",
        "Version 4.2 solves it.",
        "on 31/02",
        "The code is 2026-13-45.",
        "Por la mañana no funciona.",
    ],
)
def test_no_moment_to_come(sentence: str) -> None:
    assert named(sentence, WEDNESDAY) is None


def test_the_time_of_the_day_is_the_authors() -> None:
    found = named("by 5 pm", WEDNESDAY, ZoneInfo("America/New_York"))
    assert found is not None
    assert found.due == datetime(2026, 3, 4, 22, tzinfo=UTC)
    assert str(found) == "Wed 4 March 17:00 EST"


def test_a_day_lasts_to_its_end_where_the_author_is() -> None:
    found = named("tomorrow", WEDNESDAY, ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert found.due == datetime(2026, 3, 5, 23, tzinfo=UTC)
    assert str(found) == "Thu 5 March"
