"""Buckets: what may go now, what has to wait and until when, and what a vendor's word changes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from connectors.budget import (
    LONGEST_QUEUE,
    UNLIMITED,
    Bucket,
    Learnt,
    Limit,
    Urgency,
    spent,
    urgency,
    urgent,
)

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SWEEP, READ, ALERT = Urgency
MINUTE = timedelta(minutes=1)
CALLS = Limit("calls", 60, MINUTE)  # one each second


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def take(bucket: Bucket, level: Urgency, now: datetime, most: int = 1000) -> tuple[Bucket, int]:
    """Take as many as may go, and how many that were."""
    for many in range(most):
        (changed,), wait = spent([bucket], level, now)
        if wait:
            return bucket, many
        bucket = changed
    return bucket, most


def left(bucket: Bucket, limit: str = "calls", **told: int) -> Learnt:
    resets = told.pop("resets", None)
    return Learnt(limit=limit, resets=timedelta(seconds=resets) if resets else None, **told)


def test_a_full_bucket_is_emptied_at_once_and_refilled_evenly() -> None:
    bucket, many = take(Bucket.full(CALLS, NINE), ALERT, NINE)
    assert many == 60
    assert take(bucket, ALERT, after(0.9))[1] == 0
    assert take(bucket, ALERT, after(1))[1] == 1
    assert take(bucket, ALERT, after(20))[1] == 20
    assert take(bucket, ALERT, after(3600))[1] == 60


@pytest.mark.parametrize(("level", "goes"), [(SWEEP, 36), (READ, 51), (ALERT, 60)])
def test_less_urgent_work_leaves_a_reserve(level: Urgency, goes: int) -> None:
    assert take(Bucket.full(CALLS, NINE), level, NINE)[1] == goes


def test_an_alert_goes_out_when_sweeps_and_reads_have_taken_all_they_may() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), SWEEP, NINE)
    bucket, _ = take(bucket, READ, NINE)
    assert take(bucket, ALERT, NINE)[1] == 9


@pytest.mark.parametrize("level", Urgency)
def test_the_smallest_bucket_serves_everybody_when_it_is_full(level: Urgency) -> None:
    assert take(Bucket.full(Limit("tests", 1, MINUTE), NINE), level, NINE)[1] == 1


def test_who_is_told_a_slot_is_served_at_that_very_moment() -> None:
    for level in Urgency:
        for many, per in ((3, 3), (7, 60), (200, 60), (100, 1), (20, 1200)):
            limit = Limit("calls", many, timedelta(seconds=per))
            bucket, _ = take(Bucket.full(limit, NINE), level, NINE)
            _, wait = spent([bucket], level, NINE)
            assert wait is not None
            assert take(bucket, level, NINE + wait.wait)[1] == 1, (level, limit)


def test_a_hundred_who_are_refused_come_back_one_by_one() -> None:
    bucket = Bucket.full(Limit("posts to C1", 3, timedelta(seconds=3)), NINE)
    due = Counter({NINE: 100})
    sent: list[datetime] = []
    while due:
        now = min(due)
        for _ in range(due.pop(now)):
            (bucket,), wait = spent([bucket], ALERT, now)
            if wait is None:
                sent.append(now)
            else:
                due[now + wait.wait] += 1
    assert sent[:3] == [NINE] * 3
    assert {later - earlier for earlier, later in pairwise(sent[2:])} == {timedelta(seconds=1)}
    assert bucket.refused == 97, "each had to come back once, no more"


def test_the_queue_of_sweeps_does_not_hold_up_an_alert() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), ALERT, NINE)
    for _ in range(50):
        (bucket,), _ = spent([bucket], SWEEP, NINE)
    _, wait = spent([bucket], ALERT, NINE)
    assert wait is not None
    assert wait.wait == timedelta(seconds=1)


def test_a_queue_of_any_length_is_told_slots_that_are_near() -> None:
    bucket, _ = take(Bucket.full(Limit("posts to C1", 3, timedelta(seconds=3)), NINE), ALERT, NINE)
    waits = []
    for _ in range(1500):
        (bucket,), wait = spent([bucket], ALERT, NINE)
        assert wait is not None
        waits.append(wait.wait)
    assert max(waits) <= LONGEST_QUEUE + timedelta(seconds=1)
    assert max(Counter(waits).values()) <= 3


def test_a_bucket_that_was_full_has_forgotten_its_queue() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), ALERT, NINE)
    for _ in range(300):
        (bucket,), _ = spent([bucket], ALERT, NINE)
    bucket, _ = take(bucket, ALERT, after(100))
    assert bucket.refused == 0
    _, wait = spent([bucket], ALERT, after(100))
    assert wait is not None
    assert wait.wait == timedelta(seconds=1)


def test_where_one_limit_is_used_up_nothing_is_spent_from_any() -> None:
    wide = Bucket.full(CALLS, NINE)
    narrow, _ = take(Bucket.full(Limit("updates of ticket 1", 2, MINUTE), NINE), ALERT, NINE)
    changed, wait = spent([wide, narrow], ALERT, NINE)
    assert wait is not None
    assert wait.bucket.name == "updates of ticket 1"
    assert [(one.name, one.tokens) for one in changed] == [("updates of ticket 1", 0)]


def test_the_limit_that_takes_longest_says_when() -> None:
    one, _ = take(Bucket.full(Limit("calls", 60, MINUTE), NINE), ALERT, NINE)
    other, _ = take(Bucket.full(Limit("exports", 10, MINUTE), NINE), ALERT, NINE)
    for buckets in ([one, other], [other, one]):
        _, wait = spent(buckets, ALERT, NINE)
        assert wait is not None
        assert (wait.bucket.name, wait.wait) == ("exports", timedelta(seconds=6))


# --- the vendor's word


def test_what_others_have_used_is_learnt() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=25), NINE)
    assert take(bucket, SWEEP, NINE)[1] == 1
    assert take(bucket, ALERT, NINE)[1] == 25


def test_an_answer_that_overtook_another_gives_nothing_back() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), ALERT, NINE, most=50)
    assert bucket.learnt(left(bucket, left=55), NINE).tokens == 10


def test_a_larger_plan_is_learnt_and_holds() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), ALERT, NINE, most=10)
    bucket = bucket.learnt(left(bucket, left=690, many=700), NINE)
    assert bucket.tokens == 690
    assert take(bucket.under(CALLS), ALERT, after(3600))[1] == 700


def test_a_smaller_plan_is_learnt() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=19, many=20), NINE)
    assert take(bucket, ALERT, NINE)[1] == 19
    assert take(bucket, ALERT, after(3600))[1] == 20


@pytest.mark.parametrize("many", [0, -1])
def test_a_vendor_that_allows_nothing_at_all_is_not_believed(many: int) -> None:
    bucket = Bucket.full(CALLS, NINE)
    assert bucket.learnt(left(bucket, left=5, many=many), NINE).many == 60


def test_none_left_is_none_until_the_vendor_says_otherwise() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=0, resets=30), NINE)
    assert take(bucket, ALERT, after(29))[1] == 0
    assert take(bucket, ALERT, after(30))[1] == 60
    _, wait = spent([bucket], ALERT, NINE)
    assert wait is not None
    assert wait.wait == timedelta(seconds=30)


def test_once_the_vendor_wants_calls_again_one_may_go_at_least() -> None:
    bucket, _ = take(Bucket.full(CALLS, NINE), ALERT, NINE, most=60)
    bucket = bucket.learnt(left(bucket, left=0, resets=30), NINE)
    assert take(bucket, ALERT, after(29.9))[1] == 0
    assert take(bucket, ALERT, after(30))[1] == 1


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=0, resets=60), NINE)
    bucket = bucket.learnt(left(bucket, left=0, resets=5), after(10))
    assert take(bucket, ALERT, after(59.9))[1] == 0
    assert take(bucket, ALERT, after(60))[1] > 0


def test_none_left_and_no_word_of_when_is_refilled_as_ever() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=0), NINE)
    assert take(bucket, ALERT, after(1))[1] == 1


def test_a_limit_that_is_written_anew_takes_the_place_of_what_was_learnt() -> None:
    bucket = Bucket.full(CALLS, NINE)
    bucket = bucket.learnt(left(bucket, left=690, many=700), NINE)
    bucket = bucket.under(Limit("calls", 100, MINUTE))
    assert (bucket.many, bucket.tokens) == (100, 100)


# --- how urgent


def test_calls_are_reads_unless_said_otherwise() -> None:
    assert urgency.get() is READ
    with urgent(SWEEP):
        with urgent(ALERT):
            assert urgency.get() is ALERT
        assert urgency.get() is SWEEP
    assert urgency.get() is READ


def test_urgency_ends_with_its_block_even_by_an_error() -> None:
    with pytest.raises(KeyError), urgent(ALERT):
        raise KeyError
    assert urgency.get() is READ


def test_without_a_budget_everything_goes() -> None:
    for _ in range(1000):
        UNLIMITED.spend("zendesk", [Limit("calls", 1, MINUTE)])
    UNLIMITED.learn("zendesk", Learnt(limit="calls", left=0, resets=MINUTE))
    UNLIMITED.spend("zendesk", [Limit("calls", 1, MINUTE)])
