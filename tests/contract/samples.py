"""The samples in tests/payloads, found by looking.

A folder is named after a source's kind. In it, `source.toml` holds the settings, the secret, and the time of
receipt; `<case>.toml` takes its place for one case. Each case is a request as it came, `<case>.http` (its body
begins after the first empty line and ends with the file), beside what it means: `<case>.events.json`, or
`<case>.unreadable` with the beginning of the complaint. What a source has fetched for it stands in `<case>.fetched`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from bridge.domain.model import AnyEvent
from connectors import Incoming, Source, source_kinds

PAYLOADS = Path(__file__).parents[1] / "payloads"


@dataclass(frozen=True)
class Sample:
    kind: str
    case: str
    source: Source
    incoming: Incoming
    secret: str
    body_is_signed: bool
    replay_window: bool

    def __str__(self) -> str:
        return f"{self.kind}/{self.case}"

    @property
    def events(self) -> list[AnyEvent] | None:
        path = PAYLOADS / self.kind / f"{self.case}.events.json"
        if not path.exists():
            return None
        return msgspec.json.decode(path.read_bytes(), type=list[AnyEvent])

    @property
    def complaint(self) -> str:
        return (PAYLOADS / self.kind / f"{self.case}.unreadable").read_text().strip()


def _fetched(path: Path) -> bytes:
    beside = path.with_suffix(".fetched")
    return beside.read_bytes() if beside.exists() else b""


def request(raw: bytes, received_at: datetime, fetched: bytes = b"") -> Incoming:
    """A request in the words of HTTP/1.1, with the framework taken off."""
    head, _, body = raw.partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    method, url, _ = first.split()
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Incoming(
        method=method,
        url=url,
        headers=headers,
        body=body,
        received_at=received_at,
        fetched=fetched,
    )


def samples() -> Iterator[Sample]:
    """Every sample of every kind."""
    for path in sorted(PAYLOADS.glob("*/*.http")):
        own = path.with_suffix(".toml")
        config = own if own.exists() else path.parent / "source.toml"
        setup: dict[str, Any] = tomllib.loads(config.read_text())
        yield Sample(
            kind=path.parent.name,
            case=path.stem,
            source=source_kinds()[path.parent.name](**setup["settings"]),
            incoming=request(path.read_bytes(), setup["received_at"], _fetched(path)),
            secret=setup.get("secret", ""),
            body_is_signed=setup.get("body_is_signed", True),
            replay_window=setup.get("replay_window", False),
        )
