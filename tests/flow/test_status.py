"""`bridge status`: one page that says whether it runs, what waits, and what is left to ask with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Connection, Engine, text

from bridge.cli import main
from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Action,
    Alert,
    Delivery,
    Finding,
    Opened,
    Reason,
    Severity,
    Undeliverable,
)
from bridge.store import alerts, counts, deliveries, errands, inbox, pulse, tickets
from bridge.store.schema import deadlines
from bridge.work.budget import Shared
from connectors.budget import Learnt, Limit

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Each statement is seen by others at once."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def status(url: str) -> Iterator[Callable[..., Result]]:
    """Runs the command, which needs no configuration."""

    def run(*arguments: str, **env: str) -> Result:
        known = {"DATABASE_URL": url, "COLUMNS": "200", "BRIDGE_CONFIG": "nowhere.toml", **env}
        return CliRunner().invoke(main, ["status", *arguments], env=known)

    yield run
    structlog.reset_defaults()


Status = Callable[..., Result]


def told(status: Status) -> Any:
    return json.loads(status("--json").stdout)


def beat(connection: Connection, at: datetime) -> None:
    pulse.beat(connection, at, MINUTE)


def test_an_empty_bridge_that_runs_is_well(
    status: Status, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    result = status()
    assert result.exit_code == 0, result.output
    for words in (
        "it answers, and its tables are up to date",
        "last heard of",
        "none waits to be read",
        "none waits to be judged",
        "none waits to be sent",
        "none is set",
        "nothing is to be asked of a vendor",
        "no vendor was asked lately",
    ):
        assert words in result.stdout
    assert "fix" not in result.stdout
    assert "look" not in result.stdout


# --- what is wrong


def test_a_clock_that_never_ran_is_wrong(status: Status) -> None:
    result = status()
    assert result.exit_code == 1
    assert "it has never run: `bridge run`, or `bridge clock`" in result.stdout
    assert told(status)["clock"]["beat_at"] is None


@pytest.mark.parametrize(("silent", "code"), [(30, 0), (90, 1)])
def test_a_clock_that_fell_silent_is_wrong(
    status: Status, connection: Connection, now: datetime, silent: int, code: int
) -> None:
    beat(connection, now - timedelta(seconds=silent))
    result = status()
    assert result.exit_code == code
    assert ("silent:" in result.stdout) is bool(code)
    found = told(status)
    assert found["ok"] is found["clock"]["ok"] is not bool(code)
    assert silent <= found["clock"]["silent"] < silent + 30


def test_the_last_outage_is_told(status: Status, connection: Connection, now: datetime) -> None:
    beat(connection, now - timedelta(hours=3))
    beat(connection, now)
    result = status()
    assert result.exit_code == 0
    assert f"down for 3 h 0 min until {now:%Y-%m-%d %H:%M} UTC" in result.stdout


def test_missing_tables_are_wrong(status: Status, database: Callable[..., str]) -> None:
    result = status(DATABASE_URL=database(empty=True))
    assert result.exit_code == 1
    assert "its tables are not up to date: `bridge migrate`" in result.stdout


def test_a_database_that_is_away_is_wrong(status: Status) -> None:
    away = "postgresql://bridge:s3cret@/bridge?host=/nowhere"
    result = status(DATABASE_URL=away)
    assert result.exit_code == 1
    assert "look at DATABASE_URL" in result.stdout
    assert "s3cret" not in result.output
    assert json.loads(status("--json", DATABASE_URL=away).stdout)["database"]["answers"] is False


# --- what waits


def receive(connection: Connection, key: str, at: datetime, state: str = inbox.WAITING) -> None:
    row = inbox.Received(
        source="zendesk",
        delivery=key,
        received_at=at,
        method="POST",
        url="",
        headers={},
        body=b"{}",
    )
    inbox.add(connection, [row])
    number = inbox.listing(connection, None, 1)[0].id
    inbox.settle(connection, [number], state, "")


def test_what_waits_to_be_read_is_counted_and_what_cant_be_is_told(
    status: Status, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    receive(connection, "a", now - timedelta(minutes=5))
    receive(connection, "b", now - timedelta(minutes=1))
    receive(connection, "c", now, inbox.READ)
    receive(connection, "d", now, inbox.UNREADABLE)
    event = Opened(id="zendesk:1", subject="zendesk:1", at=now)
    tickets.add_events(connection, [tickets.arrive(event, now)])
    result = status()
    assert result.exit_code == 0, "it is told, but the bridge runs"
    assert "2 wait to be read, the first for 5 min; 1 can't be read: `bridge inbox" in result.stdout
    assert "1 waits to be judged" in result.stdout


def test_deliveries_are_told_by_what_becomes_of_them(
    status: Status, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    finding = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=now)
    alert = Alert(
        subject="zendesk:1",
        ref="AB-1",
        severity=Severity.HIGH,
        opened_at=now,
        changed_at=now,
        reasons=(Reason(finding=finding, added_at=now),),
        team="Support",
    )
    (saved,) = alerts.save(
        connection,
        [(alert, [Step(change=Change.OPENED, at=alert.opened_at, finding=finding)])],
    )
    planned = [
        (saved.number, Delivery(channel=channel, action=action, to="1", why="a test"))
        for channel, action in (
            ("slack", Action.POST),
            ("zendesk", Action.NOTE),
            ("zendesk", Action.TAG),
        )
    ]
    failing, waiting, _ = deliveries.add(connection, planned, now)
    taken = deliveries.take(connection, failing, now)
    assert taken is not None
    deliveries.failed(connection, taken, "slack refused: is_archived")
    taken = deliveries.take(connection, waiting, now)
    assert taken is not None
    deliveries.put_off(connection, taken, "busy", now + timedelta(hours=1), unsure=False)
    result = status()
    assert result.exit_code == 0
    assert "2 wait to be sent, 1 of them due; 1 failed: `bridge deliveries list" in result.stdout


def set_timers(connection: Connection, *due: datetime) -> None:
    rows = [
        {"subject": f"zendesk:{n}", "goal": "first_response", "stage": "breach", "due_at": at}
        for n, at in enumerate(due)
    ]
    connection.execute(deadlines.insert(), rows)


def test_timers_are_counted_with_the_next(
    status: Status, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    late, soon = now - MINUTE, now + timedelta(hours=2, minutes=30, seconds=30)
    set_timers(connection, late, soon, soon + MINUTE)
    assert "3 set, 1 overdue; the next in 2 h 30 min" in status().stdout
    assert told(status)["timers"] == {
        "set": 3,
        "about": False,
        "overdue": 1,
        "next": str(soon),
    }


def test_very_many_timers_are_about_so_many(connection: Connection, now: datetime) -> None:
    many = counts.EXACT + 2000
    set_timers(connection, *[now + MINUTE] * many)
    before = counts.to_ring(connection, now)
    assert (before.set, before.about) == (counts.EXACT, True), "the database hasn't looked yet"
    connection.execute(text("ANALYZE deadlines"))
    assert counts.to_ring(connection, now).set == many


# --- the vendors


def test_errands_tell_how_far_they_are_behind_and_why(
    status: Status, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    errands.stand(connection, "sweep", ["emea", "zendesk"], now)
    behind = int((now - timedelta(minutes=10)).timestamp())
    epochs = json.dumps({"start": behind, "metrics": behind + 60, "page": ""})
    for key, cursor in (("emea", "opaque"), ("zendesk", epochs)):
        errand = errands.take(connection, "sweep", key, now, MINUTE)
        assert errand is not None
        errands.come_back(connection, errand, now + timedelta(minutes=5), cursor)
    errands.want(connection, "read", ["zendesk:1", "zendesk:2"], now)
    errand = errands.take(connection, "read", "zendesk:1", now, MINUTE)
    assert errand is not None
    errands.put_off(connection, errand, now + MINUTE, "zendesk answered 503")
    result = status()
    assert result.exit_code == 0
    assert "zendesk 10 min" in result.stdout
    assert "zendesk answered 503" in result.stdout
    read, sweep = told(status)["errands"]
    assert (read["task"], read["many"], read["reason"]) == ("read", 2, "zendesk answered 503")
    assert (sweep["task"], sweep["many"], sweep["reason"]) == ("sweep", 2, "")
    assert set(sweep["behind"]) == {"zendesk"}, "a cursor that tells nothing is left out"
    assert 600 <= sweep["behind"]["zendesk"] < 660


@pytest.mark.parametrize(
    "cursor", ["7", '"x"', "[]", "{", "null", '{"page":true}', "[99999999999]"]
)
def test_a_cursor_of_any_kind_is_lived_with(
    status: Status, connection: Connection, now: datetime, cursor: str
) -> None:
    beat(connection, now)
    errands.stand(connection, "poll", ["ratings"], now)
    errand = errands.take(connection, "poll", "ratings", now, MINUTE)
    assert errand is not None
    errands.come_back(connection, errand, now, cursor)
    assert status().exit_code == 0
    assert told(status)["errands"][0]["behind"] == {}


def test_budgets_tell_what_is_left_and_who_was_refused(
    status: Status, engine: Engine, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    shared = Shared(engine, lambda: now)
    calls, posts = Limit("calls", 200, timedelta(days=2)), Limit("posts to C1", 1, MINUTE)
    for _ in range(50):
        shared.spend("zendesk", [calls])
    shared.spend("slack", [posts])
    with pytest.raises(Undeliverable):
        shared.spend("slack", [posts])
    shared.learn("slack", Learnt(limit="posts to C1", left=0, resets=timedelta(minutes=30)))
    first, second = told(status)["budgets"]
    assert (first["account"], first["limit"], first["left"]) == ("slack", "posts to C1", 0)
    assert first["refused"] == 1
    assert first["closed_until"] == str(now + timedelta(minutes=30))
    assert (second["account"], second["left"], second["refused"]) == ("zendesk", 75, 0)
    shown = status().stdout
    assert "posts to C1: 1 in 60 s" in shown
    assert "calls: 200 in 2 d 0 h" in shown
    assert "75 %" in shown


def test_a_long_list_of_budgets_begins_with_the_emptiest(
    status: Status, engine: Engine, connection: Connection, now: datetime
) -> None:
    beat(connection, now)
    shared = Shared(engine, lambda: now)
    for number in range(25):
        limit = Limit(f"updates of ticket {number:02}", 20, timedelta(days=1))
        for _ in range(1 + (number == 24)):
            shared.spend("zendesk", [limit])
    shown = status().stdout
    assert "and 5 of which more is left" in shown
    assert "updates of ticket 24" in shown
    assert "updates of ticket 23" not in shown
