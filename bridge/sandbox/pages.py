"""Pages to watch the stand-ins as a person would see them: tickets, issues, channels, webhooks."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, render_template, request
from markupsafe import Markup, escape

from bridge.sandbox import slack_pages
from bridge.sandbox.jira_records import Issue
from bridge.sandbox.slack import Message, Slack, SlackError
from bridge.sandbox.twilio import Call, Twilio
from bridge.sandbox.twilio_messages import Sms
from bridge.sandbox.wire import Json
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_records import Ticket

if TYPE_CHECKING:
    from bridge.sandbox import Sandbox

_REFRESH = 3  # seconds; `?still` in the address keeps a page as it is
_CODE_BLOCK = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_KEPT = re.compile("\x00(\\d+)\x00")
_STYLES = (
    (re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"), "s"),
)
_EMOJI = {
    "rotating_light": "🚨",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "red_circle": "🔴",
    "large_red_circle": "🔴",
    "large_orange_circle": "🟠",
    "large_yellow_circle": "🟡",
    "large_green_circle": "🟢",
    "large_blue_circle": "🔵",
    "bell": "🔔",
    "no_bell": "🔕",
    "eyes": "👀",
    "fire": "🔥",
    "hourglass_flowing_sand": "⏳",
    "alarm_clock": "⏰",
    "telephone_receiver": "📞",
    "speech_balloon": "💬",
    "ticket": "🎫",
    "bust_in_silhouette": "👤",
    "star": "⭐",
    "zzz": "💤",
    "tada": "🎉",
    "chart_with_upwards_trend": "📈",
}


def create_app(sandbox: Sandbox) -> Flask:
    """The pages, served at the root of the sandbox."""
    app = Flask(__name__)
    zendesk, jira, slack = sandbox.zendesk, sandbox.jira, sandbox.slack
    courier = sandbox.courier

    def local(text: str) -> str:
        """Links to tickets and issues lead to their page here."""
        text = text.replace(f"{zendesk.host}/agent/", request.host_url)
        for address in (jira.host, sandbox.jira_url):
            text = text.replace(f"{address}/browse/", f"{request.host_url}issues/")
        return text

    def to_html(text: str) -> Markup:
        return mrkdwn(local(text), slack)

    def rich_to_html(block: Json) -> Markup:
        return rich(block, local)

    def named(value: Any, field: str) -> str:
        return _named(value, field, zendesk)

    app.jinja_env.filters |= {
        "mrkdwn": to_html,
        "rich": rich_to_html,
        "emoji": _emoji,
        "clock": _clock,
        "named": named,
    }

    @app.context_processor
    def shared() -> Json:
        return {
            "now": sandbox.now(),
            "zendesk": zendesk,
            "jira": jira,
            "slack": slack,
            "refresh": None if "still" in request.args else _REFRESH,
            "person": zendesk.user_name,
            "account": jira.user_name,
        }

    @app.get("/")
    def overview() -> str:
        with zendesk.lock:
            tickets = sorted(zendesk.tickets.values(), key=_interesting, reverse=True)
        with jira.lock:
            issues = sorted(jira.issues.values(), key=_interesting_issue, reverse=True)
        with slack.lock:
            channels = [(one, slack.messages(one.id)) for one in slack.channels.values()]
        attempts = list(courier.attempts)
        return render_template(
            "overview.html",
            tickets=tickets[:200],
            total=len(tickets),
            statuses=Counter(one.status for one in tickets if not one.deleted),
            issues=issues[:200],
            issue_total=len(issues),
            channels=channels,
            attempts=attempts[-12:][::-1],
            answers=Counter(one.status or one.error for one in attempts),
            phones=_phones(sandbox.twilio),
            mails=sandbox.smtp.messages[-6:][::-1],
            pending=courier.pending(),
            held=courier.held(),
        )

    @app.get("/tickets/<int:number>")
    def ticket(number: int) -> str:
        with zendesk.lock:
            found = zendesk.tickets.get(number) or abort(404)
            return render_template(
                "ticket.html",
                ticket=found,
                comments=found.comments,
                audits=found.audits if "audits" in request.args else None,
            )

    @app.get("/issues/<key>")
    def issue(key: str) -> str:
        with jira.lock:
            found = jira.issues.get(jira.issue_ids.get(key, "")) or abort(404)
            return render_template(
                "issue.html",
                issue=found,
                changelog=found.changelog if "changelog" in request.args else None,
            )

    @app.get("/channels/<channel>")
    def channel(channel: str) -> str:
        try:
            found = slack.find(channel)
        except SlackError:
            abort(404)
        shown = [(one, _thread(slack, one)) for one in slack.messages(found.id)]
        shown += [(one, []) for one in slack.ephemerals(found.id)]
        shown.sort(key=lambda pair: pair[0].ts)
        people = slack_pages.people(slack) if slack.app_url else []
        me = request.args.get("as") or (people[0].id if people else None)
        return render_template(
            "channel.html", channel=found, shown=shown[-200:], people=people, me=people and me
        )

    @app.errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return render_template("missing.html"), 404

    return app


def _phones(twilio: Twilio) -> list[tuple[str, list[Call], list[Sms]]]:
    """Each phone with its calls and messages, the newest phone first."""
    with twilio.lock:
        return [
            (
                phone,
                [one for one in twilio.calls if one.phone == phone],
                [one for one in twilio.messages if one.to == phone],
            )
            for phone in reversed(twilio.phones)
        ][:12]


def mrkdwn(text: str, slack: Slack) -> Markup:
    """Slack's markup as HTML. Everything is escaped; only http, https and mailto become links."""
    kept: list[Markup] = []

    def keep(markup: Markup) -> str:
        kept.append(markup)
        return f"\x00{len(kept) - 1}\x00"

    def plain(raw: str) -> Markup:
        return escape(html.unescape(raw))

    text = text.replace("\x00", "")
    text = _CODE_BLOCK.sub(lambda m: keep(Markup("<pre>{}</pre>").format(plain(m[1]))), text)
    text = _CODE.sub(lambda m: keep(Markup("<code>{}</code>").format(plain(m[1]))), text)
    text = _LINK.sub(lambda m: keep(_reference(m[1], m[2], slack)), text)
    lines = [_line(line) for line in _emoji(text).split("\n")]
    marked = Markup(str(Markup("\n").join(lines)).replace("</q>\n", "</q>"))  # noqa: S704
    # Code may stand inside a link's text or the other way round: two passes put all back.
    for _ in range(2):
        marked = Markup(_KEPT.sub(lambda m: kept[int(m[1])], marked))  # noqa: S704 - all escaped
    return marked


