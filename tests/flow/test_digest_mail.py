"""What the digest says, as a mail and in Slack: to whom, how it is escaped, and how one gets rid of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from bridge.domain.model import AlertState, Coaching, Member, Outcome, Severity
from bridge.domain.people import Absence
from bridge.sandbox.wire import Fault
from bridge.store import people
from bridge.web import create_app
from tests.flow.readers import MONA, Readers, due, late, opened, words

HOUR = timedelta(hours=1)
MORNING = datetime(2031, 3, 5, 7, tzinfo=UTC)  # 08:00 in Berlin
HOSTILE = '</title><script>alert(1)</script><img src="https://evil.example/p.png" onerror=x>'


@pytest.fixture
def readers(database: Callable[..., str], tmp_path: Path) -> Iterator[Readers]:
    with ExitStack() as stack:
        yield stack.enter_context(opened(database(), tmp_path))


class Seen(HTMLParser):
    """What a mail program makes of HTML: its tags with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def morning(readers: Readers) -> tuple[str, Seen]:
    """The plain text and the HTML of the digest of Wednesday morning."""
    readers.until("2031-03-05 08:00")
    [mail] = readers.mails
    return words(mail), Seen(words(mail, "html"))


def a_day(readers: Readers) -> None:
    """Something to do, something done, somebody to coach."""
    readers.team()
    readers.until("2031-03-04 10:05")
    now = readers.clock()
    rated = late(now, "Rated 0 of 5", rule="low_score", words="Nobody answers me.")
    readers.alert(4711, rated, late(now), promises=due(MORNING - HOUR), title="Refund")
    readers.alert(4712, promises=due(MORNING + 2 * HOUR), owner=Member(name="Nils Holm"))
    readers.alert(
        4713,
        title="Broken key",
        state=AlertState.RESOLVED,
        ended_at=now,
        resolved_by="Mona Berg",
        outcome=Outcome.RECOVERED,
        cause="tone",
        done="Called them.",
        coaching=Coaching.NEEDED,
    )


def test_both_forms_say_all_of_it_in_the_same_order(readers: Readers) -> None:
    a_day(readers)
    plain, html = morning(readers)
    for told in (plain, "\n".join(html.text)):
        order = [
            "Billing: 2 alerts to act on, 1 with a missed goal",
            "Wednesday, 5 March 2031",
            "Yesterday: 3 opened, 1 resolved.",
            "Contacted within the goal, last 7 days: 0 % (0 of 1).",
            "High",
            "Ticket 4711: Refund",
            "Rated 0 of 5",
            "Waiting 2 h",
            "Nobody answers me.",
            "Open for 21 h",
            "Contact the customer: missed, it was due today 07:00",
            "In nobody's hands",
            "Ticket 4712: Where is my refund?",
            "Contact the customer by today 10:00",
            "Not taken by anybody yet; it is for Nils Holm",
            "Resolved since the last digest",
            "Ticket 4713: Broken key",
            "Recovered, by Mona Berg: tone. Called them.",
            "Who to coach, and on what",
            "Ben Ito",
            "next reply: 3 tickets in 30 days",
            "Ticket 4713: Broken key",
            "Times are those of Europe/Berlin.",
        ]
        at = 0
        for one in order:
            found = told.find(one, at)
            assert found >= 0, f"{one!r} is missing after {told[at - 60 : at]!r}"
            at = found + len(one)


def test_each_case_leads_to_its_ticket(readers: Readers) -> None:
    a_day(readers)
    plain, html = morning(readers)
    links = [attrs["href"] for tag, attrs in html.tags if tag == "a"]
    tickets = [f"https://acme.zendesk.com/agent/tickets/{n}" for n in (4711, 4712, 4713)]
    assert [link for link in links if "tickets" in str(link)] == [*tickets, tickets[2]]
    assert [line.strip() for line in plain.splitlines() if "/tickets/" in line] == [
        *tickets,
        tickets[2],
    ]


def test_the_same_stands_in_slack(readers: Readers) -> None:
    a_day(readers)
    readers.until("2031-03-05 08:00")
    [post] = readers.posts
    for told in (
        "Billing: 2 alerts to act on, 1 with a missed goal",
        "High: Rated 0 of 5",
        "open for 21 h",
        "Contact the customer: missed, it was due today 07:00",
        "AB-00001267",
        "Recovered, by Mona Berg: tone. Called them.",
        "next reply: 3 tickets in 30 days",
        "Yesterday: 3 opened, 1 resolved.",
        "https://acme.zendesk.com/agent/tickets/4711",
    ):
        assert told in post, told


