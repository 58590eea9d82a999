"""What the processes remember: the clock, work that broke off, tokens, budgets."""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, Interval, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from bridge.store.schema.columns import TIME, metadata, text_of

pulse = Table(
    "pulse",
    metadata,
    Column("name", Text, primary_key=True),
    Column("beat_at", TIME, nullable=False),
    Column("down_from", TIME),
    Column("down_to", TIME),
    comment="When the clock was last seen alive, and the last time that it was not.",
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("task", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    comment="Where long work that a person started broke off; the policy that timers were set by.",
)

tokens = Table(
    "tokens",
    metadata,
    Column("account", Text, primary_key=True),
    text_of("token"),
    Column("expires_at", TIME),
    comment="Access tokens minted with client credentials; one row an account.",
)

budgets = Table(
    "budgets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("given", Integer, nullable=False),
    Column("many", Integer, nullable=False),
    Column("per", Interval, nullable=False),
    Column("tokens", Double, nullable=False),
    Column("filled_at", TIME, nullable=False),
    Column("told", ARRAY(TIME), nullable=False),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("refused_at", TIME),
    comment="What is left of each limit of a vendor's account; full again after a crash.",
    prefixes=["UNLOGGED"],
    postgresql_with={"fillfactor": 50},  # rows change all the time, and no index with them
)
