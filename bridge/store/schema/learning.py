"""What is counted of cases for figures that no single ticket shows, who customers belong to, and what was learned."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from bridge.store.schema.columns import TIME, metadata, number, text_of

signals = Table(
    "signals",
    metadata,
    number(),
    Column("at", TIME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("about", Text, nullable=False),
    text_of("team"),
    text_of("agent"),
    Column("topics", ARRAY(Text), nullable=False, server_default="{}"),
    Column("value", Double),
    text_of("note"),
    Column("counted", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("kind", "about", name="signals_once"),
    Index("signals_waiting", "id", postgresql_where=text("NOT counted")),
    Index("signals_at", "at"),
    Index("signals_by_agent", "agent", "at", postgresql_where=text("agent <> ''")),
    Index("signals_of", "subject"),
    comment="What a case adds to figures of many: opened, answered, low, alert, update; each once.",
)

counts = Table(
    "counts",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("hour", TIME, primary_key=True),
    Column("many", Integer, nullable=False),
    Column("total", Double, nullable=False, server_default="0"),
    Index("counts_age", "hour"),
    comment="Signals by topic, team, agent or account and by hour: how many, and the sum of their values.",
)

shadows = Table(
    "shadows",
    metadata,
    number(),
    Column("subject", Text, nullable=False),
    Column("rule", Text, nullable=False),
    text_of("about"),
    text_of("occurrence"),
    Column("found_at", TIME, nullable=False),
    Column("gone_at", TIME),
    text_of("team"),
    Column("severity", Integer, nullable=False),
    Column("alerted", Boolean, nullable=False),
    Column("body", JSONB, nullable=False),
    UniqueConstraint("subject", "rule", "about", "occurrence", name="shadows_once"),
    Index("shadows_at", "found_at", "id"),
    comment="What rules in shadow found, and nobody was told; `alerted`: others had rung for the case by then.",
)

accounts = Table(
    "accounts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    text_of("tier"),
    text_of("team"),
    Column("owner", JSONB, nullable=False, server_default="{}"),
    Column("stakeholders", JSONB, nullable=False, server_default="[]"),
    Column("domains", ARRAY(Text), nullable=False, server_default="{}"),
    Column("organisations", ARRAY(Text), nullable=False, server_default="{}"),
    Column("updated_at", TIME, nullable=False),
    Index("accounts_of_domains", "domains", postgresql_using="gin"),
    Index("accounts_of_organisations", "organisations", postgresql_using="gin"),
    comment="Customers as sales knows them: which organisations and e-mail domains are theirs, who looks after them.",
)

wordings = Table(
    "wordings",
    metadata,
    number(),
    Column("made_at", TIME, nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("figures", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("wordings_used", "state", unique=True, postgresql_where=text("state = 'used'")),
    comment="What was learned of customers' words: at most one is used, the others are old or were refused.",
)
