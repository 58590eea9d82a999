"""`teams`: who is responsible, and where they hear of alerts."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.model import Team
from bridge.domain.viewing import Role, Viewer
from bridge.store import audit
from bridge.store import teams as store
from bridge.store.keys import Scope
from bridge.teamcheck import Mistake, disagreements, faults
from bridge.web.api.endpoints import SLASHES, Answer, Call, Conditional, Endpoint, Guarded
from bridge.web.api.problems import FieldError, Kind, Problem, invalid, wrong
from bridge.web.api.reading import NO_NUL
from bridge.web.api.sending import etag
from bridge.work.acting import Unseen

Field = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
Groups = Annotated[
    tuple[Field, ...],
    Meta(max_length=200, description="Helpdesk groups that are its own: <desk>:<group id>."),
]

_SAYS = {
    "parent": "The team above it, by its name.",
    "slack_channel": "Where it hears of alerts: C0123ABCD.",
    "manager": "The manager's name or key.",
    "manager_slack": "The manager in Slack: U0123ABCD.",
    "manager_email": "The manager's e-mail address.",
    "manager_phone": "The manager's phone, told to admins alone: +4930123456.",
    "calendar": "A calendar of the configuration.",
    "routes": "Routes of the configuration.",
    "ladder": "A ladder of the configuration.",
    "awake": "The calendar outside of which only the gravest interrupts anybody.",
    "digest": 'The local hour of the daily digest, "08:00"; "off" for none.',
    "follow_up": 'How customers are asked whether it helped: email, ticket, "" for not at all.',
}


class OfTeam(Struct, frozen=True, kw_only=True):
    """One team."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=80,
            pattern=NO_NUL,
            description="The team's name.",
            extra=SLASHES,
        ),
    ]


def _members(default: object, more: Any = None) -> list[tuple[str, Any, Any]]:
    told = [
        (name, Annotated[Field, Meta(description=words)], default) for name, words in _SAYS.items()
    ]
    groups: Any = () if default == "" else default
    whole = [*told, ("groups", Groups, groups)]
    return [(name, kind | more if more else kind, value) for name, kind, value in whole]


TeamBody: type[Struct] = msgspec.defstruct(
    "TeamBody",
    _members(""),
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    namespace={"__doc__": "All of a team but its name; what is left out is empty."},
)
TeamChange: type[Struct] = msgspec.defstruct(
    "TeamChange",
    _members(UNSET, UnsetType),
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    namespace={"__doc__": "What of a team is to be otherwise; what is left out stays."},
)


class TeamTold(Struct, frozen=True, kw_only=True):
    """A team."""

    name: str
    parent: str
    slack_channel: str
    manager: str
    manager_slack: str
    manager_email: str
    manager_phone: Annotated[str, Meta(description="Told to admins alone.")]
    calendar: str
    routes: str
    ladder: str
    awake: str
    digest: str
    follow_up: str
    groups: tuple[str, ...]


class TeamList(Struct, frozen=True, kw_only=True):
    """Teams, by name."""

    items: tuple[TeamTold, ...]


def list_teams(call: Call) -> Answer:
    """All teams that the key may see, by name."""
    with call.bridge.engine.begin() as connection:
        found = store.all_teams(connection)
    seen = (team for team in found if call.viewer.sees_team(team.name))
    return Answer(body=TeamList(items=tuple(_told(team, call.viewer) for team in seen)))


def get_team(call: Call) -> Answer:
    """One team."""
    with call.bridge.engine.begin() as connection:
        team = _named(store.all_teams(connection), call.path.name)
    if team is None or not call.viewer.sees_team(team.name):
        raise Unseen(f"no team {call.path.name!r}")
    return Answer(body=_told(team, call.viewer))


