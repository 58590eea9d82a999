"""Trying it out: days on stand-ins, and measurements."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bridge.cli.shared import AS_JSON


@click.command()
@click.option("--seed", default=1, show_default=True)
@click.option("--once", is_flag=True, help="End when the day is over.")
@AS_JSON
def demo(seed: int, once: bool, as_json: bool) -> None:
    """A working day in about a minute, on stand-ins for all vendors. Needs nothing else."""
    from bridge.simulate.run import run as simulate_run

    sys.exit(simulate_run("day", seed, pages=not once, as_json=as_json))


@click.command()
@click.argument("scenario", type=click.Choice(["day", "lossy-week", "fortnight", "storm"]))
@click.option("--seed", default=1, show_default=True)
@click.option("--faults", is_flag=True, help="On the day, every vendor fails a tenth of all calls.")
@click.option("--tickets", type=click.IntRange(min=1), help="How many a week has.  [default: 2000]")
@AS_JSON
def simulate(scenario: str, seed: int, faults: bool, tickets: int | None, as_json: bool) -> None:
    """Run a scripted scenario in simulated time, and compare what came of it with what was planned or true.

    day: three teams on two helpdesks. lossy-week: webhooks are lost. fortnight: people act on alerts, or don't, and
    others are told. storm: 500 alerts within ten seconds.
    """
    from bridge.simulate.run import run as simulate_run

    sys.exit(simulate_run(scenario, seed, faults=faults, tickets=tickets, as_json=as_json))


@click.command()
@click.argument(
    "what",
    type=click.Choice(
        [
            "ingest",
            "drain",
            "judge",
            "latency",
            "tick",
            "calls",
            "pages",
            "surge",
            "words",
            "backtest",
            "all",
        ]
    ),
)
@click.option(
    "--tickets",
    type=click.IntRange(min=1_000),
    help="How many are open, for tick [default: 100000] and calls [default: 10000].",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Also write results to this folder.")
@AS_JSON
def bench(what: str, tickets: int | None, keep: Path | None, as_json: bool) -> None:
    """Measure ourselves, on this machine."""
    from benchmarks.run import run as measure

    sys.exit(measure(what, tickets=tickets, keep=keep, as_json=as_json))
