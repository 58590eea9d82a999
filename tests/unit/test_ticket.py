"""Events add up to a ticket, in whatever order and however often they come."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.goals import GOALS, Goal
from bridge.domain.judge import Policy, judge
from bridge.domain.model import (
    Answer,
    AnyEvent,
    Assigned,
    Category,
    Checked,
    Contact,
    Due,
    Elapsed,
    Event,
    Gone,
    Handoff,
    Heard,
    Measure,
    Measured,
    Member,
    Opened,
    Party,
    Phase,
    Press,
    Pressed,
    PriorityChanged,
    Rated,
    Read,
    Relation,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Ticket,
    Touched,
    VendorClock,
)
from bridge.domain.rules import rules
from bridge.domain.ticket import (
    LAST_MEASURES,
    LONGEST_SAID,
    STATUSES,
    fold,
    fold_all,
    late,
)
from tests.stories import (
    NINE_TO_FIVE,
    agent_answered,
    agent_noted,
    at,
    became,
    customer_wrote,
    gone,
    moved,
    opened,
    ranked,
    rated,
    reported,
    ticket,
)

POLICY = Policy(
    rules=tuple(rule() for rule in rules().values()),
    goals=tuple(Goal(name=n, targets={"": timedelta(hours=1)}, warn=(0.5,)) for n in GOALS),
    hours=NINE_TO_FIVE,
)

# --- any order, any repeats ----------------------------------------------------------------------

people = st.sampled_from(["", "1", "2", "3"])
maybe = st.none() | people
words = st.sampled_from(["new", "open", "pending", "on-hold", "solved", "closed", "odd"])
tags = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
moments = st.integers(0, 5).map(lambda n: at("09:00") + timedelta(minutes=25 * n))
scores = st.none() | st.sampled_from([0.0, 0.4, 1.0])

reports = st.none() | st.builds(
    Seen,
    opened_at=st.none() | moments,
    title=st.none() | st.just("Broken"),
    status=st.none() | words,
    priority=st.none() | st.sampled_from(["", "urgent"]),
    team=maybe,
    agent=maybe,
    tags=st.none() | tags,
    clocks=st.none() | st.just(()) | st.just((VendorClock(name="It"),)),
)
answers = st.builds(
    Answer,
    id=st.sampled_from("xy"),
    score=scores,
    raw=st.sampled_from(["", "0"]),
    words=st.sampled_from(["", "Awful"]),
    resolved=st.none() | st.booleans(),
)


def happening(kind: Any, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        id=st.just(""),
        subject=st.just("zendesk:1"),
        at=moments,
        seq=st.integers(0, 1),
        save=st.sampled_from(["", "s1", "s2"]),
        by=st.sampled_from(Party),
        actor=people,
        seen=reports,
        **fields,
    )


happenings: st.SearchStrategy[AnyEvent] = st.one_of(
    happening(Opened),
    happening(Replied, public=st.booleans()),
    happening(StatusChanged, status=words),
    happening(PriorityChanged, priority=st.sampled_from(["low", "urgent"])),
    happening(Assigned, team=maybe, agent=maybe),
    happening(Tagged, added=tags, removed=tags),
    happening(Touched),
    happening(Gone, into=people, back=st.booleans()),
    happening(Rated, answer=answers),
    happening(Read),
    happening(
        Due,
        goal=st.sampled_from(["resolution", "first_response"]),
        stage=st.sampled_from(["warn1", "warn2", "breach", "nag1"]),
        started_at=st.none() | moments,
        need=st.none() | st.integers(-1, 3).map(lambda n: timedelta(minutes=25 * n)),
        quiet=st.booleans(),
    ),
)
histories = st.lists(happenings, min_size=1, max_size=12).map(
    lambda events: [replace(event, id=f"e{n}") for n, event in enumerate(events)]
)


@st.composite
def told(draw: st.DrawFn) -> tuple[list[AnyEvent], list[AnyEvent]]:
    """A history, and how we were told of it: in any order, with repeats."""
    history = draw(histories)
    repeats = draw(st.lists(st.sampled_from(history), max_size=6))
    return history, draw(st.permutations(history + repeats))


def in_order(events: list[AnyEvent]) -> Ticket:
    folded: Ticket | None = None
    for event in sorted(events, key=lambda e: e.order):
        folded = fold(folded, event)
    assert folded is not None
    return folded


def as_they_come(events: list[AnyEvent]) -> Ticket:
    """The way of a worker: fold what is new, refold everything when something is late."""
    folded: Ticket | None = None
    stored: dict[str, AnyEvent] = {}
    for event in events:
        stored[event.id] = event
        folded = fold_all(stored.values()) if late(folded, event) else fold(folded, event)
    assert folded is not None
    return folded


@settings(deadline=None)
@given(told())
def test_order_and_repeats_of_what_we_are_told_do_not_matter(
    case: tuple[list[AnyEvent], list[AnyEvent]],
) -> None:
    history, arrivals = case
    assert fold_all(arrivals) == as_they_come(arrivals) == in_order(history)


@settings(deadline=None)
@given(told())
def test_nor_do_they_matter_for_what_is_found(
    case: tuple[list[AnyEvent], list[AnyEvent]],
) -> None:
    history, arrivals = case
    now = at("12:00")
    assert judge(as_they_come(arrivals), POLICY, now) == judge(in_order(history), POLICY, now)


@settings(deadline=None)
@given(histories)
def test_a_ticket_makes_sense(history: list[AnyEvent]) -> None:
    made = in_order(history)
    assert made.as_of == max(event.order for event in history)
    kinds = [phase.category for phase in made.phases]
    assert all(a is not b for a, b in pairwise(kinds))
    assert all(h.source and h.target and h.source != h.target for h in made.handoffs)
    assert made.last_agent == made.agent or not made.agent
    assert len(made.tags) == len(set(made.tags))
    assert bool(made.public_replies) == bool(made.first_reply_at) == bool(made.last_reply_at)


@settings(deadline=None)
@given(histories)
def test_our_own_words_on_a_ticket_never_count(history: list[AnyEvent]) -> None:
    ours = [replace(e, seen=None) for e in history if e.by is Party.BRIDGE and type(e) is Replied]
    others = [e for e in history if e not in ours and e.by is not Party.BRIDGE]
    with_ours, without = fold_all([*others, *ours]), fold_all(others)
    if with_ours and without:
        known = {"as_of": without.as_of, "known_at": without.known_at}
        assert replace(with_ours, **known) == without


def test_no_event_makes_no_ticket() -> None:
    assert fold_all([]) is None
    assert not late(None, opened("09:00"))


def test_an_event_is_late_when_it_belongs_before_what_is_known() -> None:
    first, second = opened("09:00"), customer_wrote("09:00")
    assert not late(ticket(first), second)
    assert late(ticket(first), first)
    assert late(ticket(second), first)


# --- reports -------------------------------------------------------------------------------------

FIRST = moved("09:00", team="T1", agent="A1")


def test_an_events_own_word_goes_before_a_report_that_was_rendered_later() -> None:
    solved = Seen(status="solved", team="T3", priority="low", tags=("z",))
    assert ticket(became("10:00", "open", seen=solved)).phases == (
        Phase(at("10:00"), Category.OPEN),
    )
    assert ticket(FIRST, moved("10:00", team="T2", seen=solved)).handoffs == (
        Handoff(at("10:00"), "team", "T1", "T2"),
    )
    assert ticket(ranked("10:00", "urgent", seen=solved)).priority == "urgent"
    assert ticket(ranked("10:00", "urgent", seen=solved)).team == "T3"


def test_a_report_that_may_be_old_tells_only_what_is_not_known() -> None:
    old = Seen(weak=True, status="open", team="T1", agent="A1", title="Old", priority="low")
    known = ticket(
        moved("10:00", team="T2", agent="A2"),
        became("10:01", "solved"),
        reported("10:02", title="New"),
    )
    after = fold(known, replace(agent_noted("10:03"), seen=old))
    assert (after.status, after.team, after.agent, after.title) == ("solved", "T2", "A2", "New")
    assert after.priority == "low"
    first = ticket(replace(agent_noted("10:00"), seen=old))
    assert (first.status, first.team, first.agent) == ("open", "T1", "A1")


def test_an_event_about_the_team_may_report_the_agent() -> None:
    made = ticket(FIRST, moved("10:00", team="T2", seen=Seen(agent="A2")))
    assert (made.team, made.agent, len(made.handoffs)) == ("T2", "A2", 1)


# --- who waits -----------------------------------------------------------------------------------


def waiting(*events: AnyEvent) -> Any:
    return ticket(*events).waiting_since


def test_the_customer_waits_from_the_oldest_message_that_nobody_answered() -> None:
    assert waiting(opened("09:00")) == at("09:00")
    assert waiting(opened("09:00"), customer_wrote("10:00")) == at("09:00")
    assert waiting(opened("09:00"), customer_wrote("10:00"), agent_answered("11:00")) is None
    assert waiting(
        opened("09:00"), agent_answered("10:00"), customer_wrote("11:00"), customer_wrote("12:00")
    ) == at("11:00")


def test_an_internal_note_a_robot_or_we_ourselves_do_not_answer_them() -> None:
    assert waiting(opened("09:00"), agent_noted("10:00")) == at("09:00")
    for by in (Party.SYSTEM, Party.BRIDGE):
        assert waiting(opened("09:00"), agent_answered("10:00", by=by)) == at("09:00")


def test_a_customers_internal_comment_is_no_message() -> None:
    made = ticket(opened("09:00"), customer_wrote("10:00"))
    assert (made.customer_at, made.customer_messages) == (at("10:00"), 2)
    internal = Replied(id="i", subject="zendesk:1", at=at("10:00"), by=Party.CUSTOMER, public=False)
    assert ticket(internal).customer_messages == 0


def test_nobody_waits_for_a_ticket_that_an_agent_opened() -> None:
    assert waiting(opened("09:00", by=Party.AGENT)) is None


def test_solved_means_answered() -> None:
    assert waiting(opened("09:00"), became("10:00", "solved")) is None


def test_a_customers_reply_reopens_and_waits_in_either_order_of_comment_and_status() -> None:
    before = opened("09:00"), agent_answered("10:00"), became("10:00", "solved")
    reply, status = customer_wrote("11:00", save="s1"), became("11:00", "open", save="s1")
    for events in ((reply, status), (replace(status, seq=1), replace(reply, seq=2))):
        made = ticket(*before, *events)
        assert made.waiting_since == at("11:00")
        assert made.reopened == (at("11:00"),)


def test_first_and_last_replies_are_kept() -> None:
    made = ticket(
        opened("09:00"),
        agent_answered("10:00", actor="1"),
        agent_noted("11:00", actor="2"),
        agent_answered("12:00", actor="3"),
        agent_answered("13:00", by=Party.BRIDGE),
    )
    assert (made.first_reply_at, made.first_reply_by) == (at("10:00"), "1")
    assert (made.last_reply_at, made.last_reply_by, made.public_replies) == (at("12:00"), "3", 2)
    assert (made.internal_at, made.internal_by, made.internal_notes) == (at("11:00"), "2", 1)


# --- statuses ------------------------------------------------------------------------------------


def test_solved_to_closed_is_no_reopening_but_every_return_is() -> None:
    made = ticket(
        became("09:00", "solved"),
        became("10:00", "open"),
        became("11:00", "pending"),
        became("12:00", "solved"),
        became("13:00", "closed"),
        became("14:00", "new"),
    )
    assert made.reopened == (at("10:00"), at("14:00"))


def test_a_desks_own_statuses_have_the_meaning_it_gives_them() -> None:
    own = {**STATUSES, "at the vendor": Category.HOLD}
    made = ticket(became("09:00", "at the vendor"), statuses=own)
    assert (made.status, made.category) == ("at the vendor", Category.HOLD)
    assert ticket(became("09:00", "at the vendor")).category is Category.OPEN


def test_two_words_for_one_category_are_one_phase() -> None:
    made = ticket(became("09:00", "hold"), became("10:00", "on-hold"), became("11:00", "on-hold"))
    assert (made.status, made.phases) == ("on-hold", (Phase(at("09:00"), Category.HOLD),))


def test_a_status_first_heard_of_in_a_report_is_as_old_as_the_ticket() -> None:
    assert ticket(opened("09:00"), reported("10:00", status="pending")).phases == (
        Phase(at("09:00"), Category.PENDING),
    )
    assert ticket(reported("10:00", status="open", opened_at=at("09:00"))).phases == (
        Phase(at("09:00"), Category.OPEN),
    )
    assert ticket(reported("10:00", status="open")).phases == (Phase(at("10:00"), Category.OPEN),)


def test_a_change_of_status_is_no_older_than_itself() -> None:
    assert ticket(opened("09:00"), became("10:00", "pending")).phases == (
        Phase(at("10:00"), Category.PENDING),
    )


# --- the rest ------------------------------------------------------------------------------------


def test_an_answer_grows_the_score_first_and_the_words_later() -> None:
    ana = Contact(name="Ana", phone="+1")
    made = ticket(
        rated("09:00", score=0.0, raw="0", scale="nps", low=0, high=10, contact=ana),
        rated("10:00", words="Awful", resolved=False, contact=Contact(email="a@b.example")),
        rated("11:00", recording="https://calls.example/1"),
        rated("11:00", id="other", score=1.0),
    )
    assert made.answers[0] == Answer(
        id="csat",
        score=0.0,
        raw="0",
        scale="nps",
        low=0,
        high=10,
        words="Awful",
        resolved=False,
        contact=Contact(name="Ana", email="a@b.example", phone="+1"),
        recording="https://calls.example/1",
        at=at("11:00"),
    )
    assert [a.id for a in made.answers] == ["csat", "other"]


def test_an_answer_may_be_changed_also_to_zero() -> None:
    made = ticket(rated("09:00", score=1.0, raw="good"), rated("10:00", score=0.0, raw="bad"))
    assert [(a.score, a.raw) for a in made.answers] == [(0.0, "bad")]


def test_words_may_come_before_the_score() -> None:
    made = ticket(rated("09:00", words="Awful"), rated("10:00", score=0.0, raw="0"))
    assert [(a.score, a.words) for a in made.answers] == [(0.0, "Awful")]


def test_a_ticket_goes_and_comes_back() -> None:
    assert ticket(gone("10:00")).gone == "deleted"
    assert not ticket(gone("10:00")).live
    assert ticket(gone("10:00", into="17")).gone == "merged into 17"
    assert ticket(gone("10:00", why="spam"), gone("11:00", back=True)).live


def test_tags_come_and_go_once() -> None:
    def tagged(when: str, added: str, removed: str = "") -> Tagged:
        return Tagged(
            id=when,
            subject="zendesk:1",
            at=at(when),
            added=tuple(added),
            removed=tuple(removed),
            seen=Seen(tags=("later",)),
        )

    made = ticket(tagged("09:00", "aab"), tagged("10:00", "cb", "a"))
    assert made.tags == ("b", "c")


def test_a_report_fills_in_what_it_says_and_leaves_the_rest() -> None:
    made = ticket(
        reported("09:00", title="Broken", requester="5", organisation="6", brand="7", type="task"),
        reported("10:00", title="", tags=("vip",)),
    )
    assert (made.title, made.requester, made.organisation) == ("", "5", "6")
    assert (made.brand, made.type, made.tags) == ("7", "task", ("vip",))


def test_when_it_was_opened_comes_from_the_event_rather_than_a_report() -> None:
    assert ticket(reported("10:00", opened_at=at("09:00"))).opened_at == at("09:00")
    event = opened("09:01", seen=Seen(opened_at=at("09:00")))
    assert ticket(event, reported("10:00", opened_at=at("08:00"))).opened_at == at("09:01")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Pressed, {"action": Press.ACKNOWLEDGE, "who": Member(name="Mona")}),
        (Elapsed, {"timer": "rise:0"}),
        (Heard, {"better": True}),
        (Checked, {"months": 3, "relation": Relation.STAYED}),
    ],
)
def test_what_becomes_of_an_alert_changes_nothing_of_the_ticket(
    kind: type[Event], more: dict[str, Any]
) -> None:
    first = opened("09:00")
    before = ticket(first)
    event: Any = kind(id="e", subject=before.id, at=at("08:00"), alert="AB-1", **more)
    assert ticket(first, event) == before
    assert not late(before, event)


def said(when: str, text: str, by: Party = Party.CUSTOMER, *, public: bool = True) -> Replied:
    event = Replied(id=when, subject="zendesk:1", at=at(when), by=by, public=public, text=text)
    return replace(event, actor="5", ref=f"c{when}")


def test_what_was_said_in_public_last_is_kept_with_the_ticket() -> None:
    made = ticket(
        replace(opened("09:00"), text="It is broken"),
        said("09:10", "Have you tried turning it off?", Party.AGENT),
        said("09:20", "For us alone: a beginner", Party.AGENT, public=False),
        said("09:30", "   "),
        said("09:40", "I have"),
    )
    assert [(one.at, one.text) for one in made.messages] == [
        (at("09:00"), "It is broken"),
        (at("09:40"), "I have"),
    ]
    assert [(one.ref, one.text) for one in made.updates] == [
        ("c09:10", "Have you tried turning it off?")
    ]


def test_of_many_and_long_messages_the_last_and_their_beginnings_are_kept() -> None:
    many = [said(f"10:{n:02}", f"{n} " + "x" * 3 * LONGEST_SAID) for n in range(9)]
    kept = ticket(*many).messages
    assert [one.text[0] for one in kept] == ["4", "5", "6", "7", "8"]
    assert {len(one.text) for one in kept} == {LONGEST_SAID}


def measured(when: str, value: float, metric: str = "backlog", **more: Any) -> Measured:
    name = f"{metric} {when} {value}"
    subject = "team:Billing"
    return Measured(id=name, subject=subject, at=at(when), metric=metric, value=value, **more)


def test_figures_of_a_subject_are_kept_by_metric_the_newest_of_one_moment() -> None:
    made = ticket(
        measured("09:00", 4),
        measured("10:00", 6, seq=1),
        measured("10:00", 7, seq=2, usual=5.0, chance=0.01, team="Billing"),
        measured("10:00", 0.8, "satisfaction", of=20),
    )
    assert made.measures == {
        "backlog": (Measure(at("09:00"), 4), Measure(at("10:00"), 7, None, 5.0, 0.01)),
        "satisfaction": (Measure(at("10:00"), 0.8, 20),),
    }
    assert (made.team, made.live) == ("Billing", True)


def test_of_many_figures_the_last_are_kept() -> None:
    first = measured("09:00", 0)
    hours = [
        replace(first, id=str(n), at=first.at + timedelta(hours=n), value=n)
        for n in range(LAST_MEASURES + 3)
    ]
    kept = ticket(*hours).measures["backlog"]
    assert (len(kept), kept[0].value) == (LAST_MEASURES, 3)


def test_every_kind_of_event_is_tried() -> None:
    assert {kind.__name__ for kind in Event.__subclasses__()} <= globals().keys()


def test_a_report_of_the_same_second_does_not_undo_what_was_told_by_itself() -> None:
    """One came with whole seconds, the other with a fraction: which of them was first can't be known."""
    whole = at("10:00")
    opened_ = opened("09:00", seen=Seen(status="new", team="1", agent=""))
    told = replace(became("10:00", "open"), at=whole)
    beside = replace(
        agent_noted("10:00"), at=whole.replace(microsecond=33_000), seen=Seen(status="new")
    )
    assert ticket(opened_, told, beside).status == "open"
    later = replace(beside, at=whole + timedelta(seconds=1), seen=Seen(status="pending"))
    assert ticket(opened_, told, later).status == "pending", "what was lost is mended by the next"
