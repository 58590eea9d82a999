"""Adding a team, and changing all that is known of one, its name included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from msgspec.structs import asdict, replace
from sqlalchemy import Connection
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField, StringField, SubmitField
from wtforms.validators import DataRequired

from bridge.domain.model import Team
from bridge.domain.people import Roster
from bridge.domain.routing import MEDIUMS
from bridge.store import people, teams
from bridge.teamcheck import FOLLOW_UPS, disagreements, faults, in_file, tidied
from bridge.web.pages.admin.teams_meanings import MEDIUM_NAMES, calendar, ladder, routes
from bridge.web.pages.admin.teams_named import wanted
from bridge.web.pages.admin.teams_vendors import vendors
from bridge.web.pages.admin.teams_words import said
from bridge.web.pages.here import bridge, note
from bridge.work.policy import notice_change

LISTED = ("parent", "calendar", "routes", "ladder", "awake", "follow_up")
"""The fields that are chosen from a list."""

_FOLLOW_UPS = {"email": _("By e-mail"), "ticket": _("By a public reply on the ticket")}


class TeamForm(FlaskForm):  # type: ignore[misc]
    """A team as it is filled in; `person` fills in the manager from one of the people."""

    name = StringField(_("Name"), [DataRequired(_("Every team needs a name."))])
    parent = SelectField(_("Team above"))
    slack_channel = StringField(
        _("Slack channel"),
        description=_(
            "Its id, like C0123ABCD. Leave it empty and choose the channel by its name after saving."
        ),
    )
    person = SelectField(
        _("Manager, from the people"),
        description=_("What is left empty below comes from them."),
    )
    manager = StringField(_("Manager’s name"), description=_("Messages and notes say it."))
    manager_slack = StringField(_("Manager’s Slack id"), description=_("Like U0123ABCD."))
    manager_email = StringField(_("Manager’s e-mail address"))
    manager_phone = StringField(
        _("Manager’s phone"),
        description=_("With its country, like +4930123456, for text messages."),
    )
    groups = StringField(
        _("Helpdesk groups and Jira projects"),
        description=_(
            "With spaces between them, like zendesk:360001 jsm:SUP. A group has one team."
        ),
    )
    calendar = SelectField(_("Working hours"))
    ladder = SelectField(_("Who is told next, and when"))
    routes = SelectField(_("What goes where"))
    awake = SelectField(
        _("Awake"),
        description=_("Outside of these hours only the gravest alerts interrupt anybody."),
    )
    digest = StringField(
        _("Daily digest"),
        description=_("A local hour like 07:30, or off. Empty: as for everybody."),
    )
    follow_up = SelectField(
        _("Ask customers whether it helped"),
        description=_("After an alert is resolved."),
    )
    seen = HiddenField()
    save = SubmitField(_("Save team"))


def add(routes: Blueprint) -> None:
    """Adding and changing."""
    routes.add_url_rule("/admin/teams/new", "new", _new, methods=["GET", "POST"])
    routes.add_url_rule("/admin/teams/edit", "edit", _edit, methods=["GET", "POST"])


def _new() -> Response | str | tuple[str, int]:
    names = vendors().groups()
    with bridge().engine.begin() as connection:
        if request.method == "POST":
            teams.lock(connection)
        roster = people.roster(connection, since=bridge().now())
        draft = Team(
            name=request.args.get("called", ""),
            parent=request.args.get("parent", ""),
            groups=tuple(request.args.get("group", "").split()),
        )
        form = _form(draft, roster)
        if not form.is_submitted():
            return _page(form, None, roster, names)
        team = _filled(form, Team(name=""), roster)
        if not _fine(form, team, None, roster):
            return _page(form, None, roster, names), 400
        teams.save(connection, [team])
        note(connection, "team added", f"team:{team.name}", after=team)
    notice_change(bridge())
    if not team.slack_channel:
        flash(
            gettext(
                "%(team)s is added. Choose the channel where it hears of alerts.", team=team.name
            )
        )
        return redirect(url_for(".channel", team=team.name), 303)
    flash(gettext("%(team)s is added.", team=team.name))
    return redirect(url_for(".team", team=team.name), 303)


def _edit() -> Response | str | tuple[str, int]:
    names = vendors().groups()
    with bridge().engine.begin() as connection:
        if request.method == "POST":
            teams.lock(connection)
        before, roster = wanted(connection)
        form = _form(before, roster)
        if not form.is_submitted():
            return _page(form, before, roster, names)
        team = _filled(form, before, roster)
        fine = _fine(form, team, before, roster)
        if form.seen.data != stamp(before):
            form.seen.data = stamp(before)
            flash(
                gettext(
                    "Somebody has changed this team since you opened it. Save again to overwrite that."
                ),
                "error",
            )
            fine = False
        if not fine:
            return _page(form, before, roster, names), 400
        changed = _changed(connection, before, team)
    if changed:
        notice_change(bridge())
        flash(gettext("%(team)s is saved.", team=team.name))
    else:
        flash(gettext("Nothing was changed."))
    return redirect(url_for(".team", team=team.name), 303)


def stamp(team: Team) -> str:
    """Changes with everything that is known of a team."""
    return sha256(msgspec.json.encode(team)).hexdigest()[:16]


def _changed(connection: Connection, before: Team, team: Team) -> bool:
    """Write it, under its new name if it has one; whether anything is other than before."""
    if team == before:
        return False
    if team.name != before.name:
        teams.rename(connection, before.name, team.name)
        what = "team renamed"
    else:
        what = "team changed"
    teams.save(connection, [team])
    note(connection, what, f"team:{team.name}", before=before, after=team)
    return True


# --- the form


def _form(team: Team, roster: Roster) -> TeamForm:
    values = asdict(team)
    known = {member.key: str(member) for member in roster.members}
    form = TeamForm(
        data={
            **values,
            "groups": " ".join(team.groups),
            "person": _person_of(team, roster),
            "seen": stamp(team),
        }
    )
    settings = bridge().settings
    others = sorted(one.name for one in roster.teams if one.name != team.name)
    default, calendars = (
        _("As usual: %(name)s", name=settings.default_calendar),
        settings.calendars,
    )
    usual = _("As usual: %(name)s", name="default")
    form.parent.choices = _choices(_("None: it is at the top"), others, team.parent)
    form.calendar.choices = _choices(default, calendars, team.calendar)
    form.routes.choices = _choices(usual, _but_default(settings.routes), team.routes)
    form.ladder.choices = _choices(usual, _but_default(settings.ladders), team.ladder)
    form.awake.choices = _choices(_("Always"), calendars, team.awake)
    form.follow_up.choices = [
        ("", _("Not at all")),
        *((name, _FOLLOW_UPS[name]) for name in FOLLOW_UPS),
    ]
    form.person.choices = [("", _("Nobody of them: filled in below")), *known.items()]
    return form


def _but_default(named: Mapping[str, Any]) -> list[str]:
    return [name for name in named if name != "default"]


def _choices(empty: Any, names: Iterable[str], now: str) -> list[tuple[str, Any]]:
    """A list to choose from; what is written now stays in it, though it may not be there any more."""
    listed: list[tuple[str, Any]] = [("", empty), *((name, name) for name in names)]
    if now and now not in {name for name, _label in listed}:
        listed.append((now, now if now == "default" else _("%(name)s (not there)", name=now)))
    return listed


def _person_of(team: Team, roster: Roster) -> str:
    """The key of the person whom a team has as its manager; "" for somebody who is in its row alone."""
    found = roster.named(team.manager) if team.manager else None
    return found.key if found and found.key in {one.key for one in roster.members} else ""


def _filled(form: TeamForm, before: Team, roster: Roster) -> Team:
    """The team as the form has it. A person who is newly chosen takes the place of whoever stood there."""
    values = {
        name: tidied(name, form[name].data or "") for name in asdict(before) if name != "groups"
    }
    person = form.person.data or ""
    if person and person != _person_of(before, roster):
        for name in ("manager", "manager_slack", "manager_email", "manager_phone"):
            if values[name] == getattr(before, name):
                values[name] = ""
        values["manager"] = values["manager"] or person
    return replace(before, **values, groups=tuple(dict.fromkeys((form.groups.data or "").split())))


def _fine(form: TeamForm, team: Team, before: Team | None, roster: Roster) -> bool:
    """Whether nothing is wrong with it; what is, is told at its field."""
    valid = bool(form.validate())
    wrong = faults(bridge().settings, team, before)
    found = [(one.field, said(one)) for one in wrong if not form[one.field].errors]
    others = [one for one in roster.teams if before is None or one.name != before.name]
    if team.name in {one.name for one in others}:
        found.append(("name", gettext("There is a team of this name already; choose another.")))
    if before and team.name != before.name and (places := in_file(bridge().settings, before.name)):
        why = gettext(
            "bridge.toml calls it %(team)s (%(places)s). Change the file first, or keep the name.",
            team=before.name,
            places=", ".join(places),
        )
        found.append(("name", why))
    others = [_follows(one, before, team) for one in others]
    whole = disagreements([*others, team])
    found += [(one.field, said(one)) for one in whole if one.whose == team.name]
    for field, why in found:
        form[field].errors = [*form[field].errors, why]
    return valid and not found


def _follows(other: Team, before: Team | None, team: Team) -> Team:
    """Another team as it will be, if this one is renamed."""
    if before and before.name != team.name and other.parent == before.name:
        return replace(other, parent=team.name)
    return other


def _page(form: TeamForm, team: Team | None, roster: Roster, names: Mapping[str, str]) -> str:
    settings, now = bridge().settings, bridge().now()
    return render_template(
        "teams/edit.html",
        form=form,
        team=team,
        group_names=names,
        calendars={name: calendar(one, now) for name, one in settings.calendars.items()},
        default_calendar=settings.default_calendar,
        ladders={name: ladder(one, roster) for name, one in settings.ladders.items()},
        routes={name: routes(one) for name, one in settings.routes.items()},
        mediums=[MEDIUM_NAMES[medium] for medium in MEDIUMS],
    )
