"""A mapping is refused with its file, its line, its key and the way out."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from bridge.domain.model import Category, ConfigError
from bridge.insight.backtest.mapping import ASPECTS, TOP, parse_mapping, read_mapping
from bridge.insight.backtest.sections import (
    ColumnsSection,
    FileSection,
    LeaksSection,
    LimitsSection,
    OutcomeSection,
    Rows,
    RowTest,
    ScoresSection,
    When,
)
from tests.backtest.histories import DESK, EXAMPLES
from tests.pages import ROOT, fences, text


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_valid_and_says_how_to_use_it(path: Path) -> None:
    assert read_mapping(path).outcomes
    assert f"bridge backtest --map {path.name} " in path.read_text("utf-8")


def test_what_is_mapped_is_there() -> None:
    mapping = parse_mapping(DESK + '[deadline]\n"P3 High" = "5d3h"\n\n[only]\npriority = "P3"\n')
    assert mapping.statuses["case"]["waiting"] is Category.PENDING
    assert mapping.deadline("p3 high") == timedelta(hours=123)
    assert mapping.deadline("P1") is None
    assert mapping.only == {"priority": {"P3"}}


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ("[columns", "is no TOML"),
        ("", "columns: is missing: say which column holds what"),
        ('[columns]\ntime = "t"', "columns.case: Field required"),
        ('[columns]\ncase = "c"', "time is missing: when did"),
        (DESK + "[file]\nrows = 3", "rows: Input should be 'snapshots'"),
        (DESK + '[file]\nzone = "Mars"', "'Mars' is no time zone"),
        (DESK + '[file]\nencoding = "latin9000"', "'latin9000' is no encoding"),
        (DESK + '[file]\ntime = "%d.%Q"', "%Q is not known; write iso"),
        (DESK + '[statuses]\nopen = "open"', "did you mean 'states'?"),
        (DESK.replace('"pending"', '"pendin"'), "states.waiting: 'pendin' is not known; did you"),
        (DESK + '[replies]\nwhen = "state"', "need either values = [...] or other_than = [...]"),
        (DESK + '[replies]\nwhen = "the requester"', "needs a column: requester in [columns]"),
        (DESK + '[replies]\nwhen = "column"\nvalues = ["x"]', 'column = "..." goes with'),
        (DESK + "[only]\npriority = []", "only.priority: must be the values that stay"),
        (DESK + '[deadline]\ndefault = "3 hours"', "write it as 30m, 8h"),
        (DESK + '[outcomes.bad]\nkind = "score"', 'at_most = ... goes with kind = "score"'),
        (DESK + '[outcomes.bad]\nkind = "score"\nat_most = 2', "[columns] has no score"),
        (DESK + '[outcomes.late]\nkind = "deadline"', "needs a [deadline] table"),
        (DESK + '[outcomes.late]\nkind = "breached"', "is known of our own inbox alone"),
        (DESK + '[outcomes.slow]\nkind = "slowest"\nshare = 1.5', "less than 1"),
        (DESK + "[scores]\nlow = 5\nhigh = 1", "low must be less than high"),
        (DESK + '[changes]\nstatus = "stat"', "did you mean 'state'?"),
        (DESK + "[limits]\nunreadable = 0", "greater than 0"),
        ('[columns]\ncase = "c"\ntime = "t"\nold = "o"', 'only goes with rows = "changes"'),
        ('[columns]\ncase = "c"\ntime = "t"\nresponded = "r"', 'goes with rows = "answers"'),
        ('[columns]\ncase = "c"\ntime = "t"\n[outcomes.slow]\nkind = "slowest"', "fill [states]"),
        ('[file]\nrows = "answers"\n[columns]\ncase = "c"\ntime = "t"', "need a column score"),
        ('[file]\nrows = "answers"\n[columns]\ncase = "c"\ntext = "t"', "when was the answer"),
        ('[file]\nrows = "changes"\n[columns]\ncase = "c"\ntime = "t"', "field is missing"),
        (DESK + '[file]\nrows = "changes"', "field is missing"),
    ],
)
def test_what_is_wrong_is_told(told: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_mapping(told, "acme.toml")
    assert str(error.value).startswith("acme.toml:")
    assert complaint in str(error.value)


def test_the_line_of_the_key_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"acme\.toml:3: columns\.stat: .* did you mean 'state'\?"
    ):
        parse_mapping('[columns]\ncase = "c"\nstat = "s"\n', "acme.toml")


def test_a_list_of_changes_has_no_columns_of_today() -> None:
    told = """
        [file]
        rows = "changes"
        [columns]
        case = "c"
        time = "t"
        field = "f"
        old = "o"
        new = "n"
        priority = "p"
        [changes]
        status = "state"
    """
    with pytest.raises(ConfigError, match=r"columns\.priority: in a list of changes"):
        parse_mapping(told)


def test_what_came_of_a_case_may_not_be_told_beforehand() -> None:
    outcome = '[outcomes.missed]\nkind = "column"\ncolumn = "sla"\nvalues = ["no"]\n'
    with pytest.raises(
        ConfigError, match=r"so it may not be told beforehand: take it out of facts\.kept"
    ):
        parse_mapping(DESK + outcome + '[facts]\nkept = "sla"\n')
    with pytest.raises(ConfigError, match=r"outcomes\.missed\.known: 'close' is not known"):
        parse_mapping(DESK + outcome + 'known = ["close"]\n')


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        read_mapping(tmp_path / "none.toml")


def test_every_key_is_documented() -> None:
    told = text("docs/backtest.md")
    sections = (
        FileSection,
        ColumnsSection,
        RowTest,
        ScoresSection,
        OutcomeSection,
        LimitsSection,
        LeaksSection,
    )
    for cls in sections:
        for key in cls.model_fields:
            assert f"`{key}`" in told or f"\n{key} = " in told, f"{cls.__name__}.{key}"
    for word in (*get_args(When), *get_args(Rows)):
        assert f'`"{word}"`' in told, word
    for name in TOP:
        assert f"[{name}" in told, name
    for aspect in ASPECTS:
        assert f"`{aspect}`" in told, aspect


def test_every_table_that_the_page_shows_is_read() -> None:
    blocks = [tomllib.loads(block) for _, block in fences(ROOT / "docs" / "backtest.md", "ini")]
    shown = {name for block in blocks for name in block}
    assert shown <= set(TOP)
    for _, block in fences(ROOT / "docs" / "backtest.md", "ini"):
        if "columns" in tomllib.loads(block):
            assert parse_mapping(block).columns.case == "number"


def test_every_example_is_named() -> None:
    told = text("docs/backtest.md")
    for path in EXAMPLES.glob("*.toml"):
        assert f"`{path.name}`" in told
