"""How many texts a second are judged: by the cold start, by what was learned, and for phrases, in one process."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from statistics import median
from time import process_time
from typing import Any

from benchmarks.scene import Say
from bridge.domain.text import COLD, Learned
from bridge.domain.text.languages import LANGUAGES
from bridge.domain.text.phrases import Phrases
from bridge.insight.learning.comments import Comment
from bridge.insight.learning.verdict import learn

PROMISED = 5_000
"""Texts a second, for the cold start and for what was learned."""

_TEXTS = 3_000
_ROUNDS = 3

_SAD = (
    "still waiting for an answer",
    "the agent was rude",
    "third time that I write",
    "nobody called me back",
    "my order is delayed again",
    "this is the worst service",
    "it does not work",
    "I want my money back",
)
_GLAD = (
    "thank you for the quick help",
    "the agent was very kind",
    "all solved within an hour",
    "great service as always",
    "my order came today",
    "well explained",
    "it works again",
    "I am very happy with this",
)
_PLAIN = (
    "I wrote on Monday",
    "about my invoice",
    "the order number is 4711",
    "from your shop in town",
    "as my colleague said",
    "with the app on my phone",
)


def run(say: Say) -> dict[str, Any]:
    """Texts a second of computing time, the median of three rounds over texts that were never judged before."""
    random = Random(7)
    comments = [_comment(random, number) for number in range(_TEXTS)]
    say(f"learn of {len(comments)} comments")
    found = learn(comments, "bench", budget=0.2)
    if found.artefact is None:
        return {"over": [found.refused]}
    texts = [comment.text for comment in comments]
    phrases = Phrases({name: language.grave for name, language in LANGUAGES.items()})
    judges: dict[str, Callable[[str], object]] = {
        "cold": COLD.tone,
        "learned": Learned(found.artefact).tone,
        "phrases": phrases.found,
    }
    figures: dict[str, Any] = {"texts": len(texts), "characters": median(map(len, texts))}
    for name, judge in judges.items():
        say(name)
        figures[f"{name} texts/s"] = median(
            _speed(judge, [f"{text} {name} {number}" for text in texts])
            for number in range(_ROUNDS)
        )
    figures["over"] = [
        f"{name}: fewer than {PROMISED:,} texts a second"
        for name in ("cold", "learned")
        if figures[f"{name} texts/s"] < PROMISED
    ]
    return figures


def _comment(random: Random, number: int) -> Comment:
    """Three clauses of either mood, now and then one of the other, so that nothing is told apart for sure."""
    unhappy = random.random() < 0.3
    moods = (_SAD, _GLAD) if unhappy else (_GLAD, _SAD)
    clauses = [random.choice(moods[random.random() < 0.2]) for _ in range(2)]
    clauses.insert(random.randrange(3), random.choice(_PLAIN))
    return Comment(text=f"{', '.join(clauses)} ({chr(97 + number % 26)})", unhappy=unhappy)


def _speed(judge: Callable[[str], object], texts: list[str]) -> float:
    began = process_time()
    for text in texts:
        judge(text)
    return len(texts) / (process_time() - began)
