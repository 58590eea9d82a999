"""What admins fill in about those who may sign in."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Regexp

from bridge.domain.viewing import EVERY, Role
from bridge.store.users import User

LENGTHS = {15: _("15 minutes"), 60: _("an hour"), 24 * 60: _("a day")}
"""How long a link is good for: minutes, in words."""

ADDRESS = r"^\s*[^\s@]+@[^\s@.]+(\.[^\s@.]+)+\s*$"

ROLES = {
    Role.VIEWER: _("Viewer: may look"),
    Role.MANAGER: _("Manager: may look and act"),
    Role.ADMIN: _("Admin: may do everything"),
}


class _Rights(FlaskForm):  # type: ignore[misc]
    """What somebody may do, and for whom."""

    name = StringField(
        _("Name"),
        [Length(max=200, message=_("A name has at most %(max)d characters."))],
        description=_("As colleagues call them."),
        render_kw={"autocomplete": "off"},
    )
    role = SelectField(
        _("Role"),
        choices=[SelectChoice(role.value, words) for role, words in ROLES.items()],
        default=Role.VIEWER.value,
    )
    every = BooleanField(_("All teams, those to come included"))
    teams = SelectMultipleField(_("Teams"), choices=[])

    def offer(self, names: Sequence[str]) -> None:
        """The teams that there are to choose from."""
        self.teams.choices = [SelectChoice(name) for name in dict.fromkeys(names)]

    @property
    def called(self) -> str:
        """The name, as it is kept."""
        return (self.name.data or "").strip()

    @property
    def chosen_role(self) -> Role:
        """The role."""
        return Role(self.role.data)

    @property
    def chosen_teams(self) -> tuple[str, ...]:
        """The teams, or all."""
        return (EVERY,) if self.every.data else tuple(self.teams.data or ())


class NewUser(_Rights):
    """Somebody new."""

    email = EmailField(
        _("E-mail address"),
        [
            InputRequired(_("Give the address that they sign in with.")),
            Length(max=254, message=_("An address has at most %(max)d characters.")),
            Regexp(ADDRESS, message=_("Write it as name@example.com.")),
        ],
        description=_("The one that they sign in with."),
        render_kw={"autocomplete": "off"},
    )
    submit = SubmitField(_("Add"))

    @property
    def address(self) -> str:
        """The address, as it is kept."""
        return (self.email.data or "").strip().lower()


class UserForm(_Rights):
    """Somebody who is known."""

    disabled = BooleanField(_("May not sign in for now"))
    submit = SubmitField(_("Save"))

    def show(self, user: User) -> None:
        """Fill it in with how they are."""
        self.name.data, self.role.data = user.name, user.role.value
        self.every.data = EVERY in user.teams
        self.teams.data = [name for name in user.teams if name != EVERY]
        self.disabled.data = user.disabled


class LinkForm(FlaskForm):  # type: ignore[misc]
    """How long a link is good for."""

    minutes = SelectField(
        _("Good for"),
        choices=[SelectChoice(minutes, words) for minutes, words in LENGTHS.items()],
        coerce=int,
        default=min(LENGTHS),
    )
