"""What Slack tells the app when people do something: interactions, commands and events.

Shapes: docs.slack.dev/reference/interaction-payloads, docs.slack.dev/interactivity/implementing-slash-commands
and docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

from bridge.sandbox import slack_inputs, slack_shapes
from bridge.sandbox.slack_calls import Sending
from bridge.sandbox.slack_records import Channel, Message, User
from bridge.sandbox.slack_views import View
from bridge.sandbox.slack_workspace import Workspace
from bridge.sandbox.wire import Json

TOKEN = "sandbox-verification-token"  # noqa: S105 - what the signature replaced long ago; still sent


def interaction(slack: Workspace, kind: str, user: User, sending: Sending) -> Json:
    """What all interactions have in common."""
    team = sending.team or slack.team_id
    return {
        "type": kind,
        "team": {"id": team, "domain": slack.team},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team},
        "api_app_id": slack.app_id,
        "token": TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(slack: Workspace, message: Message, blocks: list[Json]) -> Json:
    """Where an action was, in a message that looked like these `blocks` to the person."""
    channel = slack.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.is_reply:
        container["thread_ts"] = message.thread_ts
    found: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": slack_shapes.channel_name(channel)},
        "state": {"values": slack_inputs.initial_values(blocks)},
    }
    if message.ephemeral_to is None:
        shown = slack_shapes.message(slack, message, with_metadata=False)
        found["message"] = shown | {"blocks": blocks}
    return found


def in_view(slack: Workspace, view: View) -> Json:
    """Where an action was, in a modal or a home tab."""
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": slack_shapes.view(slack, view),
        "state": {"values": view.values},
    }


def action(element: Json, block: Json, at: str) -> Json:
    """A button that was pressed, or with `selected_option` set by the caller a menu."""
    found = {
        "type": element["type"],
        "action_id": element.get("action_id", ""),
        "block_id": block["block_id"],
        "action_ts": at,
    }
    kept = {name: element[name] for name in ("text", "value", "style") if name in element}
    return found | (kept if element["type"] == "button" else {})


def command(slack: Workspace, user: User, channel: Channel, sending: Sending) -> dict[str, str]:
    """The form of a slash command, but for its words, its trigger and its response address."""
    return {
        "token": TOKEN,
        "team_id": sending.team or slack.team_id,
        "team_domain": slack.team,
        "channel_id": channel.id,
        "channel_name": slack_shapes.channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "api_app_id": slack.app_id,
        "is_enterprise_install": "false",
    }


def event(slack: Workspace, event: Json, event_id: str, sending: Sending) -> Json:
    """An event in its envelope; `event_id` stays the same when it is sent again."""
    team = sending.team or slack.team_id
    authorization = {
        "enterprise_id": None,
        "team_id": team,
        "user_id": slack.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": TOKEN,
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": slack.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(slack.now().timestamp()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def said(slack: Workspace, channel: Channel, message: Message, client_id: str, team: str) -> Json:
    """The event `message`: somebody wrote in a channel that the app is in."""
    words = {"type": "text", "text": message.text}
    section = {"type": "rich_text_section", "elements": [words]}
    kind = "im" if channel.user is not None else "group" if channel.is_private else "channel"
    found: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "client_msg_id": client_id,
        "text": message.text,
        "team": team,
        "blocks": [{"type": "rich_text", "block_id": "said", "elements": [section]}],
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": kind,
    }
    if message.user == slack.bot_user:
        del found["client_msg_id"]
        found |= {"bot_id": slack.bot_id, "app_id": slack.app_id}
    if message.is_reply and message.thread_ts is not None:
        root = slack.message(channel.id, message.thread_ts)
        found |= {"thread_ts": root.ts, "parent_user_id": root.user}
    return found


def home_opened(slack: Workspace, user: User, channel: Channel, home: View | None) -> Json:
    """The event `app_home_opened`, with the view that the app published before, if any."""
    at = slack.now()
    found: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": channel.id,
        "tab": "home",
        "event_ts": f"{at.timestamp():.6f}",
    }
    if home is not None:
        found["view"] = slack_shapes.view(slack, home)
    return found
