"""Errands: what has to be asked of a vendor outside the drain, tried again on our own clock until it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from msgspec import Struct

from bridge.domain.model import Undeliverable, Unreadable
from bridge.store import errands, inbox
from bridge.store.errands import Errand
from bridge.work.bridge import Bridge
from bridge.work.confirm import confirm
from bridge.work.customers import learn
from bridge.work.digest import daily, keys
from bridge.work.faults import Fault, guarded
from bridge.work.home import show_home
from bridge.work.judging import judge_again
from bridge.work.lookup import match, read
from bridge.work.queue import (
    CHECK,
    CONFIRM,
    DIGEST,
    DRAIN,
    FETCH,
    HOME,
    MATCH,
    PAST,
    POLL,
    READ,
    RETIME,
    STORM,
    SWEEP,
    WHO,
    wake,
    wake_errands,
)
from bridge.work.reading import incoming_of
from bridge.work.relations import check
from bridge.work.storm_pages import give_up as no_summary
from bridge.work.storm_pages import tell
from bridge.work.sweep import sweep
from connectors import Polled
from connectors.budget import Urgency, urgent

LEASE = timedelta(minutes=2)  # longer than any errand can take: it is taken up again after it
LONGEST_PAUSE = timedelta(minutes=10)
MOST_ATTEMPTS = 150  # a day, at the longest pause
AFTER_A_FAULT = timedelta(minutes=1)
MATCH_PATIENCE = timedelta(
    minutes=1
)  # how long an answer waits for a desk that doesn't say whose it is

NO_SWEEP = timedelta(
    hours=1
)  # until the clock takes away the errand of a desk that isn't swept any more

_LEASES = {CONFIRM: timedelta(seconds=20)}  # asked twice is harmless, and a timer should not wait
_STANDING = (POLL, SWEEP, CONFIRM, RETIME, DIGEST)
_URGENCY = {
    CONFIRM: Urgency.ALERT,
    STORM: Urgency.ALERT,
    HOME: Urgency.ALERT,
    POLL: Urgency.SWEEP,
    SWEEP: Urgency.SWEEP,
    PAST: Urgency.SWEEP,
}

log = structlog.get_logger()


class _Again(Struct, frozen=True):
    """A standing errand that has been done, or as much of it as could be."""

    after: timedelta
    cursor: str
    reason: str = ""


def run(bridge: Bridge, task: str, key: str) -> None:
    """Run the errand if it is due; else do nothing."""
    with bridge.engine.begin() as connection:
        lease = _LEASES.get(task, LEASE)
        errand = errands.take(connection, task, key, bridge.now(), lease)
    if errand is None:
        return
    with urgent(_URGENCY.get(task, Urgency.READ)):
        outcome = guarded(lambda: _attempt(bridge, errand), errand=task, key=key)
    if isinstance(outcome, Fault):
        outcome = Undeliverable(outcome, retry_after=AFTER_A_FAULT)
    now = bridge.now()
    if isinstance(outcome, Undeliverable):
        pause = timedelta(seconds=2 ** min(errand.attempts - 1, 10))
        wait = max(min(pause, LONGEST_PAUSE), outcome.retry_after or timedelta())
        if _goes_on(bridge, errand, outcome, wait):
            log.warning("put off", errand=task, key=key, why=str(outcome))
            with bridge.engine.begin() as connection:
                errands.put_off(connection, errand, now + wait, str(outcome))
            return
        _GIVE_UP[task](bridge, key, outcome)
    with bridge.engine.begin() as connection:
        if isinstance(outcome, _Again):
            errands.come_back(
                connection, errand, now + outcome.after, outcome.cursor, outcome.reason
            )
            at_once = not outcome.after
        else:
            at_once = errands.done(connection, errand, now)
        if at_once:
            wake_errands(connection, [(task, key)])


def _attempt(bridge: Bridge, errand: Errand) -> Undeliverable | _Again | None:
    try:
        return _TASKS[errand.task](bridge, errand)
    except Undeliverable as error:
        return error


def _goes_on(bridge: Bridge, errand: Errand, error: Undeliverable, wait: timedelta) -> bool:
    """Whether it is worth another try."""
    if errand.task in _STANDING:
        return True
    if error.retry_after is None or errand.attempts >= MOST_ATTEMPTS:
        return False
    if errand.task != MATCH:
        return True
    with bridge.engine.begin() as connection:
        row = inbox.find(connection, int(errand.key))
    return row is not None and bridge.now() + wait - row.received_at <= MATCH_PATIENCE


# --- the errands: each returns once all is done, or raises Undeliverable


def _fetch(bridge: Bridge, errand: Errand) -> None:
    """Ask for what a delivery is about."""
    number = int(errand.key)
    with bridge.engine.begin() as connection:
        row = inbox.find(connection, number)
    if row is None or row.state != inbox.FETCHING:
        return
    setting = bridge.settings.sources.get(row.source)
    if setting is None:
        raise Undeliverable(f"no source {row.source!r} is configured any more")
    try:
        fetched: bytes = setting.source.fetch(incoming_of(row), bridge.tokens[row.source])
    except Unreadable as error:
        with bridge.engine.begin() as connection:
            inbox.settle(connection, [number], inbox.UNREADABLE, str(error))
        return
    with bridge.engine.begin() as connection:
        inbox.keep_fetched(connection, number, fetched)
        wake(connection, DRAIN)


def _confirm(bridge: Bridge, errand: Errand) -> _Again | None:
    """Ring a desk's due timers, each after a look at its ticket."""
    away = confirm(bridge, errand.key)
    return _Again(away.after, "", away.why) if away else None


