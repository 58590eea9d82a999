"""Negative words: what a customer wrote or said sounds unhappy, whatever the score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.hearing import Heard, heard
from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.text.tokens import many_words
from bridge.domain.wordless import WEIGHED


@dataclass(frozen=True, kw_only=True)
class NegativeWords:
    """A text of a customer's is as negative as `at_or_above`, in 0..1; 0 for the line of whatever judges texts.

    In a survey always, in a comment while the ticket is live; each text once, if it has `min_words` words.

    >>> example(NegativeWords(), answers=[Answer(id="1", words="Rude agent, and still no answer")])
    ['What the customer says sounds unhappy']
    >>> example(NegativeWords(), answers=[Answer(id="1", words="Thank you, all is well again")])
    []
    >>> example(NegativeWords(), answers=[Answer(id="1", words="Bad")])
    []
    """

    name: ClassVar[str] = "negative_words"
    playbook: ClassVar[str] = "Read it, and answer what the customer is unhappy about."
    begins_in_shadow: ClassVar[bool] = True
    at_or_above: float = 0.0
    min_words: int = 3
    severity: Severity = Severity.HIGH
    on_comments: Severity | None = Severity.WARNING

    def __post_init__(self) -> None:
        if not 0 <= self.at_or_above <= 1:
            raise ValueError(f"at_or_above must lie in 0 to 1, not {self.at_or_above}")
        if self.min_words < 1:
            raise ValueError(f"min_words must be 1 or more, not {self.min_words}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        line = self.at_or_above or moment.words.line
        found = []
        for text in heard(moment):
            severity = self.on_comments if text.comment else self.severity
            if severity is not None and many_words(text.text) >= self.min_words:
                tone = moment.words.tone(text.text)
                if tone.negative >= line:
                    found.append(self._finding(text, severity, tone.why))
        return found

    def _finding(self, text: Heard, severity: Severity, why: tuple[str, ...]) -> Finding:
        return Finding(
            rule=self.name,
            severity=severity,
            headline="What the customer says sounds unhappy",
            since=text.at,
            facts=((WEIGHED, ", ".join(why)),) if why else (),
            fix="an answer to what the customer is unhappy about",
            **text.carried,
        )
