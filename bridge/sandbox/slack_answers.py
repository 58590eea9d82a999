"""What Slack does with the app's answer to a modal or a command, and with what comes to a response_url.

docs.slack.dev/surfaces/modals (response_action), docs.slack.dev/interactivity/implementing-slash-commands
and docs.slack.dev/interactivity/handling-user-interaction (response_url: five times in 30 minutes).
Unconfirmed: the names of a response_url's errors, and that an answer which is neither empty nor JSON
leaves a modal open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.sandbox import blocks as block_kit
from bridge.sandbox.slack_calls import Answer
from bridge.sandbox.slack_records import Message, SlackError
from bridge.sandbox.slack_views import View
from bridge.sandbox.wire import Json

if TYPE_CHECKING:
    from bridge.sandbox.slack_workspace import Workspace

REPLIES = 5
REPLY_TIME = timedelta(minutes=30)


@dataclass(slots=True)
class ReplyAddress:
    """A response_url that was handed out."""

    channel: str
    user: str
    message: Message | None
    until: datetime
    left: int = REPLIES


def to_submission(slack: Workspace, view: View, answer: Answer) -> Answer:
    """Do what the answer says with the modal that was sent in."""
    view.errors, view.trouble = {}, ""
    trouble = answer.trouble or _obey(slack, view, answer)
    view.trouble = trouble
    return replace(answer, trouble=trouble)


def to_command(slack: Workspace, channel: str, user: str, answer: Answer) -> Answer:
    """Show what the app answered to a slash command: to the person alone unless it says otherwise."""
    if answer.trouble or not answer.body.strip():
        return answer
    try:
        said = answer.json
    except ValueError:
        said = {"text": answer.body.decode(errors="replace")}
    if not isinstance(said, dict):
        return replace(answer, trouble="the answer is no object")
    try:
        message = write(slack, channel, user, said)
    except SlackError as error:
        return replace(answer, trouble=error.error)
    return replace(answer, message=message)


def to_address(slack: Workspace, address: ReplyAddress, said: Json) -> None:
    """Do what was posted to a response_url. Raises SlackError (used_url, expired_url, no_text …)."""
    if address.until < slack.now():
        raise SlackError("expired_url")
    if not address.left:
        raise SlackError("used_url")
    checked = _checked(said)
    address.left -= 1
    if address.message is not None and said.get("delete_original"):
        slack.delete(address.message)
    elif address.message is not None and said.get("replace_original"):
        slack.change(address.message, *checked)
    else:
        write(slack, address.channel, address.user, said)


def write(slack: Workspace, channel: str, user: str, said: Json) -> Message:
    """A message of the app in answer to somebody. Raises SlackError when Slack does not take it."""
    text, blocks = _checked(said)
    return slack.post(
        channel,
        slack.bot_user,
        text,
        blocks,
        thread_ts=said.get("thread_ts"),
        ephemeral_to=None if said.get("response_type") == "in_channel" else user,
    )


def _checked(said: Json) -> tuple[str, list[Json]]:
    text, blocks = str(said.get("text") or ""), said.get("blocks") or []
    if not (text or blocks or said.get("delete_original")):
        raise SlackError("no_text")
    if found := block_kit.problems(blocks):
        raise SlackError("invalid_blocks", errors=found)
    return text, blocks


def _obey(slack: Workspace, view: View, answer: Answer) -> str:
    """What Slack could not do, "" when all was done."""
    try:
        said = answer.json
    except ValueError:
        return "the answer is neither empty nor JSON"
    if said is None or said == {}:
        slack.views.close(view)
        return ""
    action: Any = said.get("response_action") if isinstance(said, dict) else None
    if action == "clear":
        slack.views.clear(view.user)
        return ""
    if action == "errors":
        return _refuse(view, said.get("errors"))
    if action in {"update", "push"}:
        return _show(slack, view, action, said.get("view"))
    return f"response_action {action!r} is unknown"


def _refuse(view: View, errors: Any) -> str:
    inputs = {one["block_id"] for one in view.blocks if one["type"] == "input"}
    if not isinstance(errors, dict) or not errors:
        return "errors must name at least one block"
    if unknown := sorted(errors.keys() - inputs):
        return f"errors name blocks that are no inputs: {', '.join(unknown)}"
    view.errors = {name: str(words) for name, words in errors.items()}
    return ""


def _show(slack: Workspace, view: View, action: str, body: Any) -> str:
    if found := block_kit.view_problems(body, kinds=("modal",)):
        return found[0]
    try:
        if action == "push":
            slack.views.stack_up(view.user, body)
        else:
            slack.views.update(view, body)
    except SlackError as error:
        return error.error
    return ""
