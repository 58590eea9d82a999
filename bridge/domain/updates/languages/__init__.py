"""The languages in which updates are read: one file each. A new language is a new file, named in `ALL`.

Patterns are regular expressions that match at the edges of words, upper or lower case.
"""

from __future__ import annotations

from bridge.domain.updates.languages import de, en, es, fr
from bridge.domain.updates.languages.shape import Asked, Language

ALL: tuple[Language, ...] = (en.LANGUAGE, de.LANGUAGE, fr.LANGUAGE, es.LANGUAGE)

__all__ = ["ALL", "Asked", "Language"]
