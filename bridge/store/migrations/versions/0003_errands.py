"""Errands, and what was fetched for a delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "errands",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wanted", sa.Integer(), server_default="1", nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("task", "key"),
        comment="What is to be asked of a vendor: a row until it is done; a poll's row stays.",
    )
    op.create_index("errands_due", "errands", ["not_before"])
    op.add_column("inbox", sa.Column("fetched", sa.LargeBinary()))
    op.create_table_comment(
        "inbox",
        "Webhooks as they came: waiting, read, matching (looks for its ticket), fetching, unreadable.",
        existing_comment="Webhooks as they came: waiting, read, matching (looks for its ticket), unreadable.",
    )


def downgrade() -> None:
    op.drop_column("inbox", "fetched")
    op.drop_table("errands")
