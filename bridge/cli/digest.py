"""`bridge digest`: what a team's next digest says, when it goes out, and to whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from datetime import datetime

    from bridge.domain.digest import Digest
    from bridge.domain.model import Team
    from bridge.work.bridge import Bridge


@click.command()
@click.argument("team", default="")
@click.option("--send", is_flag=True, help="Send it at once, besides the daily one.")
@click.option("--html", type=click.Path(path_type=Path), help="Write TEAM's mail to this file.")
@click.option("--subscribe", metavar="ADDRESS", default="", help="Mail it there again.")
@AS_JSON
def digest(team: str, send: bool, html: Path | None, subscribe: str, as_json: bool) -> None:
    """Show what the next digest of TEAM says, or of every team. Nothing is sent without --send."""
    if (html or subscribe) and not team:
        raise click.UsageError("say whose: bridge digest TEAM …")
    with opened() as bridge:
        bridge.wait_for_budget()
        now = bridge.now()
        chosen = _chosen(bridge, team)
        if subscribe:
            _subscribe(bridge, team, subscribe)
        if not chosen and not as_json:
            click.echo("No team yet: `bridge teams import config/teams.toml`.", err=True)
        told = []
        for one in chosen:
            drawn = _drawn(bridge, one, now)
            plan = _plan(bridge, one, now)
            if html:
                _write(drawn, plan, html)
            if not as_json:
                _show(drawn, plan)
            if send:
                plan |= {"sent": _sent(bridge, one, as_json=as_json)}
            told.append(plan | _as_data(drawn))
    if as_json:
        printed(told)


def _chosen(bridge: Bridge, name: str) -> list[Team]:
    with bridge.engine.begin() as connection:
        known = bridge.teams(connection)
    if not name:
        return known
    if found := [one for one in known if one.name.casefold() == name.casefold()]:
        return found
    names = ", ".join(one.name for one in known) or "none"
    raise click.ClickException(f"no team is called {name!r}; known are: {names}")


def _subscribe(bridge: Bridge, team: str, address: str) -> None:
    from bridge.store import digests

    [chosen] = _chosen(bridge, team)
    with bridge.engine.begin() as connection:
        again = digests.subscribe(connection, chosen.name, address)
    words = "is mailed the digest again" if again else "had not unsubscribed"
    click.echo(f"{address} {words}", err=True)


def _drawn(bridge: Bridge, team: Team, now: datetime) -> Digest:
    from bridge.work.digest import EMAIL, last_told
    from bridge.work.digest_matter import digest_of, readers_of

    manager = str(readers_of(bridge, team, now).manager)
    since = last_told(bridge, team, EMAIL, now)
    return digest_of(bridge, team, manager, since, now, look=False)


def _plan(bridge: Bridge, team: Team, now: datetime) -> dict[str, Any]:
    from bridge.work.digest import next_at, ways

    return {
        "team": team.name,
        "next_at": next_at(bridge, team, now),
        "to": [{"by": way.medium, "to": way.to} for way in ways(bridge, team, now)],
    }


def _write(drawn: Digest, plan: dict[str, Any], path: Path) -> None:
    from bridge.work.digest_mail import letter_of

    to = next((one["to"] for one in plan["to"] if one["by"] == "email"), "nobody")
    path.write_text(letter_of(drawn, to).html, "utf-8")
    click.echo(f"written to {path}", err=True)


def _show(drawn: Digest, plan: dict[str, Any]) -> None:
    from bridge.work.digest_mail import letter_of

    click.echo(letter_of(drawn, "nobody").text.strip())
    click.echo()
    told = ", ".join(f"{one['to']} ({one['by']})" for one in plan["to"])
    if plan["next_at"] is None:
        click.echo('The digest is off: set [digest] at, or the team\'s digest = "08:00".', err=True)
    elif not told:
        lacks = "give the team a manager_email with [channels.email], or a slack_channel"
        click.echo(f"It goes to nobody: {lacks}.", err=True)
    else:
        click.echo(f"Goes out {plan['next_at']:%Y-%m-%d %H:%M} UTC to {told}.", err=True)


def _sent(bridge: Bridge, team: Team, *, as_json: bool) -> list[dict[str, str]]:
    from bridge.work.digest import send_now

    sent = [{"by": way.medium, "to": way.to} for way in send_now(bridge, team)]
    if not as_json:
        told = ", ".join(f"{one['to']} ({one['by']})" for one in sent)
        click.echo(f"Sent to {told}." if told else "Sent to nobody.", err=True)
    return sent


def _as_data(drawn: Digest) -> dict[str, Any]:
    import msgspec

    found = msgspec.to_builtins(drawn, enc_hook=str)
    return {name: value for name, value in found.items() if name != "team"}
