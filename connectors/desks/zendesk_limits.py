"""What Zendesk allows an account: which limits a request counts towards, and what an answer tells of them.

Source: developer.zendesk.com/api-reference/introduction/rate-limits. Whether a minute is the clock's or the last
sixty seconds is not said; nothing here depends on it. A 429 may come with much left, for the account as a whole was
busy: its Retry-After is heeded whatever the other headers say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.budget import Learnt, Limit
from connectors.http import retry_after

LOWEST_PLAN = 200
"""Calls a minute in the smallest plan (Suite Team, Support Team); an answer teaches the true number."""

CALLS = "calls"
UPDATES = "ticket updates"
EXPORTS = "incremental exports"
LISTS = "ticket lists"
SEARCH_EXPORTS = "search exports"
WEBHOOK_CALLS = "calls about webhooks"
WEBHOOK_TESTS = "tests of webhooks"

_A_MINUTE = timedelta(minutes=1)
_WRITES = frozenset({"PUT", "POST", "PATCH", "DELETE"})
_TICKET = re.compile(r"/api/v2/tickets/(\d{1,20})(?=[/.?]|$)")

_MANY = {UPDATES: 100, EXPORTS: 10, LISTS: 100, SEARCH_EXPORTS: 100}  # a minute
_PLACES = (
    (re.compile(r"/api/v2/incremental/"), EXPORTS),
    (re.compile(r"/api/v2/search/export(?=[.?]|$)"), SEARCH_EXPORTS),
    (re.compile(r"/api/v2/tickets(?=[.?]|$)"), LISTS),
)
_WEBHOOKS = re.compile(r"/api/v2/webhooks(?=[/.?]|$)")
_WEBHOOK_TEST = re.compile(r"/api/v2/webhooks/test(?=[.?]|$)")
_HEADERS = {
    "zendesk-ratelimit-tickets-update": UPDATES,
    "zendesk-ratelimit-tickets-index": LISTS,
    "zendesk-ratelimit-incremental-exports": EXPORTS,
}
_PART = re.compile(r"\b(total|remaining|resets)\s*=\s*(\d{1,9})")


@dataclass(frozen=True, kw_only=True)
class ZendeskLimits:
    """See `connectors.budget.Rules`. `calls_per_minute` is what is believed before Zendesk says what is allowed."""

    calls_per_minute: int = LOWEST_PLAN

    def limits(self, method: str, url: str) -> Sequence[Limit]:
        """The account's calls a minute, and those of the endpoint; what concerns webhooks counts apart.

        The same user may update a ticket 30 times in ten minutes, and no answer tells how many are left: so 20 at once,
        and one more each minute, which never adds up to more. That changes of tags count as updates is unconfirmed.
        """
        if _WEBHOOKS.search(url):
            tests = (Limit(WEBHOOK_TESTS, 20, _A_MINUTE),) if _WEBHOOK_TEST.search(url) else ()
            return (*tests, Limit(WEBHOOK_CALLS, 100, _A_MINUTE))
        found = [Limit(CALLS, self.calls_per_minute, _A_MINUTE)]
        name = _endpoint(method, url)
        if name:
            found.append(Limit(name, _MANY[name], _A_MINUTE))
        if ticket := _written(method, url):
            found.append(Limit(_of(ticket), 20, 20 * _A_MINUTE))
        return found

    def learnt(
        self, method: str, url: str, status: int, headers: Mapping[str, str]
    ) -> Iterable[Learnt]:
        """What is left by the headers, which differ by endpoint and year; and on a 429, which limit it was."""
        lower = {name.lower(): value for name, value in headers.items()}
        account = WEBHOOK_CALLS if _WEBHOOKS.search(url) else CALLS
        left = _number(lower, "ratelimit-remaining", "x-rate-limit-remaining")
        many = _number(lower, "ratelimit-limit", "x-rate-limit")
        found = {}
        if left is not None:
            resets = _seconds(_number(lower, "ratelimit-reset"))
            found[account] = Learnt(limit=account, left=left, many=many, resets=resets)
        for header, name in _HEADERS.items():
            told = {part: int(number) for part, number in _PART.findall(lower.get(header, ""))}
            if "remaining" in told:
                resets = _seconds(told.get("resets"))
                found[name] = Learnt(
                    limit=name, left=told["remaining"], many=told.get("total"), resets=resets
                )
        if status == 429:
            name = _refusing(method, url, found) or account
            wait = retry_after(headers) or _A_MINUTE
            told_many = found[name].many if name in found else None
            found[name] = Learnt(limit=name, left=0, many=told_many, resets=wait)
        return found.values()


def _refusing(method: str, url: str, told: Mapping[str, Learnt]) -> str:
    """Which limit a 429 speaks of: one that has nothing left, else the narrowest that the request counts towards.

    Were it a wider one, the next call would say so.
    """
    empty = [name for name, one in told.items() if not one.left]
    if empty:
        return empty[0]
    ticket = _written(method, url)
    test = WEBHOOK_TESTS if _WEBHOOK_TEST.search(url) else ""
    return test or (_of(ticket) if ticket else _endpoint(method, url))


def _endpoint(method: str, url: str) -> str:
    """The name of the endpoint's own limit; "" if it has none."""
    if method in _WRITES:
        many = re.search(r"/api/v2/tickets/update_many(?=[.?]|$)", url)
        return UPDATES if many or _written(method, url) else ""
    return next((name for place, name in _PLACES if place.search(url)), "")


def _written(method: str, url: str) -> str:
    """The number of the ticket that is written to; "" if none is."""
    found = _TICKET.search(url) if method in _WRITES else None
    return found[1] if found else ""


def _of(ticket: str) -> str:
    return f"updates of ticket {ticket}"


def _number(headers: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        value = headers.get(name, "").strip()
        if value.isascii() and value.isdecimal() and len(value) < 10:
            return int(value)
    return None


def _seconds(number: int | None) -> timedelta | None:
    """At most an hour: no limit here is counted over longer."""
    return None if number is None else timedelta(seconds=min(max(number, 1), 3600))
