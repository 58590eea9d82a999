"""Learning of our own customers' comments, as `bridge learn` and its timer do."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine

from bridge.domain.rules.low_score import LowScore
from bridge.insight.learning.comments import Comment
from bridge.insight.learning.counting import Progress
from bridge.insight.learning.stock import stock
from bridge.insight.learning.verdict import Outcome, learn
from bridge.settings import Settings
from bridge.store import comments as source
from bridge.store import wordings


def due(connection: Connection, settings: Settings, now: datetime) -> bool:
    """Whether it is time to learn again, by `retrain` in the configuration."""
    every, last = settings.words.retrain, wordings.last_made(connection)
    return every is not None and (last is None or last + every <= now)


def retrain(
    engine: Engine,
    settings: Settings,
    now: datetime,
    *,
    budget: float | None = None,
    dry: bool = False,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Learn of the comments in our database and, unless `dry`, keep what was learned; used only where it is better.

    No transaction is open while it learns. Raises BridgeError without scikit-learn.
    """
    with engine.connect() as connection:
        comments = scored(connection, settings)
        shared = stock(source.replies(connection), settings.words.stock)
        name = wordings.free_name(connection, now)
    share = budget or settings.words.budget
    found = learn(comments, name, budget=share, stock=shared, progress=progress)
    if not dry:
        keep(engine, found, now)
    return found


def keep(engine: Engine, found: Outcome, now: datetime) -> None:
    """Store what was learned, if anything was: as used, or as refused."""
    if found.artefact is None:
        return
    figures = found.artefact.figures | {"refused": found.refused}
    body = found.artefact.body()
    with engine.begin() as connection:
        name = wordings.free_name(connection, now)
        if name != found.artefact.name:  # somebody else learned meanwhile
            body = msgspec.structs.replace(found.artefact, name=name).body()
        wordings.keep(connection, name, now, body, figures, use=not found.refused)


def scored(connection: Connection, settings: Settings) -> list[Comment]:
    """Our own comments: unhappy at the line of the rule `low_score`, happy from `satisfied` on."""
    rule = next((one for one in settings.rules if isinstance(one, LowScore)), LowScore())
    found = []
    for answer in source.scored(connection):
        score = answer.score or 0.0
        low = score <= rule.line(answer)
        happy = score >= settings.words.satisfied
        unhappy = True if low else False if happy else None
        found.append(Comment(text=answer.words, unhappy=unhappy, at=answer.at))
    return found
