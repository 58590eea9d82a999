"""Comments as rows of numbers, and what is learned of some of the rows. All of scikit-learn is used here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from bridge.domain.model import BridgeError
from bridge.domain.text import Artefact, Learned
from bridge.domain.text.learned import Term, beside
from bridge.domain.text.tokens import is_mention, mentions, phrases, pieces, tokens

MIN_COMMENTS = 2
"""A word counts, and is stored, if so many comments have it that differ from each other."""

MENTIONED = 20
MENTIONED_SHARE = 0.01
"""A user name counts, and is stored, if so many comments that differ have it and so large a share of them: it is a
company's then, not a person's."""

STRENGTHS = (0.4, 0.9, 1.8)
"""How closely the weights may follow the comments (scikit-learn's C); the best is chosen by cross-validation."""

_ROUNDS = 1000

_TELLING = 0.5
"""How much of a term's length is its log-count ratio; the rest is the same for all."""

_SMOOTHED = 0.3
"""Is added to how often a term stands in comments of either kind: one that stands in a single kind is no proof."""


def needs_insight() -> None:
    """Refuse to go on without scikit-learn. Raises BridgeError."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise BridgeError(
            "learning needs scikit-learn: pip install 'alert-bridge[insight]'"
        ) from error


def one_thread() -> AbstractContextManager[Any]:
    """Keeps to one thread: several that share the work on rows of so few words wait for each other.

    scikit-learn depends on threadpoolctl.
    """
    from threadpoolctl import threadpool_limits

    limit: AbstractContextManager[Any] = threadpool_limits(1)
    return limit


class Counted:
    """Every comment taken apart once, so that folds are chosen from rows."""

    def __init__(self, texts: Sequence[str], units: Sequence[int]) -> None:
        """`units` number the comments that don't differ from each other: their words count once for `MIN_COMMENTS`."""
        import numpy as np

        self.units = np.asarray(units)
        taken = [tokens(text) for text in texts]
        self.aside = np.array(
            [beside(text, words) for text, words in zip(texts, taken, strict=True)]
        )
        self.blocks = [
            _Block(
                [phrases(words) + mentions(text) for text, words in zip(texts, taken, strict=True)]
            ),
            _Block([[piece for word in words for piece in pieces(word)] for words in taken]),
        ]

    def fit(self, rows: Any, unhappy: Any) -> Fitted:
        """What these rows say, weighed in for learning at each of several strengths."""
        return Fitted(self, rows, unhappy)


class _Block:
    """How often each term stands in each comment."""

    def __init__(self, taken: Iterable[Sequence[str]]) -> None:
        import numpy as np
        from sklearn.feature_extraction.text import CountVectorizer

        counting = CountVectorizer(analyzer=_as_it_is)
        self.counts = counting.fit_transform(taken)
        self.terms = counting.get_feature_names_out()
        self.mentions = np.array([is_mention(term) for term in self.terms], dtype=bool)


def _as_it_is(found: Any) -> Any:
    return found


class Fitted:
    """Weights learned of some rows.

    TF-IDF, each term by how much it tells of either kind (its log-count ratio, in part), and logistic regression:
    Wang and Manning, Baselines and Bigrams: Simple, Good Sentiment and Topic Classification, 2012.
    """

    def __init__(self, counted: Counted, rows: Any, unhappy: Any) -> None:
        from sklearn.feature_extraction.text import TfidfTransformer

        self.counted = counted
        self.unhappy = unhappy
        self.columns = [_common(block, rows, counted.units[rows]) for block in counted.blocks]
        self.rarities = [
            TfidfTransformer(sublinear_tf=True).fit(block.counts[rows][:, columns])
            for block, columns in zip(counted.blocks, self.columns, strict=True)
        ]
        self.telling = [_telling(block, unhappy) for block in self._rare(rows)]
        self.rows = self._numbers(rows)
        self.model: Any = None

    def at(self, strength: float) -> Fitted:
        """Learn at this strength."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=strength, solver="liblinear", max_iter=_ROUNDS)
        self.model = model.fit(self.rows, self.unhappy)
        return self

    def negative(self, rows: Any) -> Any:
        """How likely each of the rows is an unhappy customer's."""
        return self.model.predict_proba(self._numbers(rows))[:, 1]

    def artefact(self, name: str, line: float) -> Artefact:
        """The weights as they are stored."""
        weights = self.model.coef_[0]
        score, bad, good, length = (float(weight) for weight in weights[-4:])
        found, start = [], 0
        for block, columns, rarity, telling in zip(
            self.counted.blocks, self.columns, self.rarities, self.telling, strict=True
        ):
            mine = weights[start : start + len(columns)] * telling
            start += len(columns)
            terms = block.terms[columns]
            found.append(
                {
                    str(term): Term(float(idf), float(weight))
                    for term, idf, weight in zip(terms, rarity.idf_, mine, strict=True)
                }
            )
        whole, parts = found
        plain = Artefact(
            name=name,
            line=line,
            bias=float(self.model.intercept_[0]),
            aside=(score, bad, good, length),
            phrases=whole,
            pieces=parts,
        )
        return Learned(plain).explained()

    def _rare(self, rows: Any) -> list[Any]:
        """How often each term stands in these rows, by how rare it is; each row of length 1."""
        return [
            rarity.transform(block.counts[rows][:, columns])
            for block, columns, rarity in zip(
                self.counted.blocks, self.columns, self.rarities, strict=True
            )
        ]

    def _numbers(self, rows: Any) -> Any:
        from scipy.sparse import csr_matrix, diags, hstack

        weighed = [
            rare @ diags(telling)
            for rare, telling in zip(self._rare(rows), self.telling, strict=True)
        ]
        return hstack([*weighed, csr_matrix(self.counted.aside[rows])]).tocsr()


def _common(block: _Block, rows: Any, units: Any) -> Any:
    """The columns of terms that stand in enough comments that differ."""
    import numpy as np

    _, first = np.unique(units, return_index=True)
    mentioned = max(MENTIONED, MENTIONED_SHARE * len(first))
    needed = np.where(block.mentions, mentioned, MIN_COMMENTS)
    return np.flatnonzero(block.counts[rows[first]].getnnz(axis=0) >= needed)


def _telling(rare: Any, unhappy: Any) -> Any:
    """How much each term tells of either kind; 1 on average."""
    import numpy as np

    bad = _SMOOTHED + np.asarray(rare[unhappy].sum(axis=0)).ravel()
    good = _SMOOTHED + np.asarray(rare[~unhappy].sum(axis=0)).ravel()
    ratio = np.abs(np.log(bad / bad.sum()) - np.log(good / good.sum()))
    return 1 - _TELLING + _TELLING * ratio / max(float(ratio.mean()), 1e-12)


Progress = Callable[[float], None]
"""Is told how much of the work is done, in 0..1."""
