"""`bridge bench`: what it can do, and how long it takes, on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from benchmarks import (
    backtest,
    calls,
    drain,
    ingest,
    judge,
    latency,
    machine,
    pages,
    surge,
    tick,
    words,
)
from benchmarks.scene import Failed, Say
from bridge.domain.model import BridgeError
from bridge.embedded import EmbeddedError

Figures = Mapping[str, Any]

BENCHMARKS: Mapping[str, Callable[[Say], Figures]] = {
    "judge": lambda _: judge.run(),
    "ingest": ingest.run,
    "drain": drain.run,
    "latency": latency.run,
    "tick": tick.run,
    "calls": calls.run,
    "pages": pages.run,
    "surge": surge.run,
    "backtest": backtest.run,
    "words": words.run,
}
SIZED: Mapping[str, Callable[[Say, int], Figures]] = {"tick": tick.run, "calls": calls.run}
"""Those that can be told how many tickets are open."""


def run(what: str, *, tickets: int | None, keep: Path | None, as_json: bool) -> int:
    """Run one of the benchmarks, or "all"; 0 if each could be run, measured no wrong result, and
    kept to what is promised.

    Progress goes to stderr, figures to stdout; with `keep`, also to a file each in that folder, beside
    the machine's description. `tickets` is for those of `SIZED`, each of which has a usual number.
    """
    screen = Console(stderr=True, highlight=False)
    found: dict[str, Figures] = {}
    names = tuple(BENCHMARKS) if what == "all" else (what,)
    for name in names:
        screen.print(f"[bold]{name}[/]")
        say = partial(_say, screen)
        try:
            sized = SIZED.get(name) if tickets else None
            figures = sized(say, tickets) if sized and tickets else BENCHMARKS[name](say)
        except (Failed, BridgeError, EmbeddedError, SQLAlchemyError, OSError) as error:
            screen.print(f"{name} failed: {error}", style="red", markup=False)
            continue
        found[name] = _rounded(figures)
        if keep:
            _keep(keep / f"{name}.json", found[name])
    if as_json:
        print(json.dumps(found if what == "all" else found.get(what, {})))
    else:
        _show(found)
    over = [broken for figures in found.values() for broken in figures.get("over", ())]
    for broken in over:
        screen.print(broken, style="red", markup=False)
    return 0 if len(found) == len(names) and not over else 1


def _say(screen: Console, words: str) -> None:
    screen.print(f"  {words}", style="dim", markup=False)


def _rounded(value: Any) -> Any:
    """Three digits are more than any machine repeats."""
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, float):
        return float(f"{value:.3g}") if abs(value) < 100 else round(value)
    return value


def _keep(path: Path, figures: Figures) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine.describe(), "figures": figures}, indent=2)
    path.write_text(text + "\n", "utf-8")


def _show(found: Mapping[str, Figures]) -> None:
    table = Table(box=None, show_header=False)
    for name, figures in found.items():
        for key, value in _flat(figures):
            table.add_row(name, key, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console().print(table)


def _flat(figures: Figures, before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}: ")
        else:
            yield f"{before}{key}", value
