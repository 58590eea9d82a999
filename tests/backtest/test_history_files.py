"""Files as they come: packed, as Parquet, mixed, repeated, broken, and larger than memory."""

from __future__ import annotations

import doctest
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.domain.model import ConfigError
from bridge.insight.backtest import outcomes, remembering
from bridge.insight.backtest.cases import Case, Found, cases
from bridge.insight.backtest.gathering import Gathered
from bridge.insight.backtest.mapping import parse_mapping
from tests.backtest.histories import DESK, SHARED, at, example, read, written

HEAD = ("case", "time", "who", "team", "agent", "state", "priority")
ROWS = [
    (f"c{n}", at(hours=h, minutes=n), "ana", f"T{h}", "", state, "high")
    for n in range(40)
    for h, state in enumerate(("new", "open", "solved"))
]


def alike(one: list[Case], other: list[Case]) -> bool:
    """Whether both say the same, whatever their rows were called."""

    def told(case: Case) -> object:
        return (case.id, case.outcomes, case.facts, [(type(e), e.at, e.actor) for e in case.events])

    return [told(case) for case in one] == [told(case) for case in other]


def test_a_packed_file_and_a_mixed_one_say_the_same(tmp_path: Path) -> None:
    plain, _ = read(written(tmp_path, [HEAD, *ROWS]), DESK)
    packed, _ = read(written(tmp_path, [HEAD, *ROWS], "log.csv.gz"), DESK)
    mixed = sorted(ROWS, key=lambda row: row[1])
    by_time, found = read(written(tmp_path, [HEAD, *mixed], "mixed.csv"), DESK)
    backwards, also = read(written(tmp_path, [HEAD, *reversed(mixed)], "back.csv"), DESK)
    assert alike(plain, packed)
    assert alike(plain, by_time)
    assert alike(plain, backwards)
    assert found.flaws == also.flaws == {}


def test_parquet_says_the_same(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {name: [row[i] for row in ROWS] for i, name in enumerate(HEAD)}
    table = pa.table(
        columns
        | {
            "time": pa.array(
                [datetime.fromisoformat(row[1]) for row in ROWS], pa.timestamp("us", "UTC")
            ),
            "who": pa.array(columns["who"]).dictionary_encode(),
            "unused": [None] * len(ROWS),
            "number": list(range(len(ROWS))),
            "labels": [["a", "b"], None] * (len(ROWS) // 2),
        }
    )
    path = tmp_path / "log.parquet"
    parquet.write_table(table, path, row_group_size=50)
    plain, _ = read(written(tmp_path, [HEAD, *ROWS]), DESK)
    packed, found = read(path, DESK)
    assert alike(plain, packed)
    assert found.flaws == {}
    assert packed[0].opened_at.tzinfo is UTC
    labelled, _ = read(path, DESK.replace('priority = "priority"', 'tags = "labels"'))
    seen = labelled[0].events[0].seen
    assert seen is not None
    assert seen.tags == ("a", "b")


def test_several_files_are_one_history(tmp_path: Path) -> None:
    one = written(tmp_path, [HEAD, *ROWS[:61]], "one.csv")
    two = written(tmp_path, [HEAD, *ROWS[61:]], "two.csv")
    plain, _ = read(written(tmp_path, [HEAD, *ROWS]), DESK)
    told: list[tuple[int, int]] = []
    found = Found()
    both = cases([one, two], parse_mapping(DESK), tell=lambda *far: told.append(far), found=found)
    assert alike(plain, sorted(both, key=lambda case: case.id))
    total = one.stat().st_size + two.stat().st_size
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert found.rows == len(ROWS)


def test_what_does_not_fit_into_memory_is_laid_aside() -> None:
    rows = [(f"c{n % 97}", (n, n, None, "words")) for n in range(2_000)]
    random.Random(7).shuffle(rows)
    whole: dict[str, list[tuple[int, int, None, str]]] = {}
    for case, record in rows:
        whole.setdefault(case, []).append(record)
    with Gathered(in_memory=50) as gathered:
        for case, record in rows:
            gathered.add(case, record, 5)
        for _ in range(2):
            assert {case: [tuple(r) for r in found] for case, found in gathered.cases()} == whole
            assert len(gathered.held) < 50
    with Gathered() as gathered:
        for case, record in rows:
            gathered.add(case, record, 25_000)
        assert len(gathered.held) < 97  # long texts count as well
        assert {case: [tuple(r) for r in found] for case, found in gathered.cases()} == whole


def test_rows_out_of_order_and_repeated_are_counted(tmp_path: Path) -> None:
    odd = [*ROWS, ROWS[5], ("c1", at(minutes=30), "ana", "T0", "", "new", "high")]
    found_cases, found = read(written(tmp_path, [HEAD, *odd]), DESK)
    assert len(found_cases) == 40
    assert found.flaws["repeated"].rows == [121]
    assert found.flaws["out of order"].rows == [122]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (
            [(*ROWS[0][:1], "soon", *ROWS[0][2:])] * 9,
            r"9 of 129 rows are unreadable: a time that can't be read in 9",
        ),
        ([("", *ROWS[0][1:])] * 9, r"no case in 9 \(row 121, 122, 123, 124, 125\)"),
        ([(*ROWS[0][:1], "", *ROWS[0][2:])] * 9, "no time in 9"),
        ([("c1", "x")] * 9, "too few or too many values in 9"),
        (ROWS, "120 of 240 rows are repeated.*was a part of the file written twice"),
    ],
)
def test_too_many_bad_rows_are_refused(
    tmp_path: Path, rows: list[tuple[str, ...]], complaint: str
) -> None:
    log = written(tmp_path, [HEAD, *ROWS, *rows])
    with pytest.raises(ConfigError, match=complaint):
        read(log, DESK)