def test_an_alert_that_is_only_worth_an_info_is_told_here(readers: Readers) -> None:
    readers.team()
    now = readers.clock()
    readers.alert(1, late(now, "Handed on 3 times", severity=Severity.INFO), severity=Severity.INFO)
    plain, _ = morning(readers)
    assert "[Info] Ticket 1" in plain
    assert "Handed on 3 times" in plain


def test_other_teams_cases_are_not_told(readers: Readers) -> None:
    readers.team()
    readers.alert(1, team="Support")
    assert "nothing to do" in morning(readers)[0]


# --- the letter


def test_its_headers(readers: Readers) -> None:
    readers.team()
    readers.until("2031-03-05 08:00")
    [mail] = readers.mails
    assert (mail["To"], mail["From"]) == (MONA, "Alert Bridge <alerts@example.com>")
    assert mail["Subject"] == "Billing: nothing to do (2031-03-05)"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<digest-2031-03-05-[0-9a-f]{24}@example\.com>", mail["Message-ID"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("address", ["support@acme.zendesk.com", "help+id1@acme.atlassian.net"])
def test_a_helpdesk_is_never_written_to(readers: Readers, address: str) -> None:
    readers.team(manager_email=address)
    readers.until("2031-03-06 12:00")
    assert (readers.mails, len(readers.posts)) == ([], 2)
    assert readers.sandbox.smtp.attempts == 0


def test_while_the_manager_is_away_the_deputy_is_told(readers: Readers) -> None:
    readers.team()
    with readers.bridge.engine.begin() as connection:
        people.save_members(connection, [Member(key="dana", email="dana@example.com")])
        start = readers.clock()
        away = Absence(
            member="Mona Berg", deputy="dana", starts_at=start, ends_at=MORNING + 2 * HOUR
        )
        people.save_absences(connection, [away])
    readers.until("2031-03-06 12:00")
    assert [mail["To"] for mail in readers.mails] == ["dana@example.com", MONA]


def test_the_html_loads_nothing_and_needs_one_column(readers: Readers) -> None:
    a_day(readers)
    _, html = morning(readers)
    assert not {"img", "script", "link", "style", "table", "iframe", "form"} & {
        tag for tag, _ in html.tags
    }
    styles = " ".join(str(attrs.get("style", "")) for _, attrs in html.tags)
    assert "url(" not in styles
    assert "background" not in styles  # what is light by day is dark by night
    named = [attrs for tag, attrs in html.tags if tag == "meta"]
    assert {"name": "color-scheme", "content": "light dark"} in named
    assert any(attrs.get("name") == "viewport" for attrs in named)


def test_hostile_names_and_words_stay_words(readers: Readers) -> None:
    now = readers.clock()
    readers.team(f"{HOSTILE}", manager=HOSTILE, slack_channel=readers.channel)
    told = late(now, HOSTILE, rule="low_score", words=HOSTILE)
    for number, more in ((1, {}), (2, {"coaching": Coaching.NEEDED, "done": HOSTILE})):
        over: dict[str, Any] = {}
        if more:
            over = {"state": AlertState.RESOLVED, "ended_at": now, "resolved_by": HOSTILE}
        readers.alert(
            number, told, team=HOSTILE, title=HOSTILE, agent=HOSTILE,
            owner=Member(name=HOSTILE), **over, **more,
        )  # fmt: skip
    plain, html = morning(readers)
    assert not {"script", "img"} & {tag for tag, _ in html.tags}
    assert all(not name.startswith("on") for _, attrs in html.tags for name in attrs)
    assert "".join(html.text).count("<script>") >= 8
    assert plain.count("<script>") >= 8


def test_a_customers_lines_forge_no_part_of_the_plain_text(readers: Readers) -> None:
    readers.team()
    now = readers.clock()
    forged = "Hi\r\n\r\n== Who to coach, and on what ==\u2028Mona\u202e"
    readers.alert(1, late(now, words=forged), title=forged)
    plain, _ = morning(readers)
    assert "> Hi == Who to coach, and on what == Mona" in plain.splitlines()
    assert not [line for line in plain.splitlines() if line.startswith("== Who")]
    assert "\u202e" not in plain


