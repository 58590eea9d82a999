"""Run a scenario: tell what happens as it happens, count at the end, and keep the pages up for a look."""

from __future__ import annotations

import logging
import sys
import time
from datetime import timedelta

import structlog
from msgspec import json, to_builtins
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bridge.domain.viewing import Role
from bridge.embedded import temporary_postgres
from bridge.simulate.cases import END, START, ZONE, Day
from bridge.simulate.day import CONFIG, people, write
from bridge.simulate.fortnight_run import run as run_fortnight
from bridge.simulate.outcome import Outcome, live_alerts, outcome
from bridge.simulate.showing import show_figures, show_trouble
from bridge.simulate.storm import run as run_storm
from bridge.simulate.week import TICKETS
from bridge.simulate.week_run import run as run_week
from bridge.simulate.world import World, world
from bridge.store import alerts, users

SCENARIOS = ("day", "lossy-week", "fortnight", "storm")


def run(
    scenario: str,
    seed: int,
    *,
    pages: bool = False,
    faults: bool = False,
    tickets: int | None = None,
    as_json: bool,
) -> int:
    """Run a scenario; 0 only if all came as planned. With `pages`, a terminal keeps them up until Ctrl-C.

    With `faults`, vendors fail and webhooks go astray: of a day, a week is always lossy. `tickets` is how many a week
    has. A fortnight and a storm know neither.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario is called {scenario!r}: there are {', '.join(SCENARIOS)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if scenario == "lossy-week":
        return run_week(seed, tickets=tickets or TICKETS, as_json=as_json)
    if scenario == "fortnight":
        return run_fortnight(seed, as_json=as_json)
    if scenario == "storm":
        return run_storm(seed, as_json=as_json)
    console = Console(stderr=True)
    began = time.monotonic()
    with (
        temporary_postgres() as url,
        world(url, CONFIG, START, people) as made,
    ):
        day = write(made, seed, faults=faults)
        if pages:
            console.print(
                f"Zendesk, Jira and Slack, as people see them: [link]{made.sandbox.url}[/link]"
            )
        _play(made, day, console)
        found = outcome(day, seed, time.monotonic() - began)
        if as_json:
            sys.stdout.write(json.encode(found).decode() + "\n")
        else:
            _tell(found, live_alerts(day), Console())
        if pages and sys.stdout.isatty():
            _stay(made, console)
    return 0 if found.good else 1


def _play(made: World, day: Day, console: Console) -> None:
    whole = (END - START).total_seconds()
    told: set[int] = set()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        task = progress.add_task("07:55", total=whole)

        def watch() -> None:
            now = made.clock().astimezone(ZONE)
            progress.update(
                task, completed=(now - START).total_seconds(), description=f"{now:%H:%M}"
            )
            with made.bridge.engine.begin() as connection:
                newest = alerts.listing(connection, 20)
            for alert in reversed(newest):
                if alert.number in told:
                    continue
                told.add(alert.number)
                reason = alert.reasons[0].finding
                progress.console.print(
                    f"[dim]{now:%H:%M}[/dim] {alert.severity.name.lower():8} {alert.subject:14}"
                    f" {reason.headline} -> {alert.team}",
                    highlight=False,
                    soft_wrap=True,
                )

        made.watch = watch
        made.run(day.script, END)


def _tell(found: Outcome, live: int, console: Console) -> None:
    latency = found.webhook_to_slack_ms
    rows = (
        ("Tickets", f"{found.tickets} ({_by(found.desks)})"),
        ("Survey answers", f"{sum(found.answers.values())} ({_by(found.answers)})"),
        ("Events judged", found.events),
        ("Alerts", f"{found.alerts} ({found.alert_rate:.0%} of cases), {live} still live"),
        ("On the tickets", f"{found.tags_written} tags, {found.notes_written} internal notes"),
        ("In Slack", f"{found.slack_messages} messages, edited {found.slack_edits} times"),
        ("Survey to Slack", f"{latency['p50']:.0f} ms (p99 {latency['p99']:.0f} ms)"),
        ("Lost", found.lost),
        ("Duplicates", found.duplicates),
        ("False alarms", found.false_alarms),
        ("Missed", found.missed),
        ("Shown to a customer", found.leaks),
        ("Failed calls", found.faults),
        ("Took", f"{found.seconds} s"),
    )
    show_figures(
        console,
        f"A simulated day (seed {found.seed})",
        [(name, to_builtins(value)) for name, value in rows],
    )
    show_trouble(console, found.trouble)


def _by(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {many}" for name, many in counts.items())


def _way_in(made: World) -> str:
    """A link that signs an admin in, once."""
    now = made.clock()
    with made.bridge.engine.begin() as connection:
        admin = users.save(connection, "admin@example.com", Role.ADMIN, now, name="Admin")
        token = users.make_link(connection, admin.id, now, timedelta(hours=12))
    return f"{made.hooks.removesuffix('/hooks')}/sign-in/link/{token}"


def _stay(made: World, console: Console) -> None:
    console.print(f"The helpdesks, Slack, mail and phones: [link]{made.sandbox.url}[/link]")
    console.print(f"Our own pages, as an admin:            [link]{_way_in(made)}[/link]")
    console.print("Whatever you do there has its effects; Ctrl-C ends.")
    began, start = time.monotonic(), made.clock()
    try:
        while True:  # from now on time passes as it does outside
            time.sleep(0.2)
            made.run({}, start + timedelta(seconds=time.monotonic() - began))
    except KeyboardInterrupt:
        console.print("bye")
