"""A rule's tunables as bridge.toml writes them, for people to change and for the reader to take again. Pure."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

from bridge.domain.model import Severity


def written(value: object) -> str:
    """A tunable as a person may write it in a field: words without quotes, lists and tables as in bridge.toml."""
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{_quoted(name)} = {_quoted(one)}" for name, one in value.items())
            + "}"
        )
    return str(value)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else written(value)


def word(value: object) -> object:
    """A tunable as the configuration would hold it: "off" for none, "high", "2h"; tables for what has names."""
    if value is None:
        return "off"
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, tuple):
        rows = {one.name: _row(one) for one in value if hasattr(one, "name")}
        return rows or [word(one) for one in value]
    return value.name.lower() if isinstance(value, Severity) else value


def _row(one: Any) -> dict[str, object]:
    """A table within a rule's, without its name and what is as it is by itself."""
    return {
        field.name: word(value)
        for field in dataclasses.fields(one)
        if field.name != "name" and (value := getattr(one, field.name)) != field.default
    }


def _span(length: timedelta) -> str:
    """A duration as the configuration writes it: "7d", "1h30m"."""
    left, parts = int(length.total_seconds()), ""
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        many, left = divmod(left, seconds)
        parts += f"{many}{unit}" if many else ""
    return parts or "0s"
