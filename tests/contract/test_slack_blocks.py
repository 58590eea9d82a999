"""An alert as a message in Slack: what it tells, what it offers, and what it can't be made to do."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.model import AlertState, Line, Message, Press, Severity
from connectors.channels.slack_blocks import blocks, reply_blocks
from tests.contract.messages import LINE, MESSAGE, NASTY, SINCE, TAKEN, WAITING, nasty
from tests.contract.slack_drawn import elements, harmless_message, shown


def date(hours: float) -> str:
    """That many hours after it began, as each reads it in their own zone."""
    return f"<!date^{int(SINCE.timestamp() + hours * 3600)}^{{date_short_pretty}} {{time}}|"


def drawn(message: Message, **more: Any) -> str:
    return shown(blocks(message, **more))


# -- what it tells --


def test_a_message_tells_what_a_manager_needs() -> None:
    text = drawn(MESSAGE, mention=True)
    for part in (
        "🟠 High: Anna rated her ticket 1 of 5",
        "<@U0MONA> this needs you.",
        "<https://demo.zendesk.com/agent/tickets/4711|Ticket 4711>",
        f"{date(0)}21 Nov 2026, 09:30 UTC>",
        "Invoice is wrong",
        "Team: Billing",
        "Manager: Mona",
        "Anna Weber · anna@example.com · +4930123456",
        "4 minutes ago",
        "Nobody called me back.\\nI want to speak to a manager!",
        "Call her today",
        '"url": "https://wiki.example.com/low-score"',
        '"url": "https://calls.example.com/r/1.mp3"',
        "#billing-alerts, Mona (manager)",
        "Ref AB-12",
    ):
        assert part in text
    assert text.count("Anna rated her ticket") == 1


def test_who_is_told_alone_reads_why_above_all_else() -> None:
    why = "Nobody has taken this in hand for 2 h."
    first, second, *_ = blocks(replace(MESSAGE, text=why))
    assert (first["type"], why in shown([second])) == ("header", True)
    assert why not in drawn(MESSAGE)


def test_while_nobody_has_it_the_message_says_who_is_told_next() -> None:
    text = drawn(WAITING)
    assert "Open: nobody has it yet" in text
    assert f"Tells Dana at {date(1)}21 Nov 2026, 10:30 UTC> unless somebody takes it" in text


def test_once_somebody_has_it_the_message_says_who_and_tells_nobody_next() -> None:
    text = drawn(TAKEN)
    assert "Acknowledged · Owner: Ana Example" in text
    assert "Tells" not in text


def test_goals_are_told_with_their_hour_in_the_readers_own_zone() -> None:
    assert f"! Acknowledge: missed, was due {date(0.5)}" in drawn(WAITING)
    assert f"Contact the customer by {date(24)}" in drawn(WAITING)
    assert '"✓ Acknowledge: done"' in drawn(TAKEN)


def test_the_outcome_is_told_once_it_is_resolved() -> None:
    ended = replace(
        TAKEN, resolved=True, state=AlertState.RESOLVED, outcome="Recovered: Ben called her"
    )
    assert "Recovered: Ben called her" in drawn(ended)
    assert "Resolved · Owner: Ana Example" in drawn(ended)
    assert "Outcome" not in drawn(TAKEN)


def test_a_reason_that_is_gone_is_struck_through() -> None:
    gone = replace(LINE, headline="Waits for two hours", gone=True)
    runs = elements(blocks(replace(MESSAGE, lines=(LINE, gone))), "text")
    struck = [run["text"] for run in runs if run.get("style", {}).get("strike")]
    assert struck == ["Waits for two hours"]


def test_a_resolved_case_looks_resolved() -> None:
    ended = replace(MESSAGE, resolved=True, headline="Ben called her")
    assert blocks(ended)[0]["text"]["text"] == "✅ Resolved: Ben called her"
    itself = replace(ended, headline="Resolved itself: answered")
    assert blocks(itself)[0]["text"]["text"] == "✅ Resolved itself: answered"


def test_a_long_case_says_how_much_more_there_is() -> None:
    many = tuple(replace(LINE, headline=f"Reason {n}") for n in range(13))
    text = drawn(replace(MESSAGE, lines=many))
    assert "Reason 9" in text
    assert "Reason 10" not in text
    assert "and 3 more reasons" in text


def test_a_lone_reason_without_details_is_told_once() -> None:
    bare = Line(rule="x", severity=Severity.HIGH, headline=MESSAGE.headline)
    assert drawn(replace(MESSAGE, lines=(bare,))).count(MESSAGE.headline) == 1


def test_where_the_room_ends_the_headlines_go_on() -> None:
    long = tuple(
        replace(LINE, headline=f"Reason {n} " + "x" * 250, words="w" * 1200) for n in range(10)
    )
    text = drawn(replace(MESSAGE, lines=long))
    assert all(f"Reason {n} " in text for n in range(10))
    assert 1 <= text.count("w" * 1200) < 10


def test_what_is_no_web_address_is_text() -> None:
    assert '"javascript:alert(1)//x"' in drawn(replace(MESSAGE, url="javascript:alert(1)//x"))


# -- whom it calls --


@pytest.mark.parametrize("severity", Severity)
def test_a_mention_is_for_whoever_is_named_whatever_the_severity(severity: Severity) -> None:
    message = replace(MESSAGE, severity=severity)
    assert "<@U0MONA> this needs you." in drawn(message, mention=True)
    assert "<@" not in drawn(message)
    assert "<@" not in drawn(replace(message, mention=""), mention=True)


@pytest.mark.parametrize(
    ("member", "called"),
    [
        ("U0MONA", True),
        ("W0MONA", True),
        ("C0MONA", False),
        ("U0MONA> <!channel", False),
        ("U0MONA\n", False),
        ("Mona", False),
    ],
)
def test_only_a_members_id_is_a_mention(member: str, called: bool) -> None:
    message = replace(MESSAGE, mention=member)
    assert ("<@" in drawn(message, mention=True)) is called
    assert ("<@" in shown(reply_blocks(message, mention=True))) is called


# -- what can be pressed --


def pressed(message: Message) -> tuple[list[tuple[str, str]], list[str]]:
    """The buttons as (action, value), and the values of the menu."""
    built = blocks(message)
    buttons = [(one["action_id"], one["value"]) for one in elements(built, "button")]
    menus = elements(built, "overflow")
    assert all(menu["action_id"] == "more" for menu in menus)
    return buttons, [option["value"] for menu in menus for option in menu["options"]]


def test_buttons_act_on_the_alert_by_its_reference() -> None:
    buttons, menu = pressed(replace(WAITING, ref="AB-1A2B3C4D"))
    assert buttons[:3] == [
        ("acknowledge", "AB-1A2B3C4D"),
        ("contact", "AB-1A2B3C4D"),
        ("resolve", "AB-1A2B3C4D"),
    ]
    assert menu == [
        "snooze AB-1A2B3C4D",
        "assign AB-1A2B3C4D",
        "add AB-1A2B3C4D",
        "note AB-1A2B3C4D",
        "useless AB-1A2B3C4D",
    ]


def test_buttons_say_what_they_do() -> None:
    labels = [one["text"]["text"] for one in elements(blocks(WAITING), "button")]
    assert labels == ["Acknowledge", "Contacted…", "Resolve…", "Open"]


def test_the_story_is_opened_from_the_menu_or_where_that_is_full_by_a_button() -> None:
    few = replace(WAITING, offers=(Press.REOPEN, Press.NOTE, Press.COACH))
    assert pressed(few) == ([], ["note AB-12", "coach AB-12", "reopen AB-12", "show AB-12"])
    buttons, menu = pressed(WAITING)
    assert buttons[-1] == ("show", "AB-12")
    assert len(menu) == 5


def test_every_offer_can_be_pressed_however_many_there_are() -> None:
    buttons, menu = pressed(replace(WAITING, offers=tuple(Press)))
    whats = [action for action, _ in buttons] + [value.split()[0] for value in menu]
    assert sorted(whats) == sorted(
        [
            "acknowledge",
            "contact",
            "resolve",
            "show",
            "snooze",
            "assign",
            "add",
            "note",
            "useful",
            "useless",
            "reopen",
            "coach",
        ]
    )


@pytest.mark.parametrize("press", [press for press in Press if press is not Press.SAY])
def test_what_is_not_offered_cannot_be_pressed(press: Press) -> None:
    only = replace(WAITING, offers=(press,))
    buttons, menu = pressed(only)
    assert len(buttons) + len(menu) == 2  # itself and the story
    assert pressed(replace(WAITING, offers=())) == ([], [])


def test_who_is_called_in_a_thread_finds_the_buttons_there() -> None:
    called = reply_blocks(WAITING, mention=True)
    assert [one["action_id"] for one in elements(called, "button")] == [
        "acknowledge",
        "contact",
        "resolve",
    ]
    assert elements(reply_blocks(WAITING), "button") == []
    assert elements(reply_blocks(replace(WAITING, mention=""), mention=True), "button") == []


# -- what it can't be made to do --


@pytest.mark.parametrize("build", [blocks, reply_blocks])
@pytest.mark.parametrize("mention", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        nasty(),
        nasty(resolved=True),
        nasty(url="https://e.example/?a=1&b=<x>|" + NASTY),
        nasty(url="https://e.example/?a=1&b=2|3>4", subject="a|b>c<d*e"),
        nasty(url="https://e.example/" + "x" * 1900),
        nasty(lines=()),
        nasty(headline="😀" * 3000, text="&" * 9000),
        nasty(headline="<" * 3000, text="", told=()),
        nasty(next=("*_~`|<>", SINCE), owner="\x00"),
        nasty(headline="", subject="", team="", title="", ref="", text="", lines=()),
        nasty(headline="\u202e\x00", subject="\u200f", ref="\x00", text="\x00"),
    ],
)
def test_hostile_words_are_tamed(build: Any, message: Message, mention: bool) -> None:
    built = build(message, mention=mention, marker="d-1")
    harmless_message(built)
    assert built[0]["block_id"] == "bridge:d-1"
