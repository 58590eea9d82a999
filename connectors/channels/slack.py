"""Slack: one message per alert, kept current by edits, with replies in its thread.

Whatever comes from outside is written as `rich_text` or `plain_text`, which know no markup; `mrkdwn`
is used only where a date or a mention needs it, and then escaped.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, ClassVar, TypeAlias

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bridge.domain.model import Action, Contact, Line, Message, Receipt, Severity, Undeliverable
from connectors import Dispatch, Unsearchable
from connectors.http import TIMEOUT, redact, transport, usable, verdict
from connectors.plain import cut, plain, web, when

Block: TypeAlias = dict[str, Any]

_QUIET = logging.getLogger(f"{__name__}.sdk")  # the SDK logs whole messages; we say what matters

_SIGNS = {
    Severity.INFO: ("ℹ️", "Info"),
    Severity.WARNING: ("⚠️", "Warning"),
    Severity.HIGH: ("🟠", "High"),
    Severity.CRITICAL: ("🔴", "Critical"),
}
_RESOLVED = ("✅", "Resolved")

_EVENT = "alert_bridge"
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,60}")
_SCOPES = re.compile(r"[a-z_.:, -]{1,100}")
_MENTIONS = re.compile(r"(?i)<(?=[!@#]|https?:|mailto:)|@(?=(?:channel|here|everyone)\b)")
_THREAD = (Action.REPLY, Action.BROADCAST)

# Block Kit refuses a message as a whole when one part is too long. Ours are shorter than its limits
# (header 150, texts 2000 and 3000, 50 blocks), for a message has to be read on a phone.
_HEADER = 150
_FALLBACK = 400
_REPLY = 2500
_WORDS = 1200
_ROOM = 8000  # for all reasons together; Slack's total for blocks is about 13,000 (unconfirmed)
_MOST_REASONS = 10
_MOST_FACTS = 8

_TIMEOUT = int(TIMEOUT[1])  # seconds
_PAGES = 5
_PER_PAGE = 200
_SKEW = timedelta(minutes=5)  # how far Slack's clock and ours may be apart
_SOON = timedelta(seconds=30)

_INVITE = "invite the bot there: /invite @Alert Bridge"
_REFUSALS = {
    "account_inactive": "its user or workspace was deactivated; install the app again",
    "cant_update_message": "the message isn't ours to edit",
    "channel_not_found": f"no such channel, or a private one without the bot; {_INVITE}",
    "edit_window_closed": "the message is too old to be edited",
    "invalid_auth": "the token isn't valid; set the one of the app's OAuth page",
    "invalid_blocks": "the message's blocks aren't valid",
    "is_archived": "the channel is archived; give the team another one",
    "message_not_found": "the message was deleted",
    "missing_scope": "the app lacks a scope; add it and install the app again",
    "msg_blocks_too_long": "the message's blocks are too long",
    "msg_too_long": "the message is too long",
    "no_text": "the message is empty",
    "not_authed": "no token was sent",
    "not_in_channel": f"the bot isn't in the channel; {_INVITE}",
    "restricted_action": "the workspace's settings forbid posting in this channel",
    "thread_not_found": "the message to reply to was deleted",
    "token_expired": "the token has expired",
    "token_revoked": "the token was revoked; install the app again",
}
_ACCOUNT = frozenset(
    {
        "access_denied",
        "account_inactive",
        "accesslimited",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "is_inactive",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "upgrade_required",
    }
)
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable"})  # maybe carried out
_NOT_DONE = frozenset({"request_timeout", "team_added_to_org", "message_limit_exceeded"})
_GARBLED = (AttributeError, LookupError, TypeError, ValueError)  # what the SDK makes of bad answers


class _Refusal(Undeliverable):
    """Slack's own error, with its code."""

    code = ""


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A workspace, through a bot token with chat:write (and channels:join, channels:history).

    `token` may be a function that gives the current one.
    """

    kind: ClassVar[str] = "slack"

    name: str = "slack"
    token: str | Callable[[], str] = field(repr=False)
    base_url: str = "https://slack.com/api/"

    def __post_init__(self) -> None:
        _QUIET.setLevel(logging.CRITICAL)

    def send(self, dispatch: Dispatch) -> Receipt:
        """Post, edit or reply; what `dispatch.action` says.

        A public channel that the bot isn't in is joined once. `metadata` and the first block's id carry
        the marker; an edit leaves the metadata as posted, so that the post can still be found by it.
        """
        message, marker = dispatch.message, dispatch.marker
        if dispatch.action is Action.EDIT:
            previous = _previous(dispatch)
            answer = self._call(
                lambda client: client.chat_update(
                    channel=previous.to or dispatch.to,
                    ts=previous.ref,
                    text=_fallback(message),
                    blocks=blocks(message, marker=marker),
                    parse="none",  # Slack's default for edits is "client", which makes links
                    link_names=False,
                )
            )
            return Receipt(ref=previous.ref, to=str(answer.get("channel") or previous.to))
        arguments: dict[str, Any] = {
            "channel": dispatch.to,
            "unfurl_links": False,
            "unfurl_media": False,
            "parse": "none",
            "link_names": False,
            "metadata": {
                "event_type": _EVENT,
                "event_payload": {"marker": marker, "ref": plain(message.ref, 100)},
            },
        }
        if dispatch.action is Action.POST:
            shown = blocks(message, mention=True, marker=marker)
            arguments |= {"text": _fallback(message), "blocks": shown}
        elif dispatch.action in _THREAD:
            previous = _previous(dispatch)
            broadcast = dispatch.action is Action.BROADCAST
            arguments |= {
                "channel": previous.to or dispatch.to,
                "thread_ts": previous.ref,
                "reply_broadcast": broadcast,
                "text": _escape(_said(_reply(message), _FALLBACK)),
                "blocks": reply_blocks(message, mention=broadcast, marker=marker),
            }
        else:
            raise Undeliverable(f"Slack has no way to carry out a {dispatch.action.value}")
        return self._post(arguments)

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The message with the marker, in the channel or in the thread.

        An edit is harmless to repeat: None, send it again. One look after an ambiguous failure only: Slack
        allows apps that are sold outside of its marketplace hardly any reading of histories
        (docs.slack.dev/apis/web-api/rate-limits), and apps of one's own need a history scope.
        """
        if dispatch.action is Action.EDIT:
            return None
        previous = dispatch.previous if dispatch.action in _THREAD else None
        channel = (previous.to if previous else "") or dispatch.to
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - _SKEW).timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PER_PAGE,
        }
        for _ in range(_PAGES):
            answer = self._look(previous, wanted)
            for message in _listed(answer.get("messages")):
                if _bears(message, dispatch.marker):
                    return Receipt(ref=str(message.get("ts", "")), to=channel)
            after = answer.get("response_metadata")
            cursor = after.get("next_cursor") if isinstance(after, dict) else None
            if not cursor:
                if answer.get("has_more"):
                    raise Unsearchable("Slack has more messages and doesn't say where")
                return None
            wanted["cursor"] = cursor
        raise Unsearchable("Slack has too many messages since then to look through")

    def _look(self, previous: Receipt | None, wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            if previous is None:
                return self._call(lambda client: client.conversations_history(**wanted))
            return self._call(
                lambda client: client.conversations_replies(ts=previous.ref, **wanted)
            )
        except _Refusal as refusal:
            if refusal.retry_after is not None:
                raise
            if refusal.code == "thread_not_found":
                return {}
            raise Unsearchable(str(refusal)) from None

    def _post(self, arguments: dict[str, Any]) -> Receipt:
        def post(client: WebClient) -> SlackResponse:
            return client.chat_postMessage(**arguments)

        try:
            answer = self._call(post)
        except _Refusal as refusal:
            if refusal.code != "not_in_channel":
                raise
            self._join(str(arguments["channel"]))
            answer = self._call(post)
        ts, channel = answer.get("ts"), answer.get("channel")
        if not isinstance(ts, str) or not isinstance(channel, str):
            raise self._unreadable()
        return Receipt(ref=ts, to=channel)

    def _join(self, channel: str) -> None:
        try:
            self._call(lambda client: client.conversations_join(channel=channel))
        except _Refusal as refusal:
            if refusal.retry_after is not None:
                raise
            why = f"{self.name}: the bot isn't in {plain(channel, 40)} and can't join; {_INVITE}"
            raise Undeliverable(why) from None

    def _call(self, call: Callable[[WebClient], SlackResponse]) -> dict[str, Any]:
        """One request, never more. Every failure as Undeliverable, without what it was caused by."""
        token = self.token if isinstance(self.token, str) else self.token()
        token = token.strip()
        if not usable(token):
            raise Undeliverable(f"{self.name}: the token is empty or isn't one", wide=True)
        client = WebClient(
            token=token,
            base_url=self.base_url,
            timeout=_TIMEOUT,
            retry_handlers=[],
            logger=_QUIET,
        )
        try:
            data = call(client).data
        except SlackApiError as error:
            raise self._refused(error.response, token) from None
        except SlackClientError:
            why = f"{self.name}: the request can't be made; is the address or the proxy right?"
            raise Undeliverable(why, wide=True) from None
        except (OSError, HTTPException) as error:
            raise transport(error, who=self.name) from None
        except _GARBLED:
            raise self._unreadable() from None
        if not isinstance(data, dict):
            raise self._unreadable()
        return data

    def _refused(self, response: Any, token: str) -> Undeliverable:
        """Sent, retry at, or never: by the status, and by the code in an answer that says 200."""
        data = response.data if isinstance(response.data, dict) else {}
        found = data.get("error")
        code = found if isinstance(found, str) and _CODE.fullmatch(found) else ""
        words = redact(code, [token])
        status = 429 if code in _RATE_LIMITED else int(response.status_code)
        headers = {str(name): str(value) for name, value in dict(response.headers).items()}
        if failure := verdict(status, headers, words, who=self.name):
            return failure
        if not code:
            return self._unreadable()
        if code in _PASSING:
            why = f"{self.name} has trouble: {words}"
            return Undeliverable(why, retry_after=_SOON, unsure=True, wide=True)
        if code in _NOT_DONE:
            return Undeliverable(f"{self.name} is not ready: {words}", retry_after=_SOON)
        advice = _REFUSALS.get(code, "")
        needed = data.get("needed")
        if isinstance(needed, str) and _SCOPES.fullmatch(needed):
            advice += f" (needed: {needed})"
        why = f"{self.name} refused: {words}" + (f" ({advice})" if advice else "")
        refusal = _Refusal(why, wide=code in _ACCOUNT)
        refusal.code = code
        return refusal

    def _unreadable(self) -> Undeliverable:
        why = f"{self.name} gave an answer that can't be read"
        return Undeliverable(why, retry_after=_SOON, unsure=True)


def _previous(dispatch: Dispatch) -> Receipt:
    if dispatch.previous is None or not dispatch.previous.ref:
        raise Undeliverable(f"there is no message to {dispatch.action.value}")
    return dispatch.previous


def _bears(message: dict[str, Any], marker: str) -> bool:
    """Is this the message with our marker? In its metadata, or in the id of a block."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if isinstance(payload, dict) and payload.get("marker") == marker:
        return True
    ids = (block.get("block_id") for block in _listed(message.get("blocks")))
    return any(one == _block_id(marker) for one in ids)


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _block_id(marker: str) -> str:
    return f"bridge:{plain(marker, 240)}"


# --- the message ---------------------------------------------------------------------------------


def blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """An alert as Block Kit: what is wrong, where, since when, each reason, what to do, who knows.

    `mention` calls the manager by name if the alert is grave enough to interrupt somebody.
    """
    built = [_plain_block("header", _title(message))]
    if mention:
        built += _mention(message)
    built.append(_context(_about(message)))
    if customer := _customer(message.customer):
        built.append(_context([_plain(f"Customer: {customer}")]))
    built += _reasons(message)
    for label, text in (("Told", ", ".join(message.told)), ("Note", message.remark)):
        if text.strip():
            built.append(_context([_plain(f"{label}: {_said(text, 300)}")]))
    return _signed(built, message, marker)


def reply_blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """A reply in the alert's thread, in the words of `message.text`."""
    words = _said(_reply(message), _REPLY, lines=True) or "-"
    built = [_rich(_section(_run(words)))]
    if mention:
        built += _mention(message)
    return _signed(built, message, marker)


def _signed(built: list[Block], message: Message, marker: str) -> list[Block]:
    built.append(_context([_plain(f"Ref {_said(message.ref, 60) or '-'}")]))
    if marker:
        built[0]["block_id"] = _block_id(marker)
    return built


def _reply(message: Message) -> str:
    return message.text if message.text.strip() else message.headline


def _fallback(message: Message) -> str:
    """What a notification shows, and those who read no blocks."""
    return _escape(_said(f"{_title(message)} ({message.subject})", _FALLBACK))


def _title(message: Message) -> str:
    """State and headline; in words too, for who can't tell colours apart."""
    sign, word = _RESOLVED if message.resolved else _SIGNS[message.severity]
    headline = _said(message.headline, 2 * _HEADER)
    if message.resolved and headline.casefold().startswith(word.casefold()):
        return f"{sign} {headline}"
    return f"{sign} {word}: {headline}"


def _mention(message: Message) -> list[Block]:
    if message.resolved or message.severity < Severity.HIGH:
        return []
    if not _MEMBER.fullmatch(message.manager_slack):
        return []
    return [{"type": "section", "text": _mrkdwn(f"<@{message.manager_slack}> this needs you.")}]


def _about(message: Message) -> Iterator[Block]:
    subject = _said(message.subject, 100) or "Case"
    if url := web(message.url):
        label = re.sub(r"[|*_~`<>]", "", subject) or "Case"
        yield _mrkdwn(f"<{_escape(url)}|{_escape(label)}>")
    else:
        yield _plain(subject)
        if message.url.strip():
            yield _plain(_said(message.url, 300))
    if message.title.strip():
        yield _plain(f"“{_said(message.title, 200)}”")
    if message.team.strip():
        yield _plain(f"Team: {_said(message.team, 100)}")
    if message.manager.strip():
        yield _plain(f"Manager: {_said(message.manager, 100)}")
    epoch = int(message.since.timestamp())
    date = f"<!date^{epoch}^{{date_short_pretty}} {{time}}|{when(message.since)}>"
    yield _mrkdwn(f"since {date}")


def _customer(contact: Contact) -> str:
    parts = (contact.name, contact.email, contact.phone)
    return " · ".join(_said(part, 120) for part in parts if part.strip())


def _reasons(message: Message) -> Iterator[Block]:
    """The reasons that hold, in full while there is room; then those that are gone, struck through."""
    standing = [line for line in message.lines if not line.gone]
    gone = [line for line in message.lines if line.gone]
    told = standing[:_MOST_REASONS]
    heads = [_headline(line) for line in told]
    room = _ROOM - sum(map(_size, heads))
    for line, head in zip(told, heads, strict=True):
        alone = len(standing) == 1 and line.headline == message.headline
        elements = ([] if alone else [head]) + list(_details(line))
        room += _size(head) - _size(elements)
        if room < 0:
            room += _size(elements) - _size(head)
            elements = [head]
        if elements:
            yield _rich(*elements)
    for line in gone[:_MOST_REASONS]:
        yield _rich(_section(_run(_said(line.headline, 200) or "-", strike=True)))
    if untold := len(standing[_MOST_REASONS:]) + len(gone[_MOST_REASONS:]):
        yield _context([_plain(f"and {untold} more reason{'s' * (untold > 1)}")])


def _size(part: Block | list[Block]) -> int:
    return len(json.dumps(part, ensure_ascii=False))


def _details(line: Line) -> Iterator[Block]:
    facts = line.facts[:_MOST_FACTS]
    if facts:
        runs: list[Block] = []
        for label, value in facts:
            runs.append(_run(f"{_said(label, 60)}: ", bold=True))
            runs.append(_run(f"{_said(value, 240)}\n"))
        yield _section(*runs)
    if words := _said(line.words, _WORDS, lines=True):
        yield {"type": "rich_text_quote", "elements": [_run(words)]}
    advice = [("What would put it right", line.fix), ("Playbook", line.playbook)]
    runs = [run for label, text in advice if text.strip() for run in _pair(label, text)]
    if line.recording.strip():
        runs += _pair("Listen", line.recording)
    if runs:
        yield _section(*runs)


def _headline(line: Line) -> Block:
    sign, word = _SIGNS[line.severity]
    return _section(_run(f"{sign} {word}: {_said(line.headline, 300)}", bold=True))


def _pair(label: str, text: str) -> list[Block]:
    url = web(text)
    shown = {"type": "link", "url": url} if url else _run(_said(text, 400))
    return [_run(f"{label}: ", bold=True), shown, _run("\n")]


# --- parts of blocks -----------------------------------------------------------------------------


def _said(text: str, limit: int, *, lines: bool = False) -> str:
    """What somebody wrote, with nothing left in it that calls people, whoever parses it.

    A word joiner, which is invisible, breaks `<!channel>`, `<@U…>`, `<http…|…>` and a bare @channel.
    """
    tamed = _MENTIONS.sub(lambda found: found[0] + "\u2060", plain(text, lines=lines))
    return cut(tamed, limit)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _plain_block(kind: str, text: str) -> Block:
    return {"type": kind, "text": _plain(cut(text, _HEADER))}


def _context(elements: Iterator[Block] | list[Block]) -> Block:
    return {"type": "context", "elements": list(elements)}


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*runs: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(runs)}


def _run(text: str, **style: bool) -> Block:
    return {"type": "text", "text": text} | ({"style": style} if style else {})
