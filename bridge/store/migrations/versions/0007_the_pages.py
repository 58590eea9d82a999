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


_MOMENTS = ("acknowledged_at", "contacted_at", "closed_at", "reopened_at")
_GOALS = ("acknowledge_by", "contact_by", "resolve_by", "close_by")

_OUTCOMES = """
    UPDATE alerts SET
        acknowledged_at = (body->>'acknowledged_at')::timestamptz,
        contacted_at = (body->>'contacted_at')::timestamptz,
        closed_at = (body->>'closed_at')::timestamptz,
        reopened_at = (body->>'reopened_at')::timestamptz,
        acknowledge_by = (body->'promises'->'acknowledge'->>'due_at')::timestamptz,
        contact_by = (body->'promises'->'contact'->>'due_at')::timestamptz,
        resolve_by = (body->'promises'->'resolve'->>'due_at')::timestamptz,
        close_by = (body->'promises'->'close'->>'due_at')::timestamptz,
        itself = state = 'resolved' AND coalesce(body->>'resolved_by', '') = '',
        useless = jsonb_array_length(coalesce(body->'useless', '[]')) > 0,
        outcome = coalesce(body->>'outcome', ''),
        cause = coalesce(body->>'cause', ''),
        coaching = coalesce(body->>'coaching', ''),
        better = (body->>'better')::boolean,
        checks = coalesce(body->'checks', '{}'),
        relations = coalesce(body->'relations', '{}')
"""
_OPENED = """
    UPDATE tickets SET
        opened_at = (state->>'opened_at')::timestamptz,
        agent = CASE WHEN coalesce(state->>'agent', '') = '' THEN ''
                ELSE split_part(id, ':', 1) || ':' || (state->>'agent') END
    WHERE state IS NOT NULL
"""
_RATINGS = """
    INSERT INTO ratings (answer, question, subject, at, score, scale, resolved)
    SELECT one->>'id', '', id, (one->>'at')::timestamptz, (one->>'score')::double precision,
           coalesce(one->>'scale', ''), (one->>'resolved')::boolean
    FROM tickets, jsonb_array_elements(state->'answers') AS one
    WHERE state ? 'answers' AND one->>'at' IS NOT NULL
      AND (one->>'score' IS NOT NULL OR one->>'resolved' IS NOT NULL)
    ON CONFLICT DO NOTHING
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
    op.create_index("deliveries_age", "deliveries", ["created_at"], postgresql_using="brin")
    op.create_index(
        "deliveries_failed", "deliveries", ["id"], postgresql_where=sa.text("state = 'failed'")
    )
    _looked_at()
    _figures()
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
    op.create_index("people_by_age", "people", ["read_at"])
    op.create_index("audit_of", "audit", ["object", "at"])


def _looked_at() -> None:
    """What admins look at, and what a changed policy is tried on."""
    op.create_index("inbox_of", "inbox", ["source", "id"])
    op.create_index("events_of_webhook", "events", ["inbox"], postgresql_using="brin")
    op.create_index("tickets_touched", "tickets", ["updated_at", "id"])
    op.create_index(
        "deliveries_put_by",
        "deliveries",
        ["state", "id"],
        postgresql_where=sa.text("state IN ('held', 'dropped')"),
    )
    op.create_table_comment(
        "deliveries",
        "Everything sent, to be sent, or held: waiting, sending, sent, held, failed, dropped.",
        existing_comment="Everything sent, to be sent, or held: waiting, sending, sent, held, failed.",
    )


def _figures() -> None:
    """What figures are reckoned from, in columns of its own, so that nobody has to open every alert and ticket."""
    for name in (*_MOMENTS, *_GOALS):
        op.add_column("alerts", _time(name, nullable=True))
    for name in ("itself", "useless"):
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), server_default="false", nullable=False
        )
        op.add_column("alerts", flag)
    for name in ("outcome", "cause", "coaching"):
        op.add_column("alerts", _text(name))
    op.add_column("alerts", sa.Column("better", sa.Boolean()))
    for name in ("checks", "relations"):
        op.add_column("alerts", sa.Column(name, JSONB(), server_default="{}", nullable=False))
    op.execute(_OUTCOMES)
    op.create_index(
        "alerts_checked", "alerts", ["ended_at"], postgresql_where=sa.text("checks <> '{}'")
    )
    op.create_index(
        "deliveries_asked",
        "deliveries",
        ["alert"],
        postgresql_where=sa.text("state = 'sent' AND action = 'follow up'"),
    )
    op.add_column("tickets", _time("opened_at", nullable=True))
    op.add_column("tickets", _text("agent"))
    op.execute(_OPENED)
    op.create_index(
        "tickets_by_agent", "tickets", ["agent"], postgresql_where=sa.text("agent <> ''")
    )
    op.create_index("tickets_opened", "tickets", ["opened_at", "team", "agent", "id"])
    op.create_table(
        "ratings",
        sa.Column("answer", sa.Text(), primary_key=True),
        sa.Column("question", sa.Text(), primary_key=True),
        sa.Column(
            "subject", sa.Text(), sa.ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False
        ),
        _time("at"),
        sa.Column("score", sa.Double()),
        _text("scale"),
        sa.Column("resolved", sa.Boolean()),
        comment="What customers gave in surveys, for figures: a row a question, '' for the answer as a whole.",
    )
    op.create_index("ratings_at", "ratings", ["at"])
    op.create_index("ratings_of", "ratings", ["subject"])
    op.execute(_RATINGS)


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
        "api_rates",
        _of("api_key", "api_keys.id", primary=True),
        sa.Column("tokens", sa.Double(), nullable=False),
        _time("filled_at"),
        sa.Column("refused", sa.Boolean(), server_default="false", nullable=False),
        comment="How many more requests each key may make now; full again after a crash.",
        prefixes=["UNLOGGED"],
        postgresql_with={"fillfactor": 50},
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
        _text("old_salt"),
        _time("rotated_at", nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        _text("by"),
        _time("created_at"),
        _time("failing_since", nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _time("paused_until", nullable=True),
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
        "notices_due",
        "notices",
        ["endpoint", "not_before"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "notices_under_way", "notices", ["tried_at"], postgresql_where=sa.text("state = 'sending'")
    )
    op.create_index(
        "notices_failed",
        "notices",
        ["endpoint", "id"],
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index("notices_of", "notices", ["endpoint", "id"])
    op.create_index("notices_of_alert", "notices", ["alert"])
    op.create_index("notices_age", "notices", ["created_at"], postgresql_using="brin")
