"""Charts are bare shapes: no style, no script, nothing from elsewhere, and hostile names stay names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask_babel import Babel

from bridge.web.pages.insight.charts import SVG, Chart, Series, chart, ticks

WEEKS = ("3 Mar", "10 Mar", "17 Mar")
HOSTILE = '</title><script>alert(1)</script>"&'


@pytest.fixture(autouse=True)
def speaks() -> Iterator[None]:
    app = Flask("test", static_folder=None)
    Babel(app)
    with app.test_request_context():
        yield


def stacked(*series: tuple[str, tuple[float | None, ...]]) -> Chart:
    made = chart(
        "stacked",
        [Series(name=name, look=f"c{n}", values=values) for n, (name, values) in enumerate(series)],
        WEEKS,
        "It grows",
    )
    assert made is not None
    return made


def shapes(made: Chart) -> list[ET.Element]:
    return list(ET.fromstring(f"<div>{made.svg}</div>"))


def test_a_chart_is_drawn_for_every_width_and_says_what_it_shows() -> None:
    drawn = shapes(stacked(("High", (1, 2, 3)), ("Low", (0, 1, None))))
    assert [one.get("class") for one in drawn] == ["wide", "middle", "narrow"]
    for one in drawn:
        assert one.get("role") == "img"
        assert one.get("aria-label") == "It grows"
        assert one.get("viewBox")


def test_nothing_is_in_it_that_the_policy_of_the_pages_forbids() -> None:
    made = stacked((HOSTILE, (1, 2, 3)), ("Low", (0, 1, 2)))
    tags = {node.tag.removeprefix(f"{{{SVG}}}") for one in shapes(made) for node in one.iter()}
    assert tags <= {"svg", "g", "path", "rect", "circle", "text", "title"}
    names = {name for one in shapes(made) for node in one.iter() for name in node.attrib}
    assert not names & {"style", "id", "onclick", "href"}
    assert not re.search(r"<script|<style|url\(|<!--|https?://(?!www\.w3\.org/2000/svg)", made.svg)


def test_every_bar_has_its_colour_by_our_own_name_and_says_its_value() -> None:
    [first, *_] = shapes(stacked(("High", (1, 2, 3)), ("Low", (4, 5, 6))))
    groups = [one.get("class", "") for one in first.iter(f"{{{SVG}}}g")]
    assert "series c0" in groups
    assert "series c1" in groups
    told = [one.text for one in first.iter(f"{{{SVG}}}title")]
    assert "10 Mar: 5" in told
    heights = [float(one.get("height", "0")) for one in first.iter(f"{{{SVG}}}rect")]
    assert heights[2] == pytest.approx(3 * heights[0], rel=0.02)


def test_a_line_has_a_gap_where_nothing_is_known_and_shares_are_percents() -> None:
    made = chart(
        "lines",
        [Series(name="In time", look="c1", values=(0.5, None, 1.0))],
        WEEKS,
        "Better",
        shares=True,
        top=1.0,
    )
    assert made is not None
    [wide, *_] = shapes(made)
    assert len(list(wide.iter(f"{{{SVG}}}circle"))) == 2
    assert "100 %" in {one.text for one in wide.iter(f"{{{SVG}}}text")}
    lines = [p.get("d", "") for p in wide.iter(f"{{{SVG}}}path") if p.get("class") == "line nofill"]
    assert all("L" not in line for line in lines), "no line leads over the gap"


@pytest.mark.parametrize("values", [(), (1.0,), (None, 2.0, None)])
def test_a_single_point_is_no_chart(values: tuple[float | None, ...]) -> None:
    series = [Series(name="In time", look="c1", values=values)]
    assert chart("lines", series, WEEKS[: len(values)], "") is None
    assert chart("stacked", [], WEEKS, "") is None


@pytest.mark.parametrize("top", [1, 2, 3, 7, 17, 99, 100, 101, 12_345])
def test_counts_have_few_and_whole_ticks(top: int) -> None:
    found = ticks(top, whole=True)
    assert found[0] == 0
    assert found[-1] >= top
    assert 2 <= len(found) <= 5
    assert all(tick == int(tick) for tick in found)
