"""What is counted of cases, what rules in shadow found, accounts, and what was learned of customers' words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _word(name: str, *, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, primary_key=primary)


def _time(name: str, *, nullable: bool = False, primary: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, primary_key=primary)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, ARRAY(sa.Text()), server_default="{}", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="false", nullable=False)


def upgrade() -> None:
    op.add_column("alerts", _flag("useful"))
    _counted()
    op.create_table(
        "shadows",
        _number(),
        _word("subject"),
        _word("rule"),
        _text("about"),
        _text("occurrence"),
        _time("found_at"),
        _time("gone_at", nullable=True),
        _text("team"),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("alerted", sa.Boolean(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.UniqueConstraint("subject", "rule", "about", "occurrence", name="shadows_once"),
        comment="What rules in shadow found, and nobody was told; `alerted`: others had rung for the case by then.",
    )
    op.create_index("shadows_at", "shadows", ["found_at", "id"])
    op.create_table(
        "accounts",
        _word("key", primary=True),
        _word("name"),
        _text("tier"),
        _text("team"),
        sa.Column("owner", JSONB(), server_default="{}", nullable=False),
        sa.Column("stakeholders", JSONB(), server_default="[]", nullable=False),
        _texts("domains"),
        _texts("organisations"),
        _time("updated_at"),
        comment="Customers as sales knows them: which organisations and e-mail domains are theirs, who looks "
        "after them.",
    )
    op.create_index("accounts_of_domains", "accounts", ["domains"], postgresql_using="gin")
    op.create_index(
        "accounts_of_organisations", "accounts", ["organisations"], postgresql_using="gin"
    )
    op.create_table(
        "wordings",
        _number(),
        _time("made_at"),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        _word("state"),
        sa.Column("figures", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        comment="What was learned of customers' words: at most one is used, the others are old or were refused.",
    )
    op.create_index(
        "wordings_used",
        "wordings",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'used'"),
    )


def _counted() -> None:
    op.create_table(
        "signals",
        _number(),
        _time("at"),
        _word("kind"),
        _word("subject"),
        _word("about"),
        _text("team"),
        _text("agent"),
        _texts("topics"),
        sa.Column("value", sa.Double()),
        _text("note"),
        _flag("counted"),
        sa.UniqueConstraint("kind", "about", name="signals_once"),
        comment="What a case adds to figures of many: opened, answered, low, alert, update; each once.",
    )
    op.create_index("signals_waiting", "signals", ["id"], postgresql_where=sa.text("NOT counted"))
    op.create_index("signals_at", "signals", ["at"])
    op.create_index(
        "signals_by_agent", "signals", ["agent", "at"], postgresql_where=sa.text("agent <> ''")
    )
    op.create_index("signals_of", "signals", ["subject"])
    op.create_table(
        "counts",
        _word("subject", primary=True),
        _word("kind", primary=True),
        _time("hour", primary=True),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), server_default="0", nullable=False),
        comment="Signals by topic, team, agent or account and by hour: how many, and the sum of their values.",
    )
    op.create_index("counts_age", "counts", ["hour"])
