"""What became of a customer, months after their case was resolved: read from signs, or not known.

The surest sign decides: what the account says, then a new alert, then the newest survey answer, then that they came
back at all. Without a sign nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from bridge.domain.model import Relation

LOW = 0.4
"""A score at or below it is a bad one, as for the rule `low_score`."""

SAYINGS: Mapping[str, Relation] = {
    "churned": Relation.LEFT,
    "cancelled": Relation.LEFT,
    "canceled": Relation.LEFT,
    "account_closed": Relation.LEFT,
    "churn_risk": Relation.AT_RISK,
    "at_risk": Relation.AT_RISK,
    "renewed": Relation.STAYED,
}
"""Tags, and values of facts about the account, by which a helpdesk or a CRM says how it stands."""

WORDS: Mapping[str, Relation] = {one.value.replace(" ", "-"): one for one in Relation}
"""What became of a customer in one word: "stayed", "at-risk", "left", "unknown"."""

_ASKS = "asks:"

_ACCOUNT = re.compile("account|contract|customer|organi[sz]ation|subscription", re.IGNORECASE)

_GRAVEST = (Relation.LEFT, Relation.AT_RISK, Relation.STAYED)


class Score(Struct, frozen=True, array_like=True):
    """A survey answer: when, how good in 0..1, and as the customer gave it ("2 of 5")."""

    at: datetime
    score: float
    raw: str = ""


class Signals(Struct, frozen=True, kw_only=True):
    """What is known of a customer since the alert was resolved.

    `tickets` is how often they came back with something, the last time at `last_seen_at`; `alerts` is how many further
    alerts they had. `said` is what the account itself says, in the words `saying`.
    """

    tickets: int = 0
    answers: tuple[Score, ...] = ()
    alerts: int = 0
    last_seen_at: datetime | None = None
    said: Relation | None = None
    saying: str = ""


def said(tags: Iterable[str], facts: Mapping[str, str]) -> tuple[Relation, str] | None:
    """What tags and facts say of the account, and in which word; None where they say nothing.

    The gravest counts. A fact counts if its name is of an account, a contract, a customer and the like.
    """
    words = [*tags, *(value for name, value in facts.items() if _ACCOUNT.search(name))]
    found = {
        relation: word
        for word in sorted(words, reverse=True)
        if (relation := SAYINGS.get(_written(word))) is not None
    }
    return next(((r, found[r]) for r in _GRAVEST if r in found), None)


def relation(signals: Signals) -> tuple[Relation, str] | None:
    """What became of the customer, and why it is thought so; None where there is no sign."""
    if signals.said is not None:
        return signals.said, f"their account says “{signals.saying}”"
    if signals.alerts:
        return Relation.AT_RISK, f"{_many(signals.alerts, 'further alert')} since"
    if signals.answers:
        return _answered(max(signals.answers, key=lambda answer: answer.at))
    if signals.tickets:
        last = f", the last on {signals.last_seen_at:%Y-%m-%d}" if signals.last_seen_at else ""
        return Relation.STAYED, f"{_many(signals.tickets, 'ticket')} since{last}; no further alert"
    return None


def asking(months: int) -> tuple[str, ...]:
    """The tags of a delivery that asks what became of the customer after so many months."""
    return (f"{_ASKS}{months}",)


def asked(tags: Iterable[str]) -> int:
    """After how many months a delivery with these tags asks; 0 for one that asks nothing."""
    found = (tag.removeprefix(_ASKS) for tag in tags if tag.startswith(_ASKS))
    return int(next(found, 0))


def _answered(last: Score) -> tuple[Relation, str]:
    told = f"{last.raw or 'given'} on {last.at:%Y-%m-%d}"
    if last.score <= LOW:
        return Relation.AT_RISK, f"their last answer was a bad one: {told}"
    return Relation.STAYED, f"they came back, and their last answer was a good one: {told}"


def _written(word: str) -> str:
    return word.strip().lower().replace(" ", "_").replace("-", "_")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
