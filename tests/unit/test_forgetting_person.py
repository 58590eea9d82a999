"""How one person is found in what is stored, and what stands in their place."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.domain.forgetting import Person, phone_of

MARK = "erased-1"
ANNA = Person(
    emails=("anna@example.org",),
    phones=("4930123456",),
    names=("Anna Weber", "Anna"),
    desk_users=("zendesk:17",),
    mark=MARK,
)
OLAF = Person(
    emails=("olaf@example.com",), names=("Olaf Lind",), keys=("olaf",), ours=True, mark=MARK
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to Anna@Example.org.", f"write to {MARK}."),
        ("<anna@example.org>", f"<{MARK}>"),
        ("joanna@example.org", "joanna@example.org"),
        ("anna@example.org.au", "anna@example.org.au"),
        ("anna@example.orgs", "anna@example.orgs"),
        ("call +49 30 123456, now", f"call {MARK}, now"),
        ("(4930) 123-456", f"({MARK}"),
        ("14930123456", "14930123456"),
        ("49301234567", "49301234567"),
        ("zendesk:17", f"zendesk:{MARK}"),
        ("zendesk:170", "zendesk:170"),
        ("Anna Weber", "Anna Weber"),
    ],
)
def test_addresses_and_numbers_are_found_whole(text: str, left: str) -> None:
    assert ANNA.taken_out(text) == left


def test_a_customers_name_counts_only_in_what_is_theirs() -> None:
    told = "Anna Weber called; anna weber is angry. Anna has left."
    assert ANNA.taken_out(told) == told
    assert ANNA.taken_out(told, names=True) == f"{MARK} called; {MARK} is angry. Anna has left."


def test_one_of_ours_is_found_by_name_and_key() -> None:
    body: dict[str, Any] = {
        "owner": {"key": "olaf", "name": "Olaf Lind", "email": "olaf@example.com"},
        "ended": "resolved by Olaf Lind: recovered",
        "people": [{"key": "ana"}],
        "nested": [["olaf@example.com", 3, None, True]],
    }
    assert OLAF.taken_out(body) == {
        "owner": {"key": MARK, "name": MARK, "email": MARK},
        "ended": f"resolved by {MARK}: recovered",
        "people": [{"key": "ana"}],
        "nested": [[MARK, 3, None, True]],
    }


def test_what_has_their_contact_loses_what_they_said() -> None:
    answers = [
        {"id": "1", "score": 0.2, "words": "Bad", "contact": {"email": "ANNA@example.org"}},
        {"id": "2", "score": 0.2, "words": "Bad", "contact": {"phone": "0049 30 123456"}},
        {"id": "3", "score": 0.2, "words": "Bad", "contact": {"email": "omar@example.org"}},
    ]
    first, second, third = ANNA.taken_out(answers)
    assert first == {"id": "1", "score": 0.2}
    assert second == {"id": "2", "score": 0.2}
    assert third == answers[2]


def test_the_level_of_a_finding_keeps_the_score() -> None:
    found = {"level": "2|Bad||Anna|anna@example.org|", "contact": {"email": "anna@example.org"}}
    assert ANNA.taken_out(found) == {"level": "2|||||"}


def test_what_does_not_name_them_stays_as_it_is() -> None:
    value = {"words": "Bad", "contact": {"email": "omar@example.org"}, "n": 4930123456}
    assert ANNA.taken_out(value) == value


def test_somebody_without_any_name_is_found_nowhere() -> None:
    nobody = Person()
    assert (nobody.loose, nobody.raw) == ("", "")
    assert nobody.taken_out("anything at all") == "anything at all"
    assert not nobody.is_in({"email": "", "phone": ""})


def test_bytes_are_looked_through_as_postgresql_shows_them() -> None:
    someone = Person(emails=("a@example.org",), names=("Ana Ríos",))
    assert someone.raw == r"a@example\.org|a%40example\.org|Ana\ R\\303\\255os"


@pytest.mark.parametrize(
    ("written", "digits"),
    [("+49 (30) 12 34-56", "4930123456"), ("0049 30 123456", "4930123456"), ("110", ""), ("", "")],
)
def test_a_number_is_its_digits(written: str, digits: str) -> None:
    assert phone_of(written) == digits
