"""Teams and people in and out as files: what would change is shown first, and carried out as it was shown."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import format_datetime, gettext
from msgspec.structs import replace
from werkzeug.wrappers import Response as AnyResponse

from bridge.domain.model import ConfigError
from bridge.domain.people import Roster
from bridge.settings import Settings
from bridge.store import people
from bridge.teamchanges import CHANGED, Change, Outdated, Plan, carry_out, planned
from bridge.teamcheck import Mistake, Mistakes, disagreements, faults, person_faults
from bridge.teamcsv import read, write_people, write_teams
from bridge.teamfile import Contents, read_text, write
from bridge.web.pages.admin.teams_words import said
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.times import pattern
from bridge.work.policy import notice_change

MOST_CHARACTERS = 240_000
"""Of what is handed in: it goes to and fro with the form."""

CSV, TOML = "csv", "toml"
_TOML_HEAD = re.compile(r"^\s*\[\[?\s*(teams|people|absences)\b", re.MULTILINE)


def add(routes: Blueprint) -> None:
    """Handing in, looking at what would change, carrying it out; and taking home."""
    routes.add_url_rule("/admin/teams/import", "bring", _ask)
    routes.add_url_rule("/admin/teams/import", "preview", _preview, methods=["POST"])
    routes.add_url_rule("/admin/teams/import/confirm", "confirm", _confirm, methods=["POST"])
    routes.add_url_rule("/admin/teams/export", "export", _export)


def _ask() -> str:
    return render_template("teams/import.html", text="", prune=False, mistakes=[], trouble="")


def _preview() -> str | tuple[str, int]:
    text, prune = _handed_in(), bool(request.form.get("prune"))
    try:
        _, plan = _planned(text, prune=prune)
    except ConfigError as error:
        return _refused(text, error, prune=prune), 400
    return _shown(text, plan, prune=prune)


def _confirm() -> AnyResponse | str | tuple[str, int]:
    text, prune = _handed_in(), bool(request.form.get("prune"))
    now = bridge().now()
    try:
        _, plan = _planned(text, prune=prune)
        # What is carried out is what was shown: made from the state that it was shown of.
        shown = replace(plan, state=request.form.get("state", ""))
        with bridge().engine.begin() as connection:
            who = viewer().who
            carry_out(connection, shown, now, who=who.email or str(who), via="page")
    except Outdated:
        flash(
            gettext(
                "Teams or people have changed since you looked. This is what would change now."
            ),
            "warning",
        )
        return _shown(text, plan, prune=prune), 409
    except ConfigError as error:
        return _refused(text, error, prune=prune), 400
    notice_change(bridge())
    flash(gettext("Done. All of it is in the audit log."))
    return redirect(url_for(".show"), 303)


def _export() -> Response:
    """What there is, as a file; absences that are over are left out."""
    form = request.args.get("format", TOML)
    with bridge().engine.begin() as connection:
        roster = people.roster(connection, since=bridge().now())
    if form == CSV:
        name, text = "teams.csv", write_teams(roster.teams)
    elif form == "people":
        name, text = "people.csv", write_people(roster.members)
    else:
        name, text = "teams.toml", write(roster.teams, roster.members, roster.known_absences())
    kind = "text/csv" if name.endswith(".csv") else "application/toml"
    answer = Response(text, content_type=f"{kind}; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- what was handed in


def _handed_in() -> str:
    """The text of the file, else what was pasted."""
    file = request.files.get("file")
    if file and file.filename:
        return str(file.read().decode("utf-8-sig", "replace"))
    return str(request.form.get("text", ""))


def _planned(text: str, *, prune: bool) -> tuple[Contents, Plan]:
    """What would change. Raises ConfigError; Mistakes that name each place."""
    if not text.strip():
        raise ConfigError(gettext("Choose a file, or paste what stands in one."))
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(
            gettext("It is too long: hand it in by parts, or use `bridge teams import`.")
        )
    if "\ufffd" in text:
        raise ConfigError(
            gettext("It is not written in UTF-8: save it as “CSV UTF-8” and hand it in again.")
        )
    with bridge().engine.begin() as connection:
        roster = people.roster(connection)
        wanted = _read(text, bridge().settings, roster, prune=prune)
        return wanted, planned(connection, wanted, bridge().now(), prune=prune)


def _read(text: str, settings: Settings, roster: Roster, *, prune: bool) -> Contents:
    """A table, or TOML where it has tables of teams, people or absences."""
    if not _TOML_HEAD.search(text):
        return read(text, settings, roster, prune=prune)
    found = read_text(text, "TOML", lambda: settings.hours.zone)
    wrong = _mistakes(found, settings, roster, prune=prune)
    if wrong:
        raise Mistakes(wrong)
    return found


def _mistakes(found: Contents, settings: Settings, roster: Roster, *, prune: bool) -> list[Mistake]:
    """What a file of TOML says that can't be."""
    teams = {one.name: one for one in roster.teams}
    members = {one.key: one for one in roster.members}
    wrong = [
        replace(mistake, whose=f"teams.{one.name}")
        for one in found.teams
        for mistake in faults(settings, one, teams.get(one.name))
    ]
    wrong += [
        replace(mistake, whose=f"people.{one.key}")
        for one in found.members
        for mistake in person_faults(one, members.get(one.key))
    ]
    named = {one.name: one for one in found.teams}
    whole = ({} if prune else teams) | named
    wrong += [
        replace(mistake, whose=f"teams.{mistake.whose}")
        for mistake in disagreements(whole.values())
        if mistake.whose in named
    ]
    return wrong


# --- what is shown


def _refused(text: str, error: ConfigError, *, prune: bool) -> str:
    mistakes = []
    if isinstance(error, Mistakes):
        mistakes = [(_place(one), said(one)) for one in error.found]
    return render_template(
        "teams/import.html",
        text=text if len(text) <= MOST_CHARACTERS else "",
        prune=prune,
        mistakes=mistakes,
        trouble="" if mistakes else str(error),
    )


def _place(one: Mistake) -> str:
    if one.line and one.field:
        return str(gettext("line %(line)s, %(field)s", line=one.line, field=one.field))
    if one.line:
        return str(gettext("line %(line)s", line=one.line))
    return ".".join(part for part in (one.whose, one.field) if part)


def _shown(text: str, plan: Plan, *, prune: bool) -> str:
    return render_template(
        "teams/preview.html",
        text=text,
        prune=prune,
        state=plan.state,
        changes=[(one, _fields(one)) for one in plan.changes],
        counts={verb: sum(one.verb == verb for one in plan.changes) for verb in _VERBS},
    )


_VERBS = ("added", CHANGED, "removed")


def _fields(change: Change) -> list[tuple[str, str, str]]:
    return [(name, _said(a), _said(b)) for name, (a, b) in change.fields.items()]


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return str(format_datetime(value, pattern("d MMM y, HH:mm")))
    return " ".join(value) if isinstance(value, tuple) else str(value)
