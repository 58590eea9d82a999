"""Figures of the company's own systems: {"metric": "backlog", "subject": "team:Billing", "value": 41, "at": "…"}.

One at a time, or several as {"metrics": […]}. `distribution` in place of `value` brings counts by category or score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import ClassVar

from bridge.domain.metrics import KINDS, NAME, part
from bridge.domain.model import AnyEvent, Measured, Party, Seen
from connectors import Incoming
from connectors.pushed import Pushed
from connectors.reading import Node, decode, fingerprint

MEMBERS = ("metric", "subject", "value", "at", "of", "team", "title", "distribution")
MOST_AT_ONCE = 1000
MOST_CATEGORIES = 40
LONGEST_CATEGORY = 80
AHEAD = timedelta(minutes=5)
"""So far may the clock of others be ahead of ours."""


@dataclass(frozen=True, kw_only=True)
class Metrics(Pushed):
    """Figures, each of a subject: a team of ours, a topic, an agent, an account; or of none, and then of itself.

    A figure of the same metric, subject and time takes the place of the one that came before.
    """

    kind: ClassVar[str] = "metrics"
    setup: ClassVar[str] = """\
1. Let your system send its figures whenever it has new ones, once an hour or once a day.
2. Address: {url}
   Method: POST, as JSON
3. Add a header X-Bridge-Secret (or what `header` says in [sources.{name}]) with the value {secret}; the variable
   {variable} must hold the same. A system that signs by Standard Webhooks needs no header: put its whsec_ secret there.
4. Send a first figure, then look: bridge inbox list
"""

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The figures, all or none."""
        body = decode(incoming.body).members()
        rows = [body]
        if body["metrics"].found:
            rows = [row.members() for row in body["metrics"].items()]
            if len(rows) > MOST_AT_ONCE:
                raise body["metrics"].wrong(f"{MOST_AT_ONCE} figures at most")
        yield from [event for row in rows for event in self._figures(row, incoming)]

    def _figures(self, row: Node, incoming: Incoming) -> Iterator[Measured]:
        _only(row)
        metric = row["metric"].id(need=True)
        if not NAME.fullmatch(metric):
            raise row["metric"].wrong("a name in a-z, 0-9, _, . and -, 60 letters at most")
        subject = _subject(row["subject"], metric)
        at = row["at"].time()
        if at is None or at > incoming.received_at + AHEAD:
            raise row["at"].wrong("a time that has come")
        key = f"{self.name}:{subject}:{metric}:{at.isoformat()}:{fingerprint(row.value)}"
        title = row["title"].text()
        for name, value, of in _values(row, metric):
            yield Measured(
                id=key if name == metric else f"{key}:{name}",
                subject=subject,
                at=at,
                seq=int(incoming.received_at.timestamp()),  # what came later is the newer
                by=Party.SYSTEM,
                metric=name,
                value=value,
                of=of,
                team=row["team"].text(),
                seen=Seen(title=title) if title else None,
            )


def _only(row: Node) -> None:
    """Raise Unreadable for a member that nobody would look at."""
    for name in row.value:
        if name not in MEMBERS:
            close = get_close_matches(name, MEMBERS, n=1)
            near = f"{close[0]!r}, perhaps" if close else ", ".join(MEMBERS)
            raise row[name].wrong(f"another name: {near}")


def _subject(node: Node, metric: str) -> str:
    """Whose figure it is. Raises Unreadable for a subject of no kind that we know."""
    given = node.id()
    if not given:
        return f"metric:{metric}"
    kind, _, key = given.partition(":")
    if kind not in KINDS or not key.strip():
        kinds = ", ".join(f"{one}:…" for one in KINDS)
        raise node.wrong(f"one of {kinds}")
    return f"{kind}:{key.strip()}"


def _values(row: Node, metric: str) -> Iterator[tuple[str, float, float | None]]:
    """The figure, or each part of a distribution: its metric, its value, and out of how many."""
    spread = row["distribution"]
    if not spread.found:
        value = row["value"].number()
        if value is None:
            raise row["value"].wrong("a number")
        yield metric, value, row["of"].number()
        return
    if row["value"].found:
        raise spread.wrong("either value or distribution")
    counts = {name: spread[name].number() for name in spread.members().value}
    if not 1 <= len(counts) <= MOST_CATEGORIES:
        raise spread.wrong(f"1 to {MOST_CATEGORIES} categories")
    whole = 0.0
    for name, count in counts.items():
        if count is None or count < 0:
            raise spread[name].wrong("a count, 0 or more")
        if not name.strip() or len(name) > LONGEST_CATEGORY or not name.isprintable():
            raise spread.wrong(f"categories of 1 to {LONGEST_CATEGORY} plain letters")
        whole += count
    for name, count in counts.items():
        yield part(metric, name.strip()), count or 0.0, whole
