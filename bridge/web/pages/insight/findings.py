"""What a chart shows, in one sentence: for those who don't see it, and for those in a hurry."""

from __future__ import annotations

from flask_babel import format_decimal, gettext

from bridge.insight.tables import Table
from bridge.web.pages.insight.shown import percent


def of_share(table: Table, share: str) -> str:
    """How a share went: at first, at last, in total. The table's last line is the total."""
    values = table.column(share)
    told = [value for value in values[:-1] if value is not None]
    if not told:
        return ""
    said: str = gettext(
        "%(total)s over the whole period; %(first)s at its beginning, %(last)s at its end",
        total=percent(values[-1]),
        first=percent(told[0]),
        last=percent(told[-1]),
    )
    return said


def of_counts(table: Table) -> str:
    """How many in total, and between what they went. The table's last line is the total."""
    *each, total = table.column("total")
    if not each:
        return ""
    said: str = gettext(
        "%(total)s in total; between %(least)s and %(most)s at a time",
        total=format_decimal(total),
        least=format_decimal(min(each)),
        most=format_decimal(max(each)),
    )
    return said


def of_parts(table: Table) -> str:
    """Which part is the largest, and how large. The table has no line with the total."""
    sums = {column.name: sum(table.column(column.name)) for column in table.columns[1:]}
    largest = max(sums, key=lambda name: sums[name], default="")
    if not largest or not sums[largest]:
        return ""
    said: str = gettext(
        "Most often “%(part)s”: %(many)s of %(total)s",
        part=largest,
        many=format_decimal(sums[largest]),
        total=format_decimal(sum(sums.values())),
    )
    return said


def of_two(table: Table, one: str, other: str) -> str:
    """How two shares stand at the end."""
    ends = []
    for name in (one, other):
        told = [value for value in table.column(name) if value is not None]
        ends.append(percent(told[-1] if told else None))
    said: str = gettext(
        "At the end %(one)s of those with an alert are satisfied, and %(other)s of those without",
        one=ends[0],
        other=ends[1],
    )
    return said
