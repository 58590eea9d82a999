"""Accounts and figures from the door to the people: pushed, kept, read, judged, told; and put right where wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.domain.model import Measured, Severity
from bridge.domain.viewing import Role
from bridge.simulate.world import ENV
from bridge.store import accounts, audit, inbox, tickets
from bridge.work.drain import drain
from bridge.work.measuring import measure
from tests.flow.conftest import Command, Office, Opens
from tests.flow.patience import eventually
from tests.flow.visitors import Visitor, visitor

SOURCES = """
[sources.metrics]
kind = "metrics"
secret = "TYPEFORM_SECRET"

[sources.accounts]
kind = "accounts"
secret = "TYPEFORM_SECRET"

[accounts]
tiers = { gold = 1 }
add_stakeholders = true

[rules.metric_threshold.limits.backlog]
above = 200

[rules.repeat_contact]
shadow = false
"""
ACME = {
    "key": "acme",
    "name": "Acme",
    "tier": "gold",
    "team": "Billing",
    "owner": {"name": "Olga Owner", "email": "Billing@example.com"},
    "stakeholders": [{"role": "sales", "email": "Support@example.com"}],
    "domains": ["acme.example"],
}
Push = Callable[..., int]


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + SOURCES)


@pytest.fixture
def push(office: Office) -> Push:
    """Posts to a source of ours over HTTP, and lets all be done that follows; the status."""

    def post(kind: str, body: Any, secret: str = ENV["TYPEFORM_SECRET"]) -> int:
        office.later(seconds=1)
        status = send(office, kind, body, secret)
        office.settle()
        return status

    return post


def send(office: Office, kind: str, body: Any, secret: str = ENV["TYPEFORM_SECRET"]) -> int:
    url, headers = f"{office.world.hooks}/{kind}", {"X-Bridge-Secret": secret}
    return requests.post(url, json=body, headers=headers, timeout=10).status_code


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def weeks(office: Office, metric: str, *values: float, **more: Any) -> dict[str, Any]:
    """Figures of Acme, the last of now."""
    last = len(values) - 1
    return {
        "metrics": [
            {
                "metric": metric,
                "subject": "account:acme",
                "value": value,
                "at": (office.now - timedelta(weeks=last - n)).isoformat(),
                **more,
            }
            for n, value in enumerate(values)
        ]
    }


USUAL = tuple(100.0 + n % 5 for n in range(15))


def test_an_account_that_shrinks_is_told_to_its_owner_and_its_people(
    office: Office, push: Push
) -> None:
    assert push("accounts", {"accounts": [ACME]}) == 202
    assert push("metrics", weeks(office, "logins", *USUAL)) == 202
    assert office.alerts() == []
    push("metrics", weeks(office, "logins", 30, title="Acme"))
    [alert] = office.alerts()
    assert alert.subject == "account:acme"
    assert alert.severity is Severity.CRITICAL, "gold: one severity graver than high"
    assert alert.reasons[0].finding.headline == "Logins down 71 %: 30, usually 102"
    assert (alert.team, alert.owner.name) == ("Billing", "Olga Owner")
    assert [str(one) for one in alert.people] == ["Support@example.com"]
    [post] = office.posts("Billing")
    assert "Account Acme" in json.dumps(post.blocks)
    told = {row.to for row in office.deliveries("direct")}
    assert {"Billing@example.com", "Support@example.com"} <= told


def test_an_account_s_alert_ends_when_it_is_as_it_was(office: Office, push: Push) -> None:
    push("accounts", {"accounts": [ACME]})
    push("metrics", weeks(office, "logins", *USUAL, 30))
    assert office.alerts()[0].live
    push("metrics", weeks(office, "logins", 101))
    [alert] = office.alerts()
    assert not alert.live
    assert alert.ended == "nothing is wrong any more"


def test_a_line_that_is_crossed_is_told_once_with_its_chart(
    office: Office, push: Push, ada: Visitor
) -> None:
    def backlog(value: float) -> None:
        at = office.now.isoformat()
        push("metrics", {"metric": "backlog", "subject": "team:Billing", "value": value, "at": at})

    for value in (150, 220, 230):
        backlog(value)
    [alert] = office.alerts()
    finding = alert.reasons[0].finding
    assert finding.headline == "Backlog is 230, above 200"
    assert alert.team == "Billing"
    chart = dict(finding.facts)["Chart"]
    page = ada.get(chart)
    assert page.status_code == 200
    assert "Backlog: Billing" in page.text
    assert "The line" in page.text
    assert "<svg" in page.text
    assert f'href="{chart}"' in ada.get(f"/alerts/{alert.ref}").text
    assert f'href="{chart}"' in ada.get("/insight/metrics").text
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, ["Billing"])
    nils = visitor(office.world.bridge, "nils@example.com", Role.MANAGER, ["Support"])
    assert mona.get(chart).status_code == 200
    assert nils.get(chart).status_code == 404
    assert chart not in nils.get("/insight/metrics").text


def test_a_distribution_is_shown_with_its_categories(
    office: Office, push: Push, ada: Visitor
) -> None:
    for days in range(9, -1, -1):
        at = (office.now - timedelta(days=days)).isoformat()
        spread = {f"topic {n}": n + 1 for n in range(9)}
        push("metrics", {"metric": "topic", "at": at, "distribution": spread})
    page = ada.get("/insight/metrics/metric:topic/topic")
    assert page.status_code == 200
    assert "All others" in page.text
    assert "9 categories" in page.text
    for nowhere in ("metric:topic/other", "metric:none/topic", "zendesk:1/topic"):
        assert ada.get(f"/insight/metrics/{nowhere}").status_code == 404


def test_what_can_not_be_read_is_kept_shown_and_read_once_it_can_be(
    office: Office, push: Push, command: Command
) -> None:
    push("accounts", {"accounts": [ACME]})
    push("accounts", {"accounts": [{"key": "zeta", "domains": ["acme.example", "zeta.example"]}]})
    push("accounts", {"accounts": [{"key": "mail", "domains": ["gmail.com"]}]})
    push("metrics", {"metric": "backlog", "value": "many", "at": office.now.isoformat()})
    clash, freemail, figure = [row for row in office.inbox() if row.state == "unreadable"]
    assert clash.reason == "domains: 'acme.example' belongs to account 'acme' already"
    assert freemail.reason.startswith("accounts[0].domains[0]: expected a domain of the company")
    assert figure.reason.startswith("value: expected a number")
    push("accounts", {"key": "acme", "domains": []})
    command(office, "inbox", "replay", str(clash.id))
    office.settle()
    with office.world.bridge.engine.begin() as connection:
        found = accounts.found(connection, ["zeta", "mail"])
    assert found["zeta"].domains == ("acme.example", "zeta.example")
    assert "mail" not in found


def test_an_account_may_become_again_what_it_was(office: Office, push: Push) -> None:
    for tier in ("gold", "silver", "gold"):
        assert push("accounts", {"key": "acme", "tier": tier}) == 202
    with office.world.bridge.engine.begin() as connection:
        assert accounts.found(connection, ["acme"])["acme"].tier == "gold"


def test_what_is_told_of_accounts_is_read_in_the_order_in_which_it_came(office: Office) -> None:
    bridge = office.world.bridge
    with bridge.engine.begin() as another:
        assert inbox.in_turn(another), "another worker reads of accounts, and hasn't finished"
        assert send(office, "accounts", {"key": "acme"}) == 202
        assert send(office, "metrics", weeks(office, "logins", 30)) == 202
        eventually(lambda: waiting(office) == {"accounts"})
        drain(bridge)
        assert waiting(office) == {"accounts"}
    drain(bridge)
    office.settle()
    with bridge.engine.begin() as connection:
        assert "acme" in accounts.found(connection, ["acme"])


def waiting(office: Office) -> set[str]:
    """The sources of what was not read yet."""
    return {row.source for row in office.inbox() if row.state == "waiting"}


def test_nobody_without_the_secret_is_believed(office: Office, push: Push) -> None:
    assert push("accounts", {"accounts": [ACME]}, secret="guess") == 401
    assert push("metrics", weeks(office, "logins", 1), secret="") == 401
    assert office.inbox() == []


def test_a_ticket_of_an_important_account_is_graver_and_joined_by_its_people(
    office: Office, push: Push
) -> None:
    push("accounts", {"accounts": [{**ACME, "domains": ["example.org"], "team": ""}]})
    office.rate(office.open("Anna"), score=2)
    [alert] = office.alerts()
    assert alert.severity is Severity.CRITICAL
    assert ("Account", "Acme (gold)") in alert.reasons[0].finding.facts
    assert not alert.owner, "the ticket's own team has it"
    assert [str(one) for one in alert.people] == ["Olga Owner", "Support@example.com"]


def test_a_customer_of_no_account_is_nobody_special(office: Office, push: Push) -> None:
    push("accounts", {"accounts": [ACME]})
    office.rate(office.open("Anna"), score=2)
    [alert] = office.alerts()
    assert (alert.severity, alert.people) == (Severity.HIGH, ())


def test_a_customer_who_comes_back_and_back_is_noticed(office: Office) -> None:
    for _ in range(2):
        office.open("Anna")
        office.later(days=1)
    office.open("Omar")
    last = office.open("Anna")
    assert "alert_repeat_contact" in office.tags(last)
    found = [
        alert
        for alert in office.alerts()
        if any(reason.finding.rule == "repeat_contact" for reason in alert.reasons)
    ]
    assert [alert.subject for alert in found] == [f"zendesk:{last}"]


# --- our own figures


def figures(office: Office) -> Iterator[Measured]:
    with office.world.bridge.engine.begin() as connection:
        for subject in ("team:Billing", "team:Support", "account:acme"):
            yield from (
                event
                for event in tickets.history(connection, subject)
                if isinstance(event, Measured)
            )


def told(office: Office) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    for one in figures(office):
        found.setdefault((one.subject, one.metric), []).append(one.value)
    return found


def test_teams_are_measured_each_hour_and_none_is_missed(office: Office) -> None:
    bridge = office.world.bridge
    first, second = office.open(), office.open("Omar")
    office.later(hours=1)
    measure(bridge)
    assert told(office)["team:Billing", "backlog"] == [2]
    office.solve(first)
    office.later(hours=3)
    measure(bridge)
    assert measure(bridge) == 0, "this hour is measured already"
    found = told(office)
    assert found["team:Billing", "resolved_per_hour"] == [0, 1, 0, 0]
    assert found["team:Billing", "backlog"] == [2, 1]
    assert ("team:Support", "backlog") not in found
    assert second


def test_satisfaction_is_measured_each_day_from_five_answers_on(office: Office) -> None:
    for n in range(6):
        office.rate(office.open(), score=5 if n else 1)
    office.later(hours=20)
    measure(office.world.bridge)
    found = told(office)
    assert found["team:Billing", "satisfaction_7d"] == [pytest.approx(5 / 6)]
    assert found["team:Billing", "scores=0"] == [1]
    assert found["team:Billing", "scores=1"] == [5]


def test_an_account_s_weeks_are_counted_from_its_first_ticket_on(
    office: Office, push: Push
) -> None:
    push("accounts", {"accounts": [{**ACME, "organisations": [], "domains": ["example.org"]}]})
    bridge = office.world.bridge
    office.rate(office.open("Anna"), score=9)
    office.open("Anna")
    office.later(days=14)
    measure(bridge)
    drain(bridge)
    assert told(office).get(("account:acme", "tickets_per_week")) == [2, 0]
    office.later(days=7)
    measure(bridge)
    assert told(office)["account:acme", "tickets_per_week"] == [2, 0, 0]


# --- by hand


def test_accounts_come_and_go_by_command(office: Office, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"accounts": [ACME]}), "utf-8")
    shown = command(office, "accounts", "import", str(file), "--dry-run")
    assert "added    acme" in shown
    assert "dry run: nothing was written" in shown
    assert json.loads(command(office, "accounts", "list", "--json")) == []
    done = json.loads(command(office, "accounts", "import", str(file), "--json"))
    assert [one["verb"] for one in done["changes"]] == ["added"]
    assert "nothing to change" in command(office, "accounts", "import", str(file))
    [listed] = json.loads(command(office, "accounts", "list", "--json"))
    assert listed["owner"] == {"name": "Olga Owner", "email": "Billing@example.com"}
    assert "Acme" in command(office, "accounts", "list")
    assert "acme.example" in command(office, "accounts", "show", "acme")
    table = tmp_path / "accounts.csv"
    table.write_text("key,tier,deleted\nacme,silver,\n", "utf-8")
    assert "tier: gold -> silver" in command(office, "accounts", "import", str(table))
    table.write_text("key,deleted\nacme,yes\n", "utf-8")
    assert "removed  acme" in command(office, "accounts", "import", str(table))
    with office.world.bridge.engine.begin() as connection:
        noted = [one.what for one in audit.listing(connection)][::-1]
    assert noted == ["account added", "account changed", "account removed"]


def test_a_command_says_what_is_wrong_and_writes_nothing(
    office: Office, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.csv"
    for text, why in (
        ("key,team\nacme,Nowhere\n", "acme: no team is called 'Nowhere'"),
        ("key,deleted\nacme,yes\n", "acme: there is no such account to delete"),
        ("key,domains\na,x.example\nb,x.example\n", "'x.example' belongs to account 'a' already"),
        ("key,domains\nacme,gmail.com\n", "line 2.domains[0]"),
    ):
        file.write_text(text, "utf-8")
        told = command(office, "accounts", "import", str(file), code=1)
        assert why in told
        assert "nothing was written" in told
    assert "no account is called so" in command(office, "accounts", "show", "acme", code=2)


def test_accounts_are_looked_at_and_imported_on_pages(
    office: Office, push: Push, ada: Visitor
) -> None:
    assert "No accounts yet" in ada.get("/admin/accounts").text
    text = "key,name,tier,domains\nacme,Acme,gold,acme.example\n"
    shown = ada.post("/admin/accounts/import", {"text": text})
    assert "1 added, 0 changed, 0 removed" in shown.text
    state = shown.text.split('name="state" value="')[1].split('"')[0]
    form = {"text": text, "state": state}
    assert ada.post("/admin/accounts/import/confirm", form).status_code == 303
    assert ada.post("/admin/accounts/import/confirm", form).status_code == 409, "done already"
    assert "Acme" in ada.get("/admin/accounts").text
    assert "No account is called so" in ada.get("/admin/accounts?search=nobody").text
    push("metrics", weeks(office, "logins", 4.0))
    page = ada.get("/admin/accounts/account?account=acme").text
    assert "alerts are one severity graver" in page
    assert "/insight/metrics/account:acme/logins" in page
    assert ada.get("/admin/accounts/account?account=nobody").status_code == 404
    assert "acme,Acme,gold" in ada.get("/admin/accounts/export").text
    wrong = ada.post("/admin/accounts/import", {"text": "key,teir\nacme,gold\n"})
    assert wrong.status_code == 400
    assert "no column is called" in wrong.text


def test_accounts_are_for_admins(office: Office) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, ["Billing"])
    assert mona.get("/admin/accounts").status_code == 403
