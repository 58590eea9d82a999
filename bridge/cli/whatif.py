"""`bridge whatif`: what a rule with other values would have done, on our own past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from rich.console import Console

    from bridge.work.whatif import Both, Case, Comparison


@click.command()
@click.argument("rule")
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE…")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 400), help="How far back."
)
@AS_JSON
def whatif(rule: str, values: tuple[str, ...], days: int, as_json: bool) -> None:
    """Say what RULE would have told with other values: KEY=VALUE as in its table of bridge.toml.

    The last days are judged again, with the present values and with these, ticket by ticket. Nothing is written.
    """
    from rich.console import Console

    from bridge.simulate.showing import progress_bar
    from bridge.work import whatif as past

    given = dict(_pair(value) for value in values)
    console = Console(stderr=True)
    with opened() as bridge:
        rules = past.changed_rules(bridge.settings.rules, rule, given)
        in_shadow = past.changed_shadow(bridge.settings.in_shadow, rule, given)
        if rule in in_shadow:
            click.echo(f"{rule} is in shadow, and tells nobody: add shadow=false", err=True)
        with progress_bar(console) as progress:
            bar = progress.add_task("tickets", total=None)
            found = past.compare(
                bridge,
                past.with_rules(rules, in_shadow),
                days,
                tell=lambda judged, total: progress.update(bar, completed=judged, total=total),
            )
    if as_json:
        printed(_told(rule, found))
    else:
        _shown(Console(), rule, found)


def _pair(written: str) -> tuple[str, Any]:
    from bridge.work.whatif import value_of

    key, equals, value = written.partition("=")
    if not equals or not key:
        raise click.UsageError(f"{written!r}: write it as KEY=VALUE, say at_or_below=0.3")
    return key.strip(), value_of(value)


def _told(rule: str, found: Comparison) -> dict[str, Any]:
    from msgspec import to_builtins

    told: dict[str, Any] = to_builtins(found)
    severities = {level.name.lower(): both for level, both in sorted(found.severities.items())}
    return told | {"rule": rule, "severities": to_builtins(severities)}


def _shown(console: Console, rule: str, found: Comparison) -> None:
    from bridge.simulate.showing import show_figures
    from bridge.work.whatif import Both

    looked = f"judged {found.judged:,} of {found.total:,} tickets since {found.since:%Y-%m-%d}"
    rows = [
        ("alerts", found.alerts),
        (f"with {rule}", found.by_rule.get(rule, Both())),
        *((level.name.lower(), both) for level, both in sorted(found.severities.items())),
        *(found.teams.items()),
        *((f"week of {day}", both) for day, both in sorted(found.weeks.items())),
    ]
    console.print(looked, highlight=False)
    show_figures(console, "", ((name, _change(both)) for name, both in rows))
    if found.really != found.alerts.now:
        console.print(
            f"There were really {found.really}: what was configured has changed meanwhile."
        )
    _cases(console, "added", found.added, found.many_added, found.bad_added)
    _cases(console, "dropped", found.dropped, found.many_dropped, found.bad_dropped)
    if found.faults:
        console.print(f"{found.faults} tickets could not be judged: the log says why.")


def _change(both: Both) -> str:
    return f"{both.now} -> {both.then}"


def _cases(console: Console, what: str, cases: list[Case], many: int, bad: int) -> None:
    noun = "case" if many == 1 else "cases"
    console.print(f"\n{many} {noun} {what}, {bad} with a low score or a reopening afterwards")
    for case in cases:
        named = case.ref or case.subject
        words = f"  {case.opened_at:%Y-%m-%d %H:%M}  {named}  {case.team}: {case.headline}"
        console.print(words, markup=False, highlight=False)
    if many > len(cases):
        console.print(f"  and {many - len(cases)} more")
