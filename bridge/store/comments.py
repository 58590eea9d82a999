"""Comments that customers gave with a score, and what agents replied, to learn of: read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, text

from bridge.domain.model import Answer

_BATCH = 2000

_SCORED = text("""
    WITH next AS (SELECT id, state FROM tickets WHERE id > :after ORDER BY id LIMIT :many)
    SELECT id, coalesce(state -> 'answers', '[]')::text AS answers FROM next ORDER BY id
""")

_REPLIES = text("""
    WITH next AS (SELECT id, subject, body FROM events WHERE id > :after ORDER BY id LIMIT :many)
    SELECT id, subject, CASE WHEN body ->> 'kind' = 'replied' AND body ->> 'by' = 'agent'
        AND body ->> 'public' = 'true' THEN body ->> 'text' END AS said
    FROM next ORDER BY id
""")

_answers = msgspec.json.Decoder(list[Answer])


def scored(connection: Connection) -> Iterator[Answer]:
    """Every survey answer with words and a score."""
    after = ""
    while rows := connection.execute(_SCORED, {"after": after, "many": _BATCH}).all():
        for row in rows:
            for answer in _answers.decode(row.answers):
                if answer.words.strip() and answer.score is not None:
                    yield answer
        after = rows[-1].id


def replies(connection: Connection) -> Iterator[tuple[str, str]]:
    """The ticket and the words of each public reply by an agent."""
    after = 0
    while rows := connection.execute(_REPLIES, {"after": after, "many": _BATCH}).all():
        for row in rows:
            if row.said:
                yield row.subject, row.said
        after = rows[-1].id
