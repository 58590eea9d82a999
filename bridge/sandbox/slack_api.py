"""The HTTP side of the Slack stand-in: `/api/<method>`, form or JSON bodies, bearer tokens.

Failures come as 200 with `ok: false`, rate limits as a real 429 with Retry-After (docs.slack.dev).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flask import Flask, Response, g, jsonify, request

from bridge.sandbox import blocks as block_kit
from bridge.sandbox import slack_answers, slack_shapes
from bridge.sandbox.slack import Channel, Message, Slack, SlackError, View
from bridge.sandbox.wire import Allowance, Json

Args: TypeAlias = Mapping[str, Any]

_LISTED = {"public_channel": "channels:read", "private_channel": "groups:read"}
"""The scope that listing each kind of channel takes."""

_LONGEST = 40_000  # characters of a message's text
_ATTACHMENTS = 100


class _RateLimited(Exception):
    def __init__(self, allowance: Allowance) -> None:
        super().__init__(allowance)
        self.allowance = allowance


class _Api:
    """The methods, one each; all state is in the workspace."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.methods: dict[str, tuple[Callable[[Args], Json], tuple[str, ...]]] = {
            "auth.test": (self.auth_test, ()),
            "chat.postMessage": (self.post_message, ("chat:write",)),
            "chat.update": (self.update, ("chat:write",)),
            "chat.postEphemeral": (self.post_ephemeral, ("chat:write",)),
            "conversations.list": (self.conversations, ("channels:read", "groups:read")),
            "conversations.info": (self.info, ("channels:read", "groups:read")),
            "conversations.join": (self.join, ("channels:join",)),
            "conversations.history": (self.history, ("channels:history", "groups:history")),
            "conversations.replies": (self.replies, ("channels:history", "groups:history")),
            "conversations.open": (self.open_direct, ("im:write",)),
            "users.lookupByEmail": (self.lookup, ("users:read.email",)),
            "users.info": (self.user_info, ("users:read",)),
            "chat.getPermalink": (self.permalink, ()),
            "views.open": (self.open_view, ()),
            "views.push": (self.push_view, ()),
            "views.update": (self.update_view, ()),
            "views.publish": (self.publish_view, ()),
        }
        """Each with the scopes of which one is needed."""

    def auth_test(self, _args: Args) -> Json:
        slack = self.slack
        return {
            "url": f"https://{slack.team}.slack.com/",
            "team": slack.team,
            "user": slack.users[slack.bot_user].name,
            "team_id": slack.team_id,
            "user_id": slack.bot_user,
            "bot_id": slack.bot_id,
            "is_enterprise_install": False,
        }

    # -- chat --

    def post_message(self, args: Args) -> Json:
        channel = self._writable(args)
        text, blocks = self._content(args)
        metadata = _metadata(args)
        allowance = self.slack.post_limit.take(channel.id)
        if not allowance.granted:
            raise _RateLimited(allowance)
        message = self.slack.post(
            channel.id,
            self.slack.bot_user,
            text,
            blocks or [],
            metadata=metadata,
            thread_ts=args.get("thread_ts") or None,
            broadcast=_truth(args.get("reply_broadcast")),
        )
        shown = slack_shapes.message(self.slack, message, with_metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def update(self, args: Args) -> Json:
        channel = self._channel(args, by_name=False)
        self.slack.message(channel.id, str(args.get("ts")))
        given = any(name in args for name in ("text", "blocks", "attachments"))
        text, blocks = self._content(args) if given else (None, None)
        message = self.slack.edit(
            channel.id,
            str(args["ts"]),
            text if "text" in args else None,
            blocks,
            _metadata(args),
        )
        shown = slack_shapes.message(self.slack, message, with_metadata=True)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def post_ephemeral(self, args: Args) -> Json:
        channel = self._writable(args)
        user = str(args.get("user"))
        if user not in self.slack.users or not self.slack.is_in(user, channel):
            raise SlackError("user_not_in_channel")
        text, blocks = self._content(args)
        message = self.slack.post(
            channel.id,
            self.slack.bot_user,
            text,
            blocks or [],
            thread_ts=args.get("thread_ts") or None,
            ephemeral_to=user,
        )
        return {"message_ts": message.ts}

    def permalink(self, args: Args) -> Json:
        channel = self._channel(args, by_name=False)
        message = self.slack.message(channel.id, str(args.get("message_ts")))
        return {"channel": channel.id, "permalink": self.slack.permalink(message)}

    def _writable(self, args: Args) -> Channel:
        """A channel that the bot may post to: its id, #name, or a person's id for direct messages."""
        target = str(args.get("channel") or "")
        channel = self.slack.direct(target) if target[:1] == "U" else self._channel(args)
        if channel.is_archived:
            raise SlackError("is_archived")
        if not channel.is_member:
            raise SlackError("not_in_channel")
        return channel

    def _channel(self, args: Args, *, by_name: bool = True) -> Channel:
        """A channel that the bot can see; a private one without it is as good as absent."""
        wanted = str(args.get("channel") or "")
        if not by_name and wanted not in self.slack.channels:
            raise SlackError("channel_not_found")
        channel = self.slack.find(wanted)
        if channel.is_private and not channel.is_member:
            raise SlackError("channel_not_found")
        return channel

    def _content(self, args: Args) -> tuple[str, list[Json] | None]:
        """Text and blocks, checked; blocks are None when none were given."""
        text = str(args.get("text") or "")
        blocks = _structure(args.get("blocks"), "invalid_blocks_format")
        attachments = _structure(args.get("attachments"), "invalid_attachments")
        if not (text or blocks or attachments):
            raise SlackError("no_text")
        if len(text) > _LONGEST:
            raise SlackError("msg_too_long")
        if len(attachments or []) > _ATTACHMENTS:
            raise SlackError("too_many_attachments")
        if blocks is not None and (found := block_kit.problems(blocks)):
            raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
        return text, blocks

    # -- conversations --

    def conversations(self, args: Args) -> Json:
        kinds = str(args.get("types") or "public_channel").replace(" ", "").split(",")
        for kind in kinds:
            _provided(_LISTED.get(kind, "channels:read"))
        with self.slack.lock:
            channels = list(self.slack.channels.values())
        seen = [
            one
            for one in channels
            if one.user is None
            and ("private_channel" if one.is_private else "public_channel") in kinds
            and (one.is_member or not one.is_private)
            and not (one.is_archived and _truth(args.get("exclude_archived")))
        ]
        page, cursor = _paged(seen, args, 100)
        shown = [slack_shapes.channel(one) for one in page]
        return {"channels": shown, "response_metadata": {"next_cursor": cursor}}

    def info(self, args: Args) -> Json:
        return {"channel": slack_shapes.channel(self._channel(args, by_name=False))}

    def join(self, args: Args) -> Json:
        channel = self._channel(args, by_name=False)
        if channel.is_private:
            raise SlackError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise SlackError("is_archived")
        already = channel.is_member
        channel.is_member = True
        answer: Json = {"channel": slack_shapes.channel(channel)}
        if already:
            answer["warning"] = "already_in_channel"
            answer["response_metadata"] = {"warnings": ["already_in_channel"]}
        return answer

    def open_direct(self, args: Args) -> Json:
        """Direct messages with one person; with several there would be a group, which no app here needs."""
        users = str(args.get("users") or "").replace(" ", "")
        if not users:
            raise SlackError("users_list_not_supplied")
        if users not in self.slack.users:
            raise SlackError("user_not_found")
        if users == self.slack.bot_user:
            raise SlackError("not_enough_users")
        already = f"D{users[1:]}" in self.slack.channels
        channel = self.slack.direct(users)
        again = {"no_op": True, "already_open": True} if already else {}
        full = _truth(args.get("return_im"))
        return again | {"channel": slack_shapes.channel(channel) if full else {"id": channel.id}}

    def history(self, args: Args) -> Json:
        channel = self._readable(args)
        return self._messages(self.slack.messages(channel.id)[::-1], args)

    def replies(self, args: Args) -> Json:
        channel = self._readable(args)
        every = self.slack.everything(channel.id)
        asked = next((one for one in every if one.ts == args.get("ts")), None)
        if asked is None:
            raise SlackError("thread_not_found")
        root = asked.thread_ts or asked.ts
        return self._messages([one for one in every if root in {one.ts, one.thread_ts}], args)

    def _readable(self, args: Args) -> Channel:
        channel = self._channel(args, by_name=False)
        if not channel.is_member:
            raise SlackError("not_in_channel")
        return channel

    def _messages(self, messages: list[Message], args: Args) -> Json:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or 1e12)
        inclusive = _truth(args.get("inclusive"))
        within = [
            one
            for one in messages
            if oldest < float(one.ts) < latest or (inclusive and float(one.ts) in {oldest, latest})
        ]
        page, cursor = _paged(within, args, 100)
        with_metadata = _truth(args.get("include_all_metadata"))
        answer: Json = {
            "messages": [
                slack_shapes.message(self.slack, one, with_metadata=with_metadata) for one in page
            ],
            "has_more": bool(cursor),
        }
        if cursor:
            answer["response_metadata"] = {"next_cursor": cursor}
        return answer

    # -- people and views --

    def lookup(self, args: Args) -> Json:
        email = str(args.get("email") or "").lower()
        for user in list(self.slack.users.values()):
            if email and user.email.lower() == email:
                return {"user": slack_shapes.user(self.slack, user)}
        raise SlackError("users_not_found")

    def user_info(self, args: Args) -> Json:
        user = self.slack.users.get(str(args.get("user")))
        if user is None:
            raise SlackError("user_not_found")
        return {"user": slack_shapes.user(self.slack, user)}

    def open_view(self, args: Args) -> Json:
        return self._opened(self.slack.views.open(_trigger(args), _view(args, "modal")))

    def push_view(self, args: Args) -> Json:
        return self._opened(self.slack.views.push(_trigger(args), _view(args, "modal")))

    def update_view(self, args: Args) -> Json:
        named = [str(args.get(name) or "") for name in ("view_id", "external_id")]
        if not any(named):
            raise _invalid("missing required field: view_id")
        view = self.slack.views.find(*named)
        kind = view.body["type"] if view else "modal"
        body = _view(args, kind)
        return self._opened(self.slack.views.update(view, body, args.get("hash")))

    def publish_view(self, args: Args) -> Json:
        """That an unknown user_id gives `invalid_arguments` is unconfirmed; the page names no other error."""
        user = str(args.get("user_id") or "")
        if user not in self.slack.users:
            raise _invalid("must be a valid user id [json-pointer:/user_id]")
        return self._opened(self.slack.views.publish(user, _view(args, "home"), args.get("hash")))

    def _opened(self, view: View) -> Json:
        return {"view": slack_shapes.view(self.slack, view)}


