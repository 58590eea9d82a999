"""Who signs in, programs with keys, webhooks to others, the audit log; and what a list of alerts is sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"

_DUE = """
    UPDATE alerts SET
        due_at = CASE WHEN state <> 'resolved' THEN (
            SELECT min((one.value->>'due_at')::timestamptz)
            FROM jsonb_each(coalesce(body->'promises', '{}')) AS one
            WHERE one.key <> 'close' AND one.value->>'met_at' IS NULL) END,
        rules = ARRAY(
            SELECT DISTINCT one->'finding'->>'rule' FROM jsonb_array_elements(body->'reasons') AS one ORDER BY 1),
        people = ARRAY(
            SELECT DISTINCT lower(name) FROM jsonb_array_elements(
                jsonb_build_array(coalesce(body->'owner', '{}')) || coalesce(body->'people', '[]')) AS one,
            LATERAL (VALUES (one->>'key'), (one->>'email'), (one->>'slack')) AS named (name)
            WHERE name <> '' ORDER BY 1)
"""


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, ARRAY(sa.Text()), server_default="{}", nullable=False)


def _of(name: str, there: str, *, primary: bool = False, cascade: bool = True) -> sa.Column[int]:
    key = sa.ForeignKey(there, ondelete="CASCADE" if cascade else None)
    return sa.Column(name, sa.BigInteger(), key, nullable=False, primary_key=primary)


def upgrade() -> None:
    op.add_column("alerts", _time("due_at", nullable=True))
    op.add_column("alerts", _texts("rules"))
    op.add_column("alerts", _texts("people"))
    op.execute(_DUE)
    op.create_index(
        "alerts_urgent",
        "alerts",
        [sa.text("severity DESC"), "due_at", "number"],
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index("alerts_opened", "alerts", ["opened_at"])
    _people()
    _programs()
    op.create_table(
        "audit",
        _number(),
        _time("at"),
        *(_word(name) for name in ("who", "via", "what", "object")),
        sa.Column("before", JSONB()),
        sa.Column("after", JSONB()),
        comment="Every change that an admin made, with what was before and after; rows are only added.",
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_of", "audit", ["object", "at"])


def _people() -> None:
    op.create_table(
        "users",
        _number(),
        sa.Column("email", sa.Text(), nullable=False, unique=True),
        _text("name"),
        _word("role"),
        _texts("teams"),
        sa.Column("disabled", sa.Boolean(), server_default="false", nullable=False),
        _time("created_at"),
        _time("seen_at", nullable=True),
        comment="Who may sign in: viewer, manager or admin; teams besides those they manage, '*' for all.",
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), primary_key=True),
        _of("user", "users.id"),
        _word("via"),
        *(_time(name) for name in ("created_at", "seen_at", "ends_at")),
        _text("browser"),
        comment="Who is signed in; the cookie's token is kept as its SHA-256 alone.",
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_table(
        "login_links",
        sa.Column("digest", sa.Text(), primary_key=True),
        _of("user", "users.id"),
        _time("ends_at"),
        comment="One-time links to sign in by, as the SHA-256 of their tokens; gone once used.",
    )
    op.create_table(
        "login_tries",
        _number(),
        _word("key"),
        _time("at"),
        comment="Failed attempts to sign in, by address; too many, and there is a pause.",
    )
    op.create_index("login_tries_of", "login_tries", ["key", "at"])


def _programs() -> None:
    op.create_table(
        "api_keys",
        _number(),
        _word("name"),
        sa.Column("digest", sa.Text(), nullable=False, unique=True),
        _word("hint"),
        _word("role"),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        _texts("teams"),
        _text("by"),
        _time("created_at"),
        *(_time(name, nullable=True) for name in ("expires_at", "used_at", "revoked_at")),
        comment="Programs that may ask: a key is kept as its SHA-256 alone, with its first letters as a hint.",
    )
    op.create_table(
        "idempotency",
        _of("api_key", "api_keys.id", primary=True),
        sa.Column("key", sa.Text(), primary_key=True),
        _word("request"),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        _time("at"),
        comment="What actions with an Idempotency-Key were answered, for a day, so that a repeat is harmless.",
    )
    op.create_index("idempotency_age", "idempotency", ["at"])
    op.create_table(
        "endpoints",
        _number(),
        _word("url"),
        _text("note"),
        _texts("changes"),
        _texts("teams"),
        _word("salt"),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        _text("by"),
        _time("created_at"),
        _time("failing_since", nullable=True),
        _text("trouble"),
        comment=(
            "Who is called by webhook when an alert changes; empty lists mean all."
            " Secrets are derived from `salt`."
        ),
    )
    op.create_table(
        "notices",
        _number(),
        _of("endpoint", "endpoints.id"),
        sa.Column("marker", sa.Text(), nullable=False, unique=True),
        _of("alert", "alerts.number", cascade=False),
        _word("change"),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        _text("reason"),
        _time("not_before"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _time("tried_at", nullable=True),
        _time("created_at"),
        _time("sent_at", nullable=True),
        comment="Webhooks to be sent, and what came of them: waiting, sending, sent, failed.",
    )
    op.create_index(
        "notices_due", "notices", ["not_before"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index(
        "notices_under_way", "notices", ["tried_at"], postgresql_where=sa.text("state = 'sending'")
    )
    op.create_index("notices_of", "notices", ["endpoint", "id"])
    op.create_index("notices_of_alert", "notices", ["alert"])
