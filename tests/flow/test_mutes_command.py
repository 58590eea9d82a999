"""`bridge mutes`, and what becomes of alerts that are muted, come by night, or in a maintenance window."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from msgspec.structs import replace
from sqlalchemy import Engine

from bridge.cli import main
from bridge.domain.alerts import Change, Step
from bridge.domain.hush import Mute
from bridge.domain.model import Action, Alert, Delivery, Finding, Reason, Severity, Team, Ticket
from bridge.sandbox import Fault
from bridge.store import alerts, deliveries, mutes, teams, tickets
from bridge.work.bridge import wall_clock
from bridge.work.hold import end, hidden, remind
from tests.flow.conftest import Office, Once, Opens, written

POLICY = """
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"

[calendars.office]
zone = "Europe/Berlin"
"""

Run = Callable[..., Result]


@pytest.fixture
def run(url: str, engine: Engine, tmp_path: Path) -> Iterator[Run]:
    """Runs `bridge mutes …` where Billing has the tickets 4711 and HELP-12."""
    (tmp_path / "bridge.toml").write_text(POLICY, "utf-8")
    env = {
        "DATABASE_URL": url,
        "BRIDGE_CONFIG": str(tmp_path / "bridge.toml"),
        "COLUMNS": "200",
        "ZENDESK_CLIENT_ID": "a",
        "ZENDESK_CLIENT_SECRET": "b",
    }
    now = wall_clock()
    with engine.begin() as connection:
        teams.save(connection, [Team(name="Billing"), Team(name="Support")])
        tickets.claim(connection, ["zendesk:4711", "zendesk:12"])
        known = [
            Ticket(id="zendesk:4711", as_of=(now, 0, "")),
            Ticket(id="zendesk:12", name="HELP-12", as_of=(now, 0, "")),
        ]
        tickets.store(connection, [tickets.Judged(ticket, (), {}) for ticket in known])

    def made(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["mutes", *words], env=env)
        assert result.exit_code == code, result.output
        return result

    yield made
    structlog.reset_defaults()


def told(result: Result) -> Any:
    return json.loads(result.stdout)


# --- what is asked for


def test_a_mute_says_what_until_when_and_why(run: Run) -> None:
    before = wall_clock()
    mute = told(
        run(
            *("add", "--team", "Billing", "--rule", "low_score", "--ticket", "4711"),
            *("--for", "2h", "--reason", "known outage", "--by", "Ana", "--json"),
        )
    )
    assert {name: mute[name] for name in ("team", "rule", "subject", "reason", "by")} == {
        "team": "Billing",
        "rule": "low_score",
        "subject": "zendesk:4711",
        "reason": "known outage",
        "by": "Ana",
    }
    assert mute["maintenance"] is False
    starts_at, ends_at = (datetime.fromisoformat(mute[n]) for n in ("starts_at", "ends_at"))
    assert before <= starts_at <= wall_clock()
    assert ends_at - starts_at == timedelta(hours=2)


def test_a_maintenance_window_may_be_planned_in_local_time(run: Run) -> None:
    window = told(
        run(
            *("add", "--everything", "--maintenance", "--reason", "move", "--json"),
            *("--from", "2031-03-12 22:00", "--until", "2031-03-13T02:00+01:00"),
        )
    )
    assert window["maintenance"] is True
    assert window["starts_at"] == "2031-03-12T21:00:00+00:00"
    assert window["ends_at"] == "2031-03-13T01:00:00+00:00"
    listed = run("list").output
    assert "everything (maintenance)" in listed
    assert "to come" in listed


@pytest.mark.parametrize("ticket", ["HELP-12", "zendesk:12", "12"])
def test_a_ticket_may_be_called_as_people_call_it(run: Run, ticket: str) -> None:
    words = ("add", "--ticket", ticket, "--for", "1h", "--reason", "spam", "--json")
    assert told(run(*words))["subject"] == "zendesk:12"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--for", "1h"), "or --everything"),
        (("--everything", "--team", "Billing", "--for", "1h"), "or --everything"),
        (("--everything",), "say either --for or --until"),
        (("--everything", "--for", "1h", "--until", "2031-01-01 10:00"), "say either"),
        (("--everything", "--for", "soon"), "no duration"),
        (("--everything", "--until", "2001-01-01 10:00"), "over already"),
        (("--everything", "--until", "tomorrow"), "is no date and time"),
        (("--team", "Biling", "--for", "1h"), "did you mean 'Billing'?"),
        (("--team", "X", "--for", "1h"), "known are: Billing, Support"),
        (("--rule", "low_scores", "--for", "1h"), "did you mean 'low_score'?"),
        (("--ticket", "4712", "--for", "1h"), "is no ticket that is known"),
        (("--everything", "--for", "1h", "--reason", " "), "must not be empty"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(
    run: Run, words: tuple[str, ...], why: str
) -> None:
    assert why in run("add", "--reason", "a test", *words, code=2).output
    assert told(run("list", "--all", "--json")) == []


def test_a_reason_has_to_be_given(run: Run) -> None:
    assert "--reason" in run("add", "--everything", "--for", "1h", code=2).output


def test_the_list_tells_how_many_alerts_each_holds_back(run: Run, engine: Engine) -> None:
    assert "Nothing is muted." in run("list").output
    words = ("--for", "5h", "--reason", "known outage", "--json")
    mine = told(run("add", "--team", "Billing", *words))["id"]
    other = told(run("add", "--team", "Support", *words))["id"]
    case = waiting(engine, "muted until 14:00 by Ana: known outage")
    listed = {mute["id"]: mute["hides"] for mute in told(run("list", "--json"))}
    assert listed == {mine: [case.ref], other: []}
    (row,) = [line for line in run("list").output.splitlines() if "team Billing" in line]
    assert " 1 " in row


def test_one_that_is_ended_is_listed_no_more_and_what_it_held_is_looked_at_again(
    run: Run, engine: Engine
) -> None:
    words = ("add", "--team", "Billing", "--for", "5h", "--reason", "known outage", "--json")
    number = str(told(run(*words))["id"])
    waiting(engine, "muted until 14:00 by Ana: known outage")
    assert told(run("end", number, "--json")) == {"ended": int(number)}
    assert told(run("list", "--json")) == []
    assert len(told(run("list", "--all", "--json"))) == 1
    assert "over" in run("list", "--all").output
    with engine.begin() as connection:
        assert len(deliveries.due(connection, wall_clock(), 10)) == 1
    assert f"no mute {number} runs" in run("end", number, code=1).output


def waiting(engine: Engine, reason: str) -> Alert:
    """An alert of Billing whose first message waits."""
    now = wall_clock()
    finding = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=now)
    case = Alert(
        subject="zendesk:4711",
        ref="AB-1A2B3C4D",
        severity=Severity.HIGH,
        opened_at=now,
        changed_at=now,
        reasons=(Reason(finding=finding, added_at=now),),
        team="Billing",
    )
    post = Delivery(channel="slack", action=Action.POST, to="C1", why="a test", calls="resolve")
    with engine.begin() as connection:
        (saved,) = alerts.save(connection, [(case, [Step(change=Change.OPENED, at=now)])])
        (number,) = deliveries.add(connection, [(saved.number, post)], now)
        row = deliveries.take(connection, number, now)
        assert row is not None
        deliveries.wait(connection, row, reason, now + timedelta(hours=5))
    return saved


# --- what becomes of alerts


def mute(office: Office, hours: float = 3, **more: Any) -> Mute:
    """Ana mutes from now on."""
    made = {"reason": "known outage", "by": "Ana", "starts_at": office.now}
    with office.world.bridge.engine.begin() as connection:
        return mutes.add(
            connection, Mute(**made | {"ends_at": office.now + timedelta(hours=hours)} | more)
        )


def said(office: Office, team: str = "Billing") -> list[str]:
    """What was said of mutes in a team's channel."""
    words = [written(post) for post in office.posts(team)]
    return [one for one in words if "Muted until" in one or "Maintenance until" in one]


