"""Who pressed: a member of the workspace, known as one of ours by their Slack id or e-mail; and whether they may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol, cast

from bridge.domain.model import Alert, BridgeError, Member, Receipt, Undeliverable
from bridge.domain.people import Roster
from bridge.store import people, teams
from bridge.work.bridge import Bridge
from connectors import Dispatch, Person
from connectors.people.slack import SlackApp
from connectors.people.slack_payload import Doer

SLACK = "slack"
_BY_EMAIL = "slack by e-mail"  # kept apart: it says nothing of whether they may press
FRESH = timedelta(days=7)  # how long what Slack said of somebody is believed


class Denied(BridgeError):
    """Somebody may not do what they ask for; the message tells them so."""


class Workspace(Protocol):
    """What is asked of Slack while somebody waits; see `connectors.channels.slack.Slack`."""

    def send(self, dispatch: Dispatch) -> Receipt:
        """See `connectors.Channel`."""

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Show a modal. Raises Undeliverable."""

    def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Show a member their home. Raises Undeliverable."""

    def user(self, id: str) -> Person:  # noqa: A002 - it is one
        """A member. Raises Undeliverable."""

    def user_by_email(self, email: str) -> str:
        """A member's id, "" for nobody. Raises Undeliverable."""

    def workspace(self) -> str:
        """The workspace's id. Raises Undeliverable."""


def workspace(bridge: Bridge) -> Workspace:
    """The workspace. Raises ConfigError where its token is missing."""
    return cast("Workspace", bridge.channels[SLACK])


class Doorkeeper:
    """Lets in whoever may act on alerts from Slack, as `app` says."""

    def __init__(self, bridge: Bridge, app: SlackApp) -> None:
        self.bridge = bridge
        self.app = app
        self.home = app.workspace

    def admit(self, by: Doer, alert: Alert | None = None) -> Member:
        """Who it is, if they may act, on this alert or at all.

        Raises Denied, and Undeliverable where Slack has to be asked and can't be.
        """
        if not by.teams or set(by.teams) != {self._home()}:
            raise Denied(
                "Only members of the workspace that Alert Bridge is installed in may do this."
            )
        who = presser(self.bridge, by.id)
        if alert is not None and not self.visible(who, [alert]):
            raise Denied(
                f"Only managers, the people listed with Alert Bridge, and those who are on {alert.ref} may do this."
            )
        return who

    def visible(self, who: Member, found: Sequence[Alert]) -> list[Alert]:
        """Those of the alerts that somebody may see and act on."""
        if self.app.pressers == "workspace":
            return list(found)
        with self.bridge.engine.begin() as connection:
            roster = people.roster(connection, since=self.bridge.now())
        if _listed(roster, who):
            return list(found)
        return [
            alert for alert in found if any(one.same(who) for one in (alert.owner, *alert.people))
        ]

    def _home(self) -> str:
        if not self.home:
            self.home = workspace(self.bridge).workspace()
        return self.home


def presser(bridge: Bridge, slack_id: str) -> Member:
    """The full member of the workspace with this id, by the names that our teams and members know them by.

    Raises Denied for guests, bots and those who have left, and Undeliverable where Slack has to be asked and can't be.
    """
    found = _person(bridge, slack_id)
    if not found.staff:
        raise Denied("Guests and apps can't act on alerts: ask a full member of the workspace.")
    with bridge.engine.begin() as connection:
        roster = people.roster(connection, since=bridge.now())
    ours = roster.named(slack_id) or roster.named(found.email) or Member()
    return Member(
        key=ours.key,
        name=ours.name or found.name,
        email=ours.email or found.email,
        phone=ours.phone,
        slack=slack_id,
    )


def member_of(bridge: Bridge, written: str) -> str:
    """The id of a Slack member, who may be written as an e-mail address; "" if Slack knows nobody by it.

    Raises Undeliverable where Slack has to be asked and can't be.
    """
    if "@" not in written:
        return written
    now = bridge.now()
    with bridge.engine.begin() as connection:
        known = teams.by_email(connection, _BY_EMAIL, written)
    if known is not None and now - known.read_at < FRESH:
        return known.id
    found = workspace(bridge).user_by_email(written)
    if found:
        with bridge.engine.begin() as connection:
            teams.save_people(
                connection,
                [
                    teams.Known(
                        desk=_BY_EMAIL,
                        id=found,
                        name="",
                        email=written,
                        phone="",
                        staff=False,
                        read_at=now,
                    )
                ],
            )
    return found


def managed(bridge: Bridge, who: Member) -> list[str]:
    """The names of the teams whose manager somebody is."""
    with bridge.engine.begin() as connection:
        roster = people.roster(connection, since=bridge.now())
    return [team.name for team in roster.teams if roster.manager(team).same(who)]


def _person(bridge: Bridge, slack_id: str) -> teams.Known:
    """What Slack says of somebody, asked once a week; what it said last while it is away."""
    now = bridge.now()
    with bridge.engine.begin() as connection:
        known = teams.person(connection, SLACK, slack_id)
    if known is not None and now - known.read_at < FRESH:
        return known
    try:
        found = workspace(bridge).user(slack_id)
    except Undeliverable:
        if known is None:
            raise
        return known
    known = teams.Known(
        desk=SLACK,
        id=slack_id,
        name=found.name,
        email=found.email,
        phone=found.phone,
        staff=found.staff,
        read_at=now,
    )
    with bridge.engine.begin() as connection:
        teams.save_people(connection, [known])
    return known


def _listed(roster: Roster, who: Member) -> bool:
    everybody = [*(roster.manager(team) for team in roster.teams), *roster.members]
    return any(one.same(who) for one in everybody)
