"""The tables. Migrations make them; `tests/store/test_schema.py` says that both agree."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

TIME = DateTime(timezone=True)


def _number() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


inbox = Table(
    "inbox",
    metadata,
    _number(),
    Column("source", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched", LargeBinary),
    Column("state", Text, nullable=False, server_default="waiting"),
    _text("reason"),
    UniqueConstraint("source", "delivery", name="inbox_once"),
    Index("inbox_waiting", "id", postgresql_where=text("state = 'waiting'")),
    Index("inbox_unreadable", "id", postgresql_where=text("state = 'unreadable'")),
    Index("inbox_age", "received_at", postgresql_using="brin"),
    Index("inbox_of", "source", "id"),
    comment="Webhooks as they came: waiting, read, matching (looks for its ticket), fetching, unreadable.",
)

errands = Table(
    "errands",
    metadata,
    Column("task", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("not_before", TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("wanted", Integer, nullable=False, server_default="1"),
    _text("cursor"),
    _text("reason"),
    Index("errands_due", "not_before"),
    comment="What is to be asked of a vendor: a row until it is done; a poll's row stays.",
)

events = Table(
    "events",
    metadata,
    _number(),
    Column("event", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("inbox", BigInteger),
    Column("judged", Boolean, nullable=False, server_default="false"),
    Column("body", JSONB, nullable=False),
    _text("fault"),
    Index("events_of", "subject", "at"),
    Index("events_waiting", "id", "subject", postgresql_where=text("not judged")),
    Index("events_of_webhook", "inbox", postgresql_using="brin"),
    comment="What happened, in our words; the truth that tickets are folded from.",
)

answers = Table(
    "answers",
    metadata,
    Column("answer", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    comment="Which ticket a survey answer was found to belong to, so that all its parts go there.",
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", JSONB),
    Column("timers", JSONB, nullable=False, server_default="[]"),
    Column("told", JSONB, nullable=False, server_default="{}"),
    _text("team"),
    _text("requester"),
    Column("updated_at", TIME),
    Column("opened_at", TIME),
    _text("agent"),
    Index(
        "tickets_of",
        "requester",
        "updated_at",
        postgresql_where=text("requester <> ''"),
    ),
    Index("tickets_by_team", "team"),
    Index("tickets_touched", "updated_at", "id"),
    Index("tickets_by_agent", "agent", postgresql_where=text("agent <> ''")),
    Index("tickets_opened", "opened_at", "team", "agent", "id"),
    comment="State as its events add up to it, the timers last set, and what was told about it.",
)

ratings = Table(
    "ratings",
    metadata,
    Column("answer", Text, primary_key=True),
    Column("question", Text, primary_key=True),
    Column("subject", Text, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("at", TIME, nullable=False),
    Column("score", Double),
    _text("scale"),
    Column("resolved", Boolean),
    Index("ratings_at", "at"),
    Index("ratings_of", "subject"),
    comment="What customers gave in surveys, for figures: a row a question, '' for the answer as a whole.",
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("due_at", TIME, nullable=False),
    Index("deadlines_due", "due_at"),
    comment="Timers still to ring. A sweep costs as much as there are timers due.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    _text("owner"),
    _text("customer"),
    Column("severity", Integer, nullable=False),
    Column("team", Text, nullable=False),
    Column("opened_at", TIME, nullable=False),
    Column("changed_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Column("due_at", TIME),
    Column("rules", ARRAY(Text), nullable=False, server_default="{}"),
    Column("people", ARRAY(Text), nullable=False, server_default="{}"),
    Column("acknowledged_at", TIME),
    Column("contacted_at", TIME),
    Column("closed_at", TIME),
    Column("reopened_at", TIME),
    Column("acknowledge_by", TIME),
    Column("contact_by", TIME),
    Column("resolve_by", TIME),
    Column("close_by", TIME),
    Column("itself", Boolean, nullable=False, server_default="false"),
    Column("useless", Boolean, nullable=False, server_default="false"),
    _text("outcome"),
    _text("cause"),
    _text("coaching"),
    Column("better", Boolean),
    Column("checks", JSONB, nullable=False, server_default="{}"),
    Column("relations", JSONB, nullable=False, server_default="{}"),
    Column("body", JSONB, nullable=False),
    Index("alerts_live", "subject", unique=True, postgresql_where=text("state <> 'resolved'")),
    Index(
        "alerts_urgent",
        text("severity DESC"),
        "due_at",
        "number",
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index("alerts_opened", "opened_at"),
    Index("alerts_of_team", "team", "state", "changed_at"),
    Index("alerts_of_customer", "customer", postgresql_where=text("customer <> ''")),
    Index("alerts_of_subject", "subject"),
    Index("alerts_checked", "ended_at", postgresql_where=text("checks <> '{}'")),
    comment="One case that needs somebody; at most one live alert a subject.",
)

story = Table(
    "story",
    metadata,
    _number(),
    Column("alert", BigInteger, ForeignKey("alerts.number"), nullable=False, index=True),
    Column("at", TIME, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    comment="What became of each alert; rows are only added.",
)

alert_timers = Table(
    "alert_timers",
    metadata,
    Column("alert", BigInteger, ForeignKey("alerts.number"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due_at", TIME, nullable=False),
    Index("alert_timers_due", "due_at"),
    comment="What is still to happen to alerts unless somebody acts: ladders, reminders, goals, checks.",
)

deliveries = Table(
    "deliveries",
    metadata,
    _number(),
    Column("alert", BigInteger, ForeignKey("alerts.number"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("why", Text, nullable=False),
    _text("text"),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("marker", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    _text("reason"),
    Column("not_before", TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("unsure", Boolean, nullable=False, server_default="false"),
    Column("tried_at", TIME),
    Column("receipt", JSONB),
    Column("created_at", TIME, nullable=False),
    Column("sent_at", TIME),
    _text("calls"),
    _text("mention"),
    Column("storm", BigInteger),
    Index("deliveries_lane", "alert", "channel", "id"),
    Index("deliveries_due", "not_before", postgresql_where=text("state = 'waiting'")),
    Index(
        "deliveries_to",
        "channel",
        "to",
        "id",
        postgresql_where=text("state IN ('waiting', 'sending') AND storm IS NULL"),
    ),
    Index(
        "deliveries_sent_to",
        "channel",
        "to",
        "sent_at",
        postgresql_where=text("state = 'sent' AND action IN ('post', 'direct')"),
    ),
    Index(
        "deliveries_by_message",
        text("(receipt ->> 'ref')"),
        postgresql_where=text("channel = 'slack' AND receipt IS NOT NULL"),
    ),
    Index("deliveries_of_storm", "storm", "id", postgresql_where=text("storm IS NOT NULL")),
    Index("deliveries_under_way", "tried_at", postgresql_where=text("state = 'sending'")),
    Index("deliveries_age", "created_at", postgresql_using="brin"),
    Index("deliveries_failed", "id", postgresql_where=text("state = 'failed'")),
    Index(
        "deliveries_asked",
        "alert",
        postgresql_where=text("state = 'sent' AND action = 'follow up'"),
    ),
    Index(
        "deliveries_one_edit",
        "alert",
        "channel",
        unique=True,
        postgresql_where=text("state = 'waiting' and action = 'edit'"),
    ),
    Index(
        "deliveries_put_by",
        "state",
        "id",
        postgresql_where=text("state IN ('held', 'dropped')"),
    ),
    comment="Everything sent, to be sent, or held: waiting, sending, sent, held, failed, dropped.",
)

own_writes = Table(
    "own_writes",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    comment="Ids of what we wrote ourselves, so that it never counts as an agent's work.",
)

people = Table(
    "people",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("email"),
    _text("phone"),
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
    _text("token"),
    Column("expires_at", TIME),
    comment="Access tokens minted with client credentials; one row an account.",
)

teams = Table(
    "teams",
    metadata,
    Column("name", Text, primary_key=True),
    _text("parent"),
    _text("slack_channel"),
    _text("manager"),
    _text("manager_slack"),
    _text("manager_email"),
    _text("manager_phone"),
    _text("calendar"),
    _text("routes"),
    _text("ladder"),
    _text("awake"),
    _text("digest"),
    _text("follow_up"),
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
    _text("name"),
    _text("email"),
    _text("phone"),
    _text("slack"),
    comment="People besides the teams' managers whom ladders and absences call by their keys.",
)

absences = Table(
    "absences",
    metadata,
    _number(),
    Column("member", Text, nullable=False),
    Column("deputy", Text, nullable=False),
    Column("starts_at", TIME, nullable=False),
    Column("ends_at", TIME, nullable=False),
    Index("absences_by_end", "ends_at"),
    comment="Who is away, from when to when, and who stands in.",
)

mutes = Table(
    "mutes",
    metadata,
    _number(),
    _text("team"),
    _text("rule"),
    _text("subject"),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("starts_at", TIME, nullable=False),
    Column("ends_at", TIME, nullable=False),
    Column("maintenance", Boolean, nullable=False, server_default="false"),
    Column("reminded_at", TIME),
    Index("mutes_by_end", "ends_at"),
    comment="What nobody is called for until when, and why; empty columns match everything.",
)

storms = Table(
    "storms",
    metadata,
    _number(),
    Column("channel", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("began_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Column("receipt", JSONB),
    Column("pages", JSONB, nullable=False, server_default="[]"),
    Index("storms_now", "channel", "to", unique=True, postgresql_where=text("ended_at IS NULL")),
    comment="Where alerts come too fast to be told one by one: their summary, and the pages of its thread.",
)

silenced = Table(
    "silenced",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("to", Text, primary_key=True),
    Column("since", TIME, nullable=False),
    _text("why"),
    comment="Addresses that want no more messages: a phone that answered STOP.",
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


# --- people who sign in, and programs

users = Table(
    "users",
    metadata,
    _number(),
    Column("email", Text, nullable=False, unique=True),
    _text("name"),
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
    _text("browser"),
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
    _number(),
    Column("key", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Index("login_tries_of", "key", "at"),
    comment="Failed attempts to sign in, by address; too many, and there is a pause.",
)

api_keys = Table(
    "api_keys",
    metadata,
    _number(),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    _text("by"),
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
    _number(),
    Column("url", Text, nullable=False),
    _text("note"),
    Column("changes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    Column("salt", Text, nullable=False),
    _text("old_salt"),
    Column("rotated_at", TIME),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    _text("by"),
    Column("created_at", TIME, nullable=False),
    Column("failing_since", TIME),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("paused_until", TIME),
    _text("trouble"),
    comment="Who is called by webhook when an alert changes; empty lists mean all. Secrets are derived from `salt`.",
)

notices = Table(
    "notices",
    metadata,
    _number(),
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
    _text("reason"),
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
    _number(),
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