def _line(line: str) -> Markup:
    quoted = line.startswith(("&gt;", ">"))
    if quoted:
        line = line.removeprefix("&gt;").removeprefix(">").removeprefix(" ")
    marked = str(escape(html.unescape(line)))
    for pattern, tag in _STYLES:
        marked = pattern.sub(rf"<{tag}>\1</{tag}>", marked)
    safe = Markup(marked)  # noqa: S704 - escaped above, the tags are ours
    return Markup("<q>{}</q>").format(safe) if quoted else safe


def _reference(target: str, label: str | None, slack: Slack) -> Markup:
    if target.startswith("@"):
        user = slack.users.get(target[1:])
        name = user.real_name if user else label or target[1:]
        return Markup('<span class="mention">@{}</span>').format(name)
    if target.startswith("#"):
        channel = slack.channels.get(target[1:])
        return Markup('<span class="mention">#{}</span>').format(channel.name if channel else label)
    if target.startswith("!date^"):
        return Markup("<time>{}</time>").format(label or "some time")
    if target.startswith("!"):
        name = label or target[1:].partition("^")[0]
        return Markup('<span class="mention loud">@{}</span>').format(name.removeprefix("@"))
    words = html.unescape(label or target)
    if target.startswith(("http://", "https://", "mailto:")):
        link = Markup('<a href="{}" rel="noreferrer">{}</a>')
        return link.format(html.unescape(target), words)
    return escape(words)


def rich(block: Json, local: Callable[[str], str]) -> Markup:
    """A `rich_text` block as HTML: sections, quotes, lists and code, with styles and links.

    `local` is given each address, and says where it leads from here.
    """
    parts = []
    for part in block.get("elements", []):
        if part.get("type") == "rich_text_list":
            items = [_inline(one, local) for one in part.get("elements", [])]
            parts.append(Markup("<ul>{}</ul>").format(Markup("").join(map(_item, items))))
            continue
        words = _inline(part, local)
        frame = {"rich_text_quote": "<q>{}</q>", "rich_text_preformatted": "<pre>{}</pre>"}
        kind = frame.get(part.get("type", ""), "<div>{}</div>")
        parts.append(Markup(kind).format(words))  # noqa: S704 - the frames are ours
    return Markup("").join(parts)


def _item(words: Markup) -> Markup:
    return Markup("<li>{}</li>").format(words)


def _inline(part: Json, local: Callable[[str], str]) -> Markup:
    return Markup("").join(_run(run, local) for run in part.get("elements", []))


def _run(run: Json, local: Callable[[str], str]) -> Markup:
    words: Markup = escape(
        run.get("text") or run.get("url") or run.get("user_id") or run.get("name") or ""
    )
    url = local(str(run.get("url", "")))
    if run.get("type") == "link" and url.startswith(("http://", "https://")):
        words = Markup('<a href="{}" rel="noreferrer">{}</a>').format(url, words)
    for style, tag in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code")):
        if run.get("style", {}).get(style):
            words = Markup(f"<{tag}>{{}}</{tag}>").format(words)  # noqa: S704 - the tags are ours
    return words


def _emoji(text: str) -> str:
    return re.sub(r":([a-z_]+):", lambda m: _EMOJI.get(m[1], m[0]), text)


def _named(value: Any, field: str, zendesk: Zendesk) -> str:
    """An audit's value for people: names instead of ids."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return " ".join(value) or "–"
    if field == "group_id" and int(value) in zendesk.groups:
        return zendesk.groups[int(value)].name
    if field in {"assignee_id", "requester_id"}:
        return zendesk.user_name(int(value))
    return str(value)


def _clock(at: datetime | str) -> str:
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{when:%a %H:%M}"


def _interesting(ticket: Ticket) -> tuple[bool, datetime, int]:
    """Tickets with tags first, then the newest."""
    return bool(ticket.tags), ticket.updated_at, ticket.id


def _interesting_issue(issue: Issue) -> tuple[bool, datetime, int]:
    """Issues with labels first, then the newest."""
    return bool(issue.labels), issue.updated, int(issue.id)


def _thread(slack: Slack, message: Message) -> list[Any]:
    return [] if message.is_reply else slack.thread(message.channel, message.ts)
