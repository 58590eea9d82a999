"""What came in, and the tickets that it adds up to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bridge.store.schema.columns import TIME, metadata, number, text_of

inbox = Table(
    "inbox",
    metadata,
    number(),
    Column("source", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched", LargeBinary),
    Column("state", Text, nullable=False, server_default="waiting"),
    text_of("reason"),
    UniqueConstraint("source", "delivery", name="inbox_once"),
    Index("inbox_waiting", "id", postgresql_where=text("state = 'waiting'")),
    Index("inbox_unreadable", "id", postgresql_where=text("state = 'unreadable'")),
    Index("inbox_age", "received_at", postgresql_using="brin"),
    Index("inbox_of", "source", "id"),
    comment="Webhooks as they came: waiting, read, matching (looks for its ticket), fetching, unreadable.",
)

errands = Table(
    "errands",
    metadata,
    Column("task", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("not_before", TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("wanted", Integer, nullable=False, server_default="1"),
    text_of("cursor"),
    text_of("reason"),
    Index("errands_due", "not_before"),
    comment="What is to be asked of a vendor: a row until it is done; a poll's row stays.",
)

events = Table(
    "events",
    metadata,
    number(),
    Column("event", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("inbox", BigInteger),
    Column("judged", Boolean, nullable=False, server_default="false"),
    Column("body", JSONB, nullable=False),
    text_of("fault"),
    Index("events_of", "subject", "at"),
    Index("events_waiting", "id", "subject", postgresql_where=text("not judged")),
    Index("events_of_webhook", "inbox", postgresql_using="brin"),
    comment="What happened, in our words; the truth that tickets are folded from.",
)

answers = Table(
    "answers",
    metadata,
    Column("answer", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    comment="Which ticket a survey answer was found to belong to, so that all its parts go there.",
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", JSONB),
    Column("timers", JSONB, nullable=False, server_default="[]"),
    Column("told", JSONB, nullable=False, server_default="{}"),
    text_of("team"),
    text_of("requester"),
    Column("updated_at", TIME),
    Column("opened_at", TIME),
    text_of("agent"),
    Index(
        "tickets_of",
        "requester",
        "updated_at",
        postgresql_where=text("requester <> ''"),
    ),
    Index("tickets_by_team", "team"),
    Index("tickets_touched", "updated_at", "id"),
    Index("tickets_by_agent", "agent", postgresql_where=text("agent <> ''")),
    Index("tickets_opened", "opened_at", "team", "agent", "id"),
    comment="State as its events add up to it, the timers last set, and what was told about it.",
)

ratings = Table(
    "ratings",
    metadata,
    Column("answer", Text, primary_key=True),
    Column("question", Text, primary_key=True),
    Column("subject", Text, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("at", TIME, nullable=False),
    Column("score", Double),
    text_of("scale"),
    Column("resolved", Boolean),
    Index("ratings_at", "at"),
    Index("ratings_of", "subject"),
    comment="What customers gave in surveys, for figures: a row a question, '' for the answer as a whole.",
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("due_at", TIME, nullable=False),
    Index("deadlines_due", "due_at"),
    comment="Timers still to ring. A sweep costs as much as there are timers due.",
)
