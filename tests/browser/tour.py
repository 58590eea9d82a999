"""Every page there is, once, with as much on it as there can be: for what holds for all of them, and for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from bridge.domain.model import Press, Team
from bridge.domain.people import Absence
from bridge.domain.viewing import Role
from bridge.store import deliveries, endpoints, people, teams, users
from bridge.web import create_app
from bridge.work.clock import beat
from bridge.work.drill import drill
from tests.flow.loop_desk import LoopOffice
from tests.furnished import TREE, furnish
from tests.measured import measured

ADMIN = "ada@example.com"
FILES = {".csv", "export", "file"}
"""What gives no page but a file."""


@dataclass(frozen=True)
class Stage:
    """An office with a quarter behind it. `alert` is a live one, `test` a test ping; `webhook` can't be read."""

    office: LoopOffice
    alert: str
    test: int
    webhook: int
    endpoint: int
    user: int
    link: str


SURVEY = """
[sources.survey]
kind = "generic"
desk = "zendesk"
scale = "stars"
low = 1
high = 5

[sources.survey.fields]
id = "answer"
at = "at"
score = "stars"
comment = "why"
ticket = "case"
"""
"""A survey tool, whose webhooks can be such as nobody can read."""


def staged(office: LoopOffice) -> Stage:
    """Something of everything: alerts in all states, somebody away, what failed, what can't be read."""
    bridge = office.world.bridge
    ticket = office.rated(1)
    office.press(Press.ACKNOWLEDGE, "Mona Berg")
    office.press(Press.CONTACT, "Mona Berg", reached=False, how="phone", words="No answer.")
    office.note(ticket, "Checked the account: the refund left on Monday.")
    alert = office.alert.ref
    office.survey(kind="no answer at all")
    now = bridge.now()
    beat(bridge)
    with bridge.engine.begin() as connection:
        known = [*teams.all_teams(connection), *_further(office)]
        furnish(connection, bridge.settings, now, known=known)
        away = Absence(
            member="olaf", deputy="Mona Berg", starts_at=now, ends_at=now + timedelta(days=9)
        )
        people.save_absences(connection, [away])
        mona = users.save(connection, "mona@example.com", Role.MANAGER, now, name="Mona Berg")
        users.save(connection, "nils@example.com", Role.VIEWER, now, teams=["Europe"])
        link = users.make_link(connection, mona.id, now, timedelta(hours=1))
        endpoint = endpoints.add(connection, "https://example.com/alerts", now, note="Data lake")
        told = [row for row in deliveries.listing(connection, None, 50) if row.channel == "slack"]
        deliveries.failed(connection, told[0], "channel_not_found: choose another channel")
        webhook = connection.execute(text("SELECT max(id) FROM inbox")).scalar_one()
    measured(bridge)
    test = drill(bridge, "Billing")[0].alert
    office.settle()
    return Stage(office, alert, test, webhook, endpoint.id, mona.id, link)


def _further(office: LoopOffice) -> list[Team]:
    """The teams that the office hasn't yet, with a channel each."""
    new = [name for name in TREE if name not in ("Billing", "Support")]
    return [
        Team(
            name=name,
            slack_channel=office.slack.add_channel(f"alerts-{name.lower().replace(' ', '-')}"),
            manager=TREE[name][1],
            manager_email=f"{TREE[name][1].split()[0].lower()}@example.com",
        )
        for name in new
    ]


def tour(stage: Stage) -> Mapping[str, str]:
    """Where every page is, by its endpoint; further faces of one have a word behind."""
    return {
        "inbox.show": "/inbox",
        "inbox.show filtered": "/inbox?severity=critical&team=Billing&state=",
        "inbox.show empty": "/inbox?q=there+is+no+such+thing",
        "alert.show": f"/alerts/{stage.alert}",
        "alert.search": "/alerts?ticket=1",
        "insight.show": "/insight",
        "insight.why": "/insight/causes",
        "insight.satisfied": "/insight/satisfaction",
        "insight.helped": "/insight/effect",
        "insight.teams": "/insight/levels",
        "insight.teams below": "/insight/levels?team=Europe",
        "insight.associates": "/insight/coaching",
        "insight.rules": "/insight/rules",
        "insight.in_shadow": "/insight/shadow",
        "insight.recovered": "/insight/recovery",
        "insight.measured": "/insight/metrics",
        "insight.metric": "/insight/metrics/account:acme/logins",
        "insight.metric spread": "/insight/metrics/metric:topic/topic",
        "teams.show": "/admin/teams",
        "teams.team": "/admin/teams/team?team=Billing",
        "teams.new": "/admin/teams/new",
        "teams.edit": "/admin/teams/edit?team=Billing",
        "teams.channel": "/admin/teams/channel?team=Billing",
        "teams.pinged": f"/admin/teams/test?team=Billing&alert={stage.test}",
        "teams.ask_remove": "/admin/teams/remove?team=Billing",
        "teams.bring": "/admin/teams/import",
        "accounts.show": "/admin/accounts",
        "accounts.show empty": "/admin/accounts?search=there+is+no+such+thing",
        "accounts.account": "/admin/accounts/account?account=acme",
        "accounts.bring": "/admin/accounts/import",
        "people.show": "/admin/people",
        "people.new": "/admin/people/new",
        "people.person": "/admin/people/person?person=olaf",
        "people.away": "/admin/people/away?person=olaf",
        "people.ask_remove": "/admin/people/remove?person=olaf",
        "policy.show": "/admin/policy",
        "policy.rule": "/admin/policy/low_score",
        "sources.show": "/admin/sources",
        "deliveries.show": "/admin/deliveries",
        "webhooks.show": "/admin/webhooks",
        "webhooks.one": f"/admin/webhooks/{stage.webhook}",
        "endpoints.show": "/admin/endpoints",
        "endpoints.new": "/admin/endpoints/new",
        "endpoints.one": f"/admin/endpoints/{stage.endpoint}",
        "keys.show": "/admin/keys",
        "keys.new": "/admin/keys/new",
        "users.show": "/admin/users",
        "users.new": "/admin/users/new",
        "users.one": f"/admin/users/{stage.user}",
        "audit.show": "/admin/audit",
        "signin.account": "/account",
        "nowhere": "/admin/there-is-no-such-page",
    }


def public(stage: Stage) -> Mapping[str, str]:
    """The pages of whoever isn't signed in."""
    return {
        "signin.show": "/sign-in",
        "signin.link": f"/sign-in/link/{stage.link}",
        "signin.link used": "/sign-in/link/there-is-no-such-link",
    }


def every(office: LoopOffice) -> set[str]:
    """The endpoints of all pages that can be opened."""
    rules = create_app(office.world.bridge).url_map.iter_rules()
    return {
        rule.endpoint.removeprefix("pages.")
        for rule in rules
        if rule.endpoint.startswith("pages.")
        and "GET" in (rule.methods or ())
        and not any(rule.rule.endswith(end) for end in FILES)
    }
