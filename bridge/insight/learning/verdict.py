"""From comments to what was learned of them, with figures, and whether it is good enough to be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import process_time
from typing import Any

import msgspec
from msgspec import Struct

from bridge.domain.text import COLD, Artefact, Learned, Words
from bridge.insight.intervals import FEW
from bridge.insight.learning.comments import Comment, groups
from bridge.insight.learning.counting import Counted, Progress, needs_insight, one_thread
from bridge.insight.learning.crossing import Compared, Tuned, compare, crossed, tuned

EARLIER = 0.7
"""What is learned of this earlier share of the comments is tried on the later rest, where times are known."""

_TIMED = 2000
"""So many texts are enough to measure how quick judging is."""

_TOLD = 20
"""So many of the words that weigh most are told with the figures."""


class Figures(Struct, frozen=True, kw_only=True):
    """What was learned of how much, and how well it does.

    `between` are comments whose score says neither. `share` of all comments are at `line` or above, within `budget`;
    `best_f1` is the line at which F1 is highest. `precision` and `recall` at `line`, and `crossed`, are of comments not
    learned of; `later` of those after all that were learned of. `words` are those named most often as weighing
    most, and how often.
    `a_second` is how many texts each judges in a second of computing time.
    """

    comments: int
    unhappy: int
    between: int
    distinct: int
    budget: float
    line: float
    best_f1: float
    share: float
    precision: float
    recall: float
    crossed: Compared
    later: Compared | None
    words: list[tuple[str, int]]
    stock: int
    a_second: dict[str, float]

    @property
    def lacking(self) -> str:
        """Why it is not used; "" where it is."""
        if not self.crossed.better:
            return "on comments it had not seen, it is not clearly better than the cold start"
        if self.later and not (self.later.auc.value > 0 and self.later.f1.value > 0):
            return "on the comments after those it learned of, it is not better than the cold start"
        return ""


class Outcome(Struct, frozen=True, kw_only=True):
    """What learning came to. Without `artefact` and `figures` there was too little to learn of."""

    refused: str
    artefact: Artefact | None = None
    figures: Figures | None = None


def learn(
    comments: Sequence[Comment],
    name: str,
    *,
    budget: float,
    stock: frozenset[str] = frozenset(),
    progress: Progress = lambda _: None,
) -> Outcome:
    """Learn of the comments. `budget` is the share of all of them, in 0..1, that may count as negative.

    Raises BridgeError without scikit-learn.
    """
    needs_insight()
    with one_thread():
        return _learned(comments, name, budget, stock, progress)


def _learned(
    comments: Sequence[Comment],
    name: str,
    budget: float,
    stock: frozenset[str],
    progress: Progress,
) -> Outcome:
    import numpy as np

    labelled = [comment for comment in comments if comment.unhappy is not None]
    between = [comment.text for comment in comments if comment.unhappy is None]
    unhappy = np.array([bool(comment.unhappy) for comment in labelled], dtype=bool)
    joined = np.array(groups(labelled), dtype=int)
    if few := _too_few(unhappy, joined):
        return Outcome(refused=few)
    texts = [comment.text for comment in labelled]
    counted, cold = Counted(texts, joined.tolist()), _judged(COLD, texts)
    progress(0.1)
    rows = np.arange(len(texts))
    negative, above = crossed(counted, unhappy, joined, lambda done: progress(0.1 + done * 0.6))
    told = compare(unhappy, joined, cold, negative, (cold >= COLD.line, above))
    progress(0.75)
    later = _later(counted, labelled, unhappy, joined, cold)
    progress(0.85)
    chosen = tuned(counted, rows, unhappy, joined)
    made = counted.fit(rows, unhappy).at(chosen.strength).artefact(name, chosen.line)
    line, share = _within(chosen, _judged(Learned(made), between), budget)
    flagged = chosen.negative >= line
    hits = int((flagged & unhappy).sum())
    made = msgspec.structs.replace(made, line=line, stock=stock)
    figures = Figures(
        comments=len(texts),
        unhappy=int(unhappy.sum()),
        between=len(between),
        distinct=len(set(joined.tolist())),
        budget=budget,
        line=line,
        best_f1=chosen.line,
        share=share,
        precision=hits / max(int(flagged.sum()), 1),
        recall=hits / int(unhappy.sum()),
        crossed=told,
        later=later,
        words=heaviest(Learned(made), texts),
        stock=len(stock),
        a_second={"cold": _speed(COLD, texts, " "), "learned": _speed(Learned(made), texts, "  ")},
    )
    made = msgspec.structs.replace(made, figures=told_plainly(figures))
    progress(1.0)
    return Outcome(refused=figures.lacking, artefact=made, figures=figures)


def told_plainly(figures: Figures) -> dict[str, Any]:
    """The figures as JSON has them."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(figures))
    return plain


