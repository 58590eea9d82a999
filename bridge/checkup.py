"""The channels to people as their vendors see them: what `bridge doctor` and the page of connections ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bridge.domain.model import ConfigError
from bridge.domain.routing import EMAIL, SMS
from bridge.settings import Settings
from connectors import Found, channel_kinds
from connectors.budget import Budget

_SECRETS = {"kind", "password", "token"}


def asked(settings: Settings) -> Sequence[str]:
    """The channels that can be asked here; the desks and Slack are asked by their `Setup`."""
    return [name for name in (EMAIL, SMS) if getattr(settings, name)]


def ask(settings: Settings, name: str, budget: Budget, now: Callable[[], datetime]) -> list[Found]:
    """What is found when one of `asked` is gone to as if to send. Sends nothing.

    Raises ConfigError where its secret is missing; a setting that can never work is a finding.
    """
    given = _credentials(settings, name)
    section = getattr(settings, name)
    try:
        channel = channel_kinds()[name](
            **section.model_dump(exclude=_SECRETS), **given, budget=budget
        )
    except ConfigError as error:
        fix = f"mend it in [channels.{name}]: docs/setup-{name}.md"
        return [Found(False, f"{name}: {error}", fix)]
    return list(channel.inspect(now()))


def _credentials(settings: Settings, name: str) -> dict[str, str]:
    """The secret by the name of the channel's field for it. Raises ConfigError."""
    if name == EMAIL and settings.email:
        user, variable = settings.email.user, settings.email.password
        return {"password": settings.secret(variable) if user else ""}
    return {"token": settings.secret(settings.sms.token)} if settings.sms else {}
