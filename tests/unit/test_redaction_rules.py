"""What is hidden outside the helpdesk, and what is taken out once it is old."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain import wordless
from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    Answer,
    Contact,
    Finding,
    Heard,
    Member,
    Opened,
    Press,
    Pressed,
    Rated,
    Reason,
    Replied,
    Seen,
    Severity,
    Ticket,
    Touched,
)
from bridge.domain.redaction import OPEN, SOMEBODY, Redaction

AT = datetime(2031, 3, 11, 9, tzinfo=UTC)
ANNA = Contact("Anna Weber", "anna@example.org", "+4930123456")
WORDS, NAMES = Redaction(words=True), Redaction(names=True)
BOTH = Redaction(words=True, names=True)
VOICE = "https://example.com/voice"
ANSWER = Answer(id="a", score=0.25, raw="2", words="Bad", contact=ANNA, recording=VOICE)
FOUND = Finding(
    rule="low_score",
    severity=Severity.HIGH,
    headline="The customer rated 2",
    since=AT,
    level="2|Bad|https://example.com/voice|Anna Weber|anna@example.org|+4930123456",
    words="Bad",
    contact=ANNA,
    recording=VOICE,
)
TICKET = Ticket(
    id="zendesk:1",
    as_of=(AT, 0, "e"),
    title="Where is it?",
    facts={"Plan": "gold"},
    answers=(ANSWER,),
)
ALERT = Alert(
    subject="zendesk:1",
    ref="AB-1",
    severity=Severity.HIGH,
    opened_at=AT,
    changed_at=AT,
    reasons=(Reason(finding=FOUND, added_at=AT),),
    done="Called her",
    better_words="Thanks",
    cause="slow answer",
)


def step(change: Change, words: str, via: str = "slack") -> Step:
    return Step(change=change, at=AT, words=words, via=via, who=Member(name="Mona"))


# --- hidden


def test_by_default_nothing_is_hidden() -> None:
    noted = step(Change.NOTED, "She is angry", "ticket")
    assert not OPEN
    assert (OPEN.alert(ALERT), OPEN.ticket(TICKET), OPEN.step(noted)) == (ALERT, TICKET, noted)
    assert OPEN.contact(ANNA) == ANNA


def test_words_are_hidden_and_the_contact_shown() -> None:
    hidden = WORDS.alert(ALERT)
    (reason,) = hidden.reasons
    assert (reason.finding.words, reason.finding.recording) == ("", "")
    assert reason.finding.contact == ANNA
    assert (hidden.done, hidden.better_words, hidden.cause) == ("", "", "slow answer")
    assert WORDS.ticket(TICKET).title == ""
    assert WORDS.ticket(TICKET).answers[0].score == 0.25


def test_names_are_hidden_and_the_words_shown() -> None:
    (reason,) = NAMES.alert(ALERT).reasons
    assert (reason.finding.words, reason.finding.contact) == ("Bad", SOMEBODY)
    assert reason.finding.recording == "", "a voice tells who it is"
    assert "anna" not in reason.finding.level
    assert NAMES.ticket(TICKET).title == "Where is it?"
    assert NAMES.contact(Contact()) == Contact(), "nobody known is nobody hidden"


@pytest.mark.parametrize(
    ("change", "via", "words", "shown"),
    [
        (Change.NOTED, "ticket", "She is angry", ""),
        (Change.NOTED, "slack", "I know her", "I know her"),
        (Change.NOTED, "page", "I know her", "I know her"),
        (Change.HEARD, "customer", "it was put right: thanks", "it was put right"),
        (
            Change.SNOOZED,
            "ticket",
            "until 2031-03-12 09:00 UTC; angry",
            "until 2031-03-12 09:00 UTC",
        ),
        (Change.REFUSED, "ticket", "It is over.", "It is over."),
    ],
)
def test_what_stands_in_a_story(change: Change, via: str, words: str, shown: str) -> None:
    assert BOTH.step(step(change, words, via)).words == shown
    assert NAMES.step(step(change, words, via)).words == words


# --- taken out


def test_an_old_alert_keeps_what_is_counted() -> None:
    bare = wordless.alert(ALERT)
    (reason,) = bare.reasons
    assert (reason.finding.words, reason.finding.contact, bare.done) == ("", Contact(), "")
    assert (bare.cause, bare.severity, reason.finding.headline) == (
        "slow answer",
        Severity.HIGH,
        "The customer rated 2",
    )
    assert wordless.alert(bare) == bare


def test_an_old_ticket_keeps_its_scores() -> None:
    bare = wordless.ticket(TICKET)
    assert (bare.title, bare.facts) == ("", {})
    assert bare.answers == (Answer(id="a", score=0.25, raw="2"),)


SEEN = Seen(title="Where is it?", facts={"Plan": "gold"}, status="open")
COMMON: dict[str, Any] = {"id": "e", "subject": "zendesk:1", "at": AT, "seen": SEEN}


@pytest.mark.parametrize(
    "event",
    [
        Opened(**COMMON, text="Bad"),
        Replied(**COMMON, public=True, text="Bad"),
        Rated(**COMMON, answer=ANSWER),
        Heard(**COMMON, alert="AB-1", better=True, words="Bad"),
        Pressed(**COMMON, alert="AB-1", action=Press.NOTE, who=Member(name="Mona"), words="Bad"),
        Touched(**COMMON),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_old_event_says_what_happened_without_words(event: Any) -> None:
    bare = wordless.event(event)
    assert "Bad" not in repr(bare)
    assert "anna" not in repr(bare).lower()
    assert bare.seen == Seen(status="open")
    assert (type(bare), bare.id, bare.at) == (type(event), event.id, event.at)


def test_what_the_bridge_itself_said_stays() -> None:
    for change in (Change.REFUSED, Change.CHECKED, Change.OBEYED):
        assert wordless.said(step(change, "after 3 months: stayed")) == "after 3 months: stayed"
    assert wordless.said(step(Change.SAID, "She was here")) == ""


def test_every_change_is_either_free_or_our_own() -> None:
    """One that is new has to be sorted in: nobody's words may be taken for the bridge's."""
    ours = {
        *(Change.OPENED, Change.ADDED, Change.UPDATED, Change.NEARED, Change.REMINDED),
        *(Change.RAISED, Change.EASED, Change.ENDED, Change.CLOSED, Change.ASSIGNED),
        *(Change.JOINED, Change.REFUSED, Change.OBEYED, Change.ESCALATED, Change.NAGGED),
        *(Change.WOKEN, Change.NEAR, Change.MISSED, Change.ASKED, Change.DUE_A_LOOK),
        Change.CHECKED,
    }
    assert ours | wordless.FREE == set(Change)
    assert not ours & wordless.FREE
