"""What people do about an alert, and why it is sometimes refused."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.alerts import Change, reconcile
from bridge.domain.model import (
    Alert,
    AlertState,
    Coaching,
    Member,
    Outcome,
    Party,
    Press,
)
from bridge.domain.presses import finished, offered, press, replied
from tests.casework import (
    ANA,
    BEN,
    DANA,
    EMEA,
    MONA,
    acknowledged,
    alert,
    changes,
    contacted,
    finding,
    heard,
    last,
    merely_resolved,
    plain,
    pressed,
    refusal,
    reopened,
    resolved,
    snoozed,
    take,
)
from tests.stories import agent_answered, agent_noted, at, customer_wrote, opened, ticket

OPEN, ACKNOWLEDGED = AlertState.OPEN, AlertState.ACKNOWLEDGED
CONTACTED, RESOLVED = AlertState.CONTACTED, AlertState.RESOLVED
CASE = ticket(opened("08:00"))
NAMED = Member(name="an agent")

# --- acknowledge


def test_whoever_acknowledges_first_has_it() -> None:
    case, [step] = last(alert(), acknowledged("09:10"))
    assert (case.state, case.owner) == (ACKNOWLEDGED, ANA)
    assert (case.acknowledged_by, case.acknowledged_at) == ("Ana", at("09:10"))
    assert case.promises["acknowledge"].met_at == at("09:10")
    assert (step.change, step.who, step.via) == (Change.ACKNOWLEDGED, ANA, "slack")
    assert (step.at, case.changed_at) == (at("09:10"), at("09:10"))


@pytest.mark.parametrize(("first", "second"), [(ANA, BEN), (BEN, ANA)])
def test_of_two_who_press_at_once_one_has_it_and_the_other_hears_who(
    first: Member, second: Member
) -> None:
    case = take(alert(), acknowledged("09:10", first))
    why = refusal(case, acknowledged("09:10", second))
    assert why == f"{first} has it already since 2026-03-02 09:10 UTC."
    assert case.owner == first


def test_who_clicks_twice_hears_that_they_have_it() -> None:
    case = take(alert(), acknowledged("09:10"))
    assert refusal(case, acknowledged("09:11")) == "You have it already."
    case = take(alert(), acknowledged("09:10", NAMED))
    assert refusal(case, acknowledged("09:11", NAMED)) == "You have it already."


def test_who_gave_it_away_does_not_have_it() -> None:
    case = take(alert(), acknowledged("09:10"), pressed("09:20", Press.ASSIGN, ANA, people=(BEN,)))
    assert refusal(case, acknowledged("09:30", BEN)) == "You have it already."
    assert refusal(case, acknowledged("09:30", ANA)).startswith("Ben has it already")


def test_whoever_it_is_it_stays_with_whom_it_was_given_to() -> None:
    given = take(alert(), pressed("09:05", Press.ASSIGN, ANA, people=(BEN,)))
    case, _ = replied(given, agent_answered("09:10"), Member())
    assert (case.owner, case.contacted_by) == (BEN, "")


def test_an_end_without_a_time_is_told_without_it() -> None:
    case = plain(state=RESOLVED, ended="the ticket is solved")
    assert refusal(case, acknowledged("09:10")) == "It is over: the ticket is solved."


def test_a_refusal_goes_back_to_who_pressed() -> None:
    case = take(alert(), acknowledged("09:10"))
    _, [step] = press(case, acknowledged("09:11", BEN, reply="C1/U0BEN"))
    assert (step.reply, step.who, step.at) == ("C1/U0BEN", BEN, at("09:11"))


def test_no_reminder_comes_after_it_but_what_is_graver_does() -> None:
    waits = alert(finding(stage="nag1", level="nag1"))
    reminded = finding(stage="nag2", level="nag2")
    _, steps = reconcile(waits, CASE, [reminded], {}, at("12:00"))
    assert changes(steps) == [Change.REMINDED]
    taken = take(waits, acknowledged("09:10"))
    assert reconcile(taken, CASE, [reminded], {}, at("12:00")) == (taken, ())
    graver = replace(reminded, severity=max(type(reminded.severity)))
    raised, steps = reconcile(taken, CASE, [graver], {}, at("12:00"))
    assert Change.RAISED in changes(steps)
    assert raised is not None
    assert raised.owner == ANA


# --- contact


def test_who_reaches_the_customer_has_it() -> None:
    case, [step] = last(alert(), contacted("09:30", how="phone", words="They are calmer"))
    assert (case.state, case.owner) == (CONTACTED, ANA)
    assert (case.contacted_by, case.contacted_at) == ("Ana", at("09:30"))
    assert {name for name, p in case.promises.items() if p.met_at} == {"acknowledge", "contact"}
    assert (step.change, step.words) == (Change.CONTACTED, "by phone; They are calmer")


def test_an_attempt_is_counted_and_contacts_nobody() -> None:
    case, [step] = last(alert(), contacted("09:30", reached=False, words="No answer"))
    assert (case.state, case.attempts, case.contacted_at) == (ACKNOWLEDGED, 1, None)
    assert case.promises["contact"].met_at is None
    assert (step.change, step.words) == (Change.ATTEMPTED, "No answer")
    assert take(case, contacted("09:40", reached=False)).attempts == 2


def test_the_first_contact_is_the_one_that_counts() -> None:
    case = take(alert(), contacted("09:30"), contacted("10:30", BEN))
    assert (case.contacted_by, case.contacted_at, case.owner) == ("Ana", at("09:30"), ANA)
    assert case.promises["contact"].met_at == at("09:30")


def test_an_attempt_after_it_takes_no_contact_back() -> None:
    case = take(alert(), contacted("09:30"), contacted("10:30", reached=False))
    assert (case.state, case.attempts) == (CONTACTED, 1)


@pytest.mark.parametrize("reached", [True, False])
def test_who_acts_needs_no_snooze_any_more(*, reached: bool) -> None:
    case = take(alert(), snoozed("09:10", "15:00"), contacted("09:30", reached=reached))
    assert case.snoozed_until is None


# --- a public reply


def test_a_public_reply_after_the_alert_is_the_contact() -> None:
    case, [step] = replied(alert(), agent_answered("09:30"), BEN)
    assert (case.state, case.owner, case.contacted_by) == (CONTACTED, Member(), "Ben")
    assert (case.acknowledged_at, case.changed_at) == (at("09:30"), at("09:30"))
    assert (step.change, step.who, step.via) == (Change.CONTACTED, BEN, "ticket")


@pytest.mark.parametrize(
    "event", [acknowledged("09:40"), contacted("09:40"), snoozed("09:40", "15:00")]
)
def test_who_answered_has_not_taken_it_and_whoever_acts_next_has(event: Any) -> None:
    case, _ = replied(alert(), agent_answered("09:30"), BEN)
    case = take(case, event)
    assert (case.state, case.owner, case.acknowledged_by) == (CONTACTED, ANA, "Ben")
    assert refusal(case, acknowledged("09:50", BEN)).startswith("Ana has it already")


def test_who_has_it_keeps_it_when_somebody_else_replies() -> None:
    case, _ = replied(take(alert(), snoozed("09:10", "15:00")), agent_answered("09:30"), BEN)
    assert (case.owner, case.contacted_by, case.acknowledged_by) == (ANA, "Ben", "Ana")
    assert case.snoozed_until is None


@pytest.mark.parametrize(
    "event",
    [
        agent_noted("09:30"),
        customer_wrote("09:30"),
        agent_answered("09:30", by=Party.BRIDGE),
        agent_answered("09:30", by=Party.SYSTEM),
        agent_answered("08:59"),
        agent_answered("09:00"),
    ],
    ids=["a note", "the customer", "ourselves", "a robot", "before", "at the same moment"],
)
def test_anything_else_is_no_contact(event: Any) -> None:
    case = alert()
    assert replied(case, event, BEN) == (case, ())


@pytest.mark.parametrize("before", [contacted("09:10"), resolved("09:10")])
def test_a_reply_after_the_contact_or_the_end_changes_nothing(before: Any) -> None:
    case = take(alert(), before)
    assert replied(case, agent_answered("09:30"), BEN) == (case, ())


# --- resolve


def test_a_whole_report_closes_it() -> None:
    case, steps = last(alert(), resolved("10:00"))
    assert changes(steps) == [Change.RESOLVED, Change.CLOSED]
    told = "recovered; cause: slow answer; Called and refunded; coaching not needed"
    assert steps[0].words == told
    assert (case.state, case.ended_at, case.closed_at) == (RESOLVED, at("10:00"), at("10:00"))
    assert (case.ended, case.resolved_by) == ("resolved by Ana: recovered", "Ana")
    assert (case.outcome, case.cause) == (Outcome.RECOVERED, "slow answer")
    assert (case.done, case.coaching) == ("Called and refunded", Coaching.NOT_NEEDED)
    met = {name for name, p in case.promises.items() if p.met_at}
    assert met == {"acknowledge", "resolve", "close"}


def test_without_a_report_it_is_resolved_but_not_closed() -> None:
    case, steps = last(alert(), merely_resolved("10:00"))
    assert changes(steps) == [Change.RESOLVED]
    assert (case.state, case.closed_at, case.ended) == (RESOLVED, None, "resolved by Ana")
    assert case.promises["close"].met_at is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"outcome": Outcome.RECOVERED, "cause": "tone"}),
        ({"outcome": Outcome.RECOVERED}, {"cause": "tone"}),
        ({"cause": "tone"}, {"outcome": Outcome.RECOVERED}),
    ],
    ids=["both", "the cause", "the outcome"],
)
def test_what_a_report_lacked_completes_and_closes_it(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    case = take(alert(), merely_resolved("10:00", **first))
    assert (case.closed_at, case.outcome) == (None, first.get("outcome"))
    case, steps = last(case, merely_resolved("11:00", BEN, **then))
    assert changes(steps) == [Change.COMPLETED, Change.CLOSED]
    assert (case.ended_at, case.closed_at) == (at("10:00"), at("11:00"))
    assert (case.resolved_by, case.outcome, case.cause) == ("Ana", Outcome.RECOVERED, "tone")


def test_a_part_of_what_it_lacked_does_not_close_it() -> None:
    case, steps = last(alert(), merely_resolved("10:00"), merely_resolved("11:00", cause="tone"))
    assert changes(steps) == [Change.COMPLETED]
    assert (case.cause, case.closed_at) == ("tone", None)


def test_who_resolves_again_without_news_hears_that_it_is_over() -> None:
    case = take(alert(), resolved("10:00"))
    why = "It is over since 2026-03-02 10:00 UTC: resolved by Ana: recovered."
    assert refusal(case, resolved("10:00", BEN)) == why
    case = take(alert(), merely_resolved("10:00"))
    why = "It is over since 2026-03-02 10:00 UTC: resolved by Ana."
    assert refusal(case, merely_resolved("11:00", BEN)) == why


def test_coaching_keeps_it_from_being_closed() -> None:
    case, steps = last(alert(), resolved("10:00", coaching=Coaching.NEEDED))
    assert changes(steps) == [Change.RESOLVED]
    assert (case.state, case.closed_at) == (RESOLVED, None)
    case, steps = last(case, pressed("tue 10:00", Press.COACH, MONA))
    assert changes(steps) == [Change.COACHED, Change.CLOSED]
    assert (case.coaching, case.closed_at) == (Coaching.DONE, at("tue 10:00"))
    assert refusal(case, pressed("tue 11:00", Press.COACH)) == "No coaching is open on it."


def test_coaching_alone_does_not_close_what_lacks_a_cause() -> None:
    told = merely_resolved("10:00", outcome=Outcome.RECOVERED, coaching=Coaching.NEEDED)
    case, steps = last(alert(), told, pressed("11:00", Press.COACH))
    assert changes(steps) == [Change.COACHED]
    assert case.closed_at is None


def test_coaching_that_a_part_of_the_report_asked_for_is_not_forgotten() -> None:
    told = merely_resolved("10:00", coaching=Coaching.NEEDED)
    rest = merely_resolved("11:00", outcome=Outcome.RECOVERED, cause="tone")
    case, steps = last(alert(), told, rest)
    assert changes(steps) == [Change.COMPLETED]
    assert (case.coaching, case.closed_at) == (Coaching.NEEDED, None)


def test_what_ended_by_itself_needs_no_report() -> None:
    ended, _ = reconcile(alert(), CASE, [], {}, at("10:00"))
    assert ended is not None
    assert ended.closed_at == at("10:00")
    why = "It is over since 2026-03-02 10:00 UTC: nothing is wrong any more."
    assert refusal(ended, resolved("11:00")) == why


# --- open again


def test_who_opens_it_again_has_it_and_begins_anew() -> None:
    over = take(alert(), contacted("09:10"), resolved("10:00"))
    case, [step] = last(over, reopened("tue 10:00", BEN, words="They called again"))
    assert (step.change, step.words) == (Change.REOPENED, "They called again")
    assert (case.state, case.owner, case.reopened) == (ACKNOWLEDGED, BEN, 1)
    assert (case.acknowledged_by, case.acknowledged_at) == ("Ben", at("tue 10:00"))
    gone = (case.contacted_at, case.ended_at, case.closed_at, case.outcome, case.coaching)
    assert gone == (None,) * 5
    assert (case.ended, case.resolved_by, case.contacted_by) == ("", "", "")
    assert (case.ask_at, case.checks, case.rung, case.nags) == (None, {}, (), 0)


def test_what_is_open_cannot_be_opened() -> None:
    assert refusal(alert(), reopened("10:00")) == "It is open."
    again = take(alert(), resolved("10:00"), reopened("11:00"))
    assert refusal(again, reopened("11:00", BEN)) == "It is open."


def test_it_can_be_resolved_once_more() -> None:
    case, steps = last(alert(), resolved("10:00"), reopened("11:00"), resolved("12:00", BEN))
    assert changes(steps) == [Change.RESOLVED, Change.CLOSED]
    assert (case.resolved_by, case.ended_at, case.reopened) == ("Ben", at("12:00"), 1)


# --- snooze


def test_who_snoozes_it_has_it_in_hand() -> None:
    case, [step] = last(alert(), snoozed("09:10", "tue 08:00", words="Waits for the courier"))
    assert (case.state, case.owner) == (ACKNOWLEDGED, ANA)
    assert case.snoozed_until == at("tue 08:00")
    assert (step.change, step.words) == (
        Change.SNOOZED,
        "until 2026-03-03 08:00 UTC; Waits for the courier",
    )


@pytest.mark.parametrize("until", [None, at("09:09"), at("09:10")])
def test_a_snooze_ends_in_the_future(until: Any) -> None:
    event = pressed("09:10", Press.SNOOZE, until=until)
    assert refusal(alert(), event) == "Say until when: a time in the future."


def test_the_customer_stays_contacted_in_a_snooze() -> None:
    assert take(alert(), contacted("09:10"), snoozed("09:20", "15:00")).state is CONTACTED


def test_an_end_ends_the_snooze() -> None:
    assert take(alert(), snoozed("09:10", "15:00"), resolved("10:00")).snoozed_until is None


# --- assign, add


def test_who_takes_it_has_it_in_hand() -> None:
    case, [step] = last(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(ANA,)))
    assert (case.state, case.owner) == (ACKNOWLEDGED, ANA)
    assert (step.change, step.people) == (Change.ASSIGNED, (ANA,))


def test_who_is_given_it_has_yet_to_take_it_in_hand() -> None:
    case, _ = last(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,)))
    assert (case.state, case.owner, case.acknowledged_at) == (OPEN, BEN, None)
    assert take(case, acknowledged("09:20", BEN)).owner == BEN


def test_what_was_given_to_somebody_they_can_take() -> None:
    given = take(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,)))
    assert take(given, pressed("09:20", Press.ASSIGN, BEN, people=(BEN,))).state is ACKNOWLEDGED


def test_what_somebody_has_is_not_given_to_them_again() -> None:
    case = take(alert(), acknowledged("09:10", BEN))
    for who in (ANA, BEN):
        event = pressed("09:20", Press.ASSIGN, who, people=(BEN,))
        assert refusal(case, event) == "Ben has it already."
    case = take(alert(), pressed("09:10", Press.ASSIGN, people=(NAMED,)))
    assert refusal(case, pressed("09:20", Press.ASSIGN, people=(NAMED,))).startswith("an agent has")


@pytest.mark.parametrize("people", [(), (ANA, BEN)])
def test_it_is_given_to_one(people: tuple[Member, ...]) -> None:
    event = pressed("09:10", Press.ASSIGN, people=people)
    assert refusal(alert(), event) == "Say to whom: one person."


def test_people_are_added_once_and_only_the_new_ones_hear_of_it() -> None:
    case = take(alert(), pressed("09:10", Press.ADD, people=(BEN,)))
    case, [step] = last(case, pressed("09:20", Press.ADD, people=(BEN, DANA, DANA)))
    assert case.people == (BEN, DANA)
    assert (step.change, step.people) == (Change.JOINED, (DANA,))


def test_who_is_on_it_is_not_added_again() -> None:
    case = take(alert(), pressed("09:10", Press.ADD, people=(BEN, NAMED)))
    event = pressed("09:20", Press.ADD, people=(NAMED, Member(key="ben")))
    assert refusal(case, event) == "They are on it already."
    assert refusal(case, pressed("09:20", Press.ADD)) == "Say who."


# --- words


@pytest.mark.parametrize(
    ("action", "change"), [(Press.NOTE, Change.NOTED), (Press.SAY, Change.SAID)]
)
def test_words_are_kept_in_the_story_alone(action: Press, change: Change) -> None:
    before = alert()
    case, [step] = last(before, pressed("09:10", action, words="Spoke to the depot"))
    assert (step.change, step.words) == (change, "Spoke to the depot")
    assert case == replace(before, changed_at=at("09:10"))
    assert refusal(before, pressed("09:10", action, words=" \n")) == "The note is empty."


def test_a_note_after_the_end_opens_nothing() -> None:
    over = take(alert(), resolved("10:00"))
    case, steps = last(over, pressed("11:00", Press.NOTE, words="For the record"))
    assert (case.state, case.closed_at, changes(steps)) == (RESOLVED, at("10:00"), [Change.NOTED])


def test_everybody_says_once_that_it_was_of_no_use() -> None:
    case = take(alert(), pressed("09:10", Press.USELESS, ANA), pressed("09:11", Press.USELESS, BEN))
    assert (case.useless, case.state) == (("Ana", "Ben"), OPEN)
    again = pressed("09:12", Press.USELESS, ANA)
    assert refusal(case, again) == "You said so already: thank you."


def test_who_changes_their_mind_counts_for_the_other_alone() -> None:
    case = take(alert(), pressed("09:10", Press.USELESS, ANA), pressed("09:11", Press.USELESS, BEN))
    case = take(case, pressed("09:12", Press.USEFUL, ANA))
    assert (case.useful, case.useless) == (("Ana",), ("Ben",))
    assert refusal(case, pressed("09:13", Press.USEFUL, ANA)).startswith("You said so already")
    case = take(case, pressed("09:14", Press.USELESS, ANA))
    assert (case.useful, case.useless) == ((), ("Ben", "Ana"))


# --- over


@pytest.mark.parametrize(
    "event",
    [
        acknowledged("11:00", BEN),
        contacted("11:00", BEN),
        resolved("11:00", BEN),
        snoozed("11:00", "15:00", BEN),
        pressed("11:00", Press.ASSIGN, BEN, people=(BEN,)),
    ],
    ids=lambda event: event.action.value,
)
def test_nothing_is_to_be_done_about_what_is_over(event: Any) -> None:
    case = take(alert(), resolved("10:00"))
    assert refusal(case, event).startswith("It is over since 2026-03-02 10:00 UTC: resolved by Ana")


# --- what is offered, and what is done


def test_the_likeliest_is_offered_first() -> None:
    rest = (Press.SNOOZE, Press.ASSIGN, Press.ADD, Press.NOTE, Press.USELESS)
    waits, taken = alert(), take(alert(), acknowledged("09:10"))
    assert offered(waits) == (Press.ACKNOWLEDGE, Press.CONTACT, Press.RESOLVE, *rest)
    assert offered(taken) == (Press.CONTACT, Press.RESOLVE, *rest)
    after = (Press.REOPEN, Press.NOTE, Press.USEFUL, Press.USELESS)
    assert offered(take(taken, resolved("10:00"))) == after
    assert offered(take(taken, merely_resolved("10:00"))) == (Press.RESOLVE, *after)
    coach = take(taken, resolved("10:00", coaching=Coaching.NEEDED))
    assert offered(coach) == (Press.COACH, *after)


@pytest.mark.parametrize(
    ("case", "done"),
    [
        (alert(), set()),
        (take(alert(), pressed("09:10", Press.ASSIGN, people=(BEN,))), set()),
        (take(alert(), acknowledged("09:10")), {"acknowledge"}),
        (take(alert(), contacted("09:10")), {"acknowledge", "contact"}),
        (take(alert(), merely_resolved("09:10")), {"acknowledge", "contact", "resolve"}),
        (take(alert(), resolved("09:10")), {"acknowledge", "contact", "resolve", "close"}),
        (
            take(alert(), resolved("09:10"), heard("tue 09:00", better=False)),
            set(),
        ),
    ],
    ids=["open", "given", "taken", "contacted", "resolved", "closed", "opened again"],
)
def test_what_nobody_has_to_do_any_more(case: Alert, done: set[str]) -> None:
    goals = ("acknowledge", "contact", "resolve", "close")
    assert {goal for goal in goals if finished(case, goal)} == done


def test_what_comes_late_does_not_turn_the_clock_back() -> None:
    case = take(alert(), acknowledged("10:00"), pressed("09:30", Press.NOTE, words="Earlier"))
    assert case.changed_at == at("10:00")
    case, _ = replied(case, agent_answered("09:30"), BEN)
    assert (case.changed_at, case.contacted_at) == (at("10:00"), at("09:30"))


def test_without_promises_all_is_done_the_same() -> None:
    case = take(plain(), contacted("09:10"), resolved("10:00"))
    assert (case.closed_at, case.promises) == (at("10:00"), {})
    assert case.team == EMEA.name
