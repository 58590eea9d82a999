"""The report as a file: all of it stands there, nothing is needed beside it, and what others wrote stays text."""

from __future__ import annotations

import doctest
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from bridge.insight.backtest import wording
from bridge.insight.backtest.html import bar, page, shade, verdict
from bridge.insight.backtest.report_of import Figures, Overlap, Parts, Recommendation, Report
from bridge.insight.intervals import Interval
from tests.backtest.reported import TOML, figures, reported

VOID = ("meta", "br")
HOSTILE = "</style><script>alert(1)</script>\"&'"
NOTHING = Figures(
    cases=0,
    bad=0,
    alerted=0,
    hits=0,
    late=0,
    rate=None,
    base=None,
    precision=None,
    recall=None,
    lift=None,
)


class Read(HTMLParser):
    """What stands in the file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        assert not any(name.startswith("on") or name in ("src", "href", "style") for name in said)
        self.tags.append(tag)
        self.ids += [said["id"] or ""] if "id" in said else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def words(html: str) -> str:
    return " ".join(Read(html).words.split())


def bare(report: Report) -> Report:
    """The same without all that a report need not have."""
    return replace(
        report,
        setups=report.setups[1:2],
        rules=(),
        overlap=Overlap(rules=(), shares=()),
        managers=(),
        months=(),
        slices=(),
        sweeps=(),
        curve=(),
        recommendation=None,
        others=(),
        feedback=(),
        warnings=(),
        speed=None,
    )


def test_every_part_of_it_is_there() -> None:
    read = Read(page(reported()))
    assert read.open == []
    assert read.ids == [
        "recommended",
        "setups",
        "curve",
        "rules",
        "overlap",
        "sweeps",
        "drift",
        "slices",
        "managers",
        "said",
        "others",
    ]
    # A drawing for each of three widths: the budget, the months, and two tunables.
    assert sum(tag == "svg" for tag in read.tags) >= 4 * 3


def test_it_says_what_was_found() -> None:
    told = words(page(reported()))
    report = reported()
    assert "the recommended set alerts 12 % of cases" in told
    assert report.recommendation is not None
    assert all(wording.sentence(rule) in told for rule in report.recommendation.rules)
    assert "Chosen as time went on" in told
    assert "".join(TOML.split()) in "".join(told.split())
    assert all(warning in told for warning in report.warnings)
    assert "stale updateNo update for 72h, from 2 handoffs on" in told
    assert "in shadow" in told
    assert "61,840 rows and 93,112 events were read" in told
    assert "14 rows: no time." in told


def test_nothing_is_needed_beside_it() -> None:
    html = page(reported())
    read = Read(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_same_report_gives_the_same_file() -> None:
    assert page(reported()) == page(reported())


def test_what_others_wrote_stays_text() -> None:
    report = reported()
    evil = replace(
        report,
        outcome=HOSTILE,
        history=replace(report.history, files=(HOSTILE,), flaws={HOSTILE: 1}),
        managers=(replace(report.managers[0], team=HOSTILE),),
        rules=(replace(report.rules[0], rule=HOSTILE, words=HOSTILE),),
        months=report.months,
        slices=(replace(report.slices[0], by=HOSTILE, value=HOSTILE),),
        sweeps=(
            replace(
                report.sweeps[0],
                rule=HOSTILE,
                points=tuple(replace(p, text=HOSTILE) for p in report.sweeps[0].points),
            ),
        ),
        recommendation=Recommendation(
            rules=(HOSTILE,), toml=HOSTILE, diff=HOSTILE, chosen_on=HOSTILE, notes=(HOSTILE,)
        ),
        warnings=(HOSTILE,),
    )
    html = page(evil)
    assert "<script" not in html
    assert html.count("</style>") == 1
    assert "alert(1)" in words(html)


def test_a_report_with_the_least_in_it_is_a_page() -> None:
    read = Read(page(bare(reported())))
    assert read.ids == ["setups", "rules"]
    assert "the present configuration alerts" in read.words
    assert "No rule alerted a case." in read.words


def test_where_nothing_is_known_nothing_is_said() -> None:
    empty = Parts(earlier=NOTHING, later=NOTHING, whole=NOTHING)
    report = bare(reported())
    html = page(replace(report, setups=(replace(report.setups[0], parts=empty),)))
    assert "nothing can be said of it yet" in words(html)
    assert "None" not in words(html)
    assert "nan" not in words(html)
    assert words(page(replace(report, setups=())))


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (
            figures(1000, 200, 100, 90, 30.0),
            (
                "alerts 10 % of cases. 90 % of its alerts were right, and 45 % of the cases that came out badly"
                " were found in time, half of them at least 30 h before."
            ),
        ),
        (figures(1000, 200, 100, 90, None), "were found in time."),
        (figures(1000, 200, 0, 0), "alerts 0 % of cases."),
    ],
    ids=["whole", "no moments", "silent"],
)
def test_the_verdict_is_of_the_later_part(of: Figures, said: str) -> None:
    assert verdict(of, recommended=True).endswith(said)


def test_an_interval_is_drawn_where_it_lies() -> None:
    assert 'd="M20.0 5H40.0"' in bar(Interval(0.3, 0.2, 0.4))
    assert bar(None) == ""
    assert (shade(0.0), shade(0.55), shade(1.0), shade(None)) == ("shade0", "shade6", "shade10", "")


def test_the_words_are_as_their_examples_say() -> None:
    assert doctest.testmod(wording).failed == 0
