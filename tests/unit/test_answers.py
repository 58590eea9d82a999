"""What a customer said, and the event it makes."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import ConfigError, Contact, Party, Unreadable
from connectors import answers
from connectors.answers import (
    Grade,
    Linked,
    Said,
    Scaled,
    first_value,
    full_name,
    grade,
    names,
    rated,
    written,
)
from connectors.reading import Node
from connectors.scores import Score
from connectors.surveys.delighted import Delighted

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SOURCE = Delighted(name="nps", desk="zendesk")


def test_the_examples_hold() -> None:
    assert doctest.testmod(answers).failed == 0


@pytest.mark.parametrize(
    "said",
    [
        Said(grade=Grade(Score(0.0), "0", "nps")),
        Said(words="Nobody calls back."),
        Said(resolved=False),
    ],
)
def test_the_worst_score_a_word_and_a_plain_no_are_something(said: Said) -> None:
    assert said


def test_a_question_left_open_is_nothing() -> None:
    assert not Said()
    assert not Said(grade=grade("skipped", scale="csat"))


def test_an_answer_is_named_after_its_source_and_goes_to_its_ticket() -> None:
    said = Said(grade=grade("0", scale="nps"), words="Slow", resolved=False)
    event = rated(
        SOURCE, said, event="e1", answer="a1", ticket="#4711", at=NOW, contact=Contact("Ada"), seq=3
    )
    assert (event.id, event.subject, event.at, event.seq) == ("nps:e1", "zendesk:4711", NOW, 3)
    assert event.by is Party.CUSTOMER
    answer = event.answer
    assert (answer.id, answer.words, answer.resolved) == ("nps:a1", "Slow", False)
    assert (answer.score, answer.raw, answer.scale) == (0.0, "0", "nps")
    assert (answer.low, answer.high, answer.contact.name) == (0, 10, "Ada")


def test_an_answer_without_a_ticket_is_a_case_of_its_own() -> None:
    for ticket in ("", "{{ticket.id}}"):
        event = rated(SOURCE, Said(words="Slow"), event="e1", answer="a1", ticket=ticket, at=NOW)
        assert event.subject == "answer:nps:a1"


def test_a_scale_without_a_score_on_it_is_not_told() -> None:
    said = Said(grade=grade("n/a", scale="csat"), words="Slow")
    answer = rated(SOURCE, said, event="e1", answer="a1", at=NOW).answer
    assert (answer.score, answer.raw, answer.scale) == (None, "n/a", "")


@pytest.mark.parametrize(
    ("given", "raw"), [(0, "0"), (4.5, "4.5"), (" 4/5 ", "4/5"), (None, ""), ("N/A", "N/A")]
)
def test_the_customers_own_value_stays_beside_the_score(given: Any, raw: str) -> None:
    assert grade(given, scale="number", low=0, high=5).raw == raw


def test_a_thumb_that_is_sent_as_yes_or_no_is_told_in_words() -> None:
    assert grade(True, scale="thumbs") == Grade(Score(1.0), "true", "thumbs")
    assert grade(False, scale="thumbs") == Grade(Score(0.0), "false", "thumbs")


def test_the_error_names_the_field_where_there_may_be_several() -> None:
    with pytest.raises(Unreadable, match=r"^score: 9 is not on"):
        grade(9, scale="csat")
    with pytest.raises(Unreadable, match=r"^pages\[1\]\.weight: score: 9 is not on"):
        grade(9, scale="csat", where="pages[1].weight")


def test_the_settings_say_what_a_number_means() -> None:
    assert Scaled(low=6, high=1).grade(6).score.score == 0
    assert Scaled(scale="number", low=0, high=100).grade("70") == Grade(
        Score(0.7, 0, 100), "70", "number"
    )
    assert Scaled().grade(7, scale="ces").score.score == 1
    assert Scaled().grade("Meh", words={"meh": 0.4}).score.score == 0.4
    with pytest.raises(ConfigError, match=r"^scale: unknown"):
        Scaled(scale="furlongs")


def test_the_link_hands_on_a_ticket_and_a_person_under_plain_names() -> None:
    plain = Linked()
    told = (plain.ticket_field, plain.name_field, plain.email_field, plain.phone_field)
    assert told == ("ticket_id", "name", "email", "phone")


def test_a_question_is_known_by_all_that_it_is_called() -> None:
    question = Node({"id": 17, "text": " Solved? ", "metric": "", "ref": None})
    assert names(question, "id", "text", "metric", "ref", "heading") == {"17", "Solved?"}
    with pytest.raises(Unreadable, match=r"^id: expected a string"):
        names(Node({"id": []}), "id")


def test_texts_are_joined_and_empty_ones_are_left_out() -> None:
    assert written(Node(text) for text in ("Slow.", "", None, " Still. ")) == "Slow.\nStill."
    assert written([]) == ""


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Ada", "Example", "Ada Example"),
        ("Ada", None, "Ada"),
        ("", "Example", "Example"),
        (None, None, ""),
    ],
)
def test_either_part_of_a_name_may_be_missing(first: Any, last: Any, name: str) -> None:
    assert full_name(Node(first), Node(last)) == name


def test_of_several_addresses_the_first_that_says_something_counts() -> None:
    listed = [{"value": ""}, {"type": "work"}, {"value": "ada@example.com"}, {"value": "b"}]
    assert first_value(Node(listed)) == "ada@example.com"
    assert first_value(Node([])) == first_value(Node(None)) == ""
