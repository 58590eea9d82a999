"""The shared plumbing: what an answer means, how long to wait, and words made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests

from bridge.domain.model import Undeliverable
from connectors.budget import Gate, Learnt, Limit
from connectors.http import Refused, redact, retry_after, said, session, transport, verdict
from connectors.plain import cut, plain, web, when
from tests.contract.wire import LOST, Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_is_sent_retry_or_never(status: int) -> None:
    error = verdict(status, {}, "why", who="them")
    if 200 <= status < 300:
        assert error is None
        return
    assert error is not None
    assert str(error) == f"them answered {status}: why"
    passing = status in {408, 409, 425, 429} or status >= 500
    assert (error.retry_after is not None) is passing


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 12:00:30 +0200", 30),
        ("Sat, 21 Nov 2026 10:00:30 -0000", 30),
        ("Fri, 20 Nov 2026 10:00:30 GMT", 1),
        ("99999", 3600),
        (" 30 ", 30),
        ("1.5", None),
        ("Sat, 99 Nov 2026 10:00:30 GMT", None),
        ("9" * 9999, 3600),
    ],
)
def test_the_wait_is_measured_from_now(asked: str, wait: int | None) -> None:
    expected = None if wait is None else timedelta(seconds=wait)
    assert retry_after({"RETRY-AFTER": asked}, NOW) == expected


def test_without_any_clock_a_date_says_nothing() -> None:
    assert retry_after({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT"}) is None


def test_an_address_is_mapped_with_path_and_query() -> None:
    with Vendor(Said.of({}, Set_Cookie="a=1")) as vendor:
        http = session(base_urls={"https://demo.zendesk.com": f"{vendor.url}/zendesk"})
        answer = http.get("https://demo.zendesk.com/api/v2/users.json", params={"q": "a b&c"})
        http.get("https://demo.zendesk.com")
    assert answer.url == "https://demo.zendesk.com/api/v2/users.json?q=a+b%26c"
    assert [one.path for one in vendor.asked] == [
        "/zendesk/api/v2/users.json?q=a+b%26c",
        "/zendesk/",
    ]
    assert "Cookie" not in vendor.asked[1].headers


def test_another_host_with_the_same_beginning_is_not_mapped() -> None:
    with Vendor() as vendor:
        http = session(base_urls={"http://127.0.0.1": vendor.url})
        with pytest.raises(requests.RequestException):
            http.get("http://127.0.0.1.invalid/", timeout=(0.2, 0.2))
    assert not vendor.asked


def test_a_refusal_is_raised_before_an_sdk_can_wait_for_it() -> None:
    def says(_: Asked) -> Said:
        return Said.of({"error": "TooMany"}, 429, Retry_After="1")

    with Vendor(says) as vendor, pytest.raises(Refused, match="429 TooMany") as failure:
        session().get(vendor.url)
    assert failure.value.status == 429
    assert len(vendor.asked) == 1


class Ledger:
    """A budget of so many calls that writes down what becomes of it, and the rules of a vendor with one limit."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.learnt_of: list[tuple[str, Learnt]] = []

    @property
    def gate(self) -> Gate:
        return Gate(account="zendesk", budget=self, rules=self)

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        if not self.calls:
            raise Undeliverable(f"{account}: {limits[0].name}", retry_after=timedelta(seconds=9))
        self.calls -= 1

    def learn(self, account: str, told: Learnt) -> None:
        self.learnt_of.append((account, told))

    def limits(self, method: str, url: str) -> Sequence[Limit]:
        return [Limit(f"{method} {url}", 1, timedelta(seconds=1))]

    def learnt(
        self, method: str, url: str, status: int, headers: Mapping[str, str]
    ) -> Iterable[Learnt]:
        yield Learnt(limit=f"{method} {url} {status}", left=int(headers["X-Left"]))


def test_a_request_for_which_there_is_no_budget_is_not_sent() -> None:
    url, ledger = "https://demo.zendesk.com", Ledger(calls=1)
    with Vendor(Said.of({}, X_Left="7")) as vendor:
        http = session(base_urls={url: vendor.url}, gate=ledger.gate)
        http.get(f"{url}/a")
        with pytest.raises(
            Undeliverable, match=r"zendesk: PUT https://demo\.zendesk\.com/b"
        ) as raised:
            http.put(f"{url}/b")
    assert [asked.path for asked in vendor.asked] == ["/a"]
    assert raised.value.retry_after == timedelta(seconds=9)


