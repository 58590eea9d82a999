"""Who changed what, and what it was before: field by field, found again, and taken along as a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from bridge.domain.viewing import Role
from bridge.store import audit
from bridge.web.pages.admin.audit_words import NOTHING, Changed, changes
from tests.flow.conftest import Office
from tests.flow.visitors import Visitor, visitor

PAGE = "/admin/audit"


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def write(
    office: Office, *, who: str = "ada@example.com", what: str = "team changed", **kept: Any
) -> None:
    with office.world.bridge.engine.begin() as connection:
        audit.write(
            connection,
            office.now,
            **({"who": who, "via": "page", "what": what, "object": "team:Support"} | kept),
        )


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [("b", "2", "3")]),
        ({"a": "x"}, {"a": "x", "b": True}, [("b", NOTHING, "yes")]),
        (
            {"a": "x", "b": ["one", "two"]},
            {"a": ""},
            [("a", "x", NOTHING), ("b", "one, two", NOTHING)],
        ),
        (None, {"a": "x"}, [("a", NOTHING, "x")]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 4}}, [("a.c", "2", "4")]),
        ("old", "new", [("", "old", "new")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a", "b: 1", "b: 2")]),
        ({"a": 1}, {"a": 1}, []),
        (None, None, []),
    ],
)
def test_only_what_differs_is_told(
    before: Any, after: Any, found: list[tuple[str, str, str]]
) -> None:
    assert changes(before, after) == [Changed(*one) for one in found]


def test_nothing_was_changed_yet(ada: Visitor) -> None:
    assert "Nothing was changed yet" in ada.get(PAGE).text


def test_it_is_for_admins_alone(office: Office) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, ["Billing"])
    assert mona.get(PAGE).status_code == 403
    assert mona.get(f"{PAGE}.csv").status_code == 403


def test_a_change_is_told_with_before_and_after(office: Office, ada: Visitor) -> None:
    write(
        office,
        before={"calendar": "office", "manager": "Nils"},
        after={"calendar": "night", "manager": "Nils"},
    )
    page = ada.get(PAGE).text
    for words in ("team changed", "team:Support", "ada@example.com", "calendar", "office", "night"):
        assert words in page
    assert "Nils" not in page.partition("<ol")[2]


def test_it_is_found_by_a_word(office: Office, ada: Visitor) -> None:
    write(office, object="team:Support")
    write(office, object="key:Reports", what="key made")
    page = ada.get(f"{PAGE}?text=reports").text
    assert "key:Reports" in page
    assert "team:Support" not in page
    assert "No change speaks of that" in ada.get(f"{PAGE}?text=nobody").text


def test_what_somebody_wrote_is_shown_as_it_is(office: Office, ada: Visitor) -> None:
    write(office, after={"note": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in ada.get(PAGE).text


def test_a_long_log_has_pages(office: Office, ada: Visitor) -> None:
    for number in range(audit.MOST + 2):
        write(office, object=f"team:T{number:03}")
    first = ada.get(PAGE).text
    assert "team:T101" in first
    assert "team:T001" not in first
    older = first.partition(f'href="{PAGE}?')[2]
    link = next(
        part for part in first.split('"') if part.startswith(f"{PAGE}?") and "before=" in part
    )
    assert older
    second = ada.get(link.replace("&amp;", "&")).text
    assert "team:T001" in second
    assert "team:T002" not in second
    assert "Older changes" not in second


def test_the_whole_of_it_is_a_table_that_no_spreadsheet_runs(office: Office, ada: Visitor) -> None:
    write(office, who="=HYPERLINK(1)", before={"a": 1}, after=None)
    write(office, object="team:Billing")
    answer = ada.get(f"{PAGE}.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["object"] for row in rows] == ["team:Billing", "team:Support"]
    assert rows[1]["who"] == "'=HYPERLINK(1)"
    assert rows[1]["before"] == '{"a":1}'
    only = ada.get(f"{PAGE}.csv?text=billing").text
    assert len(only.splitlines()) == 2
