"""Adding, changing and removing people; what refers to them is told first."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired

from bridge.domain.model import Member
from bridge.domain.people import Roster
from bridge.settings import Settings
from bridge.store import people, teams
from bridge.teamcheck import person_faults, tidied
from bridge.web.pages.admin.teams_words import said
from bridge.web.pages.here import bridge, note
from bridge.work.policy import notice_change


class PersonForm(FlaskForm):  # type: ignore[misc]
    """Somebody who can be told of alerts."""

    key = StringField(
        _("Key"),
        [DataRequired(_("Ladders and absences call people by a key: ana, or on-call."))],
        description=_("What ladders, absences and teams call them by, like ana or on-call."),
    )
    name = StringField(_("Name"))
    email = StringField(_("E-mail address"))
    slack = StringField(
        _("Slack"),
        description=_(
            "A member, like U0123ABCD, or a channel where several hear of it, like C0123ABCD."
        ),
    )
    phone = StringField(_("Phone"), description=_("With its country, like +4930123456."))
    save = SubmitField(_("Save person"))


class References(Struct, frozen=True, kw_only=True):
    """What names somebody: ladders of the file, teams that they manage, and absences."""

    ladders: list[str]
    teams: list[str]
    away: int
    stands_in: list[str]


def add(routes: Blueprint) -> None:
    """Adding, changing, removing."""
    routes.add_url_rule("/admin/people/new", "new", _new, methods=["GET", "POST"])
    routes.add_url_rule("/admin/people/person", "person", _person, methods=["GET", "POST"])
    routes.add_url_rule("/admin/people/remove", "ask_remove", _ask)
    routes.add_url_rule("/admin/people/remove", "remove", _remove, methods=["POST"])


def references(member: Member, roster: Roster, settings: Settings) -> References:
    """What would be without them."""
    return References(
        ladders=[
            name
            for name, ladder in settings.ladders.items()
            if any(step.who.casefold() == member.key.casefold() for step in ladder.steps)
        ],
        teams=[
            team.name for team in roster.teams if team.manager.casefold() == member.key.casefold()
        ],
        away=sum(roster.means(one.member, member) for one in roster.absences),
        stands_in=[
            str(roster.named(one.member) or one.member)
            for one in roster.absences
            if roster.means(one.deputy, member)
        ],
    )


def _named(connection: Connection) -> tuple[Member, Roster]:
    """The person that `person` names; answers 404 if there is none."""
    roster = people.roster(connection, since=bridge().now())
    key = request.values.get("person", "")
    found = next((one for one in roster.members if one.key == key), None)
    if found is None:
        abort(404)
    return found, roster


def _new() -> Response | str | tuple[str, int]:
    form = PersonForm()
    if not form.is_submitted():
        return _page(form, None)
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        member = _filled(form)
        if not _fine(form, member, None, people.all_members(connection)):
            return _page(form, None), 400
        people.save_members(connection, [member])
        note(connection, "person added", f"person:{member.key}", after=member)
    notice_change(bridge())
    flash(gettext("%(person)s is added.", person=str(member)))
    return redirect(url_for(".show"), 303)


def _person() -> Response | str | tuple[str, int]:
    with bridge().engine.begin() as connection:
        if request.method == "POST":
            teams.lock(connection)
        before, roster = _named(connection)
        form = PersonForm(data=asdict(before))
        if not form.is_submitted():
            return _page(form, before)
        member = _filled(form)
        fine = _fine(form, member, before, list(roster.members))
        ladders = references(before, roster, bridge().settings).ladders
        if member.key != before.key and ladders:
            why = gettext(
                "The ladders %(ladders)s of bridge.toml call them %(key)s. Change the file first, or keep the key.",
                ladders=", ".join(ladders),
                key=before.key,
            )
            form.key.errors = [*form.key.errors, why]
            fine = False
        if not fine:
            return _page(form, before), 400
        if member.key != before.key:
            people.rename_member(connection, before.key, member.key)
        if member != before:
            people.save_members(connection, [member])
            note(connection, "person changed", f"person:{member.key}", before=before, after=member)
    notice_change(bridge())
    flash(gettext("%(person)s is saved.", person=str(member)))
    return redirect(url_for(".show"), 303)


def _ask() -> str:
    with bridge().engine.begin() as connection:
        member, roster = _named(connection)
    told = references(member, roster, bridge().settings)
    return render_template("people/remove.html", person=member, told=told)


def _remove() -> Response:
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        member, roster = _named(connection)
        for one in roster.absences:
            if roster.means(one.member, member):
                note(connection, "absence removed", f"absence:{one.member}", before=one)
        people.forget_absences(connection, [member.key])
        people.remove_members(connection, [member.key])
        note(connection, "person removed", f"person:{member.key}", before=member)
    notice_change(bridge())
    flash(gettext("%(person)s is removed.", person=str(member)))
    return redirect(url_for(".show"), 303)


def _filled(form: PersonForm) -> Member:
    return Member(
        key=tidied("key", form.key.data or ""),
        name=tidied("name", form.name.data or ""),
        email=tidied("email", form.email.data or ""),
        phone=tidied("phone", form.phone.data or ""),
        slack=tidied("slack", form.slack.data or ""),
    )


def _fine(form: PersonForm, member: Member, before: Member | None, known: list[Member]) -> bool:
    """Whether nothing is wrong with them; what is, is told at its field."""
    valid = bool(form.validate())
    wrong = [one for one in person_faults(member, before) if not form[one.field].errors]
    found = [(one.field, said(one)) for one in wrong]
    was = before.key.casefold() if before else ""
    if member.key.casefold() in {one.key.casefold() for one in known} - {was}:
        found.append(("key", gettext("Somebody has this key already; choose another.")))
    for field, why in found:
        form[field].errors = [*form[field].errors, why]
    return valid and not found


def _page(form: PersonForm, member: Member | None) -> str:
    return render_template("people/person.html", form=form, person=member)
