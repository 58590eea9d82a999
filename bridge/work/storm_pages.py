"""What a storm shows in Slack: one summary in the channel, and in its thread pages that list every alert.

At least once and harmless twice: a page is edited in place, and one whose posting came out unknown is looked for first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import cast

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.message import Place, compose
from bridge.domain.model import Message, Receipt, Undeliverable
from bridge.domain.routing import SLACK
from bridge.store import deliveries, storms, tickets
from bridge.store.storms import Joined, Shown, Storm
from bridge.work.bridge import Bridge, team_named
from bridge.work.queue import wake_deliveries
from bridge.work.storm import TOLD_EACH
from connectors import Unsearchable
from connectors.budget import Spent
from connectors.channels.slack import Slack
from connectors.channels.slack_lists import STORM_PAGE, notice, storm_page, storm_summary
from connectors.channels.slack_parts import Block

TOLD = "told in the summary of a storm"
_MOST_CALLS = 6  # in one run, which must not outlast its lease

log = structlog.get_logger()


class Rest(msgspec.Struct, frozen=True):
    """After how long to look at a storm again, and why it got no further, if it didn't."""

    after: timedelta
    why: str = ""


def tell(bridge: Bridge, key: str) -> Rest | None:
    """Bring the storm with the number `key` up to date; None once it is over.

    Raises Undeliverable.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        ended = storms.end(connection, int(key), now, bridge.settings.storm.per)
    telling = _Telling(bridge, int(key))
    try:
        done = telling.run(ended=ended)
    except Spent as spent:
        return Rest(spent.retry_after or TOLD_EACH, str(spent))
    if not done:
        return Rest(timedelta())
    return None if ended else Rest(TOLD_EACH)


def give_up(bridge: Bridge, key: str, error: Undeliverable) -> None:
    """Nobody can be told: its alerts have failed, each for people to see, and the storm is over."""
    log.error("no summary", storm=key, why=str(error))
    with bridge.engine.begin() as connection:
        following = storms.lost(connection, int(key), f"the summary of a storm: {error}")
        wake_deliveries(connection, following)
    with bridge.engine.begin() as connection:
        storms.close(connection, int(key), bridge.now())


class _Telling:
    """One run: what there is to show, and what of it stands in Slack already."""

    def __init__(self, bridge: Bridge, number: int) -> None:
        self.bridge = bridge
        self.slack = cast("Slack", bridge.channels[SLACK])
        self.calls = 0
        with bridge.engine.begin() as connection:
            storm = storms.find(connection, number)
            if storm is None:
                raise Undeliverable("the storm does not exist any more")
            joined = storms.joined(connection, number)
            self.messages = _messages(bridge, connection, joined)
        self.storm: Storm = storm
        self.joined = {one.id: one for one in joined}

    def run(self, *, ended: bool) -> bool:
        """Post what is missing and mend what differs; whether that is all."""
        self.storm = replace(self.storm, pages=_paged(self.storm.pages, self._new()))
        if not self.storm.pages:
            return True
        self._show_summary()
        for number in range(len(self.storm.pages)):
            if self.calls >= _MOST_CALLS:
                return False
            self._show_page(number, ended=ended)
        return True

    def _new(self) -> list[int]:
        """Who joined and stands on no page."""
        placed = {row for page in self.storm.pages for row in page.rows}
        waits = (deliveries.WAITING, deliveries.SENDING)
        return [n for n, one in self.joined.items() if n not in placed and one.state in waits]

    def _show_summary(self) -> None:
        listed = [self.messages[r] for p in self.storm.pages for r in p.rows if r in self.messages]
        gravest = max(listed, key=lambda message: (not message.resolved, message.severity))
        blocks = storm_summary("", len(listed), self.storm.began_at, gravest, len(self.storm.pages))
        shown = self._shown(self.storm.summary, blocks, _digest(blocks), "summary")
        self.storm = replace(self.storm, summary=shown)
        self._save()

    def _show_page(self, number: int, *, ended: bool) -> None:
        page, of = self.storm.pages[number], len(self.storm.pages)
        listed = [self.messages[row] for row in page.rows if row in self.messages]
        blocks = storm_page(listed, number + 1, of)
        # How many pages there will be is known at the end: till then a new one is no reason to draw them all.
        drawn = _digest(blocks if ended else storm_page(listed, number + 1, 0))
        shown = self._shown(page, blocks, drawn, f"page-{number + 1}")
        self._keep(number, shown)
        self._told(page)

    def _shown(self, before: Shown, blocks: list[Block], drawn: str, name: str) -> Shown:
        """A message as it stands in Slack after this. Raises Undeliverable."""
        if before.ref and before.drawn == drawn:
            return before
        self.calls += 1
        if not before.ref:
            receipt = self._post(before, blocks, name)
            return replace(before, ref=receipt.ref, to=receipt.to, drawn=drawn, begun=True)
        try:
            self.slack.update_plain(Receipt(before.ref, before.to), blocks, notice(blocks))
        except Undeliverable as error:
            if error.retry_after is not None:
                raise
            # Somebody deleted it, say. What it told was told; to try again would hold up the others.
            log.warning("not brought up to date", storm=self.storm.id, what=name, why=str(error))
        return replace(before, drawn=drawn)

    def _post(self, before: Shown, blocks: list[Block], name: str) -> Receipt:
        """Post it, unless an earlier attempt already has."""
        marker = f"storm-{self.storm.id}-{name}"
        thread = "" if name == "summary" else self.storm.summary.ref
        to = self.storm.to if name == "summary" else self.storm.summary.to
        if before.begun:
            try:
                found = self.slack.find_plain(to, marker, self.storm.began_at, thread)
            except Unsearchable as error:
                log.warning("may repeat", storm=self.storm.id, what=name, why=str(error))
                found = None
            if found is not None:
                return found
        self._begun(name, begun=True)
        try:
            return self.slack.post_plain(
                to, blocks, notice(blocks), marker=marker, thread_ts=thread
            )
        except Undeliverable as error:
            if not error.unsure:
                self._begun(name, begun=False)
            raise

    def _begun(self, name: str, *, begun: bool) -> None:
        """Remember, before it is done, that a message is being posted."""
        if name == "summary":
            self.storm = replace(self.storm, summary=replace(self.storm.summary, begun=begun))
            self._save()
        else:
            number = int(name.removeprefix("page-")) - 1
            self._keep(number, replace(self.storm.pages[number], begun=begun))

    def _keep(self, number: int, page: Shown) -> None:
        pages = list(self.storm.pages)
        pages[number] = page
        self.storm = replace(self.storm, pages=tuple(pages))
        self._save()

    def _save(self) -> None:
        with self.bridge.engine.begin() as connection:
            storms.save(connection, self.storm)

    def _told(self, page: Shown) -> None:
        """Those on a page that Slack has are told, and what follows in their lanes has its turn."""
        waits = {n for n, one in self.joined.items() if one.state == deliveries.WAITING}
        ids = [row for row in page.rows if row in waits]
        if not ids:
            return
        root = Receipt(ref=self.storm.summary.ref, to=self.storm.summary.to)
        with self.bridge.engine.begin() as connection:
            following = storms.told(connection, ids, root, TOLD, self.bridge.now())
            wake_deliveries(connection, following)


def _messages(
    bridge: Bridge, connection: Connection, joined: Sequence[Joined]
) -> dict[int, Message]:
    """What is told of each, in few words and with a link to its ticket, by delivery."""
    known = tickets.find_all(connection, {one.alert.subject for one in joined})
    hide = bridge.redaction
    teams = bridge.teams(connection)
    found: dict[int, Message] = {}
    for one in joined:
        ticket = hide.ticket(known[one.alert.subject])
        place = Place()
        if desk := bridge.desks.get(ticket.desk):
            place = Place(desk=ticket.desk, url=desk.ticket_url(ticket.key, ticket.name))
        team = team_named(one.alert.team, teams)
        found[one.id] = compose(hide.alert(one.alert), ticket, team, place, playbooks={})
    return found


def _paged(pages: Sequence[Shown], new: Sequence[int]) -> tuple[Shown, ...]:
    """The pages with those who are new: the last one is filled up first."""
    after = list(pages)
    left = list(new)
    if after and (room := STORM_PAGE - len(after[-1].rows)) > 0:
        after[-1] = replace(after[-1], rows=(*after[-1].rows, *left[:room]))
        left = left[room:]
    firsts = range(0, len(left), STORM_PAGE)
    return (*after, *(Shown(rows=tuple(left[n : n + STORM_PAGE])) for n in firsts))


def _digest(blocks: list[Block]) -> str:
    return sha256(msgspec.json.encode(blocks)).hexdigest()[:16]
