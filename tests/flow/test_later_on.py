"""Months after a case was resolved: what its customer did since, and what that says of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner
from msgspec.structs import replace

from bridge.cli.relations import alerts_relation
from bridge.domain.model import (
    Alert,
    AlertState,
    ConfigError,
    Contact,
    Member,
    Relation,
    Undeliverable,
)
from bridge.store import alerts, followups, teams
from bridge.store.teams import Known
from bridge.work.deliver import deliver
from bridge.work.relations import NOBODY, check, say
from tests.flow.customers import OWNER, START, Practice, answer, practice


@pytest.fixture
def office(url: str) -> Iterator[Practice]:
    with practice(url) as made:
        yield made


def looked(office: Practice, alert: Alert, months: int = 3) -> dict[str, Any]:
    """What is found of the alert's customer after so many months; it is found once."""
    for _ in range(2):
        check(office.bridge, f"{alert.number}:{months}")
    (event,) = [e for e in office.events("checked") if e["months"] == months]
    assert (event["alert"], event["subject"]) == (alert.ref, alert.subject)
    return event


def later(office: Practice, alert: Alert) -> list[tuple[str, str]]:
    with office.bridge.engine.begin() as connection:
        return [(one.what, one.subject) for one in followups.later(connection, alert)]


def back(office: Practice, number: int = 2, desk: str = "zendesk", **more: Any) -> str:
    """Anna opens another ticket."""
    subject = f"{desk}:{number}"
    office.keep(subject, **{"requester": office.anna[desk], "title": "A question"} | more)
    return subject


# --- what followed


def test_tickets_and_answers_of_the_same_customer_are_linked_in_order(office: Practice) -> None:
    alert = office.alert()
    assert later(office, alert) == []

    office.clock.later(days=10)
    rated = answer("a1", 1.0, office.clock(), "5 of 5")
    office.clock.later(days=-5)
    ticket = back(office, answers=(rated,))
    assert later(office, alert) == [("ticket", ticket), ("answer", ticket)]


def test_what_was_before_and_what_others_did_is_not_linked(office: Practice) -> None:
    office.keep("zendesk:8", requester=office.anna["zendesk"], opened_at=START)
    office.clock.later(days=1)
    alert = office.alert()
    office.clock.later(days=1)
    office.keep("zendesk:9", requester="4711")
    office.keep("zendesk:10", requester="")
    assert later(office, alert) == []


def test_an_old_ticket_counts_where_the_customer_wrote_again(office: Practice) -> None:
    office.clock.later(days=1)
    alert = office.alert()
    office.clock.later(days=1)
    mine = {"requester": office.anna["zendesk"], "opened_at": START}
    office.keep("zendesk:8", customer_at=office.clock(), **mine)
    office.keep(alert.subject, customer_at=office.clock(), **mine)
    assert later(office, alert) == [("ticket", alert.subject), ("ticket", "zendesk:8")]


def test_the_same_address_on_another_helpdesk_is_the_same_customer(office: Practice) -> None:
    anna = {"name": "Anna Weber", "phone": "", "staff": False, "read_at": START}
    with office.bridge.engine.begin() as connection:
        teams.save_people(
            connection,
            [
                Known(desk=desk, id=office.anna[desk], email="Anna@example.org", **anna)
                for desk in office.anna
            ],
        )
    alert = office.alert()
    office.clock.later(days=1)
    ticket = back(office, 77, "jsm")
    assert later(office, alert) == [("ticket", ticket)]


def test_a_survey_answer_without_a_ticket_is_known_by_its_address(office: Practice) -> None:
    answered = answer("a9", 0.0, START)
    contact = Contact(email="Anna@example.org")
    subject = "answer:survey:a9"
    office.keep(subject, answers=(type(answered)(id="a9", score=0.0, at=START, contact=contact),))
    with office.bridge.engine.begin() as connection:
        known = Known(
            desk="zendesk",
            id=office.anna["zendesk"],
            name="",
            email="anna@example.org",
            phone="",
            staff=False,
            read_at=START,
        )
        teams.save_people(connection, [known])
    alert = office.alert(subject=subject, customer="")
    office.clock.later(days=1)
    ticket = back(office)
    assert later(office, alert) == [("ticket", ticket)]


