"""Zendesk's ratings and surveys by asking: nothing is missed, nothing is told twice, and a change is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge.domain.model import Forged, Rated, Undeliverable
from bridge.sandbox import Sandbox
from connectors import Incoming, Polled, Polling
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_csat import ZendeskRatings, ZendeskSurveys
from tests.contract.wire import Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
RATINGS = ZendeskRatings(name="ratings")
SURVEYS = ZendeskSurveys(name="surveys")


def desk(url: str) -> Zendesk:
    return Zendesk(name="zendesk", subdomain="demo", base_url=url, token=lambda _: "good")


def answers(source: ZendeskRatings | ZendeskSurveys, polled: Polled) -> list[Rated]:
    """What the deliveries of a poll say; each is known by the key it came under."""
    found: list[Rated] = []
    for key, body in polled.deliveries:
        incoming = Incoming(headers={}, body=body, received_at=NOW)
        assert source.identify(incoming) == key
        found += [event for event in source.read(incoming) if isinstance(event, Rated)]
    return found


class Lists:
    """A list of records in pages, and users, as Zendesk gives them."""

    def __init__(self, member: str, *pages: list[Any]) -> None:
        self.member, self.pages = member, pages
        self.users: list[dict[str, Any]] = []

    def __call__(self, asked: Asked) -> Said:
        if "/users/show_many" in asked.path:
            return Said.of({"users": self.users})
        number = int(query(asked).get("page[after]", "0"))
        more = number + 1 < len(self.pages)
        meta = {"has_more": more, "after_cursor": str(number + 1) if more else None}
        return Said.of({self.member: self.pages[number], "meta": meta})


def query(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.path).query))


def listed(vendor: Vendor) -> list[dict[str, str]]:
    """The parameters of every page that was asked for."""
    return [query(asked) for asked in vendor.asked if "show_many" not in asked.path]


def rating(number: int, at: datetime, **more: Any) -> dict[str, Any]:
    said = {"id": number, "ticket_id": 4000 + number, "score": "bad", "comment": None}
    return (
        said
        | {"requester_id": 77, "created_at": at.isoformat(), "updated_at": at.isoformat()}
        | more
    )


def response(name: str, *given: tuple[int, datetime]) -> dict[str, Any]:
    question = {"id": "q", "type": "rating_scale_numeric", "sub_type": "customer_satisfaction"}
    said = [
        {
            "type": "rating_scale",
            "question": question,
            "rating": number,
            "updated_at": at.isoformat(),
        }
        for number, at in given
    ]
    return {"id": name, "answers": said, "responder_id": 77, "subject_zrns": ["zen:ticket:4711"]}


def test_both_are_polled_and_take_no_requests() -> None:
    for source in (RATINGS, SURVEYS):
        assert isinstance(source, Polling)
        assert source.every == timedelta(minutes=5)
        with pytest.raises(Forged):
            source.verify(Incoming(headers={}, received_at=NOW), ["a-secret"])


# --- ratings, as the stand-in gives them


def test_a_rating_is_told_once_by_the_poll_and_by_the_history() -> None:
    clock = [NOW]
    with Sandbox(lambda: clock[0]) as sandbox:
        zendesk = sandbox.zendesk
        zendesk.add_token("good", zendesk.add_agent("Alert Bridge", "bridge@example.com"))
        anna = zendesk.add_customer("Anna Weber", "anna@example.com", "+4930123456")
        ticket = zendesk.open_ticket(anna, "Invoice is wrong", "Please help")
        zendesk.rate(ticket, "bad", "  Nobody called. ")
        at_zendesk = desk(sandbox.zendesk_url)

        first = RATINGS.poll(at_zendesk, "", clock[0])
        [told] = answers(RATINGS, first)
        [known] = [e for e in at_zendesk.history(str(ticket)) if isinstance(e, Rated)]
        assert (told.id, told.answer, told.subject) == (known.id, known.answer, known.subject)
        assert told.answer.contact.phone == "+4930123456"

        clock[0] += timedelta(minutes=5)
        again = RATINGS.poll(at_zendesk, first.cursor, clock[0])
        assert again.deliveries == first.deliveries, "within the overlap; the key is the same"

        clock[0] += timedelta(minutes=30)
        later = RATINGS.poll(at_zendesk, again.cursor, clock[0])
        clock[0] += timedelta(minutes=30)
        assert RATINGS.poll(at_zendesk, later.cursor, clock[0]).deliveries == ()

        zendesk.rate(ticket, "good")
        changed = RATINGS.poll(at_zendesk, later.cursor, clock[0])
        [better] = answers(RATINGS, changed)
        assert better.answer.score == 1.0
        assert better.answer.id == told.answer.id
        assert better.id != told.id


def test_ratings_are_asked_for_as_documented() -> None:
    with Vendor(Lists("satisfaction_ratings", [])) as vendor:
        polled = RATINGS.poll(desk(vendor.url), "", NOW)
    assert (polled.deliveries, polled.more) == ((), False)
    [asked] = vendor.asked
    assert urlsplit(asked.path).path == "/api/v2/satisfaction_ratings.json"
    assert query(asked) == {
        "score": "received",
        "start_time": str(int((NOW - timedelta(days=30)).timestamp())),
        "page[size]": "100",
    }


def test_the_first_poll_takes_the_last_day_only() -> None:
    old = rating(1, NOW - timedelta(days=3))
    new = rating(2, NOW - timedelta(hours=20))
    with Vendor(Lists("satisfaction_ratings", [old, new])) as vendor:
        polled = RATINGS.poll(desk(vendor.url), "", NOW)
    assert [told.subject for told in answers(RATINGS, polled)] == ["zendesk:4002"]


def test_a_rating_of_long_ago_that_changes_is_news() -> None:
    at = NOW - timedelta(days=20)
    changed = rating(1, at, updated_at=(NOW - timedelta(minutes=1)).isoformat())
    with Vendor(Lists("satisfaction_ratings", [changed, rating(2, at)])) as vendor:
        polled = RATINGS.poll(desk(vendor.url), "", NOW)
    assert [told.subject for told in answers(RATINGS, polled)] == ["zendesk:4001"]


# --- walking


def test_many_pages_are_walked_a_few_at_a_time() -> None:
    pages = [[rating(number, NOW - timedelta(minutes=number))] for number in range(1, 8)]
    with Vendor(Lists("satisfaction_ratings", *pages)) as vendor:
        first = RATINGS.poll(desk(vendor.url), "", NOW)
        second = RATINGS.poll(desk(vendor.url), first.cursor, NOW + timedelta(seconds=5))
        third = RATINGS.poll(desk(vendor.url), second.cursor, NOW + timedelta(seconds=9))
    assert [polled.more for polled in (first, second, third)] == [True, True, False]
    told = [e.subject for polled in (first, second, third) for e in answers(RATINGS, polled)]
    assert told == [f"zendesk:{4000 + number}" for number in range(1, 8)]
    asked = listed(vendor)
    assert [one.get("page[after]") for one in asked] == [None, "1", "2", "3", "4", "5", "6"]
    assert len({one["start_time"] for one in asked}) == 1


def test_the_next_walk_looks_for_what_came_since_this_one_began() -> None:
    began = NOW - timedelta(minutes=30)
    before, meanwhile = rating(1, began - timedelta(hours=1)), rating(2, NOW)
    with Vendor(Lists("satisfaction_ratings", [before], [], [], [])) as vendor:
        first = RATINGS.poll(desk(vendor.url), "", began)
        done = RATINGS.poll(desk(vendor.url), first.cursor, NOW)
        assert [len(first.deliveries), len(done.deliveries)] == [1, 0]
        vendor.says = Lists("satisfaction_ratings", [before, meanwhile])
        after = RATINGS.poll(desk(vendor.url), done.cursor, NOW + timedelta(minutes=5))
    assert [told.subject for told in answers(RATINGS, after)] == ["zendesk:4002"]


def test_a_rating_that_was_listed_late_is_not_missed() -> None:
    with Vendor(Lists("satisfaction_ratings", [])) as vendor:
        first = RATINGS.poll(desk(vendor.url), "", NOW)
        vendor.says = Lists("satisfaction_ratings", [rating(1, NOW - timedelta(minutes=9))])
        second = RATINGS.poll(desk(vendor.url), first.cursor, NOW + timedelta(minutes=5))
    assert len(second.deliveries) == 1


def test_a_walk_that_was_left_for_long_begins_anew() -> None:
    pages: list[list[Any]] = [[], [], [], []]
    with Vendor(Lists("satisfaction_ratings", *pages)) as vendor:
        begun = RATINGS.poll(desk(vendor.url), "", NOW)
        RATINGS.poll(desk(vendor.url), begun.cursor, NOW + timedelta(hours=2))
    assert [one.get("page[after]") for one in listed(vendor)] == [None, "1", "2"] * 2


@pytest.mark.parametrize("cursor", ["nonsense", "{}", '["x"]', "[]", "1795255200"])
def test_a_cursor_that_is_none_begins_anew(cursor: str) -> None:
    with Vendor(Lists("satisfaction_ratings", [rating(1, NOW)])) as vendor:
        assert len(RATINGS.poll(desk(vendor.url), cursor, NOW).deliveries) == 1


def test_a_page_that_leads_to_itself_ends_the_walk() -> None:
    meta = {"has_more": True, "after_cursor": "round"}
    with Vendor(Said.of({"satisfaction_ratings": [], "meta": meta})) as vendor:
        polled = RATINGS.poll(desk(vendor.url), "", NOW)
    assert not polled.more
    assert len(vendor.asked) == 2


# --- what can't be read


def test_a_record_that_cant_be_read_is_kept_once() -> None:
    odd = rating(1, NOW, updated_at="yesterday", id=["?"])
    with Vendor(Lists("satisfaction_ratings", [odd, "not a record", rating(2, NOW)])) as vendor:
        first = RATINGS.poll(desk(vendor.url), "", NOW)
        again = RATINGS.poll(desk(vendor.url), first.cursor, NOW + timedelta(minutes=5))
    assert [key.partition(":")[0] for key, _ in first.deliveries] == ["", "2"]
    assert first.deliveries == again.deliveries


def test_half_an_emoji_does_not_stop_the_poll() -> None:
    with Vendor(Lists("satisfaction_ratings", [rating(1, NOW, comment="cut \ud83d")])) as vendor:
        [told] = answers(RATINGS, RATINGS.poll(desk(vendor.url), "", NOW))
    assert told.answer.words == "cut ?"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"satisfaction_ratings": 7}', b"[" * 99999]
)
def test_a_list_that_cant_be_read_is_asked_for_again(body: bytes) -> None:
    with Vendor(Said(body=body)) as vendor, pytest.raises(Undeliverable) as error:
        RATINGS.poll(desk(vendor.url), "", NOW)
    assert error.value.retry_after


def test_a_refusal_is_told() -> None:
    with (
        Vendor(Said.of({"error": "Forbidden"}, 403)) as vendor,
        pytest.raises(Undeliverable) as error,
    ):
        SURVEYS.poll(desk(vendor.url), "", NOW)
    assert "403" in str(error.value)


# --- surveys


def test_surveys_are_asked_for_as_documented() -> None:
    source = ZendeskSurveys(name="surveys", look_back=timedelta(days=7))
    with Vendor(Lists("survey_responses", [])) as vendor:
        source.poll(desk(vendor.url), "", NOW)
    [asked] = vendor.asked
    assert urlsplit(asked.path).path == "/api/v2/guide/survey_responses"
    assert query(asked) == {
        "filter[created_at_start]": str(int((NOW - timedelta(days=7)).timestamp()) * 1000),
        "sort": "id",
        "page[size]": "100",
    }


def test_a_survey_counts_once_it_is_answered_and_again_when_it_is_changed() -> None:
    lists = Lists("survey_responses", [response("01KA")])
    lists.users = [{"id": 77, "name": "Ada", "email": "ada@example.com", "phone": "+15005550006"}]
    with Vendor(lists) as vendor:
        sent = SURVEYS.poll(desk(vendor.url), "", NOW)
        assert sent.deliveries == ()

        lists.pages = ([response("01KA", (1, NOW + timedelta(hours=1)))],)
        given = SURVEYS.poll(desk(vendor.url), sent.cursor, NOW + timedelta(hours=2))
        [told] = answers(SURVEYS, given)
        assert (told.subject, told.answer.score) == ("zendesk:4711", 0.0)
        assert told.answer.contact.email == "ada@example.com"

        lists.pages = ([response("01KA", (5, NOW + timedelta(hours=3)))],)
        changed = SURVEYS.poll(desk(vendor.url), given.cursor, NOW + timedelta(hours=4))
        [better] = answers(SURVEYS, changed)
        assert better.answer.score == 1.0
        assert better.answer.id == told.answer.id
        assert better.id != told.id
        assert changed.deliveries[0][0] != given.deliveries[0][0]


def test_nobody_is_looked_up_where_there_is_no_news() -> None:
    with Vendor(
        Lists("survey_responses", [response("01KA", (1, NOW - timedelta(days=9)))])
    ) as vendor:
        assert SURVEYS.poll(desk(vendor.url), "", NOW).deliveries == ()
    assert len(vendor.asked) == 1