def create_app(slack: Slack) -> Flask:
    """The workspace's Web API."""
    app = Flask("sandbox.slack", static_folder=None, template_folder=None)
    api = _Api(slack)

    @app.route("/api/<method>", methods=["GET", "POST"])
    def call(method: str) -> Json:
        slack.calls[method] += 1
        if method not in api.methods:
            raise SlackError("unknown_method", req_method=method)
        run, scopes = api.methods[method]
        args = _args()
        g.scopes = _authenticate(slack, args, scopes)
        if method != "chat.postMessage":
            allowance = slack.method_limit.take(method)
            if not allowance.granted:
                raise _RateLimited(allowance)
        return {"ok": True} | run(args)

    @app.post("/actions/<team>/<number>/<secret>")
    def answer(team: str, number: str, secret: str) -> tuple[Json, int] | str:
        """A response_url: who knows it may answer what somebody did."""
        address = slack.reply_addresses.get(f"/actions/{team}/{number}/{secret}")
        if address is None:
            return {"ok": False, "error": "expired_url"}, 404
        try:
            slack_answers.to_address(slack, address, dict(_args()))
        except SlackError as error:
            return {"ok": False, "error": error.error}, 404
        return "ok"

    @app.after_request
    def tell(response: Response) -> Response:
        """Each answer to a good token names its scopes (docs.slack.dev/authentication)."""
        if "scopes" in g:
            response.headers["X-OAuth-Scopes"] = ",".join(g.scopes)
        return response

    @app.errorhandler(SlackError)
    def failed(error: SlackError) -> Json:
        return {"ok": False, "error": error.error} | error.more

    @app.errorhandler(_RateLimited)
    def limited(error: _RateLimited) -> tuple[Response, int, dict[str, str]]:
        retry = {"Retry-After": str(error.allowance.seconds)}
        return jsonify(ok=False, error="ratelimited"), 429, retry

    return app


