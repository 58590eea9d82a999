"""What comes in from Slack, however it is mangled: read, or refused with the field's name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from msgspec.structs import replace

from bridge.domain.model import Pressed, Unreadable
from connectors import Incoming
from connectors.people.slack import SlackApp, plainly, thread
from connectors.people.slack_payload import ACTIONS, COMMANDS, EVENTS
from connectors.reading import Node
from tests.contract.samples import Sample, samples
from tests.contract.test_sources import MONSTERS, changed, paths, sane, without

APP = SlackApp(name="slack")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINE = [sample for sample in samples() if sample.kind == "slack"]
FORMS = [s for s in MINE if s.incoming.url == ACTIONS and s.events is not None]


def sent(sample: Sample) -> Any:
    return json.loads(dict(parse_qsl(sample.incoming.body.decode()))["payload"])


def read(sample: Sample, payload: Any) -> None:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    incoming = replace(sample.incoming, body=body)
    for one in (incoming, replace(incoming, body=APP.scrub(incoming))):
        try:
            APP.identify(one)
            found = list(APP.read(one))
        except Unreadable:
            continue
        for event in found:
            sane(event)


@pytest.mark.parametrize("sample", FORMS, ids=str)
def test_every_mutation_of_a_payload_is_read_or_refused(sample: Sample) -> None:
    tree = sent(sample)
    for path in paths(tree):
        read(sample, without(tree, path))
        for monster in MONSTERS:
            read(sample, changed(tree, path, monster))


@pytest.mark.parametrize("sample", FORMS, ids=str)
def test_what_is_kept_says_the_same_without_the_address_to_answer_by(sample: Sample) -> None:
    kept = replace(sample.incoming, body=APP.scrub(sample.incoming))
    assert list(APP.read(kept)) == sample.events
    assert APP.identify(kept) == APP.identify(sample.incoming)
    assert not {"token", "response_url", "response_urls"} & set(
        sent(replace_incoming(sample, kept))
    )


def replace_incoming(sample: Sample, incoming: Incoming) -> Sample:
    return Sample(
        sample.kind, sample.case, sample.source, incoming, sample.secret, body_is_signed=True,
        replay_window=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<@U1> <@U2|nils> <#C1|sales> <#C2>", "@U1 nils #sales #C2"),
        ("<!here> <!subteam^S1|@leads> <!date^1^{date}|today>", "@here @leads today"),
        ("<https://example.com|the page> <mailto:a@example.com|a@example.com>", "the page a@example.com"),
        ("<https://example.com/a?b=c&amp;d>", "https://example.com/a?b=c&d"),
        ("1 < 2", "1 < 2"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_messages_text_is_read_as_people_see_it(text: str, plain: str) -> None:
    assert plainly(text) == plain


@pytest.mark.parametrize(
    ("more", "heard"),
    [
        ({}, True),
        ({"subtype": "thread_broadcast"}, True),
        ({"subtype": "message_changed"}, False),
        ({"subtype": "bot_message"}, False),
        ({"bot_id": "B0BRIDGE1"}, False),
        ({"thread_ts": None}, False),
        ({"text": ""}, False),
        ({"type": "reaction_added"}, False),
    ],
)
def test_only_what_people_write_in_a_thread_is_heard(more: dict[str, Any], heard: bool) -> None:
    said = {
        "type": "message",
        "channel": "C0BILLING",
        "user": "U0MONA001",
        "text": "I call them.",
        "ts": "1772445590.000300",
        "thread_ts": "1772445480.000100",
    }
    found = thread(Node({"event": {**said, **more}}))
    assert found == (("C0BILLING", "1772445480.000100") if heard else None)


def request(url: str, body: bytes = b"", method: str = "POST") -> Incoming:
    return Incoming(method=method, url=url, headers={}, body=body, received_at=NOW)


def test_handshakes_are_answered_and_not_kept() -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    answer = APP.answer(request(f"https://bridge.example.com{EVENTS}", challenge))
    assert answer
    assert (answer.status, answer.body, answer.keep) == (200, "3eZbrw1a", False)
    for one in (
        request(f"{COMMANDS}?ssl_check=1&token=x", method="GET"),
        request(COMMANDS, b"ssl_check=1&token=x"),
    ):
        answer = APP.answer(one)
        assert answer
        assert (answer.status, answer.body, answer.keep) == (200, "", False)


@pytest.mark.parametrize("where", ["/hooks/slack", "/slack", "/slack/other"])
def test_another_address_keeps_nothing(where: str) -> None:
    answer = APP.answer(request(where, b"payload={}"))
    assert answer
    assert (answer.status, answer.keep) == (404, False)


def test_a_command_changes_nothing() -> None:
    with pytest.raises(Unreadable):
        list(APP.read(request(COMMANDS, b"command=%2Falerts&text=mine")))


def test_what_is_told_of_people_is_theirs_by_id() -> None:
    [sample] = [s for s in MINE if s.case == "assigned"]
    [pressed] = APP.read(sample.incoming)
    assert isinstance(pressed, Pressed)
    assert (pressed.who.name, pressed.people[0].name) == ("Mona Berg", "Nils Holm")
