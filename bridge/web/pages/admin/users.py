"""`/admin/users`: who may sign in, as what, and for which teams."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bridge.domain.viewing import EVERY, Role
from bridge.store import teams, users
from bridge.web.pages.admin.user_forms import LinkForm, NewUser, UserForm
from bridge.web.pages.here import bridge, note, require, viewer
from bridge.web.pages.signin.browsers import browser

AREA = "/admin/users"


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("users", __name__)

    @routes.before_request
    def admins_only() -> None:
        require(Role.ADMIN)

    _everybody(routes)
    _one(routes)
    _what_ends(routes)
    return routes


def _everybody(routes: Blueprint) -> None:
    @routes.get(AREA)
    def show() -> str:
        text, after = request.args.get("text", "").strip(), request.args.get("after", "")
        with bridge().engine.begin() as connection:
            found, further = users.page(connection, after=after, text=text)
        return render_template(
            "users/show.html", people=found, further=further, text=text, begun=bool(after)
        )

    @routes.route(f"{AREA}/new", methods=["GET", "POST"])
    def new() -> str | tuple[str, int] | Response:
        with bridge().engine.begin() as connection:
            form = NewUser()
            form.offer(_teams(connection))
            if not form.validate_on_submit():
                page = render_template("users/new.html", form=form)
                return (page, 400) if form.is_submitted() else page
            if users.by_email(connection, form.address):
                form.email.errors = [gettext("Somebody with this address is listed already.")]
                return render_template("users/new.html", form=form), 400
            user = users.save(
                connection,
                form.address,
                form.chosen_role,
                bridge().now(),
                name=form.called,
                teams=form.chosen_teams,
            )
            note(connection, "user added", _object(user), after=users.told(user))
        flash(gettext("%(who)s may sign in from now on.", who=user.name or user.email))
        return redirect(url_for("pages.users.one", number=user.id), code=303)


def _one(routes: Blueprint) -> None:
    @routes.route(f"{AREA}/<int:number>", methods=["GET", "POST"])
    def one(number: int) -> str | tuple[str, int] | Response:
        with bridge().engine.begin() as connection:
            user = _found(connection, number)
            form = UserForm()
            form.offer((*_teams(connection), *(name for name in user.teams if name != EVERY)))
            if not form.is_submitted():
                form.show(user)
                return _page(connection, user, form)
            if not form.validate():
                return _page(connection, user, form), 400
            try:
                changed = users.change(
                    connection,
                    number,
                    name=form.called,
                    role=form.chosen_role,
                    teams=form.chosen_teams,
                    disabled=bool(form.disabled.data),
                )
            except users.LastAdmin:
                form.role.errors = [_last()]
                return _page(connection, user, form), 400
            if changed is None:
                abort(404)
            if changed != user:
                before, after = users.told(user), users.told(changed)
                note(connection, "user changed", _object(user), before=before, after=after)
        flash(gettext("Saved."))
        return redirect(url_for("pages.users.one", number=number), code=303)

    @routes.post(f"{AREA}/<int:number>/link")
    def link(number: int) -> tuple[str, int] | str:
        """The link stands in this answer alone: it can't be looked up again, and isn't sent by us."""
        with bridge().engine.begin() as connection:
            user = _found(connection, number)
            form = LinkForm()
            if not form.validate() or user.disabled:
                abort(400)
            now = bridge().now()
            lasts = timedelta(minutes=form.minutes.data)
            token = users.make_link(connection, user.id, now, lasts)
            note(
                connection,
                "login link made",
                _object(user),
                after={"ends_at": (now + lasts).isoformat()},
            )
        base = bridge().settings.public_url or request.host_url.rstrip("/")
        address = base + url_for("pages.signin.link", token=token)
        return render_template("users/link.html", user=user, address=address, ends_at=now + lasts)


def _what_ends(routes: Blueprint) -> None:
    @routes.post(f"{AREA}/<int:number>/sign-out")
    def sign_out(number: int) -> Response:
        with bridge().engine.begin() as connection:
            user = _found(connection, number)
            many = users.end_all(connection, number)
            note(connection, "user signed out", _object(user), before={"sessions": many})
        flash(ngettext("Signed out of %(num)s browser.", "Signed out of %(num)s browsers.", many))
        return redirect(url_for("pages.users.one", number=number), code=303)

    @routes.post(f"{AREA}/<int:number>/remove")
    def remove(number: int) -> Response:
        try:
            with bridge().engine.begin() as connection:
                user = _found(connection, number)
                users.remove(connection, number)
                note(connection, "user removed", _object(user), before=users.told(user))
        except users.LastAdmin:
            flash(_last(), "error")
            return redirect(url_for("pages.users.one", number=number), code=303)
        flash(gettext("%(who)s can't sign in any more.", who=user.name or user.email))
        return redirect(url_for("pages.users.show"), code=303)


def _page(connection: Connection, user: users.User, form: UserForm) -> str:
    now, idle = bridge().now(), bridge().settings.sessions.idle
    return render_template(
        "users/one.html",
        user=user,
        form=form,
        link_form=LinkForm(formdata=None),
        sessions=users.sessions_of(connection, user.id, now, idle),
        browser=browser,
        mine=user.id == viewer().user,
    )


def _teams(connection: Connection) -> tuple[str, ...]:
    return tuple(team.name for team in teams.all_teams(connection))


def _found(connection: Connection, number: int) -> users.User:
    user = users.find(connection, number)
    if user is None:
        abort(404)
    return user


def _object(user: users.User) -> str:
    return f"user:{user.email}"


def _last() -> str:
    told: str = gettext("This is the last admin: make somebody else an admin first.")
    return told
