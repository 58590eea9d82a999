"""What became of a customer is read from signs, the surest first; without one nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.domain.model import Relation
from bridge.domain.relations import (
    LOW,
    SAYINGS,
    WORDS,
    Score,
    Signals,
    asked,
    asking,
    relation,
    said,
)
from tests.stories import at

GOOD = Score(at("tue 09:00"), 1.0, "5 of 5")
BAD = Score(at("wed 09:00"), 0.25, "2 of 5")


def became(**signals: Any) -> Relation | None:
    found = relation(Signals(**signals))
    return found[0] if found else None


def why(**signals: Any) -> str:
    found = relation(Signals(**signals))
    assert found is not None
    return found[1]


def test_without_a_sign_nothing_is_guessed() -> None:
    assert relation(Signals()) is None


def test_who_came_back_and_was_content_stayed() -> None:
    assert became(answers=(GOOD,)) is Relation.STAYED
    assert "5 of 5 on 2026-03-03" in why(answers=(GOOD,))


def test_who_simply_came_back_stayed() -> None:
    assert became(tickets=1) is Relation.STAYED
    assert why(tickets=1) == "1 ticket since; no further alert"
    assert why(tickets=2, last_seen_at=at("fri 08:00")) == (
        "2 tickets since, the last on 2026-03-06; no further alert"
    )


def test_a_bad_answer_puts_them_at_risk() -> None:
    assert became(answers=(BAD,), tickets=3) is Relation.AT_RISK
    assert "2 of 5" in why(answers=(BAD,))


def test_the_line_of_a_bad_answer_is_exact() -> None:
    assert became(answers=(Score(at("09:00"), LOW),)) is Relation.AT_RISK
    assert became(answers=(Score(at("09:00"), LOW + 0.01),)) is Relation.STAYED
    assert why(answers=(Score(at("09:00"), LOW),)).endswith("given on 2026-03-02")


@pytest.mark.parametrize(
    ("answers", "relation"),
    [((GOOD, BAD), Relation.AT_RISK), ((BAD, GOOD), Relation.AT_RISK)],
    ids=["in order", "out of order"],
)
def test_the_newest_answer_counts(answers: tuple[Score, ...], relation: Relation) -> None:
    assert became(answers=answers) is relation


def test_a_good_answer_after_a_bad_one_heals() -> None:
    assert became(answers=(BAD, Score(at("fri 09:00"), 0.75))) is Relation.STAYED


def test_a_further_alert_outweighs_a_good_answer() -> None:
    assert became(alerts=1, answers=(GOOD,), tickets=2) is Relation.AT_RISK
    assert why(alerts=2) == "2 further alerts since"


def test_what_the_account_says_outweighs_all_else() -> None:
    signals = {"said": Relation.LEFT, "saying": "churned", "answers": (GOOD,), "tickets": 4}
    assert became(**signals) is Relation.LEFT
    assert "churned" in why(**signals)


@pytest.mark.parametrize("word", ["churned", "Churned ", "CANCELLED", "account closed"])
def test_a_tag_says_that_they_left_however_it_is_written(word: str) -> None:
    assert said([word, "vip"], {}) == (Relation.LEFT, word)


def test_tags_of_other_things_say_nothing() -> None:
    assert said(["vip", "refund", "not_churned"], {"topic": "billing"}) is None
    assert said([], {}) is None


def test_a_fact_says_it_only_where_it_is_about_the_account() -> None:
    assert said([], {"Subscription": "cancelled"}) == (Relation.LEFT, "cancelled")
    assert said([], {"organisation status": "At risk"}) == (Relation.AT_RISK, "At risk")
    assert said([], {"order": "cancelled"}) is None


def test_the_gravest_saying_counts() -> None:
    assert said(["renewed", "churn-risk"], {}) == (Relation.AT_RISK, "churn-risk")
    assert said(["renewed", "churn-risk"], {"account": "churned"}) == (Relation.LEFT, "churned")
    assert said(["renewed"], {}) == (Relation.STAYED, "renewed")


def test_no_saying_means_that_nothing_is_known() -> None:
    assert Relation.UNKNOWN not in SAYINGS.values()


def test_a_delivery_says_after_how_many_months_it_asks() -> None:
    assert [asked(asking(months)) for months in (3, 12)] == [3, 12]
    assert asked(()) == 0
    assert asked(("alert_low_score",)) == 0


def test_each_answer_is_one_word() -> None:
    assert set(WORDS.values()) == set(Relation)
    assert all(" " not in word for word in WORDS)