def _retime(bridge: Bridge, errand: Errand) -> _Again | None:
    """Set timers anew, some tickets at a time."""
    last = judge_again(bridge, errand.cursor)
    return _Again(timedelta(), last) if last else None


def _sweep(bridge: Bridge, errand: Errand) -> _Again:
    """Ask a desk for what no webhook told."""
    every = bridge.settings.desks[errand.key].sweep or NO_SWEEP
    swept = sweep(bridge, errand.key, errand.cursor)
    if swept.failure is not None:
        return _Again(swept.failure.retry_after or every, swept.cursor, str(swept.failure))
    return _Again(timedelta() if swept.more else every, swept.cursor)


def _poll(bridge: Bridge, errand: Errand) -> _Again:
    """Ask a desk for news of a source that nobody calls."""
    setting = bridge.settings.sources[errand.key]
    now = bridge.now()
    polled: Polled = setting.source.poll(bridge.desks[setting.source.desk], errand.cursor, now)
    rows = [
        inbox.Received(
            source=errand.key,
            delivery=key,
            received_at=now,
            method="POLL",
            url="",
            headers={},
            body=body,
        )
        for key, body in polled.deliveries
    ]
    with bridge.engine.begin() as connection:
        if rows and any(inbox.add(connection, rows)):
            wake(connection, DRAIN)
    if polled.failure is not None:
        pause = polled.failure.retry_after or setting.source.every
        return _Again(pause, polled.cursor, str(polled.failure))
    return _Again(timedelta() if polled.more else setting.source.every, polled.cursor)


def _digest(bridge: Bridge, errand: Errand) -> _Again:
    """Send a team's digest if its hour has come."""
    rest = daily(bridge, errand.key, errand.attempts, errand.reason)
    return _Again(rest.after, "", rest.why)


def _storm(bridge: Bridge, errand: Errand) -> _Again | None:
    """Bring the summary and the pages of a storm up to date."""
    rest = tell(bridge, errand.key)
    return _Again(rest.after, "", rest.why) if rest else None


_TASKS: dict[str, Callable[[Bridge, Errand], _Again | None]] = {
    FETCH: _fetch,
    POLL: _poll,
    MATCH: lambda bridge, errand: match(bridge, int(errand.key)),
    READ: lambda bridge, errand: read(bridge, errand.key),
    PAST: lambda bridge, errand: read(bridge, errand.key, quiet=True),
    CONFIRM: _confirm,
    SWEEP: _sweep,
    RETIME: _retime,
    STORM: _storm,
    DIGEST: _digest,
    CHECK: lambda bridge, errand: check(bridge, errand.key),
    HOME: lambda bridge, errand: show_home(bridge, errand.key),
    WHO: lambda bridge, errand: learn(bridge, errand.key),
}


def _unfetched(bridge: Bridge, key: str, error: Undeliverable) -> None:
    log.error("not fetched", inbox=key, why=str(error))
    with bridge.engine.begin() as connection:
        inbox.settle(connection, [int(key)], inbox.UNREADABLE, f"not fetched: {error}")


def _unread(_: Bridge, key: str, error: Undeliverable) -> None:
    log.warning("not read", subject=key, why=str(error))


def _unshown(_: Bridge, key: str, error: Undeliverable) -> None:
    log.warning("home not shown", member=key, why=str(error))


def _unchecked(_: Bridge, key: str, error: Undeliverable) -> None:
    log.warning("not checked", alert=key, why=str(error))


def _unknown(_: Bridge, key: str, error: Undeliverable) -> None:
    log.warning("account unknown", customer=key, why=str(error))


def _unmatched(bridge: Bridge, key: str, error: Undeliverable) -> None:
    """A desk that does not answer holds up no alert: the answer is read all the same."""
    log.warning("not looked up", inbox=key, why=str(error))
    match(bridge, int(key), look=False)


_GIVE_UP: dict[str, Callable[[Bridge, str, Undeliverable], None]] = {
    FETCH: _unfetched,
    READ: _unread,
    PAST: _unread,
    MATCH: _unmatched,
    STORM: no_summary,
    CHECK: _unchecked,
    HOME: _unshown,
    WHO: _unknown,
}


def begin_standing(bridge: Bridge) -> None:
    """Let there be an errand for each source polled, desk swept and team with a digest, and none for others."""
    polled = [name for name, setting in bridge.settings.sources.items() if setting.polled]
    swept = [name for name, setting in bridge.settings.desks.items() if setting.sweep]
    with bridge.engine.begin() as connection:
        errands.stand(connection, POLL, polled, bridge.now())
        errands.stand(connection, SWEEP, swept, bridge.now())
        with_digest = keys(bridge, bridge.teams(connection))
        errands.stand(connection, DIGEST, with_digest, bridge.now())
