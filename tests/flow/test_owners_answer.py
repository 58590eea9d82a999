"""Months later: nothing tells what became of a customer, so whoever had the alert is asked, and answers by a button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.alerts import Change
from bridge.domain.loop import MONTH
from bridge.domain.model import Outcome, Press, Relation
from bridge.sandbox.slack_calls import Sending
from bridge.sandbox.slack_records import Message
from bridge.simulate.world import ENV
from tests.flow.conftest import Opens, written
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.slack_desk import APP, ids

MONA = "Mona Berg"
ANSWERS = ["relation:stayed", "relation:at-risk", "relation:left", "relation:unknown"]


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    """Anna's ticket was solved, she rated it badly, and Mona resolved the alert: nobody hears of Anna again."""
    made = loop_office(open_office, _looking)
    app = made.world.hooks.removesuffix("/hooks")
    made.slack.urls = {"interactivity": f"{app}/slack/actions"}
    made.slack.signing_secret = ENV["SLACK_SIGNING_SECRET"]
    ticket = made.open()
    made.solve(ticket)
    made.rate(ticket, score=2, words="Nobody helps me.")
    made.press(Press.ACKNOWLEDGE)
    made.press(Press.RESOLVE, outcome=Outcome.RECOVERED, cause="slow answer", words="Called her.")
    return made


def _looking(policy: str) -> str:
    assert "check_after = []" in policy
    return policy.replace("check_after = []", "check_after = [3, 6, 12]") + APP


def months(office: LoopOffice, many: int) -> None:
    """It is so many months since the alert was resolved."""
    ended = office.alert.ended_at
    assert ended
    office.later(seconds=(ended + many * MONTH + timedelta(minutes=1) - office.now).total_seconds())


def questions(office: LoopOffice, who: str = MONA) -> list[Message]:
    """What somebody was asked, oldest first."""
    found = office.slack.messages(office.slack.direct(office.member(who).slack).id)
    return [one for one in found if "relation:left" in ids(one)]


def answer(office: LoopOffice, question: Message, word: str, who: str = MONA, **how: Any) -> Any:
    office.later(seconds=1)
    user = office.member(who).slack
    done = office.slack.press(
        user, question.ts, f"relation:{word}", channel=question.channel, **how
    )
    office.later(seconds=4)
    return done


def told(office: LoopOffice) -> list[tuple[str, str]]:
    """The story of what became of the customer: by whom, and in which words."""
    return [(str(step.who), step.words) for step in office.story() if step.change is Change.CHECKED]


def whispers(office: LoopOffice, who: str = MONA) -> list[str]:
    return [written(one) for one in office.slack.ephemerals(user=office.member(who).slack)]


def test_no_sign_a_question_a_button_and_the_story_tells(office: LoopOffice) -> None:
    months(office, 3)
    (question,) = questions(office)
    assert "3 months ago" in written(question)
    assert "bridge alerts" not in written(question)
    assert ids(question)[:4] == ANSWERS
    assert office.alert.relations == {"3": Relation.UNKNOWN}

    said = answer(office, question, "left")

    assert (said.status, said.body) == (200, b"")
    assert said.in_time
    assert office.alert.relations == {"3": Relation.LEFT}
    assert told(office)[-1] == (MONA, "after 3 months: left: Mona Berg says so")
    (thanks,) = whispers(office)
    assert "Thank you: noted after 3 months: left" in thanks
    assert any("after 3 months: left" in line for line in office.thread(office.post))


def test_a_second_answer_takes_the_place_of_the_first(office: LoopOffice) -> None:
    months(office, 3)
    (question,) = questions(office)
    answer(office, question, "left")
    answer(office, question, "at-risk")
    assert office.alert.relations == {"3": Relation.AT_RISK}
    assert [words for who, words in told(office) if who == MONA] == [
        "after 3 months: left: Mona Berg says so",
        "after 3 months: at risk: Mona Berg says so",
    ]


def test_what_slack_sends_twice_is_noted_once(office: LoopOffice) -> None:
    months(office, 3)
    (question,) = questions(office)
    said = answer(office, question, "stayed")
    assert office.slack.resend(said).status == 200
    office.settle()
    assert [who for who, _ in told(office)].count(MONA) == 1
    assert len([row for row in office.inbox() if row.source == "slack"]) == 1


def test_after_3_6_and_12_months_it_is_asked_anew_whatever_was_answered(office: LoopOffice) -> None:
    months(office, 3)
    answer(office, questions(office)[-1], "unknown")
    months(office, 6)
    months(office, 12)
    _, second, third = questions(office)
    assert "6 months ago" in written(second)
    assert "12 months ago" in written(third)
    assert office.alert.relations == dict.fromkeys(("3", "6", "12"), Relation.UNKNOWN)

    answer(office, third, "stayed")
    answer(office, second, "at-risk")
    assert office.alert.relations == {
        "3": Relation.UNKNOWN,
        "6": Relation.AT_RISK,
        "12": Relation.STAYED,
    }
    assert (MONA, "after 3 months: unknown: Mona Berg says so") in told(office)


def test_who_came_back_is_not_asked_about(office: LoopOffice) -> None:
    office.later(days=30)
    office.solve(office.open(about="Another question"))
    months(office, 3)
    assert questions(office) == []
    assert office.alert.relations == {"3": Relation.STAYED}


def test_an_answer_about_an_alert_that_is_open_again_is_refused_kindly(office: LoopOffice) -> None:
    months(office, 3)
    (question,) = questions(office)
    office.press(Press.REOPEN, words="They wrote to the director.")
    answer(office, question, "left")
    assert "open again" in whispers(office)[-1]
    assert office.alert.relations == {"3": Relation.UNKNOWN}

    office.press(
        Press.RESOLVE, outcome=Outcome.RECOVERED, cause="slow answer", words="Called again."
    )
    answer(office, question, "left")
    assert "was resolved anew since: you are asked again after" in whispers(office)[-1]
    assert office.alert.relations == {"3": Relation.UNKNOWN}


def test_a_stranger_and_a_forger_answer_nothing(office: LoopOffice) -> None:
    months(office, 3)
    (question,) = questions(office)
    assert answer(office, question, "left", sending=Sending(secret="theirs")).status == 401
    answer(office, question, "left", sending=Sending(team="T0STRANGE1"))
    assert "Only members of the workspace" in whispers(office)[-1]
    assert [row for row in office.inbox() if row.source == "slack"] == []
    assert office.alert.relations == {"3": Relation.UNKNOWN}
