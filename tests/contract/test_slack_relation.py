"""The question what became of a customer, as it is drawn for Slack and mailed, and as its buttons come in."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.model import Relation, Unreadable
from connectors.channels.email_letter import letter_of
from connectors.channels.slack_blocks import blocks, fallback
from connectors.people.slack_payload import RELATIONS, wishes
from connectors.reading import Node
from tests.contract.messages import MESSAGE, NASTY, nasty
from tests.contract.slack_drawn import elements, harmless_message

QUESTION = replace(
    MESSAGE,
    ref="AB-1A2B3C4D",
    resolved=True,
    headline="Resolved by Mona",
    text="6 months ago AB-1A2B3C4D was resolved. Did they stay?",
    asks=6,
)


def pressed(button: dict[str, Any]) -> Node:
    """The click as Slack tells of it."""
    return Node({"actions": [{"type": "button", **button}]})


def buttons(message: Any = QUESTION) -> list[dict[str, Any]]:
    return [
        one for one in elements(blocks(message), "button") if "relation" in one.get("action_id", "")
    ]


def test_the_question_has_four_answers_below_its_words() -> None:
    _, words, answers, *_ = blocks(QUESTION)
    assert "Did they stay?" in str(words)
    assert [one["text"]["text"] for one in answers["elements"]] == [
        "Stayed",
        "At risk",
        "Left",
        "Don't know",
    ]


def test_each_answer_comes_in_as_what_its_button_says() -> None:
    said = [wish for button in buttons() for wish in wishes(pressed(button))]
    assert [RELATIONS[wish.what] for wish in said] == [
        Relation.STAYED,
        Relation.AT_RISK,
        Relation.LEFT,
        Relation.UNKNOWN,
    ]
    assert {(wish.ref, wish.months) for wish in said} == {("AB-1A2B3C4D", 6)}


def test_a_message_that_asks_nothing_has_no_answers() -> None:
    assert buttons(MESSAGE) == []
    assert buttons(replace(QUESTION, ref="\x00")) == []


def test_the_notification_shows_the_question() -> None:
    assert fallback(QUESTION).startswith("6 months ago AB-1A2B3C4D was resolved. Did they stay?")
    assert fallback(replace(QUESTION, text=" ")).startswith("✅ Resolved")


def test_hostile_words_in_a_question_are_tamed() -> None:
    harmless_message(blocks(nasty(asks=3), marker="d-1"))
    assert len(fallback(nasty(asks=3, text=NASTY))) < 1000


@pytest.mark.parametrize(
    "value",
    [
        "AB-1A2B3C4D",
        "0 AB-1A2B3C4D",
        "x AB-1A2B3C4D",
        "\u0663 AB-1A2B3C4D",
        "600 AB-1A2B3C4D",
        "3 4711",
        "",
    ],
)
def test_an_answer_that_says_not_when_or_of_whom_is_refused(value: str) -> None:
    with pytest.raises(Unreadable, match="actions"):
        list(wishes(pressed({"action_id": "relation:left", "value": value})))


def test_by_mail_the_question_is_the_subject_and_its_words_come_first() -> None:
    letter = letter_of(QUESTION, "sara@example.com", "d-1")
    assert letter.subject == "What became of the customer? (Ticket 4711)"
    assert "Did they stay?" in letter.text.splitlines()[1]
    assert "Did they stay?" in letter.html
