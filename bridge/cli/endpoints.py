"""`bridge endpoints …`, `bridge notices …`: programs of others that are called when an alert changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.store.endpoints import Endpoint
    from bridge.work.bridge import Bridge
    from bridge.work.endpoints import Note


@click.group()
def endpoints() -> None:
    """Programs of others that are called when an alert changes."""


@endpoints.command("add")
@click.argument("url")
@click.option("--change", "changes", multiple=True, help="Call it about this alone: alert.opened.")
@click.option("--team", "teams", multiple=True, help="Call it about this team's alerts alone.")
@click.option("--note", default="", help="Whose it is, and what for.")
@AS_JSON
def endpoints_add(
    url: str, changes: tuple[str, ...], teams: tuple[str, ...], note: str, as_json: bool
) -> None:
    """Have an address called from now on. --change and --team may be given several times; prints its secret."""
    from bridge.work import endpoints as work
    from bridge.work.signing import secrets_of

    with opened() as bridge:
        with bridge.engine.begin() as connection:
            made = work.add(
                bridge,
                connection,
                url,
                words=note,
                changes=changes,
                teams=teams,
                by=login(),
                note=_note(bridge),
            )
        secret = secrets_of(bridge, made)[0]
    if as_json:
        printed({"id": made.id, "secret": secret})
    else:
        click.echo(f"endpoint {made.id}: give its secret to whoever runs it:", err=True)
        click.echo(secret)


@endpoints.command("list")
@AS_JSON
def endpoints_list(as_json: bool) -> None:
    """All of them, how they are, and how much waits or failed."""
    from bridge.store import endpoints as store
    from bridge.store import notices as kept

    with opened() as bridge, bridge.engine.begin() as connection:
        found, many = store.listing(connection), kept.counts(connection)
    table(
        [
            {
                "id": one.id,
                "url": one.url,
                "note": one.note,
                "changes": ", ".join(one.changes) or "all",
                "teams": ", ".join(one.teams) or "all",
                "state": "disabled" if not one.enabled else "failing" if one.failures else "well",
                "waiting": many.get(one.id, {}).get("waiting", 0),
                "failed": many.get(one.id, {}).get("failed", 0),
                "trouble": one.trouble,
            }
            for one in found
        ],
        as_json,
        empty="Nobody is called yet: `bridge endpoints add https://…`",
    )


@endpoints.command("test")
@click.argument("number", type=int)
@AS_JSON
def endpoints_test(number: int, as_json: bool) -> None:
    """Call one at once, with a webhook that speaks of no alert; exit code 1 if it did not take it."""
    from bridge.work.notices import test

    with opened() as bridge:
        with bridge.engine.begin() as connection:
            endpoint = _found(connection, number)
        came = test(bridge, endpoint)
    if as_json:
        printed({"ok": not came.why, "status": came.status, "why": came.why})
    else:
        click.echo(came.why or f"it answered {came.status}")
    sys.exit(1 if came.why else 0)


@endpoints.command("rotate")
@click.argument("number", type=int)
@AS_JSON
def endpoints_rotate(number: int, as_json: bool) -> None:
    """Make a new secret, and print it. For a day, calls are signed with the old one too."""
    from bridge.work import endpoints as work
    from bridge.work.signing import secrets_of

    with opened() as bridge:
        with bridge.engine.begin() as connection:
            work.rotate(connection, _found(connection, number), bridge.now(), _note(bridge))
            endpoint = _found(connection, number)
        secret = secrets_of(bridge, endpoint)[0]
    if as_json:
        printed({"id": number, "secret": secret})
    else:
        click.echo(secret)


@endpoints.command("enable")
@click.argument("number", type=int)
def endpoints_enable(number: int) -> None:
    """Call one again, as if it had never failed."""
    from bridge.work import endpoints as work

    with opened() as bridge, bridge.engine.begin() as connection:
        work.enable(connection, _found(connection, number), _note(bridge))


@endpoints.command("disable")
@click.argument("number", type=int)
def endpoints_disable(number: int) -> None:
    """Call one no more. What waits for it fails, and can be retried once it is enabled."""
    from bridge.work import endpoints as work

    with opened() as bridge, bridge.engine.begin() as connection:
        work.switch_off(connection, _found(connection, number), _note(bridge))


@endpoints.command("remove")
@click.argument("number", type=int)
def endpoints_remove(number: int) -> None:
    """Delete one, with all that it was sent or is to be."""
    from bridge.work import endpoints as work

    with opened() as bridge, bridge.engine.begin() as connection:
        work.remove(connection, _found(connection, number), _note(bridge))


@click.group()
def notices() -> None:
    """Webhooks to programs of others."""


@notices.command("list")
@click.option("--endpoint", type=int, help="Those to this one only.")
@click.option("--state", type=click.Choice(["waiting", "sending", "sent", "failed"]))
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def notices_list(endpoint: int | None, state: str | None, limit: int, as_json: bool) -> None:
    """The newest, and why those that failed did."""
    from bridge.store import notices as store

    with opened() as bridge, bridge.engine.begin() as connection:
        rows = store.listing(connection, endpoint=endpoint, state=state or "", limit=limit)
    table(
        [
            {
                "id": row.notice.id,
                "endpoint": row.notice.endpoint,
                "alert": row.ref,
                "change": row.notice.change,
                "state": row.notice.state,
                "attempts": row.notice.attempts,
                "next": row.notice.not_before.isoformat(timespec="seconds")
                if row.notice.state == "waiting"
                else "",
                "reason": row.notice.reason,
            }
            for row in rows
        ],
        as_json,
        empty="Nothing was sent to anybody's program yet.",
    )


@notices.command("retry")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--endpoint", type=int, help="All that failed of this one.")
@AS_JSON
def notices_retry(numbers: tuple[int, ...], endpoint: int | None, as_json: bool) -> None:
    """Send again what failed, now, by number or all of an endpoint; exit code 1 if there was nothing."""
    from bridge.work import endpoints as work

    if bool(numbers) == (endpoint is not None):
        raise click.UsageError("give either numbers or --endpoint")
    with opened() as bridge, bridge.engine.begin() as connection:
        note = _note(bridge)
        again = work.retry(connection, bridge.now(), note, of=endpoint, ids=numbers)
    if as_json:
        printed({"retried": again})
    else:
        click.echo(f"{len(again)} will be sent again")
    sys.exit(0 if again else 1)


def _found(connection: Connection, number: int) -> Endpoint:
    from bridge.store import endpoints as store

    if (endpoint := store.find(connection, number)) is None:
        raise click.ClickException(f"there is no endpoint {number}: `bridge endpoints list`")
    return endpoint


def _note(bridge: Bridge) -> Note:
    """Writes into the audit log, as whoever runs the command."""
    from bridge.store import audit

    def note(
        connection: Connection,
        what: str,
        object: str,  # noqa: A002 - it is one
        *,
        before: Any = None,
        after: Any = None,
    ) -> None:
        audit.write(
            connection,
            bridge.now(),
            who=login(),
            via=VIA,
            what=what,
            object=object,
            before=before,
            after=after,
        )

    return note
