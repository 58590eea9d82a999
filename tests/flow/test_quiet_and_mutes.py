"""What waits for the morning or for the end of a mute, with its reason; and what is not worth sending by then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.hush import Mute
from bridge.domain.model import Press
from bridge.store import mutes
from bridge.work.hold import end
from tests.flow.conftest import Opens, written
from tests.flow.loop_desk import MONA, LoopOffice, loop_office

MORNING = datetime(2031, 3, 12, 8, 0, tzinfo=UTC)


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


@pytest.fixture
def night(open_office: Opens) -> LoopOffice:
    """The office at half past seven in the evening; Billing sleeps from 18:00 to 08:00."""
    office = loop_office(open_office)
    office.teams(awake="day")
    office.later(hours=10, minutes=30)
    return office


def until(office: LoopOffice, moment: datetime, **more: float) -> None:
    wait = moment + timedelta(**more) - office.now
    office.later(seconds=wait.total_seconds())


def mute(office: LoopOffice, hours: float = 3, **more: Any) -> Mute:
    """Ana mutes from now on."""
    ends_at = office.now + timedelta(hours=hours)
    one = Mute(reason="known outage", by="Ana", starts_at=office.now, ends_at=ends_at, **more)
    with office.world.bridge.engine.begin() as connection:
        return mutes.add(connection, one)


# --- quiet hours


def test_a_new_message_waits_for_the_morning_and_is_sent_at_its_first_moment(
    night: LoopOffice,
) -> None:
    ticket = night.rated()
    (post,) = night.deliveries("post")
    assert (post.state, post.reason) == ("waiting", "held back: quiet hours until Wed 12 Mar 08:00")
    assert len(night.notes(ticket)) == 1, "a note wakes nobody"
    until(night, MORNING, seconds=-1)
    assert night.posts() == []

    until(night, MORNING, seconds=10)
    (post,) = night.deliveries("post")
    assert (post.state, post.sent_at) == ("sent", MORNING)


def test_so_does_what_is_for_one_person(night: LoopOffice) -> None:
    night.rated()
    night.later(minutes=31)
    (direct,) = night.deliveries("direct")
    assert (direct.state, direct.reason) == (
        "waiting",
        "held back: quiet hours until Wed 12 Mar 08:00",
    )
    assert night.told("Mona Berg") == []

    until(night, MORNING, seconds=10)
    (told,) = night.told("Mona Berg")
    assert "Nobody has taken this in hand" in told


def test_a_call_in_the_thread_waits_and_the_message_is_kept_current_all_the_same(
    office: LoopOffice,
) -> None:
    office.teams(awake="day")
    office.later(hours=8, minutes=50)
    office.rated()
    office.press(Press.NOTE, words="She is a friend of ours.")
    office.later(minutes=31)
    (call,) = office.deliveries("broadcast")
    assert (call.state, office.called()) == ("waiting", [])
    assert "Nils Holm (manager of Support)" in written(office.post), "who is told next"
    office.press(Press.ASSIGN, people=(office.member("olaf"),))
    assert any("gave it to Olaf Lind" in words for words in office.thread(office.post))

    until(office, MORNING, seconds=10)
    assert any("is told" in words for words in office.called())


@pytest.mark.parametrize(
    ("done", "why"),
    [
        (Press.ACKNOWLEDGE, "Mona Berg did it before"),
        (Press.RESOLVE, "it was over before: resolved by Mona Berg"),
    ],
)
def test_what_somebody_did_by_night_needs_no_call_in_the_morning(
    night: LoopOffice, done: Press, why: str
) -> None:
    night.rated()
    night.later(minutes=31)
    night.press(done)
    until(night, MORNING, minutes=1)
    (direct,) = night.deliveries("direct")
    assert (direct.state, direct.reason) == ("held", why)
    assert night.told("Mona Berg") == []


def test_what_is_over_by_the_morning_is_not_posted(night: LoopOffice) -> None:
    night.rated()
    night.press(Press.RESOLVE)
    until(night, MORNING, minutes=1)

    assert night.posts() == []
    (post,) = night.deliveries("post")
    assert (post.state, post.reason) == ("held", "it was over before: resolved by Mona Berg")


def test_one_that_is_only_taken_is_posted_in_the_morning_for_it_is_not_done(
    night: LoopOffice,
) -> None:
    night.rated()
    night.press(Press.ACKNOWLEDGE)
    until(night, MORNING, minutes=1)
    assert "Acknowledged by Mona Berg" in written(night.post)


def test_the_whole_night_comes_to_one_call_in_the_morning(night: LoopOffice) -> None:
    night.rated()
    until(night, MORNING, minutes=1)
    assert len(night.posts()) == 1
    assert len(night.told("Mona Berg")) == 1
    assert len(night.called()) <= 3, "who was told, and that still nobody has it"


def test_a_critical_one_rings(night: LoopOffice) -> None:
    night.rated(score=1)
    assert len(night.posts()) == 1
    assert len(night.texts(MONA)) == 1
    assert len(night.told("Mona Berg")) == 1
    assert night.kept_back() == []


def test_one_that_becomes_critical_rings_then(night: LoopOffice) -> None:
    ticket = night.rated()
    assert night.posts() == []
    night.rate(ticket, score=1)
    night.later(seconds=10)

    assert len(night.texts(MONA)) == 1
    assert len(night.posts()) == 1


# --- mutes


def test_a_mute_holds_the_later_steps_of_the_ladder_too(office: LoopOffice) -> None:
    office.rated()
    mute(office, team="Billing")
    office.later(hours=2, minutes=30)

    assert office.told("Mona Berg") == office.told("Nils Holm") == office.called() == []
    assert "manager of Support" not in written(office.post), "both steps had their time"
    held = [row for row in office.deliveries("direct", "broadcast") if row.state == "waiting"]
    assert {row.reason for row in held} == {
        "held back: muted until 12:00 by Ana: known outage",
    }


def test_what_it_held_is_told_when_it_is_over(office: LoopOffice) -> None:
    office.rated()
    mute(office, team="Billing")
    office.later(hours=3, minutes=1)
    assert len(office.told("Mona Berg")) == len(office.told("Nils Holm")) == 1


def test_a_critical_one_is_muted_like_any_other(office: LoopOffice) -> None:
    mute(office, rule="low_score")
    office.rated(score=1)
    assert office.posts() == []
    assert office.texts(MONA) == office.mails("mona@example.com") == []


def test_a_mute_that_is_ended_lets_go_of_all_it_held(office: LoopOffice) -> None:
    one = mute(office)
    office.rated(score=1)
    office.later(minutes=31)
    assert end(office.world.bridge, one.id)
    office.later(seconds=10)

    assert len(office.posts()) == 1
    assert len(office.told("Mona Berg")) == 2, "of the alert, and that nobody has it"
    assert office.kept_back() == []


def test_whoever_takes_it_meanwhile_is_not_called_afterwards(office: LoopOffice) -> None:
    mute(office)
    office.rated(score=1)
    office.press(Press.ACKNOWLEDGE)
    office.later(hours=4)
    assert office.texts(MONA) == office.told("Mona Berg") == []
