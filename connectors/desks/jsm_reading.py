"""Fresh reads of Jira: one issue with its whole past, and many issues as they are now.

An issue is asked for once, with its comments and its changelog in it (developer.atlassian.com/cloud/jira/platform/rest
/v2, GET issue/{id}, expand=changelog). Jira shows but some of either there: 40 changes and 20 comments, by what others
have met. `total` says how many there are, so a list is read apart where it tells of more, or says nothing, and a
changelog also where it is that long, for whether its `total` counts what was left out is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bridge.domain.model import AnyEvent, Contact, Seen, Unreadable
from connectors import Person, State
from connectors.desks import jsm_shapes as shapes
from connectors.desks.jsm_clocks import clocks
from connectors.desks.jsm_history import history, read
from connectors.desks.jsm_issue import issue_id, public, rated, seen
from connectors.desks.jsm_shapes import PLATFORM, SERVICE_DESK, Missing
from connectors.reading import Node

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

WHOLE = ("*all", "-worklog", "-attachment")
"""All fields that tell something, the comments too."""

_TRACKED = (
    "summary",
    "status",
    "priority",
    "issuetype",
    "project",
    "assignee",
    "reporter",
    "labels",
    "created",
    "updated",
)
_TIMED = (*WHOLE, "-comment", "-description")  # service levels have another field on each site
_AT_ONCE = 100  # issues in one call
_MOST_CHANGES = 40  # within an issue
_MOST_SLAS = 100  # calls for the service levels of single issues


# --- one issue -----------------------------------------------------------------------------------


def history_of(desk: JiraServiceManagement, key: str) -> list[AnyEvent]:
    """An issue's life as events, oldest first, and a Read. Raises Undeliverable.

    One call where all is shown within the issue. The survey's answer has no time of its own: it is told as of the
    issue's last change.
    """
    path = f"{PLATFORM}/issue/{desk.number(key)}"
    params = {"fields": ",".join(WHOLE), "expand": "changelog"}
    issue = desk.shown(path, Node.members, key=key, params=params)
    try:
        changes = _changes(desk, key, issue)
        events = history(desk.name, issue.value, comments(desk, key, issue), changes, desk.user_id)
        if issue["fields"]["resolution"] and (answer := desk.feedback(key)):
            events += _rated(desk, key, issue["fields"], answer)
        now = Levels(desk).told(key, issue)
        end = read(desk.name, issue.value, events, now)
    except Unreadable:
        raise desk.unreadable() from None
    return [*sorted(events, key=lambda event: event.order), end]


def comments(desk: JiraServiceManagement, key: str, issue: Node) -> list[dict[str, Any]]:
    """All the comments: as the issue shows them, or read apart where it has more or doesn't say who sees them.

    That those within an issue say `jsdPublic` is unconfirmed. Raises Unreadable and Undeliverable.
    """
    if is_whole(issue):
        return [comment.value for comment in issue["fields"]["comment"]["comments"].items()]
    shown = {"expand": "properties"}
    return desk.list_all(f"{PLATFORM}/issue/{key}/comment", "comments", key, shown)


def is_whole(issue: Node) -> bool:
    """Whether the issue shows all of its comments, and of each whether customers see it. Raises Unreadable."""
    fields = issue["fields"]
    told, kind = list(fields["comment"]["comments"].items()), project_type(issue)
    total = fields["comment"]["total"].number()
    if total is None or total > len(told):
        return False
    return all(public(comment, kind) is not None for comment in told)


def project_type(issue: Node) -> str:
    """ "service_desk", "software" and the like; "" where it isn't told. Raises Unreadable."""
    return issue["fields"]["project"]["projectTypeKey"].word()


def _changes(desk: JiraServiceManagement, key: str, issue: Node) -> list[dict[str, Any]]:
    shown = list(issue["changelog"]["histories"].items())
    total = issue["changelog"]["total"].number()
    if total is not None and total <= len(shown) < _MOST_CHANGES:
        return [change.value for change in shown]
    return changelog(desk, key)


def changelog(desk: JiraServiceManagement, key: str) -> list[dict[str, Any]]:
    """All changes of one issue. Raises Undeliverable."""
    return desk.list_all(f"{PLATFORM}/issue/{key}/changelog", "values", key)


