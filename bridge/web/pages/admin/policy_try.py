"""The form on which a rule's values are tried on the past."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from bridge.domain.model import Severity
from bridge.domain.rules import rules as known_rules
from bridge.web.pages.admin.policy_words import RULES
from bridge.work.whatif import tunables, value_of
from bridge.work.written import written

DAYS = (7, 30, 90)
ENABLED, SHADOW = "enabled", "shadow"
_LEVELS = {
    "off": _("Off"),
    "info": _("Info"),
    "warning": _("Warning"),
    "high": _("High"),
    "critical": _("Critical"),
}
assert {*_LEVELS} == {"off", *(level.name.lower() for level in Severity)}  # noqa: S101 - none is forgotten


def form_of(name: str, rule: object | None, *, in_shadow: bool = False) -> FlaskForm:
    """The form of a rule, with its present values; `rule` is None where it is off.

    What is chosen or written in it is not looked at here: the reader of the configuration does that.
    """
    cls = known_rules()[name]
    present = tunables(rule or cls())
    fields: dict[str, Any] = {
        ENABLED: SelectField(
            _("The rule is"),
            choices=[SelectChoice("true", _("on")), SelectChoice("false", _("off"))],
            default="true",
            validate_choice=False,
        ),
        SHADOW: SelectField(
            _("What it finds is"),
            choices=[SelectChoice("false", _("told")), SelectChoice("true", _("kept in shadow"))],
            default="true" if in_shadow else "false",
            validate_choice=False,
        ),
    }
    for field in dataclasses.fields(cls):
        fields[field.name] = _field(field, RULES[name].tunables[field.name], present[field.name])
    fields["days"] = SelectField(
        _("How far back"),
        choices=[SelectChoice(str(many), _("%(many)s days", many=many)) for many in DAYS],
        default="30",
        validate_choice=False,
    )
    fields["try_out"] = SubmitField(_("Try it on the past"))
    made: FlaskForm = type("Tried", (FlaskForm,), fields)()
    return made


def _field(field: dataclasses.Field[Any], meaning: Any, present: object) -> Field:
    if "Severity" in str(field.type):
        none = "None" in str(field.type)
        choices = [SelectChoice(k, v) for k, v in _LEVELS.items() if none or k != "off"]
        return SelectField(
            field.name, description=meaning, choices=choices, default=present, validate_choice=False
        )
    return StringField(field.name, description=meaning, default=written(present))


def values_of(form: FlaskForm, name: str) -> dict[str, object]:
    """What was filled in, as the configuration would write it."""
    fields = [ENABLED, SHADOW, *(field.name for field in dataclasses.fields(known_rules()[name]))]
    return {one: value_of(str(form[one].data or "")) for one in fields}


def days_of(form: FlaskForm) -> int:
    """How far back; the usual where none of the choices was made."""
    chosen = str(form["days"].data)
    return int(chosen) if chosen in {str(many) for many in DAYS} else 30