def test_disorder_is_refused_and_may_be_allowed(tmp_path: Path) -> None:
    rows = [("c", at(hours=n % 7), "ana", "", "", "open", f"{n}") for n in range(70)]
    log = written(tmp_path, [HEAD, *rows])
    with pytest.raises(ConfigError, match=r"limits\.disordered: 9 of 70 rows are disordered"):
        read(log, DESK + "[limits]\ndisordered = 0.1\n")
    _, found = read(log, DESK)
    assert found.flaws["out of order"].many == 9


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("no.csv", b"", "is empty"),
        ("no.csv", b"case,time,who,team,agent,state,priority\n", "there are no rows"),
        (
            "no.csv",
            b"case,time,who,team,agent,stat,priority\n",
            r"columns\.state: no\.csv has no such column: .*'stat'",
        ),
        (
            "no.csv",
            b"case,time,who,team,agent,state,priority\n\xe4,,,,,,\n",
            "is not in the encoding",
        ),
        ("no.csv", b'case,time,who,team,agent,state,priority\n"' + b"x" * 140_000, "is no CSV"),
        ("no.csv.gz", b"case,time", "cannot be read|is damaged"),
        ("no.parquet", b"case,time", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, name: str, data: bytes, complaint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=complaint):
        read(path, DESK)


def test_a_file_that_is_cut_off_or_missing_is_told(tmp_path: Path) -> None:
    whole = written(tmp_path, [HEAD, *ROWS], "log.csv.gz").read_bytes()
    half = tmp_path / "half.csv.gz"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigError, match=r"half\.csv\.gz: is damaged or cut off"):
        read(half, DESK)
    with pytest.raises(ConfigError, match=r"none\.csv: is not there"):
        list(cases([tmp_path / "none.csv"], parse_mapping(DESK)))
    with pytest.raises(ConfigError, match="no file"):
        list(cases([], parse_mapping(DESK)))


def test_the_examples_of_the_code_hold() -> None:
    for module in (outcomes, remembering):
        assert doctest.testmod(module).failed == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real logs are kept apart")
@pytest.mark.parametrize(
    ("mapping", "file", "many", "outcome", "share"),
    [
        ("servicenow", "servicenow_dev.csv.gz", 14_268, "missed sla", 0.455),
        ("process-incidents", "bpi2013_incidents.csv.gz", 7_554, "slow", 0.1),
        ("process-helpdesk", "helpdesk.csv.gz", 4_580, "slow", 0.1),
        ("survey", "csat_dev.csv", 9_858, "low score", 0.157),
        ("posts", "airline_dev.csv", 7_239, "low score", 0.701),
    ],
)
def test_the_examples_fit_real_histories(
    mapping: str, file: str, many: int, outcome: str, share: float
) -> None:
    found = Found()
    told = [
        case.outcomes[outcome].bad for case in cases([SHARED / file], example(mapping), found=found)
    ]
    assert (len(told), found.cases, found.warnings) == (many, many, [])
    assert told.count(True) / many == pytest.approx(share, abs=0.005)
