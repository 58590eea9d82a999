"""What the rows of teams and the steps of ladders name must be there; what isn't, is told with the nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bridge.domain.ladders import OWNER, above
from bridge.domain.model import Team
from bridge.domain.people import Roster
from bridge.settings import Settings
from bridge.settings.loop import local_hour
from connectors import Found

FOLLOW_UPS = ("email", "ticket")
"""How a team's customers can be asked whether it helped."""


def complaints(settings: Settings, roster: Roster) -> list[Found]:
    """All that teams, ladders and absences name and that is not there, each with the way out."""
    return [
        *(found for team in roster.teams for found in _team(settings, team)),
        *_ladders(settings, roster),
        *_absences(roster),
    ]


def _team(settings: Settings, team: Team) -> Iterator[Found]:
    named: tuple[tuple[str, str, Mapping[str, object]], ...] = (
        ("no calendar is called", team.calendar, settings.calendars),
        ("no routes are called", team.routes, settings.routes),
        ("no ladder is called", team.ladder, settings.ladders),
        ("awake: no calendar is called", team.awake, settings.calendars),
    )
    for what, name, known in named:
        if name and name not in known:
            why = f"{what} {name!r} in {settings.path}{_hint(name, known)}"
            yield Found(False, f"team {team.name}", why)
    if team.digest:
        try:
            local_hour(team.digest)
        except ValueError as error:
            yield Found(False, f"team {team.name}", f"digest: {error}")
    if team.follow_up and team.follow_up not in FOLLOW_UPS:
        why = f"follow_up: {team.follow_up!r} is not known{_hint(team.follow_up, FOLLOW_UPS)}"
        yield Found(False, f"team {team.name}", why)


def _ladders(settings: Settings, roster: Roster) -> Iterator[Found]:
    for name, ladder in settings.ladders.items():
        for step in ladder.steps:
            if step.who == OWNER or above(step.who) is not None or roster.named(step.who):
                continue
            known = [OWNER, "manager", "manager+1", *(member.key for member in roster.members)]
            why = f"nobody is called {step.who!r}{_hint(step.who, known)}"
            yield Found(False, f"ladder {name}", why)


def _absences(roster: Roster) -> Iterator[Found]:
    known = [member.key for member in roster.members]
    for absence in roster.absences:
        for who in filter(None, (absence.member, absence.deputy)):
            if roster.named(who) is None:
                why = f"nobody is called {who!r}{_hint(who, known)}"
                yield Found(False, f"absence of {absence.member}", why)


def _hint(word: str, known: Iterable[str]) -> str:
    choices = sorted(known)
    if close := get_close_matches(word, choices, n=1, cutoff=0.5):
        return f"; did you mean {close[0]!r}?"
    return "; known are: " + ", ".join(choices) if choices else ""
