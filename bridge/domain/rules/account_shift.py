"""Account shift: an account's own behaviour changed, down or up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.metrics import amount, called, charted, parted
from bridge.domain.model import Finding, Severity
from bridge.domain.rules import moment_in_words
from bridge.domain.shifts import Shifted, shifted


@dataclass(frozen=True, kw_only=True)
class AccountShift:
    """A figure of an account (usage, spend, tickets, scores) is outside what that account's own past makes usual.

    It is off by `least` at least, as a share of what is usual, and further than a figure of a quiet account is with a
    probability of `chance` (0.002: a false alarm in 500 weeks of one metric). Compared are the same weekdays, of weekly
    figures the same weeks of earlier years, as soon as there are five; with fewer than eight figures nothing is said.
    What goes `down` and what goes `up` have severities of their own; "off" for one that is not to be told.

    >>> weeks = [Measure(ago(weeks=w), 100 + w % 5) for w in range(12, 0, -1)]
    >>> example(AccountShift(), id="account:acme", measures={"logins": (*weeks, Measure(NOW, 40))})
    ['Logins down 61 %: 40, usually 102']
    >>> example(AccountShift(), id="account:acme", measures={"logins": (*weeks, Measure(NOW, 104))})
    []
    """

    name: ClassVar[str] = "account_shift"
    playbook: ClassVar[str] = (
        "Call the account's contact before they call you: ask what has changed for them."
    )
    least: float = 0.3
    chance: float = 0.002
    down: Severity | None = Severity.HIGH
    up: Severity | None = Severity.WARNING

    def __post_init__(self) -> None:
        if not 0 < self.chance < 0.5:
            raise ValueError(f"chance must be more than 0 and less than 0.5, not {self.chance}")
        if self.least < 0:
            raise ValueError(f"least must be 0 or more, not {self.least}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        if moment.ticket.desk != "account":
            return ()
        return list(self._found(moment))

    def _found(self, moment: Moment) -> Iterator[Finding]:
        for metric, figures in moment.ticket.measures.items():
            if parted(metric):
                continue
            found = shifted(figures, self.chance, self.least, moment.hours.zone)
            severity = None if found is None else self.up if found.side > 0 else self.down
            if found is not None and severity is not None:
                yield self._finding(moment.ticket.id, metric, found, severity)

    def _finding(self, subject: str, metric: str, found: Shifted, severity: Severity) -> Finding:
        band, value = found.band, found.figure.value
        change = f"{abs(band.change(value)):.0%}".replace("%", " %")
        way = "up" if found.side > 0 else "down"
        usual = f"{amount(metric, max(band.low, 0.0))} to {amount(metric, band.high)}"
        return Finding(
            rule=self.name,
            severity=severity,
            headline=f"{called(metric)} {way} {change}: "
            f"{amount(metric, value)}, usually {amount(metric, band.middle)}",
            since=found.since,
            about=f"{metric}:{way}",
            occurrence="" if found.whole else found.since.isoformat(),
            level=amount(metric, value),
            facts=(
                ("Since", moment_in_words(found.since)),
                ("Usual", f"{usual}, by {band.many} figures of {band.season}"),
                charted(subject, metric),
            ),
            fix=f"{called(metric)} between {usual.replace(' to ', ' and ')}",
        )
