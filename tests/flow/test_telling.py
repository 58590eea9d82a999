"""From what happens in the helpdesk to what people are told, and to silence when it is over."""

from __future__ import annotations

from tests.flow.conftest import Office, Opens, written


def test_a_first_answer_that_is_late_is_told_once_on_the_ticket_and_in_the_teams_channel(
    office: Office,
) -> None:
    ticket = office.open("Anna", group="Billing")
    office.later(hours=2, minutes=59)
    assert office.posts() == []
    assert office.tags(ticket) == set()

    office.later(minutes=2)

    assert office.tags(ticket) == {"alert_first_response"}
    (note,) = office.notes(ticket)
    assert "First answer due in 1 h; goal 4 h" in note
    assert "Mona Berg, in Slack" in note
    assert all("Alert Bridge" not in who for who, _ in office.desk.public_view(ticket))
    (post,) = office.posts("Billing")
    assert "First answer due in 1 h" in written(post)
    assert "Anna Weber" in written(post)
    assert f"agent/tickets/{ticket}" in written(post)
    assert office.posts("Support") == []


def test_graver_means_an_edit_and_a_reply_that_everybody_sees_but_no_second_message(
    office: Office,
) -> None:
    ticket = office.open()
    office.later(hours=4, minutes=1)

    (post,) = office.posts()
    assert "Waiting 4 h for a first answer" in written(post)
    assert post.edits >= 1
    (broadcast,) = office.broadcasts()
    assert "Now high" in written(broadcast)
    assert len(office.notes(ticket)) == 1
    (alert,) = office.alerts()
    assert alert.severity.name == "HIGH"


def test_an_answer_ends_it_by_itself_and_the_tags_go(office: Office) -> None:
    ticket = office.open()
    office.later(hours=3, minutes=1)
    office.answer(ticket, "Ben")

    assert office.tags(ticket) == set()
    (post,) = office.posts()
    assert "Resolved itself" in written(post)
    assert any("Resolved itself" in reply for reply in office.thread(post))
    (alert,) = office.alerts()
    assert alert.state.value == "resolved"
    assert len(office.notes(ticket)) == 1

    office.later(hours=3)
    assert len(office.posts()) == 1, "nobody waits any more"


def test_a_second_reason_joins_the_message_that_stands(office: Office) -> None:
    ticket = office.open()
    office.later(hours=3, minutes=1)
    office.rate(ticket, score=2, words="Nobody answers.")

    assert office.tags(ticket) == {"alert_first_response", "alert_low_score"}
    (post,) = office.posts()
    assert "The customer rated 2" in written(post)
    assert "First answer due" in written(post)
    assert len(office.alerts()) == 1
    assert len(office.notes(ticket)) == 1


def test_a_new_case_after_the_old_one_has_ended_is_a_new_message(office: Office) -> None:
    ticket = office.open()
    office.later(hours=3, minutes=1)
    office.answer(ticket)
    office.ask(ticket, words="And the second one?")
    office.later(hours=3, minutes=1)

    assert [alert.state.value for alert in office.alerts()] == ["resolved", "open"]
    assert len(office.posts()) == 2
    assert office.tags(ticket) == {"alert_next_reply"}


def test_what_we_write_ourselves_is_no_agents_work_and_causes_no_more(office: Office) -> None:
    office.open()
    office.later(hours=3, minutes=1)
    writes = sum(many for (method, _), many in office.desk.calls.items() if method == "PUT")
    messages = office.slack.count()
    kept = len(office.inbox())
    assert kept > 2, "our own note and tags came back as webhooks"

    office.settle()

    after = sum(many for (method, _), many in office.desk.calls.items() if method == "PUT")
    assert (after, office.slack.count()) == (writes, messages)
    office.later(minutes=30)
    (post,) = office.posts()
    assert "First answer due" in written(post), "our note did not count as an answer"


def test_a_low_score_on_a_closed_ticket_is_told_in_slack_alone_which_says_why(
    office: Office,
) -> None:
    ticket = office.open("Anna")
    office.answer(ticket)
    office.solve(ticket)
    office.close(ticket)
    office.rate(ticket, score=1, words="It took far too long.")

    assert office.notes(ticket) == []
    (post,) = office.posts()
    assert "No note on the ticket" in written(post)
    assert "closed" in written(post)
    assert "It took far too long." in written(post)
    assert {row.state for row in office.deliveries("note", "tag")} == {"held"}


def test_a_form_without_a_ticket_number_goes_to_the_customers_newest_ticket(
    office: Office,
) -> None:
    office.open("Anna", about="Older", group="Support")
    office.later(minutes=5)
    ticket = office.open("Anna", about="Newer", group="Billing")
    office.rate(score=1, words="Hopeless.", email="Anna@Example.org")

    assert office.tags(ticket) == {"alert_low_score"}
    (post,) = office.posts("Billing")
    assert f"Ticket {ticket}" in written(post)
    assert office.posts("Support") == []


def test_somebody_without_any_ticket_is_heard_by_the_default_team(office: Office) -> None:
    office.rate(score=1, words="I gave up.", email="eve@example.net", name="Eve Stone")

    (post,) = office.posts("Support")
    assert "Eve Stone" in written(post)
    assert "eve@example.net" in written(post)
    assert "I gave up." in written(post)
    assert [row.channel for row in office.deliveries()] == ["slack"]


def test_words_that_come_after_the_score_edit_the_same_message(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.survey(answer="a-17", case=ticket, stars=1)
    office.later(minutes=10)
    office.survey(answer="a-17", case=ticket, stars=1, why="Nobody listened to me.")

    (post,) = office.posts()
    assert "Nobody listened to me." in written(post)
    assert "Nobody listened to me." not in str(post.versions[0].blocks)
    assert len(office.alerts()) == 1
    assert len(office.notes(ticket)) == 1


def test_a_thumb_down_in_the_helpdesk_is_read_with_its_words(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.desk.rate(ticket, "bad", "The wrong amount again.")
    office.settle()

    (post,) = office.posts()
    assert "The wrong amount again." in written(post)
    assert office.tags(ticket) == {"alert_low_score"}


def test_a_ticket_in_a_group_of_no_team_is_heard_by_the_default_team(office: Office) -> None:
    office.groups["Returns"] = office.desk.add_group("Returns")
    ticket = office.open(group="Returns")
    office.rate(ticket, score=1)

    assert len(office.posts("Support")) == 1
    assert office.posts("Billing") == []


def test_a_team_without_a_channel_has_its_message_held_with_the_reason(
    open_office: Opens,
) -> None:
    office = open_office(lambda text: text.replace('"Support"\n', '"Nobody"\n', 1))
    ticket = office.open(group=None)
    office.rate(ticket, score=1)

    (post,) = office.deliveries("post")
    assert (post.state, post.reason) == ("held", "team 'Nobody' has no Slack channel")
    assert office.tags(ticket) == {"alert_low_score"}, "the ticket is told nevertheless"
