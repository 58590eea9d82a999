"""The policy is shown as it is lived by, with what its rules have done; admins try other values on the past."""

from __future__ import annotations

import dataclasses
import re

import pytest

from bridge.domain.rules import rules
from bridge.domain.viewing import Role
from bridge.store import whatif as past
from bridge.web.pages.admin.policy_words import NAMES, RULES
from tests.flow.conftest import Office, Opens
from tests.flow.visitors import Visitor, visitor
from tests.pages import rows, section, text

PAGE = "/admin/policy"
TRY = {"enabled": "true", "nps_at_or_below": "0.6", "grave_at_or_below": "0.1"}
USUAL = TRY | {"at_or_below": "0.4", "severity": "high", "grave": "critical", "days": "30"}


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def rated(office: Office, score: int, who: str = "Anna") -> int:
    ticket = office.open(who=who)
    office.answer(ticket)
    office.rate(ticket, score=score, words="Bad.")
    return ticket


def words(part: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def row(page: str, name: str) -> str:
    """A rule's row in the list, as plain words."""
    return words(page.partition(f'href="{PAGE}/{name}"')[2].partition("</tr>")[0])


def plain(markdown: str) -> str:
    return markdown.replace("`", "").replace('"off"', "“off”").strip()


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_is_explained_as_in_the_documentation(name: str) -> None:
    told = section(text("docs/triggers.md"), f"### `{name}`")
    assert plain(" ".join(told.split())).startswith(str(RULES[name].meaning))
    assert {key: plain(cells[1]) for key, cells in rows(told).items()} == {
        key: str(meaning) for key, meaning in RULES[name].tunables.items()
    }
    assert {field.name for field in dataclasses.fields(rules()[name])} == set(RULES[name].tunables)
    assert NAMES[name]


def test_every_part_of_the_policy_is_there_with_its_place(office: Office, ada: Visitor) -> None:
    page = ada.get(PAGE).text
    for part in ("rules", "goals", "policies", "routes", "ladders", "loop", "calendars", "quiet"):
        assert f'id="{part}"' in page
    config = office.world.bridge.settings.path
    line = 1 + text("tests/flow/office.toml").splitlines().index("[goals.first_response]")
    assert f"{config}:{line}" in page
    assert f"{config}: [rules.low_score]" in ada.get(f"{PAGE}/low_score").text
    assert "4 h; urgent 1 h" in page
    assert "when 75% are gone" in page
    assert "round the clock" in page
    assert "on the ticket, in Slack, called by name" in page


def test_a_week_and_its_days_off_are_told_in_words(open_office: Opens) -> None:
    week = """
[calendars.office]
zone = "Europe/Berlin"
week = { mon-thu = ["08:30-12:30", "13:00-17:30"], fri = "08:30-15:00" }
holidays = "DE"
days_off = ["2031-03-14"]
special = { "2031-03-17" = "10:00-12:00" }
"""
    office = open_office(lambda policy: policy + week)
    page = words(visitor(office.world.bridge, "ada@example.com", Role.ADMIN).get(PAGE).text)
    assert "Mon–Thu 08:30–12:30, 13:00–17:30" in page
    assert "Fri 08:30–15:00" in page
    assert "Fri 14 Mar day off" in page
    assert "Mon 17 Mar 10:00–12:00" in page
    assert "Fri 11 Apr Karfreitag" in page or "Good Friday" in page


def test_a_rule_that_is_off_says_so(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + "\n[rules.ping_pong]\nenabled = false\n")
    ada = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    page = ada.get(PAGE).text
    assert "Off" in row(page, "ping_pong")
    assert "On" in row(page, "handoffs")
    assert "The rule is off" in ada.get(f"{PAGE}/ping_pong").text


def test_what_a_rule_has_done_is_counted(office: Office, ada: Visitor) -> None:
    rated(office, 1)
    rated(office, 2, "Omar")
    shown = row(ada.get(PAGE).text, "low_score")
    assert re.search(r"On 2 – 0 % 0 % [1-9]", shown)
    rule = words(ada.get(f"{PAGE}/low_score").text)
    assert re.search(r"Billing 2 – 0 % 0 % [1-9]", rule)


def test_everybody_may_read_it_in_what_they_see(office: Office) -> None:
    rated(office, 1)
    for email, team, many in (
        ("bill@example.com", "Billing", 1),
        ("sue@example.com", "Support", 0),
    ):
        one = visitor(office.world.bridge, email, Role.VIEWER, [team])
        page = one.get(PAGE)
        assert page.status_code == 200
        assert re.search(rf"On {many} ", row(page.text, "low_score"))
        rule = one.get(f"{PAGE}/low_score").text
        assert ("Marked not useful" in rule) == bool(many)
        assert "Try it on the past" not in rule
        assert one.post(f"{PAGE}/low_score/try", USUAL).status_code == 403
        assert f'href="{PAGE}"' in one.get("/inbox").text


def test_a_rule_that_is_none_is_not_there(ada: Visitor) -> None:
    assert ada.get(f"{PAGE}/loudness").status_code == 404
    assert ada.post(f"{PAGE}/loudness/try", USUAL).status_code == 404


def test_other_values_are_tried_on_the_past(office: Office, ada: Visitor) -> None:
    ticket = rated(office, 3)
    answer = ada.post(f"{PAGE}/low_score/try", USUAL | {"at_or_below": "0.5"})
    assert answer.status_code == 200
    page = words(answer.text)
    assert "Judged 1 of 1 tickets" in page
    assert "Alerts 0 → 1" in page
    assert "The customer rated 3 on a scale of 1 to 5" in page
    assert f"Ticket {ticket}" in page
    assert office.alerts() == []


def test_a_dropped_case_leads_to_its_alert(office: Office, ada: Visitor) -> None:
    rated(office, 2)
    [alert] = office.alerts()
    page = ada.post(f"{PAGE}/low_score/try", USUAL | {"enabled": "false"}).text
    assert f'href="/alerts/{alert.ref}"' in page
    assert "Alerts 1 → 0" in words(page)


def test_a_value_that_is_none_is_refused_beside_its_field(ada: Visitor) -> None:
    answer = ada.post(f"{PAGE}/low_score/try", USUAL | {"at_or_below": "much"})
    assert answer.status_code == 400
    assert "at_or_below: Input should be a valid number" in words(answer.text)
    assert 'value="much"' in answer.text
    assert "is-invalid" in answer.text


def test_a_forged_choice_is_refused_too(ada: Visitor) -> None:
    answer = ada.post(f"{PAGE}/low_score/try", USUAL | {"severity": "loud"})
    assert answer.status_code == 400
    assert "is not known" in answer.text


def test_while_somebody_looks_at_the_past_others_are_told_to_wait(
    office: Office, ada: Visitor
) -> None:
    with office.world.bridge.engine.begin() as connection:
        assert past.alone(connection)
        answer = ada.post(f"{PAGE}/low_score/try", USUAL | {"at_or_below": "0.55"})
    assert answer.status_code == 409
    assert 'value="0.55"' in answer.text
