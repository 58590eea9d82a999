"""A working day of three teams on two helpdesks, some 200 tickets, some going wrong in each way that a rule knows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

from bridge.domain.model import Team
from bridge.sandbox import Sandbox
from bridge.sandbox.chaos import Chaos, Mangle
from bridge.simulate.cases import CUSTOMERS, HOURS, START, Day
from bridge.simulate.desks import OURS, OnJira, OnZendesk
from bridge.simulate.stories import STORIES
from bridge.simulate.world import ENV, World
from connectors.desks.zendesk_webhooks import SATISFACTION_TEMPLATE

CONFIG = Path(__file__).with_name("day.toml")
MANAGERS = {"Support": "Amira Haddad", "Billing": "Bruno Keller", "Technical": "Carmen Diaz"}
FAILING = 0.1  # of all calls to a vendor, on a day of faults
LATE = timedelta(
    seconds=40
)  # a clock may ring falsely for an answer that is told later (see docs/triggers.md)


def people(sandbox: Sandbox) -> list[Team]:
    """People the stand-ins; the teams with their groups, projects, channels and managers."""
    desk, jira, slack = sandbox.zendesk, sandbox.jira, sandbox.slack
    integration = desk.add_agent(OURS, "bridge@example.com", "admin")
    desk.add_client(ENV["ZENDESK_CLIENT_ID"], ENV["ZENDESK_CLIENT_SECRET"], integration)
    jira.add_token(ENV["JSM_TOKEN"], jira.add_agent(OURS, "bridge@example.com"))
    slack.add_token(ENV["SLACK_BOT_TOKEN"])
    sandbox.surveys.surveymonkey.add_token(ENV["SURVEYMONKEY_TOKEN"])
    sandbox.surveys.qualtrics.add_token(ENV["QUALTRICS_TOKEN"])
    teams = []
    for name, manager in MANAGERS.items():
        group = desk.add_group(name)
        project = jira.add_project(name[:3].upper(), name)
        for n in (1, 2, 3):
            email = f"{name.lower()}{n}@example.com"
            desk.add_agent(f"{name} agent {n}", email)
            jira.add_agent(f"{name} agent {n}", email)
        first = manager.split()[0].lower()
        teams.append(
            Team(
                name=name,
                slack_channel=slack.add_channel(f"alerts-{name.lower()}"),
                manager=manager,
                manager_slack=slack.add_user(first, f"{first}@example.com", manager),
                manager_email=f"{first}@example.com",
                calendar="office",
                groups=(f"zendesk:{group}", f"jsm:{project}"),
            )
        )
    for number, name in enumerate(CUSTOMERS):
        email = f"{name.lower().replace(' ', '.')}@example.org"
        desk.add_customer(name, email, f"+4930555{number:04d}")
        jira.add_customer(name, email)
    return teams


def write(world: World, seed: int, *, faults: bool = False) -> Day:
    """Write the day's script. With `faults` a tenth of all calls to each vendor fails, in every way there is."""
    sandbox = world.sandbox
    day = Day(
        world,
        Random(seed),  # noqa: S311 - a repeatable script, not a secret
        OnZendesk(sandbox.zendesk),
        OnJira(sandbox.jira),
    )
    webhook = ENV["ZENDESK_WEBHOOK_SECRET"]
    sandbox.zendesk.subscribe(f"{world.hooks}/zendesk", webhook, name=f"{OURS}: events")
    sandbox.zendesk.trigger(
        f"{world.hooks}/satisfaction",
        webhook,
        ["rated"],
        SATISFACTION_TEMPLATE,
        name=f"{OURS}: satisfaction",
    )
    sandbox.jira.subscribe(f"{world.hooks}/jsm", ENV["JSM_WEBHOOK_SECRET"], name=OURS)
    chance = Random(seed)  # noqa: S311
    sandbox.courier.mangle = Mangle(chance, sandbox.now, late=0, twice=0.03, swapped=0.02)
    if faults:
        sandbox.courier.mangle = Mangle(
            chance, sandbox.now, late=0.05, twice=0.05, swapped=0.05, latest=LATE
        )
        sandbox.faults = Chaos(Random(seed), FAILING)  # noqa: S311
    for story, many, first, last in STORIES:
        for _ in range(many):
            opening = START.replace(hour=8, minute=0) + timedelta(minutes=day.between(first, last))
            story(day, HOURS.add(opening, timedelta()))
    return day
