"""The tables of a mapping, each with what is allowed in it. docs/backtest.md explains every key."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bridge.insight.backtest.times import unknown_directive
from bridge.settings.sections import Section

Rows = Literal["snapshots", "updates", "changes", "answers"]
When = Literal[
    "never",
    "every row",
    "after the first row",
    "another actor",
    "the requester",
    "state",
    "column",
]
Share = Annotated[float, Field(gt=0, lt=1)]


def words(value: object) -> object:
    return (value,) if isinstance(value, str | int | float) else value


Words = Annotated[tuple[str, ...], BeforeValidator(words)]


class FileSection(Section):
    """How the file is written, and what a row of it is."""

    rows: Rows = "snapshots"
    time: Words = ("iso",)
    zone: str = "UTC"
    empty: tuple[str, ...] = ()
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone: write Europe/Berlin, or UTC") from error
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError as error:
            raise ValueError(f"{value!r} is no encoding: write utf-8, or cp1252") from error
        return value

    @field_validator("time")
    @classmethod
    def _known_formats(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for form in value:
            if wrong := unknown_directive(form):
                raise ValueError(
                    f"{form!r}: {wrong}; write iso, epoch, epoch ms, or a form as %d/%m/%Y %H:%M"
                )
        return value


class ColumnsSection(Section):
    """Which column of the file holds what; "" for none."""

    case: str
    time: str = ""
    opened: str = ""
    responded: str = ""
    actor: str = ""
    team: str = ""
    agent: str = ""
    state: str = ""
    priority: str = ""
    text: str = ""
    score: str = ""
    requester: str = ""
    account: str = ""
    tags: str = ""
    product: str = ""
    field: str = ""
    old: str = ""
    new: str = ""


class RowTest(Section):
    """Which rows something is said of: replies, notes, those by customers, those by robots."""

    when: When = "never"
    values: Words = ()
    other_than: Words = ()
    column: str = ""

    @model_validator(mode="after")
    def _whole(self) -> RowTest:
        asks = self.when in ("state", "column")
        if asks != bool(self.values or self.other_than) or (self.values and self.other_than):
            raise ValueError(
                'when = "state" and when = "column" need either values = [...] or '
                "other_than = [...], and nothing else takes them"
            )
        if (self.when == "column") != bool(self.column):
            raise ValueError('column = "..." goes with when = "column"')
        return self


class ScoresSection(Section):
    """The scale that scores are on, and the figures that words stand for."""

    low: float = 1
    high: float = 5
    words: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rising(self) -> ScoresSection:
        if self.low >= self.high:
            raise ValueError("low must be less than high")
        return self


class OutcomeSection(Section):
    """What counts as having gone badly. See docs/backtest.md for what each kind needs."""

    kind: Literal["column", "score", "reopened", "slowest", "deadline", "breached"]
    column: str = ""
    values: Words = ()
    row: Literal["last", "first", "any"] = "last"
    known: Words = ()
    at_most: float | None = None
    share: Share = 0.1

    @model_validator(mode="after")
    def _whole(self) -> OutcomeSection:
        if (self.kind == "column") != bool(self.column and self.values):
            raise ValueError('column = "..." and values = [...] go with kind = "column"')
        if (self.kind == "score") != (self.at_most is not None):
            raise ValueError('at_most = ... goes with kind = "score"')
        return self


class LimitsSection(Section):
    """From which share of rows on something wrong with them is refused."""

    unreadable: Share = 0.02
    disordered: Share = 0.2
    repeated: Share = 0.2


class LeaksSection(Section):
    """Columns that look as if they told the future and don't."""

    allowed: Words = ()


class DeskSection(Section):
    """What subjects are called after."""

    name: str = Field("case", pattern=r"[a-z][a-z0-9-]*")
