"""Jira's satisfaction survey, polled: nothing missed, nothing told twice, and no more calls than it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.domain.model import ConfigError, Forged, Rated, Undeliverable
from connectors import Incoming, Polled
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.jsm_csat import JsmSatisfaction
from connectors.desks.zendesk import Zendesk
from tests.contract.wire import LOST, Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ANNA = {"accountId": "qm:anna", "displayName": "Anna Weber", "emailAddress": "anna@example.com"}
SOURCE = JsmSatisfaction(name="jsm-csat")
DATED = JsmSatisfaction(name="jsm-csat", jql='"Satisfaction date" >= -{minutes}m')


@dataclass
class Site:
    """Requests by number, with what their customers answered; a page of a search holds as many as it is asked for."""

    answers: dict[str, Said]
    updated: datetime = NOW - timedelta(minutes=2)
    jql: list[str] = field(default_factory=list)
    forgets: bool = False

    def __call__(self, asked: Asked) -> Said:
        where = urlsplit(asked.path).path
        if found := re.fullmatch(r"/rest/servicedeskapi/request/(\d+)/feedback", where):
            return self.answers[found[1]]
        assert where == "/rest/api/2/search/jql"
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        self.jql.append(query["jql"])
        if self.forgets and "nextPageToken" in query:
            return Said.of({"errorMessages": ["The next page token is invalid"]}, 400)
        start, limit = int(query.get("nextPageToken", "0")), int(query["maxResults"])
        fields = {"reporter": ANNA, "updated": self.updated.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}
        some = [{"id": n, "fields": fields} for n in list(self.answers)[start : start + limit]]
        over = start + limit >= len(self.answers)
        return Said.of({"issues": some} | ({} if over else {"nextPageToken": str(start + limit)}))


def desk(vendor: Vendor) -> JiraServiceManagement:
    return JiraServiceManagement(
        name="jsm", site="acme", base_url=vendor.url, token=lambda _: "good"
    )


def stars(rating: object, words: str = "") -> Said:
    return Said.of({"type": "csat", "rating": rating, "comment": {"body": words}})


def poll(site: Site, cursor: str = "", now: datetime = NOW, source: Any = SOURCE) -> Polled:
    with Vendor(site) as vendor:
        polled: Polled = source.poll(desk(vendor), cursor, now)
    return polled


def told(polled: Polled) -> list[Rated]:
    """What the deliveries are read as; and that each is called in a file what it was called when polled."""
    events: list[Any] = []
    for key, body in polled.deliveries:
        incoming = Incoming(headers={}, body=body, received_at=NOW)
        assert SOURCE.identify(incoming) == key
        events += SOURCE.read(incoming)
    return events


NONE = Said(404, b"")


def test_an_answer_is_told_with_who_gave_it_and_when() -> None:
    polled = poll(Site({"10002": stars(2, "Too late"), "10003": NONE, "10004": Said.of({})}))
    (rating,) = told(polled)
    assert (rating.subject, rating.actor) == ("jsm:10002", "qm:anna")
    assert (rating.answer.raw, rating.answer.score, rating.answer.words) == ("2", 0.25, "Too late")
    assert rating.answer.contact.name == "Anna Weber"
    assert rating.at == NOW - timedelta(minutes=2)
    assert not polled.more


def test_a_repeat_has_the_same_key_and_a_change_another() -> None:
    def key(said: Said, now: datetime = NOW) -> str:
        ((found, _),) = poll(Site({"10002": said}), now=now).deliveries
        return found

    first = key(stars(2, "Too late"))
    assert first == key(stars(2, "Too late"), NOW + timedelta(hours=1))
    assert len({first, key(stars(2)), key(stars(3, "Too late"))}) == 3


def test_a_request_that_was_not_changed_was_answered_by_now() -> None:
    long_ago = Site({"10002": stars(5)}, updated=NOW - timedelta(days=30))
    assert [rating.at for rating in told(poll(long_ago))] == [NOW]


def test_every_request_resolved_of_late_is_asked_whenever_it_was_changed() -> None:
    site = Site({"10002": NONE})
    first = poll(site)
    poll(site, first.cursor, NOW + timedelta(hours=2))
    resolved = "projectType = service_desk AND statusCategory = Done AND resolved >= -2880m"
    assert site.jql == 2 * [f"{resolved} ORDER BY updated ASC"]


def test_where_answers_have_a_date_each_poll_overlaps_the_one_before() -> None:
    site = Site({"10002": NONE})
    first = poll(site, source=DATED)
    second = poll(site, first.cursor, NOW + timedelta(minutes=5), DATED)
    third = poll(site, second.cursor, NOW + timedelta(hours=2), DATED)
    poll(site, third.cursor, NOW - timedelta(days=1), DATED)  # a clock that was put back
    minutes = [int(re.findall(r">= -(\d+)m", jql)[0]) for jql in site.jql]
    assert minutes == [24 * 60 + 10, 5 + 10, 115 + 10, 10]


def test_fifty_requests_are_asked_at_once_and_a_long_round_is_followed_by_a_long_rest() -> None:
    site = Site({str(10_000 + n): stars(1 + n % 5) for n in range(120)})
    with Vendor(site) as vendor:
        seen, cursor, more, polls = [], "", True, 0
        while more:
            polled = SOURCE.poll(desk(vendor), cursor, NOW + timedelta(seconds=polls))
            seen += told(polled)
            cursor, more, polls = polled.cursor, polled.more, polls + 1
        assert (polls, len(vendor.asked)) == (3, 120 + 3)
        for minutes in (5, 10):
            polled = SOURCE.poll(desk(vendor), cursor, NOW + timedelta(minutes=minutes))
            cursor = polled.cursor
            assert not polled.more
            assert len(vendor.asked) == 120 + 3
        assert SOURCE.poll(desk(vendor), cursor, NOW + timedelta(minutes=15)).more
    assert len({rating.subject for rating in seen}) == 120


def test_a_page_that_jira_has_forgotten_is_begun_anew() -> None:
    site = Site({str(10_000 + n): stars(1) for n in range(60)})
    first = poll(site)
    site.forgets = True
    assert first.more
    assert poll(site, first.cursor).deliveries == first.deliveries
    assert len(site.jql) == 3


@pytest.mark.parametrize("cursor", ["", "x", "[]", '["a"]', "{}", "null"])
def test_a_cursor_that_says_nothing_is_none(cursor: str) -> None:
    site = Site({"10002": NONE})
    poll(site, cursor, source=DATED)
    assert "-1450m" in site.jql[0]


def test_projects_and_a_search_of_ones_own() -> None:
    own = JsmSatisfaction(
        name="x", projects=("HELP", "IT2"), jql='"Satisfaction date" >= -{minutes}m'
    )
    site = Site({"10002": NONE})
    poll(site, source=own)
    assert site.jql == [
        '("Satisfaction date" >= -1450m) AND project in ("HELP", "IT2") ORDER BY updated ASC'
    ]


@pytest.mark.parametrize(
    "given",
    [{"projects": ('X") OR (1=1',)}, {"projects": ("",)}, {"jql": "labels = x Order  By key"}],
)
def test_what_would_break_the_search_is_no_setting(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        JsmSatisfaction(name="x", **given)


def test_a_request_that_cant_be_asked_is_passed_over() -> None:
    odd = Said.of({"errorMessage": "Not for this type"}, 400)
    assert len(told(poll(Site({"10001": odd, "10002": stars(1), "10003": odd})))) == 1
    with pytest.raises(Undeliverable, match="Not for this type") as failure:
        poll(Site({"10001": odd, "10002": odd}))
    assert failure.value.retry_after is None


@pytest.mark.parametrize(
    "said", [LOST, Said(401), Said(403), Said(429), Said(503), Said(200, b"{")]
)
def test_a_failure_that_passes_costs_nothing_that_was_found(said: Said) -> None:
    site = Site({"10001": stars(1), "10002": said, "10003": stars(2)})
    first = poll(site)
    assert [rating.subject for rating in told(first)] == ["jsm:10001"]
    assert first.failure is not None
    assert first.failure.wide or first.failure.retry_after
    assert not first.more
    site.answers["10002"] = NONE
    second = poll(site, first.cursor, NOW + timedelta(minutes=1))
    assert second.failure is None
    assert [rating.subject for rating in told(second)] == ["jsm:10003"]
    third = poll(site, second.cursor, NOW + timedelta(minutes=6))
    assert len(told(third)) == 2


def test_a_poll_that_gets_nowhere_is_a_failure() -> None:
    with pytest.raises(Undeliverable) as failure:
        poll(Site({"10001": Said(429), "10002": stars(1)}))
    assert failure.value.retry_after


@pytest.mark.parametrize("issue", [{}, {"id": "x"}, {"id": "10002", "fields": {"updated": "soon"}}])
def test_a_search_of_another_shape_may_be_read_later(issue: dict[str, Any]) -> None:
    def says(asked: Asked) -> Said:
        return stars(1) if "feedback" in asked.path else Said.of({"issues": [issue]})

    with Vendor(says) as vendor, pytest.raises(Undeliverable) as failure:
        SOURCE.poll(desk(vendor), "", NOW)
    assert failure.value.retry_after


def test_another_helpdesk_has_no_such_survey() -> None:
    other = Zendesk(name="zendesk", subdomain="acme", token=lambda _: "good")
    with pytest.raises(Undeliverable, match="no Jira Service Management") as failure:
        SOURCE.poll(other, "", NOW)
    assert failure.value.retry_after is None


def test_nothing_comes_in_from_outside() -> None:
    incoming = Incoming(headers={}, body=b"{}", received_at=NOW)
    for secrets in ([], [""], ["secret"]):
        with pytest.raises(Forged):
            SOURCE.verify(incoming, secrets)
