"""Agents close the loop without leaving the helpdesk: by a tag, by an internal note, by answering the customer."""

from __future__ import annotations

import pytest

from bridge.domain.model import Outcome, Press
from tests.flow.conftest import US, Opens
from tests.flow.loop_desk import LoopOffice, loop_office


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


def all_tags(office: LoopOffice, ticket: int) -> set[str]:
    return set(office.desk.tickets[ticket].tags)


# --- tags


@pytest.mark.parametrize(
    ("tag", "state"),
    [
        ("do_alert_ack", "acknowledged"),
        ("do_alert_contacted", "contacted"),
        ("do_alert_resolved", "resolved"),
    ],
)
def test_a_tag_is_obeyed_and_taken_away(office: LoopOffice, tag: str, state: str) -> None:
    ticket = office.rated()
    office.tag(ticket, tag)

    assert office.state == state
    assert tag not in all_tags(office, ticket)
    assert [step.via for step in office.story() if step.who] == ["ticket"]


def test_who_set_the_tag_is_known_by_name(office: LoopOffice) -> None:
    ticket = office.rated()
    office.tag(ticket, "do_alert_ack")
    assert office.alert.acknowledged_by == "Ben Ito"


def test_a_tag_that_is_set_again_is_obeyed_again(office: LoopOffice) -> None:
    ticket = office.rated()
    office.tag(ticket, "do_alert_resolved")
    office.press(Press.REOPEN)
    office.tag(ticket, "do_alert_resolved")

    assert office.state == "resolved"
    assert "do_alert_resolved" not in all_tags(office, ticket)


def test_a_tag_that_cannot_be_obeyed_is_answered_and_taken_away(office: LoopOffice) -> None:
    ticket = office.rated()
    office.press(Press.ACKNOWLEDGE)
    office.tag(ticket, "do_alert_ack", who="Clara")

    assert office.alert.acknowledged_by == "Mona Berg"
    (answer,) = [note for note in office.notes(ticket) if "not done" in note]
    assert "Mona Berg has it already" in answer
    assert "do_alert_ack" not in all_tags(office, ticket)


def test_nobody_but_an_agent_commands_by_a_tag(office: LoopOffice) -> None:
    ticket = office.rated()
    office.later(seconds=1)
    office.desk.add_tags(ticket, ours(office), "do_alert_resolved")
    office.settle()

    assert office.state == "open"
    assert not [step for step in office.story() if step.who]


def test_without_an_alert_a_tag_is_nobodys_business(office: LoopOffice) -> None:
    ticket = office.open()
    office.tag(ticket, "do_alert_resolved")

    assert office.alerts() == []
    assert office.notes(ticket) == []


# --- internal notes


def test_a_note_tells_of_the_contact_in_the_agents_words(office: LoopOffice) -> None:
    ticket = office.rated()
    office.note(ticket, "#alert contacted Called her; the refund is on its way.")

    assert office.state == "contacted"
    assert office.alert.contacted_by == "Ben Ito"
    assert any("the refund is on its way" in line for line in office.thread(office.post))
    assert len(office.notes(ticket)) == 1, "the agent knows what they wrote"


def test_a_note_resolves_with_outcome_cause_and_what_was_done(office: LoopOffice) -> None:
    ticket = office.rated()
    office.note(ticket, "#alert resolved recovered, cause: slow answer. Refunded the fee.")

    alert = office.alert
    assert alert.outcome is Outcome.RECOVERED
    assert (alert.cause, alert.done) == ("slow answer", "Refunded the fee.")
    assert alert.closed_at == alert.ended_at, "nothing is left to do"
    assert "Refunded the fee." in str(office.post.blocks)


def test_an_attempt_in_vain_is_no_contact(office: LoopOffice) -> None:
    ticket = office.rated()
    office.note(ticket, "#alert tried Rang twice.")

    assert (office.alert.attempts, office.alert.contacted_at) == (1, None)


def test_an_unknown_word_is_answered_with_those_that_are_known(office: LoopOffice) -> None:
    ticket = office.rated()
    office.note(ticket, "#alert finished")

    assert office.state == "open"
    _, answer = office.notes(ticket)
    assert "“#alert finished” is not known; known are: ack," in answer
    office.later(hours=1)
    assert len(office.notes(ticket)) == 2, "our own answer is no command"


