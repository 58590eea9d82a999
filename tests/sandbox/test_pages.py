"""The pages that show what happened."""

from __future__ import annotations

import pytest
import requests

from bridge.sandbox import Sandbox, Slack
from bridge.sandbox.pages import mrkdwn

from .conftest import Clock, People

HOSTILE = "<script>alert(1)</script>"


def get(sandbox: Sandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.url}{path}", timeout=5)


def test_an_empty_sandbox(sandbox: Sandbox) -> None:
    page = get(sandbox, "/")
    assert page.status_code == 200
    assert "No ticket has been opened." in page.text
    assert get(sandbox, "/static/style.css").status_code == 200


def test_a_ticket_shows_notes_apart(sandbox: Sandbox, people: People) -> None:
    ticket = sandbox.zendesk.open_ticket(people.anna, HOSTILE, f"Help {HOSTILE}", people.billing)
    sandbox.zendesk.note(ticket, people.ben, "call her")
    sandbox.zendesk.assign(ticket, people.ben, assignee=people.ben)
    sandbox.zendesk.rate(ticket, "bad", HOSTILE)
    for path in ("/", f"/tickets/{ticket}", f"/tickets/{ticket}?audits"):
        page = get(sandbox, path)
        assert page.status_code == 200
        assert "<script>" not in page.text
    assert 'class="internal"' in page.text
    assert "assignee: – → Ben Ito" in page.text


def test_a_channel_with_all_there_is(sandbox: Sandbox, clock: Clock) -> None:
    slack = sandbox.slack
    channel = slack.add_channel("alerts")
    mia = slack.add_user("mia", "mia@example.com", "Mia Roth")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*Anna* {HOSTILE}"}}]
    root = slack.post(channel, slack.bot_user, "Anna", blocks)
    clock.forward(minutes=1)
    slack.edit(channel, root.ts, "Anna again", None, None)
    slack.say(mia, channel, root.ts, f"on it {HOSTILE}")
    slack.post(channel, slack.bot_user, "worse", [], thread_ts=root.ts, broadcast=True)
    slack.post(channel, slack.bot_user, "psst", [], ephemeral_to=mia)
    page = get(sandbox, f"/channels/{channel}").text
    assert "<script>" not in page
    assert "<b>Anna</b>" in page
    for shown in ("(edited)", "2 replies", "replied to a thread", "Only visible to Mia Roth"):
        assert shown in page


@pytest.mark.parametrize("path", ["/tickets/7", "/channels/C0", "/nowhere"])
def test_what_is_not_there(sandbox: Sandbox, path: str) -> None:
    page = get(sandbox, path)
    assert page.status_code == 404
    assert "Nothing is kept" in page.text


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("*bold* _slanted_ ~gone~", "<b>bold</b> <i>slanted</i> <s>gone</s>"),
        ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("`*not bold*`", "<code>*not bold*</code>"),
        (
            "<https://example.com/?a=1&amp;b=2|here>",
            '<a href="https://example.com/?a=1&amp;b=2" rel="noreferrer">here</a>',
        ),
        ("<javascript:alert(1)|here>", "here"),
        ("<!channel>", '<span class="mention loud">@channel</span>'),
        ("<@U0SANDBOX1>", '<span class="mention">@Alert Bridge</span>'),
        ("&gt; quoted\nplain", "<q>quoted</q>plain"),
        (
            '<https://example.com/"onclick="x|y>',
            '<a href="https://example.com/&#34;onclick=&#34;x" rel="noreferrer">y</a>',
        ),
    ],
)
def test_slacks_markup(text: str, markup: str, clock: Clock) -> None:
    assert mrkdwn(text, Slack(clock)) == markup
