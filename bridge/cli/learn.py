"""`bridge learn`: learn of our own comments what customers say when they are unhappy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.insight.learning.comments import Comment
    from bridge.insight.learning.counting import Progress
    from bridge.insight.learning.crossing import Compared
    from bridge.insight.learning.verdict import Outcome
    from bridge.work.bridge import Bridge


def _known_format(_context: click.Context, _option: click.Parameter, told: str) -> str:
    from bridge.insight.backtest.times import unknown_directive

    if wrong := unknown_directive(told):
        raise click.BadParameter(wrong)
    return told


@click.command()
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Learn of this CSV file instead of the answers in the database.",
)
@click.option("--text", help="The file's column with the comments.")
@click.option("--score", help="The file's column with the scores, or with the values of --bad.")
@click.option(
    "--low", type=float, default=2, show_default=True, help="Unhappy at this score or below."
)
@click.option(
    "--high", type=float, default=4, show_default=True, help="Happy at this score or above."
)
@click.option(
    "--bad", multiple=True, metavar="VALUE", help="Unhappy where the score is this, else happy."
)
@click.option("--group", default="", help="A column whose equal values are tried together.")
@click.option("--time", default="", help="A column with times, to try on later ones.")
@click.option(
    "--time-format",
    default="iso",
    show_default=True,
    callback=_known_format,
    help="How they are written, if not in ISO 8601: %d/%m/%Y %H:%M, %d-%b-%y.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, 1, min_open=True),
    help="The share of comments that may count as negative; else `budget` of [words].",
)
@click.option("--dry-run", is_flag=True, help="Show the figures and keep nothing.")
@click.option("--if-due", is_flag=True, help="Do nothing unless `retrain` of [words] has passed.")
@click.option("--show", is_flag=True, help="List what was learned so far.")
@click.option("--use", metavar="NAME", help="Let this version judge from now on.")
@click.option("--forget", is_flag=True, help="Let nothing that was learned judge from now on.")
@AS_JSON
def learn(
    *,
    file: Path | None,
    text: str | None,
    score: str | None,
    low: float,
    high: float,
    bad: tuple[str, ...],
    group: str,
    time: str,
    time_format: str,
    budget: float | None,
    dry_run: bool,
    if_due: bool,
    show: bool,
    use: str | None,
    forget: bool,
    as_json: bool,
) -> None:
    """Learn what customers say when they are unhappy, of comments that came with a score.

    It judges texts from then on if, on comments it did not learn of, it is better than the
    cold start. See docs/words.md.
    """
    if sum((bool(file), if_due, show, use is not None, forget)) > 1:
        raise click.UsageError("--from, --if-due, --show, --use and --forget exclude each other")
    if show:
        _show(as_json)
    elif use is not None or forget:
        _switch(use, as_json)
    elif file:
        if not text or not score:
            raise click.UsageError("--from needs --text and --score: the names of columns")
        if not bad and low >= high:
            raise click.UsageError("--low must be below --high")
        from bridge.insight.learning.comments import by_score, by_value, read

        label = by_value(bad) if bad else by_score(low, high)
        comments = read(
            file,
            text=text,
            score=score,
            label=label,
            group=group,
            time=time,
            time_format=time_format,
        )
        _report(_of_file(comments, budget, dry_run), as_json)
    else:
        _of_our_own(budget, as_json, dry=dry_run, if_due=if_due)


def _of_file(comments: list[Comment], budget: float | None, dry: bool) -> Outcome:
    from bridge.insight.learn import keep
    from bridge.insight.learning.stock import stock
    from bridge.insight.learning.verdict import learn as made
    from bridge.settings.words import LearningPlan
    from bridge.store import wordings
    from bridge.store.comments import replies

    if dry:
        share = budget or LearningPlan().budget
        return _watched(lambda told: made(comments, "tried", budget=share, progress=told))
    with opened() as bridge:
        plan = bridge.settings.words
        with bridge.engine.connect() as connection:
            name = wordings.free_name(connection, bridge.now())
            shared = stock(replies(connection), plan.stock)
        share = budget or plan.budget
        found = _watched(
            lambda told: made(comments, name, budget=share, stock=shared, progress=told)
        )
        keep(bridge.engine, found, bridge.now())
    return found


def _of_our_own(budget: float | None, as_json: bool, *, dry: bool, if_due: bool) -> None:
    from bridge.insight.learn import due, retrain

    with opened() as bridge:
        now = bridge.now()
        with bridge.engine.connect() as connection:
            wanted = not if_due or due(connection, bridge.settings, now)
        if not wanted:
            if as_json:
                printed({"due": False})
            else:
                click.echo("not due yet: `retrain` of [words]")
            return
        found = _watched(
            lambda told: retrain(
                bridge.engine, bridge.settings, now, budget=budget, dry=dry, progress=told
            )
        )
    _report(found, as_json, by_timer=if_due)


def _watched(work: Callable[[Progress], Outcome]) -> Outcome:
    """Do the work, with a bar on stderr."""
    from rich.console import Console

    from bridge.simulate.showing import progress_bar

    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("learning", total=1.0)
        return work(lambda done: bar.update(task, completed=done))


def _report(found: Outcome, as_json: bool, *, by_timer: bool = False) -> None:
    """Tell the figures; the exit code is 1 where nothing came of it, but for a timer, which can't do better."""
    if as_json:
        import msgspec

        printed(
            {
                "name": found.artefact.name if found.artefact else None,
                "used": not found.refused,
                "refused": found.refused,
                "figures": msgspec.to_builtins(found.figures),
            }
        )
    else:
        _tell(found)
    if found.refused and not by_timer:
        raise SystemExit(1)


