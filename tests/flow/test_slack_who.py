"""Who may act from Slack, and what of what comes in counts."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from msgspec import structs

from bridge.domain.alerts import Change
from bridge.domain.model import Action, ConfigError
from bridge.sandbox.slack_calls import HONEST, Sending, headers
from bridge.settings import parse
from bridge.simulate.world import ENV
from bridge.store import alerts, deliveries, teams, tickets
from bridge.store.teams import Known
from bridge.web import create_app
from bridge.work.bridge import Bridge
from tests.flow.conftest import Office, Opens
from tests.flow.slack_desk import APP, MONA, NILS, Desk


@pytest.fixture
def desk(open_office: Opens) -> Desk:
    return Desk(open_office(lambda policy: policy + APP))


def test_of_two_who_click_at_the_same_instant_one_wins_each_time(desk: Desk) -> None:
    """Each of 200 alerts has two who click at once, over HTTP: one has it, the other is told who that is."""
    bridge = desk.office.world.bridge
    refs = more_alerts(desk, 200)
    app = desk.slack.urls["interactivity"]
    with ThreadPoolExecutor(2) as hands:
        for ref in refs:
            both = [click(desk, who, ref) for who in (MONA, NILS)]
            answers = hands.map(lambda sent: requests.post(app, **sent, timeout=30), both)
            assert [answer.status_code for answer in answers] == [200, 200]
    desk.office.settle()

    with bridge.engine.begin() as connection:
        found = alerts.all_named(connection, refs)
        told = {ref: alerts.told_of(connection, found[ref].number) for ref in refs}
        whispers = deliveries.listing(connection, None, 2000)
    winners = Counter(alert.acknowledged_by for alert in found.values())
    assert sum(winners[name] for name in ("Mona Berg", "Nils Holm")) == 200
    for ref in refs:
        steps = [one.step for one in told[ref]]
        (taken,) = [step for step in steps if step.change is Change.ACKNOWLEDGED]
        (refused,) = [step for step in steps if step.change is Change.REFUSED]
        assert found[ref].acknowledged_by == str(taken.who) != str(refused.who)
        assert f"{taken.who} has it already" in refused.words
    assert sum(row.action is Action.WHISPER for row in whispers) == 200


def test_what_slack_did_not_sign_is_refused_and_not_kept(desk: Desk) -> None:
    for wrong in (
        Sending(secret="somebody else's"),
        Sending(unsigned=True),
        Sending(age=timedelta(minutes=6)),
        Sending(age=-timedelta(minutes=6)),
    ):
        assert desk.press(MONA, "acknowledge", sending=wrong).status == 401
        assert desk.ask(MONA, "mine", sending=wrong).status == 401
    assert desk.kept() == []
    assert desk.alert.waits


def test_an_overheard_request_is_no_use_after_five_minutes(desk: Desk) -> None:
    answer = desk.press(MONA, "acknowledge")
    desk.office.later(minutes=6)
    assert desk.slack.replay(answer).status == 401


def test_members_of_another_workspace_are_refused_kindly(desk: Desk) -> None:
    foreign = Sending(team="T0STRANGE1")
    answer = desk.press(MONA, "acknowledge", sending=foreign)

    assert answer.status == 200
    assert desk.alert.waits
    assert "Only members of the workspace" in desk.whispers(MONA)[0]
    assert "Only members of the workspace" in desk.ask(MONA, "", sending=foreign).json["text"]


def test_guests_and_apps_are_refused_kindly(desk: Desk) -> None:
    guest = desk.slack.add_user("gus", "gus@partner.example", "Gus Guest")
    desk.ids["gus"] = guest
    with desk.office.world.bridge.engine.begin() as connection:
        known = Known(
            desk="slack",
            id=guest,
            name="Gus Guest",
            email="",
            phone="",
            staff=False,
            read_at=desk.office.now,
        )
        teams.save_people(connection, [known])
    desk.press("gus", "acknowledge")
    bot = desk.slack.users[desk.slack.bot_user]
    desk.ids["robot"] = desk.slack.add_user("robot", "", "Robot")
    desk.slack.users[desk.ids["robot"]] = replace(bot, id=desk.ids["robot"])
    desk.press("robot", "acknowledge")

    assert desk.alert.waits
    assert desk.kept() == []
    assert "Guests" in desk.whispers("gus")[0]
    assert "Guests" in desk.whispers("robot")[0]


def test_only_people_who_are_listed_or_on_the_alert_may_where_it_is_said_so(
    open_office: Opens,
) -> None:
    desk = Desk(open_office(lambda policy: f'{policy}{APP}pressers = "people"\n'))
    olga = desk.slack.add_user("olga", "olga@example.com", "Olga Ott")
    desk.ids["olga"] = olga

    desk.press("olga", "contact")
    assert desk.form("olga") is None
    assert "Only managers" in desk.whispers("olga")[0]
    assert "None is open" in json.dumps(desk.ask("olga", "team Billing").json)

    desk.choose(MONA, "add")
    desk.fill_in(MONA, people=[olga])
    desk.press("olga", "contact")
    assert desk.form("olga") == "contact"


def test_who_isnt_known_yet_is_asked_to_try_again_while_slack_is_away(desk: Desk) -> None:
    desk.slack.revoke(ENV["SLACK_BOT_TOKEN"])
    ts = desk.post.ts

    assert desk.press(MONA, "acknowledge").status == 200
    assert "try again" in desk.ask(MONA, "").json["text"]
    said = desk.slack.say(desk.ids[MONA], "alerts-billing", ts, "I call them.")
    assert said.status == 503, "Slack sends it again"
    assert desk.kept() == []
    assert desk.alert.waits


def test_nobody_lets_themselves_in(desk: Desk) -> None:
    """What we write above a delivery ourselves counts for nothing where it comes from outside."""
    answer = desk.press(MONA, "acknowledge", sending=Sending(secret="a stranger's"))
    request = answer.request
    body = request.body.decode()
    stamp = str(int(desk.office.now.timestamp()))
    key = desk.slack.signing_secret.encode()
    proof = hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        **request.headers,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={proof}",
        "X-Bridge-Who": json.dumps({desk.ids[MONA]: {"name": "The Director"}}),
    }
    hooks = desk.office.world.hooks
    assert requests.post(f"{hooks}/slack", body, headers=headers, timeout=5).status_code == 404
    assert desk.kept() == []

    assert requests.post(request.url, body, headers=headers, timeout=5).status_code == 200
    desk.office.settle()
    assert desk.alert.acknowledged_by == "Mona Berg"


def test_without_a_source_nobody_lives_there(office: Office) -> None:
    app = office.world.hooks.removesuffix("/hooks")
    for door in ("actions", "commands", "events"):
        assert requests.post(f"{app}/slack/{door}", b"", timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (APP, "needs \\[channels.slack\\]"),
        (f"{APP}unsigned = true\n[channels.slack]\n", "must be signed"),
        (f"{APP}[sources.other]\nkind = 'slack'\n[channels.slack]\n", "one app"),
    ],
)
def test_what_could_not_work_does_not_start(url: str, policy: str, why: str) -> None:
    env = {"SLACK_SIGNING_SECRET": "s", "OTHER_SECRET": "s", "SLACK_BOT_TOKEN": "xoxb-1"}
    bridge = Bridge(parse(policy, env), url)
    with pytest.raises(ConfigError, match=why):
        create_app(bridge)
    bridge.close()


def more_alerts(desk: Desk, many: int) -> list[str]:
    """The references of so many alerts, of tickets to which the same has happened."""
    pattern = desk.alert
    refs = [f"AB-{number:08X}" for number in range(many)]
    with desk.office.world.bridge.engine.begin() as connection:
        happened = tickets.history(connection, pattern.subject)
        for ref in refs:
            subject = f"zendesk:{ref}"
            alert = structs.replace(pattern, number=0, subject=subject, ref=ref)
            alerts.save(connection, [(alert, ())])
            copies = [structs.replace(e, id=f"{e.id}:{ref}", subject=subject) for e in happened]
            tickets.add_events(connection, [tickets.arrive(one, desk.office.now) for one in copies])
    return refs


def click(desk: Desk, who: str, ref: str) -> dict[str, Any]:
    """What Slack sends when somebody acknowledges."""
    payload = {
        "type": "block_actions",
        "user": {"id": desk.ids[who], "team_id": desk.slack.team_id},
        "team": {"id": desk.slack.team_id},
        "channel": {"id": desk.post.channel},
        "trigger_id": f"{who}.{ref}",
        "actions": [{"action_id": "acknowledge", "type": "button", "value": ref}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    secret = desk.slack.signing_secret
    return {
        "data": body,
        "headers": headers(body, "interactivity", secret, desk.office.now, HONEST),
    }
