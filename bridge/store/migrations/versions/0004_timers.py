"""When the clock was last seen alive, so that what fell due while it was not says so; bookmarks of long work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "pulse",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("down_from", sa.DateTime(timezone=True)),
        sa.Column("down_to", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name"),
        comment="When the clock was last seen alive, and the last time that it was not.",
    )
    op.create_table(
        "bookmarks",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task", "key"),
        comment="Where long work that a person started broke off; the policy that timers were set by.",
    )


def downgrade() -> None:
    op.drop_table("bookmarks")
    op.drop_table("pulse")
