"""A row for each update: what differs from the row before has happened."""

from __future__ import annotations

from pathlib import Path

from bridge.domain.model import (
    Assigned,
    Category,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Replied,
    StatusChanged,
    Tagged,
    Touched,
)
from bridge.domain.ticket import fold_all
from bridge.insight.backtest.cases import Case
from bridge.insight.backtest.mapping import parse_mapping
from tests.backtest.histories import DESK, after, at, example, read, written

HEAD = ("case", "time", "who", "team", "agent", "state", "priority")


def kinds(case: Case) -> list[str]:
    return [type(event).__name__ for event in case.events]


def test_differences_become_events(tmp_path: Path) -> None:
    log = written(
        tmp_path,
        [
            HEAD,
            ("17", at(), "ana", "Desk", "", "new", "Low"),
            ("17", at(hours=1), "ana", "Desk", "ana", "open", "Low"),
            ("17", at(hours=2), "ben", "Lab", "ben", "open", "High"),
            ("17", at(hours=3), "ben", "Lab", "ben", "open", "High"),
            ("17", at(hours=4), "ben", "Lab", "ben", "closed", "High"),
        ],
    )
    [case], found = read(log, DESK + '[replies]\nwhen = "another actor"\n')
    opened, taken, begun, over, urgent, said, *rest = case.events
    assert isinstance(opened, Opened)
    assert (opened.by, opened.at, opened.subject) == (Party.CUSTOMER, after(), "case:17")
    assert opened.seen is not None
    assert (opened.seen.team, opened.seen.status, opened.seen.priority) == ("Desk", "new", "low")
    assert isinstance(taken, Assigned)
    assert (taken.team, taken.agent) == (None, "ana")
    assert isinstance(begun, StatusChanged)
    assert begun.means is Category.OPEN
    assert isinstance(over, Assigned)
    assert (over.team, over.agent, over.actor) == ("Lab", "ben", "ben")
    assert isinstance(urgent, PriorityChanged)
    assert urgent.priority == "high"
    assert isinstance(said, Replied)
    assert (said.public, said.by, said.at) == (True, Party.AGENT, after(hours=2))
    assert [type(event) for event in rest] == [Replied, Replied, StatusChanged]
    assert (case.opened_at, case.resolved_at, case.closed_at) == (after(), *[after(hours=4)] * 2)
    assert case.facts == {"priority": "Low"}
    assert found.kinds == {
        "Opened": 1,
        "Assigned": 2,
        "StatusChanged": 2,
        "PriorityChanged": 1,
        "Replied": 3,
    }
    assert (found.rows, found.cases, found.still_open) == (5, 1, 0)
    assert (found.began, found.until) == (after(), after(hours=4))


def test_events_are_in_the_order_in_which_they_fold(tmp_path: Path) -> None:
    log = written(
        tmp_path,
        [HEAD, *[("7", at(), who, who, who, "open", "") for who in ("ana", "ben", "cem")]],
    )
    [case], _ = read(log, DESK)
    assert list(case.events) == sorted(case.events, key=lambda event: event.order)
    assert len({event.id for event in case.events}) == len(case.events) == 3
    ticket = fold_all(case.events)
    assert ticket is not None
    assert (ticket.agent, len(ticket.handoffs)) == ("cem", 2)


def test_a_row_on_which_nothing_changed_is_a_touch(tmp_path: Path) -> None:
    log = written(
        tmp_path, [HEAD, *[("7", at(hours=h), "ana", "", "", "open", "") for h in (0, 1)]]
    )
    assert kinds(read(log, DESK)[0][0]) == ["Opened", "Touched"]


def test_a_case_may_have_been_opened_before_its_first_row(tmp_path: Path) -> None:
    mapping = DESK.replace('case = "case"', 'case = "case"\nopened = "since"')
    log = written(
        tmp_path,
        [
            (*HEAD, "since"),
            ("7", at(hours=2), "ana", "Desk", "", "new", "", at()),
            ("8", at(hours=2), "ana", "Desk", "", "new", "", at(hours=3)),
        ],
    )
    [early, odd], _ = read(log, mapping)
    assert [type(event) for event in early.events] == [Opened, Touched]
    assert early.opened_at == after()
    assert early.events[0].seen is not None
    assert early.events[0].seen.team is None  # nobody knew then
    assert odd.opened_at == after(hours=2)
    assert kinds(odd) == ["Opened"]


def test_of_updates_an_empty_value_is_as_it_was(tmp_path: Path) -> None:
    rows = [
        HEAD,
        ("7", at(), "ana", "Desk", "ana", "open", "high"),
        ("7", at(hours=1), "ana", "", "", "waiting", ""),
        ("7", at(hours=2), "ana", "", "ben", "", ""),
    ]
    log = written(tmp_path, rows)
    [sparse], _ = read(log, DESK + '[file]\nrows = "updates"\n')
    assert kinds(sparse) == ["Opened", "StatusChanged", "Assigned"]
    [whole], _ = read(log, DESK)
    assert kinds(whole) == ["Opened", "Assigned", "PriorityChanged", "StatusChanged", "Assigned"]
    last = whole.events[1]
    assert isinstance(last, Assigned)
    assert (last.team, last.agent) == ("", "")


