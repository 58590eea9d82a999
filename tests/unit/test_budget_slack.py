"""Slack: every call is taken from the budget, and a refusal is remembered for its channel or its method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bridge.domain.model import Action, Receipt, Undeliverable
from connectors.budget import Learnt, Limit
from connectors.channels.slack import Slack
from tests.contract.messages import dispatch
from tests.contract.wire import Asked, Said, Vendor

POSTED = {"ok": True, "channel": "C0123ABCD", "ts": "1773133200.000100"}


class Till:
    """A budget that writes down what is spent and learnt, and has nothing for some limits."""

    def __init__(self, *empty: str) -> None:
        self.empty = empty
        self.spent: list[str] = []
        self.learnt: list[tuple[str, str, int, timedelta | None]] = []

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        for limit in limits:
            if limit.name in self.empty:
                raise Undeliverable(f"{account}: {limit.name}", retry_after=timedelta(seconds=2))
            self.spent.append(limit.name)

    def learn(self, account: str, told: Learnt) -> None:
        self.learnt.append((account, told.limit, told.left, told.resets))


def slack(vendor: Vendor, till: Till) -> Slack:
    return Slack(token="xoxb-1-abc", base_url=f"{vendor.url}/", budget=till)


def test_each_call_is_spent_from_its_channel_or_its_method() -> None:
    till = Till()
    with Vendor(Said.of(POSTED)) as vendor:
        channel = slack(vendor, till)
        receipt = channel.send(dispatch(Action.POST, to="C0123ABCD"))
        channel.send(dispatch(Action.EDIT, to="C0123ABCD", previous=receipt))
        channel.send(dispatch(Action.REPLY, to="C0123ABCD", previous=receipt))
    assert till.spent == ["posts to C0123ABCD", "chat.update", "posts to C0123ABCD"]


def test_joining_a_channel_is_spent_too() -> None:
    def says(asked: Asked) -> Said:
        first = len(vendor.asked) == 1
        return Said.of({"ok": False, "error": "not_in_channel"} if first else POSTED)

    till = Till()
    with Vendor(says) as vendor:
        slack(vendor, till).send(dispatch(Action.POST, to="C0123ABCD"))
    assert till.spent == ["posts to C0123ABCD", "conversations.join", "posts to C0123ABCD"]


def test_what_is_used_up_is_not_asked_and_may_be_later() -> None:
    till = Till("posts to C0123ABCD")
    with Vendor(Said.of(POSTED)) as vendor, pytest.raises(Undeliverable) as raised:
        slack(vendor, till).send(dispatch(Action.POST, to="C0123ABCD"))
    assert vendor.asked == []
    assert raised.value.retry_after == timedelta(seconds=2)
    assert not raised.value.unsure, "nothing was sent"


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
@pytest.mark.parametrize("status", [200, 429])
def test_a_limit_that_was_met_is_learnt(code: str, status: int) -> None:
    till = Till()
    answer = Said.of({"ok": False, "error": code}, status, Retry_After="30")
    with Vendor(answer) as vendor, pytest.raises(Undeliverable) as raised:
        slack(vendor, till).send(dispatch(Action.POST, to="C0123ABCD"))
    assert till.learnt == [("slack", "posts to C0123ABCD", 0, timedelta(seconds=30))]
    assert raised.value.retry_after == timedelta(seconds=30)


def test_a_limit_without_a_time_is_a_minute() -> None:
    till, sent = Till(), Receipt(ref="1.1", to="C0123ABCD")
    with Vendor(Said.of({"ok": False}, 429)) as vendor, pytest.raises(Undeliverable):
        slack(vendor, till).send(dispatch(Action.EDIT, to="C0123ABCD", previous=sent))
    assert till.learnt == [("slack", "chat.update", 0, timedelta(minutes=1))]


def test_another_refusal_teaches_nothing() -> None:
    till = Till()
    with (
        Vendor(Said.of({"ok": False, "error": "is_archived"})) as vendor,
        pytest.raises(Undeliverable),
    ):
        slack(vendor, till).send(dispatch(Action.POST, to="C0123ABCD"))
    assert till.learnt == []
