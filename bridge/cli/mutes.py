"""`bridge mutes …`: what nobody is called for, until when, and why."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.hours import moment
from bridge.cli.shared import AS_JSON, opened, printed, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.domain.hush import Mute
    from bridge.work.bridge import Bridge


@click.group()
def mutes() -> None:
    """What nobody is called for, until when, and why."""


@mutes.command("add")
@click.option("--team", default="", help="Alerts of this team only.")
@click.option("--rule", default="", help="Alerts for this reason alone: low_score, reopened, ...")
@click.option("--ticket", default="", help="The alert of this ticket only: zendesk:4711, HELP-12.")
@click.option("--everything", is_flag=True, help="All alerts, which has to be said.")
@click.option("--for", "length", help='How long: "2h", "1d".')
@click.option("--until", help='Until when: "2026-12-24 15:00".')
@click.option("--from", "begin", help="From when on.  [default: now]")
@click.option("--reason", required=True, help="Why; it is told to those who wonder.")
@click.option("--maintenance", is_flag=True, help="A planned window, and called so.")
@click.option("--by", default=getpass.getuser, help="Your name, as the team knows it.")
@AS_JSON
def mutes_add(
    *,
    team: str,
    rule: str,
    ticket: str,
    everything: bool,
    length: str | None,
    until: str | None,
    begin: str | None,
    reason: str,
    maintenance: bool,
    by: str,
    as_json: bool,
) -> None:
    """Call nobody for a team's alerts, for a rule's, or for a ticket's, until a time.

    What is held back is kept, and sent when the mute is over unless somebody has the alert in hand by then. Critical
    alerts are held back, too. Times without a zone of their own are in that of the default calendar.
    """
    from bridge.domain.hush import Mute
    from bridge.store import mutes as store

    if everything == bool(team or rule or ticket):
        raise click.UsageError(
            "say what: --team, --rule, --ticket or several of them, or --everything"
        )
    if (length is None) == (until is None):
        raise click.UsageError("say either --for or --until")
    if not reason.strip():
        raise click.BadParameter("must not be empty", param_hint="--reason")
    with opened() as bridge, bridge.engine.begin() as connection:
        starts_at, ends_at = _times(bridge, begin, length, until)
        mute = store.add(
            connection,
            Mute(
                team=_team(bridge, connection, team),
                rule=_rule(rule),
                subject=_subject(bridge, connection, ticket),
                reason=reason.strip(),
                by=by,
                starts_at=starts_at,
                ends_at=ends_at,
                maintenance=maintenance,
            ),
        )
    if as_json:
        printed(_record(mute))
    else:
        click.echo(
            f"mute {mute.id}: {_what(mute)} until {mute.ends_at:%Y-%m-%d %H:%M} UTC", err=True
        )


@mutes.command("list")
@click.option("--all", "over", is_flag=True, help="Those that are over, too.")
@AS_JSON
def mutes_list(over: bool, as_json: bool) -> None:
    """Mutes and maintenance windows that run or are to come, and how many alerts each holds back."""
    from bridge.store import mutes as store
    from bridge.work.hold import hidden

    with opened() as bridge, bridge.engine.begin() as connection:
        now = bridge.now()
        behind = hidden(connection, store.current(connection, now), now)
        found = store.listing(connection, now, over=over)
    if as_json:
        printed([_record(m) | {"hides": sorted(behind.get(m.id, ()))} for m in found])
        return
    table(
        [
            {
                "id": m.id,
                "what": _what(m),
                "from": m.starts_at.isoformat(timespec="seconds"),
                "until": m.ends_at.isoformat(timespec="seconds"),
                "state": _state(m, now),
                "alerts": len(behind.get(m.id, ())),
                "by": m.by,
                "reason": m.reason,
            }
            for m in found
        ],
        as_json,
        empty="Nothing is muted.",
    )


@mutes.command("end")
@click.argument("number", metavar="ID", type=int)
@AS_JSON
def mutes_end(number: int, as_json: bool) -> None:
    """End a mute now: what it held back is sent, unless something else holds it."""
    from bridge.domain.model import ConfigError
    from bridge.work.hold import end

    with opened() as bridge:
        mute = end(bridge, number)
    if mute is None:
        raise ConfigError(f"no mute {number} runs or is to come: look at `bridge mutes list`")
    if as_json:
        printed({"ended": mute.id})
    else:
        click.echo(f"mute {mute.id} is over: {_what(mute)}", err=True)


# --- what was asked for


def _times(
    bridge: Bridge, begin: str | None, length: str | None, until: str | None
) -> tuple[datetime, datetime]:
    """Raises BadParameter."""
    from bridge.settings import duration

    zone = bridge.settings.hours.zone
    starts_at = moment(begin, "--from", zone) if begin else bridge.now()
    if until:
        ends_at = moment(until, "--until", zone)
    else:
        try:
            ends_at = starts_at + duration(length)
        except (ValueError, OverflowError) as error:
            raise click.BadParameter(str(error), param_hint="--for") from error
    if ends_at <= max(starts_at, bridge.now()):
        raise click.BadParameter("it would be over already", param_hint="--until")
    return starts_at, ends_at


def _team(bridge: Bridge, connection: Connection, name: str) -> str:
    known = [team.name for team in bridge.teams(connection)]
    return _known(name, known, "team", "--team") if name else ""


def _rule(name: str) -> str:
    from bridge.domain.rules import rules

    return _known(name, sorted(rules()), "rule", "--rule") if name else ""


def _known(name: str, known: list[str], what: str, option: str) -> str:
    """The name, if it is one. Raises BadParameter with the nearest one."""
    from difflib import get_close_matches

    if name in known:
        return name
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else "known are: " + ", ".join(known)
    raise click.BadParameter(f"{name!r} is no {what}; {hint}", param_hint=option)


def _subject(bridge: Bridge, connection: Connection, ticket: str) -> str:
    """The ticket's subject. Raises BadParameter for one that isn't known, or may be several."""
    from bridge.store import tickets

    if not ticket:
        return ""
    wanted = [ticket] if ":" in ticket else [f"{desk}:{ticket}" for desk in bridge.settings.desks]
    found = list(tickets.find_all(connection, wanted))
    if not found and ":" not in ticket:
        found = [known.id for known in tickets.named(connection, ticket)]
    if len(found) == 1:
        return found[0]
    why = f"may be {', '.join(found)}: say which" if found else "is no ticket that is known"
    raise click.BadParameter(f"{ticket!r} {why}", param_hint="--ticket")


# --- how it is told


def _what(mute: Mute) -> str:
    parts = (("team", mute.team), ("rule", mute.rule), ("ticket", mute.subject))
    named = ", ".join(f"{label} {name}" for label, name in parts if name) or "everything"
    return f"{named} (maintenance)" if mute.maintenance else named


def _state(mute: Mute, now: datetime) -> str:
    if mute.runs(now):
        return "runs"
    return "to come" if now < mute.starts_at else "over"


def _record(mute: Mute) -> dict[str, Any]:
    from msgspec.structs import asdict

    times = {name: getattr(mute, name).isoformat() for name in ("starts_at", "ends_at")}
    return asdict(mute) | times
