"""A ticket's way from hand to hand, however its saves are told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.model import AnyEvent, Seen, Ticket
from bridge.domain.ticket import fold_all
from tests.stories import at, moved, opened, reported, ticket


def handoffs(*events: AnyEvent) -> list[str]:
    return [f"{h.of} {h.source}>{h.target}" for h in ticket(*events).handoffs]


FIRST = moved("09:00", team="T1", agent="A1")


def test_the_first_team_and_agent_are_no_handoff() -> None:
    assert handoffs(FIRST) == []


def test_another_team_or_agent_is_one() -> None:
    assert handoffs(FIRST, moved("10:00", team="T2")) == ["team T1>T2"]
    assert handoffs(FIRST, moved("10:00", agent="A2")) == ["agent A1>A2"]


def test_there_and_back_are_two() -> None:
    there, back = moved("10:00", team="T2"), moved("11:00", team="T1")
    assert handoffs(FIRST, there, back) == ["team T1>T2", "team T2>T1"]


@pytest.mark.parametrize("save", ["", "s1"])
def test_team_and_agent_in_one_save_are_one_in_either_order(save: str) -> None:
    for first, second in permutations([{"team": "T2"}, {"agent": "A2"}]):
        events = moved("10:00", save=save, **first), moved("10:00", save=save, **second)
        assert handoffs(FIRST, *events) == ["team T1>T2"]
        later = moved("11:00", agent="A3", save="s2")
        assert handoffs(FIRST, *events, later) == ["team T1>T2", "agent A2>A3"]


def test_a_report_and_the_event_itself_are_one() -> None:
    event = moved("10:01", team="T2", agent="A2", save="s1")
    for report in (
        reported("10:00", team="T2", agent="A2"),
        reported("10:01", team="T2", save="s1"),
        reported("10:02", team="T2", agent="A2"),
    ):
        assert handoffs(FIRST, report, event) == ["team T1>T2"]


def test_a_save_that_is_named_and_one_that_is_not_are_one_if_they_are_of_one_instant() -> None:
    report = reported("10:00", team="T2")
    assert handoffs(FIRST, report, moved("10:00", agent="A2", save="s1")) == ["team T1>T2"]


def test_two_saves_of_one_instant_are_two() -> None:
    events = moved("10:00", team="T2", save="s1"), moved("10:00", team="T3", save="s2")
    assert handoffs(FIRST, *events) == ["team T1>T2", "team T2>T3"]


def test_of_one_save_only_what_it_comes_to_counts() -> None:
    on = moved("10:00", team="T2", save="s1"), moved("10:00", team="T3", save="s1")
    assert handoffs(FIRST, *on) == ["team T1>T3"]
    back = moved("10:00", agent="A2", save="s1"), moved("10:00", agent="A1", save="s1")
    assert handoffs(FIRST, *back) == []


def test_nobody_between_does_not_hide_one() -> None:
    gap = moved("10:00", team="", agent="")
    assert handoffs(FIRST, gap, moved("11:00", team="T2")) == ["team T1>T2"]
    assert handoffs(FIRST, gap, moved("11:00", team="T1", agent="A2")) == ["agent A1>A2"]
    assert handoffs(FIRST, gap, moved("11:00", team="T1", agent="A1")) == []


def test_the_first_agent_in_a_new_team_is_none() -> None:
    for first, second in permutations([{"team": "T2"}, {"agent": ""}]):
        leaves = moved("10:00", save="s1", **first), moved("10:00", save="s1", **second)
        assert handoffs(FIRST, *leaves, moved("11:00", agent="A2")) == ["team T1>T2"]


def test_who_is_taken_off_after_the_move_did_not_go_along() -> None:
    leaves = moved("10:00", team="T2", save="s1"), moved("10:01", agent="", save="s2")
    assert handoffs(FIRST, *leaves, moved("11:00", agent="A2")) == ["team T1>T2"]


def test_who_came_in_the_new_team_and_lets_go_hands_over_to_the_next() -> None:
    events = moved("10:00", team="T2", agent=""), moved("10:05", agent="A2")
    gap = moved("11:00", agent=""), moved("11:30", agent="A3")
    assert handoffs(FIRST, *events, *gap) == ["team T1>T2", "agent A2>A3"]


def test_who_goes_along_to_the_new_team_can_hand_over_there() -> None:
    events = moved("10:00", team="T2"), moved("11:00", agent="A2")
    assert handoffs(FIRST, *events) == ["team T1>T2", "agent A1>A2"]


people = st.sampled_from(["", "1", "2", "3"])
steps = st.lists(st.tuples(people, people), max_size=8)


@settings(deadline=None)
@given(steps)
def test_how_a_save_is_told_does_not_matter(saves: list[tuple[str, str]]) -> None:
    def tell(how: str) -> Ticket:
        events: list[AnyEvent] = [opened("09:00", seen=Seen(team="9", agent="9"))]
        for n, (team, agent) in enumerate(saves):
            when, save = f"10:{n:02}", f"s{n}"
            parts: dict[str, AnyEvent] = {
                "team": moved(when, team=team, save=save),
                "agent": moved(when, agent=agent, save=save),
                "both": moved(when, team=team, agent=agent, save=save),
                "report": reported(when, team=team, agent=agent, save=save),
            }
            events += [replace(parts[p], seq=i, id=f"{n}:{i}") for i, p in enumerate(how.split())]
        made = fold_all(events)
        assert made is not None
        return replace(made, as_of=(at("12:00"), 0, ""), set_at={})

    ways = ("team agent", "agent team", "both", "report", "report agent team", "team report")
    assert len({repr(tell(way)) for way in ways}) == 1