def test_while_an_alert_is_not_resolved_nothing_is_later(office: Practice) -> None:
    alert = office.alert(state=AlertState.OPEN, ended_at=None, ended="")
    office.clock.later(days=1)
    back(office)
    assert later(office, alert) == []


# --- what it says


def test_who_came_back_without_a_new_alert_stayed(office: Practice) -> None:
    alert = office.alert()
    office.clock.later(days=91)
    back(office)
    found = looked(office, alert)
    assert found["relation"] == Relation.STAYED.value
    assert "1 ticket since" in found["why"]


def test_a_bad_answer_since_puts_them_at_risk(office: Practice) -> None:
    alert = office.alert()
    office.clock.later(days=91)
    back(office, answers=(answer("a2", 0.0, office.clock(), "1 of 5"),))
    found = looked(office, alert)
    assert found["relation"] == Relation.AT_RISK.value
    assert "1 of 5" in found["why"]


def test_a_further_alert_puts_them_at_risk_on_whichever_ticket_it_is(office: Practice) -> None:
    alert = office.alert()
    office.clock.later(days=30)
    office.alert(subject="zendesk:5", opened_at=office.clock(), ended_at=office.clock())
    assert looked(office, alert)["relation"] == Relation.AT_RISK.value


def test_alerts_of_before_and_of_others_put_nobody_at_risk(office: Practice) -> None:
    alert = office.alert()
    office.clock.later(days=30)
    office.alert(subject="zendesk:6", customer="zendesk:4711", opened_at=office.clock())
    office.alert(subject="zendesk:7", opened_at=START)
    back(office)
    assert looked(office, alert)["relation"] == Relation.STAYED.value


@pytest.mark.parametrize(
    "said", [{"tags": ("vip", "churned")}, {"facts": {"Subscription": "Cancelled"}}]
)
def test_what_the_account_says_since_then_counts_most(
    office: Practice, said: dict[str, Any]
) -> None:
    alert = office.alert()
    office.clock.later(days=91)
    back(office, answers=(answer("a3", 1.0, office.clock()),), **said)
    assert looked(office, alert)["relation"] == Relation.LEFT.value


def test_the_tickets_own_tags_count_too(office: Practice) -> None:
    alert = office.alert()
    office.keep(alert.subject, requester=office.anna["zendesk"], tags=("churned",), opened_at=START)
    assert looked(office, alert)["relation"] == Relation.LEFT.value


def test_without_a_sign_the_owner_is_asked_once(office: Practice) -> None:
    alert = office.alert(owner=OWNER)
    found = looked(office, alert)
    assert found["relation"] == Relation.UNKNOWN.value
    assert "Ben Ito was asked" in found["why"]
    (question,) = office.direct()
    assert question.to == OWNER.slack
    assert alert.ref in question.text


def test_an_owner_without_slack_is_asked_by_mail_with_the_command_that_keeps_the_answer(
    office: Practice,
) -> None:
    sara = Member(name="Sara O'Voss", email="sara@example.com")
    alert = office.alert(owner=sara)
    assert "Sara O'Voss was asked" in looked(office, alert)["why"]
    (question,) = office.direct()
    assert (question.channel, question.to) == ("email", sara.email)
    deliver(office.bridge, question.id)

    (mail,) = office.sandbox.smtp.inbox(sara.email)
    assert mail.content["Subject"].startswith("What became of the customer?")
    hint = f"bridge alerts relation {alert.ref} stayed|at-risk|left|unknown --months 3 --by"
    body = mail.content.get_body(("plain",))
    assert body
    assert f"""{hint} 'Sara O'"'"'Voss'""" in body.get_content()


def test_where_no_mail_is_sent_slack_is_to_know_them_by_their_address(office: Practice) -> None:
    ben = office.sandbox.slack.add_user("ben", "ben@example.com", "Ben Ito")
    office.bridge.channels.pop("email")
    looked(office, office.alert(owner=Member(name="Ben Ito", email="ben@example.com")))
    (question,) = office.direct()
    assert (question.channel, question.to) == ("slack", "ben@example.com")
    deliver(office.bridge, question.id)
    (message,) = office.sandbox.slack.messages(office.sandbox.slack.direct(ben).id)
    assert "relation:stayed" in str(message.blocks)


