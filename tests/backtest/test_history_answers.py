"""A row for each answer to a survey: reported, responded to, rated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bridge.domain.model import Opened, Party, Rated, Replied
from tests.backtest.histories import after, at, example, read, written

HEAD = (
    "Unique id", "channel_name", "category", "Sub-category", "Customer Remarks",
    "Issue_reported at", "issue_responded", "Survey_response_Date", "Product_category",
    "Agent_name", "Supervisor", "Manager", "Agent Shift", "CSAT Score",
)  # fmt: skip
WHAT = ("Inbound", "Returns", "Pickup")
WHO = ("Books", "Ana", "Bo", "Cy", "Night")


def survey(folder: Path, *rows: tuple[str, ...]) -> Path:
    return written(folder, [HEAD, *rows], "answers.csv")


def test_an_answer_comes_last_and_names_who_responded(tmp_path: Path) -> None:
    log = survey(
        tmp_path,
        ("a1", *WHAT, "Too slow", "01/08/2026 10:00", "01/08/2026 12:30", "01-Aug-26", *WHO, "2"),
    )
    [case], found = read(log, example("survey"))
    opened, replied, rated = case.events
    assert isinstance(opened, Opened)
    assert opened.seen is not None
    assert opened.seen.agent is None  # nobody knew who would see to it
    assert opened.seen.facts == {
        "product": "Books", "channel": "Inbound", "topic": "Returns", "cause": "Pickup",
        "manager": "Cy", "shift": "Night",
    }  # fmt: skip
    assert isinstance(replied, Replied)
    assert (replied.at, replied.actor) == (datetime(2026, 8, 1, 12, 30, tzinfo=UTC), "Ana")
    assert isinstance(rated, Rated)
    assert (rated.by, rated.at) == (Party.CUSTOMER, datetime(2026, 8, 1, 23, 59, 59, tzinfo=UTC))
    assert (rated.answer.score, rated.answer.words) == (0.25, "Too slow")
    assert rated.seen is not None
    assert (rated.seen.agent, rated.seen.team) == ("Ana", "Bo")
    assert case.outcomes["low score"].bad is True
    assert (case.resolved_at, case.closed_at) == (replied.at, rated.at)
    assert found.flaws == {}


def test_a_response_before_the_report_is_left_out_and_counted(tmp_path: Path) -> None:
    log = survey(
        tmp_path,
        ("a1", *WHAT, "", "01/08/2026 10:00", "01/08/2026 09:00", "01-Aug-26", *WHO, "5"),
    )
    [case], found = read(log, example("survey"))
    assert [type(event) for event in case.events] == [Opened, Rated]
    assert found.flaws["a response before the report: left out"].rows == [1]


def test_several_answers_may_be_of_one_ticket(tmp_path: Path) -> None:
    mapping = """
        [file]
        rows = "answers"
        [columns]
        case = "ticket"
        time = "given"
        score = "stars"
        text = "words"
        [outcomes."low score"]
        kind = "score"
        at_most = 1
    """
    log = written(
        tmp_path,
        [
            ("ticket", "given", "stars", "words"),
            ("7", at(hours=2), "1", ""),
            ("7", at(), "4", ""),
            ("7", at(hours=1), "", "Hm"),
            ("8", at(), "", ""),
            ("9", at(), "lots", "Fine"),
            ("10", at(), "9", ""),
        ],
    )
    found_cases, found = read(log, mapping)
    by_id = {case.id: case for case in found_cases}
    seven = by_id["case:7"]
    assert [event.at for event in seven.events] == [after(), after(hours=1), after(hours=2)]
    assert (seven.outcomes["low score"].bad, seven.outcomes["low score"].at) == (
        True,
        after(hours=2),
    )
    assert by_id["case:8"].events == ()
    assert by_id["case:9"].outcomes["low score"].bad is None
    assert found.flaws["a score that can't be read, or off the scale"].rows == [5, 6]


def test_posts_are_answers_without_a_ticket(tmp_path: Path) -> None:
    log = written(
        tmp_path,
        [
            ("tweet_id", "airline_sentiment", "airline", "tweet_created", "text"),
            ("1", "negative", "Acme Air", "2026-02-24 11:35:52 -0800", "Lost my bag"),
            ("2", "neutral", "Acme Air", "2026-02-24 11:36:52 -0800", "Hm"),
        ],
    )
    [bad, fair], found = read(log, example("posts"))
    [rated] = bad.events
    assert isinstance(rated, Rated)
    assert rated.answer.words == "Lost my bag"
    assert rated.seen is not None
    assert rated.seen.facts == {"product": "Acme Air"}
    assert [case.outcomes["low score"].bad for case in (bad, fair)] == [True, False]
    assert found.warnings == []
