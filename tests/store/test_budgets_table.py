"""One budget for all processes: nothing is spent twice, nothing is lost, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from bridge.domain.model import Action, Undeliverable
from bridge.sandbox import Sandbox, Zendesk
from bridge.store import budgets
from bridge.work.budget import Shared, standing
from connectors.budget import Gate, Learnt, Limit, Urgency, urgent
from connectors.channels.slack import Slack
from connectors.desks.zendesk_limits import ZendeskLimits
from connectors.http import session
from tests.contract.messages import dispatch

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALLS = Limit("calls", 60, MINUTE)
ONE = Limit("updates of ticket 1", 2, MINUTE)


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = NINE

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def shared(engine: Engine, clock: Hands) -> Shared:
    return Shared(engine, clock)


@pytest.fixture(autouse=True)
def an_alert() -> Iterator[None]:
    with urgent(Urgency.ALERT):
        yield


def spend(shared: Shared, *limits: Limit, account: str = "zendesk") -> timedelta | None:
    """Spend from the limits; how long to wait if that may not be."""
    try:
        shared.spend(account, limits)
    except Undeliverable as error:
        return error.retry_after or timedelta()
    return None


def left(engine: Engine, account: str = "zendesk") -> dict[str, float]:
    with engine.begin() as connection:
        found = budgets.listing(connection)
    return {row.name: round(row.tokens, 3) for row in found if row.account == account}


def test_what_one_process_spends_another_has_no_more(
    engine: Engine, shared: Shared, clock: Hands
) -> None:
    other = Shared(engine, clock)
    assert [spend(one, ONE) for one in (shared, other)] == [None, None]
    assert spend(other, ONE) == timedelta(seconds=30)
    assert spend(other, ONE, account="zendesk-emea") is None
    clock.time += timedelta(seconds=30)
    assert spend(other, ONE) is None


def test_the_error_names_the_limit_and_is_about_this_call_alone(shared: Shared) -> None:
    spend(shared, ONE), spend(shared, ONE)
    with pytest.raises(Undeliverable) as raised:
        shared.spend("zendesk", [ONE])
    assert str(raised.value) == (
        "zendesk: the budget of updates of ticket 1 (2 in 60 s) is used up for now"
    )
    assert not raised.value.wide
    assert not raised.value.unsure


def test_of_several_limits_all_are_spent_or_none(engine: Engine, shared: Shared) -> None:
    for _ in range(3):
        spend(shared, CALLS, ONE)
    assert left(engine) == {"calls": 58, "updates of ticket 1": 0}


def test_no_limit_costs_nothing(engine: Engine, shared: Shared) -> None:
    shared.spend("zendesk", [])
    assert left(engine) == {}


def test_less_urgent_work_leaves_a_reserve_in_every_process(
    engine: Engine, shared: Shared, clock: Hands
) -> None:
    other = Shared(engine, clock)
    with urgent(Urgency.SWEEP):
        went = [spend(other, CALLS) for _ in range(40)].count(None)
    assert went == 36
    assert [spend(shared, CALLS) for _ in range(24)] == [None] * 24


def test_many_at_once_spend_no_more_than_there_is(
    engine: Engine, shared: Shared, clock: Hands
) -> None:
    """Each in its own order of limits, so that they would wait for each other in a ring."""
    others = [CALLS, ONE, Limit("exports", 1000, MINUTE), Limit("searches", 1000, MINUTE)]

    def work(number: int) -> int:
        mine = Shared(engine, clock)
        turned = [*others[number % 4 :], *others[: number % 4]]
        wide = [limit for limit in turned if limit is not ONE]
        with urgent(Urgency.ALERT):
            return [spend(mine, *(wide if n % 2 else turned)) for n in range(40)].count(None)

    with ThreadPoolExecutor(8) as pool:
        went = sum(pool.map(work, range(8)))
    assert went == 60
    assert left(engine)["calls"] == 0
    assert left(engine)["exports"] == 1000 - went


def test_a_429_closes_the_bucket_for_everybody(
    engine: Engine, shared: Shared, clock: Hands
) -> None:
    spend(shared, CALLS)
    shared.learn("zendesk", Learnt(limit="calls", left=0, resets=timedelta(seconds=30)))
    assert spend(Shared(engine, clock), CALLS) == timedelta(seconds=30)
    assert spend(shared, CALLS) == timedelta(seconds=31), "the next one after that"


def test_the_true_limit_is_learnt_and_shared(engine: Engine, shared: Shared, clock: Hands) -> None:
    spend(shared, CALLS)
    shared.learn("zendesk", Learnt(limit="calls", left=699, many=700))
    assert left(engine) == {"calls": 699}
    spend(Shared(engine, clock), CALLS)
    assert left(engine) == {"calls": 698}


def test_what_nobody_has_spent_from_is_not_learnt(engine: Engine, shared: Shared) -> None:
    shared.learn("zendesk", Learnt(limit="calls", left=5))
    assert left(engine) == {}


def test_a_limit_that_is_full_again_is_forgotten(
    engine: Engine, shared: Shared, clock: Hands
) -> None:
    spend(shared, CALLS)
    spend(shared, ONE)
    shared.learn(
        "zendesk", Learnt(limit="updates of ticket 1", left=0, resets=timedelta(minutes=10))
    )
    with engine.begin() as connection:
        assert budgets.forget(connection, NINE + MINUTE) == 0
        assert budgets.forget(connection, NINE + 2 * MINUTE) == 1
    assert list(left(engine)) == ["updates of ticket 1"]
    with engine.begin() as connection:
        assert budgets.forget(connection, NINE + 12 * MINUTE) == 1
    assert spend(shared, CALLS) is None, "it begins anew"


def test_forgetting_does_not_wait_for_who_is_spending(engine: Engine, shared: Shared) -> None:
    spend(shared, CALLS)
    with engine.begin() as spending, engine.begin() as forgetting:
        budgets.lock(spending, "zendesk", ["calls"])
        assert budgets.forget(forgetting, NINE + 2 * MINUTE) == 0


def test_how_it_stands_counts_what_was_refilled(engine: Engine, shared: Shared) -> None:
    spend(shared, ONE), spend(shared, ONE), spend(shared, ONE)
    with engine.begin() as connection:
        (row,) = budgets.listing(connection)
    assert (row.refused, row.refused_at) == (1, NINE)
    assert standing(row, NINE + timedelta(seconds=15)).tokens == pytest.approx(0.5)
    assert standing(row, NINE + MINUTE).refused == 0


def test_spending_waits_for_no_disk(engine: Engine) -> None:
    with engine.begin() as connection:
        kind = connection.execute(
            text("SELECT relpersistence FROM pg_class WHERE oid = 'budgets'::regclass")
        )
        assert kind.scalar() == "u"


# --- on the stand-ins: whoever keeps to the budget is never refused


def keep_on(clock: Hands, many: int, call: Callable[[int], object]) -> timedelta:
    """Call so often, waiting when told to; a refusal by the vendor is an error. How long it took."""
    began = clock.time
    for number in range(many):
        while True:
            try:
                call(number)
                break
            except Undeliverable as error:
                if error.retry_after is None or "used up for now" not in str(error):
                    raise
                clock.time += error.retry_after
    return clock.time - began


@pytest.fixture
def zendesk(engine: Engine, clock: Hands) -> Iterator[Callable[[str, str], object]]:
    """Calls a Zendesk account of a plan that is smaller than we believe, from one process or the other."""
    url = "https://demo.zendesk.com"
    with Sandbox(clock, zendesk=Zendesk(clock, calls_per_minute=20)) as sandbox:
        us = sandbox.zendesk.add_agent("Alert Bridge", "bridge@example.com", "admin")
        sandbox.zendesk.add_token("good", us)
        anna = sandbox.zendesk.add_customer("Anna Weber", "anna@example.org")
        sandbox.zendesk.open_ticket(anna, "Where is my refund?", "I have been waiting.")
        gates = [
            Gate(account="zendesk", budget=Shared(engine, clock), rules=ZendeskLimits())
            for _ in range(2)
        ]
        https = [session(base_urls={url: sandbox.zendesk_url}, gate=gate) for gate in gates]

        def call(method: str, path: str) -> object:
            https.reverse()
            bearer = {"Authorization": "Bearer good"}
            return https[0].request(method, url + path, json={"tags": ["vip"]}, headers=bearer)

        yield call


def test_two_processes_keep_to_a_plan_that_they_did_not_know(
    zendesk: Callable[[str, str], object], clock: Hands
) -> None:
    took = keep_on(clock, 70, lambda _: zendesk("GET", "/api/v2/users/me.json"))
    assert timedelta(minutes=2) < took < timedelta(minutes=4)


def test_one_ticket_is_never_written_to_too_often(
    zendesk: Callable[[str, str], object], clock: Hands
) -> None:
    took = keep_on(clock, 40, lambda _: zendesk("PUT", "/api/v2/tickets/1/tags.json"))
    assert took < timedelta(minutes=25)


def test_exports_are_kept_to_ten_a_minute(
    zendesk: Callable[[str, str], object], clock: Hands
) -> None:
    path = "/api/v2/incremental/tickets/cursor.json?start_time=1"
    assert keep_on(clock, 15, lambda _: zendesk("GET", path)) < timedelta(minutes=3)


def test_a_channel_and_a_method_of_slack_are_kept_to(engine: Engine, clock: Hands) -> None:
    with Sandbox(clock) as sandbox:
        sandbox.slack.add_token("xoxb-1-abc")
        channel = sandbox.slack.add_channel("alerts-billing")
        slack = Slack(token="xoxb-1-abc", base_url=sandbox.slack_url, budget=Shared(engine, clock))
        posted = slack.send(dispatch(Action.POST, to=channel))
        took = keep_on(
            clock, 30, lambda n: slack.send(dispatch(Action.POST, to=channel, marker=f"d-{n}"))
        )
        assert timedelta(seconds=29) <= took < timedelta(seconds=31)
        edit = dispatch(Action.EDIT, to=channel, previous=posted)
        assert keep_on(clock, 120, lambda _: slack.send(edit)) < timedelta(minutes=3)
