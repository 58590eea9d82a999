"""An alert with its story, to be read in Slack."""

from __future__ import annotations

from bridge.domain.alerts import Step
from bridge.domain.model import Alert
from bridge.store import alerts
from bridge.work.bridge import Bridge
from bridge.work.telling import message
from connectors.channels import slack_modals
from connectors.channels.slack_parts import View


def shown(bridge: Bridge, alert: Alert, channel: str) -> View:
    """The alert and all that became of it, oldest first."""
    with bridge.engine.begin() as connection:
        told = message(bridge, connection, alert)
        story = alerts.told_of(connection, alert.number)
    return slack_modals.show(
        told, [line(bridge.redaction.step(one.step)) for one in story], channel
    )


def line(step: Step) -> str:
    """One step of a story in words: when, who, what, and what they said. Nothing in it is escaped."""
    who = f"{step.who}: " if step.who else ""
    people = f" ({', '.join(map(str, step.people))})" if step.people else ""
    rise = f": {step.rise.who}" if step.rise else ""
    goal = f": {step.goal}" if step.goal else ""
    finding = f": {step.finding.headline}" if step.finding else ""
    words = f": {step.words}" if step.words else ""
    return f"{step.at:%Y-%m-%d %H:%M} UTC, {who}{step.change.value}{people}{rise}{goal}{finding}{words}"
