"""What the rows of teams and people and the steps of ladders name must be there, and be written as it is read.

What is wrong is told with the way out, the nearest name if there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from bridge.domain.ladders import MANAGER, OWNER, above
from bridge.domain.model import ConfigError, Member, Team
from bridge.domain.people import Roster
from bridge.settings import Settings
from bridge.settings.loop import local_hour
from connectors import Found

FOLLOW_UPS = ("email", "ticket")
"""How a team's customers can be asked whether it helped."""

_CHANNEL = re.compile(r"[CG][A-Z0-9]{5,20}")
_MEMBER = re.compile(r"[UW][A-Z0-9]{5,20}")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_FILLERS = re.compile(r"[\s()./-]|\u00a0")
_LONGEST = 80  # of a name
_MOST_KNOWN = 12


def N_(words: str) -> str:  # noqa: N802 - the name by which translations are found
    """Words that may be said in another language where they are shown."""
    return words


class Mistake(Struct, frozen=True, kw_only=True):
    """What is wrong with a field, and the `way` out: words with placeholders that `given` fills.

    `line` is where it stands in a file, 0 where that isn't known; `whose` is the team or person then.
    """

    field: str
    why: str
    given: Mapping[str, str] = {}
    way: str = ""
    line: int = 0
    whose: str = ""

    def words(self, say: Callable[..., str] = lambda words, **given: words % given) -> str:
        """It all in words; `say` may translate."""
        parts = [say(part, **self.given) for part in (self.why, self.way) if part]
        return "; ".join(parts)

    def __str__(self) -> str:
        return self.words()


class Mistakes(ConfigError):
    """All that is wrong with what was handed in. Nothing of it was taken."""

    def __init__(self, found: Collection[Mistake]) -> None:
        super().__init__("\n".join(f"{_place(one)}: {one}" for one in found))
        self.found = tuple(found)


def _place(one: Mistake) -> str:
    where = f"line {one.line}" if one.line else one.whose
    return ", ".join(part for part in (where, one.field) if part)


def complaints(settings: Settings, roster: Roster) -> list[Found]:
    """All that teams, ladders and absences name and that is not there, each with the way out."""
    return [
        *(found for team in roster.teams for found in _team(settings, team)),
        *_ladders(settings, roster),
        *_absences(roster),
    ]


# --- teams


def faults(settings: Settings, team: Team, before: Team | None = None) -> list[Mistake]:
    """All that is wrong with a team's own fields; with `before`, with those alone that are other than there."""
    found = [*_spelt(settings, team), *unknown(settings, team)]
    return [one for one in found if before is None or _differ(team, before, one.field)]


def unknown(settings: Settings, team: Team) -> Iterator[Mistake]:
    """What a team names that `bridge.toml` doesn't have."""
    named: tuple[tuple[str, str, str, Mapping[str, object]], ...] = (
        (
            "calendar",
            N_("no calendar is called %(name)s in %(file)s"),
            team.calendar,
            settings.calendars,
        ),
        ("routes", N_("no routes are called %(name)s in %(file)s"), team.routes, settings.routes),
        ("ladder", N_("no ladder is called %(name)s in %(file)s"), team.ladder, settings.ladders),
        ("awake", N_("no calendar is called %(name)s in %(file)s"), team.awake, settings.calendars),
    )
    for field, why, name, known in named:
        if name and name not in known:
            yield _near(field, why, name, known, file=settings.path)
    if team.digest:
        try:
            local_hour(team.digest)
        except ValueError:
            why = N_('%(name)s is no hour of the day: write it as "08:00", or "off"')
            yield Mistake(field="digest", why=why, given={"name": repr(team.digest)})
    if team.follow_up and team.follow_up not in FOLLOW_UPS:
        yield _near("follow_up", N_("%(name)s is not known"), team.follow_up, FOLLOW_UPS)


def disagreements(teams: Iterable[Team]) -> Iterator[Mistake]:
    """What teams say of each other and can't all be right: parents that aren't there, rings, groups of two."""
    named = {team.name: team for team in teams}
    owners: dict[str, str] = {}
    for team in named.values():
        if team.parent and team.parent not in named:
            found = _near(
                "parent", N_("no team is called %(name)s"), team.parent, set(named) - {team.name}
            )
            yield _of(found, team.name)
        elif _in_ring(team, named):
            why = N_("%(name)s is below this team itself; choose one that isn't")
            given = {"name": repr(team.parent)}
            yield Mistake(field="parent", why=why, given=given, whose=team.name)
        for group in team.groups:
            if group in owners:
                why = N_("%(group)s is the group of %(team)s already; take it from there first")
                given = {"group": group, "team": owners[group]}
                yield Mistake(field="groups", why=why, given=given, whose=team.name)
            owners.setdefault(group, team.name)


def in_file(settings: Settings, name: str) -> list[str]:
    """Where `bridge.toml` calls a team by its name: as "default_team", "goals.first_response.teams"."""
    found = ["default_team"] if settings.default_team == name else []
    found += [f"sources.{key}.team" for key, one in settings.sources.items() if one.team == name]
    found += [f"goals.{key}.teams" for key, own in settings.team_targets.items() if name in own]
    found += [f"policies.{one.name}.match" for one in settings.policies if name in one.match.teams]
    return found


