"""Managers act from Slack: buttons, menus, forms, words in the thread, /alerts and the Home tab."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bridge.domain.model import AlertState, Coaching, Outcome
from bridge.simulate.world import ENV
from tests.flow.conftest import Opens, written
from tests.flow.slack_desk import APP, MONA, NILS, Desk, elements, ids


@pytest.fixture
def desk(open_office: Opens) -> Desk:
    return Desk(open_office(lambda policy: policy + APP))


# --- what acts at once


def test_a_click_acknowledges_and_says_who_has_it(desk: Desk) -> None:
    answer = desk.press(MONA, "acknowledge")

    assert (answer.status, answer.body) == (200, b"")
    assert desk.alert.state is AlertState.ACKNOWLEDGED
    assert desk.alert.acknowledged_by == "Mona Berg"
    assert desk.alert.owner.email == "Billing@example.com"
    assert "Mona Berg" in written(desk.post)
    assert "acknowledge" not in [e["action_id"] for e in elements(desk.post)]


def test_the_second_of_two_is_told_who_was_first_and_nobody_else_hears_of_it(desk: Desk) -> None:
    desk.press(MONA, "acknowledge")
    desk.press(NILS, "acknowledge", version=0)

    assert desk.alert.acknowledged_by == "Mona Berg"
    (whisper,) = desk.whispers(NILS)
    assert "Mona Berg has it already" in whisper
    assert desk.whispers(MONA) == []


def test_what_slack_sends_twice_is_done_once(desk: Desk) -> None:
    answer = desk.press(MONA, "acknowledge")
    assert desk.slack.resend(answer).status == 200
    desk.office.settle()

    assert len(desk.kept()) == 1
    assert desk.whispers(MONA) == []


def test_useful_or_not_and_open_again_are_in_the_menu(desk: Desk) -> None:
    desk.choose(MONA, "useless")
    assert desk.alert.useless == ("Mona Berg",)

    desk.office.answer(desk.ticket, "Ben")
    assert desk.alert.state is AlertState.RESOLVED
    desk.choose(MONA, "useful")
    assert (desk.alert.useful, desk.alert.useless) == (("Mona Berg",), ())
    desk.choose(MONA, "reopen")
    assert desk.alert.ended_at is None
    assert desk.alert.owner.name == "Mona Berg"


# --- forms


def test_that_the_customer_was_contacted_is_told_in_a_form(desk: Desk) -> None:
    assert desk.press(MONA, "contact").status == 200
    assert desk.form(MONA) == "contact"
    assert desk.kept() == []

    answer = desk.fill_in(MONA, how="phone", reached="yes", words="The refund is on its way.")

    assert (answer.status, answer.body) == (200, b"")
    assert desk.form(MONA) is None
    assert desk.alert.state is AlertState.CONTACTED
    assert desk.alert.contacted_by == "Mona Berg"
    assert any("The refund is on its way." in line for line in desk.office.thread(desk.post))


def test_an_attempt_in_vain_is_no_contact(desk: Desk) -> None:
    desk.press(MONA, "contact")
    desk.fill_in(MONA, how="phone", reached="no")

    assert desk.alert.attempts == 1
    assert desk.alert.contacted_at is None


def test_a_case_is_resolved_with_how_why_and_what_was_done(desk: Desk) -> None:
    desk.press(MONA, "resolve")
    desk.fill_in(
        MONA,
        outcome="recovered",
        cause="slow answer",
        words="Called, and refunded the fee.",
        coaching="needed",
        coaching_words="Answer first, then look.",
    )

    alert = desk.alert
    assert not alert.live
    assert alert.outcome is Outcome.RECOVERED
    assert alert.coaching is Coaching.NEEDED
    assert (alert.cause, alert.done) == ("slow answer", "Called, and refunded the fee.")
    assert alert.closed_at is None, "coaching is open"

    desk.choose(MONA, "coach")
    desk.fill_in(MONA, words="Talked it through.")
    assert desk.alert.coaching is Coaching.DONE
    assert desk.alert.closed_at

    desk.press(MONA, "show") if "show" in ids(desk.post) else desk.choose(MONA, "show")
    story = json.dumps(desk.slack.modal(desk.ids[MONA]).body)
    assert "Coaching: Answer first, then look." in story
    assert "coaching given" in story


def test_a_form_that_lacks_something_stays_open_and_says_what(desk: Desk) -> None:
    desk.press(MONA, "resolve")
    answer = desk.fill_in(MONA, outcome="recovered", cause="slow answer", words="   ")

    assert answer.json == {
        "response_action": "errors",
        "errors": {"words": "Write what was done."},
    }
    assert desk.wrong(MONA) == {"words": "Write what was done."}
    assert desk.kept() == []

    desk.fill_in(MONA, words="Called them.")
    assert desk.alert.done == "Called them."


@pytest.mark.parametrize(
    ("days", "why"), [(-1, "in the future"), (91, "within the next 90 days"), (1, "")]
)
def test_a_snooze_ends_within_ninety_days(desk: Desk, days: int, why: str) -> None:
    desk.choose(MONA, "snooze")
    until = desk.office.now + timedelta(days=days)
    desk.fill_in(MONA, until=int(until.timestamp()))

    if why:
        assert why in desk.wrong(MONA)["until"]
        assert desk.alert.snoozed_until is None
    else:
        assert desk.alert.snoozed_until == until.replace(microsecond=0)


def test_an_alert_is_given_to_somebody_and_others_are_added(desk: Desk) -> None:
    desk.choose(MONA, "assign")
    desk.fill_in(MONA, person=desk.ids[NILS])
    assert desk.alert.owner.name == "Nils Holm"
    assert desk.alert.owner.slack == desk.ids[NILS]

    desk.choose(NILS, "add")
    desk.fill_in(NILS, people=[desk.ids[MONA]])
    assert [one.name for one in desk.alert.people] == ["Mona Berg"]


def test_an_app_is_given_nothing(desk: Desk) -> None:
    desk.choose(MONA, "assign")
    desk.fill_in(MONA, person=desk.slack.bot_user)
    assert "full members" in desk.wrong(MONA)["person"]


def test_a_note_joins_the_story(desk: Desk) -> None:
    desk.choose(MONA, "note")
    desk.fill_in(MONA, words="Sales <!channel> knows & calls.")

    assert any("knows" in line for line in desk.office.thread(desk.post))
    assert not any("<!channel>" in line for line in desk.office.thread(desk.post))


def test_no_form_opens_for_what_is_over(desk: Desk) -> None:
    desk.office.answer(desk.ticket, "Ben")
    desk.press(MONA, "resolve", version=0)

    assert desk.form(MONA) is None
    (whisper,) = desk.whispers(MONA)
    assert "It is over" in whisper


def test_a_form_that_was_overtaken_says_so(desk: Desk) -> None:
    desk.press(MONA, "contact")
    desk.office.answer(desk.ticket, "Ben")
    desk.fill_in(MONA, how="phone", reached="yes")

    assert "It is over" in desk.wrong(MONA)["how"]


def test_a_click_is_answered_though_slack_opens_no_form(desk: Desk) -> None:
    desk.slack.revoke(ENV["SLACK_BOT_TOKEN"])
    answer = desk.press(MONA, "contact")

    assert answer.status == 200
    assert desk.form(MONA) is None


# --- words in the thread


def test_what_people_say_in_the_thread_joins_the_story(desk: Desk) -> None:
    ts = desk.post.ts
    answer = desk.slack.say(desk.ids[NILS], "alerts-billing", ts, "I know them &amp; call now.")
    desk.slack.resend(answer)
    desk.office.settle()

    assert [row.headers["x-bridge-alert"] for row in desk.kept()] == [desk.alert.ref]
    desk.choose(MONA, "show") if "show" not in ids(desk.post) else desk.press(MONA, "show")
    story = json.dumps(desk.slack.modal(desk.ids[MONA]).body)
    assert "Nils Holm" in story
    assert story.count("I know them & call now.") == 1


def test_what_is_said_elsewhere_is_nobodys_business(desk: Desk) -> None:
    first = desk.slack.say(desk.ids[NILS], "alerts-billing", None, "Lunch?")
    assert first.status == 200
    ts = first.message.ts
    assert desk.slack.say(desk.ids[MONA], "alerts-billing", ts, "Yes").status == 200
    assert desk.kept() == []


# --- /alerts and the Home tab


def test_my_alerts_are_told_to_me_alone(desk: Desk) -> None:
    answer = desk.ask(MONA, "")
    assert answer.json["response_type"] == "ephemeral"
    assert desk.alert.ref in json.dumps(answer.json)
    assert desk.alert.ref not in json.dumps(desk.ask(NILS, "mine").json)


def test_a_teams_and_a_tickets_alerts_are_found(desk: Desk) -> None:
    ref = desk.alert.ref
    for text in ("team", "team billing", str(desk.ticket), f"zendesk:{desk.ticket}", ref.lower()):
        assert ref in json.dumps(desk.ask(MONA, text).json), text
    for text in ("team Support", "4711000", "HELP-12"):
        assert ref not in json.dumps(desk.ask(MONA, text).json), text
    assert "There is no team" in desk.ask(MONA, "team Sails").json["text"]
    assert "Billing, Support" in desk.ask(MONA, "team Sails").json["text"]
    assert "/alerts team" in json.dumps(desk.ask(MONA, "help").json)


def test_an_alert_can_be_acted_on_from_the_list(desk: Desk) -> None:
    shown = desk.ask(MONA, "").message
    desk.slack.press(desk.ids[MONA], shown.ts, "acknowledge", desk.alert.ref)
    desk.office.settle()
    assert desk.alert.acknowledged_by == "Mona Berg"


def test_the_home_tab_has_my_alerts(desk: Desk) -> None:
    for who, many in ((MONA, 1), (NILS, 0)):
        assert desk.slack.open_home(desk.ids[who]).status == 200
        desk.office.settle()
        shown = json.dumps(desk.slack.home(desk.ids[who]).body)
        assert shown.count(desk.alert.ref) >= many
        assert (desk.alert.ref in shown) is bool(many)


def test_the_address_proves_itself(desk: Desk) -> None:
    assert desk.slack.verify_url().ok
