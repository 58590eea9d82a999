"""Reading what vendors send, and saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import Unreadable
from connectors import Incoming
from connectors.reading import Node, decode, decode_form, fingerprint, moment, only_post, subject

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-02T09:30:00Z", 0),
        ("2026-03-02T09:30Z", 0),
        ("2026-03-02T09:30:00.5Z", 500_000),
        ("2026-03-02T09:30:00.123Z", 123_000),
        ("2026-03-02T09:30:00.123456Z", 123_456),
        ("2026-03-02T09:30:00.123456789Z", 123_456),
        ("2026-03-02T10:30:00.000+01:00", 0),
        ("2026-03-02T10:30:00.000+0100", 0),
        ("2026-03-02T04:00:00-05:30", 0),
        ("2026-03-02 09:30:00 UTC", 0),
        ("2026-03-02 09:30:00.000000000 +0000", 0),
        ("2026-03-02T09:30:00", 0),
        ("1772443800", 0),
        ("1772443800123", 123_000),
    ],
)
def test_times_of_every_kind(text: str, microsecond: int) -> None:
    assert moment(text) == NOW.replace(microsecond=microsecond)
    assert moment(text).tzinfo is UTC


def test_times_as_numbers_and_days() -> None:
    assert moment(1772443800) == moment(1772443800.0) == moment(1772443800000) == NOW
    assert moment("2026-03-02") == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-02-30T09:30:00Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T09:30:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-03-02",
        "2026-03-02\x00",
        "9" * 16,
        1,
        1e300,
        float("nan"),
        10**400,
    ],
    ids=lambda value: str(value)[:30],
)
def test_impossible_times(value: str | float) -> None:
    with pytest.raises(Unreadable, match="expected a time"):
        moment(value)


@given(
    st.datetimes(
        timezones=st.timezones()
        | st.builds(timezone, st.timedeltas(-timedelta(hours=23), timedelta(hours=23)))
    )
)
def test_any_time_there_is_comes_back_or_is_refused(at: datetime) -> None:
    try:
        read = moment(at.isoformat())
    except Unreadable:
        return  # a zone with seconds, or over the edge of the calendar
    assert read == at.astimezone(UTC)


def test_a_complaint_names_the_field() -> None:
    body = decode(b'{"detail": {"id": null, "tags": [1, {}], "who": "Ada"}}')
    cases: list[tuple[Callable[[], Any], str]] = [
        (
            lambda: body["detail"]["id"].id(need=True),
            "detail.id: expected a string or a number, got null",
        ),
        (
            lambda: body["detail"]["no"].id(need=True),
            "detail.no: expected a string or a number, got nothing",
        ),
        (
            body["detail"]["tags"].tags,
            r"detail.tags\[1\]: expected a string, got an object",
        ),
        (
            lambda: body["detail"]["who"]["id"],
            "detail.who: expected an object, got the string 'Ada'",
        ),
        (body["detail"].text, "detail: expected a string, got an object"),
        (body["detail"].time, "detail: expected a time, got an object"),
        (body["detail"]["who"].time, "detail.who: expected a time, got 'Ada'"),
        (body["detail"]["who"].number, "detail.who: expected a number"),
        (body["detail"]["who"].flag, "detail.who: expected yes or no"),
        (lambda: list(body["detail"].items()), "detail: expected a list, got an object"),
        (body["detail"]["tags"].members, "detail.tags: expected an object, got a list"),
    ]
    for read, words in cases:
        with pytest.raises(Unreadable, match=f"^{words}"):
            read()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("4711", "4711"),
        (4711, "4711"),
        (4711.0, "4711"),
        (0, "0"),
        (" a ", "a"),
        (None, ""),
        ("", ""),
    ],
)
def test_ids(value: object, name: str) -> None:
    assert Node(value, "id").id() == name


@pytest.mark.parametrize(
    "value",
    [True, 1.5, 2**70, [], {}, "x" * 201, "a\x00b", "a\nb", 1e300],
    ids=lambda v: str(v)[:9],
)
def test_what_is_no_id(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^id: "):
        Node(value, "id").id()


def test_texts_and_lists() -> None:
    assert Node(" a\x00b ").text() == "ab"
    assert Node(4).text() == "4"
    assert Node("a  b").tags() == Node(["a", "", None, "b"]).tags() == ("a", "b")
    assert Node("https://example.com/a?b=1").link() == "https://example.com/a?b=1"
    for text in ("javascript:alert(1)", "https://a b", "ftp://example.com", 'https://x"y', ""):
        assert Node(text).link() == ""


def test_numbers_and_flags() -> None:
    assert Node("4,5").number() == Node(4.5).number() == 4.5
    assert Node("").number() is Node(None).number() is None
    assert Node("Yes").flag() is Node(True).flag() is Node(1).flag() is True
    assert Node("0").flag() is Node(False).flag() is False
    assert Node("").flag() is Node(None).flag() is None


def test_a_form_is_a_flat_object() -> None:
    form = decode_form(b"score=0&comment=a+b%21&score=9&empty=")
    assert form.value == {"score": "0", "comment": "a b!", "empty": ""}


def test_a_fingerprint_is_of_the_content() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})


def test_whose_answer_it_is() -> None:
    assert subject("nps", "zendesk", "#4711", "a1") == "zendesk:4711"
    assert subject("nps", "jsm", "SUP-7", "a1") == "jsm:SUP-7"
    for ticket in ("", "xxxxx", "{{ticket.id}}", "a b", "../1", "x" * 65):
        assert subject("nps", "zendesk", ticket, "a1") == "answer:nps:a1"
    assert subject("nps", "", "4711", "a1") == "answer:nps:a1"


def test_only_post_is_a_delivery() -> None:
    assert only_post(Incoming(headers={}, received_at=NOW)) is None
    for method in ("GET", "HEAD", "PUT"):
        answer = only_post(Incoming(method=method, headers={}, received_at=NOW))
        assert answer is not None
        assert answer.status == 405