def put_team(call: Call) -> Answer:
    """Replace a team, or add one.

    To replace one, send the `ETag` that you have read as `If-Match`.
    """
    name: str = call.path.name
    with call.bridge.engine.begin() as connection:
        store.lock(connection)
        known = store.all_teams(connection)
        before = _named(known, name)
        _unchanged(call, before)
        team = Team(name=name, **_given(call.body))
        _save(call, connection, known, before, team)
    return Answer(body=_told(team, call.viewer), status=200 if before else 201)


def patch_team(call: Call) -> Answer:
    """Change some of a team; send the `ETag` that you have read as `If-Match`."""
    name: str = call.path.name
    with call.bridge.engine.begin() as connection:
        store.lock(connection)
        known = store.all_teams(connection)
        before = _named(known, name)
        if before is None:
            raise Unseen(f"no team {name!r}")
        _unchanged(call, before)
        team = replace(before, **_given(call.body))
        _save(call, connection, known, before, team)
    return Answer(body=_told(team, call.viewer))


def _given(body: Struct) -> dict[str, Any]:
    return {name: v for name, v in msgspec.structs.asdict(body).items() if v is not UNSET}


def _named(known: list[Team], name: str) -> Team | None:
    return next((team for team in known if team.name == name), None)


def _unchanged(call: Call, before: Team | None) -> None:
    """Raise Problem unless the caller has seen the team as it is."""
    sent = call.header("If-Match").strip()
    if before is None:
        if sent:
            raise Problem(Kind.CHANGED, "there is no such team")
        return
    if not sent:
        raise Problem(Kind.NO_MATCH, f"the team {before.name} is there already")
    current = etag(msgspec.json.encode(_told(before, call.viewer)))
    if sent != "*" and current not in {part.strip() for part in sent.split(",")}:
        raise Problem(Kind.CHANGED, f"the team {before.name} is not as you have read it")


def _save(
    call: Call, connection: Connection, known: list[Team], before: Team | None, team: Team
) -> None:
    others = [one for one in known if one.name != team.name]
    found = [
        *faults(call.bridge.settings, team, before),
        *(one for one in disagreements([*others, team]) if one.whose == team.name),
    ]
    if found:
        raise invalid(*(_error(one) for one in found))
    if team == before:
        return
    store.save(connection, [team])
    audit.write(
        connection,
        call.bridge.now(),
        who=str(call.viewer.who),
        via="api",
        what="team changed" if before else "team added",
        object=f"team:{team.name}",
        before=before,
        after=team,
    )


def _error(one: Mistake) -> FieldError:
    why, _, way = str(one).partition("; ")
    return wrong(one.field, why, way or _SAYS.get(one.field, "Write another."))


def _told(team: Team, viewer: Viewer) -> TeamTold:
    values = msgspec.structs.asdict(team)
    if not viewer.may(Role.ADMIN):
        values["manager_phone"] = ""
    return TeamTold(**values)


ENDPOINTS = (
    Endpoint(
        method="GET",
        at="/teams",
        does=list_teams,
        scope=Scope.TEAMS_READ,
        headers=Conditional,
        answer=TeamList,
    ),
    Endpoint(
        method="GET",
        at="/teams/{name}",
        does=get_team,
        scope=Scope.TEAMS_READ,
        path=OfTeam,
        headers=Conditional,
        answer=TeamTold,
    ),
    Endpoint(
        method="PUT",
        at="/teams/{name}",
        does=put_team,
        scope=Scope.TEAMS_WRITE,
        role=Role.ADMIN,
        path=OfTeam,
        body=TeamBody,
        headers=Guarded,
        answer=TeamTold,
        statuses=(200, 201),
        problems=(Kind.CHANGED, Kind.NO_MATCH),
    ),
    Endpoint(
        method="PATCH",
        at="/teams/{name}",
        does=patch_team,
        scope=Scope.TEAMS_WRITE,
        role=Role.ADMIN,
        path=OfTeam,
        body=TeamChange,
        headers=Guarded,
        answer=TeamTold,
        problems=(Kind.CHANGED, Kind.NO_MATCH),
    ),
)