def heaviest(words: Words, texts: Sequence[str]) -> list[tuple[str, int]]:
    """What was named most often as weighing most where a text was found negative, and how often."""
    named: Counter[str] = Counter()
    for text in texts:
        named.update(words.tone(text).why)
    return sorted(named.items(), key=lambda one: (-one[1], one[0]))[:_TOLD]


def _too_few(unhappy: Any, joined: Any) -> str:
    """What is missing to learn of: comments that differ from each other count."""
    many = {kind: len(set(joined[unhappy == kind].tolist())) for kind in (True, False)}
    if min(many.values()) >= FEW:
        return ""
    return (
        f"{many[True]} unhappy and {many[False]} happy customers' comments that differ;"
        f" {FEW} of each are needed"
    )


def _later(
    counted: Counted, labelled: Sequence[Comment], unhappy: Any, joined: Any, cold: Any
) -> Compared | None:
    """Learned of the earlier comments, tried on the later ones; None where times are unknown, or they are too few."""
    import numpy as np

    timed = [(comment.at, place) for place, comment in enumerate(labelled) if comment.at]
    if not timed:
        return None
    timed.sort()
    last, _ = timed[int(len(timed) * EARLIER) - 1]
    train = np.array([place for at, place in timed if at <= last], dtype=int)
    rest = np.array([place for at, place in timed if at > last], dtype=int)
    test = rest[~np.isin(joined[rest], joined[train])]
    if _too_few(unhappy[train], joined[train]) or _too_few(unhappy[test], joined[test]):
        return None
    chosen = tuned(counted, train, unhappy, joined)
    negative = counted.fit(train, unhappy[train]).at(chosen.strength).negative(test)
    above = (cold[test] >= COLD.line, negative >= chosen.line)
    return compare(unhappy[test], joined[test], cold[test], negative, above)


def _within(chosen: Tuned, between: Any, budget: float) -> tuple[float, float]:
    """The lowest line from the best one up that keeps to the budget, and the share of comments at it or above."""
    import numpy as np

    everything = np.sort(np.concatenate([chosen.negative, between]))[::-1]
    allowed = int(budget * len(everything))
    line = chosen.line
    if int((everything >= line).sum()) > allowed:
        line = float(np.nextafter(everything[allowed], 1.0))
    return line, float((everything >= line).mean())


def _judged(words: Words, texts: Sequence[str]) -> Any:
    import numpy as np

    return np.array([words.tone(text).negative for text in texts], dtype=float)


def _speed(words: Words, texts: Sequence[str], blanks: str) -> float:
    """How many texts are judged in a second of computing time, by one who has judged others before.

    With `blanks` each is new, so that none is remembered.
    """
    for text in texts[_TIMED : 2 * _TIMED]:
        words.tone(text)
    some = [f"{text}{blanks}" for text in texts[:_TIMED]]
    began = process_time()
    for text in some:
        words.tone(text)
    return len(some) / max(process_time() - began, 1e-9)
