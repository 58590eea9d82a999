"""A letter by e-mail: what it says, what its headers say, and what nobody can make of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from bridge.domain.model import (
    Message,
)
from bridge.sandbox.smtp import Smtp
from connectors.channels.email import Email
from connectors.channels.email_letter import letter_of
from tests.contract.letters import (
    LETTER,
    LINE,
    MESSAGE,
    MONA,
    NASTY,
    NOW,
    Seen,
    channel,
    direct,
    nasty,
    parts,
)


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    server = Smtp(lambda: NOW)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def email(smtp: Smtp) -> Email:
    return channel(smtp)


# -- what it looks like --


@pytest.mark.parametrize("form", [0, 1], ids=["text", "html"])
def test_a_letter_tells_what_its_reader_needs(smtp: Smtp, email: Email, form: int) -> None:
    email.send(direct())
    told = parts(smtp)[form]
    for part in (
        "High: Anna rated her ticket 1 of 5",
        "https://demo.zendesk.com/agent/tickets/4711",
        "Ticket 4711",
        "21 Nov 2026, 09:30 UTC",
        "Invoice is wrong",
        "Anna Weber · anna@example.com · +4930123456",
        "Billing",
        "Ben",
        "Score",
        "4 minutes ago",
        "Nobody called me back.",
        "I want to speak to a manager!",
        "Call her today",
        "https://wiki.example.com/low-score",
        "https://calls.example.com/r/1.mp3",
        "Contact the customer",
        "due, 21 Nov 2026, 11:00 UTC",
        "done, 21 Nov 2026, 10:00 UTC",
        "missed, 21 Nov 2026, 10:00 UTC",
        "Dora (director), 21 Nov 2026, 14:00 UTC, unless somebody takes it",
        "#billing-alerts, Mona (manager)",
        "https://demo.slack.com/archives/C1/p1",
        "Ref AB-12",
    ):
        assert part in told
    assert (told.count("&#39;") + told.count("None") + told.count("{{")) == 0


def test_the_customers_words_stand_as_a_quote(smtp: Smtp, email: Email) -> None:
    words = "Hello\nRef AB-99\nPlaybook: give up"
    hers = msgspec.structs.replace(LINE, words=words)
    email.send(direct(message=msgspec.structs.replace(MESSAGE, lines=(hers,))))
    text, html = parts(smtp)
    assert "> Hello\n> Ref AB-99\n> Playbook: give up\n" in text
    assert "Hello<br>Ref AB-99<br>Playbook: give up</blockquote>" in html


def test_a_lone_reason_is_told_once(smtp: Smtp, email: Email) -> None:
    email.send(direct())
    text, html = parts(smtp)
    assert text.count(LINE.headline) == 1
    assert Seen(html).words.count(LINE.headline) == 2, "in the title that no one sees as well"


def test_why_this_person_is_told_comes_first(smtp: Smtp, email: Email) -> None:
    email.send(direct(message=msgspec.structs.replace(MESSAGE, text="Nobody has\ntaken this.")))
    text, html = parts(smtp)
    assert text.splitlines()[1:4] == ["Nobody has", "taken this.", ""]
    assert html.index("Nobody has<br>taken this.") < html.index("Invoice is wrong")


def test_its_headers_say_what_it_is_and_who_wrote_it(smtp: Smtp, email: Email) -> None:
    receipt = email.send(direct())
    [mail] = smtp.messages
    assert (mail.sender, mail.recipients) == ("alerts@example.com", (MONA,))
    head = mail.content
    assert head["From"] == "Alert Bridge <alerts@example.com>"
    assert head["To"] == MONA
    assert head["Subject"] == "High: Anna rated her ticket 1 of 5 (Ticket 4711)"
    assert head["Date"].datetime == NOW
    assert head["Message-ID"] == "<d-4f9a2c@example.com>"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["X-Auto-Response-Suppress"] == "All"
    assert not {"Precedence", "Bcc", "Cc", "Reply-To", "List-Unsubscribe"} & set(head)
    assert (receipt.ref, receipt.to) == ("<d-4f9a2c@example.com>", MONA)
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 78 + len("List-")


def test_a_repeat_has_the_same_id_and_another_letter_has_another(smtp: Smtp, email: Email) -> None:
    assert email.send(direct()) == email.send(direct())
    email.send(direct(marker="d-5"))
    ids = [mail.content["Message-ID"] for mail in smtp.messages]
    assert ids[0] == ids[1] != ids[2]


def test_a_resolved_case_looks_resolved_and_calls_nobody_else(smtp: Smtp, email: Email) -> None:
    ended = msgspec.structs.replace(MESSAGE, resolved=True, headline="Resolved itself: answered")
    email.send(direct(message=ended))
    text, html = parts(smtp)
    assert text.startswith("Resolved itself: answered\n")
    assert "Told next" not in text + html


def test_reasons_that_are_gone_are_told_apart(smtp: Smtp, email: Email) -> None:
    gone = msgspec.structs.replace(LINE, headline="Waits for two hours", gone=True)
    many = (*(msgspec.structs.replace(LINE, headline=f"Reason {n}") for n in range(13)), gone)
    email.send(direct(message=msgspec.structs.replace(MESSAGE, lines=many)))
    text, html = parts(smtp)
    assert "No longer so: Waits for two hours" in text
    assert re.search(r"line-through[^>]*>Waits for two hours<", html)
    assert "Reason 9" in text
    assert "Reason 10" not in text + html
    assert "and 3 more" in text
    assert "and 3 more" in html


# -- other letters --


def test_who_may_leave_is_told_how(smtp: Smtp, email: Email) -> None:
    link = "https://bridge.example.com/u/" + "a1" * 150 + "?team=Billing&sig=x%3D"
    email.post(msgspec.structs.replace(LETTER, unsubscribe=link, reply_to=MONA))
    head = smtp.messages[0].content
    assert head["List-Unsubscribe"] == f"<{link}>"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert head["Reply-To"] == MONA
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in smtp.messages[0].raw


def test_one_may_leave_by_mail_which_no_click_does(smtp: Smtp, email: Email) -> None:
    email.post(msgspec.structs.replace(LETTER, unsubscribe="mailto:leave@example.com"))
    head = smtp.messages[0].content
    assert head["List-Unsubscribe"] == "<mailto:leave@example.com>"
    assert "List-Unsubscribe-Post" not in head


@pytest.mark.parametrize(
    "how",
    [
        "http://bridge.example.com/u",
        "https://e.example/\r\nBcc: all@example.com",
        "javascript:alert(1)",
        "mailto:x@example.com\r\nBcc: all@example.com",
        "mailto:x@example.com?bcc=all@example.com",
        "https://e.example/" + "x" * 2000,
        "https://e.example/ü",
    ],
)
def test_no_other_way_to_leave_is_offered(smtp: Smtp, email: Email, how: str) -> None:
    email.post(msgspec.structs.replace(LETTER, unsubscribe=how))
    [mail] = smtp.messages
    assert "\r\nBcc" not in mail.raw.decode()
    if "\r" not in how:
        assert "List-Unsubscribe" not in mail.content


def test_dots_and_long_lines_come_as_they_were_written(smtp: Smtp, email: Email) -> None:
    text = "Grüße 👋\n.\n..\n.x\n" + "x" * 5000 + "\nQUIT"
    email.post(msgspec.structs.replace(LETTER, text=text))
    assert parts(smtp)[0].splitlines() == text.splitlines()


# -- what it can't be made to do --


@pytest.mark.parametrize(
    "message",
    [
        nasty(),
        nasty(resolved=True),
        nasty(lines=()),
        nasty(url='https://e.example/?a=1&b=<x>"|' + NASTY),
        nasty(headline="", subject="", team="", title="", ref="", text="", lines=(), told=()),
        nasty(headline="\u202e\x00", subject="\u200f", ref="\x00", text="\x00"),
        nasty(headline="😀" * 3000, subject="ü" * 3000),
    ],
)
def test_hostile_words_are_tamed(smtp: Smtp, email: Email, message: Message) -> None:
    email.send(direct(message=message, marker=NASTY))
    [mail] = smtp.messages
    assert mail.recipients == (MONA,)
    assert mail.content.keys() == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
    ]
    assert re.fullmatch(r"<[0-9a-f]{64}@example\.com>", mail.content["Message-ID"])
    assert len(mail.content["Subject"]) <= 150
    assert mail.raw.isascii()
    text, html = parts(smtp)
    assert len(html.encode()) < 102_000  # more than this is cut by some mailboxes
    for form in (text, html):
        assert not re.search(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200f\u2028\u202a-\u202e\ud800-\udfff]", form
        )
    seen = Seen(html)
    assert not {"script", "img", "link", "style", "iframe", "form"} & set(seen.tags)
    assert all(link.startswith(("https://", "http://")) for link in seen.links)
    assert seen.attributes <= {"style", "href", "dir", "lang", "charset", "name", "content"}
    if message.lines:
        assert "<script>alert(1)</script>" in seen.words
        assert re.search(r"(?m)^> <script>", text)
        assert re.search(r"(?m)^> Bcc: ", text)


def test_no_template_is_made_of_what_a_customer_wrote() -> None:
    letter = letter_of(msgspec.structs.replace(MESSAGE, headline="{{ 7*7 }}"), MONA, "d-1")
    assert "{{ 7*7 }}" in letter.html
    assert "49" not in letter.subject
