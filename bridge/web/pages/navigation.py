"""What leads where: the parts of the pages, for whom they are, and their pictures."""

from __future__ import annotations

from flask import current_app, request
from flask_babel import lazy_gettext as _
from msgspec import Struct

from bridge.domain.viewing import Role, Viewer


class Place(Struct, frozen=True, kw_only=True):
    """A line of the navigation. It is current on all pages of its blueprint, and on those of `parts`.

    Those of `role` have it, and those who may do more, up to `most`: beyond, it stands elsewhere.
    """

    endpoint: str
    label: object
    icon: str
    role: Role = Role.VIEWER
    most: Role = Role.ADMIN
    parts: tuple[Place, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the page shown is one of its own."""
        mine = (request.endpoint or "").rpartition(".")[0] == self.endpoint.rpartition(".")[0]
        return mine or any(part.current for part in self.parts)


def _admin(name: str, label: object, icon: str, role: Role = Role.ADMIN) -> Place:
    return Place(endpoint=f"pages.{name}.show", label=label, icon=icon, role=role)


PLACES = (
    Place(endpoint="pages.inbox.show", label=_("Inbox"), icon="inbox"),
    Place(endpoint="pages.insight.show", label=_("Insight"), icon="bar-chart-line"),
    Place(endpoint="pages.policy.show", label=_("Policy"), icon="sliders", most=Role.MANAGER),
    Place(
        endpoint="pages.teams.show",
        label=_("Admin"),
        icon="gear",
        role=Role.ADMIN,
        parts=(
            _admin("teams", _("Teams"), "diagram-3"),
            _admin("people", _("People"), "people"),
            _admin("accounts", _("Accounts"), "buildings"),
            _admin("policy", _("Policy"), "sliders", Role.VIEWER),
            _admin("sources", _("Connections"), "plug"),
            _admin("deliveries", _("Deliveries"), "send"),
            _admin("webhooks", _("Webhooks"), "box-arrow-in-down"),
            _admin("endpoints", _("Outgoing"), "box-arrow-up-right"),
            _admin("keys", _("API keys"), "key"),
            _admin("users", _("Access"), "person-lock"),
            _admin("audit", _("Audit log"), "clock-history"),
        ),
    ),
)


def places(viewer: Viewer | None) -> list[Place]:
    """What somebody may go to."""
    if viewer is None:
        return []
    mine = [one for one in PLACES if viewer.may(one.role) and viewer.role.rank <= one.most.rank]
    return [one for one in mine if _there(one)]


def inner(viewer: Viewer | None) -> list[Place]:
    """The parts of the place that the page shown belongs to."""
    here = next((one for one in places(viewer) if one.parts and one.current), None)
    if here is None or viewer is None:
        return []
    return [part for part in here.parts if viewer.may(part.role) and _there(part)]


def _there(place: Place) -> bool:
    return place.endpoint in current_app.view_functions
