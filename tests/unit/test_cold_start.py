"""Texts judged before anything was learned: how negative, and why."""

from __future__ import annotations

import csv
import doctest
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.text import COLD, Silent, cold, phrases, tokens
from bridge.domain.text.service import SERVICE

DATA = Path(__file__).parents[3] / "shared" / "data"


def test_what_sounds_unhappy_is_at_the_line_or_above_and_what_sounds_happy_is_not() -> None:
    assert COLD.tone("The agent was rude and nothing works").negative >= COLD.line
    assert COLD.tone("Thanks, that was quick and friendly").negative < COLD.line
    assert COLD.tone("I wrote on Monday about the invoice").negative < COLD.line


def test_why_names_the_gravest_words_first_and_what_is_denied_with_its_denial() -> None:
    assert COLD.tone("Still waiting, no response, worst service").why[0] == "worst"
    assert COLD.tone("The new version is not great").why == ("not great",)
    assert COLD.tone("All is well").why == ()


def test_a_phrase_of_service_counts_as_one_word_however_it_is_spaced() -> None:
    assert "still waiting" in COLD.tone("I am still\nwaiting").why
    assert cold.signs("still waiting").score < 0 < cold.signs("good help").score


def test_the_name_of_whom_one_writes_to_is_no_word() -> None:
    assert COLD.tone("@horrible hello").negative == COLD.tone("hello").negative


def test_every_phrase_has_a_valence_that_vader_knows() -> None:
    assert all(-4 <= valence <= 4 for valence in SERVICE.values())


@pytest.mark.parametrize("text", ["", " ", "?!", "🙂", "ありがとう", "4711"])
def test_a_text_without_words_is_not_negative(text: str) -> None:
    assert COLD.tone(text).negative < COLD.line


def test_the_cold_start_knows_no_boilerplate_and_silence_knows_nothing() -> None:
    assert not COLD.boilerplate("We are working on it.")
    assert Silent().tone("worst").negative == 0
    assert not Silent().boilerplate("We are working on it.")


@pytest.mark.parametrize("module", [tokens, phrases], ids=lambda module: module.__name__)
def test_the_examples_in_the_code_are_true(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_numbers_links_names_and_drawn_out_letters_are_alike() -> None:
    assert tokens.same("Ticket 12, @ana: sooooo slow!") == tokens.same("ticket 345 @bob soooo slow")
    assert "_link" in tokens.tokens("see https://example.com/a?b=1")
    assert "_mail" in tokens.tokens("to ana@example.com")
    assert tokens.tokens("Straße ГОРОД 東京") == ["strasse", "город", "東京"]


def test_a_sentence_is_known_again_whatever_its_signs_and_an_empty_one_never() -> None:
    assert tokens.fingerprint("We are on it!") == tokens.fingerprint("we are on it")
    assert tokens.fingerprint("?!") == ""


def test_pieces_of_a_word_are_those_of_scikit_learn() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    analyse = text.CountVectorizer(analyzer="char_wb", ngram_range=tokens.GRAMS).build_analyzer()
    for word in ("a", "of", "late", "delayed", "überfällig"):
        assert sorted(tokens.pieces(word)) == sorted(p.replace(" ", "_") for p in analyse(word))


@pytest.mark.skipif(not DATA.exists(), reason="the reference data is not here")
@pytest.mark.parametrize(
    ("file", "text", "score", "bad", "good", "beaten"),
    [
        ("csat_dev.csv", "Customer Remarks", "CSAT Score", {"1", "2"}, {"4", "5"}, 0.58),
        (
            "airline_dev.csv",
            "text",
            "airline_sentiment",
            {"negative"},
            {"neutral", "positive"},
            0.59,
        ),
    ],
)
def test_it_is_no_worse_than_vader_alone_on_real_comments(  # noqa: PLR0917
    file: str, text: str, score: str, bad: set[str], good: set[str], beaten: float
) -> None:
    with (DATA / file).open(encoding="utf-8") as rows:
        told = [(r[text], r[score] in bad) for r in csv.DictReader(rows) if r[score] in bad | good]
    found = [(COLD.tone(words).negative >= COLD.line, low) for words, low in told if words.strip()]
    hits = sum(flagged and low for flagged, low in found)
    assert 2 * hits / sum(flagged + low for flagged, low in found) >= beaten
