"""Grave words: what the customer says may cost us the customer, or more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.hearing import Listening, heard
from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.text.languages import Language


@dataclass(frozen=True, kw_only=True)
class GraveWords(Listening):
    """A customer writes or says a grave word (cancel, refund, lawyer, unsafe), and doesn't deny it.

    In a survey always, in a comment while the ticket is live; each text once.

    >>> example(GraveWords(), answers=[Answer(id="1", words="Next I will see my lawyer.")])
    ['The customer uses grave words: lawyer']
    >>> example(GraveWords(), answers=[Answer(id="1", words="I don't want to cancel.")])
    []
    >>> example(GraveWords(de=("kündig*",)), answers=[Answer(id="1", words="Ich kündige!")])
    ['The customer uses grave words: kündige']
    """

    name: ClassVar[str] = "grave_words"
    playbook: ClassVar[str] = (
        "Read the whole text, and have somebody who may decide answer it today."
    )
    begins_in_shadow: ClassVar[bool] = True
    severity: Severity = Severity.HIGH

    def check(self, moment: Moment) -> Iterable[Finding]:
        if not (moment.ticket.answers or moment.ticket.messages):
            return ()
        phrases = self.phrases(_grave)
        return [
            Finding(
                rule=self.name,
                severity=self.severity,
                headline=f"The customer uses grave words: {', '.join(found)}",
                since=text.at,
                fix="an answer by somebody who may decide",
                **text.carried,
            )
            for text in heard(moment)
            if (found := phrases.found(text.text))
        ]


def _grave(language: Language) -> tuple[str, ...]:
    return language.grave
