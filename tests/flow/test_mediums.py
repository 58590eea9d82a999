"""By which mediums an alert is told: by its severity, as far as there are such channels and addresses."""

from __future__ import annotations

import pytest

from bridge.domain.model import Press, Severity
from tests.flow.conftest import Opens, written
from tests.flow.loop_desk import MONA, LoopOffice, loop_office

MAIL = "mona@example.com"


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


def ways(office: LoopOffice) -> list[tuple[str, str]]:
    return [(row.channel, row.action.value) for row in office.deliveries()]


def mention(office: LoopOffice) -> str:
    return f"<@{office.member('Mona Berg').slack}>"


def test_what_is_minor_stands_in_the_digest_alone(office: LoopOffice) -> None:
    ticket = office.open(group="Support")
    office.hand(ticket, "Billing")

    assert office.alert.severity is Severity.INFO
    assert office.deliveries() == []
    assert office.tags(ticket) == set()


def test_a_warning_is_told_in_the_channel_and_calls_nobody_by_name(office: LoopOffice) -> None:
    office.open()
    office.later(hours=3, minutes=1)

    assert ways(office) == [("zendesk", "tag"), ("zendesk", "note"), ("slack", "post")]
    assert mention(office) not in written(office.post)


def test_what_is_high_calls_the_manager_by_name(office: LoopOffice) -> None:
    office.rated()

    assert ways(office) == [("zendesk", "tag"), ("zendesk", "note"), ("slack", "post")]
    assert mention(office) in written(office.post)
    assert office.texts(MONA) == office.mails(MAIL) == office.told("Mona Berg") == []


def test_what_is_critical_is_told_by_every_medium(office: LoopOffice) -> None:
    office.rated(score=1)
    office.later(seconds=5)

    ref = office.alert.ref
    (text,) = office.texts(MONA)
    (mail,) = office.world.sandbox.smtp.inbox(MAIL)
    (told,) = office.told("Mona Berg")
    assert mention(office) in written(office.post)
    assert all(ref in words for words in (text, mail.raw.decode(), told))
    assert "The customer rated 1" in mail.content["Subject"]


def test_where_another_medium_reaches_them_one_that_is_not_configured_is_left_out(
    office: LoopOffice,
) -> None:
    office.policy(more="")
    office.rated(score=1)

    assert len(office.told("Mona Berg")) == 1
    assert {row.channel for row in office.deliveries()} == {"zendesk", "slack"}


def test_what_only_a_medium_could_tell_that_is_not_configured_is_held_and_says_so(
    office: LoopOffice,
) -> None:
    office.policy(more="")
    office.rated()
    office.press(Press.ADD, people=(office.member("otto"),))

    (row,) = office.kept_back()
    assert (row.channel, row.reason) == ("sms", "no channel 'sms' is configured")


def test_whoever_has_no_address_is_not_told_and_the_reason_is_kept(office: LoopOffice) -> None:
    office.teams(manager_phone="", manager_email="", manager_slack="")
    office.rated(score=1)

    held = {row.channel: row.reason for row in office.kept_back()}
    assert held == {
        "slack": "Mona Berg is not known in Slack",
        "sms": "Mona Berg has no phone number",
        "email": "Mona Berg has no e-mail address",
    }
    assert len(office.posts()) == 1


def test_what_becomes_graver_is_told_by_the_further_mediums_once(office: LoopOffice) -> None:
    ticket = office.rated()
    office.rate(ticket, score=1)
    office.later(seconds=5)
    office.rate(ticket, score=1, words="Still nobody.")
    office.later(seconds=5)

    assert [len(found) for found in (office.texts(MONA), office.mails(MAIL))] == [1, 1]
    assert len(office.told("Mona Berg")) == 1
    assert len(office.posts()) == 1
    assert len([words for words in office.called() if "Now critical" in words]) == 1


def test_each_stakeholder_is_told_on_their_own_channel(office: LoopOffice) -> None:
    office.rated()
    people = tuple(office.member(key) for key in ("dana", "sara", "otto"))
    office.press(Press.ADD, people=people)

    assert len(office.told("Dana Kern")) == 1
    assert len(office.mails("sara@example.com")) == 1
    assert len(office.texts(people[2].phone)) == 1
    assert office.mails("dana@example.com") == [], "she is reached in Slack"
    assert "Mona Berg asks you to help with this." in office.told("Dana Kern")[0]


def test_whoever_is_given_it_hears_of_it_and_is_called_from_then_on(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.ASSIGN, people=(office.member("olaf"),))
    assert "Mona Berg gave this to you." in office.told("Olaf Lind")[0]
    office.later(hours=3, minutes=1)
    assert f"<@{office.member('olaf').slack}>" in office.called()[-1]


def test_whoever_wants_no_texts_gets_none_again(office: LoopOffice) -> None:
    office.world.sandbox.twilio.stop(MONA)
    office.rated(score=1)
    office.rated(score=1)

    first, second = [row for row in office.deliveries("direct") if row.channel == "sms"]
    assert first.state == "failed"
    assert (second.state, second.reason) == ("held", "they want no messages")
    assert len(office.mails(MAIL)) == 2
