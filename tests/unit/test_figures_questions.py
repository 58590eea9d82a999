"""Further questions of a survey: read where the configuration says, joined, and never in the way of the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import Answer, ConfigError, Rated
from bridge.domain.ticket import fold_all
from connectors import Incoming
from connectors.surveys.generic import Generic

NOW = datetime(2031, 3, 11, 9, tzinfo=UTC)
SURVEY = Generic(
    name="survey",
    desk="zendesk",
    scale="stars",
    questions={"communication": "more.talk", "competence": "more.skill"},
)


def read(**answer: Any) -> Answer:
    [event] = SURVEY.read(
        Incoming(
            headers={"content-type": "application/json"},
            body=json.dumps({"id": "7", "score": 2, "ticket": "4711", **answer}).encode(),
            received_at=NOW,
        )
    )
    assert isinstance(event, Rated)
    return event.answer


def test_a_question_is_scored_as_the_answer_is() -> None:
    found = read(more={"talk": 5, "skill": "2"})
    assert found.score == 0.25
    assert found.questions == {"communication": 1.0, "competence": 0.25}


def test_what_was_left_open_or_makes_no_sense_is_left_out() -> None:
    assert read().questions == {}
    assert read(more={"talk": None, "skill": "purple"}).questions == {}
    assert read(more={"talk": 99, "skill": 3}).questions == {"competence": 0.5}


def test_parts_that_come_later_are_joined_to_those_before() -> None:
    def rated(number: int, **questions: float) -> Rated:
        return Rated(
            id=f"e{number}",
            subject="zendesk:1",
            at=NOW,
            seq=number,
            answer=Answer(id="survey:7", score=0.5, questions=questions),
        )

    ticket = fold_all([rated(1, communication=0.2), rated(2, competence=0.9), rated(3)])
    assert ticket is not None
    [answer] = ticket.answers
    assert answer.questions == {"communication": 0.2, "competence": 0.9}


@pytest.mark.parametrize("questions", [{" ": "a"}, {"talk": "a ||| b"}])
def test_a_question_without_a_name_or_a_path_is_refused(questions: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="questions"):
        Generic(name="survey", questions=questions)
