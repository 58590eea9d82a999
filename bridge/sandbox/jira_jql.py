"""A small part of JQL: conditions joined by AND, and an order. Anything else is refused.

    project in (HELP, OPS) AND updated >= "2026-11-21 09:30" ORDER BY updated ASC

Dates without a zone are read in the zone of whoever asks, to the minute, as Jira does.
Source: support.atlassian.com/jira-software-cloud/docs/jql-fields and jql-operators
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bridge.sandbox.jira_records import Issue, Project, Refused

_TOKEN = re.compile(
    r"""\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<sign>!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[^\s"'!=<>(),]+))"""
)
_FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_AGO = re.compile(r"([+-]?)(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ORDERED = {">=": ge, ">": gt, "<=": le, "<": lt}
_IDS = {"id", "key", "issue", "issuekey"}
_DATES = {
    "updated": "updated",
    "updateddate": "updated",
    "created": "created",
    "createddate": "created",
    "resolved": "resolved",
    "resolutiondate": "resolved",
}
_KEYS: dict[str, Callable[[Issue], Any]] = {
    "key": lambda issue: (issue.project.key, int(issue.key.rpartition("-")[2])),
    "id": lambda issue: int(issue.id),
    "updated": lambda issue: issue.updated,
    "created": lambda issue: issue.created,
    "resolved": lambda issue: issue.resolved or datetime.max.replace(tzinfo=UTC),
    "resolutiondate": lambda issue: issue.resolved or datetime.max.replace(tzinfo=UTC),
}

Condition: TypeAlias = Callable[[Issue], bool]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of which site: what names mean depends on it."""

    now: datetime
    zone: str
    projects: Mapping[str, Project]
    """By key."""
    issue_ids: Mapping[str, str]
    """Issue ids by id and by key, old keys too."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. No conditions at all: it is unbounded."""

    conditions: tuple[Condition, ...]
    order: tuple[tuple[Callable[[Issue], Any], bool], ...]
    """Sort keys with True for descending, the weightiest first."""

    def matches(self, issue: Issue) -> bool:
        """Does the issue meet all conditions?"""
        return all(condition(issue) for condition in self.conditions)

    def sorted(self, issues: list[Issue]) -> list[Issue]:
        """In the order asked for, else the newest first."""
        found = sorted(issues, key=lambda issue: int(issue.id), reverse=True)
        for key, descending in reversed(self.order):
            found.sort(key=key, reverse=descending)
        return found


def parse(jql: str, asking: Asking) -> Query:
    """Understand a query. Raises Refused (400), saying what is not understood."""
    return _Parser(jql, asking).query()


class _Parser:
    def __init__(self, jql: str, asking: Asking) -> None:
        self._tokens = _tokens(jql)
        self._asking = asking
        self._at = 0

    def query(self) -> Query:
        conditions = []
        if self._peek() not in {"", "order"}:
            conditions.append(self._condition())
            while self._peek() == "and":
                self._take()
                conditions.append(self._condition())
        order = self._order() if self._peek() == "order" else ()
        if self._peek():
            raise _wrong(f"Expecting either 'AND' or 'ORDER BY' but got '{self._take()}'.")
        return Query(tuple(conditions), order)

    def _peek(self) -> str:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _take(self, *expected: str) -> str:
        if self._at >= len(self._tokens) or (expected and self._peek() not in expected):
            got = self._tokens[self._at] if self._at < len(self._tokens) else "the end"
            raise _wrong(f"Expecting {' or '.join(expected) or 'a value'} but got '{got}'.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _condition(self) -> Condition:
        field = self._take()
        sign = self._take("=", "!=", ">=", "<=", ">", "<", "in", "not", "is").lower()
        if sign == "not":
            self._take("in")
            sign = "not in"
        if sign == "is":
            negated = self._peek() == "not" and bool(self._take())
            self._take("empty", "null")
            return _empty(field.lower(), negated)
        values = self._values() if sign in {"in", "not in"} else [self._take()]
        return self._compare(field, sign, values)

    def _values(self) -> list[str]:
        self._take("(")
        values = [self._take()]
        while self._take(",", ")") == ",":
            values.append(self._take())
        return values

    def _compare(self, field: str, sign: str, values: list[str]) -> Condition:
        name = field.lower()
        if name in _DATES:
            if sign not in _ORDERED:
                raise _wrong(f"The operator '{sign}' is not supported here for '{field}'.")
            return partial(_dated, _DATES[name], _ORDERED[sign], self._date(values[0]))
        if sign in _ORDERED:
            raise _wrong(f"The operator '{sign}' is not supported by the '{field}' field.")
        wanted = frozenset(self._meant(name, field, value) for value in values)
        return partial(_among, name, wanted, sign in {"=", "in"})

    def _meant(self, name: str, field: str, value: str) -> str:
        """What a value stands for. Raises Refused for a name that does not exist."""
        if name == "project":
            for project in self._asking.projects.values():
                if value.lower() in {project.id, project.key.lower(), project.name.lower()}:
                    return project.id
            raise _wrong(f"The value '{value}' does not exist for the field 'project'.")
        if name in _IDS:
            if value.upper() not in self._asking.issue_ids:
                raise _wrong(f"An issue with key '{value}' does not exist for field '{field}'.")
            return self._asking.issue_ids[value.upper()]
        if name in {"status", "statuscategory", "labels", "projecttype", "assignee", "reporter"}:
            return value if name == "labels" else value.lower()
        message = f"Field '{field}' does not exist or you do not have permission to view it."
        raise _wrong(message)

    def _date(self, value: str) -> datetime:
        ago = _AGO.fullmatch(value)
        if ago:
            span = timedelta(**{_UNITS[ago[3]]: int(ago[2])})
            return self._asking.now - span if ago[1] == "-" else self._asking.now + span
        if value.isdigit():
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
        for form in _FORMATS:
            try:
                local = datetime.strptime(value, form)  # noqa: DTZ007 - the zone comes next
            except ValueError:
                continue
            return local.replace(tzinfo=ZoneInfo(self._asking.zone))
        raise _wrong(
            f"Date value '{value}' for field is invalid. Valid formats include: "
            "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', "
            "or a period format e.g. '-5d', '4w 2d'."
        )

    def _order(self) -> tuple[tuple[Callable[[Issue], Any], bool], ...]:
        self._take("order")
        self._take("by")
        order = []
        while True:
            field = self._take()
            if field.lower() not in _KEYS:
                raise _wrong(f"Not able to sort using field '{field}'.")
            turned = self._peek() in {"asc", "desc"} and self._take().lower() == "desc"
            order.append((_KEYS[field.lower()], turned))
            if self._peek() != ",":
                return tuple(order)
            self._take()


def _tokens(jql: str) -> Sequence[str]:
    tokens, at = [], 0
    while jql[at:].strip():
        found = _TOKEN.match(jql, at)
        if found is None:
            raise _wrong(f"The character at {at} cannot be read.")
        quoted = found["double"] if found["double"] is not None else found["single"]
        tokens.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else found[0].strip())
        at = found.end()
    return tokens


def _dated(
    name: str, compare: Callable[[datetime, datetime], bool], limit: datetime, issue: Issue
) -> bool:
    value: datetime | None = getattr(issue, name)
    return value is not None and compare(value, limit)


def _among(name: str, wanted: frozenset[str], included: bool, issue: Issue) -> bool:
    """Fields without a value are not unlike anything either: `!=` leaves them out, as in Jira."""
    values = _values_of(name, issue)
    return bool(values) and bool(values & wanted) is included


def _empty(name: str, negated: bool) -> Condition:
    if name not in {"assignee", "labels", "resolution", "resolved", "resolutiondate"}:
        raise _wrong(f"The operator 'is' is not supported here for the '{name}' field.")
    return lambda issue: bool(_values_of(name, issue)) is negated


_CATEGORIES = {"new": "to do", "indeterminate": "in progress", "done": "done"}
_VALUES: dict[str, Callable[[Issue], tuple[str | None, ...]]] = {
    "project": lambda issue: (issue.project.id,),
    **dict.fromkeys(_IDS, lambda issue: (issue.id,)),
    "status": lambda issue: (issue.status.id, issue.status.name.lower()),
    "statuscategory": lambda issue: (
        issue.status.category,
        _CATEGORIES[issue.status.category],
    ),
    "projecttype": lambda issue: ("service_desk" if issue.project.is_desk else "software",),
    "labels": lambda issue: issue.labels,
    "assignee": lambda issue: (issue.assignee and issue.assignee.lower(),),
    "reporter": lambda issue: (issue.reporter.lower(),),
    **dict.fromkeys(
        ("resolution", "resolved", "resolutiondate"),
        lambda issue: ("done" if issue.resolved else None,),
    ),
}


def _values_of(name: str, issue: Issue) -> frozenset[str]:
    return frozenset(filter(None, _VALUES[name](issue)))


def _wrong(why: str) -> Refused:
    return Refused.because(400, f"Error in the JQL Query: {why}")
