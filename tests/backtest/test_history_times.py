"""Times are read as files write them, and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.insight.backtest.times import Times, micros, moments, unknown_directive


@pytest.mark.parametrize(
    ("form", "zone", "text", "expected"),
    [
        ("%d/%m/%Y %H:%M", "UTC", "29/2/2016 01:16", datetime(2016, 2, 29, 1, 16, tzinfo=UTC)),
        (
            "%d/%m/%Y %H:%M",
            "Europe/Berlin",
            "1/7/2016 9:05",
            datetime(2016, 7, 1, 7, 5, tzinfo=UTC),
        ),
        ("%Y-%m-%d", "UTC", "2016-03-01", datetime(2016, 3, 1, 23, 59, 59, tzinfo=UTC)),
        ("%d-%b-%y", "UTC", "01-Aug-23", datetime(2023, 8, 1, 23, 59, 59, tzinfo=UTC)),
        ("iso", "UTC", "2010-03-31T16:59:42+02:00", datetime(2010, 3, 31, 14, 59, 42, tzinfo=UTC)),
        ("iso", "UTC", "2015-02-24 11:35:52 -0800", datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC)),
        ("iso", "America/New_York", "2026-01-05T12:00", datetime(2026, 1, 5, 17, tzinfo=UTC)),
        ("epoch", "UTC", "1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("epoch ms", "UTC", "1700000000250", datetime(2023, 11, 14, 22, 13, 20, 250000, UTC)),
    ],
)
def test_a_time_is_read(form: str, zone: str, text: str, expected: datetime) -> None:
    found = Times([form], zone).at[text]
    assert found is not None
    assert moments()[found] == expected
    assert micros(expected) == found


def test_a_date_alone_begins_with_its_first_moment() -> None:
    times = Times(["%Y-%m-%d"], "UTC")
    began, ended = times.since["2016-03-01"], times.at["2016-03-01"]
    assert began is not None
    assert ended is not None
    assert ended - began == 86_399_000_000


@pytest.mark.parametrize("text", ["", "soon", "31/2/2016 10:00", "1/2/2016 10:00 and more"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert Times(["%d/%m/%Y %H:%M"], "UTC").at[text] is None


def test_several_forms_are_tried_in_turn() -> None:
    times = Times(["%d/%m/%Y %H:%M", "%d-%b-%y"], "UTC")
    assert None not in (times.at["1/2/2016 10:00"], times.at["14-Aug-23"], times.at["2016-02-01"])


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("%d.%Q", "%Q is not known"),
        ("day", "is no form of times"),
        ("%d %d", "%d stands there twice"),
    ],
)
def test_a_wrong_form_is_told(form: str, wrong: str) -> None:
    assert unknown_directive(form) == wrong
    assert [unknown_directive(one) for one in ("iso", "epoch", "epoch ms", "%Y%%%m")] == [""] * 4
