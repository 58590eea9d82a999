"""When the policy has changed, the timers that were set by the old one are set anew."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import structlog

from bridge.store import errands
from bridge.work.bridge import Bridge
from bridge.work.queue import RETIME, ask

log = structlog.get_logger()


def notice_change(bridge: Bridge) -> bool:
    """Have all timers set anew if the configuration or a team is another than when they were; whether so."""
    with bridge.engine.begin() as connection:
        teams = msgspec.json.encode(bridge.teams(connection))
        now = sha256(bridge.settings.digest.encode() + teams).hexdigest()
        if errands.bookmark(connection, _TASK, "") == now:
            return False
        errands.set_bookmark(connection, _TASK, "", now)
        errands.restart(connection, RETIME, "", bridge.now())
        ask(connection, RETIME, [""], bridge.now())
    log.info("the policy has changed: timers are set anew")
    return True


_TASK = "policy"
