"""Block Kit's limits: what the stand-in refuses, as the real one would."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox import blocks


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def options(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"text": plain(f"Option {n}"), "value": f"{n}", **more} for n in range(count)]


BUTTON: dict[str, Any] = {"type": "button", "action_id": "resolve", "text": plain("Resolve…")}
SELECT: dict[str, Any] = {"type": "static_select", "action_id": "value", "options": options(3)}
TYPED: dict[str, Any] = {"type": "plain_text_input", "action_id": "value", "multiline": True}
SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "*Anna* waits"}}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def asked(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "words",
        "label": plain("Words"),
        "element": element,
        **more,
    }


def modal(**more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Resolve"), "blocks": [SECTION], **more}


class TestElements:
    @pytest.mark.parametrize(
        ("element", "fault"),
        [
            ({**BUTTON, "text": plain("x" * 76)}, "must be less than 76 characters|text/text"),
            (
                {**BUTTON, "text": {"type": "mrkdwn", "text": "x"}},
                "must be one of: plain_text|text/type",
            ),
            ({**BUTTON, "value": "x" * 2001}, "must be less than 2001 characters|value"),
            ({**BUTTON, "action_id": "x" * 256}, "must be less than 256 characters|action_id"),
            ({**BUTTON, "style": "loud"}, "must be a valid enum value|style"),
            ({**BUTTON, "colour": "red"}, "invalid additional property: colour|"),
            ({"type": "overflow", "options": options(6)}, "no more than 5 items allowed|options"),
            ({"type": "overflow", "options": []}, "must have at least 1 items|options"),
            (
                {
                    "type": "overflow",
                    "options": [{"text": {"type": "mrkdwn", "text": "x"}, "value": "x"}],
                },
                "must be one of: plain_text|options/0/text/type",
            ),
            (
                {"type": "overflow", "options": [{"text": plain("x" * 76), "value": "x"}]},
                "must be less than 76 characters|options/0/text/text",
            ),
            (
                {"type": "overflow", "options": [{"text": plain("x"), "value": "x" * 151}]},
                "must be less than 151 characters|options/0/value",
            ),
            (
                {"type": "overflow", "options": options(2)[:1] * 2},
                "option value 0 already exists|options/1/value",
            ),
            ({**SELECT, "options": options(101)}, "no more than 100 items allowed|options"),
            (
                {**SELECT, "initial_option": {"text": plain("Option 1"), "value": "9"}},
                "initial_option must be one of the options|initial_option",
            ),
            (
                {**SELECT, "options": options(1, url="https://example.com")},
                "invalid additional property: url|options/0",
            ),
            (
                {**SELECT, "placeholder": plain("x" * 151)},
                "must be less than 151 characters|placeholder/text",
            ),
            (
                {"type": "radio_buttons", "options": options(11)},
                "no more than 10 items allowed|options",
            ),
            (
                {"type": "checkboxes", "options": options(11)},
                "no more than 10 items allowed|options",
            ),
            (
                {"type": "datetimepicker", "initial_date_time": 17},
                "must be a number of 10 digits|initial_date_time",
            ),
            (
                {"type": "datetimepicker", "placeholder": plain("When")},
                "invalid additional property: placeholder|",
            ),
            (TYPED, "unsupported type: plain_text_input|type"),
            ({"type": "multi_users_select"}, "unsupported type: multi_users_select|type"),
            (
                {
                    **BUTTON,
                    "confirm": {
                        name: plain("x" * 31) for name in ("title", "text", "confirm", "deny")
                    },
                },
                "must be less than 31 characters|confirm/confirm/text",
            ),
        ],
    )
    def test_refused_in_actions(self, element: dict[str, Any], fault: str) -> None:
        what, _, where = fault.partition("|")
        pointer = f"/blocks/0/elements/0/{where}".rstrip("/")
        assert f"[ERROR] {what} [json-pointer:{pointer}]" in blocks.problems([actions(element)])

    @pytest.mark.parametrize("kind", ["button", "overflow"])
    def test_buttons_are_no_inputs(self, kind: str) -> None:
        element = BUTTON if kind == "button" else {"type": "overflow", "options": options(2)}
        found = blocks.problems([asked(element)], surface="modal")
        assert found == [f"[ERROR] unsupported type: {kind} [json-pointer:/blocks/0/element/type]"]

    def test_all_at_the_limit(self) -> None:
        longest = {"text": plain("x" * 75), "value": "x" * 150, "description": plain("x" * 75)}
        elements = [
            {**BUTTON, "text": plain("x" * 75), "value": "x" * 2000, "style": "danger"},
            {"type": "overflow", "action_id": "more", "options": [longest, *options(4)]},
            {**SELECT, "options": options(100), "initial_option": options(1)[0]},
            {"type": "radio_buttons", "action_id": "r", "options": options(10)},
            {"type": "datetimepicker", "action_id": "d", "initial_date_time": 1795255200},
        ]
        assert blocks.problems([actions(*elements)]) == []

    def test_option_groups(self) -> None:
        groups = [{"label": plain("Ours"), "options": options(2)}]
        menu = {key: value for key, value in SELECT.items() if key != "options"}
        fine = {**menu, "option_groups": groups, "initial_option": options(2)[1]}
        assert blocks.problems([actions(fine)]) == []
        [both] = blocks.problems([actions({**SELECT, "option_groups": groups})])
        assert "exclude one another" in both

    def test_nonsense_is_told_and_does_not_break(self) -> None:
        for nonsense in (None, 7, "x", [7], {"type": "overflow", "options": [7]}):
            assert blocks.problems([{"type": "actions", "elements": nonsense}])
            assert blocks.problems([{"type": "actions", "elements": [nonsense]}])
            assert blocks.problems([{"type": "section", "text": nonsense}])
            assert blocks.problems(nonsense)


class TestViews:
    def test_a_modal_at_its_limits(self) -> None:
        full = modal(
            title=plain("x" * 24),
            submit=plain("x" * 24),
            close=plain("x" * 24),
            private_metadata="x" * 3000,
            callback_id="x" * 255,
            blocks=[SECTION] * 99 + [asked({**TYPED, "max_length": 3000}, optional=True)],
        )
        assert blocks.view_problems(full) == []

    @pytest.mark.parametrize(
        ("view", "fault"),
        [
            (modal(title=plain("x" * 25)), "must be less than 25 characters|/title/text"),
            (modal(submit=plain("x" * 25)), "must be less than 25 characters|/submit/text"),
            (
                modal(close={"type": "mrkdwn", "text": "x"}),
                "must be one of: plain_text|/close/type",
            ),
            (
                modal(private_metadata="x" * 3001),
                "must be less than 3001 characters|/private_metadata",
            ),
            (modal(callback_id="x" * 256), "must be less than 256 characters|/callback_id"),
            (modal(blocks=[SECTION] * 101), "no more than 100 items allowed|/blocks"),
            (modal(blocks=[asked(TYPED)]), "missing required field: submit|"),
            (modal(mood="fine"), "invalid additional property: mood|"),
            (
                modal(blocks=[{"type": "markdown", "text": "**x**"}]),
                "unsupported type: markdown|/blocks/0/type",
            ),
            (
                modal(submit=plain("x"), blocks=[asked({**TYPED, "max_length": 3001})]),
                "must be a number from 1 to 3000|/blocks/0/element/max_length",
            ),
            (
                modal(submit=plain("x"), blocks=[asked(TYPED), asked(TYPED)]),
                "`block_id` words already exists|/blocks/1/block_id",
            ),
            ({"type": "home", "blocks": [SECTION] * 101}, "no more than 100 items allowed|/blocks"),
            (
                {"type": "home", "blocks": [], "notify_on_close": True},
                "invalid additional property: notify_on_close|",
            ),
        ],
    )
    def test_refused(self, view: dict[str, Any], fault: str) -> None:
        what, _, where = fault.partition("|")
        assert blocks.view_problems(view) == [f"[ERROR] {what} [json-pointer:/view{where}]"]

    def test_a_modal_is_no_home(self) -> None:
        assert blocks.view_problems(modal(), ("home",))
        assert blocks.view_problems({"type": "home", "blocks": []}, ("home",)) == []
        assert blocks.view_problems("modal")
