"""`/alerts` in Slack: mine, a team's, a ticket's, or how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bridge.domain.model import Alert, Member
from bridge.store import boards
from bridge.store.boards import Board
from bridge.work.bridge import Bridge
from bridge.work.home import messages
from bridge.work.pressing import managed
from connectors.channels.slack_lists import MOST_LISTED, help_blocks, listed, notice
from connectors.channels.slack_parts import Block, fallback

Visible = Callable[[Member, Sequence[Alert]], list[Alert]]
"""Those of some alerts that somebody may see."""

_MOST_NAMED = 20


def commanded(bridge: Bridge, who: Member, text: str, visible: Visible) -> dict[str, Any]:
    """What `/alerts <text>` is answered with: `text` and `blocks` for Slack."""
    what, _, name = " ".join(text.split()).partition(" ")
    match what.lower():
        case "help" | "?":
            return _answer(help_blocks())
        case "" | "mine":
            teams = managed(bridge, who)
            with bridge.engine.begin() as connection:
                board = boards.of_member(connection, who, teams)
            return _board(bridge, "My open alerts", board)
        case "team" | "teams":
            return _team(bridge, who, name, visible)
        case _:
            asked = f"{what} {name}".strip()
            with bridge.engine.begin() as connection:
                board = boards.of_ticket(connection, asked, list(bridge.settings.desks))
            return _board(bridge, f"Alerts of {asked}", _seen(board, who, visible))


def _team(bridge: Bridge, who: Member, name: str, visible: Visible) -> dict[str, Any]:
    """The alerts of the team of this name; without one, of the team that somebody manages."""
    with bridge.engine.begin() as connection:
        known = {team.name.casefold(): team.name for team in bridge.teams(connection)}
    mine = managed(bridge, who)
    wanted = known.get(name.casefold()) if name else (mine[0] if len(mine) == 1 else None)
    if wanted is None:
        shown = sorted(known.values())
        names = ", ".join(shown[:_MOST_NAMED]) + (", …" if len(shown) > _MOST_NAMED else "")
        there = f"There are: {names}." if shown else "There is none yet."
        asked = f"There is no team {name!r}." if name else "Say which team: /alerts team Support."
        return {"text": fallback(f"{asked} {there}")}
    with bridge.engine.begin() as connection:
        board = boards.of_team(connection, wanted)
    return _board(bridge, f"Open alerts of {wanted}", _seen(board, who, visible))


def _seen(board: Board, who: Member, visible: Visible) -> Board:
    """Without what somebody may not see."""
    seen = tuple(visible(who, board.alerts))
    return Board(seen, board.total - (len(board.alerts) - len(seen)))


def _board(bridge: Bridge, heading: str, board: Board) -> dict[str, Any]:
    shown = board.alerts[:MOST_LISTED]
    with bridge.engine.begin() as connection:
        told = list(messages(bridge, connection, shown))
    return _answer(listed(heading, told, board.total - len(shown)))


def _answer(blocks: list[Block]) -> dict[str, Any]:
    return {"text": fallback(notice(blocks)), "blocks": blocks}
