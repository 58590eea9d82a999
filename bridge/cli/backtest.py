"""`bridge backtest`: history played through the rules, and which of them would have earned their pings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, opened

if TYPE_CHECKING:
    from bridge.domain.judge import Policy
    from bridge.insight.backtest.backtest import Asked, Say, Source
    from bridge.insight.backtest.report_of import Report


def _share(written: str) -> float:
    """A share as people write it: 15%, or 0.15."""
    text = written.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise click.BadParameter(f"{text!r} is no share: write it as 15% or 0.15")
    return share


@click.command()
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE…]",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--map",
    "mapping",
    metavar="MAPPING.toml",
    type=click.Path(path_type=Path),
    help="What the columns of the files mean; docs/backtest.md. Without files: our own database.",
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="Rules and goals.  [default: BRIDGE_CONFIG]"
)
@click.option(
    "--days",
    default=90,
    show_default=True,
    type=click.IntRange(1, 4000),
    help="How far back, in our own database.",
)
@click.option(
    "--outcome", default="", help="What counts as bad.  [default: the first of the mapping]"
)
@click.option(
    "--budget", type=_share, metavar="SHARE", help="At most so many cases alerted.  [default: 15%]"
)
@click.option(
    "--pings",
    type=click.FloatRange(min=0, min_open=True),
    help="At most so many alerts per manager and day; instead of --budget, or besides.",
)
@click.option(
    "--precision",
    default="85%",
    show_default=True,
    type=_share,
    metavar="SHARE",
    help="At least so many of the alerted cases are bad.",
)
@click.option(
    "--lead",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="At least so long between alert and bad outcome, in the median.",
)
@click.option(
    "--split",
    default="60%",
    show_default=True,
    type=_share,
    metavar="SHARE",
    help="The oldest cases, by which is chosen. What was chosen is shown on the others.",
)
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="RULE.TUNABLE",
    help="Show this tunable with each of its values; again for others.  [default: all there are]",
)
@click.option("--no-recommend", is_flag=True, help="Only say what the present rules do.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page to this file.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
@AS_JSON
def backtest(
    *,
    files: tuple[Path, ...],
    mapping: Path | None,
    config: Path | None,
    days: int,
    outcome: str,
    budget: float | None,
    pings: float | None,
    precision: float,
    lead: str,
    split: float,
    sweeps: tuple[str, ...],
    no_recommend: bool,
    html: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Play history through the rules: which cases they would have alerted, how early, and how those came out.

    The history is in FILEs, CSV (also .gz) or Parquet, whose columns --map explains; or, without files, our own
    database. Says what the present rules do, and recommends the set that tells most bad cases in time within a budget:
    chosen on the earlier cases, shown on the later ones. Nothing is written but --html. Ends with 2 for a mapping, a
    file or a question that makes no sense.
    """
    from bridge.domain.model import ConfigError
    from bridge.insight.backtest.backtest import Asked
    from bridge.insight.backtest.choosing import Wish
    from bridge.settings import duration

    if files and mapping is None:
        raise click.UsageError("files need --map: what do their columns mean?")
    if mapping is not None and not files:
        raise click.UsageError("--map goes with files: name them")
    try:
        hours = duration(lead).total_seconds() / 3600
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--lead") from error
    if budget is None and pings is None:
        budget = 0.15
    asked = Asked(
        wish=Wish(budget=budget, pings=pings, precision=precision, lead=hours),
        outcome=outcome,
        split=split,
        sweeps=tuple(_tunable(sweep) for sweep in sweeps),
        recommend=not no_recommend,
        jobs=jobs or os.cpu_count() or 1,
    )
    try:
        report = _run(files, mapping, config, days, asked)
    except ConfigError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    if html:
        from bridge.insight.backtest.html import page

        html.write_text(page(report), "utf-8")
    _print(report, as_json=as_json, sweeps=bool(sweeps))


def _tunable(written: str) -> tuple[str, str]:
    rule, dot, tunable = written.partition(".")
    if not dot or not tunable:
        raise click.BadParameter(
            f"{written!r}: write it as RULE.TUNABLE, say handoffs.at_least", param_hint="--sweep"
        )
    return rule, tunable


def _run(
    files: tuple[Path, ...], mapping: Path | None, config: Path | None, days: int, asked: Asked
) -> Report:
    from bridge.insight.backtest.backtest import backtest as play

    with _history(files, mapping, config, days) as (source, policy), _progress() as say:
        return play(source, policy, asked, say)


@contextmanager
def _history(
    files: tuple[Path, ...], mapping: Path | None, config: Path | None, days: int
) -> Iterator[tuple[Source, Policy]]:
    """The history and the rules that it is played through."""
    from bridge.insight.backtest import sources

    if mapping is not None:
        from bridge.insight.backtest.mapping import read_mapping

        mapped = read_mapping(mapping)
        yield sources.files_of(files, mapped), sources.policy_for(mapped, config, os.environ)
        return
    with opened() as bridge, bridge.engine.connect() as connection:
        yield sources.database_of(bridge, connection, days)


@contextmanager
def _progress() -> Iterator[Say]:
    """A bar on stderr that says what is being done."""
    from rich.console import Console

    from bridge.simulate.showing import progress_bar

    with progress_bar(Console(stderr=True)) as progress:
        bar = progress.add_task("reading", total=None)
        last = [""]

        def say(what: str, done: int, total: int) -> None:
            if what != last[0]:
                last[0] = what
                progress.reset(bar, description=what, start=True, total=total or None)
            if done % 100 == 0 or done == total or what == "reading":
                progress.update(bar, completed=done, total=total or None)

        yield say


def _print(report: Report, *, as_json: bool, sweeps: bool) -> None:
    if as_json:
        from msgspec import json

        click.echo(json.format(json.encode(report), indent=2).decode())
        return
    from rich.console import Console

    from bridge.insight.backtest.shown import show

    show(Console(), report, sweeps=sweeps)
