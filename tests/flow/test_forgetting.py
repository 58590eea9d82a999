"""One person is forgotten everywhere, and what was counted stays counted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from bridge.domain.model import ConfigError, Member, Press
from bridge.domain.people import Absence
from bridge.domain.viewing import Role
from bridge.store import audit, people, teams, users
from bridge.work.forgetting import Given, forget
from bridge.work.press import press
from tests.flow.asked_office import ANNA, LINK, answer, asking, letters, live_through
from tests.flow.conftest import Command, Office, Opens, written
from tests.flow.everything import where

SPOKEN = "quibblewort"
"""Stands in every word that was written about Anna's case."""

HER = (ANNA, "anna%40example.org", "Anna Weber", "30123456", SPOKEN)
OMAR = "omar@example.org"
COUNTED = ("alerts", "events", "story", "tickets", "ratings", "inbox")


@pytest.fixture
def office(open_office: Opens) -> Office:
    """Anna's case from beginning to end, and one of Omar's, which is open."""
    office = asking(open_office, "email")
    ticket, _ = live_through(office, SPOKEN)
    office.rate(score=2, words=f"A {SPOKEN} again.", email=ANNA, name="Anna Weber")
    office.answer(ticket, "Ben", f"A last {SPOKEN}.")
    office.later(hours=25)
    (link,) = {found for letter in letters(office) for found in LINK.findall(letter)}
    answer(link, better="yes", words=f"Thank you, {SPOKEN}.")
    office.settle()
    other = office.open("Omar", about="Nobody answers")
    office.rate(other, score=1, words="A bad day.", email=OMAR, name="Omar Said")
    return office


def counts(office: Office) -> dict[str, int]:
    with office.world.bridge.engine.begin() as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in COUNTED
        }


def test_nothing_of_her_is_left_anywhere(office: Office, command: Command) -> None:
    bridge = office.world.bridge
    before = where(bridge, *HER)
    assert {"alerts", "deliveries", "events", "inbox", "people", "story", "tickets"} <= set(before)

    told = command(office, "forget", "Anna@Example.org")
    assert where(bridge, *HER) == {}
    for table in before:
        assert f"{table}: " in told


def test_figures_stay_and_other_people_do_too(office: Office) -> None:
    many, omar = counts(office), where(office.world.bridge, OMAR, "A bad day.")
    outcomes = [(a.ref, a.outcome, a.cause, a.ended_at) for a in office.alerts()]
    forget(office.world.bridge, Given(email=ANNA))
    assert counts(office) == many
    assert [(a.ref, a.outcome, a.cause, a.ended_at) for a in office.alerts()] == outcomes
    assert where(office.world.bridge, OMAR, "A bad day.") == omar


def test_her_alerts_are_still_known_to_be_of_one_customer(office: Office) -> None:
    before = [alert.customer for alert in office.alerts()]
    report = forget(office.world.bridge, Given(email=ANNA))
    after = [alert.customer for alert in office.alerts()]
    hers = {was: now for was, now in zip(before, after, strict=True) if was != now}
    assert set(hers.values()) == {f"zendesk:{report.person}"}
    assert len(hers) == 1


def test_looking_changes_nothing(office: Office, command: Command) -> None:
    before = where(office.world.bridge, *HER)
    told = json.loads(command(office, "forget", ANNA, "--dry-run", "--json"))
    assert told["dry_run"]
    assert where(office.world.bridge, *HER) == before
    again = json.loads(command(office, "forget", ANNA, "--json"))
    assert again["erased"] == told["erased"]


def test_a_second_time_there_is_nothing_to_do(office: Office, command: Command) -> None:
    command(office, "forget", ANNA)
    assert "Nothing is stored of them." in command(office, "forget", ANNA)


@pytest.mark.parametrize("how", ["--phone", "--desk-user"])
def test_she_may_be_named_otherwise(office: Office, command: Command, how: str) -> None:
    given = {"--phone": "0049 30 123456", "--desk-user": f"zendesk:{office.people['Anna']}"}
    command(office, "forget", how, given[how])
    assert where(office.world.bridge, *HER) == {}


