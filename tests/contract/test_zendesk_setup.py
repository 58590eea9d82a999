"""Zendesk's side of the doors: made once, kept, mended, looked at, and taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from bridge.domain.model import Forged, Undeliverable
from bridge.sandbox import Fault, Sandbox
from bridge.sandbox.serve import Server
from connectors import Door, Found, Incoming, Step
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_inspect import role
from connectors.desks.zendesk_setup import ALL, NEEDED, TITLE, VIEW, ZendeskSetup
from connectors.desks.zendesk_webhooks import ZendeskEvents, ZendeskTrigger

EVENTS = "webhook “Alert Bridge: zendesk”"
RATINGS = "webhook “Alert Bridge: ratings”"
RULE = f"trigger “{TITLE}”"
LIST = f"view “{VIEW}”"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Ours:
    """Where the vendor calls us: keeps what comes, and answers as told."""

    url: str = ""
    status: int = 202
    calls: list[Incoming] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Incoming(headers=headers, body=request.get_data(), received_at=now())
        self.calls.append(incoming)
        return Response("", self.status)(environ, start_response)


@dataclass
class Account:
    sandbox: Sandbox
    ours: Ours
    us: int
    anna: int
    token: str = "good"

    @property
    def zendesk(self) -> Any:
        return self.sandbox.zendesk

    def doors(self, **secrets: str) -> list[Door]:
        kinds = {"zendesk": "zendesk", "ratings": "zendesk-trigger", "survey": "generic"}
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

    def setup(self, doors: list[Door] | None = None) -> ZendeskSetup:
        desk = Zendesk(
            name="zendesk",
            subdomain="demo",
            base_url=self.sandbox.zendesk_url,
            token=lambda _: self.token,
        )
        return desk.setup(self.doors() if doors is None else doors)

    def secrets(self) -> dict[str, str]:
        return {
            hook.name.partition(": ")[2]: hook.secret for hook in self.zendesk.webhooks.values()
        }

    def state(self) -> tuple[Any, ...]:
        zendesk = self.zendesk
        return deepcopy((zendesk.webhooks, zendesk.triggers, zendesk.views))

    def hook(self, name: str) -> Any:
        [found] = [one for one in self.zendesk.webhooks.values() if one.name.endswith(name)]
        return found

    def change(self, name: str, **values: Any) -> None:
        hook = self.hook(name)
        self.zendesk.webhooks[hook.id] = replace(hook, **values)

    def wrong(self, doors: list[Door] | None = None) -> list[Found]:
        return [one for one in self.setup(doors).inspect(now()) if not one.ok]


@pytest.fixture
def account() -> Iterator[Account]:
    ours = Ours()
    server = Server(ours)
    server.start()
    ours.url = server.url
    with Sandbox(now) as sandbox:
        us = sandbox.zendesk.add_agent("Alert Bridge", "bridge@example.com", "admin")
        sandbox.zendesk.add_token("good", us)
        anna = sandbox.zendesk.add_customer("Anna Weber", "anna@example.com")
        yield Account(sandbox, ours, us, anna)
    server.stop()


def told(steps: Iterator[Step]) -> list[tuple[str, str]]:
    return [(step.do, step.what) for step in steps]


# -- run --


def test_the_first_run_makes_everything_and_the_second_keeps_it(account: Account) -> None:
    parts = [EVENTS, RATINGS, RULE, LIST]
    assert told(account.setup().run()) == [("create", part) for part in parts]
    before = account.state()
    assert told(account.setup().run()) == [("keep", part) for part in parts]
    assert account.state() == before


def test_a_dry_run_says_the_same_and_changes_nothing(account: Account) -> None:
    before = account.state()
    dry = told(account.setup().run(dry=True))
    assert account.state() == before
    assert dry == told(account.setup().run())
    account.change("zendesk", status="inactive")
    before = account.state()
    assert told(account.setup().run(dry=True))[0] == ("change", EVENTS)
    assert told(account.setup().remove(dry=True))
    assert account.state() == before


def test_each_webhook_yields_its_secret_until_we_hold_it(account: Account) -> None:
    steps = list(account.setup().run())
    secrets = account.secrets()
    assert {step.variable: step.secret for step in steps if step.secret} == {
        "ZENDESK_SECRET": secrets["zendesk"],
        "RATINGS_SECRET": secrets["ratings"],
    }
    again = account.setup(account.doors(zendesk=secrets["zendesk"], ratings="an old one")).run()
    assert {step.variable for step in again if step.secret} == {"RATINGS_SECRET"}


def test_a_dry_run_shows_no_secret(account: Account) -> None:
    list(account.setup().run())
    assert not any(step.secret for step in account.setup().run(dry=True))


def test_what_is_sent_is_proven_by_the_secret_that_was_read_back(account: Account) -> None:
    secrets = {step.variable: step.secret for step in account.setup().run()}
    ticket = account.zendesk.open_ticket(account.anna, "Where is my refund?", "Please help")
    account.zendesk.rate(ticket, "bad", "Nobody answers")
    assert account.sandbox.courier.wait_idle()
    by_trigger = [call for call in account.ours.calls if b'"bridge"' in call.body]
    [event] = [call for call in account.ours.calls if call not in by_trigger]
    [rating] = by_trigger
    ZendeskEvents(name="zendesk").verify(event, [secrets["ZENDESK_SECRET"]])
    ZendeskTrigger(name="ratings").verify(rating, [secrets["RATINGS_SECRET"]])
    assert [e.subject for e in ZendeskTrigger(name="ratings").read(rating)] == [f"zendesk:{ticket}"]
    with pytest.raises(Forged):
        ZendeskEvents(name="zendesk").verify(event, [secrets["RATINGS_SECRET"]])


def test_the_trigger_is_guarded_against_our_own_saves(account: Account) -> None:
    list(account.setup().run())
    [rule] = account.zendesk.triggers.values()
    guard = {"field": "role", "operator": "is_not", "value": str(account.us)}
    assert guard in rule["conditions"]["all"]


def test_a_changed_address_is_mended(account: Account) -> None:
    list(account.setup().run())
    was = account.hook("zendesk").id
    account.change("zendesk", endpoint="https://old.example.com/hooks/zendesk")
    steps = list(account.setup().run())
    assert [(s.do, s.what) for s in steps if s.do != "keep"] == [("change", EVENTS)]
    assert "old.example.com" in steps[0].detail
    assert account.hook("zendesk").endpoint == f"{account.ours.url}/hooks/zendesk"
    assert account.hook("zendesk").id == was


@pytest.mark.parametrize("values", [{"status": "inactive"}, {"subscriptions": NEEDED[1:]}])
def test_what_else_differs_is_mended(account: Account, values: dict[str, Any]) -> None:
    list(account.setup().run())
    account.change("zendesk", **values)
    assert told(account.setup().run())[0] == ("change", EVENTS)
    assert account.hook("zendesk").status == "active"
    assert set(NEEDED) <= set(account.hook("zendesk").subscriptions)


def test_a_changed_trigger_and_a_changed_view_are_mended(account: Account) -> None:
    list(account.setup().run())
    before = account.state()
    [rule], [view] = account.zendesk.triggers.values(), account.zendesk.views.values()
    rule["conditions"]["any"].pop()
    view["conditions"]["any"].pop()
    assert told(account.setup().run())[2:] == [("change", RULE), ("change", LIST)]
    assert [[rule["conditions"] for rule in kind.values()] for kind in account.state()[1:]] == [
        [rule["conditions"] for rule in kind.values()] for kind in before[1:]
    ]


def test_events_an_account_does_not_know_are_left_out(account: Account) -> None:
    account.zendesk.known_events = frozenset(NEEDED)
    list(account.setup().run())
    assert set(account.hook("zendesk").subscriptions) == set(NEEDED)
    assert told(account.setup().run())[0] == ("keep", EVENTS)


def test_all_ticket_events_are_subscribed_to(account: Account) -> None:
    list(account.setup().run())
    assert set(account.hook("zendesk").subscriptions) == set(ALL)


def test_a_webhook_of_the_wrong_kind_is_made_anew(account: Account) -> None:
    """A webhook is of one kind for life."""
    url = f"{account.ours.url}/hooks/zendesk"
    account.zendesk.subscribe(url, None, (), name="Alert Bridge: zendesk", kind="conditional")
    assert told(account.setup().run())[:2] == [("remove", EVENTS), ("create", EVENTS)]
    assert set(account.hook("zendesk").subscriptions) == set(ALL)


def test_a_second_webhook_of_ours_is_taken_away(account: Account) -> None:
    list(account.setup().run())
    hook = account.hook("zendesk")
    account.zendesk.subscribe(hook.endpoint, None, NEEDED, name=hook.name)
    assert ("remove", f"a second {EVENTS}") in told(account.setup().run())
    assert account.hook("zendesk")


def test_the_view_shows_tickets_with_an_alert_of_ours(account: Account) -> None:
    list(account.setup().run())
    zendesk = account.zendesk
    quiet = zendesk.open_ticket(account.anna, "All is well", "Thanks")
    loud = zendesk.open_ticket(account.anna, "Late", "Where is it?", tags=["alert_low_score"])
    done = zendesk.open_ticket(account.anna, "Late", "Where was it?", tags=["alert_low_score"])
    zendesk.close(done)
    [view] = zendesk.views
    desk = account.setup().desk
    shown = desk.request("GET", f"views/{view}/tickets.json")
    assert f'"id":{loud}' in shown.decode().replace(" ", "")
    assert not any(f'"id":{n},' in shown.decode().replace(" ", "") for n in (quiet, done))


def test_a_trigger_that_is_refused_is_left_to_be_done_by_hand(account: Account) -> None:
    body = '{"error":"RecordInvalid","description":"satisfaction_score is not valid"}'
    account.sandbox.faults = lambda _, method, path: (
        Fault.status(422, body) if method == "POST" and "triggers" in path else None
    )
    steps = list(account.setup().run())
    assert [step.do for step in steps] == ["create", "create", "by hand", "create"]
    assert "satisfaction_score is not valid" in steps[2].detail
    assert "docs/setup-zendesk.md" in steps[2].detail


def test_a_passing_failure_ends_the_run(account: Account) -> None:
    account.sandbox.faults = lambda _, method, path: (
        Fault.status(503) if method == "POST" and "triggers" in path else None
    )
    with pytest.raises(Undeliverable) as caught:
        list(account.setup().run())
    assert caught.value.retry_after is not None


def test_who_may_not_set_up_is_told_so(account: Account) -> None:
    account.zendesk.add_token("weak", account.us, ["read"])
    account.token = "weak"
    with pytest.raises(Undeliverable, match="403"):
        list(account.setup().run())
    assert account.state() == ({}, {}, {})


# -- remove --


def test_only_what_is_ours_is_taken_away(account: Account) -> None:
    zendesk = account.zendesk
    theirs = zendesk.subscribe("https://crm.example.com/hooks/zendesk", name="Alert Bridge: zendes")
    desk = account.setup().desk
    view = {"title": VIEW, "all": [{"field": "status", "operator": "less_than", "value": "solved"}]}
    desk.request("POST", "views.json", body={"view": view})
    before = account.state()
    list(account.setup().run())
    assert told(account.setup().remove()) == [
        ("remove", RULE),
        ("remove", LIST),
        ("remove", EVENTS),
        ("remove", RATINGS),
    ]
    assert account.state() == before
    assert theirs.id in zendesk.webhooks
    assert told(account.setup().remove()) == []


def test_what_calls_another_installation_is_not_taken_away(account: Account) -> None:
    list(account.setup().run())
    account.change("zendesk", endpoint="https://staging.example.com/hooks/zendesk")
    steps = list(account.setup().remove())
    assert ("by hand", EVENTS) in [(step.do, step.what) for step in steps]
    assert account.hook("zendesk").endpoint == "https://staging.example.com/hooks/zendesk"


# -- inspect --


def test_all_is_well_when_it_is(account: Account) -> None:
    list(account.setup().run())
    account.zendesk.open_ticket(account.anna, "Where is my refund?", "Please help")
    assert account.sandbox.courier.wait_idle()
    found = list(account.setup(account.doors(**account.secrets())).inspect(now()))
    assert all(one.ok for one in found), found
    words = [one.what for one in found]
    assert "desk zendesk: we are Alert Bridge" in words
    assert "source zendesk: the last delivery was taken" in words
    assert "source ratings: Zendesk has sent nothing yet" in words


def test_a_dead_token_is_found(account: Account) -> None:
    account.zendesk.revoke("good")
    [found] = account.wrong()
    assert "the token isn't accepted" in found.what
    assert found.fix
    assert "good" not in found.what.split()


def test_a_missing_scope_is_found(account: Account) -> None:
    account.zendesk.add_token("weak", account.us, ["read"])
    account.token = "weak"
    assert "desk zendesk: the token lacks the scope write" in [one.what for one in account.wrong()]


@pytest.mark.parametrize(
    ("as_a", "words"),
    [
        ("agent", "that is no admin, but a user with the role agent: neither the sweep nor an"),
        ("end-user", "that is no member of staff"),
    ],
)
def test_a_user_who_is_no_admin_is_found(account: Account, as_a: str, words: str) -> None:
    list(account.setup().run())
    account.zendesk.users[account.us] = replace(account.zendesk.users[account.us], role=as_a)
    found = account.wrong()
    assert found[0].what.startswith(f"desk zendesk: {words}")
    assert "make that user an admin" in found[0].fix


def test_a_user_whose_role_is_not_told_is_taken_for_an_admin() -> None:
    assert list(role("desk zendesk", b'{"user": {"id": 7, "name": "Alert Bridge"}}')) == []
    assert list(role("desk zendesk", b"<html>")) == []


def test_a_missing_webhook_is_found(account: Account) -> None:
    url = f"{account.ours.url}/hooks"
    assert [one.what for one in account.wrong()] == [
        f"source zendesk: no webhook calls {url}/zendesk",
        f"source ratings: no webhook calls {url}/ratings",
    ]
    assert {one.fix for one in account.wrong()} == {"run `bridge setup zendesk`"}


def test_a_webhook_that_sleeps_or_calls_elsewhere_is_found(account: Account) -> None:
    list(account.setup().run())
    account.change("zendesk", status="inactive")
    account.change("ratings", endpoint="https://old.example.com/hooks/ratings")
    first, second = (one.what for one in account.wrong())
    assert "it is inactive" in first
    assert "it calls old.example.com" in second


def test_a_wrong_secret_is_found_and_not_shown(account: Account) -> None:
    list(account.setup().run())
    secrets = account.secrets()
    [found] = account.wrong(account.doors(zendesk="another-secret", ratings=secrets["ratings"]))
    assert found.what == "source zendesk: ZENDESK_SECRET is not the webhook's signing secret"
    assert "another-secret" not in found.fix + found.what
    assert secrets["zendesk"] not in found.fix + found.what


def test_failed_deliveries_are_found_until_one_is_taken(account: Account) -> None:
    list(account.setup().run())
    account.ours.status = 403
    account.zendesk.open_ticket(account.anna, "Where is my refund?", "Please help")
    assert account.sandbox.courier.wait_idle()
    [found] = account.wrong()
    assert found.what == "source zendesk: 1 of the last 1 deliveries failed (403)"
    assert "secret" in found.fix
    account.ours.status = 202
    account.zendesk.open_ticket(account.anna, "Where is it now?", "Please help")
    assert account.sandbox.courier.wait_idle()
    assert account.wrong() == []


def test_clocks_that_are_apart_are_found(account: Account) -> None:
    list(account.setup().run())
    late = account.setup().inspect(now() - timedelta(minutes=10))
    [found] = [one for one in late if not one.ok]
    assert "behind" in found.what
    assert "NTP" in found.fix
