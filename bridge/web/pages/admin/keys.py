"""`/admin/keys`: keys of programs that use the API."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from bridge.domain.viewing import EVERY, Role
from bridge.store import keys
from bridge.store import teams as store
from bridge.store.keys import Scope
from bridge.web.pages.here import bridge, note, require, viewer

SHOWN = 50

SCOPES = {
    Scope.ALERTS_READ: _("Read alerts and their stories"),
    Scope.ALERTS_WRITE: _("Act on alerts"),
    Scope.TEAMS_READ: _("Read teams"),
    Scope.TEAMS_WRITE: _("Change teams"),
    Scope.DELIVERIES_READ: _("Read deliveries"),
    Scope.DELIVERIES_WRITE: _("Retry deliveries"),
    Scope.SOURCES_READ: _("Read how connections fare"),
    Scope.METRICS_READ: _("Read figures"),
}
NEEDS = {
    Scope.ALERTS_WRITE: Role.MANAGER,
    Scope.DELIVERIES_WRITE: Role.MANAGER,
    Scope.TEAMS_WRITE: Role.ADMIN,
    Scope.SOURCES_READ: Role.ADMIN,
}
"""What a scope is of no use without."""

ROLES = {
    Role.VIEWER: _("Viewer: may look"),
    Role.MANAGER: _("Manager: may look and act"),
    Role.ADMIN: _("Admin: may do everything"),
}
LENGTHS = {
    30: _("30 days"),
    90: _("90 days"),
    180: _("180 days"),
    365: _("a year"),
    0: _("Until it is revoked"),
}
USUAL = 90


class NewKey(FlaskForm):  # type: ignore[misc]
    """What a new key may be used for, for whom, and how long."""

    name = StringField(
        _("Name"),
        [
            InputRequired(_("Say what uses it, so that others know later.")),
            Length(max=100, message=_("A name has at most %(max)d characters.")),
        ],
        description=_("What uses it. What it does to alerts is told under this name."),
        render_kw={"autocomplete": "off"},
    )
    role = SelectField(
        _("Role"), choices=[SelectChoice(role.value, words) for role, words in ROLES.items()]
    )
    scopes = SelectMultipleField(
        _("Scopes"), choices=[SelectChoice(scope.value, words) for scope, words in SCOPES.items()]
    )
    every = BooleanField(_("All teams, those to come included"))
    teams = SelectMultipleField(_("Teams"), choices=[])
    days = SelectField(
        _("Good for"),
        choices=[SelectChoice(days, words) for days, words in LENGTHS.items()],
        coerce=int,
        default=USUAL,
    )
    submit = SubmitField(_("Make the key"))

    @property
    def chosen(self) -> tuple[Scope, ...]:
        """The scopes."""
        return tuple(Scope(name) for name in self.scopes.data or ())

    @property
    def whose(self) -> tuple[str, ...]:
        """The teams, or all."""
        return (EVERY,) if self.every.data else tuple(self.teams.data or ())

    def complete(self) -> bool:
        """Whether it is filled in so that the key is of use; what isn't says why."""
        if not self.validate_on_submit():
            return False
        role = Role(self.role.data)
        if not (self.name.data or "").strip():
            self.name.errors = [gettext("Say what uses it, so that others know later.")]
        if not self.chosen:
            self.scopes.errors = [gettext("Choose at least one: without any, it is of no use.")]
        for scope in self.chosen:
            least = NEEDS.get(scope, Role.VIEWER)
            if role.rank < least.rank:
                self.role.errors = [
                    gettext(
                        "“%(scope)s” takes the role %(role)s: choose it, or leave that out.",
                        scope=str(SCOPES[scope]),
                        role=str(ROLES[least]).partition(":")[0],
                    )
                ]
        if role is not Role.ADMIN and not self.whose:
            self.teams.errors = [gettext("Choose whose alerts it sees, or all teams.")]
        return not self.errors


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("keys", __name__)

    @routes.before_request
    def admins_only() -> None:
        require(Role.ADMIN)

    @routes.get("/admin/keys")
    def show() -> str:
        before = request.args.get("before", "")
        number = int(before) if before.isdecimal() and len(before) < 19 else None
        with bridge().engine.begin() as connection:
            found = keys.listing(connection, before=number, limit=SHOWN + 1)
        more, found = found[SHOWN:], found[:SHOWN]
        return render_template(
            "keys/show.html",
            keys=found,
            older=found[-1].id if more else None,
            now=bridge().now(),
            roles=ROLES,
            scopes=SCOPES,
        )

    @routes.route("/admin/keys/new", methods=["GET", "POST"])
    def new() -> str | tuple[str, int]:
        """The key stands in this answer alone: it can't be looked up again."""
        with bridge().engine.begin() as connection:
            form = NewKey()
            form.teams.choices = [SelectChoice(team.name) for team in store.all_teams(connection)]
            if not form.is_submitted():
                return render_template("keys/new.html", form=form)
            if not form.complete():
                return render_template("keys/new.html", form=form), 400
            key, token = keys.create(
                connection,
                (form.name.data or "").strip(),
                bridge().now(),
                role=Role(form.role.data),
                scopes=form.chosen,
                teams=form.whose,
                by=viewer().who.email,
                lasts=timedelta(days=form.days.data) if form.days.data else None,
            )
            note(connection, "key added", f"key:{key.name}", after=keys.told(key))
        return render_template("keys/made.html", key=key, token=token)

    @routes.post("/admin/keys/<int:number>/revoke")
    def revoke(number: int) -> Response:
        with bridge().engine.begin() as connection:
            if number >= 2**63 or keys.find(connection, number) is None:
                abort(404)
            if key := keys.revoke(connection, number, bridge().now()):
                note(connection, "key revoked", f"key:{key.name}", before=keys.told(key))
        flash(gettext("The key was revoked. Nothing gets in with it any more."))
        return redirect(url_for("pages.keys.show"), code=303)

    return routes