def _tell(found: Outcome) -> None:
    figures = found.figures
    if figures:
        click.echo(
            f"{figures.comments} comments, {figures.unhappy} of unhappy customers,"
            f" {figures.distinct} that differ; {figures.between} between"
        )
        table(
            [
                *_compared("comments it had not seen", figures.crossed),
                *(_compared("later comments", figures.later) if figures.later else ()),
            ],
            as_json=False,
            empty="",
        )
        click.echo(
            f"Line {figures.line:.3f}: {figures.share:.1%} of comments (budget {figures.budget:.0%}),"
            f" precision {figures.precision:.2f}, recall {figures.recall:.2f};"
            f" best F1 at {figures.best_f1:.3f}"
        )
        click.echo("Weighed most: " + ", ".join(word for word, _ in figures.words))
        speed = figures.a_second
        click.echo(
            f"Texts a second: cold start {speed['cold']:,.0f}, learned {speed['learned']:,.0f}"
        )
    if found.refused:
        click.echo(f"Not used: {found.refused}", err=True)
    elif found.artefact:
        click.echo(f"Better than the cold start: {found.artefact.name}")


def _compared(on: str, told: Compared) -> list[dict[str, Any]]:
    """A line for each judge, and one for how much better learned is."""
    lines = (("cold start", told.cold), ("learned", told.learned))
    rows: list[dict[str, Any]] = [
        {
            "on": f"{told.comments} {on}",
            "judge": name,
            "F1": _shown(quality.f1),
            "AUC": _shown(quality.auc),
            "precision": f"{quality.precision:.2f}",
            "recall": f"{quality.recall:.2f}",
        }
        for name, quality in lines
    ]
    better = {"on": "", "judge": "better by", "F1": _shown(told.f1), "AUC": _shown(told.auc)}
    return [*rows, better | {"precision": "", "recall": ""}]


def _shown(interval: Any) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _show(as_json: bool) -> None:
    from bridge.store import wordings

    with opened() as bridge, bridge.engine.connect() as connection:
        found = wordings.versions(connection)
    if as_json:
        import msgspec

        printed(msgspec.to_builtins(found))
        return
    table(
        [
            {
                "name": one.name,
                "made": f"{one.made_at:%Y-%m-%d %H:%M} UTC",
                "state": one.state,
                "comments": one.figures["comments"],
                "F1": f"{one.figures['crossed']['learned']['f1']['value']:.3f}",
                "AUC": f"{one.figures['crossed']['learned']['auc']['value']:.3f}",
                "weighed most": ", ".join(word for word, _ in one.figures["words"][:8]),
                "why not": one.figures["refused"],
            }
            for one in found
        ],
        as_json,
        empty="Nothing was learned yet: `bridge learn`.",
    )


def _switch(name: str | None, as_json: bool) -> None:
    """Let another version judge, or the cold start; written into the audit log."""
    from bridge.store import audit, wordings

    with opened() as bridge, bridge.engine.begin() as connection:
        before = wordings.used_name(connection)
        if name is None:
            wordings.forget(connection)
        elif not wordings.use(connection, name):
            raise click.ClickException(f"nothing learned is called {name!r}: `bridge learn --show`")
        _note(audit.write, connection, bridge, before, name)
    if as_json:
        printed({"used": name})
    else:
        click.echo(f"{name or 'The cold start'} judges from now on")


def _note(
    write: Any, connection: Any, bridge: Bridge, before: str | None, name: str | None
) -> None:
    write(
        connection,
        bridge.now(),
        who=login(),
        via=VIA,
        what="words switched",
        object="words",
        before={"used": before},
        after={"used": name},
    )