def test_what_a_customer_or_we_ourselves_write_is_no_command(office: LoopOffice) -> None:
    ticket = office.rated()
    office.ask(ticket, words="#alert resolved recovered")
    office.later(seconds=1)
    office.desk.note(ticket, ours(office), "#alert resolved recovered")
    office.settle()

    assert office.state == "open"
    assert len([who for who, _ in office.desk.notes(ticket) if who == US]) == 2


def test_a_public_answer_that_looks_like_a_command_is_an_answer(office: LoopOffice) -> None:
    ticket = office.rated()
    office.answer(ticket, "Ben", "#alert resolved recovered")
    assert office.state == "contacted"


# --- what agents do anyway


def test_answering_the_customer_in_public_is_the_contact(office: LoopOffice) -> None:
    ticket = office.rated()
    office.note(ticket, "I will look into it.")
    assert office.state == "open"
    office.answer(ticket, "Ben", "I am sorry: the refund is on its way.")

    alert = office.alert
    assert alert.state.value == "contacted"
    assert alert.contacted_by == "Ben Ito"
    assert not alert.owner, "it is the manager's to see to still"
    assert [(s.change.value, s.via, s.words) for s in office.story()][-1] == (
        "customer contacted",
        "ticket",
        "a public reply",
    )


def test_an_answer_from_before_the_alert_is_no_contact(office: LoopOffice) -> None:
    ticket = office.open()
    office.answer(ticket, "Ben")
    office.rate(ticket, score=2)
    assert office.alert.contacted_at is None


# --- what the ticket says


def test_a_case_that_others_close_leaves_three_notes_and_no_tag(office: LoopOffice) -> None:
    ticket = office.rated()
    assert office.tags(ticket) == {"alert_low_score"}
    office.press(Press.ACKNOWLEDGE)
    office.press(Press.NOTE, words="She is a friend of ours.")
    office.press(Press.CONTACT, reached=False)
    office.press(Press.CONTACT, how="phone")
    office.press(Press.RESOLVE, outcome=Outcome.RECOVERED, cause="tone", words="Said sorry.")

    first, second, third = office.notes(ticket)
    assert "The customer rated 2" in first
    assert f"Alert {office.alert.ref}: Mona Berg has it in hand." in second
    assert "Mona Berg resolved it: recovered; cause: tone; Said sorry." in third
    assert office.tags(ticket) == set()


def test_after_it_was_opened_again_the_tags_are_back(office: LoopOffice) -> None:
    ticket = office.rated()
    office.tag(ticket, "do_alert_resolved")
    assert office.tags(ticket) == set()
    office.press(Press.REOPEN, words="She wrote again.")

    assert office.tags(ticket) == {"alert_low_score"}
    assert "Mona Berg opened it again: She wrote again." in office.notes(ticket)[-1]


# --- where the helpdesk is Jira


@pytest.fixture
def issue(office: LoopOffice) -> str:
    """Anna's request, on which a first answer is nearly late."""
    office.later(seconds=1)
    anna = account(office, "Anna")
    made = office.jira.open_request(anna, "My refund?", "I have been waiting.", "BIL")
    office.later(hours=3, minutes=1)
    return made


def account(office: LoopOffice, name: str) -> str:
    return next(u.account_id for u in office.jira.users.values() if u.name.startswith(name))


def test_labels_are_obeyed_and_taken_away(office: LoopOffice, issue: str) -> None:
    labels = office.jira.issues[issue].labels
    office.later(seconds=1)
    office.jira.save(issue, account(office, "Ben"), {"labels": [*labels, "do_alert_ack"]})
    office.settle()

    assert office.alert.acknowledged_by == "Ben Ito"
    assert set(office.jira.issues[issue].labels) == {"alert_first_response"}


def test_an_internal_note_in_jira_is_a_command(office: LoopOffice, issue: str) -> None:
    office.later(seconds=1)
    office.jira.note(issue, account(office, "Ben"), "#alert contacted by phone")
    office.settle()
    assert office.alert.contacted_by == "Ben Ito"

    office.later(seconds=1)
    office.jira.note(issue, account(office, "Ben"), "#alert finished")
    office.settle()
    ours = [words for who, words in office.jira.notes(issue) if who == US]
    assert "is not known" in ours[-1]
    assert not any(who == US for who, _ in office.jira.public_view(issue))


def test_a_customer_of_jira_commands_nothing(office: LoopOffice, issue: str) -> None:
    office.later(seconds=1)
    office.jira.reply(issue, account(office, "Anna"), "#alert resolved recovered")
    office.settle()
    assert office.state == "open"


def ours(office: LoopOffice) -> int:
    """The user that we write as."""
    return office.people["Alert"]
