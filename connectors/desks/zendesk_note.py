"""An alert as an internal note on a Zendesk ticket."""

from __future__ import annotations

import re

from bridge.domain.model import Message
from connectors.desks import note


def note_text(message: Message, marker: str = "") -> str:
    """The alert as an internal note, in plain text: short, and with the marker in its last line."""
    return note.note_text(message, marker, _tame)


def _tame(text: str) -> str:
    """What somebody wrote, so that Zendesk neither fills in placeholders nor loads pictures from it.

    That it does so in comments made over the API is unconfirmed.
    """
    return re.sub(r"!(?=\[)", "! ", re.sub(r"\{(?=[{%])", "{ ", text))
