"""What somebody's words say: how negative they are, and why. Pure."""

from __future__ import annotations

from bridge.domain.text.cold import COLD, Cold
from bridge.domain.text.learned import Artefact, Learned
from bridge.domain.text.tone import Silent, Tone, Words

__all__ = ["COLD", "Artefact", "Cold", "Learned", "Silent", "Tone", "Words"]
