"""When goals change, the timers that run already are set anew; nobody is rung for what was no matter before."""

from __future__ import annotations

from bridge.domain.model import Team
from bridge.settings import parse
from bridge.store import teams, tickets
from bridge.work.policy import notice_change
from tests.flow.conftest import Office, written

GOAL = 'target = { default = "4h", urgent = "1h" }'


def rewrite(office: Office, *changes: tuple[str, str]) -> None:
    """The configuration is another, and the processes have been started again."""
    bridge = office.world.bridge
    with open(bridge.settings.path, encoding="utf-8") as file:
        text = file.read()
    for vendor in ("zendesk", "slack"):
        text = text.replace(f"{{{vendor}}}", getattr(office.world.sandbox, f"{vendor}_url"))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    bridge.settings = parse(text, bridge.settings.env, bridge.settings.path)
    notice_change(bridge)
    office.settle()


def test_a_tighter_goal_reaches_tickets_on_which_nothing_happens(office: Office) -> None:
    rewrite(office)
    office.open()
    office.later(minutes=10)
    rewrite(office, (GOAL, 'target = { default = "2h" }'))
    office.later(hours=1, minutes=18)
    assert office.posts() == []
    office.later(minutes=3)
    (post,) = office.posts()
    assert "First answer due in 30 min; goal 2 h" in written(post)


def test_a_wider_goal_takes_the_timer_back_and_ends_the_alert(office: Office) -> None:
    rewrite(office)
    office.open()
    office.later(hours=3, minutes=1)
    assert len(office.posts()) == 1
    rewrite(office, (GOAL, 'target = { default = "2d" }'))
    (alert,) = office.alerts()
    assert alert.state.value == "resolved"
    office.later(hours=30)
    assert len(office.posts()) == 1


def test_a_lower_line_rings_for_nothing_that_was_no_matter_before(office: Office) -> None:
    rewrite(office)
    ticket = office.open()
    office.answer(ticket)
    office.hand(ticket, "Support")
    rewrite(office, ("[goals.next_reply]", "[rules.handoffs]\nat_least = 1\n\n[goals.next_reply]"))
    assert office.alerts() == []
    office.ask(ticket)
    (post,) = office.posts("Support")
    assert "Handed over 1 times" in written(post)


def test_nothing_is_set_anew_while_nothing_changes(office: Office) -> None:
    bridge = office.world.bridge
    assert notice_change(bridge)
    office.settle()
    assert not notice_change(bridge)
    with bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        teams.save(connection, [*known, Team(name="Returns")])
    assert notice_change(bridge)


def test_every_ticket_has_its_turn(office: Office) -> None:
    many = [office.open() for _ in range(3)]
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        first = tickets.following(connection, "", 2)
        assert tickets.following(connection, first[-1], 2) == [f"zendesk:{many[-1]}"]
        assert tickets.following(connection, f"zendesk:{many[-1]}", 2) == []
