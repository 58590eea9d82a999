"""Where something stands in the configuration: the file and the line in which it is changed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bridge.settings import Settings
from bridge.settings.reader import Reader


class File:
    """The configuration as it is on disk now, which may be another than the one that is lived by."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.path
        try:
            self.text = Path(settings.path).read_text("utf-8")
            self.raw: Mapping[str, Any] = tomllib.loads(self.text)
        except (OSError, tomllib.TOMLDecodeError):
            self.text, self.raw = "", {}
        self.changed = sha256(self.text.encode()).hexdigest() != settings.digest

    def place(self, *where: str) -> str:
        """The file and line of a table or a key, the file and the table's name where it isn't in it yet."""
        inner: Any = self.raw
        for part in where:
            if not isinstance(inner, Mapping) or part not in inner:
                return f"{self.path}: [{'.'.join(where)}]"
            inner = inner[part]
        return f"{self.path}:{Reader(self.text, self.path).line(where)}"
