"""Which alerts somebody asks for, and which of them they may see, as conditions on the table."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Text, and_, cast, exists, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.sql import ColumnElement

from bridge.domain.model import AlertState, Severity
from bridge.domain.redaction import Redaction
from bridge.domain.viewing import PRIVATE, Role, Viewer
from bridge.store.alerts import names
from bridge.store.schema import alerts, people, tickets

MINE = "me"
NOBODY = "nobody"
SOMEBODY = "somebody"
LIVE = "live"
RESOLVED = AlertState.RESOLVED.value

Condition = ColumnElement[bool]

_EPOCH = datetime.min.replace(tzinfo=UTC)


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which alerts are asked for; what is left out matches everything.

    `state` is a state, "live" for all but resolved ones, "" for every one. `owner` is "me" (who owns it or is on it),
    "nobody", "somebody", or a person as the list of owners has them. `subject` is a ticket ("zendesk:4711"), `subjects`
    are several of which one must be it. `text` is searched for in the reference, the ticket's number and title, the
    headlines, and the customer's name and address; in titles and customers only if `titles` and `customers`: what is
    hidden can't be searched for either. `since` and `until` are when the alert opened, `due_by` is when its next goal
    is due at the latest.
    """

    team: str = ""
    rule: str = ""
    severity: Severity | None = None
    state: str = LIVE
    owner: str = ""
    subject: str = ""
    subjects: tuple[str, ...] = ()
    text: str = ""
    titles: bool = True
    customers: bool = True
    since: datetime | None = None
    until: datetime | None = None
    due_by: datetime | None = None

    @property
    def only_live(self) -> bool:
        """Whether no resolved alert is asked for: then the index of live ones serves."""
        return self.state not in ("", RESOLVED)


def divisions(viewer: Viewer, wanted: Filter) -> dict[str, Condition]:
    """The conditions that alerts are counted by, each alone, by what it is about."""
    return {
        "team": alerts.c.team == wanted.team if wanted.team else true(),
        "rule": alerts.c.rules.contains([wanted.rule]) if wanted.rule else true(),
        "severity": alerts.c.severity == int(wanted.severity) if wanted.severity else true(),
        "state": _in_state(wanted.state),
        "owner": _owned(viewer, wanted.owner),
        "due": due_by(wanted.due_by) if wanted.due_by else true(),
    }


def scope(viewer: Viewer, wanted: Filter) -> Condition:
    """All other conditions, what the viewer may see first."""
    asked: tuple[tuple[object, Condition], ...] = (
        (wanted.only_live, alerts.c.state != RESOLVED),
        (wanted.subject, alerts.c.subject == wanted.subject),
        (wanted.subjects, alerts.c.subject.in_(wanted.subjects)),
        (wanted.since, alerts.c.opened_at >= (wanted.since or _EPOCH)),
        (wanted.until, alerts.c.opened_at < (wanted.until or _EPOCH)),
    )
    words = wanted.text.strip()
    return and_(
        visible(viewer),
        *(condition for given, condition in asked if given),
        *([_speaks_of(words, viewer.hides)] if words else []),
    )


def matches(viewer: Viewer, wanted: Filter) -> Condition:
    """Everything that is asked for, of what the viewer may see."""
    return and_(scope(viewer, wanted), *divisions(viewer, wanted).values())


def visible(viewer: Viewer) -> Condition:
    """What a viewer may see; the same as `Viewer.sees`."""
    known: Condition = true() if viewer.teams is None else alerts.c.team.in_(sorted(viewer.teams))
    if not viewer.may(Role.MANAGER):
        known = and_(known, ~alerts.c.subject.startswith(PRIVATE))
    elif viewer.teams is None:
        return known
    return or_(known, theirs(viewer))


def theirs(viewer: Viewer) -> Condition:
    """What somebody owns or is on."""
    known = sorted(names(viewer.who))
    on: Condition = alerts.c.people.overlap(known)
    return on if known else false()


def due_by(at: datetime) -> Condition:
    """What has a goal that is due at that moment at the latest; never unknown."""
    return func.coalesce(alerts.c.due_at <= at, false())


def _in_state(state: str) -> Condition:
    if not state:
        return true()
    return alerts.c.state != RESOLVED if state == LIVE else alerts.c.state == state


def _owned(viewer: Viewer, owner: str) -> Condition:
    match owner:
        case "":
            return true()
        case "me":
            return theirs(viewer)
        case "nobody":
            return alerts.c.owner == ""
        case "somebody":
            return alerts.c.owner != ""
    return func.lower(alerts.c.owner) == owner.lower()


def _speaks_of(words: str, hide: Redaction) -> Condition:
    """A text stands somewhere in what one sees of the alert, in any case: what is hidden is not found, either."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = "%" + escaped.replace("\x00", "") + "%"
    title, name = tickets.c.state["title"].astext, tickets.c.state["name"].astext
    of_ticket = select(tickets.c.id).where(
        tickets.c.id == alerts.c.subject,
        or_(name.ilike(like), *([] if hide.words else [title.ilike(like)])),
    )
    customer = select(people.c.id).where(
        alerts.c.customer == people.c.desk + ":" + people.c.id,
        or_(people.c.name.ilike(like), people.c.email.ilike(like)),
    )
    headlines = func.jsonb_path_query_array(
        alerts.c.body, cast("$.reasons[*].finding.headline", JSONPATH)
    )
    return or_(
        alerts.c.ref.ilike(like),
        alerts.c.subject.ilike(like),
        cast(headlines, Text).ilike(like),
        exists(of_ticket),
        *([] if hide.names else [exists(customer)]),
    )
