"""What routes, ladders, buttons, digests and the question to the customer need and lack; each with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bridge.domain.model import ConfigError, Team
from bridge.domain.routing import DEFAULT_ROUTES, EMAIL, SMS
from bridge.settings import Settings
from bridge.work.followup import SECRET
from connectors import Found

_PAGES = {EMAIL: "docs/setup-email.md", SMS: "docs/setup-sms.md"}
_LINKS = "set PUBLIC_URL to https://…, where people reach us"
_SIGNED = f"set {SECRET} to a long random text: `openssl rand -hex 32`"


def settings_lack(settings: Settings) -> Iterator[Found]:
    """What the configuration alone tells."""
    if settings.slack and not any(s.source.kind == "slack" for s in settings.sources.values()):
        yield Found(
            False,
            "slack: the buttons of its messages do nothing",
            "add [sources.slack]; docs/setup-slack.md",
        )
    there = {EMAIL: settings.email is not None, SMS: settings.sms is not None}
    for medium in (one for one, known in there.items() if not known):
        fix = f"add [channels.{medium}], or take {medium!r} away there; {_PAGES[medium]}"
        for name in _routed(settings, medium):
            yield Found(False, f"routes {name}: there is no [channels.{medium}]", fix)
        for name, ladder in settings.ladders.items():
            if any(medium in step.by for step in ladder.steps):
                yield Found(False, f"ladder {name}: there is no [channels.{medium}]", fix)


def teams_lack(settings: Settings, teams: Iterable[Team]) -> Iterator[Found]:
    """What the rows of teams ask for: the question to the customer, and the digest by e-mail."""
    known = list(teams)
    missing = [*_links(settings)]
    for team in known:
        if not team.follow_up or settings.loop.follow_up_after is None:
            continue
        for fix in missing:
            yield Found(False, f"team {team.name}: its customers can't be asked", fix)
        if team.follow_up == EMAIL and settings.email is None:
            fix = f"add [channels.{EMAIL}]; {_PAGES[EMAIL]}"
            yield Found(False, f"team {team.name}: its customers can't be asked by e-mail", fix)
    if any(_mailed(settings, team) for team in known):
        for fix in missing:
            yield Found(False, "digest: its mails have no link to be rid of them", fix)


def _routed(settings: Settings, medium: str) -> Iterator[str]:
    """The routes that name the medium where nothing does by itself: what comes by itself may go without."""
    for name, routes in settings.routes.items():
        if any(
            medium in mediums and mediums != DEFAULT_ROUTES[severity]
            for severity, mediums in routes.items()
        ):
            yield name


def _mailed(settings: Settings, team: Team) -> bool:
    plan = settings.digest_plan
    wanted = team.digest != "off" and (team.digest or plan.at is not None)
    return bool(wanted and settings.email and EMAIL in plan.by and team.manager_email)


def _links(settings: Settings) -> Iterator[str]:
    """How to have what a signed link needs and what isn't there."""
    if not settings.public_url:
        yield _LINKS
    try:
        settings.secret(SECRET)
    except ConfigError:
        yield _SIGNED
