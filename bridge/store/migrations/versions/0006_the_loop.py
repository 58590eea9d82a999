"""The life of an alert after it opened: its timers, the people on it, what holds messages back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

_TEAM = ("ladder", "awake", "digest", "follow_up")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="false", nullable=False)


def upgrade() -> None:
    for name in _TEAM:
        op.add_column("teams", _text(name))
    op.add_column("alerts", _text("owner"))
    op.add_column("alerts", _text("customer"))
    op.create_index("alerts_of_team", "alerts", ["team", "state", "changed_at"])
    op.create_index("alerts_of_subject", "alerts", ["subject"])
    op.create_index(
        "alerts_of_customer", "alerts", ["customer"], postgresql_where=sa.text("customer <> ''")
    )
    op.add_column("deliveries", _text("calls"))
    op.add_column("deliveries", _text("mention"))
    op.add_column("deliveries", sa.Column("storm", sa.BigInteger()))
    op.create_index(
        "deliveries_to",
        "deliveries",
        ["channel", "to", "id"],
        postgresql_where=sa.text("state IN ('waiting', 'sending') AND storm IS NULL"),
    )
    op.create_index(
        "deliveries_sent_to",
        "deliveries",
        ["channel", "to", "sent_at"],
        postgresql_where=sa.text("state = 'sent' AND action IN ('post', 'direct')"),
    )
    op.create_index(
        "deliveries_by_message",
        "deliveries",
        [sa.text("(receipt ->> 'ref')")],
        postgresql_where=sa.text("channel = 'slack' AND receipt IS NOT NULL"),
    )
    op.create_index(
        "deliveries_of_storm",
        "deliveries",
        ["storm", "id"],
        postgresql_where=sa.text("storm IS NOT NULL"),
    )
    op.create_table(
        "alert_timers",
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _time("due_at"),
        sa.ForeignKeyConstraint(["alert"], ["alerts.number"]),
        sa.PrimaryKeyConstraint("alert", "name"),
        comment="What is still to happen to alerts unless somebody acts: ladders, reminders, goals, checks.",
    )
    op.create_index("alert_timers_due", "alert_timers", ["due_at"])
    op.create_table(
        "members",
        sa.Column("key", sa.Text(), nullable=False),
        *(_text(name) for name in ("name", "email", "phone", "slack")),
        sa.PrimaryKeyConstraint("key"),
        comment="People besides the teams' managers whom ladders and absences call by their keys.",
    )
    op.create_table(
        "absences",
        _number(),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("deputy", sa.Text(), nullable=False),
        _time("starts_at"),
        _time("ends_at"),
        sa.PrimaryKeyConstraint("id"),
        comment="Who is away, from when to when, and who stands in.",
    )
    op.create_index("absences_by_end", "absences", ["ends_at"])
    op.create_table(
        "mutes",
        _number(),
        *(_text(name) for name in ("team", "rule", "subject")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _time("starts_at"),
        _time("ends_at"),
        _flag("maintenance"),
        _time("reminded_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        comment="What nobody is called for until when, and why; empty columns match everything.",
    )
    op.create_index("mutes_by_end", "mutes", ["ends_at"])
    op.create_table(
        "storms",
        _number(),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        _time("began_at"),
        _time("ended_at", nullable=True),
        sa.Column("receipt", JSONB()),
        sa.Column("pages", JSONB(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Where alerts come too fast to be told one by one: their summary, and the pages of its thread.",
    )
    op.create_index(
        "storms_now",
        "storms",
        ["channel", "to"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "silenced",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        _time("since"),
        _text("why"),
        sa.PrimaryKeyConstraint("channel", "to"),
        comment="Addresses that want no more messages: a phone that answered STOP.",
    )


def downgrade() -> None:
    for name in ("silenced", "storms", "mutes", "absences", "members", "alert_timers"):
        op.drop_table(name)
    for name in (
        "deliveries_of_storm",
        "deliveries_by_message",
        "deliveries_sent_to",
        "deliveries_to",
    ):
        op.drop_index(name, "deliveries")
    op.drop_column("deliveries", "storm")
    op.drop_column("deliveries", "mention")
    op.drop_column("deliveries", "calls")
    for name in ("alerts_of_customer", "alerts_of_subject", "alerts_of_team"):
        op.drop_index(name, "alerts")
    op.drop_column("alerts", "customer")
    op.drop_column("alerts", "owner")
    for name in _TEAM:
        op.drop_column("teams", name)