def test_what_an_answer_tells_is_learnt_from_a_refusal_as_well() -> None:
    url, ledger = "https://demo.zendesk.com", Ledger(calls=2)
    with Vendor(
        lambda asked: Said.of({}, 429 if asked.path == "/b" else 200, X_Left="7")
    ) as vendor:
        http = session(base_urls={url: vendor.url}, gate=ledger.gate)
        http.get(f"{url}/a")
        with pytest.raises(Refused):
            http.get(f"{url}/b")
    assert ledger.learnt_of == [
        ("zendesk", Learnt(limit=f"GET {url}/a 200", left=7)),
        ("zendesk", Learnt(limit=f"GET {url}/b 429", left=7)),
    ]


def test_an_answer_that_never_came_teaches_nothing() -> None:
    ledger = Ledger(calls=1)
    with Vendor(LOST) as vendor, pytest.raises(requests.ConnectionError):
        session(gate=ledger.gate).get(vendor.url)
    assert (ledger.calls, ledger.learnt_of) == (0, [])


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidURL("Bearer secret"),
        requests.exceptions.InvalidHeader("Bearer secret"),
        requests.exceptions.ConnectionError("Bearer secret"),
        requests.exceptions.ChunkedEncodingError("Bearer secret"),
        TimeoutError("Bearer secret"),
    ],
)
def test_the_words_of_errors_are_left_out(error: Exception) -> None:
    error.__cause__ = error  # libraries do wrap in circles
    found = transport(error, who="them")
    assert "secret" not in str(found)
    assert (found.retry_after is None) is isinstance(error, ValueError)
    assert found.unsure is not isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"Rate limit", ""),
        (b"<html>Anna said so</html>", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b"[]", ""),
        (b'{"error": 7, "description": ["x"], "details": [1]}', ""),
        (b'{"error": "A\\u0000\\nB", "description": "C"}', "A B: C"),
        (b'{"error": "A", "description": "A"}', "A"),
        (b'{"error": {"title": "Forbidden", "message": "No"}}', "Forbidden: No"),
        (b'{"error": "invalid_scope", "error_description": "no"}', "invalid_scope: no"),
        (b'{"details": {"status": [{"description": "is closed"}, 7], "x": 1}}', "is closed"),
        (b'{"errorMessages": ["No", 7], "errors": {"labels": "is odd", "x": []}}', "No: is odd"),
        (b'{"errorMessages": "x", "errors": ["y"], "message": {"a": "b"}}', ""),
        (b'{"errorMessage": "Not an agent", "i18nErrorMessage": {"x": "y"}}', "Not an agent"),
        (b'{"message": "Unavailable", "status-code": 503}', "Unavailable"),
    ],
)
def test_only_the_vendors_own_reason_is_taken(body: bytes, words: str) -> None:
    assert said(body) == words


def test_a_reason_is_short() -> None:
    assert len(redact(said(b'{"error": "' + b"x" * 9999 + b'"}'), [])) == 160


def test_no_part_of_a_secret_is_left_where_a_reason_is_cut() -> None:
    for before in range(140, 170):
        assert "tok" not in redact(said(b'{"error": "' + b"x" * before + b'token"}'), ["token"])


def test_secrets_are_cut_out() -> None:
    assert redact("a token-long and a token", ["token", "token-long", ""]) == "a … and a …"


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("a\r\nb\rc\u2028d", "a b c d", "a\nb\nc\nd"),
        ("a\n\n\n\n\nb  \n", "a b", "a\n\nb"),
        ("\x00a\x1b[31m\u202eb\u202c\ufeff", "a[31mb", "a[31mb"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd", "😀 \ufffd"),
        ("👩\u200d👧", "👩\u200d👧", "👩\u200d👧"),
        ("\t a\tb", "a b", "a b"),
        ("", "", ""),
    ],
)
def test_plain_words(text: str, line: str, lines: str) -> None:
    assert plain(text) == line
    assert plain(text, lines=True) == lines


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀", 3, "😀…"),
        ("a&b", 7, "a&b"),
        ("a&b", 6, "a…"),
        ("abc", 1, "…"),
    ],
)
def test_words_are_cut_as_the_strictest_would_count(text: str, limit: int, short: str) -> None:
    assert cut(text, limit) == short


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/x?a=1&b=2", "https://a.example/x?a=1&b=2"),
        (" https://a.example/x ", "https://a.example/x"),
        ("https://a.example/a|b>c", "https://a.example/a%7Cb%3Ec"),
        ("https://a.example/a b", ""),
        ('https://a.example/"', ""),
        ("javascript:alert(1)", ""),
        ("ftp://a.example", ""),
        ("https://a.example/" + "a" * 2000, ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, link: str) -> None:
    assert web(url) == link


def test_a_moment_is_told_in_utc() -> None:
    assert when(datetime(2026, 11, 1, 1, 5, tzinfo=timezone(timedelta(hours=2)))) == (
        "31 Oct 2026, 23:05 UTC"
    )
