"""Our own database played through the rules: what was told is told again, and nothing is written."""

from __future__ import annotations

import pytest

from bridge.domain.model import Press
from bridge.insight.backtest.backtest import Asked, backtest
from bridge.insight.backtest.sources import database_of
from bridge.work.press import press
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office


@pytest.fixture
def rated(open_office: Opens) -> LoopOffice:
    """Some tickets, one after the other; every other customer waits for days, and is not pleased."""
    office = loop_office(open_office, lambda policy: policy.replace('nag = "1h"', 'nag = "4d"'))
    for number in range(12):
        ticket = office.open(about=f"Case {number}")
        office.later(hours=1)
        if number % 2:
            office.later(days=2)
        office.answer(ticket)
        office.solve(ticket)
        office.rate(ticket, score=1 if number % 2 else 5)
        office.later(hours=2)
    return office


def test_the_inbox_is_a_history(rated: LoopOffice) -> None:
    bridge = rated.world.bridge
    alert = rated.alerts()[0]
    press(bridge, alert.ref, Press.USEFUL, alert.owner)
    rated.later(seconds=5)
    with bridge.engine.connect() as connection:
        source, policy = database_of(bridge, connection, 60)
        report = backtest(source, policy, Asked(outcome="low score"), lambda _, __, ___: None)
    assert report.history.cases == 12
    assert report.history.files == ()
    assert report.setups[0].parts.whole.bad == 6
    alerts = {one.rule: one.parts.whole.alerted for one in report.rules}
    assert alerts["low_score"] == 6
    assert {setup.name for setup in report.setups} >= {"present", "naive"}
    assert sum(one.useful for one in report.feedback) >= 1
