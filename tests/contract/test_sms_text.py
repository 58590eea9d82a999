"""A text message: short, in the characters of every phone, and with nobody else's links in it."""

from __future__ import annotations

import re

import pytest

from bridge.domain.model import (
    Contact,
    Message,
)
from bridge.sandbox.twilio_messages import GSM, segments
from connectors.channels.sms_text import mark, said, text_of
from tests.contract.texts import MESSAGE, NASTY, message, nasty


def test_it_says_how_grave_what_where_who_and_the_link() -> None:
    assert re.fullmatch(
        r"Critical: Anna rated her ticket 1 of 5 \(Ticket 4711, Anna Weber\) "
        r"https://demo\.zendesk\.com/agent/tickets/4711 Ref AB-12/[A-Z2-7]{6}",
        text_of(MESSAGE, "d-4f9a2c"),
    )


def test_it_says_why_this_person_is_told() -> None:
    text = text_of(message(text="Nobody has taken this in hand for 30 min."), "d-1")
    assert "1 of 5. Nobody has taken this in hand for 30 min. (Ticket 4711" in text


def test_a_resolved_case_is_called_resolved() -> None:
    ended = message(resolved=True, headline="Ben called her")
    assert text_of(ended, "d-1").startswith("Resolved: Ben called her (Ticket 4711")
    itself = message(resolved=True, headline="Resolved itself: answered")
    assert text_of(itself, "d-1").startswith("Resolved itself: answered (Ticket 4711")


@pytest.mark.parametrize(
    "told",
    [
        nasty(),
        nasty(resolved=True),
        nasty(url="https://demo.zendesk.com/" + "x" * 130),
        nasty(url="https://demo.zendesk.com/~ana/{1}"),
        nasty(url="https://demo.zendesk.com/grüße"),
        nasty(url="https://demo.zendesk.com/" + "x" * 1000),
        nasty(headline="👋" * 3000),
        nasty(headline="Ж" * 3000, subject="Ж", customer=Contact(name="安娜")),
        nasty(headline="€" * 3000),
        nasty(headline="", subject="", ref="", customer=Contact()),
        nasty(headline="\u202e\x00", subject="\u200f", ref="\x00"),
    ],
)
def test_hostile_words_are_tamed(told: Message) -> None:
    text = text_of(told, NASTY)
    assert set(text) <= GSM
    assert len(text) <= 320
    assert segments(text) <= 3
    assert "\n" not in text
    assert "evil.example" not in text
    assert set(re.findall(r"\w+://[\w.]+", text)) <= {"https://demo.zendesk.com"}
    assert text.endswith(f"Ref {mark(told, NASTY)}")
    assert text.startswith(("Critical", "Resolved"))


def test_nothing_is_said_of_the_customers_own_words_and_address() -> None:
    text = text_of(MESSAGE, "d-1")
    for part in ("called me back", "anna@example.com", "+4930123456", "Invoice"):
        assert part not in text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Grüße, Zoë Ångström", "Grüße, Zoe Ångström"),
        ("“Łódź” – naïve…", '"Lodz" - naive...'),
        ("5 € [x] {y} a|b", "5 EUR (x) (y) a/b"),
        ("Anna 安娜 👋", "Anna"),
        ("安娜", ""),
        ("x" * 50, "x" * 38 + ".."),
    ],
)
def test_words_are_written_as_every_phone_can(written: str, read: str) -> None:
    assert said(written, 40) == read


def test_two_messages_of_one_case_are_told_apart() -> None:
    assert text_of(MESSAGE, "d-1") != text_of(MESSAGE, "d-2")
    assert text_of(MESSAGE, "d-1") == text_of(MESSAGE, "d-1")
