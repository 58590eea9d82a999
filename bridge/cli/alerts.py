"""`bridge alerts …`: the cases that need somebody, and what is done about them."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.relations import alerts_relation
from bridge.cli.shared import AS_JSON, opened, printed, table

if TYPE_CHECKING:
    from bridge.domain.model import Press


@click.group()
def alerts() -> None:
    """The cases that need somebody."""


@alerts.command("list")
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def alerts_list(limit: int, as_json: bool) -> None:
    """The newest alerts, with what became of them."""
    from bridge.store import alerts as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.listing(connection, limit)
    table(
        [
            {
                "ref": alert.ref,
                "subject": alert.subject,
                "severity": alert.severity.name.lower(),
                "state": alert.state.value,
                "team": alert.team,
                "opened": alert.opened_at.isoformat(timespec="seconds"),
                "owner": str(alert.owner) or alert.acknowledged_by,
                "reason": alert.ended or (alert.standing or alert.reasons)[0].finding.headline,
            }
            for alert in found
        ],
        as_json,
        empty="No alert yet.",
    )


@alerts.command("show")
@click.argument("ref")
@AS_JSON
def alerts_show(ref: str, as_json: bool) -> None:
    """An alert with its whole story: every step with who, when, and from where."""
    from msgspec import to_builtins

    from bridge.domain.timers import timers
    from bridge.store import alerts as store
    from bridge.store import followups
    from bridge.work.press import find

    with opened() as bridge:
        alert = find(bridge, ref)
        with bridge.engine.begin() as connection:
            told = store.told_of(connection, alert.number)
            later = followups.later(connection, alert)
    lines = [
        {
            "at": line.at.isoformat(timespec="seconds"),
            "what": line.step.change.value,
            "who": str(line.step.who),
            "from": line.step.via,
            "words": line.step.words
            or line.step.goal
            or (line.step.finding.headline if line.step.finding else ""),
        }
        for line in told
    ]
    if as_json:
        ahead = {name: at.isoformat() for name, at in timers(alert).items()}
        since = to_builtins(later)
        printed({"alert": to_builtins(alert), "story": lines, "ahead": ahead, "later": since})
        return
    owner = f", {alert.owner} has it" if alert.owner else ""
    click.echo(
        f"{alert.ref}: {alert.subject}, {alert.severity.name.lower()}, {alert.state.value}{owner}"
    )
    table(lines, as_json, empty="No story yet.")
    for one in later:
        click.echo(f"later of the same customer: {one}", err=True)
    for name, at in sorted(timers(alert).items(), key=lambda timer: timer[1]):
        click.echo(f"ahead: {name} {at:%Y-%m-%d %H:%M} UTC", err=True)


def _by(command: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that somebody does."""
    command = click.option(
        "--by", default=getpass.getuser, help="Your name, as the team knows it."
    )(command)
    return AS_JSON(click.argument("ref")(command))


def _press(ref: str, by: str, as_json: bool, action: Press, **said: Any) -> None:
    from bridge.domain.model import Member
    from bridge.store import people
    from bridge.work.press import press

    with opened() as bridge:
        with bridge.engine.begin() as connection:
            who = people.roster(connection).named(by) or Member(name=by)
        alert = press(bridge, ref, action, who, **said)
    if as_json:
        printed(
            {"ref": alert.ref, "done": action.value, "state": alert.state.value, "by": str(who)}
        )
    else:
        click.echo(f"{alert.ref}: {action.value} by {who}; it is {alert.state.value}", err=True)


@alerts.command("acknowledge")
@_by
def alerts_acknowledge(ref: str, by: str, as_json: bool) -> None:
    """Say that somebody has the alert REF in hand: no more reminders and no escalation."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.ACKNOWLEDGE)


@alerts.command("contacted")
@_by
@click.option("--tried", is_flag=True, help="An attempt in vain.")
@click.option("--how", default="", help="phone, e-mail, chat, visit…")
@click.option("--words", default="", help="What was said.")
def alerts_contacted(
    ref: str, by: str, as_json: bool, *, tried: bool, how: str, words: str
) -> None:
    """Say that the customer of the alert REF was contacted, or that somebody tried."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.CONTACT, reached=not tried, how=how, words=words)


@alerts.command("resolve")
@_by
@click.option(
    "--outcome",
    required=True,
    type=click.Choice(["recovered", "not recovered", "unreachable", "not justified"]),
    help="How it came out.",
)
@click.option("--cause", required=True, help="One of [loop] causes.")
@click.option("--words", required=True, help="What was done.")
@click.option(
    "--coaching",
    default="not needed",
    show_default=True,
    type=click.Choice(["not needed", "needed", "done"]),
)
def alerts_resolve(
    ref: str, by: str, as_json: bool, *, outcome: str, cause: str, words: str, coaching: str
) -> None:
    """Resolve the alert REF, with how it came out, its cause, and what was done."""
    from bridge.domain.model import Coaching, Outcome, Press

    said = {"outcome": Outcome(outcome), "cause": cause, "coaching": Coaching(coaching)}
    _press(ref, by, as_json, Press.RESOLVE, words=words, **said)


@alerts.command("reopen")
@_by
@click.option("--words", default="", help="Why.")
def alerts_reopen(ref: str, by: str, as_json: bool, words: str) -> None:
    """Open the alert REF again."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.REOPEN, words=words)


@alerts.command("snooze")
@_by
@click.option(
    "--until", required=True, help="A date and time with its zone: 2026-03-10T14:00+01:00."
)
@click.option("--words", default="", help="Why.")
def alerts_snooze(ref: str, by: str, as_json: bool, until: str, words: str) -> None:
    """Take the alert REF in hand and be asked about it again later."""
    from bridge.domain.model import Press

    try:
        at = datetime.fromisoformat(until)
    except ValueError as error:
        raise click.BadParameter(f"{until!r} is no date and time", param_hint="--until") from error
    if at.tzinfo is None:
        raise click.BadParameter("say the zone, too: +01:00, or Z", param_hint="--until")
    _press(ref, by, as_json, Press.SNOOZE, until=at, words=words)


@alerts.command("assign")
@_by
@click.argument("person")
def alerts_assign(ref: str, by: str, as_json: bool, person: str) -> None:
    """Give the alert REF to PERSON: a member's key, a manager's name, an e-mail address or a Slack id."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.ASSIGN, people=(_person(person),))


@alerts.command("add")
@_by
@click.argument("persons", nargs=-1, required=True)
def alerts_add(ref: str, by: str, as_json: bool, persons: tuple[str, ...]) -> None:
    """Have PERSONS told of the alert REF, each on their own channel."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.ADD, people=tuple(_person(person) for person in persons))


def _person(name: str) -> Any:
    from bridge.store import people

    with opened() as bridge, bridge.engine.begin() as connection:
        found = people.roster(connection).named(name)
    if found is None:
        raise click.ClickException(f"nobody is called {name!r}: `bridge people list`")
    return found


@alerts.command("note")
@_by
@click.argument("words")
def alerts_note(ref: str, by: str, as_json: bool, words: str) -> None:
    """Add a note to the story of the alert REF."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.NOTE, words=words)


@alerts.command("coached")
@_by
@click.option("--words", default="", help="What came of it.")
def alerts_coached(ref: str, by: str, as_json: bool, words: str) -> None:
    """Say that the coaching which the alert REF called for was given."""
    from bridge.domain.model import Press

    _press(ref, by, as_json, Press.COACH, words=words)


alerts.add_command(alerts_relation)
