"""Saying that somebody is away, and that they are back. Days are those of the default calendar's zone."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField
from wtforms.validators import DataRequired

from bridge.domain.model import Member
from bridge.domain.people import Absence, Roster
from bridge.store import people, teams
from bridge.teamfile import moment
from bridge.web.pages.here import bridge, note


class AwayForm(FlaskForm):  # type: ignore[misc]
    """Who is away, from which day or moment to which, and who stands in."""

    member = SelectField(_("Who is away"), [DataRequired(_("Choose somebody."))])
    deputy = SelectField(
        _("Who stands in"),
        description=_("They are told in their place, and see what their teams see."),
    )
    begin = StringField(
        _("First day"),
        description=_("Empty: from now on. A moment is written as 2026-12-24T15:00."),
        render_kw={"placeholder": "2026-12-24"},
    )
    end = StringField(
        _("Last day"),
        [DataRequired(_("Say when they are back: the last day of their absence."))],
        description=_("It belongs to the absence."),
        render_kw={"placeholder": "2027-01-03"},
    )
    save = SubmitField(_("Save absence"))


def add(routes: Blueprint) -> None:
    """Going away, and coming back."""
    routes.add_url_rule("/admin/people/away", "away", _away, methods=["GET", "POST"])
    routes.add_url_rule("/admin/people/back/<int:number>", "back", _back, methods=["POST"])


def _away() -> Response | str | tuple[str, int]:
    now, zone = bridge().now(), bridge().settings.hours.zone
    with bridge().engine.begin() as connection:
        if request.method == "POST":
            teams.lock(connection)
        roster = people.roster(connection, since=now)
        form = _form(roster)
        if not form.is_submitted():
            return _page(form)
        valid = bool(form.validate())
        absence = _absence(form, roster)
        if absence is None or not valid:
            return _page(form), 400
        people.save_absences(connection, [absence])
        note(connection, "absence added", f"absence:{absence.member}", after=absence)
    who, deputy = roster.named(absence.member), roster.named(absence.deputy)
    last = absence.ends_at.astimezone(zone) - timedelta(microseconds=1)
    said = {"who": str(who), "deputy": str(deputy), "day": f"{last:%Y-%m-%d}"}
    if deputy:
        flash(gettext("%(who)s is away until %(day)s: %(deputy)s stands in.", **said))
    else:
        flash(gettext("%(who)s is away until %(day)s, and nobody stands in.", **said), "warning")
    return redirect(url_for(".show"), 303)


def _back(number: int) -> Response:
    now = bridge().now()
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        absence = dict(people.all_absences(connection, since=now)).get(number)
        if absence is None:
            abort(404)
        people.end_absence(connection, number, now)
        note(connection, "absence ended", f"absence:{absence.member}", before=absence)
        who = people.roster(connection, since=now).named(absence.member)
    if absence.covers(now):
        flash(gettext("%(who)s is back.", who=str(who or absence.member)))
    else:
        flash(gettext("The absence of %(who)s is taken back.", who=str(who or absence.member)))
    return redirect(url_for(".show"), 303)


def _form(roster: Roster) -> AwayForm:
    known = [(called(one), str(one)) for one in roster.everybody() if called(one)]
    known.sort(key=lambda pair: pair[1].casefold())
    form = AwayForm(data={"member": request.args.get("member", "")})
    form.member.choices = [("", _("Choose somebody")), *known]
    form.deputy.choices = [("", _("Nobody")), *known]
    return form


def called(one: Member) -> str:
    """What somebody is called by for certain."""
    return one.key or one.email or one.slack


def _absence(form: AwayForm, roster: Roster) -> Absence | None:
    """What the form says; None where it can't be, which is told at the field."""
    now, zone = bridge().now(), bridge().settings.hours.zone
    times = {}
    for field, last in ((form.begin, False), (form.end, True)):
        try:
            times[field.name] = moment(field.data.strip(), zone, last=last) if field.data else now
        except ValueError:
            why = gettext(
                "%(date)s is no date: write it as 2026-12-24, or 2026-12-24T12:00.", date=field.data
            )
            field.errors = [*field.errors, why]
    who, deputy = roster.named(form.member.data or ""), roster.named(form.deputy.data or "")
    if who and deputy and who.same(deputy):
        form.deputy.errors = [*form.deputy.errors, gettext("Nobody stands in for themselves.")]
    elif len(times) == 2 and form.end.data and times["end"] <= max(times["begin"], now):
        form.end.errors = [*form.end.errors, gettext("It would be over before it begins.")]
    elif len(times) == 2 and who:
        return Absence(
            member=called(who),
            deputy=called(deputy) if deputy else "",
            starts_at=times["begin"],
            ends_at=times["end"],
        )
    return None


def _page(form: AwayForm) -> str:
    return render_template("people/away.html", form=form, zone=bridge().settings.hours.zone)
