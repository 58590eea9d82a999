"""What has to hold for everything drawn for Slack, whatever was put into it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from bridge.sandbox.blocks import problems, view_problems

MOST = 13_000
"""Characters of all blocks of a message; Slack's own limit is about this (unconfirmed)."""

_MOST_OF_A_VIEW = 250_000
_LIMITS = {"header": 150, "plain_text": 2000, "mrkdwn": 2000}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CALLS = re.compile(r"<[!@#](?!date\^)|<https?://evil|@(channel|here|everyone)\b")
_DATE = r"<!date\^\d+\^[^|<>]+\|[^|<>]+>"
_MARKUP = re.compile(rf"<https?://[^|<>\s]+\|[^|<>]+>|[^<>*~`|]*({_DATE})?[^<>*~`|]*")
_INPUTS = {  # docs.slack.dev/reference/block-kit/blocks/input-block
    "plain_text_input",
    "static_select",
    "radio_buttons",
    "datetimepicker",
    "users_select",
    "multi_users_select",
}


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text in what was drawn, with the kind of object it stands in."""
    if isinstance(value, dict):
        kind = str(value.get("type"))
        for name, inner in value.items():
            if isinstance(inner, str) and name in {"text", "url", "block_id"}:
                yield kind, inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def shown(drawn: Any) -> str:
    """All of it as it goes over the wire, readable."""
    return json.dumps(drawn, ensure_ascii=False)


def elements(drawn: Any, kind: str) -> list[dict[str, Any]]:
    """Every object of a type, wherever it stands."""
    if isinstance(drawn, dict):
        own = [drawn] if drawn.get("type") == kind else []
        return own + [one for inner in drawn.values() for one in elements(inner, kind)]
    if isinstance(drawn, list):
        return [one for inner in drawn for one in elements(inner, kind)]
    return []


def harmless_message(drawn: list[dict[str, Any]]) -> None:
    """Within all limits, and without anything that calls people or hides."""
    assert problems(drawn) == []
    assert len(shown(drawn)) < MOST
    _harmless(drawn)


def harmless_view(view: dict[str, Any]) -> None:
    """The same for a modal or the home; its inputs are ones that a modal may have."""
    assert view_problems(view) == []
    assert len(shown(view)) < _MOST_OF_A_VIEW
    for block in elements(view, "input"):
        assert block["element"]["type"] in _INPUTS
        assert block["element"]["action_id"] == "value"
        assert view["submit"]["text"]
    _harmless(view)


def _harmless(drawn: Any) -> None:
    json.dumps(drawn).encode()
    for kind, text in texts(drawn):
        assert text
        assert len(text.encode("utf-16-le")) // 2 <= _LIMITS.get(kind, 3000)
        assert "\r" not in text
        assert not _UNSEEN.search(text)
        assert not _CALLS.search(text)
        if kind == "mrkdwn":
            assert _MARKUP.fullmatch(text), text
            assert not re.search(r"&(?!amp;|lt;|gt;)", text)
    for menu in elements(drawn, "overflow"):
        assert 1 <= len(menu["options"]) <= 5
    for one in elements(drawn, "header"):
        assert len(one["text"]["text"].encode("utf-16-le")) // 2 <= 150
