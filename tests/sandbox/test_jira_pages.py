"""The pages of Jira's issues."""

from __future__ import annotations

import pytest
import requests
from slack_sdk import WebClient

from bridge.sandbox import Sandbox

from .conftest import Site

HOSTILE = "<script>alert(1)</script>"


def get(sandbox: Sandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.url}{path}", timeout=5)


def test_a_site_without_projects_is_not_shown(sandbox: Sandbox) -> None:
    assert "<h1>Jira" not in get(sandbox, "/").text


def test_an_issue_shows_notes_apart(sandbox: Sandbox, site: Site) -> None:
    jira = sandbox.jira
    issue = jira.open_request(
        site.anna, HOSTILE, f"Help {HOSTILE}", site.desk, organization=HOSTILE
    )
    jira.reply(issue, site.ben, f"on it {HOSTILE}")
    assert 'class="mark">Internal' not in get(sandbox, "/issues/HELP-1").text
    jira.note(issue, site.ben, "call her")
    jira.save(issue, site.ben, {"labels": ["alert"]})
    jira.assign(issue, site.ben, site.ben)
    jira.rate(issue, 1, HOSTILE)
    for path in ("/", "/issues/HELP-1", "/issues/HELP-1?changelog"):
        page = get(sandbox, path)
        assert page.status_code == 200
        assert "<script>" not in page.text
        assert "<i>alert</i>" in page.text
    assert page.text.count('class="mark">Internal') == 1
    assert "assignee: – → Ben Ito" in page.text
    assert "1 of 5" in page.text


def test_a_moved_and_a_deleted_issue(sandbox: Sandbox, issue: str, site: Site) -> None:
    sandbox.jira.move(issue, site.ben, site.software)
    sandbox.jira.delete(issue, site.ben)
    for key in ("HELP-1", "DEV-1"):
        page = get(sandbox, f"/issues/{key}").text
        assert "This issue was deleted." in page
        assert "everybody in the project reads every comment" in page


def test_a_link_in_a_message_leads_to_the_issues_page(
    sandbox: Sandbox, slack: WebClient, issue: str
) -> None:
    channel = sandbox.slack.add_channel("alerts")
    for address in (sandbox.jira.host, sandbox.jira_url):
        slack.chat_postMessage(channel=channel, text=f"<{address}/browse/HELP-1|HELP-1>")
    shown = get(sandbox, f"/channels/{channel}").text
    assert shown.count(f'href="{sandbox.url}/issues/HELP-1"') == 2


@pytest.mark.parametrize("key", ["HELP-9", "10001x"])
def test_what_is_not_there(sandbox: Sandbox, key: str) -> None:
    assert get(sandbox, f"/issues/{key}").status_code == 404