def _authenticate(slack: Slack, args: Args, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of the token. Raises SlackError."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token")
    if not token:
        raise SlackError("not_authed")
    if token in slack.revoked:
        raise SlackError("token_revoked")
    provided = slack.tokens.get(token)
    if provided is None:
        raise SlackError("invalid_auth")
    if scopes and not set(scopes) & set(provided):
        raise SlackError("missing_scope", needed=scopes[0], provided=",".join(provided))
    return provided


def _provided(scope: str) -> None:
    """Refuse a call that needs a scope which the token hasn't."""
    if scope not in g.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(g.scopes))


def _args() -> Args:
    """Arguments from the query and the body, be it a form or JSON."""
    if request.mimetype == "application/json" and request.get_data():
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise SlackError("invalid_json" if body is None else "json_not_object")
        return {**request.args, **body}
    return {**request.args, **request.form}


def _structure(value: Any, error: str) -> Any:
    """A list or object, which in a form comes as JSON text; None when absent."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(error) from None


def _metadata(args: Args) -> Json | None:
    metadata = _structure(args.get("metadata"), "invalid_metadata_format")
    if metadata is None:
        return None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not (isinstance(payload, dict) and isinstance(metadata.get("event_type"), str)):
        raise SlackError("invalid_metadata_schema")
    return dict(metadata)


def _trigger(args: Args) -> str:
    trigger = str(args.get("trigger_id") or "")
    if not trigger:
        raise _invalid("missing required field: trigger_id")
    return trigger


def _view(args: Args, kind: str) -> Json:
    """The view that was handed in, checked."""
    view = _structure(args.get("view"), "invalid_arguments")
    if found := block_kit.view_problems(view, (kind,)):
        raise SlackError("invalid_arguments", response_metadata={"messages": found})
    return dict(view)


def _invalid(what: str) -> SlackError:
    found = {"messages": [f"[ERROR] {what}"]}
    return SlackError("invalid_arguments", response_metadata=found)


def _truth(value: Any) -> bool:
    return str(value).lower() in {"true", "1"}


def _paged(items: list[Any], args: Args, most: int) -> tuple[list[Any], str]:
    start = int(base64.b64decode(str(args.get("cursor") or "")) or 0)
    end = start + min(int(args.get("limit") or most), 1000)
    cursor = base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
    return items[start:end], cursor
