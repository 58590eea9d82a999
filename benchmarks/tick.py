"""What a second of the clock costs when nothing is due, what a due timer costs, and how late an alert is for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count, islice
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, event, text

from benchmarks import lateness
from benchmarks.crowd import FIRST, TIMED, gather, ringing
from benchmarks.lateness import seeded
from benchmarks.load import share
from benchmarks.quiet import quiet
from benchmarks.scene import TOKEN, Failed, Say, Scene, scene
from bridge.sandbox import Sandbox
from bridge.settings import parse
from bridge.store import errands as errands_kept
from bridge.work import errands
from bridge.work.bridge import Bridge
from bridge.work.drain import drain
from bridge.work.queue import CONFIRM, SWEEP
from bridge.work.tick import tick

TICKETS = 100_000
SMALL = 10_000
EMPTY = 1_000  # ticks
ROUNDS = {100: 7, 1_000: 3, 10_000: 1}  # how often so many timers are made to ring
OWN = 5_000_001  # the numbers of tickets that no stand-in knows

DESK = """
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
token = "BENCH_ZENDESK_TOKEN"
base_url = "{zendesk}"
"""


def run(say: Say, tickets: int = TICKETS) -> dict[str, Any]:
    """Milliseconds and pages of a tick that finds nothing, microseconds a timer that rings, seconds of lateness.

    The crowd of tickets, all of them open with four clocks each, waits beside whatever rings; it is no smaller than
    the small one it is compared with.
    """
    tickets = max(tickets, SMALL)
    with quiet(), scene() as made:
        bridge = Bridge(parse(TIMED, made.environ), made.url)
        try:
            gather(bridge, SMALL, bridge.now(), say)
            small = _empty(bridge)
            gather(bridge, tickets - SMALL, bridge.now(), say, first=FIRST + SMALL)
            found: dict[str, Any] = {
                "tickets": tickets,
                "timers": _one(bridge, "SELECT count(*) FROM deadlines"),
                **_empty(bridge),
            }
            found["small"] = small
            say(f"a tick among {tickets:,} tickets: {found}")
            found |= _costs(bridge, say)
            found |= _confirmed(bridge, made, say)
            _forget(bridge)
            found |= lateness.run(bridge, made, say)
        finally:
            bridge.close()
    return found


# --- a tick that finds nothing -------------------------------------------------------------------


def _empty(bridge: Bridge) -> dict[str, float]:
    """Nothing is due; as in any installation, a sweep waits for its turn."""
    soon = bridge.now() + timedelta(hours=1)
    with bridge.engine.begin() as connection:
        errands_kept.stand(connection, SWEEP, ["zendesk"], soon)
    for _ in range(20):  # until its statements are prepared
        _tick_nothing(bridge)
    took = [_tick_nothing(bridge) for _ in range(EMPTY)]
    return {
        "empty_tick_p50_ms": share(took, 0.5),
        "empty_tick_p99_ms": share(took, 0.99),
        "empty_tick_buffers": _buffers(bridge),
    }


def _tick_nothing(bridge: Bridge) -> float:
    started = perf_counter()
    found = tick(bridge)
    took = (perf_counter() - started) * 1000
    if found:
        raise Failed(f"a tick that was to find nothing found {found}")
    return took


def _buffers(bridge: Bridge) -> int:
    """Pages that all statements of an empty tick look at, by PostgreSQL's own count."""
    said: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        said.append((call[2], call[3]))

    event.listen(bridge.engine, "before_cursor_execute", note)
    try:
        _tick_nothing(bridge)
    finally:
        event.remove(bridge.engine, "before_cursor_execute", note)
    with bridge.engine.connect() as connection:
        for _ in range(2):  # the second time, what planning had to look up is known
            pages = sum(_pages(connection, words, values) for words, values in said)
        connection.rollback()
    return pages


def _pages(connection: Connection, words: str, values: Any) -> int:
    explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {words}"
    (plan,) = connection.exec_driver_sql(explained, values).scalar_one()
    top = plan["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


# --- timers that ring ----------------------------------------------------------------------------


def _costs(bridge: Bridge, say: Say) -> dict[str, float]:
    """Microseconds a timer, by how many are due at once; no helpdesk is asked."""
    keys = count(OWN)
    _ring(bridge, list(islice(keys, 100)))  # to warm up
    found = {}
    for many, rounds in ROUNDS.items():
        cost = median(_ring(bridge, list(islice(keys, many))) for _ in range(rounds))
        found[f"us_per_due_{many}"] = cost
        say(f"{many:,} due: {cost:,.0f} µs each")
    return found


def _confirmed(bridge: Bridge, made: Scene, say: Say) -> dict[str, float]:
    """The same for a thousand where each ticket is first read afresh from Zendesk's stand-in, over HTTP."""
    many = 1_000
    with Sandbox(bridge.now) as sandbox:
        desk = sandbox.zendesk
        desk.add_token(TOKEN, desk.add_agent("Alert Bridge", "bridge@example.com", "admin"))
        keys = seeded(desk, many * 3, bridge.now() - timedelta(days=1))
        policy = DESK.format(zendesk=sandbox.zendesk_url) + TIMED
        asking = Bridge(parse(policy, made.environ), made.url)
        try:
            took = [_ring(asking, keys[n : n + many]) for n in range(0, len(keys), many)]
        finally:
            asking.close()
        calls = desk.calls.total()
    cost = median(took)
    say(f"{many:,} due, confirmed: {cost:,.0f} µs each, {calls} calls for {len(keys):,}")
    return {f"us_per_due_{many}_confirmed": cost}


def _ring(bridge: Bridge, keys: Sequence[int]) -> float:
    """Have a timer on each ticket due, and see all of them rung and judged: microseconds a timer."""
    now, spread = bridge.now(), timedelta(seconds=1) / len(keys)
    ringing(bridge, keys, [now - spread * n for n in range(len(keys))])
    before = _one(bridge, "SELECT count(*) FROM alerts")
    started = perf_counter()
    tick(bridge)
    errands.run(bridge, CONFIRM, "zendesk")
    while _one(bridge, "SELECT EXISTS (SELECT FROM events WHERE NOT judged)"):
        drain(bridge)
    took = perf_counter() - started
    rung = _one(bridge, "SELECT count(*) FROM alerts") - before
    if rung != len(keys):
        raise Failed(f"{rung} alerts for {len(keys)} timers")
    return took / len(keys) * 1e6


def _forget(bridge: Bridge) -> None:
    """What rang until now is told to nobody."""
    tables = "inbox, events, alerts, story, deliveries, errands, procrastinate_jobs"
    with bridge.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))


def _one(bridge: Bridge, query: str) -> int:
    with bridge.engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())
