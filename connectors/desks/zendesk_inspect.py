"""What Zendesk's answers say about who we are, and about how webhooks fared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors import Found
from connectors.desks.zendesk_shapes import Invocation, Me, decode
from connectors.plain import plain

# Seen in recordings for invocations that came to nothing; `throttled` is the limit of trial accounts, and tried later.
_FAILED = frozenset({"terminated", "circuit broken", "failed", "timeout"})
_SHOWN = 3
_ADMIN = "make that user an admin (Admin Center > People), or take the token of one: docs/setup-zendesk.md"


def role(who: str, me: bytes) -> Iterator[Found]:
    """Findings on the user that `users/me.json` shows.

    Incremental exports are given to admins only:
    https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/. An answer without a
    role is passed over: that an account always shows it is unconfirmed.
    """
    said = decode(me, Me)
    name = said.user.role if said else None
    if name == "end-user":
        yield Found(False, f"{who}: that is no member of staff", _ADMIN)
    elif name and name != "admin":
        what = f"{who}: that is no admin, but a user with the role {plain(name, 20)}"
        yield Found(
            False, f"{what}: neither the sweep nor an import can read what they need", _ADMIN
        )


def deliveries(who: str, newest: Sequence[Invocation], now: datetime) -> Found:
    """How the last deliveries fared. A finding only while the newest of all failed: older ones can't be had again."""
    told = [one for one in newest if one.latest_completed_at is not None]
    told.sort(key=lambda one: one.latest_completed_at or now, reverse=True)
    if not told:
        return Found(True, f"{who}: Zendesk has sent nothing yet")
    failed = [one for one in told if _failed(one)]
    share = f"{len(failed)} of the last {len(told)} deliveries failed" if failed else ""
    if not _failed(told[0]):
        return Found(True, f"{who}: the last delivery was taken" + (f"; {share}" if share else ""))
    reasons = dict.fromkeys(str(one.status_code or plain(one.status, 20)) for one in failed)
    what = f"{who}: {share} ({', '.join(list(reasons)[:_SHOWN])})"
    return Found(False, what, _fix(told[0]))


def _failed(one: Invocation) -> bool:
    if one.status_code is not None:
        return not 200 <= one.status_code < 300
    return one.status.casefold() in _FAILED


def _fix(last: Invocation) -> str:
    if last.status_code in {401, 403}:
        return "the signing secret or the clock is wrong; or something before us refuses the call"
    if last.status_code == 404:
        return "no source has this name: look at the address and at [sources.…]"
    if last.status_code is None:
        return "Zendesk got no answer: does PUBLIC_URL lead here, and does `bridge web` run?"
    return "look at the log of `bridge web`"
