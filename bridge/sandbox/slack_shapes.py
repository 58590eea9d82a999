"""How Slack shows its things in answers and payloads: messages, people, channels, views.

docs.slack.dev/reference/objects and docs.slack.dev/reference/interaction-payloads.
"""

from __future__ import annotations

from bridge.sandbox.slack_inputs import numbered
from bridge.sandbox.slack_records import Channel, Message, User
from bridge.sandbox.slack_views import View
from bridge.sandbox.slack_workspace import Workspace
from bridge.sandbox.wire import Json


def message(slack: Workspace, one: Message, *, with_metadata: bool) -> Json:
    """A message as the Web API shows it."""
    shown: Json = {
        "type": "message",
        "user": one.user,
        "ts": one.ts,
        "team": slack.team_id,
        "text": one.text,
    }
    if one.user == slack.bot_user:
        shown |= {"bot_id": slack.bot_id, "app_id": slack.app_id}
    if one.blocks:
        shown["blocks"] = numbered(one.blocks)
    if one.edited_at is not None:
        shown["edited"] = {"user": one.user, "ts": f"{one.edited_at.timestamp():.6f}"}
    if one.metadata and with_metadata:
        shown["metadata"] = one.metadata
    if one.broadcast:
        shown["subtype"] = "thread_broadcast"
    if one.is_reply:
        return shown | {"thread_ts": one.thread_ts}
    if one.ephemeral_to is None and (replies := slack.thread(one.channel, one.ts)):
        last = replies[-1].ts
        shown |= {"thread_ts": one.ts, "reply_count": len(replies), "latest_reply": last}
    return shown


def channel(one: Channel) -> Json:
    """A channel as the Web API shows it."""
    return {
        "id": one.id,
        "name": one.name,
        "name_normalized": one.name,
        "is_channel": not one.is_private,
        "is_group": one.is_private,
        "is_im": one.user is not None,
        "is_private": one.is_private,
        "is_archived": one.is_archived,
        "is_member": one.is_member,
        "is_shared": False,
        "created": int(one.created.timestamp()),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def channel_name(one: Channel) -> str:
    """What payloads call a channel: private ones are not named."""
    if one.user is not None:
        return "directmessage"
    return "privategroup" if one.is_private else one.name


def user(slack: Workspace, one: User) -> Json:
    """A person as the Web API shows them."""
    profile = {
        "real_name": one.real_name,
        "display_name": one.name,
        "email": one.email,
        "team": slack.team_id,
    }
    return {
        "id": one.id,
        "team_id": slack.team_id,
        "name": one.name,
        "real_name": one.real_name,
        "deleted": False,
        "is_bot": one.is_bot,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": profile,
    }


def view(slack: Workspace, one: View) -> Json:
    """A view as the Web API and payloads show it."""
    body = one.body
    return {
        "id": one.id,
        "team_id": slack.team_id,
        "type": body["type"],
        "title": body.get("title"),
        "submit": body.get("submit"),
        "close": body.get("close"),
        "blocks": one.blocks,
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": one.callback_id,
        "external_id": body.get("external_id", ""),
        "state": {"values": one.values},
        "hash": one.hash,
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "root_view_id": one.root,
        "previous_view_id": one.previous,
        "app_id": slack.app_id,
        "app_installed_team_id": slack.team_id,
        "bot_id": slack.bot_id,
    }