def _in_ring(team: Team, named: Mapping[str, Team]) -> bool:
    passed: set[str] = set()
    higher: Team | None = team
    while higher and higher.parent:
        if higher.parent == team.name:
            return True
        if higher.name in passed:
            return False  # a ring above, which is not this team's
        passed.add(higher.name)
        higher = named.get(higher.parent)
    return False


def _spelt(settings: Settings, team: Team) -> Iterator[Mistake]:
    if not team.name.strip():
        yield Mistake(field="name", why=N_("is missing: every team needs a name"))
    elif len(team.name) > _LONGEST:
        yield Mistake(field="name", why=N_("is too long: write 80 letters at most"))
    if team.slack_channel and not _CHANNEL.fullmatch(team.slack_channel):
        why = N_("%(name)s is no id of a channel: write it as C0123ABCD; its name may change")
        yield Mistake(field="slack_channel", why=why, given={"name": repr(team.slack_channel)})
    yield from _reached("manager_", team.manager_slack, team.manager_email, team.manager_phone)
    for group in team.groups:
        desk, _, number = group.partition(":")
        if not (desk and number):
            why = N_('%(name)s is no group: write it as "<desk>:<group id>", like zendesk:360001')
            yield Mistake(field="groups", why=why, given={"name": repr(group)})
        elif desk not in settings.desks:
            why = N_("%(name)s is no helpdesk in %(file)s")
            yield _near("groups", why, desk, settings.desks, file=settings.path)


# --- people


def person_faults(member: Member, before: Member | None = None) -> list[Mistake]:
    """All that is wrong with somebody's fields; with `before`, with those alone that are other than there."""
    found = []
    key = member.key
    if not key.strip():
        found.append(
            Mistake(field="key", why=N_("is missing: ladders and absences call people by it"))
        )
    elif key in (OWNER, MANAGER) or key.startswith(f"{MANAGER}+"):
        why = N_("%(name)s means something else to a ladder; choose another key")
        found.append(Mistake(field="key", why=why, given={"name": repr(key)}))
    found += _reached("", member.slack, member.email, member.phone)
    return [one for one in found if before is None or _differ(member, before, one.field)]


def _reached(prefix: str, slack: str, email: str, phone: str) -> Iterator[Mistake]:
    """How somebody is reached. A place where several hear of something may be a channel."""
    if slack and not (_MEMBER.fullmatch(slack) or (not prefix and _CHANNEL.fullmatch(slack))):
        why = N_("%(name)s is no id of a member: write it as U0123ABCD")
        yield Mistake(field=f"{prefix}slack", why=why, given={"name": repr(slack)})
    if email and not _EMAIL.fullmatch(email):
        why = N_("%(name)s is no e-mail address: write it as ana@example.com")
        yield Mistake(field=f"{prefix}email", why=why, given={"name": repr(email)})
    if phone and not _PHONE.fullmatch(phone):
        why = N_("%(name)s is no phone number with its country: write it as +4930123456")
        yield Mistake(field=f"{prefix}phone", why=why, given={"name": repr(phone)})


def tidied(field: str, text: str) -> str:
    """What somebody typed, without what they need not care about: spaces around it, or within a phone number."""
    text = text.strip()
    if field.endswith("phone") and text.startswith("+"):
        return _FILLERS.sub("", text)
    return text


# --- in words for `bridge check`

_PLAIN = ("calendar", "routes", "ladder")


def _team(settings: Settings, team: Team) -> Iterator[Found]:
    for one in unknown(settings, team):
        said = str(one) if one.field in _PLAIN else f"{one.field}: {one}"
        yield Found(False, f"team {team.name}", said)


def _ladders(settings: Settings, roster: Roster) -> Iterator[Found]:
    for name, ladder in settings.ladders.items():
        for step in ladder.steps:
            if step.who == OWNER or above(step.who) is not None or roster.named(step.who):
                continue
            known = [OWNER, "manager", "manager+1", *(member.key for member in roster.members)]
            yield Found(False, f"ladder {name}", str(nobody("who", step.who, known)))


def _absences(roster: Roster) -> Iterator[Found]:
    known = [member.key for member in roster.members]
    for absence in roster.absences:
        for who in filter(None, (absence.member, absence.deputy)):
            if roster.named(who) is None:
                why = str(nobody("member", who, known))
                yield Found(False, f"absence of {absence.member}", why)


def nobody(field: str, name: str, known: Iterable[str]) -> Mistake:
    """That nobody is called so."""
    return _near(field, N_("nobody is called %(name)s"), name, known)


def _near(field: str, why: str, word: str, known: Iterable[str], **given: str) -> Mistake:
    """That a word means nothing; with the nearest that does."""
    choices = sorted(known)
    way, said = "", {}
    if close := get_close_matches(word, choices, n=1, cutoff=0.5):
        way, said = N_("did you mean %(near)s?"), {"near": repr(close[0])}
    elif choices:
        more = ", …" if len(choices) > _MOST_KNOWN else ""
        way = N_("known are: %(known)s")
        said = {"known": ", ".join(choices[:_MOST_KNOWN]) + more}
    return Mistake(field=field, why=why, given={"name": repr(word), **given, **said}, way=way)


def _of(one: Mistake, whose: str) -> Mistake:
    return Mistake(field=one.field, why=one.why, given=one.given, way=one.way, whose=whose)


def _differ(one: object, other: object, field: str) -> bool:
    return bool(getattr(one, field) != getattr(other, field))
