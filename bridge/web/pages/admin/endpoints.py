"""`/admin/endpoints`: programs of others that hear of what becomes of alerts."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import Connection
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from bridge.domain.model import ConfigError
from bridge.domain.viewing import Role
from bridge.store import endpoints, notices
from bridge.store.endpoints import Endpoint
from bridge.web.pages.admin.endpoint_words import KINDS, reason
from bridge.web.pages.here import bridge, note, require, viewer
from bridge.work import endpoints as work
from bridge.work.notices import test
from bridge.work.signing import secrets_of

SHOWN = 25


class _Boxes(SelectMultipleField):
    """Any number of boxes to tick; none ticked means all."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class _About(FlaskForm):  # type: ignore[misc]
    """What an endpoint is called about."""

    words = StringField(_("Note"), [Length(max=200)])
    changes = _Boxes(
        _("Changes"), choices=[SelectChoice(kind, words) for kind, words in KINDS.items()]
    )
    teams = _Boxes(_("Teams"))


class _New(_About):
    url = StringField(_("Address"), [InputRequired(_("Enter the address to call."))])
    send = SubmitField(_("Add endpoint"))


class _Change(_About):
    send = SubmitField(_("Save"))


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("endpoints", __name__)
    routes.before_request(lambda: require(Role.ADMIN))

    @routes.get("/admin/endpoints")
    def show() -> str:
        with bridge().engine.begin() as connection:
            found = endpoints.listing(connection)
            waiting = notices.counts(connection)
        return render_template(
            "endpoints/show.html", endpoints=found, counts=waiting, reason=reason
        )

    @routes.route("/admin/endpoints/new", methods=["GET", "POST"])
    def new() -> str | Response | tuple[str, int]:
        with bridge().engine.begin() as connection:
            form = _with_teams(_New(), connection)
            if request.method == "GET":
                return render_template("endpoints/new.html", form=form)
            if form.validate():
                try:
                    made = work.add(
                        bridge(),
                        connection,
                        form.url.data or "",
                        words=form.words.data or "",
                        changes=form.changes.data or (),
                        teams=form.teams.data or (),
                        by=viewer().who.email,
                        note=note,
                    )
                except ConfigError as error:
                    form.url.errors = [reason(str(error))]
                else:
                    flash(gettext("The endpoint was added. Give its secret to whoever runs it."))
                    return _to(made)
        return render_template("endpoints/new.html", form=form), 400

    @routes.route("/admin/endpoints/<int:number>", methods=["GET", "POST"])
    def one(number: int) -> str | Response | tuple[str, int]:
        before = request.args.get("before", type=int)
        with bridge().engine.begin() as connection:
            endpoint = _found(connection, number)
            form = _with_teams(
                _Change(words=endpoint.note, changes=endpoint.changes, teams=endpoint.teams),
                connection,
            )
            if request.method == "POST" and form.validate():
                work.change(
                    bridge(),
                    connection,
                    endpoint,
                    words=form.words.data or "",
                    changes=form.changes.data or (),
                    teams=form.teams.data or (),
                    note=note,
                )
                flash(gettext("Saved."))
                return _to(endpoint)
            rows = notices.listing(connection, endpoint=number, before=before, limit=SHOWN + 1)
            many = notices.counts(connection).get(number, {})
        page = render_template(
            "endpoints/one.html",
            endpoint=endpoint,
            form=form,
            secrets=secrets_of(bridge(), endpoint),
            notices=rows[:SHOWN],
            older=rows[SHOWN - 1].notice.id if len(rows) > SHOWN else None,
            counts=many,
            kinds=KINDS,
            reason=reason,
        )
        return (page, 400) if request.method == "POST" else page

    @routes.post("/admin/endpoints/<int:number>/<deed>")
    def do(number: int, deed: str) -> Response:
        now = bridge().now()
        if deed == "test":
            return _tested(number)
        with bridge().engine.begin() as connection:
            endpoint = _found(connection, number)
            if deed == "rotate":
                work.rotate(connection, endpoint, now, note)
                flash(gettext("It has a new secret. For a day, the old one is good too."))
            elif deed == "enable":
                work.enable(connection, endpoint, note)
                flash(gettext("It is called again from now on."))
            elif deed == "disable":
                work.switch_off(connection, endpoint, note)
                flash(gettext("It is not called any more."))
            elif deed == "retry":
                _told(len(work.retry(connection, now, note, of=number)))
            elif deed == "remove":
                work.remove(connection, endpoint, note)
                flash(gettext("The endpoint was removed."))
                return redirect(url_for("pages.endpoints.show"), 303)
            else:
                abort(404)
        return _to(endpoint)

    return routes


def _told(many: int) -> None:
    if many:
        flash(ngettext("%(num)d webhook is sent again.", "%(num)d webhooks are sent again.", many))
    else:
        flash(gettext("There is nothing to send again."), "warning")


def _tested(number: int) -> Response:
    """Call it at once, outside of any transaction: an answer may take its time."""
    with bridge().engine.begin() as connection:
        endpoint = _found(connection, number)
    came = test(bridge(), endpoint)
    if came.why:
        flash(gettext("The test failed: %(why)s.", why=reason(came.why)), "error")
    else:
        flash(gettext("The test arrived: it answered %(status)s.", status=came.status))
    return _to(endpoint)


def _found(connection: Connection, number: int) -> Endpoint:
    endpoint = endpoints.find(connection, number)
    if endpoint is None:
        abort(404)
    return endpoint


def _with_teams(form: _About, connection: Connection) -> _About:
    """The form with the teams that there are, and those that it names."""
    names = {team.name for team in bridge().teams(connection)} | set(form.teams.object_data or ())
    form.teams.choices = [SelectChoice(name, name) for name in sorted(names)]
    return form


def _to(endpoint: Endpoint) -> Response:
    return redirect(url_for("pages.endpoints.one", number=endpoint.id), 303)
