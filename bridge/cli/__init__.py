"""`bridge …`: every command. Imports only what a command needs, so that `--help` is quick."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click

from bridge.cli import (
    access,
    accounts,
    alerts,
    backtest,
    database,
    deliveries,
    digest,
    doors,
    endpoints,
    figures,
    forgetting,
    hours,
    inbox,
    keys,
    learn,
    mutes,
    people,
    processes,
    sandbox,
    shadows,
    status,
    surges,
    teams,
    timers,
    trying,
    whatif,
)


class _Stopped(KeyboardInterrupt):
    """SIGTERM. As an interrupt, because psycopg ends a query under way for that, and for nothing else."""


class _Group(click.Group):
    """Errors of ours are told in one sentence, without a traceback; SIGTERM ends with its usual code."""

    def invoke(self, ctx: click.Context) -> Any:
        from bridge.domain.model import BridgeError
        from bridge.embedded import EmbeddedError

        try:
            return super().invoke(ctx)
        except _Stopped:
            sys.exit(128 + signal.SIGTERM)
        except (BridgeError, EmbeddedError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alert-bridge")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def main(verbose: bool) -> None:
    """Ring the responsible manager while a customer's support experience can still be saved.

    Configuration is read from BRIDGE_CONFIG (default config/bridge.toml); data lives at
    DATABASE_URL (absent: an embedded PostgreSQL under ./var).
    """
    signal.signal(signal.SIGTERM, _stop)
    if not sys.argv[1:2] or sys.argv[1] not in ("--help", "-h"):
        from bridge.logs import set_up

        set_up(verbose=verbose)


def _stop(_: int, __: object) -> None:
    """End as after an error, so that an embedded database of ours is stopped as well."""
    raise _Stopped


for command in (
    processes.run,
    processes.web,
    processes.worker,
    processes.clock,
    processes.migrate,
    doors.check,
    doors.setup,
    doors.doctor,
    doors.test_alert,
    status.status,
    inbox.inbox,
    alerts.alerts,
    deliveries.deliveries,
    endpoints.endpoints,
    endpoints.notices,
    digest.digest,
    figures.figures,
    shadows.shadows,
    keys.keys,
    teams.teams,
    people.people,
    accounts.accounts,
    hours.hours,
    mutes.mutes,
    timers.timers,
    timers.bring_in,
    access.login,
    access.users,
    database.database,
    forgetting.forget,
    forgetting.export_person,
    sandbox.sandbox,
    trying.demo,
    trying.simulate,
    trying.bench,
    learn.learn,
    whatif.whatif,
    backtest.backtest,
    surges.surges,
):
    main.add_command(command)
