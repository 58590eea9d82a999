"""What somebody can do about an alert, as forms: each with what it is called, and what it hands to the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from msgspec import Struct
from wtforms import (
    DateTimeLocalField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from bridge.domain.hours import Hours
from bridge.domain.model import Coaching, Member, Outcome, Press, Relation
from bridge.domain.people import Roster
from bridge.web.pages import snoozes
from bridge.web.pages.wording import COACHING, HOW, OUTCOMES, RELATIONS

LONGEST = 3000
"""Characters of what is said, as in Slack's forms."""


class Setting(Struct, frozen=True, kw_only=True):
    """What the choices of the forms depend on. `hours` are the team's."""

    roster: Roster
    hours: Hours
    causes: Sequence[str]
    months: Sequence[int]
    now: datetime


class Deed(FlaskForm):  # type: ignore[misc]
    """A form of the alert's page. `what` names it in addresses; the ids of its fields are its own."""

    class Meta:
        csrf = False  # the pages' guard has checked the token

    what = ""
    press = Press.NOTE

    def __init__(self, setting: Setting, **given: Any) -> None:
        super().__init__(**given)
        self.setting = setting
        self.offer()
        for field in self:
            field.id = f"{self.what}-{field.short_name}"
            field.label.field_id = field.id

    @property
    def fields_shown(self) -> bool:
        """Whether there is anything to fill in."""
        return bool(list(self))

    def offer(self) -> None:
        """Fill in choices that are not always the same."""

    def said(self) -> dict[str, Any]:
        """The members of `Pressed` that were filled in."""
        words = getattr(self, "words", None)
        return {"words": _clean(words.data)} if words is not None else {}


def _clean(words: str | None) -> str:
    return (words or "").replace("\x00", "").strip()


def _choices(known: Mapping[Any, object]) -> Any:
    """Choices as the library takes them: by value, each with its label."""
    return [SelectChoice(value, words) for value, words in known.items()]


def _valued(known: Mapping[Any, object]) -> dict[str, object]:
    return {one.value: words for one, words in known.items()}


def _area(label: Any, *, needed: Any = "", rows: int = 2) -> TextAreaField:
    first = DataRequired(needed) if needed else Optional()
    longest = Length(max=LONGEST, message=_("Write at most 3000 characters."))
    return TextAreaField(label, [first, longest], render_kw={"rows": rows})


class Acknowledge(Deed):
    """One click."""

    what, press = "acknowledge", Press.ACKNOWLEDGE


class Contact(Deed):
    """The customer was reached, or somebody tried."""

    what, press = "contact", Press.CONTACT
    reached = RadioField(
        _("Did you reach them?"),
        choices=_choices({"yes": _("Yes"), "no": _("No, I will try again")}),
        default="yes",
    )
    how = SelectField(
        _("How did you try?"),
        [InputRequired(_("Choose how you tried."))],
        choices=_choices({"": _("Choose"), **HOW}),
    )
    words = _area(_("What was said?"))

    def said(self) -> dict[str, Any]:
        return super().said() | {"reached": self.reached.data != "no", "how": self.how.data}


class Resolve(Deed):
    """How it came out, why, and what was done."""

    what, press = "resolve", Press.RESOLVE
    outcome = SelectField(
        _("How did it come out?"),
        [InputRequired(_("Choose how it came out."))],
        choices=_choices({"": _("Choose")} | _valued(OUTCOMES)),
    )
    cause = SelectField(_("What was the cause?"), [InputRequired(_("Choose what the cause was."))])
    words = _area(_("What was done?"), needed=_("Write what was done."), rows=3)
    coaching = SelectField(_("Is coaching needed?"), choices=_choices(_valued(COACHING)))

    def offer(self) -> None:
        causes = {one: one for one in self.setting.causes}
        self.cause.choices = _choices({"": _("Choose"), **causes})

    def said(self) -> dict[str, Any]:
        return super().said() | {
            "outcome": Outcome(self.outcome.data),
            "cause": self.cause.data,
            "coaching": Coaching(self.coaching.data),
        }


