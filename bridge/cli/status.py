"""`bridge status`: whether it runs, what waits, and what is left to ask the vendors with."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, printed, stored, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.store.counts import Errands

SILENT = timedelta(seconds=60)
"""A clock that has not been heard of for so long is dead."""

MOST_SHOWN = 20


@click.command()
@AS_JSON
def status(as_json: bool) -> None:
    """Tell on one page whether it runs and what waits. Exit code 1 without a database, its tables, or a clock."""
    from sqlalchemy.exc import SQLAlchemyError

    from bridge.store import connect, pending
    from bridge.work.bridge import wall_clock

    now = wall_clock()
    with stored() as url:
        engine = connect(url, pool=1)
        try:
            with engine.connect() as connection:
                if pending(connection):
                    told = _wrong("its tables are not up to date: `bridge migrate`", answers=True)
                else:
                    told = _looked(connection, now)
        except SQLAlchemyError as error:
            kind = type(getattr(error, "orig", None) or error).__name__
            told = _wrong(f"it does not answer ({kind}): look at DATABASE_URL", answers=False)
        finally:
            engine.dispose()
    if as_json:
        printed(told)
    else:
        _shown(told, now)
    sys.exit(0 if told["ok"] else 1)


# --- what there is to tell


def _wrong(why: str, *, answers: bool) -> dict[str, Any]:
    return {"ok": False, "database": {"ok": False, "answers": answers, "trouble": why}}


def _looked(connection: Connection, now: datetime) -> dict[str, Any]:
    from msgspec.structs import asdict

    from bridge.store import counts

    clock = _clock(connection, now)
    return {
        "ok": clock["ok"],
        "database": {"ok": True, "answers": True, "trouble": ""},
        "clock": clock,
        "inbox": asdict(counts.in_the_inbox(connection)),
        "events": {"waiting": counts.unjudged(connection)},
        "deliveries": asdict(counts.to_be_sent(connection, now)),
        "timers": asdict(counts.to_ring(connection, now)),
        "errands": [_errands(found, now) for found in counts.to_be_asked(connection)],
        "budgets": _budgets(connection, now),
    }


def _clock(connection: Connection, now: datetime) -> dict[str, Any]:
    from bridge.store import pulse

    last = pulse.last(connection)
    if last is None:
        return {"ok": False, "beat_at": None, "silent": None, "down_from": None, "down_to": None}
    silent = max(now - last.beat_at, timedelta())
    return {
        "ok": silent <= SILENT,
        "beat_at": last.beat_at,
        "silent": round(silent.total_seconds()),
        "down_from": last.down_from,
        "down_to": last.down_to,
    }


def _errands(found: Errands, now: datetime) -> dict[str, Any]:
    """Errands of one kind; `behind` is how many seconds ago the standing ones have come to, where that can be seen."""
    from bridge.work.behind import reached

    come = {key: reached(cursor) for key, cursor in sorted(found.cursors.items())}
    return {
        "task": found.task,
        "many": found.many,
        "next": found.next,
        "behind": {
            key: max(round((now - at).total_seconds()), 0) for key, at in come.items() if at
        },
        "reason": found.reason,
    }


def _budgets(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Every limit that was spent from lately, the emptiest first."""
    from bridge.store import budgets
    from bridge.work.budget import standing

    rows = []
    for row in budgets.listing(connection):
        bucket = standing(row, now)
        rows.append(
            {
                "account": row.account,
                "limit": bucket.name,
                "many": bucket.many,
                "seconds": bucket.per.total_seconds(),
                "left": int(100 * bucket.tokens / bucket.many),
                "closed_until": bucket.filled_at if bucket.filled_at > now else None,
                "refused": bucket.refused,
                "refused_at": bucket.refused_at if bucket.refused else None,
            }
        )
    return sorted(rows, key=lambda one: (one["left"], one["account"], one["limit"]))


# --- for people


