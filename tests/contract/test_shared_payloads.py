"""Real payloads kept beside the project: every source reads or refuses every one of them, and stays calm.

    python -m tests.contract.test_shared_payloads [--all]

prints what its source makes of each file, or with --all every source of every file. A source that would have to ask
the vendor says "to be fetched". A tool that the generic source reads is read by its file in config/examples.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge.domain.model import Undeliverable, Unreadable
from connectors import Incoming, Source, source_kinds
from tests.contract.test_examples import EXAMPLES, example
from tests.contract.test_sources import sane

SHARED = Path(__file__).parents[3] / "shared" / "payloads"
RECEIVED_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
# More than this is no webhook's body but an API's answer; it says nothing new and costs time.
LARGEST = 200_000
NOWHERE = "http://127.0.0.1:9"  # nobody listens there

# The beginnings of files' names that are no kind's.
CALLED = {"jira": ("jsm", "jsm-automation")}

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
    fetch = getattr(source, "fetch", None)
    try:
        if fetch:
            source.identify(incoming)
            fetch(incoming, "token")
        events = list(source.read(incoming))
        source.identify(incoming)
    except Unreadable as error:
        return f"unreadable: {error}"
    except Undeliverable:
        assert fetch
        return "to be fetched"
    for event in events:
        sane(event)
    return " ".join(str(event.__struct_config__.tag) for event in events) or "nothing"


def source_of(kind: str) -> Source:
    """A source of this kind, which reaches no vendor."""
    cls = source_kinds()[kind]
    more = {"base_url": NOWHERE} if "base_url" in cls.__dataclass_fields__ else {}
    made: Source = cls(name=kind, **more)
    return made


def own(path: Path) -> Iterator[tuple[str, Source]]:
    """The sources that a file was sent to, by its name."""
    vendor = path.name.partition("__")[0]
    for kind in CALLED.get(vendor, ()):
        yield kind, source_of(kind)
    for kind in source_kinds():
        if kind.partition("-")[0] == vendor:
            yield kind, source_of(kind)
    ready = EXAMPLES / f"{vendor}.toml"
    if ready.exists() and 'kind = "generic"' in ready.read_text("utf-8"):
        yield f"generic, {vendor}.toml", example(vendor)


def table(*, everything: bool = False) -> Iterator[tuple[str, str, str]]:
    for path in files():
        sources = ((k, source_of(k)) for k in source_kinds()) if everything else own(path)
        for name, source in sources:
            for incoming in requests(path):
                yield path.name, name, outcome(source, incoming)


@pytest.mark.skipif(not files(), reason="the real payloads are not here")
@pytest.mark.parametrize("kind", source_kinds(), ids=str)
@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_real_payload_is_read_or_refused(path: Path, kind: str) -> None:
    source = source_of(kind)
    outcomes = [outcome(source, incoming) for incoming in requests(path)]
    for (beginning, expected_kind), expected in EXPECTED.items():
        if kind == expected_kind and path.name.startswith(beginning):
            assert outcomes[-1].startswith(expected)


@pytest.mark.skipif(not files(), reason="the real payloads are not here")
@pytest.mark.parametrize("path", [p for p in files() if any(own(p))], ids=lambda path: path.stem)
def test_a_real_payload_is_read_or_refused_by_its_own_sources(path: Path) -> None:
    for _, source in own(path):
        assert [outcome(source, incoming) for incoming in requests(path)]


if __name__ == "__main__":
    for name, kind, result in table(everything="--all" in sys.argv):
        print(f"{name} | {kind} | {result[:100]}")
