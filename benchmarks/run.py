"""`bridge bench`: what it can do, and how long it takes, on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from benchmarks import drain, ingest, judge, latency, machine
from benchmarks.scene import Failed, Say
from bridge.domain.model import BridgeError
from bridge.embedded import EmbeddedError

BENCHMARKS: Mapping[str, Callable[[Say], dict[str, float]]] = {
    "judge": lambda _: judge.run(),
    "ingest": ingest.run,
    "drain": drain.run,
    "latency": latency.run,
}


def run(what: str, *, keep: Path | None, as_json: bool) -> int:
    """Run one of the benchmarks, or "all"; 0 if each could be run and measured no wrong result.

    Progress goes to stderr, figures to stdout; with `keep`, also to a file each in that folder, beside
    the machine's description.
    """
    screen = Console(stderr=True, highlight=False)
    found: dict[str, dict[str, float]] = {}
    names = tuple(BENCHMARKS) if what == "all" else (what,)
    for name in names:
        screen.print(f"[bold]{name}[/]")
        try:
            figures = BENCHMARKS[name](partial(_say, screen))
        except (Failed, BridgeError, EmbeddedError, SQLAlchemyError, OSError) as error:
            screen.print(f"{name} failed: {error}", style="red", markup=False)
            continue
        found[name] = {key: _rounded(value) for key, value in figures.items()}
        if keep:
            _keep(keep / f"{name}.json", found[name])
    if as_json:
        print(json.dumps(found if what == "all" else found.get(what, {})))
    else:
        _show(found)
    return 0 if len(found) == len(names) else 1


def _say(screen: Console, words: str) -> None:
    screen.print(f"  {words}", style="dim", markup=False)


def _rounded(value: float) -> float:
    """Three digits are more than any machine repeats."""
    return float(f"{value:.3g}") if abs(value) < 100 else round(value)


def _keep(path: Path, figures: dict[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine.describe(), "figures": figures}, indent=2)
    path.write_text(text + "\n", "utf-8")


def _show(found: Mapping[str, Mapping[str, float]]) -> None:
    table = Table(box=None, show_header=False)
    for name, figures in found.items():
        for key, value in figures.items():
            table.add_row(name, key, f"{value:,}")
    Console().print(table)
