"""What judged tickets add to figures of many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    Answer,
    Category,
    Finding,
    Phase,
    Reason,
    Said,
    Severity,
    Ticket,
)
from bridge.domain.rules.low_score import LowScore
from bridge.domain.signals import By, Signal, family, name_of, signals_of, topics
from bridge.domain.text import Silent
from bridge.store.signals import Case
from bridge.work.counting import explained

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
CASE = Ticket(
    id="zendesk:1",
    as_of=(NOW, 0, ""),
    opened_at=NOW,
    agent="7",
    brand="Acme",
    type="incident",
    organisation="44",
    tags=("product_router", "vip"),
    facts={"request type": "Refund"},
)


def told(
    before: Ticket | None, after: Ticket, *changed: tuple[Alert, tuple[Step, ...]]
) -> list[Signal]:
    return list(signals_of(before, after, changed, low=LowScore(), words=Silent()))


def kinds(found: list[Signal]) -> list[tuple[str, str]]:
    return [(one.kind, one.about) for one in found]


def alert(severity: Severity = Severity.HIGH) -> Alert:
    finding = Finding(rule="low_score", severity=severity, headline="Low", since=NOW)
    reasons = (Reason(finding=finding, added_at=NOW),)
    return Alert(
        subject=CASE.id, ref="", severity=severity, opened_at=NOW, changed_at=NOW, reasons=reasons
    )


def test_a_ticket_is_opened_once() -> None:
    [first] = told(None, CASE)
    assert (first.kind, first.at, first.agent) == ("opened", NOW, "zendesk:7")
    assert told(CASE, replace(CASE, tags=())) == []
    assert told(None, replace(CASE, opened_at=None)) == [], "its beginning is not known yet"


def test_an_answer_counts_once_it_has_a_score_and_a_low_one_twice() -> None:
    words = replace(CASE, answers=(Answer(id="a", words="Hm", at=NOW),))
    assert told(CASE, words) == []
    good = replace(CASE, answers=(Answer(id="a", score=1.0, at=NOW),))
    assert kinds(told(words, good)) == [("answered", "zendesk:1:a")]
    bad = replace(CASE, answers=(Answer(id="a", score=0.25, at=NOW),))
    assert [one.kind for one in told(CASE, bad)] == ["answered", "low"]
    assert told(bad, bad) == []


def test_what_is_low_follows_the_scale() -> None:
    seven = Answer(id="a", score=0.6, scale="nps", at=NOW)
    assert [one.kind for one in told(CASE, replace(CASE, answers=(seven,)))] == ["answered", "low"]


def test_an_alert_counts_when_it_opens_from_a_warning_on() -> None:
    opened = (Step(change=Change.OPENED, at=NOW),)
    assert [one.kind for one in told(CASE, CASE, (alert(), opened))] == ["alert"]
    assert told(CASE, CASE, (alert(Severity.INFO), opened)) == []
    assert told(CASE, CASE, (alert(), (Step(change=Change.UPDATED, at=NOW),))) == []


def test_each_time_it_is_solved_counts() -> None:
    once = replace(CASE, phases=(Phase(NOW, Category.OPEN), Phase(NOW, Category.SOLVED)))
    again = replace(once, phases=(*once.phases, Phase(NOW + timedelta(1), Category.SOLVED)))
    assert [one.kind for one in told(CASE, once)] == ["solved"]
    assert [one.at for one in told(once, again)] == [NOW + timedelta(1)]


def test_an_update_counts_for_whoever_wrote_it() -> None:
    wrote = replace(CASE, updates=(Said(NOW, "9", "c1", "We look into it."),))
    first, *_ = told(CASE, wrote)
    assert (first.kind, first.about, first.agent) == ("update", "zendesk:1:c1", "zendesk:9")
    assert first.value is not None
    assert told(wrote, wrote) == []


def test_what_is_no_ticket_adds_nothing() -> None:
    for name in ("topic:zendesk:brand:Acme", "team:Billing", "agent:zendesk:7", "test:1"):
        assert told(None, replace(CASE, id=name)) == []


def test_a_ticket_has_the_topics_that_are_asked_for() -> None:
    by = By(properties=("brand", "organisation"), tags=("product_",), facts=("request type",))
    assert topics(CASE, by, "Billing", "acme") == (
        "topic:zendesk:brand:Acme",
        "topic:zendesk:organisation:44",
        "topic:zendesk:tag:product_router",
        "topic:zendesk:request type:Refund",
        "team:Billing",
        "account:acme",
    )
    assert topics(replace(CASE, brand="", type=""), By()) == ()


def test_an_answer_without_a_ticket_is_about_its_survey() -> None:
    answer = replace(CASE, id="answer:typeform:9")
    assert topics(answer, By(), "Support") == ("topic:answers:typeform", "team:Support")


def test_a_topic_has_a_name_and_a_family() -> None:
    assert name_of("topic:zendesk:tag:a:b") == "a:b"
    assert name_of("topic:answers:typeform") == "typeform"
    assert name_of("team:Billing") == "Billing"
    assert family("topic:zendesk:tag:a:b") == "topic:zendesk:tag"
    assert family("topic:answers:typeform") == "topic"
    assert family("team:Billing") == "team"


def test_a_further_topic_of_the_same_cases_is_no_second_incident() -> None:
    both, one = ("topic:zendesk:brand:Acme", "team:Billing"), ("team:Billing",)
    cases = [Case(f"zendesk:{n}", "", "Billing", both if n < 3 else one) for n in range(6)]
    assert explained(cases, {"topic:zendesk:brand:Acme"})
    assert not explained(cases[2:], {"topic:zendesk:brand:Acme"})
    assert not explained(cases, frozenset())
