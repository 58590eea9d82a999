"""`/slack/…`: what people do in Slack comes in. Verified like every delivery, over the raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from flask import Blueprint, Response
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.model import ConfigError, Forged
from bridge.web.hooks import Intake, arrived, as_answered, say
from bridge.web.slack_door import Door
from bridge.work.bridge import Bridge
from bridge.work.pressing import workspace
from connectors import Incoming
from connectors.budget import Urgency, urgent
from connectors.people.slack import ALERT, WHO
from connectors.people.slack_payload import ACTIONS, COMMANDS, EVENTS, path

KIND = "slack"
_METHODS = ("GET", "HEAD", "POST")

log = structlog.get_logger()


def slack(bridge: Bridge, secrets: Mapping[str, tuple[str, ...]], intake: Intake) -> Blueprint:
    """The routes for the app in Slack; each answers 404 unless a source of that kind is configured.

    Raises ConfigError where such a source can't work: two of them, one that is unsigned, or no channel to answer by.
    """
    routes = Blueprint("slack", __name__)
    door = _door(bridge, secrets, intake)

    @routes.route(ACTIONS, methods=_METHODS)
    def actions() -> Response:
        return _let_in(door, lambda found, incoming: found.acted(incoming))

    @routes.route(COMMANDS, methods=_METHODS)
    def commands() -> Response:
        return _let_in(door, lambda found, incoming: found.commanded(incoming))

    @routes.route(EVENTS, methods=_METHODS)
    def events() -> Response:
        return _let_in(door, lambda found, incoming: found.happened(incoming))

    @routes.errorhandler(SQLAlchemyError)
    def unanswered(error: SQLAlchemyError) -> Response:
        log.error("not answered", kind=type(error).__name__)
        return say(503, "the database does not answer; try again")

    return routes


def _let_in(door: Door | None, work: Callable[[Door, Incoming], Response]) -> Response:
    if door is None:
        return say(404, f"no source of the kind {KIND!r} is configured here")
    incoming = arrived(door.bridge)
    if incoming is None:
        return say(413, "too large")
    # What we add ourselves is nobody else's to say.
    bare = {k: v for k, v in incoming.headers.items() if k not in (WHO, ALERT)}
    incoming = replace(incoming, headers=bare)
    answer = door.app.answer(incoming)
    asked = answer is not None and not answer.keep
    if incoming.method != "POST" or (asked and path(incoming) == COMMANDS):
        return as_answered(answer) or say(405, "this address takes POST")
    try:
        door.app.verify(incoming, door.secrets)
    except Forged as error:
        log.warning("refused", source=door.name, why=str(error))
        return say(401, f"not accepted: {error}")
    if asked:
        return as_answered(answer) or say(200, "")
    with urgent(Urgency.ALERT):
        return work(door, incoming)


def _door(bridge: Bridge, secrets: Mapping[str, tuple[str, ...]], intake: Intake) -> Door | None:
    settings = bridge.settings
    found = [(n, s) for n, s in settings.sources.items() if s.source.kind == KIND]
    if not found:
        return None
    (name, setting), *others = found
    where = f"{settings.path}: [sources.{name}]"
    if others:
        raise ConfigError(
            f"{where}: there is another, {others[0][0]!r}; one app of Slack's is enough"
        )
    if setting.unsigned:
        raise ConfigError(f"{where}: must be signed: whoever knows the address could act otherwise")
    if settings.slack is None:
        raise ConfigError(f"{where}: needs [channels.slack], by which people are answered")
    workspace(bridge)
    return Door(bridge, name, setting.source, secrets[name], intake)
