"""`bridge alerts relation`: what became of a customer, as somebody knows it."""

from __future__ import annotations

import getpass

import click

from bridge.cli.shared import AS_JSON, opened, printed

RELATIONS = ("stayed", "at-risk", "left", "unknown")


@click.command("relation")
@click.argument("ref")
@click.argument("relation", type=click.Choice(RELATIONS))
@click.option(
    "--months",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Since the alert was resolved.",
)
@click.option("--by", default=getpass.getuser, help="Your name, as the team knows it.")
@AS_JSON
def alerts_relation(ref: str, relation: str, months: int, by: str, as_json: bool) -> None:
    """Say what became of the customer of the alert REF: it takes the place of what was found by itself."""
    from bridge.domain.model import Member, Relation
    from bridge.work.relations import say

    told = Relation(relation.replace("-", " "))
    with opened() as bridge:
        alert = say(bridge, ref, months, told, Member(name=by))
    if as_json:
        printed({"alert": alert.ref, "relation": told.value, "months": months, "by": by})
    else:
        click.echo(f"{alert.ref} after {months} months: {told.value}, by {by}", err=True)
