"""The API budget of all processes: each vendor's account has one, however many workers ask it.

pyrate-limiter's PostgresBucket is not used: it keeps a row a call in a table a limit and refuses whoever finds that
table locked, its limiter takes the time from the database, and it knows neither urgency nor what an answer tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict, replace
from sqlalchemy import Engine

from bridge.store import budgets
from connectors.budget import Bucket, Learnt, Limit, Spent, Wait, spent, urgency

FORGOTTEN = timedelta(hours=1)
"""How long a limit that is full again is still shown by `bridge status`."""


class Shared:
    """A `connectors.budget.Budget` in the database. May be used by several threads, and by any number of processes.

    Each spending is a short transaction of its own: a call that is refused, or fails, must not undo another's.
    """

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self.engine = engine
        self.now = now

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        """See `Budget.spend`. The error is not `wide`, for each asker is told a slot of its own."""
        wanted = {limit.name: limit for limit in limits}
        if not wanted:
            return
        while True:
            with self.engine.begin() as connection:
                found = budgets.lock(connection, account, wanted)
                if len(found) == len(wanted):
                    buckets = [_bucket(row).under(wanted[row.name]) for row in found]
                    changed, wait = spent(buckets, urgency.get(), self.now())
                    budgets.save(connection, [_row(account, bucket) for bucket in changed])
                    break
            now = self.now()
            with self.engine.begin() as connection:
                full = [_row(account, Bucket.full(limit, now)) for limit in wanted.values()]
                budgets.add(connection, full)
        if wait is not None:
            raise _used_up(account, wait)

    def learn(self, account: str, told: Learnt) -> None:
        """See `Budget.learn`."""
        with self.engine.begin() as connection:
            for row in budgets.lock(connection, account, [told.limit]):
                bucket = _bucket(row).learnt(told, self.now())
                budgets.save(connection, [_row(account, bucket)])


def standing(row: budgets.Row, now: datetime) -> Bucket:
    """A limit as it is now, with what has been refilled; empty while the vendor wants no call."""
    bucket = _bucket(row).at(now)
    return replace(bucket, tokens=0.0) if bucket.filled_at > now else bucket


def _used_up(account: str, wait: Wait) -> Spent:
    bucket = wait.bucket
    seconds = f"{bucket.per.total_seconds():g} s"
    why = f"{account}: the budget of {bucket.name} ({bucket.many} in {seconds}) is used up for now"
    return Spent(why, retry_after=wait.wait)


def _bucket(row: budgets.Row) -> Bucket:
    fields = asdict(row)
    del fields["account"]
    return Bucket(**fields)


def _row(account: str, bucket: Bucket) -> budgets.Row:
    return budgets.Row(account=account, **asdict(bucket))
