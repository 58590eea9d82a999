"""Jira's side of the doors: made once, kept, mended, looked at, and taken away again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from bridge.domain.model import Forged, Undeliverable
from bridge.sandbox import Fault, Jira, Sandbox
from bridge.sandbox.jira_records import PERMISSIONS as EVERYTHING
from bridge.sandbox.serve import Server
from connectors import Door, Found, Incoming, Step
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.jsm_setup import ALL, FILTER, NEEDED, PERMISSIONS, JsmSetup
from connectors.desks.jsm_webhooks import Jsm
from tests.contract.wire import Asked, Said, Vendor

HOOK = "webhook “Alert Bridge: jsm”"
RULE = "automation rule for ratings"
URL = "https://alerts.example.com/hooks/jsm"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Ours:
    """Where Jira calls us: keeps what comes."""

    url: str = ""
    calls: list[Incoming] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.get_data()
        self.calls.append(Incoming(headers=headers, body=body, received_at=now()))
        return Response("", 202)(environ, start_response)


@dataclass
class Site:
    sandbox: Sandbox
    ours: Ours
    us: str
    anna: str
    token: str = "good"

    @property
    def jira(self) -> Jira:
        return self.sandbox.jira

    def doors(self, **secrets: str) -> list[Door]:
        kinds = {"jsm": "jsm", "ratings": "jsm-automation", "csat": "jsm-csat", "nps": "generic"}
        return [
            Door(
                name=name,
                kind=kind,
                url=f"{self.ours.url}/hooks/{name}",
                variable=f"{name.upper()}_SECRET",
                secret=secrets.get(name, ""),
            )
            for name, kind in kinds.items()
        ]

    def setup(self, **secrets: str) -> JsmSetup:
        desk = JiraServiceManagement(
            name="jsm",
            site="demo",
            user="bridge@example.com",
            base_url=self.sandbox.jira_url,
            token=lambda _: self.token,
        )
        return desk.setup(self.doors(**secrets))

    def hook(self) -> Any:
        [found] = [one for one in self.jira.webhooks.values() if one.name == "Alert Bridge: jsm"]
        return found

    def change(self, **values: Any) -> None:
        hook = self.hook()
        self.jira.webhooks[hook.id] = replace(hook, **values)

    def may(self, *permissions: str) -> None:
        self.jira.add_token("good", self.us, permissions)

    def wrong(self, **secrets: str) -> list[Found]:
        return [one for one in self.setup(**secrets).inspect(now()) if not one.ok]


@pytest.fixture
def site() -> Iterator[Site]:
    ours = Ours()
    server = Server(ours)
    server.start()
    ours.url = server.url
    with Sandbox(now) as sandbox:
        jira = sandbox.jira
        jira.add_project("HELP", "Support")
        jira.add_project("OPS", "Operations", service_desk=False)
        us = jira.add_agent("Alert Bridge", "bridge@example.com")
        jira.add_token("good", us)
        anna = jira.add_customer("Anna Weber", "anna@example.com")
        yield Site(sandbox, ours, us, anna)
    server.stop()


def told(steps: Iterator[Step]) -> list[tuple[str, str]]:
    return [(step.do, step.what) for step in steps]


# -- run --


def test_the_first_run_makes_the_webhook_and_tells_its_secret(site: Site) -> None:
    steps = list(site.setup().run())
    assert told(iter(steps)) == [("create", HOOK), ("by hand", RULE), ("keep", "source csat")]
    hook = site.hook()
    assert (steps[0].variable, steps[0].secret) == ("JSM_SECRET", hook.secret)
    assert len(hook.secret) >= 40
    assert (hook.url, hook.jql) == (f"{site.ours.url}/hooks/jsm", FILTER)
    assert set(hook.events) >= set(NEEDED)


def test_with_the_secret_set_the_second_run_keeps_it(site: Site) -> None:
    list(site.setup().run())
    before = deepcopy(site.jira.webhooks)
    steps = list(site.setup(jsm=site.hook().secret, ratings="another").run())
    assert [(step.do, step.secret) for step in steps] == [
        ("keep", ""),
        ("by hand", ""),
        ("keep", ""),
    ]
    assert site.jira.webhooks == before


def test_a_secret_that_is_set_already_is_the_one_that_jira_gets(site: Site) -> None:
    steps = list(site.setup(jsm="of-our-choice").run())
    assert site.hook().secret == "of-our-choice"
    assert (steps[0].do, steps[0].variable, steps[0].secret) == ("create", "", "")


def test_a_secret_that_was_lost_is_replaced_for_it_cannot_be_read_back(site: Site) -> None:
    list(site.setup().run())
    lost = site.hook()
    step = next(site.setup().run())
    list(site.setup(jsm=step.secret).run())
    assert (step.do, step.what, step.variable) == ("change", HOOK, "JSM_SECRET")
    assert step.secret == site.hook().secret != lost.secret


def test_what_jira_sends_is_proven_by_the_secret_that_was_told(site: Site) -> None:
    step = next(iter(list(site.setup().run())))
    issue = site.jira.open_request(site.anna, "Where is my refund?", "Please help", "HELP")
    site.jira.open_request(site.anna, "The build is red", "It is", "OPS")
    assert site.sandbox.courier.wait_idle()
    [call] = site.ours.calls
    Jsm(name="jsm").verify(call, [step.secret])
    assert [event.subject for event in Jsm(name="jsm").read(call)] == [f"jsm:{issue}"]
    with pytest.raises(Forged):
        Jsm(name="jsm").verify(call, ["another"])


def test_a_dry_run_says_the_same_changes_nothing_and_shows_no_secret(site: Site) -> None:
    dry = list(site.setup().run(dry=True))
    assert site.jira.webhooks == {}
    assert not any(step.secret or step.variable for step in dry)
    assert told(iter(dry)) == told(site.setup().run())
    before = deepcopy(site.jira.webhooks)
    assert told(site.setup().run(dry=True))[0] == ("change", HOOK)
    assert ("remove", HOOK) in told(site.setup().remove(dry=True))
    assert site.jira.webhooks == before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "https://old.example.com/hooks/jsm"}, "it calls old.example.com"),
        ({"secret": None}, "it has no secret"),
        ({"events": NEEDED[1:]}, "it doesn't hear comment_created"),
    ],
)
def test_what_differs_is_mended(site: Site, values: dict[str, Any], words: str) -> None:
    list(site.setup().run())
    site.change(**values, jql="project = HELP")
    step = next(iter(list(site.setup(jsm="of-our-choice").run())))
    assert (step.do, step.what, step.secret) == ("change", HOOK, "")
    assert words in step.detail
    hook = site.hook()
    assert (hook.url, hook.secret) == (f"{site.ours.url}/hooks/jsm", "of-our-choice")
    assert set(hook.events) >= set(NEEDED)
    assert hook.jql == "project = HELP", "a filter that was narrowed stays so"


def test_a_second_webhook_of_ours_is_taken_away(site: Site) -> None:
    list(site.setup(jsm="s").run())
    hook = site.hook()
    site.jira.subscribe(hook.url, None, NEEDED, name=hook.name)
    assert ("remove", f"a second {HOOK}") in told(site.setup(jsm="s").run())
    assert site.hook().secret == "s"


def test_the_new_secret_is_told_before_the_old_webhook_goes(site: Site) -> None:
    list(site.setup().run())
    site.sandbox.faults = lambda _, method, __: Fault.status(503) if method == "DELETE" else None
    steps = site.setup().run()
    step = next(steps)
    with pytest.raises(Undeliverable):
        next(steps)
    site.sandbox.faults = lambda *_: None
    assert ("keep", HOOK) in told(site.setup(jsm=step.secret).run())
    assert site.hook().secret == step.secret


def test_all_events_are_asked_for_and_then_those_that_are_needed() -> None:
    asked_for, known, filtered = [], list(NEEDED), True

    def says(asked: Asked) -> Said:
        if asked.path.endswith("/myself"):
            return Said.of({"accountId": "712020:us", "displayName": "Alert Bridge"})
        if asked.method == "GET":
            return Said.of([])
        asked_for.append((asked.json["events"], asked.json["filters"]))
        fits = set(asked.json["events"]) <= set(known) and (filtered or not asked.json["filters"])
        return Said.of({}, 201) if fits else Said.of({"errorMessages": ["no"]}, 400)

    by_filter = {"issue-related-events-section": FILTER}
    with Vendor(says) as vendor:
        list(alone(vendor).run())
        assert asked_for == [(list(ALL), by_filter), (list(NEEDED), by_filter)]
        filtered = False
        list(alone(vendor).run())
        assert asked_for[-1] == (list(NEEDED), {})
        known.pop()
        with pytest.raises(Undeliverable, match="400"):
            list(alone(vendor).run())


def test_the_rule_is_left_to_be_made_by_hand_with_a_recipe(site: Site) -> None:
    [step] = [step for step in site.setup().run() if step.what == RULE]
    for words in ("Send web request", "X-Bridge-Secret", "RATINGS_SECRET", "docs/setup-jira.md"):
        assert words in step.detail
    assert f"{site.ours.url}/hooks/ratings" in step.detail
    assert step.variable == "RATINGS_SECRET"
    assert len(step.secret) >= 40
    assert step.secret not in step.detail
    assert site.jira.rules == []


def test_who_may_not_set_up_is_told_so(site: Site) -> None:
    site.may("BROWSE_PROJECTS")
    with pytest.raises(Undeliverable, match="403"):
        list(site.setup().run())
    assert site.jira.webhooks == {}


# -- remove --


def test_only_what_is_ours_is_taken_away(site: Site) -> None:
    theirs = site.jira.subscribe("https://crm.example.com/hooks/jsm", name="Alert Bridge: jsm 2")
    list(site.setup().run())
    assert told(site.setup().remove()) == [("remove", HOOK), ("by hand", RULE)]
    assert list(site.jira.webhooks) == [theirs.id]
    assert told(site.setup().remove()) == [("by hand", RULE)]


def test_what_calls_another_installation_is_not_taken_away(site: Site) -> None:
    list(site.setup().run())
    site.change(url="https://staging.example.com/hooks/jsm")
    assert ("by hand", HOOK) in told(site.setup().remove())
    assert site.hook().url == "https://staging.example.com/hooks/jsm"


# -- inspect --


def test_all_is_well_when_it_is(site: Site) -> None:
    list(site.setup().run())
    found = list(site.setup().inspect(now()))
    assert all(one.ok for one in found), found
    assert [one.what for one in found] == [
        "desk jsm: we are Alert Bridge",
        "desk jsm: service projects HELP",
        "desk jsm: it can be searched",
        f"source jsm: its webhook calls {site.ours.url}/hooks/jsm",
    ]


def test_a_dead_token_is_found(site: Site) -> None:
    site.jira.revoke("good")
    [found] = site.wrong()
    assert "Jira refused the token" in found.what
    assert found.fix


def test_a_missing_webhook_is_found(site: Site) -> None:
    [found] = site.wrong()
    assert found.what == f"source jsm: no webhook calls {site.ours.url}/hooks/jsm"
    assert found.fix == "run `bridge setup jsm`"


def test_a_webhook_that_signs_nothing_or_calls_elsewhere_is_found(site: Site) -> None:
    list(site.setup().run())
    site.change(secret=None, url="https://old.example.com/hooks/jsm")
    [found] = site.wrong()
    assert "it calls old.example.com" in found.what
    assert "nothing is signed" in found.what


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_missing_permission_is_found(site: Site, permission: str) -> None:
    list(site.setup().run())
    site.may(*(one for one in EVERYTHING if one != permission))
    [found] = site.wrong()
    assert found.what.startswith(f"desk jsm: project HELP: {permission} is missing: ")
    assert "agent" in found.fix


def test_one_can_live_without_administering_jira(site: Site) -> None:
    list(site.setup().run())
    site.may(*PERMISSIONS)
    assert site.wrong() == []
    assert any("don't administer" in one.what for one in site.setup().inspect(now()))


def test_a_site_without_service_projects_is_found(site: Site) -> None:
    list(site.setup().run())
    del site.jira.projects["HELP"]
    assert [one.what for one in site.wrong()] == ["desk jsm: no service project is seen by us"]


def test_without_changelogs_of_many_issues_it_is_said_what_a_sweep_costs(site: Site) -> None:
    list(site.setup().run())
    site.jira.open_request(site.anna, "Where is my order?", "It is late.", "HELP")
    what = "desk jsm: it doesn't give changelogs of many issues at once"
    assert not any(one.what.startswith(what) for one in site.setup().inspect(now()))
    site.jira.bulk_changelogs = False
    assert site.wrong() == []
    [found] = [one for one in site.setup().inspect(now()) if one.what.startswith(what)]
    assert found.what.endswith("a sweep costs one call for each issue that changed")


def test_a_jira_that_can_not_be_searched_is_found(site: Site) -> None:
    list(site.setup().run())
    refusal = Fault.status(403, '{"errorMessages": ["Searching is not for you."]}')
    site.sandbox.faults = lambda _, __, path: refusal if path.endswith("/search/jql") else None
    [found] = site.wrong()
    assert found.what.startswith("desk jsm: it can't be searched: ")
    assert "Searching is not for you." in found.what
    assert "no sweep and no import" in found.fix


def test_a_jira_whose_changelogs_fail_is_found(site: Site) -> None:
    list(site.setup().run())
    site.jira.open_request(site.anna, "Where is my order?", "It is late.", "HELP")
    site.sandbox.faults = lambda _, __, path: (
        Fault.status(503) if path.endswith("/changelog/bulkfetch") else None
    )
    [found] = site.wrong()
    assert found.what.startswith("desk jsm: changelogs can't be read: ")
    assert "503" in found.what


def test_a_server_of_ones_own_without_that_search_has_no_sweep(site: Site) -> None:
    list(site.setup().run())
    site.sandbox.faults = lambda _, __, path: (
        Fault.status(404) if path.endswith("/search/jql") else None
    )
    assert site.wrong() == []
    told = [one.what for one in site.setup().inspect(now())]
    assert "desk jsm: it has no search that we know: no sweep, and no import" in told


def test_clocks_that_are_apart_are_found(site: Site) -> None:
    list(site.setup().run())
    late = site.setup().inspect(now() - timedelta(minutes=10))
    [found] = [one for one in late if not one.ok]
    assert "behind" in found.what
    assert "NTP" in found.fix


# -- other servers --


def alone(vendor: Vendor, secret: str = "") -> JsmSetup:
    desk = JiraServiceManagement(
        name="jsm", site="acme", base_url=vendor.url, token=lambda _: "good"
    )
    return desk.setup([Door(name="jsm", kind="jsm", url=URL, variable="JSM_SECRET", secret=secret)])


def listed(**values: Any) -> dict[str, Any]:
    shown = {"name": "Alert Bridge: jsm", "url": URL, "events": list(ALL), "enabled": True}
    shown |= {"self": "https://jira.example.com/rest/webhooks/1.0/webhook/7", "isSigned": True}
    return shown | values


@dataclass
class Server9:
    """A site that gives these webhooks; anything else about it is in order."""

    hooks: Any

    def __call__(self, asked: Asked) -> Said:
        path = asked.path.partition("?")[0]
        if path.endswith("/myself"):
            return Said.of({"accountId": "712020:us", "displayName": "Alert Bridge"})
        if path.endswith("/project/search"):
            return Said.of({"values": [{"key": "HELP", "name": "Support"}], "isLast": True})
        if path.endswith("/mypermissions"):
            have = {name: {"havePermission": True} for name in (*PERMISSIONS, "ADMINISTER")}
            return Said.of({"permissions": have})
        if path.endswith("/search/jql"):
            return Said.of({"issues": []})
        if asked.method == "GET":
            return self.hooks if isinstance(self.hooks, Said) else Said.of(self.hooks)
        return Said.of({}, 201) if asked.method == "POST" else Said(204, b"")


@pytest.mark.parametrize(
    ("values", "words"),
    [({"enabled": False}, "it is disabled"), ({"excludeBody": True}, "it leaves out the body")],
)
def test_a_webhook_that_tells_nothing_is_found_and_made_anew(
    values: dict[str, Any], words: str
) -> None:
    with Vendor(Server9([listed(**values)])) as vendor:
        [found] = [one for one in alone(vendor, "s").inspect(now()) if not one.ok]
        vendor.asked.clear()
        [step] = alone(vendor, "s").run()
    assert words in found.what
    assert (step.do, step.detail) == ("change", words)
    made = [asked for asked in vendor.asked if asked.method != "GET"]
    assert [asked.method for asked in made] == ["POST", "DELETE"]
    assert made[0].json["excludeBody"] is False
    assert made[1].path == "/rest/webhooks/1.0/webhook/7"


def test_where_jira_does_not_say_whether_it_signs_the_webhook_is_kept() -> None:
    with Vendor(Server9([listed(isSigned=None, filters=None)])) as vendor:
        assert told(alone(vendor, "s").run()) == [("keep", HOOK)]
        words = [one.what for one in alone(vendor, "s").inspect(now())]
    assert f"source jsm: its webhook calls {URL}; whether it signs, Jira doesn't say" in words


def test_a_jira_without_that_call_is_set_up_by_hand() -> None:
    with Vendor(Server9(Said(404, b"<html></html>"))) as vendor:
        [step] = alone(vendor).run()
        [found] = [one for one in alone(vendor).inspect(now()) if not one.ok]
    assert (step.do, step.what) == ("by hand", HOOK)
    assert "docs/setup-jira.md" in step.detail
    assert "webhooks can't be looked at" in found.what


@pytest.mark.parametrize("hooks", ["x", {"values": 1}, [1], [{"events": 7}], [{"filters": "x"}]])
def test_webhooks_that_can_not_be_read_are_a_failure(hooks: Any) -> None:
    with Vendor(Server9(Said(200, json.dumps(hooks).encode()))) as vendor:
        with pytest.raises(Undeliverable, match="can't be read"):
            list(alone(vendor).run())
        assert any("can't be read" in one.what for one in alone(vendor).inspect(now()))
