"""What customers gave in surveys, a row a question: what figures on satisfaction are reckoned from. No words in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, or_
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import Answer, Ticket
from bridge.store.schema import ratings

WHOLE = ""
"""The question that stands for the answer as a whole."""


def keep(connection: Connection, found: Sequence[Ticket]) -> None:
    """Keep what was given on these tickets: the newest score, under the time at which it was first given."""
    rows = {
        (row["answer"], row["question"]): row
        for ticket in found
        for answer in ticket.answers
        for row in _rows(ticket, answer)
    }
    if not rows:
        return
    query = insert(ratings)
    new = query.excluded
    changed = or_(
        *(ratings.c[name].is_distinct_from(new[name]) for name in ("subject", "score", "scale")),
        ratings.c.resolved.is_distinct_from(new.resolved),
        ratings.c.at > new.at,
    )
    values = {name: new[name] for name in ("subject", "score", "scale", "resolved")}
    connection.execute(
        query.on_conflict_do_update(
            index_elements=["answer", "question"],
            set_={**values, "at": func.least(ratings.c.at, new.at)},
            where=changed,
        ),
        [rows[key] for key in sorted(rows)],  # in one order, so that two never wait for each other
    )


def _rows(ticket: Ticket, answer: Answer) -> Iterator[dict[str, Any]]:
    if answer.at is None:
        return
    row = {"answer": answer.id, "subject": ticket.id, "at": answer.at}
    if answer.score is not None or answer.resolved is not None:
        whole = {"score": answer.score, "scale": answer.scale, "resolved": answer.resolved}
        yield {**row, "question": WHOLE, **whole}
    for question, score in answer.questions.items():
        yield {**row, "question": question, "score": score, "scale": "", "resolved": None}
