"""What can be entered into the fields of a modal, and what they then hold."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox.slack_inputs import Impossible, filled, initial_values


def block(kind: str, **more: Any) -> dict[str, Any]:
    optional = more.pop("optional", False)
    element = {"type": kind, "action_id": "value", **more}
    return {"type": "input", "block_id": "field", "element": element, "optional": optional}


def entered(one: dict[str, Any], value: Any) -> Any:
    states = filled([one], initial_values([one]), {"field": value}, ["U0MIA"])
    return states["field"]["value"]


OPTIONS = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("a", "b")]


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("plain_text_input", "words", {"value": "words"}),
        ("email_text_input", "mia@example.com", {"value": "mia@example.com"}),
        ("url_text_input", "https://example.com/a", {"value": "https://example.com/a"}),
        ("number_input", "-3.5", {"value": "-3.5"}),
        ("datepicker", "2026-11-21", {"selected_date": "2026-11-21"}),
        ("timepicker", "09:30", {"selected_time": "09:30"}),
        ("datetimepicker", 1795255200, {"selected_date_time": 1795255200}),
        ("users_select", "U0MIA", {"selected_user": "U0MIA"}),
        ("multi_users_select", ["U0MIA"], {"selected_users": ["U0MIA"]}),
        ("channels_select", "C0ALERTS", {"selected_channel": "C0ALERTS"}),
        ("multi_conversations_select", ["C0A", "D0B"], {"selected_conversations": ["C0A", "D0B"]}),
    ],
)
def test_each_field_holds_it_in_its_own_way(kind: str, value: Any, state: dict[str, Any]) -> None:
    assert entered(block(kind), value) == {"type": kind, **state}


@pytest.mark.parametrize("kind", ["checkboxes", "multi_static_select"])
def test_several_options(kind: str) -> None:
    assert entered(block(kind, options=OPTIONS), ["b", "a"])["selected_options"] == OPTIONS[::-1]


def test_options_in_groups() -> None:
    groups = [{"label": {}, "options": [one]} for one in OPTIONS]
    assert (
        entered(block("static_select", option_groups=groups), "b")["selected_option"] == OPTIONS[1]
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email_text_input", "mia at home"),
        ("url_text_input", "javascript:alert(1)"),
        ("number_input", "many"),
        ("datepicker", "21.11.2026"),
        ("timepicker", "9:30"),
        ("users_select", "U0NOBODY"),
        ("plain_text_input", "no"),
        ("datetimepicker", 17),
    ],
)
def test_what_slack_does_not_let_through(kind: str, value: Any) -> None:
    more = {"min_length": 3} if kind == "plain_text_input" else {}
    with pytest.raises(Impossible, match="field"):
        entered(block(kind, **more), value)


@pytest.mark.parametrize("value", [None, ""])
def test_a_field_can_be_emptied_unless_it_is_required(value: Any) -> None:
    first = {"initial_value": "as it was"}
    assert entered(block("plain_text_input", optional=True, **first), value)["value"] is None
    with pytest.raises(Impossible, match="field is required"):
        entered(block("plain_text_input", **first), value)


def test_nobody_has_to_be_chosen_where_it_is_optional() -> None:
    assert entered(block("multi_users_select", optional=True), None)["selected_users"] == []
    with pytest.raises(Impossible, match="field is required"):
        entered(block("multi_users_select"), [])