def test_without_an_owner_the_teams_manager_is_asked(office: Practice) -> None:
    assert "Mona Berg was asked" in looked(office, office.alert())["why"]


def test_where_there_is_nobody_to_ask_it_stays_unknown(office: Practice) -> None:
    found = looked(office, office.alert(team="Nobody's"))
    assert (found["relation"], found["why"]) == (Relation.UNKNOWN.value, NOBODY)
    assert office.direct() == []


def test_each_look_is_one_of_its_own(office: Practice) -> None:
    alert = office.alert()
    assert looked(office, alert, 3)["relation"] == Relation.UNKNOWN.value
    office.clock.later(days=180)
    back(office)
    assert looked(office, alert, 6)["relation"] == Relation.STAYED.value


def test_an_alert_that_is_open_again_is_not_looked_at(office: Practice) -> None:
    alert = office.alert(state=AlertState.OPEN)
    check(office.bridge, f"{alert.number}:3")
    check(office.bridge, "4711:3")
    assert office.events("checked") == []
    for key in ("", "1", "x:3", "1:x"):
        with pytest.raises(Undeliverable, match="no check"):
            check(office.bridge, key)


# --- what somebody says


def test_somebody_may_say_it_and_is_named(office: Practice) -> None:
    alert = office.alert()
    looked(office, alert)
    office.clock.later(hours=1)
    for _ in range(2):
        say(office.bridge, alert.ref.lower(), 3, Relation.LEFT, Member(name="Ben Ito"))
    found, said = office.events("checked")
    assert found["relation"] == Relation.UNKNOWN.value
    assert (said["relation"], said["who"], said["by"]) == ("left", {"name": "Ben Ito"}, "agent")
    assert said["why"] == "Ben Ito says so"


def test_what_somebody_said_is_not_looked_up_any_more(office: Practice) -> None:
    alert = office.alert()
    say(office.bridge, alert.ref, 3, Relation.STAYED, Member(name="Ben Ito"))
    check(office.bridge, f"{alert.number}:3")
    assert [event["relation"] for event in office.events("checked")] == ["stayed"]


def test_after_a_second_resolve_it_is_looked_at_anew(office: Practice) -> None:
    alert = office.alert()
    looked(office, alert)
    office.clock.later(days=120)
    with office.bridge.engine.begin() as connection:
        again = replace(alert, ended_at=office.clock(), changed_at=office.clock())
        alerts.save(connection, [(again, [])])
    office.clock.later(days=91)
    back(office)
    for _ in range(2):
        check(office.bridge, f"{alert.number}:3")
    assert [event["relation"] for event in office.events("checked")] == ["unknown", "stayed"]


def test_what_can_not_be_said_is_refused_with_the_reason(office: Practice) -> None:
    open_one = office.alert(subject="zendesk:55", state=AlertState.OPEN)
    ben = Member(name="Ben Ito")
    for ref, months, why in (
        ("AB-NONE", 3, "no alert"),
        (open_one.ref, 3, "not resolved"),
        (office.alert().ref, 4, "3, 6, 12"),
    ):
        with pytest.raises(ConfigError, match=why):
            say(office.bridge, ref, months, Relation.LEFT, ben)
    assert office.events("checked") == []


def test_on_the_command_line_somebody_says_it_by_name(office: Practice, tmp_path: Path) -> None:
    alert, policy = office.alert(), tmp_path / "bridge.toml"
    policy.write_text('default_team = "Billing"\n', "utf-8")
    env = {"DATABASE_URL": office.bridge.url, "BRIDGE_CONFIG": str(policy)}
    given = [alert.ref, "at-risk", "--months", "6", "--by", "Ben Ito"]
    result = CliRunner().invoke(alerts_relation, given, env=env)
    structlog.reset_defaults()

    assert result.exit_code == 0, result.output
    assert f"{alert.ref} after 6 months: at risk, by Ben Ito" in result.output
    (event,) = office.events("checked")
    assert (event["months"], event["relation"]) == (6, "at risk")
