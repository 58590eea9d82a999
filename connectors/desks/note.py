"""An alert as an internal note on a ticket: plain text, short, for the agent who reads it there.

What a helpdesk would do to the text is its own file's knowledge, handed in as `tame`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridge.domain.model import Line, Message
from connectors.plain import cut, plain, web, when

LONGEST = 2900
"""Characters of a note. Helpdesks take 30,000 and more, nobody reads more than this."""

_WORDS = 700
_MOST_REASONS = 10

Tame = Callable[[str], str]
"""Makes harmless what somebody wrote: one piece at a time, before it is cut."""


def note_text(message: Message, marker: str = "", tame: Tame = str) -> str:
    """The alert as an internal note: short, and with the marker in its last line.

    With words of its own (`message.text`) it is a line that follows up on an earlier note.
    """
    note = _Note(tame)
    return note.line(message, marker) if message.text else note.text(message, marker)


class _Note:
    def __init__(self, tame: Tame) -> None:
        self._harmless = tame

    def text(self, message: Message, marker: str) -> str:
        state = "Resolved" if message.resolved else message.severity.name.capitalize()
        headline = self._tame(message.headline, 250)
        if not (message.resolved and headline.startswith(state)):
            headline = f"{state}: {headline}"
        told = [f"Alert Bridge · {headline}"]
        told.append(f"Since {when(message.since)}" + self._after(" · Team ", message.team))
        standing = [line for line in message.lines if not line.gone]
        gone = [line for line in message.lines if line.gone]
        for line in standing[:_MOST_REASONS]:
            told += self._reason(line, alone=len(message.lines) == 1, said=message.headline)
        told += [f"No longer so: {self._tame(line.headline, 200)}" for line in gone[:_MOST_REASONS]]
        told += [
            self._after("Told: ", ", ".join(message.told), 300),
            self._after("Discussed at: ", web(message.link), 500),
            self._after("Please note: ", message.remark, 300),
        ]
        last = f"Ref {self._tame(message.ref, 60)}" + (f" · {marker}" if marker else "")
        return cut("\n".join(filter(None, told)), LONGEST - len(last)) + f"\n{last}"

    def line(self, message: Message, marker: str) -> str:
        last = f"Ref {self._tame(message.ref, 60)}" + (f" · {marker}" if marker else "")
        return f"Alert Bridge · {self._tame(message.text, _WORDS)}\n{last}"

    def _reason(self, line: Line, *, alone: bool, said: str) -> Iterator[str]:
        if not (alone and line.headline == said):
            yield f"• {line.severity.name.capitalize()}: {self._tame(line.headline, 200)}"
        for label, value in line.facts[:8]:
            yield f"  {self._tame(label, 60)}: {self._tame(value, 200)}"
        if words := self._tame(line.words, _WORDS, lines=True):
            yield "The customer's words:"
            yield from (f"> {one}".rstrip() for one in words.split("\n"))
        yield self._after("Listen: ", web(line.recording), 500)
        yield self._after("What would put it right: ", line.fix, 400)
        yield self._after("Playbook: ", line.playbook, 400)

    def _after(self, label: str, text: str, limit: int = 100) -> str:
        text = self._tame(text, limit)
        return f"{label}{text}" if text else ""

    def _tame(self, text: str, limit: int, *, lines: bool = False) -> str:
        return cut(self._harmless(plain(text, lines=lines)), limit)
