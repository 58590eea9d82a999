"""`bridge setup`: the vendor's side of each door, and the secrets that it takes or gives.

Needs no database: a desk's token is asked for anew and kept nowhere.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import mkstemp

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import ConfigError
from bridge.settings import DeskSetting, Settings, SourceSetting
from bridge.slackapp import WholeApp, app_of, buttons, manifest
from connectors import Desk, Door, Setup, Step, channel_kinds
from connectors.channels.slack_setup import CREATE


class Place(Struct, frozen=True, kw_only=True):
    """Something that can be set up, and the variables that are still to be set for it."""

    name: str
    what: str
    missing: tuple[str, ...]


class Guide(Struct, frozen=True, kw_only=True):
    """What a person has to do at a vendor's that can't be set up by us."""

    text: str
    steps: tuple[Step, ...]


def places(settings: Settings) -> list[Place]:
    """All that can be set up by name: desks, Slack, and sources that aren't set up with their desk."""
    here = () if settings.public_url else ("PUBLIC_URL",)
    found = []
    for name, desk in settings.desks.items():
        own = _sources_of(settings, name)
        words = f"desk {desk.desk.kind}, with " + (", ".join(own) or "no source")
        missing = _missing(settings, desk.variables) + here
        missing += tuple(
            s.secret[0] for s in own.values() if not s.unsigned and not _secret(settings, s)
        )
        found.append(Place(name=name, what=words, missing=missing))
    if settings.slack:
        missing = _missing(settings, [settings.slack.token])
        if app := app_of(settings):
            missing += () if _secret(settings, app[1]) else app[1].secret[:1]
            missing += here
        found.append(Place(name="slack", what="the app and its channels", missing=missing))
    at_desks = {source for desk in settings.desks for source in _sources_of(settings, desk)}
    for name, source in settings.sources.items():
        if name in at_desks or name in settings.desks or source.polled:
            continue
        if settings.slack and source.source.kind == "slack":
            continue  # it is set up with the app
        missing = here + _missing(settings, [source.token] if source.token else [])
        if not source.unsigned and not _secret(settings, source):
            missing += source.secret[:1]
        found.append(Place(name=name, what=f"source {source.source.kind}", missing=missing))
    return found


def side(settings: Settings, name: str, channels: Callable[[], Mapping[str, str]]) -> Setup | None:
    """What sets up the vendor's side of `name`; None for a source, and for Slack without a token.

    `channels` gives each team's Slack channel. Raises ConfigError for a name that isn't there.
    """
    if name in settings.desks:
        return desk_of(settings, name).setup(doors(settings, name))
    if name == "slack" and settings.slack:
        token = _value(settings, settings.slack.token)
        if not token:
            return None
        slack = channel_kinds()["slack"](
            name="slack", token=token, base_url=settings.slack.base_url
        )
        return WholeApp(settings, slack.setup(channels()))
    if name in settings.sources:
        return None
    known = ", ".join(place.name for place in places(settings)) or "nothing yet"
    raise ConfigError(f"{settings.path} has nothing called {name!r}; there is: {known}")


def desk_of(settings: Settings, name: str) -> Desk:
    """A desk with a token of its own, kept nowhere. Raises ConfigError where a credential is missing."""
    setting: DeskSetting = settings.desks[name]
    credentials = [settings.secret(variable) for variable in setting.variables]
    token: Callable[[bool], str] = (
        (lambda _: credentials[0])
        if setting.token
        else _Fresh(lambda: str(setting.desk.mint(*credentials).access_token))
    )
    desk: Desk = dataclasses.replace(setting.desk, token=token)
    return desk


def doors(settings: Settings, desk: str) -> list[Door]:
    """The desk's own sources as the vendor is to call them. Raises ConfigError without PUBLIC_URL."""
    return [
        Door(
            name=name,
            kind=setting.source.kind,
            url=_url(settings, name),
            variable=setting.secret[0],
            secret=_secret(settings, setting),
        )
        for name, setting in _sources_of(settings, desk).items()
    ]


def guide(settings: Settings, name: str, folder: Path | None = None, *, dry: bool = False) -> Guide:
    """What to do by hand for a source, or for Slack before it has a token.

    A secret that we are to choose is made here unless there is one; with `folder` it isn't shown, for it goes into a
    file there; `dry`, none is made.
    """
    if name == "slack" and settings.slack:
        variable = settings.slack.token
        step = Step(do="by hand", what="the app in Slack", detail=f"then set {variable}, and again")
        head = f"Create the app at {CREATE}, from this manifest (YAML):"
        return Guide(text=f"{head}\n\n{manifest(settings)}", steps=(step, *buttons(settings)))
    setting = settings.sources[name]
    if setting.polled:
        step = Step(
            do="keep", what=f"source {name}", detail="it is asked for news; nothing calls us"
        )
        return Guide(text="", steps=(step,))
    text: str = setting.source.setup
    variable, given = setting.secret[0], _secret(settings, setting)
    secret, steps = given, []
    if "{secret}" in text and not given and not setting.unsigned:
        secret = "" if dry else secrets.token_urlsafe(32)
        what = Step(do="create", what=variable, detail="the same value here and at the vendor's")
        steps.append(replace(what, variable=variable, secret=secret))
    elif not given and not setting.unsigned:
        steps.append(Step(do="by hand", what=variable, detail="set it to what the vendor shows"))
    else:
        steps.append(Step(do="keep", what=variable, detail="it is set" if given else "unsigned"))
    shown = secret or "(a new secret)"
    if folder and secret and not given:
        shown = f"(what stands in {folder / variable})"
    words = {"name": name, "url": _url(settings, name), "variable": variable, "secret": shown}
    for key, value in words.items():
        text = text.replace("{" + key + "}", value)
    return Guide(text=text.rstrip("\n"), steps=tuple(steps))


def keep(folder: Path, name: str, value: str) -> Path:
    """Put a secret into a file that only its owner can read, at once or not at all; the file's path.

    Raises ConfigError where the folder can't be written to.
    """
    path = folder.absolute() / name
    made = None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, made = mkstemp(dir=folder, prefix=f".{name}-")  # with mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value + "\n")
        return Path(made).replace(path)
    except OSError as error:
        if made:
            Path(made).unlink(missing_ok=True)
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


class _Fresh:
    """A token for one run: asked for when it is first needed, and anew after a refusal."""

    def __init__(self, mint: Callable[[], str]) -> None:
        self._mint = mint
        self._token = ""

    def __call__(self, renew: bool) -> str:
        if renew or not self._token:
            self._token = self._mint()
        return self._token


def _sources_of(settings: Settings, desk: str) -> dict[str, SourceSetting]:
    """The sources that the helpdesk itself calls."""
    return {
        name: setting
        for name, setting in settings.sources.items()
        if type(setting.source).__module__.startswith("connectors.desks.")
        and setting.source.desk == desk
        and not setting.polled
    }


def _secret(settings: Settings, setting: SourceSetting) -> str:
    """The first of a source's secrets that is set, else ""."""
    return next(filter(None, (_value(settings, name) for name in setting.secret)), "")


def _missing(settings: Settings, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not _value(settings, name))


def _value(settings: Settings, name: str) -> str:
    """A variable's value; "" where it isn't set yet, or names a file that isn't there yet."""
    try:
        return settings.secret(name)
    except ConfigError:
        return ""


def _url(settings: Settings, name: str) -> str:
    if not settings.public_url:
        raise ConfigError("set PUBLIC_URL to the address under which vendors call us: https://…")
    return f"{settings.public_url}/hooks/{name}"
