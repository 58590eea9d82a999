"""`bridge doctor`: what is wrong between us and the vendors, and the next step; nothing where all is well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Engine, text
from werkzeug.wrappers import Response

from bridge.doctor import examine
from bridge.sandbox import Fault
from bridge.sandbox.slack import SCOPES
from bridge.settings import load
from bridge.store import budgets, errands
from bridge.work.bridge import Bridge, wall_clock
from bridge.work.clock import beat
from bridge.work.errands import begin_standing
from bridge.work.errands import run as run_errand
from bridge.work.queue import SWEEP
from tests.flow.loop_desk import PHONE_AND_MAIL
from tests.flow.sites import Site, opened


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    with opened(url, tmp_path) as made:
        made.set_up()
        keep_time(made)
        yield made


def keep_time(site: Site, ago: timedelta = timedelta()) -> None:
    """What a clock process does first, so long ago."""
    bridge = Bridge(load(site.env), site.url, now=lambda: wall_clock() - ago, pool=1)
    begin_standing(bridge)
    beat(bridge)
    bridge.close()


def test_all_is_well_when_it_is(site: Site) -> None:
    desk = site.sandbox.zendesk
    [anna] = [user.id for user in desk.users.values() if not user.is_staff]
    desk.open_ticket(anna, "Where is my refund?", "It is late.")
    assert site.arrived() == 1
    told = site.run("doctor").output
    assert "fix" not in told
    assert "desk zendesk: we are Alert Bridge" in told
    assert "source zendesk: the last delivery was taken" in told
    assert "source zendesk: last delivery: just now" in told
    assert "source form: last delivery: none yet" in told
    assert "slack: the token is good for demo as alert_bridge" in told
    assert f"{site.public.url} answers" in told


def test_whether_what_people_press_would_come_in_is_looked_at(site: Site) -> None:
    assert f"{site.public.url}/slack/actions takes what people press" in site.run("doctor").output
    ours = site.public.app
    site.public.app = lambda environ, start: (
        Response("no", 404)(environ, start)
        if environ["PATH_INFO"].startswith("/slack/")
        else ours(environ, start)
    )
    [(what, fix)] = site.wrong().items()
    assert what == f"{site.public.url}/slack/actions answers 404: buttons do nothing"
    assert "let the proxy pass /slack/" in fix


def test_no_secret_is_ever_shown(site: Site) -> None:
    told = site.run("doctor").output + site.run("doctor", "--json").output
    secrets = [hook.secret for hook in site.sandbox.zendesk.webhooks.values()]
    secrets += [site.env[name] for name in site.env if name.endswith(("SECRET", "TOKEN"))]
    secrets += list(site.sandbox.zendesk.grants)
    assert [secret for secret in secrets if secret in told] == []


def test_nothing_is_changed_by_looking(site: Site) -> None:
    desk, slack = site.sandbox.zendesk, site.sandbox.slack
    before = (dict(desk.webhooks), dict(desk.triggers), dict(desk.views), slack.count())
    site.run("doctor")
    assert (desk.webhooks, desk.triggers, desk.views, slack.count()) == before


def test_a_dead_client_is_found(site: Site) -> None:
    site.sandbox.zendesk.clients.clear()
    [(what, fix)] = site.wrong().items()
    assert "check the client's identifier" in what
    assert "credentials" in fix


def test_a_revoked_slack_token_is_found(site: Site) -> None:
    site.sandbox.slack.revoke("xoxb-first-day")
    [(what, fix)] = site.wrong().items()
    assert "token_revoked" in what
    assert "docs/setup-slack.md" in fix


def test_a_bot_missing_from_a_channel_is_found(site: Site) -> None:
    next(iter(site.sandbox.slack.channels.values())).is_member = False
    [(what, fix)] = site.wrong().items()
    assert what.startswith("team Billing: the bot is not in the channel C")
    assert "bridge setup slack" in fix


def test_an_archived_channel_is_found(site: Site) -> None:
    next(iter(site.sandbox.slack.channels.values())).is_archived = True
    [(what, fix)] = site.wrong().items()
    assert what.endswith("is_archived")
    assert "give the team another one" in fix


def test_a_missing_scope_is_found_but_one_that_may_be_left_out_is_none(site: Site) -> None:
    site.sandbox.slack.add_token("xoxb-first-day", set(SCOPES) - {"channels:join"})
    assert site.wrong(code=0) == {}
    site.sandbox.slack.add_token("xoxb-first-day", set(SCOPES) - {"chat:write"})
    [(what, fix)] = site.wrong().items()
    assert what == "slack: the scope chat:write is missing: nothing can be posted"
    assert "install the app again" in fix


def test_a_group_that_is_no_teams_is_named(site: Site) -> None:
    number = site.sandbox.zendesk.add_group("Returns")
    [(what, fix)] = site.wrong().items()
    assert what == f"groups of zendesk that are no team's: Returns (zendesk:{number})"
    assert "'Support' hears" in fix


def test_no_webhook_is_found(site: Site) -> None:
    site.sandbox.zendesk.webhooks.clear()
    found = site.wrong()
    assert len(found) == 2
    assert all("no webhook calls" in what for what in found)
    assert set(found.values()) == {"run `bridge setup zendesk`"}


def test_failed_deliveries_are_found(site: Site) -> None:
    site.env["ZENDESK_WEBHOOK_SECRET"] = "not-the-secret"
    site.serve()
    desk = site.sandbox.zendesk
    [anna] = [user.id for user in desk.users.values() if not user.is_staff]
    desk.open_ticket(anna, "Where is my refund?", "It is late.")
    assert site.arrived() == 0
    found = site.wrong()
    assert "source zendesk: 1 of the last 1 deliveries failed (401)" in found
    wrong = "source zendesk: ZENDESK_WEBHOOK_SECRET is not the webhook's signing secret"
    assert "bridge setup zendesk" in found[wrong]
    assert len(found) == 2


def test_an_address_that_answers_wrong_or_not_at_all_is_found(site: Site) -> None:
    site.public.app = Response("", 404)
    [(what, fix)] = site.wrong().items()
    assert what.endswith("/healthz answers 404")
    assert "bridge web" in fix
    site.public.stop()
    [(what, fix)] = site.wrong().items()
    assert "connection refused" in what
    assert "bridge run" in fix


def test_an_address_that_only_this_machine_can_call_will_do_for_stand_ins_alone(site: Site) -> None:
    assert "which only this machine can call" in site.run("doctor").output
    policy = site.folder / "bridge.toml"
    policy.write_text('[sources.form]\nkind = "typeform"\n[channels.slack]\n', "utf-8")
    found = site.wrong()
    assert any("which only this machine can call" in what for what in found)


def test_clocks_that_are_apart_are_found_wherever_they_are(site: Site) -> None:
    found = examine(site.env, site.url, now=lambda: wall_clock() + timedelta(minutes=5))
    wrong = [one.what for one in found if not one.ok]
    assert [what.partition("clock is")[0] for what in wrong if "ahead of" in what] == [
        "our ",
        "desk zendesk: our ",
        "slack: our ",
    ]


@pytest.mark.parametrize("ahead", [timedelta(seconds=4), -timedelta(seconds=4)])
def test_retries_want_clocks_that_agree_to_two_seconds(site: Site, ahead: timedelta) -> None:
    keep_time(site, -ahead)
    found = examine(site.env, site.url, now=lambda: wall_clock() + ahead)
    [wrong] = [one for one in found if not one.ok]
    assert wrong.what.startswith("our clock is ")
    assert wrong.what.endswith(
        "ahead of the database's" if ahead > timedelta() else "behind the database's"
    )
    assert "NTP" in wrong.fix


# --- what runs


def test_a_clock_that_was_never_started_is_found(site: Site, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM pulse"))
    [(what, fix)] = site.wrong().items()
    assert what == "clock: it was never heard of: no timer rings"
    assert "bridge clock" in fix


def test_a_clock_that_is_silent_for_a_minute_is_found(site: Site) -> None:
    assert "clock: last heard of just now" in site.run("doctor").output
    later = wall_clock() + timedelta(seconds=61)
    wrong = [one for one in examine(site.env, site.url, now=lambda: later) if not one.ok]
    silent = next(one for one in wrong if one.what.startswith("clock: "))
    assert silent.what == "clock: last heard of 1 minute ago: no timer rings"
    assert "bridge clock" in silent.fix


def test_a_sweep_that_fails_for_long_is_found_with_the_reason(site: Site, engine: Engine) -> None:
    sweep(site)
    assert site.wrong(code=0) == {}, "it works"
    make_us(site, "agent")
    sweep(site)
    told = [what for what in site.wrong() if "sweep fails" in what]
    assert told == [], "not for long"
    age(engine, minutes=15)
    found = site.wrong()
    [fails] = [what for what in found if "sweep fails" in what]
    assert fails.startswith("desk zendesk: its sweep fails, and knows nothing newer than 2")
    assert "403" in fails
    [why] = [what for what in found if "no admin" in what]
    assert "make that user an admin" in found[why]
    make_us(site, "admin")
    sweep(site)
    assert site.wrong(code=0) == {}


def test_a_sweep_that_never_worked_is_found_after_many_attempts(site: Site) -> None:
    site.sandbox.faults = lambda vendor, _, path: (
        Fault.status(503) if vendor == "zendesk" and "incremental" in path else None
    )
    sweep(site)
    assert site.wrong(code=0) == {}, "not for long"
    sweep(site, attempts=9)
    [what] = site.wrong()
    assert what.startswith("desk zendesk: its sweep fails, and never worked: ")
    assert "503" in what


def test_a_desk_that_is_not_swept_any_more_is_not_missed(site: Site, engine: Engine) -> None:
    site.sandbox.faults = lambda vendor, _, path: (
        Fault.status(503) if vendor == "zendesk" and "incremental" in path else None
    )
    sweep(site, attempts=9)
    assert site.wrong() != {}
    policy = site.folder / "bridge.toml"
    words = policy.read_text("utf-8")
    policy.write_text(
        words.replace('subdomain = "demo"', 'subdomain = "demo"\nsweep = "off"'), "utf-8"
    )
    assert site.wrong(code=0) == {}


def make_us(site: Site, role: Literal["agent", "admin"]) -> None:
    users = site.sandbox.zendesk.users
    [us] = [user for user in users.values() if user.name == "Alert Bridge"]
    users[us.id] = replace(us, role=role)


def sweep(site: Site, attempts: int = 0) -> None:
    """What a worker does when the sweep is due, which it is now, after so many attempts in vain."""
    bridge = Bridge(load(site.env), site.url, pool=2)
    now_due = text("UPDATE errands SET not_before = now(), attempts = :many WHERE task = 'sweep'")
    with bridge.engine.begin() as connection:
        connection.execute(now_due, {"many": attempts})
    run_errand(bridge, SWEEP, "zendesk")
    bridge.close()


def age(engine: Engine, minutes: int) -> None:
    """Let all that the sweep has come to be so much older."""
    with engine.begin() as connection:
        [errand] = errands.find(connection, [(SWEEP, "zendesk")])
        cursor = {key: at - minutes * 60 for key, at in json.loads(errand.cursor).items()}
        connection.execute(
            text("UPDATE errands SET cursor = :cursor WHERE task = 'sweep'"),
            {"cursor": json.dumps(cursor)},
        )


# --- vendors that are away


def test_a_vendor_that_is_away_is_a_finding_and_the_others_are_asked(site: Site) -> None:
    site.sandbox.faults = lambda vendor, *_: Fault.status(503) if vendor == "zendesk" else None
    [(what, _)] = site.wrong().items()
    assert "503" in what
    assert "slack: the token is good" in site.run("doctor", code=1).output


def test_missing_credentials_are_told_once(site: Site) -> None:
    del site.env["SLACK_BOT_TOKEN"], site.env["ZENDESK_CLIENT_SECRET"]
    found = site.wrong()
    assert sorted(found) == ["desk zendesk", "slack"]


# --- test-alert


def test_a_test_alert_is_told_where_the_team_hears_of_alerts_and_on_a_ticket(site: Site) -> None:
    desk = site.sandbox.zendesk
    [anna] = [user.id for user in desk.users.values() if not user.is_staff]
    ticket = desk.open_ticket(anna, "Where is my refund?", "It is late.")
    result = site.run("test-alert", "Billing", "--ticket", f"zendesk:{ticket}", "--json")
    sent = json.loads(result.stdout)
    told = {(one["action"], one["state"]) for one in sent}
    assert told - {("direct", "held")} == {
        (action, "sent") for action in ("post", "edit", "reply", "tag", "note", "untag")
    }  # the team has no manager yet
    assert {one["channel"] for one in sent} == {"slack", "zendesk"}
    assert "TEST" in str(site.sandbox.slack.messages("alerts-billing")[0].blocks)
    assert len(desk.notes(ticket)) == 1


def test_a_test_alert_that_fails_says_why(site: Site) -> None:
    site.sandbox.slack.revoke("xoxb-first-day")
    told = site.run("test-alert", "Billing", code=1).output
    assert "token_revoked" in told


def test_a_test_alert_for_a_team_that_is_not_there_names_those_that_are(site: Site) -> None:
    told = site.run("test-alert", "Biling", code=1).output
    assert "there are: Billing, Support" in told


# --- e-mail and text messages


def reach_people(site: Site) -> None:
    """The admin adds a mail server and a Twilio account."""
    policy, twilio = site.folder / "bridge.toml", site.sandbox.twilio
    more = PHONE_AND_MAIL.format(
        port=site.sandbox.smtp.port, account=twilio.account, twilio=site.sandbox.twilio_url
    ).replace('password = ""', 'user = "bridge"')
    policy.write_text(policy.read_text("utf-8") + more, "utf-8")
    site.env |= {"TWILIO_AUTH_TOKEN": twilio.token, "SMTP_PASSWORD": "the-mailbox's-secret"}
    site.sandbox.smtp.logins = {"bridge": "the-mailbox's-secret"}


def test_a_mail_server_and_twilio_are_asked_too(site: Site, engine: Engine) -> None:
    reach_people(site)
    told = site.run("doctor").output
    assert "fix" not in told
    assert "lets us in, in the clear, with user and password" in told
    assert "sms: the account is active" in told
    assert "sms: the sender +15005550001 is a number of the account" in told
    assert "the-mailbox's-secret" not in told
    assert site.sandbox.twilio.token not in told
    assert (site.sandbox.smtp.attempts, site.sandbox.twilio.messages) == (0, [])
    with engine.begin() as connection:
        spent = {(row.account, row.name) for row in budgets.listing(connection)}
    assert spent == {("email", "e-mails"), ("sms", "look-ups")}


def test_wrong_passwords_are_found(site: Site) -> None:
    reach_people(site)
    site.env |= {"TWILIO_AUTH_TOKEN": "another-token", "SMTP_PASSWORD": "another-password"}
    found = site.wrong()
    mail, phone = sorted(found)
    assert "535 5.7.8 to the login" in mail
    assert "`user` and its password" in found[mail]
    assert "20003" in phone
    assert "Auth Token" in found[phone]
    assert "another-" not in str(found)


def test_a_suspended_account_is_found(site: Site) -> None:
    reach_people(site)
    site.sandbox.twilio.status = "suspended"
    [(what, fix)] = site.wrong().items()
    assert what == "sms: the account is suspended: nothing is sent"
    assert "console.twilio.com" in fix


def test_missing_passwords_are_told_once(site: Site) -> None:
    reach_people(site)
    del site.env["TWILIO_AUTH_TOKEN"], site.env["SMTP_PASSWORD"]
    assert sorted(site.wrong()) == ["email", "sms"]


def test_a_setting_that_can_never_work_is_found(site: Site) -> None:
    reach_people(site)
    policy = site.folder / "bridge.toml"
    words = policy.read_text("utf-8").replace('sender = "+15005550001"', 'sender = "Alert Bridge"')
    policy.write_text(words, "utf-8")
    [(what, fix)] = site.wrong().items()
    assert what.startswith("sms: sender: must be a number")
    assert fix == "mend it in [channels.sms]: docs/setup-sms.md"


def test_they_are_asked_without_the_database_as_well(site: Site) -> None:
    reach_people(site)
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    told = [one.what for one in examine(site.env, nowhere)]
    assert any("not reachable" in what for what in told) or "database" in told
    assert "sms: the account is active" in told
