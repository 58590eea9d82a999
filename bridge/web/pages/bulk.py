"""The same done about many alerts at once, each for itself: how many worked, and which were refused, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from bridge.domain.hours import Hours
from bridge.domain.model import Alert, Press
from bridge.store import people
from bridge.web.pages import snoozes
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.zoned import zoned
from bridge.work.acting import Result, act_on_all
from bridge.work.bridge import team_named

MOST = 100
"""Alerts at once."""

MOST_TOLD = 5
"""Refusals that are told one by one."""

Said = Callable[[Alert], Mapping[str, Any]]


class Unclear(Exception):
    """What the form says can't be done; the words say what is missing."""


def flashed(form: MultiDict[str, str]) -> None:
    """Do what the form says, and say on the next page what came of it."""
    refs = form.get("shown", "").split() if form.get("all") else form.getlist("ref")
    try:
        action, say = _meant(form)
        if not refs:
            raise Unclear(gettext("tick the alerts that you mean first."))
    except Unclear as unclear:
        flash(gettext("Nothing was done: %(why)s", why=unclear), "error")
        return
    _tell(action, act_on_all(bridge(), viewer(), refs[:MOST], action, say))


def _meant(form: MultiDict[str, str]) -> tuple[Press, Said]:
    """What is to be done, and what is said with it of each alert. Raises Unclear."""
    match form.get("act"):
        case "acknowledge":
            return Press.ACKNOWLEDGE, lambda _: {}
        case "assign":
            with bridge().engine.begin() as connection:
                person = people.roster(connection).named(form.get("person", ""))
            if person is None:
                raise Unclear(gettext("choose who takes them."))
            return Press.ASSIGN, lambda _: {"people": (person,)}
        case "snooze":
            return Press.SNOOZE, _put_off(form)
    raise Unclear(gettext("choose what to do."))


def _put_off(form: MultiDict[str, str]) -> Said:
    """Until when, by the hours of each alert's own team. Raises Unclear."""
    now, preset = bridge().now(), form.get("until", "")
    own = snoozes.parsed(form.get("own", ""))
    first = snoozes.until(preset, bridge().settings.hours, now, own)
    if first is None or not now < first <= now + snoozes.LONGEST:
        raise Unclear(gettext("choose a time within the next 90 days."))
    hours = hours_of_teams()
    return lambda alert: {"until": snoozes.until(preset, hours(alert.team), now, own)}


def hours_of_teams() -> Callable[[str], Hours]:
    """The working hours of a team by its name."""
    settings = bridge().settings
    with bridge().engine.begin() as connection:
        known = bridge().teams(connection)
    return lambda name: settings.calendars.get(team_named(name, known).calendar, settings.hours)


def _tell(action: Press, results: Sequence[Result]) -> None:
    done = [one for one in results if not one.refused]
    refused = [one for one in results if one.refused]
    if done:
        flash(_DONE[action](len(done)), "success")
    for one in refused[:MOST_TOLD]:
        said = gettext("%(ref)s was left as it is: %(why)s", ref=one.ref, why=zoned(one.refused))
        flash(said, "warning")
    if (more := len(refused) - MOST_TOLD) > 0:
        said = ngettext("%(num)s more was refused.", "%(num)s more were refused.", more)
        flash(said, "warning")


def _acknowledged(many: int) -> str:
    return str(
        ngettext(
            "%(num)s alert is yours now. Its ticket and Slack follow in a moment.",
            "%(num)s alerts are yours now. Their tickets and Slack follow in a moment.",
            many,
        )
    )


def _assigned(many: int) -> str:
    return str(
        ngettext(
            "%(num)s alert was given on. Who has it now hears of it in a moment.",
            "%(num)s alerts were given on. Who has them now hears of it in a moment.",
            many,
        )
    )


def _snoozed(many: int) -> str:
    return str(
        ngettext(
            "%(num)s alert is put off; you are asked again then.",
            "%(num)s alerts are put off; you are asked again then.",
            many,
        )
    )


_DONE: Mapping[Press, Callable[[int], str]] = {
    Press.ACKNOWLEDGE: _acknowledged,
    Press.ASSIGN: _assigned,
    Press.SNOOZE: _snoozed,
}
