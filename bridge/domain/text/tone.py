"""What judging somebody's words comes to, and what whoever judges them owes."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Tone(Struct, frozen=True):
    """How negative a text is, in 0..1 (0.5 and more: rather negative than not), and the words that weighed most."""

    negative: float
    why: tuple[str, ...] = ()


class Words(Protocol):
    """Judges texts. Must be pure: the same text gives the same tone.

    `name` says what judges ("vader", or the version of what was learned); `line` is the negativity from which on a
    text counts as negative.
    """

    @property
    def name(self) -> str: ...

    @property
    def line(self) -> float: ...

    def tone(self, text: str) -> Tone: ...

    def boilerplate(self, sentence: str) -> bool:
        """Whether this sentence of an agent's stands in many tickets' replies, so that it says nothing of this one."""


class Silent(Struct, frozen=True):
    """Finds nothing negative."""

    name: str = "none"
    line: float = 0.5

    def tone(self, text: str) -> Tone:  # noqa: ARG002
        return Tone(0.0)

    def boilerplate(self, sentence: str) -> bool:  # noqa: ARG002
        return False
