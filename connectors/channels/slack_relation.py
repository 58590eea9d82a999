"""The question what became of a customer, as buttons: the answering side is `connectors.people.slack_payload`.

A button's `action_id` is "relation:" and the answer, its `value` the months that are asked about and the alert's
reference ("3 AB-1A2B3C4D").
"""

from __future__ import annotations

from bridge.domain.model import Message
from connectors.channels.slack_parts import LONGEST_REF, Block, actions
from connectors.plain import plain

RELATION = "relation:"
ANSWERS = {
    "stayed": "Stayed",
    "at-risk": "At risk",
    "left": "Left",
    "unknown": "Don't know",
}


def answers(message: Message) -> list[Block]:
    """The four answers; [] where the message doesn't ask."""
    ref = plain(message.ref, LONGEST_REF)
    if not message.asks or not ref:
        return []
    return [
        actions(
            {
                "type": "button",
                "action_id": f"{RELATION}{answer}",
                "text": {"type": "plain_text", "text": label},
                "value": f"{message.asks} {ref}",
            }
            for answer, label in ANSWERS.items()
        )
    ]
