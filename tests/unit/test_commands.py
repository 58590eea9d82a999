"""What agents say about an alert from within the ticket."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.commands import TAGS, WORDS, Command, asks, commands
from bridge.domain.model import AnyEvent, Coaching, Outcome, Party, Press, Pressed
from tests.casework import ANA, alert, take
from tests.stories import agent_answered, agent_noted, became, customer_wrote, tagged

# --- what may be a command


@pytest.mark.parametrize(
    "event",
    [
        tagged("10:00", "vip", "do_alert_ack"),
        tagged("10:00", "do_alert_resolved", by=Party.SYSTEM),
        agent_noted("10:00", text="#alert contacted"),
        agent_noted("10:00", text="\n  #ALERT: Ack"),
        agent_noted("10:00", text="#alert"),
        agent_noted("10:00", text="#alert ack", by=Party.SYSTEM),
    ],
)
def test_a_tag_of_ours_and_a_note_that_begins_so_are_commands(event: AnyEvent) -> None:
    assert asks(event)


@pytest.mark.parametrize(
    "event",
    [
        tagged("10:00", "vip"),
        tagged("10:00", removed=("do_alert_ack",)),
        tagged("10:00", "do_alert_ack", by=Party.BRIDGE),
        agent_noted("10:00", text="I would #alert ack"),
        agent_noted("10:00", text="#alerts ack"),
        agent_noted("10:00", text="#alert ack", by=Party.BRIDGE),
        agent_noted("10:00", text="#alert ack", by=Party.CUSTOMER),
        agent_answered("10:00", text="#alert ack"),
        customer_wrote("10:00", text="#alert resolved"),
        became("10:00", "solved"),
    ],
)
def test_nothing_else_is_one(event: AnyEvent) -> None:
    assert not asks(event)


# --- tags


def obeyed(event: AnyEvent) -> list[Command]:
    return list(commands(event, alert(), ANA))


@pytest.mark.parametrize(("tag", "action"), TAGS.items())
def test_a_tag_presses_and_names_itself_to_be_taken_away(tag: str, action: Press) -> None:
    event = tagged("10:00", "vip", tag, id="change:1", actor="7")
    [command] = obeyed(event)
    assert (command.tag, command.why) == (tag, "")
    assert command.pressed == Pressed(
        id=f"change:1:{action.value}",
        subject="zendesk:1",
        at=event.at,
        by=Party.AGENT,
        actor="7",
        alert="AB-1",
        action=action,
        who=ANA,
        via="ticket",
        how="ticket" if action is Press.CONTACT else "",
    )


def test_several_tags_press_in_their_order() -> None:
    found = obeyed(tagged("10:00", "do_alert_resolved", "do_alert_ack"))
    assert [c.tag for c in found] == ["do_alert_resolved", "do_alert_ack"]
    assert len({c.pressed.id for c in found if c.pressed}) == 2


# --- notes


def noted(text: str) -> Pressed:
    [command] = obeyed(agent_noted("10:00", text=text))
    assert command.pressed is not None
    assert (command.why, command.tag) == ("", "")
    return command.pressed


@pytest.mark.parametrize(("word", "action"), WORDS.items())
def test_every_word_presses(word: str, action: Press) -> None:
    assert noted(f"#alert {word}: as agreed").action is action
    assert noted(f"#alert:{word.upper()}, as agreed").words == "as agreed"


def test_what_follows_is_what_was_said() -> None:
    told = noted("#alert contacted By phone.\nThey are calmer.")
    assert (told.reached, told.words, told.how) == (True, "By phone.\nThey are calmer.", "")
    told = noted("#alert tried")
    assert (told.reached, told.words, told.how) == (False, "", "ticket")
    assert len(noted("#alert note " + "x" * 5000).words) == 2000


@pytest.mark.parametrize(
    ("said", "outcome", "cause", "words"),
    [
        ("", None, "", ""),
        ("Sent a new one", None, "", "Sent a new one"),
        ("recovered", Outcome.RECOVERED, "", ""),
        ("Recovered. Sent a new one", Outcome.RECOVERED, "", "Sent a new one"),
        ("not recovered: they left", Outcome.NOT_RECOVERED, "", "they left"),
        ("not-recovered", Outcome.NOT_RECOVERED, "", ""),
        ("NOT_JUSTIFIED; a mistake", Outcome.NOT_JUSTIFIED, "", "a mistake"),
        ("unreachable, cause: Tone", Outcome.UNREACHABLE, "tone", ""),
        (
            "recovered. Cause: Slow answer. Called back",
            Outcome.RECOVERED,
            "slow answer",
            "Called back",
        ),
        ("Called back; cause: outage; sorry", None, "outage", "Called back; sorry"),
        ("cause : billing\nRefunded", None, "billing", "Refunded"),
        ("because: of us", None, "", "because: of us"),
        ("recoveredly so", None, "", "recoveredly so"),
    ],
)
def test_a_report_is_read_from_the_note(
    said: str, outcome: Outcome | None, cause: str, words: str
) -> None:
    told = noted(f"#alert resolved {said}")
    assert (told.outcome, told.cause, told.words) == (outcome, cause, words)
    assert told.coaching == (Coaching.NOT_NEEDED if outcome else None)


def test_a_whole_report_in_a_note_closes_the_alert() -> None:
    case = take(alert(), noted("#alert resolved: recovered. Cause: tone. We called them."))
    assert case.closed_at is not None
    assert (case.outcome, case.cause) == (Outcome.RECOVERED, "tone")
    assert case.done == "We called them."


@pytest.mark.parametrize("word", ["", "snoze", "-contacted", "42"])
def test_a_word_that_is_not_known_is_answered_with_those_that_are(word: str) -> None:
    [command] = obeyed(agent_noted("10:00", text=f"#alert {word}"))
    assert command.pressed is None
    assert "is not known; known are: ack, acknowledge," in command.why
    assert all(known in command.why for known in WORDS)


def test_other_events_say_nothing() -> None:
    assert obeyed(became("10:00", "solved")) == []
    assert obeyed(agent_noted("10:00", text="We should call them")) == []


@given(st.text(max_size=300))
def test_whatever_a_note_says_it_is_read(text: str) -> None:
    event: Any = agent_noted("10:00", text=f"#alert {text}")
    [command] = obeyed(event)
    assert (command.pressed is None) == bool(command.why)
