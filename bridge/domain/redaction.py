"""What of customers is not shown outside the helpdesk: their words, their names. Pure.

Everything that goes to Slack, mails, text messages, pages and programs is made of what these give back, so that no
medium has to know of it. The note on the ticket is made of the whole.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain import wordless
from bridge.domain.alerts import Change, Step
from bridge.domain.model import Alert, Answer, Contact, Finding, Ticket

SOMEBODY = Contact(name="the customer")
ON_TICKET = "ticket"
"""Where a step was made that was written in the helpdesk: see `Pressed.via`."""


class Redaction(Struct, frozen=True, kw_only=True):
    """What is hidden: customers' `words`, with titles and recordings; their `names`, with addresses and recordings.

    What colleagues write in the helpdesk counts as customers' words, for it quotes them; what they write in Slack, on a
    page or on the command line is outside already, and is shown. Nothing is hidden by an empty one.
    """

    words: bool = False
    names: bool = False

    def __bool__(self) -> bool:
        return self.words or self.names

    def text(self, written: str) -> str:
        """Something that a customer, or somebody in the helpdesk, wrote: a title, say."""
        return "" if self.words else written

    def contact(self, known: Contact) -> Contact:
        """How to reach a customer; "the customer" where that is hidden."""
        return SOMEBODY if self.names and known else known

    def recording(self, link: str) -> str:
        """A link to the customer's voice, which tells both."""
        return "" if self else link

    def answer(self, given: Answer) -> Answer:
        """A survey answer; the scores are shown always."""
        return replace(
            given,
            words=self.text(given.words),
            contact=self.contact(given.contact),
            recording=self.recording(given.recording),
        )

    def ticket(self, known: Ticket) -> Ticket:
        """A ticket; its title is the customer's words, and so are its facts."""
        if not self:
            return known
        return replace(
            known,
            title=self.text(known.title),
            facts={} if self.words else known.facts,
            answers=tuple(self.answer(one) for one in known.answers),
            messages=() if self.words else known.messages,
            updates=() if self.words else known.updates,
        )

    def finding(self, found: Finding) -> Finding:
        """What a rule found; its headline and facts are the bridge's own words, but for the words that weighed most."""
        if not self:
            return found
        return replace(
            found,
            words=self.text(found.words),
            contact=self.contact(found.contact),
            recording=self.recording(found.recording),
            level=wordless.level(found),
            facts=wordless.facts(found) if self.words else found.facts,
        )

    def alert(self, known: Alert) -> Alert:
        """An alert. What was done may have been written in the helpdesk, so it counts as a customer's words."""
        if not self:
            return known
        reasons = tuple(replace(r, finding=self.finding(r.finding)) for r in known.reasons)
        return replace(
            known,
            reasons=reasons,
            done=self.text(known.done),
            better_words=self.text(known.better_words),
        )

    def step(self, told: Step) -> Step:
        """A step of a story."""
        if not self:
            return told
        shown = replace(told, finding=self.finding(told.finding)) if told.finding else told
        inside = told.via == ON_TICKET or told.change is Change.HEARD
        return replace(shown, words=wordless.said(told)) if self.words and inside else shown


OPEN = Redaction()
"""Hides nothing."""
