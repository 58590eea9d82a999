"""The queue's tables: Procrastinate 3.10.0 (MIT licence), whose schema is kept beside this folder.

A later Procrastinate's own migrations become further revisions of ours; a test says when it is time.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from bridge.store import raw

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    schema = Path(__file__).parents[1] / "procrastinate_3_10_0.sql"
    with raw(op.get_bind()).cursor() as cursor:
        cursor.execute(schema.read_text("utf-8"))
