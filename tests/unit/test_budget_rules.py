"""What a request counts towards, and what an answer tells, vendor by vendor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connectors.budget import Bucket, Learnt, Limit, Rules, Urgency, spent
from connectors.channels import slack_limits
from connectors.desks.jsm_limits import JiraLimits
from connectors.desks.zendesk_limits import ZendeskLimits

ZENDESK = "https://acme.zendesk.com/api/v2"
JIRA = "https://acme.atlassian.net/rest"
NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def names(rules: Rules, method: str, url: str) -> list[str]:
    return [limit.name for limit in rules.limits(method, url)]


def learnt(
    rules: Rules, method: str, url: str, headers: Mapping[str, str], status: int = 200
) -> dict[str, Learnt]:
    return {one.limit: one for one in rules.learnt(method, url, status, headers)}


# --- Zendesk


@pytest.mark.parametrize(
    ("method", "path", "limits"),
    [
        ("GET", "/users/me.json", ["calls"]),
        ("GET", "/tickets/4711.json", ["calls"]),
        ("GET", "/tickets/4711/audits.json?page[size]=100", ["calls"]),
        ("PUT", "/tickets/4711.json", ["calls", "ticket updates", "updates of ticket 4711"]),
        ("PUT", "/tickets/4711", ["calls", "ticket updates", "updates of ticket 4711"]),
        (
            "DELETE",
            "/tickets/4711/tags.json",
            ["calls", "ticket updates", "updates of ticket 4711"],
        ),
        ("POST", "/tickets.json", ["calls"]),
        ("PUT", "/tickets/update_many.json?ids=1,2", ["calls", "ticket updates"]),
        ("GET", "/tickets.json?page[size]=100", ["calls", "ticket lists"]),
        ("GET", "/tickets/show_many.json?ids=1", ["calls"]),
        ("GET", "/incremental/tickets/cursor.json?start_time=1", ["calls", "incremental exports"]),
        ("GET", "/search/export.json?query=x", ["calls", "search exports"]),
        ("GET", "/search.json?query=x", ["calls"]),
        ("GET", "/webhooks/01ABC", ["calls about webhooks"]),
        ("POST", "/webhooks", ["calls about webhooks"]),
        ("POST", "/webhooks/test?webhook_id=1", ["tests of webhooks", "calls about webhooks"]),
    ],
)
def test_what_a_request_to_zendesk_counts_towards(
    method: str, path: str, limits: list[str]
) -> None:
    assert names(ZendeskLimits(), method, ZENDESK + path) == limits


def test_the_calls_of_an_account_are_those_of_the_lowest_plan_or_as_set() -> None:
    assert ZendeskLimits().limits("GET", ZENDESK)[0] == Limit("calls", 200, MINUTE)
    bigger = ZendeskLimits(calls_per_minute=700)
    assert bigger.limits("GET", ZENDESK)[0] == Limit("calls", 700, MINUTE)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {}),
        (
            {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699"},
            {"calls": Learnt(limit="calls", left=699, many=700)},
        ),
        (
            {"ratelimit-limit": "400", "ratelimit-remaining": "0", "ratelimit-reset": "41"},
            {"calls": Learnt(limit="calls", left=0, many=400, resets=timedelta(seconds=41))},
        ),
        (
            {"Zendesk-RateLimit-Tickets-Update": "total=20; remaining=7; resets=9"},
            {
                "ticket updates": Learnt(
                    limit="ticket updates", left=7, many=20, resets=timedelta(seconds=9)
                )
            },
        ),
        (
            {"zendesk-ratelimit-incremental-exports": "total=10;remaining=0"},
            {"incremental exports": Learnt(limit="incremental exports", left=0, many=10)},
        ),
        ({"X-Rate-Limit-Remaining": "many"}, {}),
        ({"X-Rate-Limit-Remaining": "-1"}, {}),
        ({"X-Rate-Limit-Remaining": "9" * 40}, {}),
        ({"zendesk-ratelimit-tickets-update": "total=x; remaining=y"}, {}),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "999999"}, {"calls": 3600}),
    ],
)
def test_what_headers_of_zendesk_tell(
    headers: dict[str, str], expected: dict[str, Learnt | int]
) -> None:
    found = learnt(ZendeskLimits(), "PUT", ZENDESK + "/tickets/1.json", headers)
    assert found.keys() == expected.keys()
    for name, told in expected.items():
        if isinstance(told, int):
            assert found[name].resets == timedelta(seconds=told)
        else:
            assert found[name] == told


def test_the_headers_of_webhooks_say_nothing_of_the_account() -> None:
    headers = {"ratelimit-limit": "100", "ratelimit-remaining": "99"}
    found = learnt(ZendeskLimits(), "GET", ZENDESK + "/webhooks", headers)
    assert set(found) == {"calls about webhooks"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "limit"),
    [
        ("GET", "/users/me.json", {}, "calls"),
        ("GET", "/tickets/1.json", {"ratelimit-remaining": "500"}, "calls"),
        ("PUT", "/tickets/1.json", {"ratelimit-remaining": "500"}, "updates of ticket 1"),
        ("PUT", "/tickets/1.json", {"ratelimit-remaining": "0"}, "calls"),
        (
            "PUT",
            "/tickets/1.json",
            {"zendesk-ratelimit-tickets-update": "total=100; remaining=0; resets=3"},
            "ticket updates",
        ),
        ("GET", "/incremental/tickets/cursor.json", {}, "incremental exports"),
        ("POST", "/webhooks/test", {}, "tests of webhooks"),
        ("GET", "/webhooks", {}, "calls about webhooks"),
    ],
)
def test_a_429_of_zendesk_empties_the_limit_that_was_met(
    method: str, path: str, headers: dict[str, str], limit: str
) -> None:
    told = {"Retry-After": "17", **headers}
    found = learnt(ZendeskLimits(), method, ZENDESK + path, told, 429)
    assert [one.limit for one in found.values() if not one.left] == [limit]
    assert found[limit].resets == timedelta(seconds=17)
    assert limit in names(ZendeskLimits(), method, ZENDESK + path)


def test_a_429_without_a_time_is_a_minute() -> None:
    found = learnt(ZendeskLimits(), "GET", ZENDESK + "/users/me.json", {}, 429)
    assert found["calls"] == Learnt(limit="calls", left=0, resets=MINUTE)


# --- Jira


@pytest.mark.parametrize(
    ("method", "path", "limits"),
    [
        ("GET", "/api/2/issue/10002", ["calls", "GET calls"]),
        ("POST", "/api/2/search/jql", ["calls", "POST calls"]),
        ("POST", "/api/3/issue/bulkfetch", ["calls", "POST calls"]),
        (
            "PUT",
            "/api/2/issue/10002?notifyUsers=false",
            ["calls", "PUT calls", "quick writes to issue 10002", "writes to issue 10002"],
        ),
        (
            "POST",
            "/servicedeskapi/request/10002/comment",
            ["calls", "POST calls", "quick writes to issue 10002", "writes to issue 10002"],
        ),
        (
            "DELETE",
            "/api/2/issue/HELP-7/properties/x",
            ["calls", "DELETE calls", "quick writes to issue HELP-7", "writes to issue HELP-7"],
        ),
    ],
)
def test_what_a_request_to_jira_counts_towards(method: str, path: str, limits: list[str]) -> None:
    assert names(JiraLimits(), method, JIRA + path) == limits


@pytest.mark.parametrize(
    ("reason", "limit"),
    [
        ("jira-quota-global-based", "calls"),
        ("jira-quota-tenant-based", "calls"),
        ("jira-burst-based", "PUT calls"),
        ("jira-per-issue-on-write", "writes to issue 10002"),
        ("something else", "PUT calls"),
        ("", "PUT calls"),
    ],
)
def test_the_reason_of_a_429_says_who_has_to_wait(reason: str, limit: str) -> None:
    url = f"{JIRA}/api/2/issue/10002"
    headers = {"RateLimit-Reason": reason, "Retry-After": "1847"}
    found = learnt(JiraLimits(), "PUT", url, headers, 429)
    assert found == {limit: Learnt(limit=limit, left=0, resets=timedelta(seconds=1847))}
    assert limit in names(JiraLimits(), "PUT", url)
    without = learnt(JiraLimits(), "PUT", url, {"RateLimit-Reason": reason}, 429)
    assert without[limit].resets


@pytest.mark.parametrize(
    ("told", "left"), [("99", 99), ("0", 0), ("", None), ("-3", None), ("9" * 30, None)]
)
def test_what_is_left_of_a_burst_is_learnt(told: str, left: int | None) -> None:
    headers = {"X-RateLimit-Remaining": told, "X-RateLimit-Limit": "65000"}
    found = learnt(JiraLimits(), "GET", f"{JIRA}/api/2/myself", headers)
    expected = {} if left is None else {"GET calls": Learnt(limit="GET calls", left=left)}
    assert found == expected


# --- never more than the vendor allows, where it doesn't say what is left


TICKET, ISSUE = f"{ZENDESK}/tickets/1.json", f"{JIRA}/api/2/issue/1"


@pytest.mark.parametrize(
    ("limits", "name", "many", "per"),
    [
        (ZendeskLimits().limits("PUT", TICKET), "updates of ticket 1", 30, 10 * MINUTE),
        (JiraLimits().limits("PUT", ISSUE), "quick writes to issue 1", 20, 2 * SECOND),
        (JiraLimits().limits("PUT", ISSUE), "writes to issue 1", 100, 30 * SECOND),
    ],
)
def test_no_window_ever_holds_more_than_the_vendor_allows(
    limits: list[Limit], name: str, many: int, per: timedelta
) -> None:
    (limit,) = (one for one in limits if one.name == name)
    assert 0.9 * many < most_in(limit, per) <= many


@pytest.mark.parametrize(("method", "many"), [("chat.update", 50), ("users.list", 20)])
def test_a_method_of_slack_stays_in_its_tier(method: str, many: int) -> None:
    assert 0.9 * many < most_in(slack_limits.limit(method, "C1"), MINUTE) <= many


def test_posts_to_a_channel_of_slack_are_one_a_second_from_the_first_on() -> None:
    one = slack_limits.limit("chat.postMessage", "C0123ABCD")
    assert (one.name, one.many) == ("posts to C0123ABCD", 1)
    assert most_in(one, SECOND) == 1
    assert most_in(one, MINUTE) > 50


def most_in(limit: Limit, per: timedelta) -> int:
    """The most calls that go in any window, by somebody who never stops asking after a rest."""
    bucket, went, now = Bucket.full(limit, NINE), 0, NINE
    while now <= NINE + per:
        (bucket,), wait = spent([bucket], Urgency.ALERT, now)
        if wait:
            now += limit.per / limit.many / 50
        else:
            went += 1
    return went
