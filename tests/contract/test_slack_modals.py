"""Forms in Slack: their ids, what they ask, and that no input makes one that Slack refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.model import Coaching, Outcome
from connectors.channels import slack_modals as modals
from tests.contract.messages import LINE, NASTY, SINCE, TAKEN, nasty
from tests.contract.slack_drawn import elements, harmless_view, shown

NOW = datetime(2026, 11, 21, 9, 47, 12, tzinfo=UTC)
CAUSES = ("Late answer", "Wrong answer", "Broken product")
FORMS: dict[str, Callable[..., dict[str, Any]]] = {
    "contact": modals.contact,
    "resolve": lambda ref, *more: modals.resolve(ref, CAUSES, *more),
    "snooze": lambda ref, *more: modals.snooze(ref, NOW, *more),
    "assign": modals.assign,
    "add": modals.add,
    "note": modals.note,
    "coach": modals.coach,
}
each = pytest.mark.parametrize("name", FORMS)


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The inputs of a form, by field."""
    return {block["block_id"]: block for block in elements(view, "input")}


def values(block: dict[str, Any]) -> list[str]:
    return [option["value"] for option in block["element"]["options"]]


@each
def test_a_form_says_what_it_does_and_for_which_alert(name: str) -> None:
    view = FORMS[name]("AB-1A2B3C4D", "C0123ABCD", "Anna rated her ticket 1 of 5")
    assert view["type"] == "modal"
    assert view["callback_id"] == name
    assert json.loads(view["private_metadata"]) == {"ref": "AB-1A2B3C4D", "channel": "C0123ABCD"}
    assert "Anna rated her ticket 1 of 5 · AB-1A2B3C4D" in shown(view)
    harmless_view(view)


@each
def test_a_form_opened_outside_of_a_channel_has_none(name: str) -> None:
    view = FORMS[name]("AB-1A2B3C4D")
    assert json.loads(view["private_metadata"])["channel"] == ""
    harmless_view(view)


@each
def test_hostile_words_stay_words(name: str) -> None:
    harmless_view(FORMS[name](NASTY, NASTY, NASTY))
    harmless_view(FORMS[name]("", "", "\u202e\x00"))


def test_contact_asks_how_and_whether_they_were_reached() -> None:
    asked = inputs(modals.contact("AB-12"))
    assert list(asked) == ["how", "reached", "words"]
    assert values(asked["how"]) == ["phone", "e-mail", "ticket", "chat", "visit"]
    assert values(asked["reached"]) == ["yes", "no"]
    assert [block["optional"] for block in asked.values()] == [False, False, True]


def test_resolve_asks_for_outcome_cause_what_was_done_and_coaching() -> None:
    asked = inputs(modals.resolve("AB-12", CAUSES))
    assert list(asked) == ["outcome", "cause", "words", "coaching", "coaching_words"]
    assert values(asked["outcome"]) == [one.value for one in Outcome]
    assert values(asked["cause"]) == list(CAUSES)
    assert values(asked["coaching"]) == [one.value for one in Coaching]
    assert asked["coaching"]["element"]["initial_option"]["value"] == "not needed"
    assert [block["optional"] for block in asked.values()] == [False, False, False, False, True]


def test_a_cause_is_offered_once_and_as_it_is_configured() -> None:
    asked = inputs(modals.resolve("AB-12", ("a & b", "a & b", "<c>")))
    assert values(asked["cause"]) == ["a & b", "<c>"]


def test_without_causes_none_is_asked_for() -> None:
    view = modals.resolve("AB-12", ())
    assert "cause" not in inputs(view)
    harmless_view(view)


def test_a_menu_holds_a_hundred_causes() -> None:
    view = modals.resolve("AB-12", [f"Cause {n} " + "x" * n for n in range(300)])
    asked = inputs(view)
    assert len(values(asked["cause"])) == 100
    harmless_view(view)


def test_a_cause_that_is_no_option_is_left_out() -> None:
    view = modals.resolve("AB-12", (NASTY, "", "\x00", "fine"))
    assert values(inputs(view)["cause"]) == ["fine"]


def test_snooze_proposes_the_next_full_hour_but_one() -> None:
    picker = inputs(modals.snooze("AB-12", NOW))["until"]["element"]
    assert picker["type"] == "datetimepicker"
    proposed = datetime.fromtimestamp(picker["initial_date_time"], UTC)
    assert proposed == datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def test_people_are_picked_from_the_workspace() -> None:
    assert inputs(modals.assign("AB-12"))["person"]["element"]["type"] == "users_select"
    assert inputs(modals.add("AB-12"))["people"]["element"]["type"] == "multi_users_select"


def test_a_note_needs_words_and_coaching_none() -> None:
    assert inputs(modals.note("AB-12"))["words"]["optional"] is False
    assert inputs(modals.coach("AB-12"))["words"]["optional"] is True


def test_the_story_is_read_only() -> None:
    view = modals.show(TAKEN, ["09:30 opened", "09:41 Ana has it"], "C0123ABCD")
    text = shown(view)
    assert view["callback_id"] == "show"
    assert "submit" not in view
    assert not elements(view, "button") + elements(view, "overflow") + elements(view, "input")
    assert "Acknowledged · Owner: Ana Example" in text
    assert text.index("09:30 opened") < text.index("09:41 Ana has it")
    harmless_view(view)


def test_of_a_long_story_the_newest_lines_are_shown() -> None:
    view = modals.show(TAKEN, [f"line {n}: " + "x" * 300 for n in range(500)])
    text = shown(view)
    assert "line 499:" in text
    assert "line 0:" not in text
    told = text.count("line ")
    assert f"{500 - told} earlier lines not shown" in text
    harmless_view(view)


def test_a_hostile_story_stays_a_story() -> None:
    harmless_view(modals.show(nasty(), [NASTY, "", "\x00", "😀" * 2000] * 100))
    harmless_view(modals.show(nasty(lines=(LINE,) * 200, since=SINCE), []))
    harmless_view(modals.show(replace(TAKEN, ref="", headline=""), ["one"]))
