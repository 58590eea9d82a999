"""Environment + `config/bridge.toml` -> one frozen `Settings`.

The file holds policy: desks, sources, calendars, goals, rules, routes. Secrets never stand in it: it
names the variable that holds each, and every variable `NAME` may be given as a file in `NAME_FILE`.
An error names the file, the line, the key, and the nearest right key.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from bridge.domain.model import ConfigError
from bridge.settings.reader import Reader
from bridge.settings.sections import (
    DeskSetting,
    Settings,
    SlackSection,
    SourceSetting,
    database_url,
    duration,
)

__all__ = [
    "DeskSetting",
    "Settings",
    "SlackSection",
    "SourceSetting",
    "database_url",
    "duration",
    "load",
    "parse",
]

DEFAULT_CONFIG = "config/bridge.toml"


def load(env: Mapping[str, str], path: str | Path | None = None) -> Settings:
    """Read the configuration. Raises ConfigError."""
    chosen = Path(path or env.get("BRIDGE_CONFIG") or DEFAULT_CONFIG)
    try:
        text = chosen.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{chosen}: no such file. Set BRIDGE_CONFIG to your configuration"
        ) from error
    return parse(text, env, str(chosen))


def parse(text: str, env: Mapping[str, str], path: str = DEFAULT_CONFIG) -> Settings:
    """Read a configuration from its text. Raises ConfigError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    settings = Reader(text, path).settings(raw, env)
    return dataclasses.replace(settings, digest=sha256(text.encode()).hexdigest())