def alerted(office: Office, team: str = "Billing") -> int:
    """How many alerts a team's channel was told of."""
    return sum("Ref AB-" in written(post) for post in office.posts(team))


@pytest.mark.parametrize("maintenance", [False, True])
def test_a_muted_alert_is_kept_with_its_reason_and_told_afterwards(
    office: Office, maintenance: bool
) -> None:
    mute(office, maintenance=maintenance, team="Billing")
    ticket = office.open()
    office.rate(ticket, score=1)
    office.later(hours=2)
    assert alerted(office) == 0
    assert len(office.notes(ticket)) == 1, "the note calls nobody"
    (post,) = office.deliveries("post")
    assert post.state == "waiting"
    assert post.reason.endswith("by Ana: known outage")

    office.later(hours=1)
    assert alerted(office) == 1


def test_one_of_another_team_is_told_at_once(office: Office) -> None:
    mute(office, team="Billing")
    office.rate(office.open(group="Support"), score=1)
    assert alerted(office, "Support") == 1


def test_a_mute_that_is_ended_lets_go_at_once(office: Office) -> None:
    one = mute(office)
    office.rate(office.open(), score=1)
    assert alerted(office) == 0
    assert end(office.world.bridge, one.id) == one
    office.settle()
    assert alerted(office) == 1
    assert end(office.world.bridge, one.id) is None


