"""What is older than it is to be kept goes; what figures are reckoned from stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bridge.domain.hush import Mute
from bridge.domain.model import Alert, Press
from bridge.domain.viewing import Role
from bridge.store import alerts, audit, mutes, users
from bridge.work.keeping import tidy
from tests.flow.asked_office import LINK, answer, asking, do, letters, live_through
from tests.flow.conftest import Office, Opens
from tests.flow.everything import where

SPOKEN = "quibblewort"
"""Stands in every word that somebody wrote; nobody is called so, and no rule."""

CUSTOMER = ("Anna Weber", "anna@example.org", "30123456", SPOKEN)
FIGURES = """
    SELECT number, ref, state, owner, customer, severity, team, opened_at, changed_at, ended_at, rules, people,
           contacted_at, closed_at, outcome, cause, coaching, better, checks, relations FROM alerts ORDER BY number
"""
RATINGS = "SELECT * FROM ratings ORDER BY answer, question"


@pytest.fixture
def old(open_office: Opens) -> Office:
    """An office in which a case was lived through, with words everywhere; the customer was asked, and answered."""
    office = asking(open_office, "email")
    ticket, _ = live_through(office, SPOKEN)
    office.rate(score=2, words=f"A {SPOKEN} again.", email="anna@example.org", name="Anna Weber")
    office.answer(ticket, "Ben", f"A last {SPOKEN}.")
    office.desk.note(ticket, office.people["Ben"], f"She said {SPOKEN}.")
    office.later(hours=25)
    (link,) = {found for letter in letters(office) for found in LINK.findall(letter)}
    answer(link, better="yes", words=f"Thank you, {SPOKEN}.")
    office.settle()
    for alert in office.alerts():
        if alert.live:
            do(office, alert, Press.RESOLVE, words=SPOKEN)
    return office


def pass_by(office: Office, **by: float) -> None:
    """Time goes by, and nothing happens but the tidying up."""
    office.world.clock.move(office.now + timedelta(**by))
    tidy(office.world.bridge)


def figures(office: Office, query: str = FIGURES) -> list[Any]:
    with office.world.bridge.engine.begin() as connection:
        return list(connection.execute(text(query)).all())


def test_after_its_time_no_personal_word_is_left_anywhere(old: Office) -> None:
    bridge = old.world.bridge
    before = where(bridge, SPOKEN)
    assert {"alerts", "deliveries", "events", "inbox", "story", "tickets"} <= set(before)
    assert "people" in where(bridge, *CUSTOMER)

    pass_by(old, days=401)
    assert where(bridge, *CUSTOMER) == {}


def test_figures_stay(old: Office) -> None:
    counted, rated = figures(old), figures(old, RATINGS)
    assert counted
    assert rated
    pass_by(old, days=401)
    assert (figures(old), figures(old, RATINGS)) == (counted, rated)


def test_the_story_still_says_who_did_what(old: Office) -> None:
    before = steps(old, old.alerts()[0])
    pass_by(old, days=401)
    assert steps(old, old.alerts()[0]) == before


def steps(office: Office, alert: Alert) -> list[tuple[Any, ...]]:
    with office.world.bridge.engine.begin() as connection:
        told = alerts.told_of(connection, alert.number)
    return [(one.at, one.step.change, one.step.who, one.step.via) for one in told]


def test_before_its_time_everything_is_there(old: Office) -> None:
    bridge = old.world.bridge
    before = set(where(bridge, SPOKEN))
    pass_by(old, days=29)
    assert set(where(bridge, SPOKEN)) == before
    pass_by(old, days=2)
    assert set(where(bridge, SPOKEN)) == before - {"inbox"}


def test_words_may_go_long_before_the_events_do(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + '\n[keep]\nwords = "60d"\npeople = "60d"\n')
    ticket = office.open(about=f"Where is my {SPOKEN}?")
    office.rate(ticket, score=2, words=SPOKEN)
    do(office, office.alerts()[0], Press.RESOLVE, words=SPOKEN)
    office.solve(ticket)
    many = figures(office, "SELECT count(*) FROM events")

    pass_by(office, days=61)
    assert where(office.world.bridge, *CUSTOMER) == {}
    assert figures(office, "SELECT count(*) FROM events") == many


def test_a_case_that_is_still_open_keeps_its_words(office: Office) -> None:
    ticket = office.open(about=f"Where is my {SPOKEN}?")
    office.rate(ticket, score=2, words=SPOKEN)
    pass_by(office, days=500)
    assert {"alerts", "tickets"} <= set(where(office.world.bridge, SPOKEN))


def test_what_people_of_ours_did_is_kept_for_as_long_as_is_said(office: Office) -> None:
    bridge, now = office.world.bridge, office.now
    with bridge.engine.begin() as connection:
        audit.write(connection, now, who="ana@example.com", via="page", what="x", object="y:z")
        somebody = users.save(connection, "ana@example.com", Role.ADMIN, now)
        users.make_link(connection, somebody.id, now, timedelta(hours=1))
        hour = timedelta(hours=1)
        mutes.add(connection, Mute(reason=SPOKEN, by="Ana", starts_at=now, ends_at=now + hour))
    pass_by(office, days=401)
    assert {"audit", "users"} <= set(where(bridge, "ana@example.com"))
    assert where(bridge, SPOKEN) == {}
    assert figures(office, "SELECT * FROM login_links") == []
    pass_by(office, days=700)
    assert set(where(bridge, "ana@example.com")) == {"users"}
