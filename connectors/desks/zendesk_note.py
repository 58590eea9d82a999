"""An alert as an internal note on a Zendesk ticket: plain text, short, for the agent who reads it there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.domain.model import Line, Message
from connectors.plain import cut, plain, web, when

_NOTE = 2900  # Zendesk takes 65,535, nobody reads more than this
_WORDS = 700
_MOST_REASONS = 10


def note_text(message: Message, marker: str = "") -> str:
    """The alert as an internal note, in plain text: short, and with the marker in its last line."""
    state = "Resolved" if message.resolved else message.severity.name.capitalize()
    headline = _tame(message.headline, 250)
    if not (message.resolved and headline.startswith(state)):
        headline = f"{state}: {headline}"
    told = [f"Alert Bridge · {headline}"]
    told.append(f"Since {when(message.since)}" + _after(" · Team ", message.team))
    standing = [line for line in message.lines if not line.gone]
    gone = [line for line in message.lines if line.gone]
    for line in standing[:_MOST_REASONS]:
        told += _reason(line, alone=len(message.lines) == 1, said=message.headline)
    told += [f"No longer so: {_tame(line.headline, 200)}" for line in gone[:_MOST_REASONS]]
    told += [
        _after("Told: ", ", ".join(message.told), 300),
        _after("Discussed at: ", web(message.link), 500),
        _after("Please note: ", message.remark, 300),
    ]
    last = f"Ref {_tame(message.ref, 60)}" + (f" · {marker}" if marker else "")
    return cut("\n".join(filter(None, told)), _NOTE - len(last)) + f"\n{last}"


def _reason(line: Line, *, alone: bool, said: str) -> Iterator[str]:
    if not (alone and line.headline == said):
        yield f"• {line.severity.name.capitalize()}: {_tame(line.headline, 200)}"
    for label, value in line.facts[:8]:
        yield f"  {_tame(label, 60)}: {_tame(value, 200)}"
    if words := _tame(line.words, _WORDS, lines=True):
        yield "The customer's words:"
        yield from (f"> {one}".rstrip() for one in words.split("\n"))
    yield _after("Listen: ", web(line.recording), 500)
    yield _after("What would put it right: ", line.fix, 400)
    yield _after("Playbook: ", line.playbook, 400)


def _after(label: str, text: str, limit: int = 100) -> str:
    text = _tame(text, limit)
    return f"{label}{text}" if text else ""


def _tame(text: str, limit: int, *, lines: bool = False) -> str:
    """What somebody wrote, so that Zendesk neither fills in placeholders nor loads pictures from it.

    That it does so in comments made over the API is unconfirmed.
    """
    text = re.sub(r"\{(?=[{%])", "{ ", plain(text, lines=lines))
    return cut(re.sub(r"!(?=\[)", "! ", text), limit)
