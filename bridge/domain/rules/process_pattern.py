"""Process pattern: low scores gather around one topic, or alerts around one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.patterns import Pattern


@dataclass(frozen=True, kw_only=True)
class ProcessPattern(Pattern):
    """Within thirty days, far more answers about one topic were low than about others, or far more alerts had one cause
    than in the ninety days before.

    >>> late = Measure(NOW, 14, 30, 4.2, 0.002)
    >>> example(ProcessPattern(), id="topic:cause:delivery", name="delivery", measures={"cause_share": (late,)})
    ['14 of 30 alerts were caused by delivery']
    >>> once = Measure(NOW, 2, 4, 0.4, 0.6)
    >>> example(ProcessPattern(), id="topic:cause:delivery", name="delivery", measures={"cause_share": (once,)})
    []
    """

    name: ClassVar[str] = "process_pattern"
    playbook: ClassVar[str] = (
        "Give the cause to whoever owns the process, with the cases as evidence; ask for a date."
    )
    desk: ClassVar[str] = "topic"
    says: ClassVar[Mapping[str, str]] = {
        "low_share": "{bad:.0f} of {of:.0f} answers about {name} are low",
        "cause_share": "{bad:.0f} of {of:.0f} alerts were caused by {name}",
    }
    fix: ClassVar[str] = "a change of the process that causes it"
