"""Call the endpoints of others: signed as Standard Webhooks say, at least once, with the same id however often.

What concerns the endpoint (nobody answers, a redirect, 5xx) pauses it, so that one that is away costs an attempt now
and then, and not one for each webhook. What concerns the webhook (400, 422) puts off that one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection
from standardwebhooks import Webhook

from bridge.domain.model import Undeliverable
from bridge.domain.notice import TEST, body
from bridge.store import endpoints, notices
from bridge.store.endpoints import Endpoint
from bridge.store.notices import Notice
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.publicly import Answer, Unreachable, post
from bridge.work.queue import wake_endpoints
from bridge.work.signing import secrets_of

AGAIN = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The pauses of Standard Webhooks: some three days, https://www.standardwebhooks.com (deliverability)."""

LONGEST_PAUSE = timedelta(minutes=30)
"""Of an endpoint that fails: then the next of its webhooks is tried."""

GIVEN_UP = timedelta(days=3)
"""An endpoint that has failed for so long is disabled."""

AN_OUTAGE = 3
"""Failures in a row that were the endpoint's. When it is back, all that waits is sent at once."""

TURN = 10.0  # seconds that a job goes on before it lets others have their turn
GONE = 410
REDIRECTS = "it redirects, which is not followed: give the last address"
UNWANTED = "it answered 410: it wants no more webhooks"
DISABLED = "the endpoint was disabled"
_OF_THE_WEBHOOK = {400, 405, 406, 409, 411, 413, 415, 422}

log = structlog.get_logger()


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of an attempt: `why` is "" where it was taken. `wide`: the endpoint is at fault, not the webhook."""

    why: str = ""
    status: int = 0
    wide: bool = False
    wait: timedelta | None = None


def call(bridge: Bridge, number: int) -> None:
    """Send an endpoint what waits for it, in order, for a while."""
    until = time.monotonic() + TURN
    while True:
        with bridge.engine.begin() as connection:
            notice = notices.take(connection, number, bridge.now())
            endpoint = endpoints.find(connection, number) if notice else None
        if notice is None or endpoint is None:
            return
        secrets = secrets_of(bridge, endpoint)
        outcome = guarded(partial(attempt, bridge, endpoint.url, notice, secrets), notice=notice.id)
        if isinstance(outcome, Fault):
            outcome = Outcome(why=str(outcome))
        with bridge.engine.begin() as connection:
            _settle(bridge, connection, endpoint, notice, outcome)
            if time.monotonic() > until:
                wake_endpoints(connection, [number])
                return


def attempt(bridge: Bridge, url: str, notice: Notice, secrets: Sequence[str]) -> Outcome:
    """Call once. Raises nothing for what others do."""
    said = notice.body
    content = msgspec.json.encode({key: said[key] for key in ("type", "timestamp", "data")})
    headers = signed(notice.marker, bridge.now(), content, secrets)
    try:
        answer = post(url, content, headers, allowed=bridge.settings.outgoing.allow)
    except Unreachable as error:
        return Outcome(why=str(error), wide=True)
    except Undeliverable as error:
        return Outcome(why=str(error), wide=True, wait=error.retry_after)
    return judged(answer)


def signed(marker: str, at: datetime, content: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of Standard Webhooks; with several secrets, a signature by each."""
    at = at.astimezone(UTC)
    signatures = [Webhook(secret).sign(marker, at, content.decode()) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Alert-Bridge",
        "webhook-id": marker,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def judged(answer: Answer) -> Outcome:
    """What an answer means. Only 2xx is a yes: a redirect is not followed, for it leads where nobody has looked."""
    if 200 <= answer.status < 300:
        return Outcome(status=answer.status)
    why = f"it answered {answer.status}" + (f": {answer.said}" if answer.said else "")
    if 300 <= answer.status < 400:
        why = REDIRECTS
    return Outcome(
        why=why,
        status=answer.status,
        wide=answer.status not in _OF_THE_WEBHOOK,
        wait=answer.retry_after,
    )


def _settle(
    bridge: Bridge, connection: Connection, endpoint: Endpoint, notice: Notice, outcome: Outcome
) -> None:
    """Keep what came of it."""
    now = bridge.now()
    if not outcome.why:
        notices.sent(connection, notice.id, now)
        endpoints.succeeded(connection, endpoint.id)
        if endpoint.failures >= AN_OUTAGE:
            notices.release(connection, endpoint.id, now)
        log.info("notice sent", notice=notice.id, endpoint=endpoint.id, status=outcome.status)
        return
    asked = outcome.wait or timedelta()
    if notice.attempts > len(AGAIN):
        notices.failed(connection, notice.id, f"gave up: {outcome.why}")
        log.error("notice failed", notice=notice.id, endpoint=endpoint.id, status=outcome.status)
    else:
        until = now + max(AGAIN[notice.attempts - 1], asked)
        notices.put_off(connection, notice.id, until, outcome.why)
        log.warning(
            "notice put off",
            notice=notice.id,
            endpoint=endpoint.id,
            status=outcome.status,
            until=str(until),
        )
    if not outcome.wide:
        return
    pause = min(AGAIN[min(endpoint.failures, len(AGAIN) - 1)], LONGEST_PAUSE)
    endpoints.failed(connection, endpoint, now, now + max(pause, asked), outcome.why)
    if outcome.status == GONE:
        disable(connection, endpoint.id, UNWANTED)
    elif now - (endpoint.failing_since or now) >= GIVEN_UP:
        days = GIVEN_UP.days
        disable(connection, endpoint.id, f"it failed for {days} days; the last time {outcome.why}")


def disable(connection: Connection, number: int, trouble: str = "") -> None:
    """Call an endpoint no more; what waits for it fails, and can be retried once it is enabled again."""
    endpoints.disable(connection, number, trouble)
    notices.give_up(connection, number, DISABLED)
    if trouble:
        log.error("endpoint disabled", endpoint=number)


def test(bridge: Bridge, endpoint: Endpoint) -> Outcome:
    """Call an endpoint at once, with a webhook that speaks of no alert; what came of it is not kept."""
    now = bridge.now()
    notice = Notice(
        id=0,
        endpoint=endpoint.id,
        marker=f"{notices.MARKER}test_{int(now.timestamp())}",
        alert=0,
        change=TEST,
        body=_of_a_test(now),
        state=notices.SENDING,
        reason="",
        not_before=now,
        attempts=1,
        tried_at=now,
        created_at=now,
        sent_at=None,
    )
    return attempt(bridge, endpoint.url, notice, secrets_of(bridge, endpoint))


def _of_a_test(now: datetime) -> dict[str, Any]:
    return body(TEST, now, {"words": "This is a test: no alert has changed."})
