"""Much at once: what changed since a moment, and all that a search finds.

Sources: developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports,
documentation/ticketing/managing-tickets/using-the-incremental-export-api, api-reference/ticketing/
tickets/ticket_metric_events and api-reference/ticketing/ticket-management/search. Unconfirmed: that
`end_time` and `next_page` are null where nothing was found, that a page grows past its size rather
than ending where it began, and the order of a search.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from flask import request

from bridge.sandbox.wire import Json, iso
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_events import ticket_event
from bridge.sandbox.zendesk_gate import EXPORTS, SEARCHES, admins_only, spend
from bridge.sandbox.zendesk_pages import MOST_AT_ONCE, Pages, decode, encode
from bridge.sandbox.zendesk_records import STATUSES, Refused, Ticket
from bridge.sandbox.zendesk_shapes import Shapes
from bridge.sandbox.zendesk_slas import metric_events

_MOST = 1000  # tickets in a page of an export
_LEFT_OUT = timedelta(minutes=1)  # what is younger may still be incomplete
_CURSOR_LIVES = timedelta(hours=1)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Exports:
    """The views, one method each. `sideloads` gives the people and groups of tickets."""

    def __init__(
        self,
        zendesk: Zendesk,
        show: Shapes,
        sideloads: Callable[[Sequence[Ticket]], Json],
    ) -> None:
        self.zendesk = zendesk
        self.show = show
        self.sideloads = sideloads
        self._pages = Pages(zendesk.host)

    def routes(self) -> list[tuple[str, str, Callable[[], Json]]]:
        """Method, path and view."""
        return [
            ("GET", "/api/v2/incremental/tickets/cursor", self.tickets),
            ("GET", "/api/v2/incremental/ticket_events", self.ticket_events),
            ("GET", "/api/v2/incremental/ticket_metric_events", self.ticket_metric_events),
            ("GET", "/api/v2/search/export", self.search),
        ]

    # -- what changed since --

    def tickets(self) -> Json:
        """Incremental export by cursor: everything changed since, deleted tickets too."""
        self._admit()
        size = min(int(request.args.get("per_page", _MOST)), _MOST)
        after = _uncursor(request.args.get("cursor"), request.args.get("start_time", "0"))
        ordered = sorted(self._all_tickets(), key=_export_key)
        rest = [one for one in ordered if _export_key(one) > after]
        page = rest[:size]
        cursor = _cursor(_export_key(page[-1]) if page else after)
        url = self._pages.url("/incremental/tickets/cursor.json", {"cursor": cursor})
        return {
            "tickets": [self.show.ticket(one) for one in page],
            "after_cursor": cursor,
            "after_url": url,
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(rest) <= size,
            **self.sideloads(page),
        }

    def ticket_events(self) -> Json:
        """Each save of any ticket, with comments where `include=comment_events` asks for them."""
        since, until = self._span()
        with_comments = "comment_events" in request.args.get("include", "").split(",")
        low, high = iso(since), iso(until)  # texts of one form are in the order of time
        saves = [
            audit
            for found in self._all_tickets()
            for audit in list(found.audits)
            if low <= audit["created_at"] <= high
        ]
        saves.sort(key=lambda audit: (audit["created_at"], audit["id"]))
        return self._by_time(
            "ticket_events",
            saves,
            lambda audit: str(audit["created_at"]),
            lambda audit: ticket_event(audit, with_comments=with_comments),
        )

    def ticket_metric_events(self) -> Json:
        """What happened to the clocks of any ticket."""
        since, until = self._span()
        low, high = iso(since), iso(until)
        account = self.zendesk
        # nothing happens to a clock later than this after the last save of its ticket
        longest = max((policy.longest for policy in account.sla_policies), default=timedelta())
        with account.lock:
            found = [
                event
                for ticket in account.tickets.values()
                if ticket.updated_at + longest >= since
                for event in metric_events(ticket, account.sla_policies, account.is_staff, until)
                if low <= event["time"] <= high
            ]
        found.sort(key=lambda event: (event["time"], event["id"]))
        return self._by_time(
            "ticket_metric_events", found, lambda event: str(event["time"]), lambda event: event
        )

    def _admit(self) -> None:
        """All incremental exports are for admins, and share one limit."""
        spend(self.zendesk.export_limit, EXPORTS)
        admins_only(self.zendesk)

    def _span(self) -> tuple[datetime, datetime]:
        """From when to when. Raises Refused (422) for a start within the last minute."""
        self._admit()
        start = request.args.get("start_time", "")
        if not start.isdigit():
            raise Refused(
                400, {"error": "StartTimeMissing", "description": "start_time must be a number"}
            )
        since, until = datetime.fromtimestamp(int(start), UTC), self.zendesk.now() - _LEFT_OUT
        if since > until:
            why = "Too recent start_time. Use a start_time older than 1 minute"
            raise Refused(422, {"error": "InvalidValue", "description": why})
        return since, until

    def _by_time(
        self,
        key: str,
        found: list[Json],
        time: Callable[[Json], str],
        show: Callable[[Json], Json],
    ) -> Json:
        """The first page of what was found, which is in the order of time.

        The next page begins with the second that this one ended in, so that what happened within it
        comes twice. A page that would end in the second it began in goes on to the next one, lest
        the export never end.
        """
        size = self.zendesk.export_page
        if found:
            within = sum(1 for _ in takewhile(lambda one: time(one) == time(found[0]), found))
            size = max(size, within + 1)
        page = found[:size]
        end = int(datetime.fromisoformat(time(page[-1])).timestamp()) if page else None
        given = {name: value for name, value in request.args.items() if name != "start_time"}
        path = request.path.removeprefix("/api/v2") + ".json"
        following = self._pages.url(path, {**given, "start_time": end}) if page else None
        return {
            key: [show(one) for one in page],
            "next_page": following,
            "count": len(page),
            "end_time": end,
            "end_of_stream": len(page) == len(found),
        }

    # -- all that a search finds --

    def search(self) -> Json:
        """The tickets that a query finds, newest first. A cursor lives for an hour.

        Raises Refused (422) for a query that the vendor refuses, and for one that isn't understood here.
        """
        spend(self.zendesk.search_limit, SEARCHES)
        if request.args.get("filter[type]") != "ticket":
            raise _unsearchable("filter[type] must be ticket")
        conditions = [_condition(term) for term in request.args.get("query", "").split()]
        size = max(1, min(int(request.args.get("page[size]", MOST_AT_ONCE)), _MOST))
        below = self._place(request.args.get("page[after]"))
        found = [
            one
            for one in self._all_tickets()
            if not one.deleted
            and (below is None or _age(one) < below)
            and all(holds(one) for holds in conditions)
        ]
        found.sort(key=_age, reverse=True)
        page, more = found[:size], len(found) > size
        after = self._cursor_at(page[-1]) if more else None
        given = {name: value for name, value in request.args.items() if "page" not in name}
        url = self._pages.url(
            "/search/export.json", {**given, "page[size]": size, "page[after]": after}
        )
        return {
            "results": [self.show.ticket(one) | {"result_type": "ticket"} for one in page],
            "facets": None,
            "meta": {"has_more": more, "after_cursor": after, "before_cursor": None},
            "links": {"next": url if more else None, "prev": None},
        }

    def _cursor_at(self, ticket: Ticket) -> str:
        stamp, number = _age(ticket)
        return encode(f"{stamp}|{number}|{int(self.zendesk.now().timestamp())}")

    def _place(self, cursor: str | None) -> tuple[int, int] | None:
        if not cursor:
            return None
        stamp, number, given_at = map(int, decode(cursor).split("|"))
        if self.zendesk.now().timestamp() - given_at > _CURSOR_LIVES.total_seconds():
            raise _unsearchable("the cursor has expired", 400)
        return stamp, number

    def _all_tickets(self) -> list[Ticket]:
        with self.zendesk.lock:
            return list(self.zendesk.tickets.values())


def _condition(term: str) -> Callable[[Ticket], bool]:
    """A term of a query, as `status<solved` or `created>=2026-11-01`.

    Statuses are in the order of a ticket's life. Raises Refused (422).
    """
    match = re.fullmatch(r"(status|created|updated)(<=|>=|:|<|>)(\S+)", term)
    if match is None:
        raise _unsearchable(f"{term!r} can't be searched for here")
    name, sign, value = match.groups()
    compare = _COMPARE[sign]
    if name == "status":
        if value not in STATUSES:
            raise _unsearchable(f"{value!r} is not a status")
        place = STATUSES.index(value)
        return lambda ticket: compare(STATUSES.index(ticket.status), place)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _unsearchable(f"{value!r} is not a date") from None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if name == "created":
        return lambda ticket: compare(ticket.created_at.replace(microsecond=0), moment)
    return lambda ticket: compare(ticket.updated_at.replace(microsecond=0), moment)


def _unsearchable(why: str, status: int = 422) -> Refused:
    return Refused(status, {"error": "invalid", "description": f"Invalid search: {why}"})


def _age(ticket: Ticket) -> tuple[int, int]:
    return int(ticket.created_at.timestamp()), ticket.id


def _export_key(ticket: Ticket) -> tuple[int, int]:
    return int(ticket.updated_at.timestamp()), ticket.id


def _cursor(key: tuple[int, int]) -> str:
    return encode(f"{key[0]}.0||{key[1]}")


def _uncursor(cursor: str | None, start_time: str) -> tuple[int, int]:
    if cursor is None:
        return int(start_time), -1
    stamp, _, last = decode(cursor).partition("||")
    return int(float(stamp)), int(last)