class Snooze(Deed):
    """To be asked again later."""

    what, press = "snooze", Press.SNOOZE
    preset = RadioField(_("Ask me again"), choices=_choices(snoozes.PRESETS), default="1h")
    own = DateTimeLocalField(
        _("A time of your own"),
        [Optional()],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        description=_("In your own time zone."),
    )
    words = _area(_("Why?"))

    @property
    def until(self) -> datetime | None:
        """When they are asked again."""
        setting = self.setting
        return snoozes.until(self.preset.data, setting.hours, setting.now, self.own.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it is whole; a time of one's own lies within the next 90 days."""
        fine = super().validate(extra_validators)
        if self.preset.data == snoozes.OWN and (wrong := self._wrong()):
            self.own.errors = [*self.own.errors, wrong]
            return False
        return bool(fine)

    def _wrong(self) -> Any:
        """What is wrong with the time, None if nothing is."""
        if self.until is None:
            return _("Choose until when.")
        if self.until <= self.setting.now:
            return _("Choose a time in the future.")
        if self.until > self.setting.now + snoozes.LONGEST:
            return _("Choose a time within the next 90 days.")
        return None

    def said(self) -> dict[str, Any]:
        return super().said() | {"until": self.until}


class Assign(Deed):
    """Somebody else is to have it."""

    what, press = "assign", Press.ASSIGN
    person = SelectField(_("Who takes it?"), [InputRequired(_("Choose who takes it."))])

    def offer(self) -> None:
        known = dict(colleagues(self.setting.roster))
        self.person.choices = _choices({"": _("Choose"), **known})

    def said(self) -> dict[str, Any]:
        return {"people": _named([self.person.data], self.setting.roster)}


class Add(Deed):
    """Who else should know."""

    what, press = "add", Press.ADD
    people = SelectMultipleField(
        _("Who else should know?"),
        [InputRequired(_("Choose at least one person."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self) -> None:
        self.people.choices = _choices(dict(colleagues(self.setting.roster)))

    def said(self) -> dict[str, Any]:
        return {"people": _named(self.people.data or (), self.setting.roster)}


class Note(Deed):
    """For the story, and the alert's thread in Slack."""

    what, press = "note", Press.NOTE
    words = _area(_("Note"), needed=_("Write something."), rows=3)


class Say(Deed):
    """A message to the others on it."""

    what, press = "say", Press.SAY
    words = _area(_("Message"), needed=_("Write something."), rows=3)


class Coach(Deed):
    """The coaching was given."""

    what, press = "coach", Press.COACH
    words = _area(_("What was talked about?"))


class Useful(Deed):
    """It was of use."""

    what, press = "useful", Press.USEFUL
    words = _area(_("What was it good for?"))


class Useless(Deed):
    """It was of no use."""

    what, press = "useless", Press.USELESS
    words = _area(_("Why not?"))


class Reopen(Deed):
    """It is not put right after all."""

    what, press = "reopen", Press.REOPEN
    words = _area(_("Why?"))


class Relate(Deed):
    """What became of the customer."""

    what = "relation"
    months = SelectField(_("How long after it was resolved?"), coerce=int)
    relation = RadioField(
        _("What became of the customer?"),
        [InputRequired(_("Choose what became of them."))],
        choices=_choices(_valued(RELATIONS)),
    )

    def offer(self) -> None:
        months = {many: _("%(num)s months", num=many) for many in self.setting.months}
        self.months.choices = _choices(months)

    def told(self) -> tuple[int, Relation]:
        """After how many months, and what."""
        return int(self.months.data), Relation(self.relation.data)


FORMS: Mapping[str, Callable[..., Deed]] = {
    form.what: form
    for form in (
        Acknowledge,
        Contact,
        Resolve,
        Snooze,
        Assign,
        Add,
        Note,
        Say,
        Coach,
        Useful,
        Useless,
        Reopen,
        Relate,
    )
}
"""All of them, by what stands in their addresses."""


def colleagues(roster: Roster) -> list[tuple[str, str]]:
    """Whom an alert can be given to: by what names them for certain, and their names."""
    known = [(one.key or one.email or one.slack, str(one)) for one in roster.everybody()]
    return sorted((one for one in known if one[0]), key=lambda one: one[1].casefold())


def _named(keys: Sequence[str], roster: Roster) -> tuple[Member, ...]:
    return tuple(found for key in keys if (found := roster.named(key)) is not None)
