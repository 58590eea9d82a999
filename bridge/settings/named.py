"""Tables within a rule's table, each under a name of its own: [rules.metric_threshold.limits.backlog]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.settings.reader import Reader


def named(reader: Reader, cls: Any, where: tuple[str, ...], value: object) -> tuple[Any, ...]:
    """A dataclass from each table, which gives it its name; an empty list is none. Raises ConfigError."""
    if value == []:
        return ()
    if not isinstance(value, dict):
        reader.fail(where, f"must be tables: [{'.'.join(where)}.some-name]")
    found = []
    for name, table in value.items():
        if not isinstance(table, dict):
            reader.fail((*where, name), f"must be a table: [{'.'.join((*where, name))}]")
        found.append(reader.build(cls, (*where, name), dict(table), name=name))
    return tuple(found)