def _shown(told: dict[str, Any], now: datetime) -> None:
    database = told["database"]
    if not database["ok"]:
        _line("fix", "database", database["trouble"])
        return
    _line("ok", "database", "it answers, and its tables are up to date")
    _line("ok" if told["clock"]["ok"] else "fix", "clock", _of_clock(told["clock"]))
    inbox, sending, timers = told["inbox"], told["deliveries"], told["timers"]
    words = _waits(inbox["waiting"], "to be read")
    if inbox["oldest"]:
        words += f", the first for {_span(now - inbox['oldest'])}"
    if inbox["unreadable"]:
        words += f"; {inbox['unreadable']} can't be read: `bridge inbox list --state unreadable`"
    _line("look" if inbox["unreadable"] else "", "inbox", words)
    _line("", "events", _waits(told["events"]["waiting"], "to be judged"))
    words = _waits(sending["waiting"], "to be sent")
    if sending["waiting"]:
        words += f", {sending['due']} of them due"
    if sending["failed"]:
        words += f"; {sending['failed']} failed: `bridge deliveries list --state failed`"
    _line("look" if sending["failed"] else "", "deliveries", words)
    _line("look" if timers["overdue"] else "", "timers", _of_timers(timers, now))
    _tables(told, now)


def _line(mark: str, what: str, words: str) -> None:
    colours = {"ok": "green", "fix": "red", "look": "yellow"}
    shown = click.style(f"{mark:<4}", fg=colours.get(mark))
    click.echo(f"{shown} {what:<10} {words}")


def _of_clock(clock: dict[str, Any]) -> str:
    if clock["beat_at"] is None:
        return "it has never run: `bridge run`, or `bridge clock`"
    words = f"last heard of {_span(timedelta(seconds=clock['silent']))} ago"
    if not clock["ok"]:
        words = f"silent: {words}; start `bridge clock`"
    if clock["down_from"] and clock["down_to"]:
        lasted = _span(clock["down_to"] - clock["down_from"])
        words += f"; down for {lasted} until {clock['down_to']:%Y-%m-%d %H:%M} UTC"
    return words


def _of_timers(timers: dict[str, Any], now: datetime) -> str:
    if not timers["set"]:
        return "none is set"
    words = f"{'about ' if timers['about'] else ''}{timers['set']} set"
    if timers["overdue"]:
        words += f", {timers['overdue']} overdue"
    return words + (f"; the next in {_span(timers['next'] - now)}" if timers["next"] else "")


def _tables(told: dict[str, Any], now: datetime) -> None:
    if not told["errands"]:
        _line("", "errands", "nothing is to be asked of a vendor")
    if not told["budgets"]:
        _line("", "budgets", "no vendor was asked lately")
    if told["errands"]:
        click.echo()
        table([_errand_row(one, now) for one in told["errands"]], as_json=False, empty="")
    if told["budgets"]:
        click.echo()
        rows = [_budget_row(one, now) for one in told["budgets"][:MOST_SHOWN]]
        table(rows, as_json=False, empty="")
        if (more := len(told["budgets"]) - MOST_SHOWN) > 0:
            click.echo(f"and {more} of which more is left")


def _errand_row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    behind = (f"{key} {_span(timedelta(seconds=s))}" for key, s in one["behind"].items())
    return {
        "errand": one["task"],
        "many": one["many"],
        "next": "now" if one["next"] <= now else f"in {_span(one['next'] - now)}",
        "behind": ", ".join(behind) or "-",
        "put off because": one["reason"] or "-",
    }


def _budget_row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    refused = "-"
    if one["refused"]:
        refused = f"{one['refused']}, the last {_span(now - one['refused_at'])} ago"
    return {
        "account": one["account"],
        "budget": f"{one['limit']}: {one['many']} in {_span(timedelta(seconds=one['seconds']))}",
        "left": f"{one['left']} %",
        "closed for": _span(one["closed_until"] - now) if one["closed_until"] else "-",
        "refused": refused,
    }


def _waits(many: int, what: str) -> str:
    return f"{many} {'waits' if many == 1 else 'wait'} {what}" if many else f"none waits {what}"


def _span(length: timedelta) -> str:
    """In the two largest units: 3 s, 4 min, 2 h 5 min, 3 d 4 h."""
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if days < 1 else f"{days} d {hours % 24} h"
