"""Wants contact: the customer asks to be called, or for somebody to speak to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.hearing import Listening, heard
from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.text.languages import Language


@dataclass(frozen=True, kw_only=True)
class WantsContact(Listening):
    """A customer asks to be called or contacted, or for a person, a manager or a supervisor, and doesn't deny it.

    In a survey always, in a comment while the ticket is live; each text once.

    >>> example(WantsContact(), answers=[Answer(id="1", words="Please call me, this is urgent.")])
    ['The customer asks to be contacted: call me']
    >>> example(WantsContact(), answers=[Answer(id="1", words="Fine now, no need to call me.")])
    []
    """

    name: ClassVar[str] = "wants_contact"
    playbook: ClassVar[str] = "Call the customer, or say who will and when."
    begins_in_shadow: ClassVar[bool] = True
    severity: Severity = Severity.HIGH

    def check(self, moment: Moment) -> Iterable[Finding]:
        if not (moment.ticket.answers or moment.ticket.messages):
            return ()
        phrases = self.phrases(_contact)
        return [
            Finding(
                rule=self.name,
                severity=self.severity,
                headline=f"The customer asks to be contacted: {', '.join(found)}",
                since=text.at,
                fix="a call, or a word on who will call and when",
                **text.carried,
            )
            for text in heard(moment)
            if (found := phrases.found(text.text))
        ]


def _contact(language: Language) -> tuple[str, ...]:
    return language.contact
