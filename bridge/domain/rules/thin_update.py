"""Thin update: the customer hears from us again and again, and learns nothing by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Counted, moment_in_words
from bridge.domain.ticket import LAST_SAID
from bridge.domain.updates import LINE, Judged, judge_one


@dataclass(frozen=True, kw_only=True)
class ThinUpdate(Counted):
    """The last `at_least` updates of a live ticket all score `below` this: little substance, each with its reasons.

    One thin update rings nobody: it counts for coaching.

    >>> said = "We are still working on it. Thank you for your patience."
    >>> thin = tuple(Said(ago(days=d), "7", f"{d}", said) for d in (2, 1))
    >>> example(ThinUpdate(), updates=thin)
    ['2 updates in a row tell the customer little']
    >>> example(ThinUpdate(), updates=thin[:1])
    []
    >>> better = Said(ago(hours=1), "7", "9", "The part is here. We will ship it on Friday.")
    >>> example(ThinUpdate(), updates=(*thin, better))
    []
    """

    name: ClassVar[str] = "thin_update"
    playbook: ClassVar[str] = (
        "Write the next update together: what was found, what comes next, and by when."
    )
    begins_in_shadow: ClassVar[bool] = True
    at_least: int = 2
    below: float = LINE

    def __post_init__(self) -> None:
        if not 2 <= self.at_least <= LAST_SAID:
            raise ValueError(f"at_least must be 2 to {LAST_SAID}, not {self.at_least}")
        if not 0 <= self.below <= 1:
            raise ValueError(f"below must lie in 0 to 1, not {self.below}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        ticket = moment.ticket
        if len(ticket.updates) < self.at_least or not ticket.live:
            return ()
        run = self._run(moment)
        if len(run) < self.at_least:
            return ()
        finding = Finding(
            rule=self.name,
            severity=self.severity,
            headline=f"{len(run)} updates in a row tell the customer little",
            since=run[self.at_least - 1].at,
            # Older ones are not kept, so from then on nobody knows where the run began: it is told once more.
            occurrence="long" if len(run) == LAST_SAID else run[0].at.isoformat(),
            level=run[-1].ref,
            facts=tuple(
                (moment_in_words(one.at), "; ".join(lack.says for lack in one.quality.reasons))
                for one in run
            ),
            fix="an update that says what was found, what comes next, and by when",
        )
        return (finding,)

    def _run(self, moment: Moment) -> list[Judged]:
        """The updates below the line that stand at the end, oldest first."""
        run: list[Judged] = []
        for place in reversed(range(len(moment.ticket.updates))):
            one = judge_one(moment.ticket, place, moment.words, moment.hours.zone)
            if one.quality.score >= self.below:
                break
            run.insert(0, one)
        return run
