"""`bridge inbox …`: webhooks as they came."""

from __future__ import annotations

import sys

import click

from bridge.cli.shared import AS_JSON, opened, printed, table


@click.group()
def inbox() -> None:
    """Webhooks as they came: list them, look at one, have it read again."""


@inbox.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "read", "matching", "fetching", "unreadable"])
)
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def inbox_list(state: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries."""
    from bridge.store import inbox as store

    with opened() as bridge, bridge.engine.begin() as connection:
        rows = store.listing(connection, state, limit)
    table(
        [
            {
                "id": r.id,
                "source": r.source,
                "received": r.received_at.isoformat(timespec="seconds"),
                "state": r.state,
                "bytes": len(r.body),
                "reason": r.reason,
            }
            for r in rows
        ],
        as_json,
        empty="No delivery has come in yet.",
    )


@inbox.command("show")
@click.argument("number", type=int)
@AS_JSON
def inbox_show(number: int, as_json: bool) -> None:
    """One delivery with its headers and body. It holds what a customer wrote: mind who sees it."""
    from bridge.store import inbox as store

    with opened() as bridge, bridge.engine.begin() as connection:
        row = store.find(connection, number)
    if row is None:
        raise click.ClickException(f"no delivery has the number {number}")
    body = row.body.decode("utf-8", "replace")
    if as_json:
        printed(
            {
                "id": row.id,
                "source": row.source,
                "delivery": row.delivery,
                "received": row.received_at.isoformat(),
                "state": row.state,
                "reason": row.reason,
                "headers": row.headers,
                "body": body,
            }
        )
        return
    click.echo(f"{row.id}  {row.source}  {row.received_at:%Y-%m-%d %H:%M:%S}  {row.state}")
    if row.reason:
        click.echo(row.reason)
    for key, value in row.headers.items():
        click.echo(f"{key}: {value}")
    click.echo(f"\n{body}")


@inbox.command("replay")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--unreadable", is_flag=True, help="All that could not be read.")
@click.option("--dry-run", is_flag=True, help="Say what would be read again, and why it failed.")
@AS_JSON
def inbox_replay(numbers: tuple[int, ...], unreadable: bool, dry_run: bool, as_json: bool) -> None:
    """Have deliveries read again: by number, or all that are unreadable. What is known changes nothing."""
    from bridge.store import inbox as store
    from bridge.work.queue import DRAIN, wake

    if bool(numbers) == unreadable:
        raise click.UsageError("name the deliveries' numbers, or say --unreadable")
    with opened() as bridge, bridge.engine.begin() as connection:
        if dry_run:
            rows = (
                store.listing(connection, store.UNREADABLE, 10_000)
                if unreadable
                else [r for n in numbers if (r := store.find(connection, n))]
            )
            many = len(rows)
            for row in rows:
                click.echo(f"{row.id}  {row.source}  {row.state}  {row.reason}", err=True)
        else:
            many = store.replay(connection, numbers or None)
            if many:
                wake(connection, DRAIN)
    if as_json:
        printed({"replayed": 0 if dry_run else many, "found": many})
    else:
        click.echo(f"{many} to be read again" if not dry_run else f"{many} would be read again")
    sys.exit(0 if unreadable or many == len(numbers) else 1)
