"""Customers and colleagues, teams, and who is away."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, text

from bridge.store.schema.columns import TIME, metadata, number, text_of

people = Table(
    "people",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    text_of("name"),
    text_of("email"),
    text_of("phone"),
    Column("staff", Boolean, nullable=False, server_default="false"),
    Column("read_at", TIME, nullable=False),
    Index("people_by_email", "email", postgresql_where=text("email <> ''")),
    Index("people_by_age", "read_at"),
    Index(
        "people_by_phone",
        text("ltrim(regexp_replace(phone, '\\D', '', 'g'), '0')"),
        postgresql_where=text("phone <> ''"),
    ),
    comment="Helpdesk users, as read from the desk when they were needed.",
)

teams = Table(
    "teams",
    metadata,
    Column("name", Text, primary_key=True),
    text_of("parent"),
    text_of("slack_channel"),
    text_of("manager"),
    text_of("manager_slack"),
    text_of("manager_email"),
    text_of("manager_phone"),
    text_of("calendar"),
    text_of("routes"),
    text_of("ladder"),
    text_of("awake"),
    text_of("digest"),
    text_of("follow_up"),
    comment="Who is responsible, and where they hear of alerts.",
)

team_groups = Table(
    "team_groups",
    metadata,
    Column("group", Text, primary_key=True),
    Column(
        "team",
        Text,
        ForeignKey("teams.name", onupdate="CASCADE", ondelete="CASCADE"),
        nullable=False,
    ),
    comment="Which helpdesk group (<desk>:<id>) is whose.",
)

members = Table(
    "members",
    metadata,
    Column("key", Text, primary_key=True),
    text_of("name"),
    text_of("email"),
    text_of("phone"),
    text_of("slack"),
    comment="People besides the teams' managers whom ladders and absences call by their keys.",
)

absences = Table(
    "absences",
    metadata,
    number(),
    Column("member", Text, nullable=False),
    Column("deputy", Text, nullable=False),
    Column("starts_at", TIME, nullable=False),
    Column("ends_at", TIME, nullable=False),
    Index("absences_by_end", "ends_at"),
    comment="Who is away, from when to when, and who stands in.",
)
