"""Modals and the home tab: opened by a trigger, filled in by hand, answered by the app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from werkzeug.wrappers import Response

from bridge.sandbox import Sandbox
from bridge.sandbox.slack import Impossible, Slack, SlackError, View

from .conftest import Clock
from .slack_app import LIST, App, Scene, listening, scene


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def choices(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(value.title()), "value": value} for value in values]


def asked(name: str, element: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name.title()),
        "element": {"action_id": "value", **element},
        "optional": optional,
    }


RESOLVE: dict[str, Any] = {
    "type": "modal",
    "callback_id": "resolve",
    "private_metadata": '{"ref": "AB-0000000A", "channel": ""}',
    "title": plain("Resolve"),
    "submit": plain("Resolve"),
    "close": plain("Cancel"),
    "blocks": [
        asked("outcome", {"type": "static_select", "options": choices("recovered", "unreachable")}),
        asked("words", {"type": "plain_text_input", "multiline": True, "max_length": 20}),
        asked(
            "coaching",
            {
                "type": "radio_buttons",
                "options": choices("needed", "done"),
                "initial_option": choices("needed")[0],
            },
        ),
        asked("until", {"type": "datetimepicker"}, optional=True),
        asked("person", {"type": "users_select"}, optional=True),
        asked("people", {"type": "multi_users_select", "max_selected_items": 2}, optional=True),
    ],
}
STORY: dict[str, Any] = {
    "type": "modal",
    "title": plain("Story"),
    "blocks": [{"type": "section", "text": plain("It began at 10:00")}],
}
FILLED = {"outcome": "recovered", "words": "sent"}
HOME: dict[str, Any] = {"type": "home", "blocks": LIST}


def answer(body: Any) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def error_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


@pytest.fixture
def app(sandbox: Sandbox, clock: Clock) -> Iterator[App]:
    with listening(sandbox, clock) as app:
        yield app


@pytest.fixture
def at(sandbox: Sandbox, slack: WebClient) -> Scene:
    return scene(sandbox, slack)


def trigger(sandbox: Sandbox, app: App, at: Scene) -> str:
    sandbox.slack.press(at.mia, at.posted, "acknowledge")
    return str(app.payload["trigger_id"])


@pytest.fixture
def view(sandbox: Sandbox, slack: WebClient, app: App, at: Scene) -> View:
    """The modal that Mia has in front."""
    slack.views_open(trigger_id=trigger(sandbox, app, at), view=RESOLVE)
    front = sandbox.slack.modal(at.mia)
    assert front is not None
    return front


class TestTriggers:
    def test_good_for_one_view(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        clicked = trigger(sandbox, app, at)
        shown = slack.views_open(trigger_id=clicked, view=STORY)["view"]
        assert (shown["type"], shown["state"], shown["previous_view_id"]) == (
            "modal",
            {"values": {}},
            None,
        )
        with pytest.raises(SlackApiError) as caught:
            slack.views_open(trigger_id=clicked, view=STORY)
        assert error_of(caught) == "exchanged_trigger_id"

    def test_good_for_three_seconds(
        self, sandbox: Sandbox, slack: WebClient, at: Scene, clock: Clock
    ) -> None:
        just, late = (sandbox.slack.views.trigger(at.mia) for _ in range(2))
        clock.forward(seconds=3)
        assert slack.views_open(trigger_id=just, view=STORY)["ok"]
        clock.forward(milliseconds=1)
        with pytest.raises(SlackApiError) as caught:
            slack.views_open(trigger_id=late, view=STORY)
        assert error_of(caught) == "expired_trigger_id"

    def test_a_view_that_slack_refuses_does_not_use_it_up(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        clicked = trigger(sandbox, app, at)
        with pytest.raises(SlackApiError) as caught:
            slack.views_open(trigger_id=clicked, view=HOME)
        assert error_of(caught) == "invalid_arguments"
        assert slack.views_open(trigger_id=clicked, view=STORY)["ok"]

    def test_a_command_brings_one_too(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        slack.views_open(trigger_id=app.let_in[-1].form["trigger_id"], view=STORY)
        assert sandbox.slack.modal(at.mia) is not None


class TestFillingIn:
    def test_the_state_is_what_was_entered(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        entered = {
            "outcome": "recovered",
            "words": "sent it again",
            "until": 1795255200,
            "person": at.mia,
            "people": [at.mia],
        }
        sandbox.slack.submit(at.mia, view.id, entered)
        said = app.payload
        assert said["type"] == "view_submission"
        assert said["view"]["callback_id"] == "resolve"
        assert json.loads(said["view"]["private_metadata"])["ref"] == "AB-0000000A"
        assert said["view"]["state"]["values"] == {
            "outcome": {
                "value": {"type": "static_select", "selected_option": choices("recovered")[0]}
            },
            "words": {"value": {"type": "plain_text_input", "value": "sent it again"}},
            "coaching": {
                "value": {"type": "radio_buttons", "selected_option": choices("needed")[0]}
            },
            "until": {"value": {"type": "datetimepicker", "selected_date_time": 1795255200}},
            "person": {"value": {"type": "users_select", "selected_user": at.mia}},
            "people": {"value": {"type": "multi_users_select", "selected_users": [at.mia]}},
        }

    def test_fields_left_alone_are_there_and_empty(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        sandbox.slack.submit(at.mia, view.id, {"outcome": "recovered", "words": "x"})
        values = app.payload["view"]["state"]["values"]
        assert values["until"]["value"]["selected_date_time"] is None
        assert values["person"]["value"]["selected_user"] is None
        assert values["people"]["value"]["selected_users"] == []

    @pytest.mark.parametrize(
        ("entered", "why"),
        [
            ({"words": "x"}, "outcome is required"),
            ({"outcome": "recovered", "words": ""}, "words is required"),
            ({"outcome": "lost"}, "outcome has no option 'lost': there are recovered, unreachable"),
            ({"mood": "fine"}, "no field mood"),
            ({"words": "x" * 21}, "words is too long"),
            ({"person": "U0NOBODY00"}, "person: there is nobody"),
            ({"people": ["a", "b", "c"]}, "people takes at most 2"),
            ({"until": "tomorrow"}, "until takes epoch seconds"),
            ({"words": 7}, "words takes text"),
        ],
    )
    def test_slack_itself_refuses(
        self, sandbox: Sandbox, app: App, view: View, entered: dict[str, Any], why: str
    ) -> None:
        before = len(app.let_in)
        with pytest.raises(Impossible, match=why):
            sandbox.slack.submit(view.user, view.id, entered)
        assert len(app.let_in) == before

    def test_nobody_sends_what_is_not_before_them(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene, view: View
    ) -> None:
        tom = sandbox.slack.add_user("tom", "tom@example.com")
        with pytest.raises(Impossible, match="in front"):
            sandbox.slack.submit(tom, view.id, {})
        slack.views_open(trigger_id=trigger(sandbox, app, at), view=STORY)
        with pytest.raises(Impossible, match="in front"):
            sandbox.slack.submit(at.mia, view.id, {})
        story = sandbox.slack.modal(at.mia)
        assert story is not None
        with pytest.raises(Impossible, match="nothing to submit"):
            sandbox.slack.submit(at.mia, story.id, {})


class TestAnswers:
    def test_an_empty_answer_closes(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        assert sandbox.slack.submit(at.mia, view.id, FILLED).ok
        assert (sandbox.slack.modal(at.mia), view.closed) == (None, True)

    def test_errors_stay_on_the_view_until_it_is_sent_again(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        refusal = {"response_action": "errors", "errors": {"words": "Say what was done."}}
        app.answers = [answer(refusal)]
        sandbox.slack.submit(at.mia, view.id, FILLED)
        assert sandbox.slack.modal(at.mia) is view
        assert view.errors == {"words": "Say what was done."}
        sandbox.slack.submit(at.mia, view.id, {"words": "sent again"})
        assert app.payload["view"]["state"]["values"]["words"]["value"]["value"] == "sent again"
        assert (view.errors, view.closed) == ({}, True)

    def test_another_view_takes_its_place(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        app.answers = [answer({"response_action": "update", "view": STORY})]
        sandbox.slack.submit(at.mia, view.id, FILLED)
        assert sandbox.slack.modal(at.mia) is view
        assert view.body == STORY

    def test_one_on_top_and_all_away(
        self, sandbox: Sandbox, app: App, at: Scene, view: View
    ) -> None:
        app.answers = [answer({"response_action": "push", "view": RESOLVE})]
        sandbox.slack.submit(at.mia, view.id, FILLED)
        top = sandbox.slack.modal(at.mia)
        assert top is not None
        assert (top.previous, top.root) == (view.id, view.id)
        app.answers = [answer({"response_action": "clear"})]
        sandbox.slack.submit(at.mia, top.id, FILLED)
        assert sandbox.slack.views.stack(at.mia) == []

    @pytest.mark.parametrize(
        ("body", "trouble"),
        [
            ("ok", "the answer is neither empty nor JSON"),
            ('{"response_action": "dance"}', "response_action 'dance' is unknown"),
            ('{"response_action": "errors"}', "errors must name at least one block"),
            (
                '{"response_action": "errors", "errors": {"mood": "?"}}',
                "errors name blocks that are no inputs: mood",
            ),
            (
                '{"response_action": "update", "view": {"type": "home", "blocks": []}}',
                "[ERROR] unsupported type [json-pointer:/view/type]",
            ),
        ],
    )
    def test_what_slack_cannot_take_is_trouble(
        self, sandbox: Sandbox, app: App, view: View, body: str, trouble: str
    ) -> None:
        app.answers = [Response(body)]
        answered = sandbox.slack.submit(view.user, view.id, FILLED)
        assert (answered.ok, answered.trouble, view.trouble) == (False, trouble, trouble)
        assert sandbox.slack.modal(view.user) is view

    def test_the_app_fails(self, sandbox: Sandbox, app: App, at: Scene, view: View) -> None:
        app.answers = [Response(status=500)]
        sandbox.slack.submit(at.mia, view.id, FILLED)
        assert view.trouble == "the app answered 500"
        assert not view.closed

    def test_closing_is_told_only_when_asked_for(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene, view: View
    ) -> None:
        assert sandbox.slack.close(at.mia, view.id) is None
        curious = {**STORY, "notify_on_close": True}
        slack.views_open(trigger_id=trigger(sandbox, app, at), view=curious)
        shown = sandbox.slack.modal(at.mia)
        assert shown is not None
        sandbox.slack.close(at.mia, shown.id)
        assert (app.payload["type"], app.payload["is_cleared"]) == ("view_closed", False)


class TestUpdates:
    def test_what_was_filled_in_stays(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene, view: View
    ) -> None:
        app.answers = [Response(status=500)]
        sandbox.slack.submit(at.mia, view.id, {"outcome": "recovered", "words": "sent"})
        known = view.hash
        fewer = {**RESOLVE, "blocks": RESOLVE["blocks"][:2]}
        slack.views_update(view_id=view.id, view=fewer, hash=known)
        assert view.values.keys() == {"outcome", "words"}
        assert view.values["words"]["value"]["value"] == "sent"
        with pytest.raises(SlackApiError) as caught:
            slack.views_update(view_id=view.id, view=RESOLVE, hash=known)
        assert error_of(caught) == "hash_conflict"

    def test_by_an_id_of_the_apps_own(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        named = {**STORY, "external_id": "story-a"}
        slack.views_open(trigger_id=trigger(sandbox, app, at), view=named)
        slack.views_update(external_id="story-a", view={**named, "title": plain("Later")})
        shown = sandbox.slack.modal(at.mia)
        assert shown is not None
        assert shown.body["title"] == plain("Later")
        tom = sandbox.slack.add_user("tom", "tom@example.com")
        with pytest.raises(SlackApiError) as caught:
            slack.views_open(trigger_id=sandbox.slack.views.trigger(tom), view=named)
        assert error_of(caught) == "duplicate_external_id"

    def test_what_is_gone_cannot_be_changed(
        self, sandbox: Sandbox, slack: WebClient, at: Scene, view: View
    ) -> None:
        sandbox.slack.close(at.mia, view.id)
        for asked_for, error in ((view.id, "not_found"), (None, "invalid_arguments")):
            with pytest.raises(SlackApiError) as caught:
                slack.api_call("views.update", json={"view_id": asked_for, "view": STORY})
            assert error_of(caught) == error

    def test_at_most_three_on_one_another(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        button = {"type": "button", "action_id": "show", "text": plain("More")}
        deep = {**STORY, "blocks": [{"type": "actions", "elements": [button]}]}
        with pytest.raises(SlackApiError) as caught:
            slack.views_push(trigger_id=trigger(sandbox, app, at), view=deep)
        assert error_of(caught) == "not_found"
        slack.views_open(trigger_id=trigger(sandbox, app, at), view=deep)
        errors = []
        for _ in range(3):
            front = sandbox.slack.modal(at.mia)
            assert front is not None
            sandbox.slack.press(at.mia, front.id, "show")
            try:
                slack.views_push(trigger_id=app.payload["trigger_id"], view=deep)
            except SlackApiError as error:
                errors.append(error.response["error"])
        assert errors == ["push_limit_reached"]
        assert len(sandbox.slack.views.stack(at.mia)) == 3


class TestHome:
    def test_published_pressed_and_published_again(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        slack.views_publish(user_id=at.mia, view=HOME)
        home = sandbox.slack.home(at.mia)
        assert home is not None
        sandbox.slack.press(at.mia, home.id, "show", "AB-0000000B")
        said = app.payload
        assert said["container"] == {"type": "view", "view_id": home.id}
        assert said["view"]["type"] == "home"
        assert said.keys().isdisjoint({"channel", "message", "response_url"})
        slack.views_open(trigger_id=said["trigger_id"], view=STORY)
        slack.views_publish(user_id=at.mia, view={**HOME, "blocks": LIST[:1]})
        assert sandbox.slack.home(at.mia) is home
        assert len(home.blocks) == 1
        sandbox.slack.open_home(at.mia)
        assert app.event["event"]["view"]["id"] == home.id

    def test_what_is_chosen_in_a_menu_stays_chosen(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        menu = {"type": "static_select", "action_id": "team", "options": choices("all", "mine")}
        block = {"type": "actions", "block_id": "filter", "elements": [menu]}
        slack.views_publish(user_id=at.mia, view={"type": "home", "blocks": [block]})
        home = sandbox.slack.home(at.mia)
        assert home is not None
        sandbox.slack.choose(at.mia, home.id, "mine")
        state = {"type": "static_select", "selected_option": choices("mine")[0]}
        assert app.payload["view"]["state"]["values"] == {"filter": {"team": state}}
        assert home.values == {"filter": {"team": state}}

    def test_each_sees_their_own(self, sandbox: Sandbox, slack: WebClient, at: Scene) -> None:
        tom = sandbox.slack.add_user("tom", "tom@example.com")
        shown = slack.views_publish(user_id=at.mia, view=HOME)["view"]
        assert sandbox.slack.home(tom) is None
        with pytest.raises(Impossible, match="does not see"):
            sandbox.slack.press(tom, shown["id"], "show", "AB-0000000B")

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"user_id": "U0NOBODY00", "view": HOME}, "invalid_arguments"),
            ({"view": STORY}, "invalid_arguments"),
            ({"view": HOME, "hash": "1.old"}, "hash_conflict"),
            ({"view": {**HOME, "blocks": LIST * 51}}, "invalid_arguments"),
        ],
    )
    def test_refused(self, slack: WebClient, at: Scene, given: dict[str, Any], error: str) -> None:
        with pytest.raises(SlackApiError) as caught:
            slack.api_call("views.publish", json={"user_id": at.mia, **given})
        assert error_of(caught) == error


def test_a_view_beyond_250_kb_is_too_large(clock: Clock) -> None:
    workspace = Slack(clock)
    mia = workspace.add_user("mia", "mia@example.com")
    text = {"type": "mrkdwn", "text": "x" * 3000}
    large = {**STORY, "blocks": [{"type": "section", "text": text}] * 90}
    with pytest.raises(SlackError, match="view_too_large"):
        workspace.views.publish(mia, large)
