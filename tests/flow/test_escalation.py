"""Who is told next, and when, unless somebody takes an alert in hand; and what is asked of whoever took it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.model import Outcome, Press
from bridge.store import alerts
from bridge.work.drain import drain
from bridge.work.tick import tick
from tests.flow.conftest import Opens, written
from tests.flow.loop_desk import NILS, LoopOffice, loop_office

RATED_AT = datetime(2031, 3, 11, 9, 0, 3, tzinfo=UTC)


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


def nagged(office: LoopOffice) -> list[str]:
    return [b for b in office.called() if "Nobody has taken this in hand" in b and "told" not in b]


def until(office: LoopOffice, hour: int, minute: int = 0, day: int = 11) -> None:
    """It is that time of UTC, a second later."""
    office.later(seconds=(datetime(2031, 3, day, hour, minute, 1, tzinfo=UTC) - office.now).seconds)
    office.later(days=(datetime(2031, 3, day, hour, minute, 1, tzinfo=UTC) - office.now).days)


# --- the ladder


def test_one_after_the_other_is_told_by_the_mediums_of_the_step(office: LoopOffice) -> None:
    office.rated()
    assert office.alert.opened_at == RATED_AT
    office.later(minutes=29, seconds=58)
    assert office.told("Mona Berg") == []
    office.later(seconds=10)
    (first,) = office.told("Mona Berg")
    assert "Nobody has taken this in hand for 30 min." in first
    assert "Mona Berg (manager of Billing) is told" in office.called()[-1]
    assert office.told("Nils Holm") == []

    office.later(hours=1, minutes=30)
    assert len(office.told("Nils Holm")) == 1
    (text,) = office.texts(NILS)
    assert office.alert.ref in text
    assert len(office.told("Mona Berg")) == 1, "everybody once"


def test_every_step_is_sent_at_its_time(office: LoopOffice) -> None:
    office.rated()
    office.later(hours=3)

    planned = [rise.at for rise in office.alert.ladder]
    assert planned == [RATED_AT + timedelta(minutes=30), RATED_AT + timedelta(hours=2)]
    sent = [row for row in office.deliveries("direct") if row.why == "escalated"]
    assert [row.channel for row in sent] == ["slack", "slack", "sms"]
    assert [row.sent_at for row in sent] == [planned[0], planned[1], planned[1]]


def test_the_message_says_who_is_told_next_and_when(office: LoopOffice) -> None:
    office.rated()
    moment = int((RATED_AT + timedelta(minutes=30)).timestamp())
    assert "Mona Berg (manager of Billing)" in written(office.post)
    assert str(moment) in written(office.post)
    office.later(minutes=31)
    assert "Nils Holm (manager of Support)" in written(office.post)
    office.later(hours=2)
    assert "manager of Support" not in written(office.post)


def test_whoever_takes_it_ends_the_ladder(office: LoopOffice) -> None:
    office.rated()
    office.later(minutes=31)
    office.press(Press.ACKNOWLEDGE)
    office.later(hours=20)

    assert office.told("Nils Holm") == []
    assert office.texts(NILS) == []
    assert nagged(office) == []
    assert "manager of Support" not in written(office.post)


def test_working_hours_are_those_of_the_team(office: LoopOffice) -> None:
    office.teams(ladder="working", calendar="office")
    until(office, 15, 30)  # half an hour before Berlin goes home
    office.rated()
    until(office, 8, 29, day=12)
    assert office.told("Mona Berg") == []
    until(office, 8, 31, day=12)
    assert len(office.told("Mona Berg")) == 1
    assert office.mails("dana@example.com") == []
    until(office, 13, 32, day=12)
    (mail,) = office.mails("dana@example.com")
    assert "The customer rated 2" in mail


def test_a_later_edit_of_the_ladder_changes_nothing_that_was_planned(office: LoopOffice) -> None:
    office.rated()
    office.policy(('after = "30m"', 'after = "5m"'), ('"2h", by', '"6h", by'), ('"1h"\n', '"9h"\n'))
    office.later(minutes=10)
    assert office.told("Mona Berg") == []
    office.later(hours=2)
    assert len(office.told("Mona Berg")) == len(office.told("Nils Holm")) == 1
    office.later(hours=1)
    assert len(nagged(office)) == 1


# --- those who are away


def test_a_deputy_is_told_in_place_of_who_is_away(office: LoopOffice) -> None:
    office.away("Mona Berg", "olaf", RATED_AT + timedelta(days=1))
    office.rated()
    assert "Olaf Lind (for Mona Berg, manager of Billing)" in written(office.post)
    office.later(minutes=31)

    assert len(office.told("Olaf Lind")) == 1
    assert office.told("Mona Berg") == []


def test_so_is_one_for_whom_it_was_entered_after_the_alert_opened(office: LoopOffice) -> None:
    office.rated()
    office.away("Nils Holm", "dana", RATED_AT + timedelta(days=1))
    office.later(hours=2, minutes=1)

    assert len(office.told("Dana Kern")) == 1
    assert office.told("Nils Holm") == []
    assert office.texts(NILS) == []


def test_whoever_is_back_by_then_is_told_themselves(office: LoopOffice) -> None:
    office.away("Mona Berg", "olaf", RATED_AT + timedelta(minutes=10))
    office.rated()
    office.later(minutes=31)
    assert len(office.told("Mona Berg")) == 1
    assert office.told("Olaf Lind") == []


# --- reminders


def test_the_channel_is_reminded_until_somebody_takes_it(office: LoopOffice) -> None:
    office.rated()
    office.later(hours=5, minutes=1)
    first, *_, last = nagged(office)
    assert len(nagged(office)) == 3
    assert "for 3 h." in first
    assert "for 5 h." in last
    assert f"<@{office.member('Mona Berg').slack}>" in last
    office.press(Press.ACKNOWLEDGE)
    office.later(hours=3)
    assert len(nagged(office)) == 3


# --- the goals of the loop


def test_whoever_has_it_is_asked_when_the_goal_to_contact_is_near(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.ACKNOWLEDGE, "Olaf Lind")
    office.later(hours=18)
    (near,) = office.called()
    assert "To do by 2031-03-12 09:00 UTC: contact the customer." in near
    assert f"<@{office.member('olaf').slack}>" in near
    assert office.told("Mona Berg") == []

    office.later(hours=6)
    assert "Missed, was due 2031-03-12 09:00 UTC: contact the customer." in office.called()[-1]
    (told,) = office.told("Mona Berg")
    assert "Missed, was due" in told


def test_a_goal_that_was_met_is_not_spoken_of(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.CONTACT, how="phone")
    office.later(hours=30)
    assert office.called() == []


def test_a_critical_one_is_to_be_contacted_within_the_hour(office: LoopOffice) -> None:
    office.rated(score=1)
    office.press(Press.ACKNOWLEDGE)
    office.later(minutes=61)
    assert [("To do by" in words, "Missed" in words) for words in office.called()] == [
        (True, False),
        (False, True),
    ]


def test_to_resolve_and_to_close_are_goals_of_their_own(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.CONTACT)
    office.later(days=4)
    assert "Missed, was due 2031-03-15 09:00 UTC: resolve it." in office.called()[-1]
    office.press(Press.RESOLVE, words="Refunded.")
    before = len(office.called())
    office.later(days=3)
    assert "write down the cause and close it" in office.called()[-1]
    assert len(office.called()) == before + 2, "when it is near, and when it is missed"
    office.press(Press.RESOLVE, outcome=Outcome.RECOVERED, cause="tone")
    assert office.alert.closed_at
    office.later(days=30)
    assert len(office.called()) == before + 2


# --- snooze


def test_a_snooze_is_silent_and_then_wakes_whoever_took_it(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.SNOOZE, "Olaf Lind", until=RATED_AT + timedelta(hours=30))
    office.later(hours=29)
    assert office.called() == []
    assert "Snoozed until 2031-03-12 15:00 UTC" in written(office.post)

    office.later(hours=2)
    wake, *missed = office.called()
    assert "The snooze is over." in wake
    assert f"<@{office.member('olaf').slack}>" in wake
    assert ["Missed" in words for words in missed] == [True], "the goal went on below"


def test_a_contact_ends_the_snooze(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.SNOOZE, until=RATED_AT + timedelta(hours=3))
    office.press(Press.CONTACT)
    office.later(hours=4)
    assert office.called() == []


# --- whatever happens to us


def test_a_timer_that_was_taken_but_not_judged_is_judged_once(office: LoopOffice) -> None:
    """The clock rings and works are begun twice over, as where one is killed in between and both come back."""
    office.rated()
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        due = alerts.next_timer(connection)
    assert due is not None
    office.world.clock.move(due)
    for _ in range(2):
        tick(bridge)
        drain(bridge)
    tick(bridge)
    office.settle()

    assert len(office.told("Mona Berg")) == 1
    assert [s.change.value for s in office.story()].count("escalated") == 1


def test_after_a_standstill_every_step_is_told_once_and_one_reminder(office: LoopOffice) -> None:
    office.rated()
    office.world.clock.move(RATED_AT + timedelta(hours=9))
    office.settle()
    office.later(seconds=10)

    assert len(office.told("Mona Berg")) == len(office.told("Nils Holm")) == 1
    assert len(nagged(office)) == 1
