"""People who sign in, programs that ask or are called, and what was changed by whom."""

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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from bridge.store.schema.columns import TIME, metadata, number, text_of

users = Table(
    "users",
    metadata,
    number(),
    Column("email", Text, nullable=False, unique=True),
    text_of("name"),
    Column("role", Text, nullable=False),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    Column("created_at", TIME, nullable=False),
    Column("seen_at", TIME),
    comment="Who may sign in: viewer, manager or admin; teams besides those they manage, '*' for all.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column(
        "user", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("via", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False),
    Column("ends_at", TIME, nullable=False),
    text_of("browser"),
    comment="Who is signed in; the cookie's token is kept as its SHA-256 alone.",
)

login_links = Table(
    "login_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("user", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("ends_at", TIME, nullable=False),
    comment="One-time links to sign in by, as the SHA-256 of their tokens; gone once used.",
)

login_tries = Table(
    "login_tries",
    metadata,
    number(),
    Column("key", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Index("login_tries_of", "key", "at"),
    comment="Failed attempts to sign in, by address; too many, and there is a pause.",
)

api_keys = Table(
    "api_keys",
    metadata,
    number(),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    text_of("by"),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME),
    Column("used_at", TIME),
    Column("revoked_at", TIME),
    comment="Programs that may ask: a key is kept as its SHA-256 alone, with its first letters as a hint.",
)

api_rates = Table(
    "api_rates",
    metadata,
    Column("api_key", BigInteger, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("filled_at", TIME, nullable=False),
    Column("refused", Boolean, nullable=False, server_default="false"),
    comment="How many more requests each key may make now; full again after a crash.",
    prefixes=["UNLOGGED"],
    postgresql_with={"fillfactor": 50},  # rows change all the time, and no index with them
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("api_key", BigInteger, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("at", TIME, nullable=False),
    Index("idempotency_age", "at"),
    comment="What actions with an Idempotency-Key were answered, for a day, so that a repeat is harmless.",
)

endpoints = Table(
    "endpoints",
    metadata,
    number(),
    Column("url", Text, nullable=False),
    text_of("note"),
    Column("changes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    Column("salt", Text, nullable=False),
    text_of("old_salt"),
    Column("rotated_at", TIME),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    text_of("by"),
    Column("created_at", TIME, nullable=False),
    Column("failing_since", TIME),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("paused_until", TIME),
    text_of("trouble"),
    comment="Who is called by webhook when an alert changes; empty lists mean all. Secrets are derived from `salt`.",
)

notices = Table(
    "notices",
    metadata,
    number(),
    Column(
        "endpoint",
        BigInteger,
        ForeignKey("endpoints.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("marker", Text, nullable=False, unique=True),
    Column("alert", BigInteger, ForeignKey("alerts.number"), nullable=False),
    Column("change", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    text_of("reason"),
    Column("not_before", TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", TIME),
    Column("created_at", TIME, nullable=False),
    Column("sent_at", TIME),
    Index("notices_due", "endpoint", "not_before", postgresql_where=text("state = 'waiting'")),
    Index("notices_under_way", "tried_at", postgresql_where=text("state = 'sending'")),
    Index("notices_failed", "endpoint", "id", postgresql_where=text("state = 'failed'")),
    Index("notices_of", "endpoint", "id"),
    Index("notices_of_alert", "alert"),
    Index("notices_age", "created_at", postgresql_using="brin"),
    comment="Webhooks to be sent, and what came of them: waiting, sending, sent, failed.",
)

audit = Table(
    "audit",
    metadata,
    number(),
    Column("at", TIME, nullable=False),
    Column("who", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
    Index("audit_at", "at"),
    Index("audit_of", "object", "at"),
    comment="Every change that an admin made, with what was before and after; rows are only added.",
)