def test_the_message_in_slack_loses_her_words_and_the_rest_is_named(office: Office) -> None:
    assert any(SPOKEN in written(post) or ANNA in written(post) for post in office.posts())
    report = forget(office.world.bridge, Given(email=ANNA))
    office.settle()
    for post in office.posts():
        assert not any(one in written(post) for one in HER), written(post)
    replies = [one for one in report.out_of_reach if one.channel == "slack"]
    known = {
        reply.ts for post in office.posts() for reply in office.slack.thread(post.channel, post.ts)
    }
    assert {one.ts for one in replies if one.action == "reply"} <= known
    mails = [one for one in report.out_of_reach if one.channel == "email"]
    assert [(one.to, one.action) for one in mails] == [(ANNA, "follow up")]
    assert "note" in {one.action for one in report.out_of_reach if one.channel == "zendesk"}


def test_the_audit_log_says_that_it_was_done_and_not_to_whom(office: Office) -> None:
    report = forget(office.world.bridge, Given(email=ANNA))
    with office.world.bridge.engine.begin() as connection:
        (entry,) = audit.listing(connection, text="erased")
    assert (entry.what, entry.object) == ("person erased", f"person:{report.person}")
    assert entry.after == {"erased": report.erased}
    assert ANNA not in str(entry)


def test_what_was_erased_does_not_come_back_by_a_replay(office: Office, command: Command) -> None:
    forget(office.world.bridge, Given(email=ANNA))
    with office.world.bridge.engine.begin() as connection:
        query = text("SELECT id FROM inbox WHERE reason LIKE 'erased%'")
        numbers = [str(number) for number in connection.execute(query).scalars()]
    assert numbers
    command(office, "inbox", "replay", *numbers)
    office.settle()
    assert where(office.world.bridge, *HER) == {}


def test_who_writes_again_comes_in_again(office: Office) -> None:
    forget(office.world.bridge, Given(email=ANNA))
    office.open("Anna", about="It is me again")
    assert {"events", "inbox", "tickets"} <= set(where(office.world.bridge, "It is me again"))


# --- one's own data


def test_all_that_is_known_of_her_can_be_had(office: Office, command: Command) -> None:
    told = json.loads(command(office, "export-person", ANNA))
    assert told["known_as"]["names"] == ["Anna Weber"]
    before = where(office.world.bridge, *HER)
    assert set(told["data"]) >= set(before) - {"audit"}
    assert SPOKEN in json.dumps(told["data"]["story"])
    assert "A bad day." not in json.dumps(told)
    with office.world.bridge.engine.begin() as connection:
        (entry,) = audit.listing(connection, text="exported")
    assert ANNA not in str(entry)


# --- people of ours


def test_somebody_of_ours_leaves_and_their_deeds_stay_somebodys(office: Office) -> None:
    bridge, now = office.world.bridge, office.now
    olaf = Member(key="olaf", name="Olaf Lind", email="olaf@example.com", phone="+4930999999")
    with bridge.engine.begin() as connection:
        people.save_members(connection, [olaf])
        away = Absence(member="olaf", deputy="ana", starts_at=now, ends_at=now + timedelta(days=1))
        people.save_absences(connection, [away])
        user = users.save(connection, "olaf@example.com", Role.MANAGER, now, name="Olaf Lind")
        users.begin(connection, user.id, now, timedelta(days=1), via="test")
    alert = office.alerts()[-1]
    press(bridge, alert.ref, Press.ACKNOWLEDGE, olaf)
    office.settle()

    report = forget(bridge, Given(email="olaf@example.com"))
    assert {"members", "users", "absences", "alerts", "story"} <= set(report.erased)
    assert not where(bridge, "olaf", "Lind", "999999")
    after = next(a for a in office.alerts() if a.ref == alert.ref)
    assert after.owner.name == report.person
    assert after.acknowledged_by == report.person


def test_a_manager_is_replaced_before_they_are_forgotten(office: Office, command: Command) -> None:
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        teams.save(connection, [replace(t, manager_email="boss@example.com") for t in known])
    told = command(office, "forget", "boss@example.com", code=1)
    assert "Still there: team Billing: its manager." in told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "name one person"),
        ({"email": ANNA, "phone": "+4930123456"}, "name one person"),
        ({"email": "anna"}, "is no e-mail address"),
        ({"phone": "110"}, "is no phone number"),
        ({"desk_user": "zendesk"}, "is no helpdesk's user"),
    ],
)
def test_one_person_has_to_be_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Given(**given)
