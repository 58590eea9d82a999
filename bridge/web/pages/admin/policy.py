"""`/admin/policy`: rules, goals, routes and calendars as they are lived by, and where they are changed: in a file.

Whoever is signed in may read them. Admins may try a rule's values on the past.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, render_template
from flask_wtf import FlaskForm
from msgspec import Struct

from bridge.domain.rules import rules as known_rules
from bridge.domain.viewing import Role
from bridge.store import rulestats
from bridge.web.pages.admin import policy_said
from bridge.web.pages.admin.policy_file import File
from bridge.web.pages.admin.policy_try import days_of, form_of, values_of
from bridge.web.pages.admin.policy_words import NAMES, RULES
from bridge.web.pages.here import bridge, needs, viewer
from bridge.web.pages.links import ticket_link
from bridge.work import whatif
from bridge.work.written import written

LATELY = timedelta(days=30)
BOUNDS = whatif.Bounds(tickets=5000, seconds=10)
"""A page does not keep somebody waiting for longer; the command line has no end."""


class Figures(Struct):
    """What a rule has done lately, in all that the viewer sees."""

    alerts: int = 0
    useful: int = 0
    useless: int = 0
    rated: int = 0
    acknowledged: int = 0
    pings: int = 0

    def add(self, one: rulestats.Used) -> None:
        """With those of a team."""
        self.alerts += one.alerts
        self.useful += one.useful
        self.useless += one.useless
        self.rated += one.rated
        self.acknowledged += one.acknowledged
        self.pings += one.pings


class Shown(Struct, frozen=True, kw_only=True):
    """A rule in words. `rule` is None where it is off; `playbook` is what managers are told. In `shadow` nobody is."""

    name: str
    title: object
    meaning: object
    rule: Any
    playbook: str
    place: str
    shadow: bool = False


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("policy", __name__)

    @routes.get("/admin/policy")
    def show() -> str:
        settings, file = bridge().settings, File(bridge().settings)
        return render_template(
            "policy/show.html",
            settings=settings,
            file=file,
            rules=[_shown(name, file) for name in known_rules()],
            figures=_summed(_used()),
            said=policy_said,
            team_targets={
                goal: {team: by for team, by in teams.items() if viewer().sees_team(team)}
                for goal, teams in settings.team_targets.items()
            },
            now=bridge().now(),
        )

    @routes.get("/admin/policy/<name>")
    def rule(name: str) -> str:
        return _page(_known(name), _form(name))

    @routes.post("/admin/policy/<name>/try")
    @needs(Role.ADMIN)
    def try_out(name: str) -> tuple[str, int]:
        shown, form = _known(name), _form(name)
        try:
            values = values_of(form, name)
            rules = whatif.changed_rules(bridge().settings.rules, name, values)
            in_shadow = whatif.changed_shadow(bridge().settings.in_shadow, name, values)
        except whatif.Refused as refused:
            _tell(form, refused)
            return _page(shown, form, refused=refused), 400
        try:
            change = whatif.with_rules(rules, in_shadow)
            found = whatif.compare(bridge(), change, days_of(form), bounds=BOUNDS)
        except whatif.Busy:
            return _page(shown, form, busy=True), 409
        return _page(shown, form, found=found), 200

    return routes


def _known(name: str) -> Shown:
    if name not in known_rules():
        abort(404)
    return _shown(name, File(bridge().settings))


def _shown(name: str, file: File) -> Shown:
    settings = bridge().settings
    return Shown(
        name=name,
        title=NAMES[name],
        meaning=RULES[name].meaning,
        rule=next((one for one in settings.rules if one.name == name), None),
        playbook=settings.playbooks[name],
        place=file.place("rules", name),
        shadow=name in settings.in_shadow,
    )


def _form(name: str) -> FlaskForm:
    rule = next((one for one in bridge().settings.rules if one.name == name), None)
    return form_of(name, rule, in_shadow=name in bridge().settings.in_shadow)


def _tell(form: FlaskForm, refused: whatif.Refused) -> None:
    """The error stands beside its field, and what was written stays in it."""
    if refused.field in form:
        form[refused.field].errors = [refused.why]


def _page(shown: Shown, form: FlaskForm, **more: Any) -> str:
    used = [one for one in _used() if one.rule == shown.name]
    cls = known_rules()[shown.name]
    present, usual = whatif.tunables(shown.rule or cls()), whatif.tunables(cls())
    return render_template(
        "policy/rule.html",
        shown=shown,
        form=form,
        used=sorted(used, key=lambda one: (-one.alerts, one.team)),
        figures=_summed(used).get(shown.name, Figures()),
        tunables=[
            (
                field.name,
                written(present[field.name]),
                written(usual[field.name]),
                RULES[shown.name].tunables[field.name],
            )
            for field in dataclasses.fields(cls)
        ],
        bounds=BOUNDS,
        shown_cases=whatif.SHOWN,
        link=lambda case: ticket_link(case.subject, case.name),
        **more,
    )


def _used() -> Sequence[rulestats.Used]:
    with bridge().engine.begin() as connection:
        return rulestats.used(connection, bridge().now() - LATELY, viewer().teams)


def _summed(used: Iterable[rulestats.Used]) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for one in used:
        found.setdefault(one.rule, Figures()).add(one)
    return found