def by_number(issues: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A search's issues by their numbers; of what has none, nothing can be said."""
    found: dict[str, dict[str, Any]] = {}
    for issue in issues:
        try:
            found[issue_id(Node(issue))] = issue
        except Unreadable:
            continue
    return found


def _rated(desk: JiraServiceManagement, key: str, fields: Node, answer: Node) -> list[AnyEvent]:
    """The survey's answer, if it is one that can be ranked: else the polled source keeps it for a person to see."""
    reporter = shapes.person(fields["reporter"]) if fields["reporter"] else Person(id="")
    at = fields["updated"].time()
    if at is None:
        raise fields["updated"].wrong("a time")
    contact = Contact(reporter.name, reporter.email)
    try:
        stars, words = shapes.rating(answer), shapes.remark(answer)
        return [rated(desk.name, key, stars, words, at, contact=contact, actor=reporter.id)]
    except Unreadable:
        return []


# --- many issues ---------------------------------------------------------------------------------


def states(desk: JiraServiceManagement, keys: Sequence[str]) -> list[State]:
    """Issues as they are now, in the order of `keys`, each once: a call for each hundred. Raises Undeliverable.

    Jira leaves out of its answer what doesn't exist or may not be seen, and names what it could not fetch (POST
    issue/bulkfetch): each of either is asked for by itself, and is gone where that is a 404. So an issue that the
    account may not see any more looks deleted. One of an unknown shape is told without anything known of it. Where the
    desk is asked for its service levels and issues don't tell them, up to a hundred are asked for theirs singly; the
    others are told without.
    """
    wanted = list(dict.fromkeys(desk.number(key) for key in keys))
    fields = _TRACKED if desk.slas == "off" else _TIMED
    found: dict[str, Node] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        found |= _together(desk, wanted[start : start + _AT_ONCE], fields)
    levels, told = Levels(desk), list[State]()
    for key in wanted:
        issue = found.get(key) or _alone(desk, key, fields)
        told.append(state(key, issue, levels) if issue else State(key=key, gone="deleted"))
    return told


def state(key: str, issue: Node, levels: Levels) -> State:
    """An issue as it is shown; nothing is known of one that has another shape. Raises Undeliverable."""
    try:
        now, updated = levels.told(key, issue), issue["fields"]["updated"].time()
    except Unreadable:
        return State(key=key)
    return State(key=key, updated_at=updated, seen=now)


def _together(
    desk: JiraServiceManagement, keys: Collection[str], fields: Sequence[str]
) -> Mapping[str, Node]:
    """Those of up to a hundred issues that Jira gives at once; a server of one's own has no such call."""
    body = {"issueIdsOrKeys": list(keys), "fields": list(fields)}

    def shape(answer: Node) -> dict[str, Node]:
        given = [Node(issue.value) for issue in answer["issues"].items()]
        return {issue["id"].id(): issue for issue in given}

    try:
        return desk.shown(f"{PLATFORM}/issue/bulkfetch", shape, method="POST", body=body)
    except Missing:
        return {}


def _alone(desk: JiraServiceManagement, key: str, fields: Sequence[str]) -> Node | None:
    path, params = f"{PLATFORM}/issue/{key}", {"fields": ",".join(fields)}
    try:
        return desk.shown(path, Node.members, key=key, params=params)
    except Missing:
        return None


class Levels:
    """What issues tell of themselves, with their service levels where the desk is asked for them.

    These are among the issue's fields; where they aren't, the service desk is asked about it, up to `most` times.
    """

    def __init__(self, desk: JiraServiceManagement, most: int = _MOST_SLAS) -> None:
        self._desk, self._left = desk, most

    def told(self, key: str, issue: Node) -> Seen:
        """The issue as it is. Raises Unreadable and Undeliverable."""
        now = seen(issue)
        asked = self._desk.slas != "off" and now.clocks is None
        if not asked or not self._left or project_type(issue) not in {"service_desk", ""}:
            return now
        self._left -= 1
        return replace(now, clocks=clocks(self._levels(key)) or ())

    def _levels(self, key: str) -> list[Any]:
        """The service levels of a request; none of an issue that is no request."""
        path = f"{SERVICE_DESK}/request/{key}/sla"
        try:
            return self._desk.shown(
                path, lambda page: [one.value for one in page["values"].items()]
            )
        except Missing:
            return []