def night_off(text: str) -> str:
    """Billing sleeps from 18:00 to 08:00."""
    return text + '\n[calendars.day]\nzone = "UTC"\nweek = { mon-sun = "08:00-18:00" }\n'


def by_night(office: Office) -> None:
    with office.world.bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        teams.save(connection, [replace(team, awake="day") for team in known])
    office.later(hours=13)


def test_by_night_nobody_is_called_until_the_morning(open_office: Opens) -> None:
    office = open_office(night_off)
    by_night(office)
    ticket = office.open()
    office.rate(ticket, score=2)
    (post,) = office.deliveries("post")
    assert (post.state, post.reason) == (
        "waiting",
        "held back: quiet hours until Wed 12 Mar 08:00",
    )
    assert len(office.notes(ticket)) == 1
    office.later(hours=9, minutes=55)
    assert alerted(office) == 0
    office.later(minutes=10)
    assert alerted(office) == 1


# --- reminders


def test_the_channel_is_told_once_that_a_mute_is_about_to_end_and_what_it_held(
    office: Office,
) -> None:
    mute(office, rule="low_score")
    office.rate(office.open(), score=1)
    bridge = office.world.bridge
    assert remind(bridge) == 0
    office.later(hours=2)
    assert remind(bridge) == 1
    (words,) = said(office)
    assert "Muted until Tue 11 Mar 12:00 UTC: 1 alert was held (low_score)." in words
    assert "Ana: known outage" in words
    assert remind(bridge) == 0
    assert said(office, "Support") == [], "it concerns Billing alone"


def test_a_mute_that_held_nothing_is_said_to_its_team_or_the_default_one(office: Office) -> None:
    mute(office, 1, team="Billing")
    mute(office, 1, maintenance=True)
    office.later(minutes=30)
    assert remind(office.world.bridge) == 2
    assert ["Muted until" in words for words in said(office)] == [True]
    assert ["Maintenance until" in words for words in said(office, "Support")] == [True]
    assert "no alerts were held" in said(office)[0]


def test_a_long_one_is_said_after_a_day_only_if_it_hides_something(office: Office) -> None:
    mute(office, hours=24 * 7)
    office.later(days=1)
    assert remind(office.world.bridge) == 0
    office.rate(office.open(), score=1)
    assert remind(office.world.bridge) == 1
    assert "1 alert was held" in said(office)[0]


def test_what_a_reason_says_calls_nobody(office: Office) -> None:
    mute(office, 1, team="Billing", reason="<!channel> @here <https://example.com|look>")
    office.later(minutes=30)
    assert remind(office.world.bridge) == 1
    (post,) = [post for post in office.posts() if "Muted until" in written(post)]
    assert "<!channel>" not in post.text + written(post)
    assert "@here" not in post.text + written(post)


def test_while_slack_is_away_the_reminder_waits(office: Office) -> None:
    mute(office, 1, team="Billing")
    office.later(minutes=30)
    office.world.sandbox.faults = Once(
        "slack", "POST", "/chat.postMessage", Fault.status(503), times=1
    )
    assert remind(office.world.bridge) == 0
    office.later(seconds=2)
    assert remind(office.world.bridge) == 1
    assert len(said(office)) == 1


def test_which_mute_hides_which_alert_can_be_asked(office: Office) -> None:
    mine, other = mute(office), mute(office, team="Support")
    office.rate(office.open(), score=1)
    (case,) = office.alerts()
    with office.world.bridge.engine.begin() as connection:
        assert hidden(connection, [mine, other], office.now) == {
            mine.id: {case.ref},
            other.id: set(),
        }
