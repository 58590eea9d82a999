"""Mistakes in the viewer's language; files by their names, for a page has no business with folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flask_babel import gettext

from bridge.teamcheck import Mistake


def said(one: Mistake) -> str:
    """What is wrong, and the way out."""
    return one.words(_say)


def all_said(found: Iterable[Mistake]) -> list[str]:
    """The same of several, each with its field."""
    return [f"{one.field}: {said(one)}" for one in found]


def _say(words: str, **given: str) -> str:
    if "file" in given:
        given["file"] = Path(given["file"]).name
    return str(gettext(words, **given))
