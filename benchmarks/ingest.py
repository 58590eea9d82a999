"""How many webhooks a second are verified, committed with their wake-up job, and only then accepted."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from statistics import median

import msgspec
from sqlalchemy import text

from benchmarks.load import Load
from benchmarks.scene import ROOT, Failed, Say, Scene, free_port, scene
from bridge.store import connect
from bridge.web.serve import THREADS

CONNECTIONS = 64
ROUNDS = 3
MANY = 12_000  # webhooks a round; half as many where each has its own transaction
WARM_UP = 1_000

_SERVE = "from bridge.web.serve import serve; serve('127.0.0.1', {port}, app={app!r})"
_GUNICORN = """
import os, runpy, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # as granian's processes are
sys.argv[0] = "gunicorn"
runpy.run_module("gunicorn", run_name="__main__")
"""


def run(say: Say) -> dict[str, float]:
    """Webhooks a second, for us and for other ways to take them in; the median of some rounds.

    Bare, a Flask route that keeps nothing on the same web server, measures the machine.
    """
    with scene() as made:
        lanes = _lanes(made)
        for lane in lanes:
            lane.load(WARM_UP)
        for number in range(1, ROUNDS + 1):
            for lane in lanes:
                lane.measure()
                say(f"round {number}: {lane.name} {lane.rounds[-1].per_s:,.0f}/s")
    bare, durable, *others = lanes
    return {
        "bare_per_s": bare.per_s,
        "durable_per_s": durable.per_s,
        "durable_p50_ms": median(r.p50_ms for r in durable.rounds),
        "durable_p99_ms": median(r.p99_ms for r in durable.rounds),
        "ratio_to_bare": durable.per_s / bare.per_s,
    } | {f"{lane.name}_per_s": lane.per_s for lane in others}


class _Lane:
    """A server, started and waiting."""

    numbers = count(1)

    def __init__(self, made: Scene, name: str, port: int, many: int, *, keeps: bool) -> None:
        self.made, self.name, self.port, self.many, self.keeps = made, name, port, many, keeps
        self.rounds: list[Load] = []

    @property
    def per_s(self) -> float:
        return median(r.per_s for r in self.rounds)

    def measure(self) -> None:
        self.rounds.append(self.load(self.many))

    def load(self, many: int) -> Load:
        """Send so many webhooks, and see each of them kept exactly once."""
        first = next(self.numbers) * 1_000_000
        arguments = map(str, (self.port, first, many, CONNECTIONS))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", *arguments],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Failed(
                f"{self.name}: {done.stderr.decode(errors='replace')}\n{self.made.said(self.name)}"
            )
        found = msgspec.json.decode(done.stdout, type=Load)
        if found.statuses != {"202": many}:
            raise Failed(f"{self.name}: answered {found.statuses}")
        self._see_kept(first, many if self.keeps else 0)
        return found

    def _see_kept(self, first: int, many: int) -> None:
        engine = connect(self.made.url, pool=1)
        with engine.begin() as connection:
            rows = connection.execute(
                text("SELECT delivery, body FROM inbox WHERE state = 'waiting'")
            ).all()
            jobs = connection.execute(
                text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
            ).scalar_one()
            connection.execute(text("TRUNCATE inbox, procrastinate_jobs CASCADE"))
        engine.dispose()
        names = {row.delivery for row in rows}
        wanted = {f"01KINVOCATION{n:013d}" for n in range(first, first + many)}
        if names != wanted or len(rows) != many or jobs != bool(many):
            raise Failed(f"{self.name}: {len(rows)} of {many} kept, with {jobs} wake-up jobs")


def _lanes(made: Scene) -> list[_Lane]:
    lanes = []

    def start(name: str, many: int, *command: str, port: int, keeps: bool = True) -> None:
        made.start(name, sys.executable, *command)
        made.until_it_answers(name, port)
        lanes.append(_Lane(made, name, port, many, keeps=keeps))

    def granian(name: str, many: int, app: str, *, keeps: bool = True) -> None:
        port = free_port()
        start(name, many, "-c", _SERVE.format(port=port, app=app), port=port, keeps=keeps)

    def gunicorn(name: str, many: int, app: str) -> None:
        port = free_port()
        where = f"--bind=127.0.0.1:{port}"
        threads = ("--worker-class=gthread", f"--threads={THREADS}", "--keep-alive=60")
        start(name, many, "-c", _GUNICORN, where, *threads, f"{app}()", port=port)

    granian("bare", 2 * MANY, "benchmarks.intakes:bare", keeps=False)
    port = free_port()
    made.bridge("web", "--host", "127.0.0.1", "--port", str(port))
    made.until_it_answers("web", port)
    lanes.append(_Lane(made, "web", port, MANY, keeps=True))
    granian("plain_granian", MANY // 2, "benchmarks.intakes:one_by_one")
    gunicorn("gunicorn_group_commit", MANY, "bridge.web:application")
    gunicorn("plain_gunicorn", MANY // 2, "benchmarks.intakes:one_by_one")
    return lanes