def test_zendesk_events(tmp_path: Path) -> None:
    head = (
        "ticket_id", "created_at", "author_id", "public", "comment", "status", "group_id",
        "assignee_id", "priority", "requester_id", "organization_id", "tags", "satisfaction_score",
    )  # fmt: skip
    nothing = [""] * 5
    log = written(
        tmp_path,
        [
            head,
            (9, at(), 5, "true", "It broke", "new", 1, "", "high", 5, 77, "vip, web", ""),
            (9, at(hours=1), 2, "false", "Lab?", "", "", 2, "", 5, 77, "", ""),
            (9, at(hours=2), 2, "true", "Please wait", "pending", *nothing, "vip web slow", ""),
            (9, at(hours=3), 5, "true", "No", "open", *nothing, "", ""),
            (9, at(hours=4), 2, "", "", "solved", *nothing, "", ""),
            (9, at(hours=5), 5, "", "Rude", "", *nothing, "", "bad"),
        ],
    )
    [case], _ = read(log, example("zendesk-events"))
    opened, *rest = case.events
    assert isinstance(opened, Opened)
    assert opened.text == "It broke"
    assert opened.seen is not None
    assert (opened.seen.tags, opened.seen.organisation) == (("vip", "web"), "77")
    said = [event for event in rest if isinstance(event, Replied)]
    assert [(one.public, one.by, one.text) for one in said] == [
        (False, Party.AGENT, "Lab?"),
        (True, Party.AGENT, "Please wait"),
        (True, Party.CUSTOMER, "No"),
    ]
    assert [(one.added, one.removed) for one in rest if isinstance(one, Tagged)] == [
        (("slow",), ())
    ]
    [rated] = [event for event in rest if isinstance(event, Rated)]
    assert (rated.answer.score, rated.answer.words, rated.answer.raw) == (0, "Rude", "bad")
    assert (case.id, case.requester, case.account) == ("zendesk:9", "5", "77")
    outcome = case.outcomes["low score"]
    assert (outcome.bad, outcome.at) == (True, after(hours=5))


def test_service_now_rows(tmp_path: Path) -> None:
    head = (
        "number", "incident_state", "made_sla", "caller_id", "opened_at", "sys_updated_by",
        "sys_updated_at", "contact_type", "location", "category", "priority", "assignment_group",
        "assigned_to",
    )  # fmt: skip
    same = ("Phone", "Oslo", "Mail")
    log = written(
        tmp_path,
        [
            head,
            (
                "1",
                "New",
                "true",
                "c",
                "1/3/2026 08:00",
                "a",
                "1/3/2026 08:10",
                *same,
                "3",
                "T1",
                "?",
            ),
            (
                "1",
                "Active",
                "true",
                "c",
                "1/3/2026 08:00",
                "b",
                "1/3/2026 09:00",
                *same,
                "3",
                "T1",
                "b",
            ),
            (
                "1",
                "Resolved",
                "true",
                "c",
                "1/3/2026 08:00",
                "b",
                "9/3/2026 09:00",
                *same,
                "3",
                "T1",
                "b",
            ),
            (
                "1",
                "Closed",
                "false",
                "c",
                "1/3/2026 08:00",
                "s",
                "14/3/2026 9:00",
                *same,
                "3",
                "T1",
                "b",
            ),
            (
                "2",
                "New",
                "true",
                "c",
                "2/3/2026 08:00",
                "a",
                "2/3/2026 08:00",
                *same,
                "3",
                "?",
                "?",
            ),
            (
                "3",
                "New",
                "true",
                "c",
                "2/3/2026 08:00",
                "a",
                "2/3/2026 08:00",
                *same,
                "1",
                "?",
                "?",
            ),
        ],
        "incidents.csv.gz",
    )
    [missed, open_], found = read(log, example("servicenow"))
    assert missed.deadline_at is not None
    assert missed.outcomes["missed sla"].bad is True
    assert missed.outcomes["missed sla"].at == missed.deadline_at
    assert open_.outcomes["missed sla"].bad is None
    assert open_.closed_at is None
    assert open_.contacts == (missed.opened_at,)
    assert missed.requester == "customer:c"  # their ids are none of those who work on it
    assert (found.left_out, found.cases) == (1, 2)
    seen = open_.events[0].seen
    assert seen is not None
    assert seen.team is None


def test_states_that_are_not_named_are_told(tmp_path: Path) -> None:
    log = written(tmp_path, [HEAD, ("7", at(), "ana", "", "", "parked", "")])
    [case], found = read(log, DESK)
    assert case.closed_at is None
    assert found.flaws["a state that [states] does not name: taken as open"].rows == [1]


def test_what_robots_and_customers_do_is_theirs(tmp_path: Path) -> None:
    more = """
        [replies]
        when = "every row"
        [customer]
        when = "column"
        column = "who"
        values = ["omar"]
        [robots]
        when = "column"
        column = "who"
        values = ["Robot"]
    """
    rows = [
        ("7", at(hours=h), who, "", "", "open", "")
        for h, who in enumerate(["omar", "robot", "ana"])
    ]
    [case], _ = read(written(tmp_path, [HEAD, *rows]), parse_mapping(DESK + more))
    assert [event.by for event in case.events] == [Party.CUSTOMER, Party.SYSTEM, Party.AGENT]
    assert kinds(case) == ["Opened", "Replied", "Replied"]
