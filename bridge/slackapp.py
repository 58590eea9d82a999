"""The app in Slack as `bridge setup slack` sees it: its manifest, and the side from which people press its buttons.

The app's request URLs and its signing secret are a person's to set and to copy: Slack gives neither to a bot token.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge.domain.model import ConfigError
from bridge.settings import Settings, SourceSetting
from connectors import Found, Setup, Step
from connectors.people.slack_payload import ACTIONS, COMMANDS, EVENTS

MANIFEST = Path("config/slack-manifest.yaml")

_EXAMPLE = "https://bridge.example.com"
_HINT = "your own address in place of"
_WHERE = {
    ACTIONS: "Interactivity & Shortcuts: Request URL",
    COMMANDS: "Slash Commands: /alerts",
    EVENTS: "Event Subscriptions: Request URL, once `bridge web` runs",
}


def app_of(settings: Settings) -> tuple[str, SourceSetting] | None:
    """The source by which the app calls us, with its name; None where buttons do nothing."""
    found = [(n, s) for n, s in settings.sources.items() if s.source.kind == "slack"]
    return found[0] if found else None


def manifest(settings: Settings) -> str:
    """The app's manifest, with our own address where it is known. Raises ConfigError where it can't be read."""
    try:
        text = MANIFEST.read_text("utf-8")
    except OSError as error:
        raise ConfigError(
            f"{MANIFEST}: {error.strerror}: run this in the project's folder"
        ) from error
    if not settings.public_url:
        return text.rstrip("\n")
    lines = text.replace(_EXAMPLE, settings.public_url).splitlines()
    return "\n".join(line for line in lines if _HINT not in line)


def buttons(settings: Settings) -> Iterator[Step]:
    """What a person has to do so that buttons, forms, threads and /alerts reach us."""
    found = app_of(settings)
    if found is None:
        detail = "add [sources.slack], or its buttons do nothing: docs/setup-slack.md"
        yield Step(do="by hand", what="buttons", detail=detail)
        return
    variable = found[1].secret[0]
    try:
        settings.secrets(found[1].secret, f"source {found[0]!r}")
        yield Step(do="keep", what=variable, detail="it is set")
    except ConfigError:
        detail = "set it to Basic Information > App Credentials > Signing Secret"
        yield Step(do="by hand", what=variable, detail=detail)
    if not settings.public_url:
        detail = "set PUBLIC_URL to the address under which Slack calls us: https://…"
        yield Step(do="by hand", what="request URLs", detail=detail)
        return
    for path, where in _WHERE.items():
        yield Step(do="by hand", what=f"{settings.public_url}{path}", detail=f"{where}, if not yet")


class WholeApp:
    """See `connectors.Setup`: what the token can do, and what only people can."""

    def __init__(self, settings: Settings, side: Setup) -> None:
        self._settings = settings
        self._side = side

    def run(self, *, dry: bool = False) -> Iterator[Step]:
        """Join channels, then say what the buttons need. Raises Undeliverable."""
        yield from self._side.run(dry=dry)
        yield from buttons(self._settings)

    def remove(self, *, dry: bool = False) -> Iterator[Step]:
        """The app is a person's to delete. Raises Undeliverable."""
        yield from self._side.remove(dry=dry)

    def inspect(self, now: datetime) -> Iterator[Found]:
        """What Slack says of the token. Raises nothing."""
        yield from self._side.inspect(now)
