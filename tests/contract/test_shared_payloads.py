"""Real payloads kept beside the project: every source reads or refuses every one of them, and stays calm.

    python -m tests.contract.test_shared_payloads

prints what each source makes of each file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge.domain.model import Unreadable
from connectors import Incoming, Source, source_kinds
from tests.contract.test_sources import sane

SHARED = Path(__file__).parents[3] / "shared" / "payloads"
RECEIVED_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
# More than this is no webhook's body but an API's answer; it says nothing new and costs time.
LARGEST = 200_000

# What we can be sure of, by the beginning of the file's name.
EXPECTED = {
    ("zendesk__webhook_invocation_attempts_user_deleted", "zendesk"): "nothing",
    ("zendesk__eventbridge_agent_assignment_changed", "zendesk"): "assigned",
    ("zendesk__trigger_webhook_custom_body", "zendesk-trigger"): "unreadable: bridge:",
    ("typeform__feedback_one_answer", "typeform"): "unreadable: form_response.answers:",
    ("typeform__form_response_short_text", "typeform"): "unreadable: form_response.answers:",
    ("generic__apigw_v2_request", "generic"): "unreadable: fields.score",
}


def files() -> list[Path]:
    if not SHARED.is_dir():
        return []
    return [
        path
        for path in sorted(SHARED.iterdir())
        if path.suffix != ".tsv" and path.stat().st_size <= LARGEST
    ]


def requests(path: Path) -> Iterator[Incoming]:
    """The file as a request; of a list of attempts, each attempt's own."""
    raw = path.read_bytes()
    kind = FORM if path.suffix == ".urlencoded" else "application/json"
    yield Incoming(headers={"content-type": kind}, body=raw, received_at=RECEIVED_AT)
    try:
        tree = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return
    attempts: list[Any] = tree.get("attempts", []) if isinstance(tree, dict) else []
    for attempt in attempts:
        if request := attempt.get("request"):
            yield Incoming(
                headers={pair["key"].lower(): pair["value"] for pair in request["headers"]},
                body=request["payload"].encode(),
                received_at=RECEIVED_AT,
            )


def outcome(source: Source, incoming: Incoming) -> str:
    """What the source makes of it: the kinds of its events, "nothing", or why it can't be read."""
    try:
        events = list(source.read(incoming))
        source.identify(incoming)
    except Unreadable as error:
        return f"unreadable: {error}"
    for event in events:
        sane(event)
    return " ".join(str(event.__struct_config__.tag) for event in events) or "nothing"


def table() -> Iterator[tuple[str, str, str]]:
    for path in files():
        for kind, cls in source_kinds().items():
            for incoming in requests(path):
                yield path.name, kind, outcome(cls(name=kind), incoming)


@pytest.mark.skipif(not files(), reason="the real payloads are not here")
@pytest.mark.parametrize("kind", source_kinds(), ids=str)
@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_real_payload_is_read_or_refused(path: Path, kind: str) -> None:
    source = source_kinds()[kind](name=kind)
    outcomes = [outcome(source, incoming) for incoming in requests(path)]
    for (beginning, expected_kind), expected in EXPECTED.items():
        if kind == expected_kind and path.name.startswith(beginning):
            assert outcomes[-1].startswith(expected)


if __name__ == "__main__":
    everything = "--all" in sys.argv
    for name, kind, result in table():
        if everything or kind.partition("-")[0] == name.partition("__")[0]:
            print(f"{name} | {kind} | {result[:100]}")