def test_of_a_customers_words_200_characters_are_quoted(readers: Readers) -> None:
    readers.team()
    readers.alert(1, late(readers.clock(), words="a" * 300))
    plain, html = morning(readers)
    assert f"> {'a' * 199}…" in plain.splitlines()
    assert "a" * 199 + "…" in html.text


def test_a_link_that_is_none_is_not_made_one(readers: Readers) -> None:
    readers.team()
    readers.alert(1, title="javascript:alert(1)")
    _, html = morning(readers)
    links = [str(attrs["href"]) for tag, attrs in html.tags if tag == "a"]
    assert {urlsplit(link).scheme for link in links} == {"https"}


def test_of_very_many_the_first_are_shown_and_the_rest_counted(readers: Readers) -> None:
    readers.team()
    for number in range(1, 54):
        readers.alert(number)
    plain, _ = morning(readers)
    assert plain.count("[High]") == 50
    assert "and 3 more" in plain.splitlines()
    assert "53 alerts to act on" in plain


def test_an_agent_whom_nobody_knows_is_a_number(readers: Readers) -> None:
    readers.team()
    for number in (1, 2):
        readers.alert(number, agent="990")
    assert "Agent 990" in morning(readers)[0]


def test_an_agents_name_is_missed_and_the_digest_sent_while_the_helpdesk_is_away(
    readers: Readers,
) -> None:
    readers.team()
    for number in (1, 2):
        readers.alert(number)
    readers.sandbox.faults = lambda vendor, *_: Fault.status(503) if vendor == "zendesk" else None
    assert f"Agent {readers.agents['Ben']}" in morning(readers)[0]


# --- no more of these


@pytest.fixture
def web(readers: Readers) -> FlaskClient:
    return create_app(readers.bridge).test_client()


def link_in(readers: Readers) -> str:
    """The path of the link that a mail program is given."""
    header = str(readers.mails[-1]["List-Unsubscribe"])
    link = header.removeprefix("<").removesuffix(">")
    assert link.startswith("https://bridge.example.com/digest/unsubscribe/")
    assert link in words(readers.mails[-1])
    return urlsplit(link).path


def test_one_click_ends_it_for_that_address_and_that_team(
    readers: Readers, web: FlaskClient
) -> None:
    readers.team()
    readers.team("Support", manager_email=MONA.upper(), slack_channel="")
    readers.until("2031-03-05 09:00")
    billing = next(m for m in readers.mails if str(m["Subject"]).startswith("Billing"))
    readers.sandbox.smtp.messages[:] = [
        mail
        for mail in readers.sandbox.smtp.messages
        if mail.content["Message-ID"] == billing["Message-ID"]
    ]
    answer = web.post(link_in(readers), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert answer.location is None
    readers.sandbox.smtp.messages.clear()
    readers.until("2031-03-06 09:00")
    assert [str(mail["Subject"])[:7] for mail in readers.mails] == ["Support"]
    assert len(readers.posts) == 2


def test_a_look_at_the_page_changes_nothing(readers: Readers, web: FlaskClient) -> None:
    readers.team()
    readers.until("2031-03-05 09:00")
    for method in (web.get, web.head):
        assert method(link_in(readers)).status_code == 200
    page = web.get(link_in(readers))
    assert "<button>" in page.text
    assert MONA in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    readers.until("2031-03-06 09:00")
    assert len(readers.mails) == 2


def test_a_link_that_we_did_not_make_ends_nothing(readers: Readers, web: FlaskClient) -> None:
    readers.team()
    readers.until("2031-03-05 09:00")
    path = link_in(readers)
    changed = path.replace("/unsubscribe/", "/unsubscribe/x")
    for wrong in (changed, f"{path[:-3]}/", "/digest/unsubscribe/x/"):
        for answer in (web.get(wrong), web.post(wrong)):
            assert answer.status_code == 404
            assert "does not work" in answer.text
    readers.until("2031-03-06 09:00")
    assert len(readers.mails) == 2


def test_a_hostile_team_name_stays_words_on_the_page(readers: Readers, web: FlaskClient) -> None:
    readers.team(HOSTILE)
    readers.until("2031-03-05 09:00")
    assert "<script>" not in web.get(link_in(readers)).text
    assert "<script>" not in web.post(link_in(readers)).text
