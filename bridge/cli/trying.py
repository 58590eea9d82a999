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
@click.argument("scenario", type=click.Choice(["day"]))
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--faults", is_flag=True, help="Every vendor fails a tenth of all calls, in every way."
)
@AS_JSON
def simulate(scenario: str, seed: int, faults: bool, as_json: bool) -> None:
    """Run a scripted scenario in simulated time, and compare what came of it with what was planned."""
    from bridge.simulate.run import run as simulate_run

    sys.exit(simulate_run(scenario, seed, faults=faults, as_json=as_json))


@click.command()
@click.argument("what", type=click.Choice(["ingest", "drain", "judge", "latency", "all"]))
@click.option("--keep", type=click.Path(path_type=Path), help="Also write results to this folder.")
@AS_JSON
def bench(what: str, keep: Path | None, as_json: bool) -> None:
    """Measure ourselves, on this machine."""
    from benchmarks.run import run as measure

    sys.exit(measure(what, keep=keep, as_json=as_json))
