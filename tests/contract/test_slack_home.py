"""Lists of alerts in Slack: the app's home, what /alerts answers, a storm, and the digest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.model import Message, Severity
from connectors.channels.slack_home import home
from connectors.channels.slack_lists import (
    STORM_PAGE,
    DigestLine,
    digest_blocks,
    help_blocks,
    listed,
    notice,
    storm_page,
    storm_pages,
    storm_summary,
)
from tests.contract.messages import NASTY, SINCE, TAKEN, WAITING, nasty
from tests.contract.slack_drawn import elements, harmless_message, harmless_view, shown

LONG = nasty(url="https://e.example/" + "x" * 1900)
LINKED = nasty(url="https://e.example/?" + "&" * 150)


def numbered(count: int) -> list[Message]:
    return [replace(WAITING, ref=f"AB-{n:08X}", headline=f"Case {n}.") for n in range(count)]


def buttons(drawn: Any) -> list[tuple[str, str]]:
    return [(one["action_id"], one["value"]) for one in elements(drawn, "button")]


# -- the home --


def test_the_home_shows_my_open_alerts_with_buttons() -> None:
    view = home([WAITING, replace(TAKEN, ref="AB-13")])
    assert view["type"] == "home"
    text = shown(view)
    assert "2 open alerts" in text
    assert "🟠 High: Anna rated her ticket 1 of 5" in text
    assert "<https://demo.zendesk.com/agent/tickets/4711|Ticket 4711>" in text
    assert "Open: nobody has it yet" in text
    assert "Acknowledged · Owner: Ana Example" in text
    assert "! Acknowledge by <!date^" in text
    assert "Contact the customer by <!date^" in text
    assert buttons(view) == [
        *[(action, "AB-12") for action in ("acknowledge", "contact", "resolve", "show")],
        *[(action, "AB-13") for action in ("contact", "resolve", "show")],
    ]
    harmless_view(view)


def test_an_empty_home_says_so() -> None:
    view = home([])
    assert view["blocks"][0]["text"]["text"] == "No open alerts"
    assert "Nothing waits for you" in shown(view)
    harmless_view(view)


def test_a_full_home_says_how_many_there_are_besides() -> None:
    view = home(numbered(40), more=5)
    assert "45 open alerts" in shown(view)
    assert "Case 23." in shown(view)
    assert "Case 24." not in shown(view)
    assert "and 21 more" in shown(view)
    harmless_view(view)


def test_one_is_one() -> None:
    assert home([WAITING])["blocks"][0]["text"]["text"] == "One open alert"


# -- /alerts --


def test_ten_alerts_are_listed_and_the_others_counted() -> None:
    built = listed("Open alerts of Billing", numbered(12), more=10)
    text = shown(built)
    assert notice(built) == "Open alerts of Billing"
    assert "Case 9." in text
    assert "Case 10." not in text
    assert "and 12 more: open the Home tab" in text
    assert len([one for one in buttons(built) if one[0] == "show"]) == 10
    harmless_message(built)


def test_ten_of_ten_leave_none_out() -> None:
    assert "more" not in shown([one for one in listed("Mine", numbered(10)) if "elements" in one])


def test_where_none_is_open_the_answer_says_so() -> None:
    assert "None is open." in shown(listed("My open alerts", []))


def test_help_names_each_question() -> None:
    text = shown(help_blocks())
    assert all(asked in text for asked in ("/alerts team", "/alerts 4711", "HELP-12"))
    harmless_message(help_blocks())


# -- a storm --


def test_a_storm_is_one_message_that_names_the_gravest() -> None:
    worst = replace(WAITING, severity=Severity.CRITICAL, headline="The shop is down")
    built = storm_summary("#billing", 500, SINCE, worst, storm_pages(500))
    assert notice(built) == "🔴 500 alerts at once for #billing"
    assert "in the thread, on 20 pages" in shown(built)
    assert "Critical: The shop is down" in shown(built)
    harmless_message(built)


def test_every_alert_of_a_storm_stands_on_a_page() -> None:
    messages = numbered(60)
    pages = storm_pages(len(messages))
    assert pages == 3
    text = ""
    for number in range(pages):
        part = messages[number * STORM_PAGE : (number + 1) * STORM_PAGE]
        page = storm_page(part, number + 1, pages)
        assert notice(page) == f"Page {number + 1} of 3"
        assert len(elements(page, "rich_text_section")) == len(part)
        text += shown(page)
    assert re.findall(r"Case (\d+)\.", text) == [str(n) for n in range(60)]
    assert text.count('"url": "https://demo.zendesk.com/agent/tickets/4711"') == 60
    assert all(message.ref in text for message in messages)


def test_what_does_not_fit_on_a_page_is_counted() -> None:
    assert "and 5 more" in shown(storm_page(numbered(STORM_PAGE + 5), 1, 1))


# -- the digest --


FIRST = DigestLine(
    text="Anna rated her ticket 1 of 5",
    why="nobody has it yet",
    age="3 hours",
    goal="contact the customer by 15:20",
    url="https://demo.zendesk.com/agent/tickets/4711",
    ref="AB-12",
)


def test_a_digest_ranks_what_to_do_with_reason_age_goal_and_link() -> None:
    built = digest_blocks("Billing, 21 November", [FIRST, DigestLine(text="Second")])
    (ranked,) = elements(built, "rich_text_list")
    assert ranked["style"] == "ordered"
    first, second = ranked["elements"]
    assert first["elements"] == [
        {"type": "link", "url": FIRST.url, "text": FIRST.text},
        {
            "type": "text",
            "text": " · nobody has it yet · 3 hours · contact the customer by 15:20 · AB-12",
        },
    ]
    assert [run["text"] for run in second["elements"]] == ["Second"]
    assert notice(built) == "Billing, 21 November"


def test_a_digest_tells_what_was_closed_and_whom_to_coach() -> None:
    text = shown(
        digest_blocks("Today", [FIRST], [DigestLine(text="Ben's")], [DigestLine(text="Cy: tone")])
    )
    assert text.index("Closed yesterday") < text.index("Ben's") < text.index("To coach")
    assert "Cy: tone" in text
    assert "Nothing to do" not in text


def test_with_nothing_to_do_the_digest_says_so() -> None:
    assert "Nothing to do: no alert is open." in shown(digest_blocks("Today", []))


def test_a_long_digest_is_cut_and_counted() -> None:
    text = shown(digest_blocks("Today", [FIRST] * 40))
    assert text.count("AB-12") == 15
    assert "and 25 more" in text


# -- what they can't be made to do --


@pytest.mark.parametrize("message", [nasty(), LONG, LINKED, nasty(resolved=True, ref="\x00")])
def test_lists_of_hostile_alerts_are_tame(message: Message) -> None:
    many = [message] * 200
    harmless_message(listed(NASTY, many))
    harmless_message(storm_page(many, 10**9, 10**9))
    harmless_message(storm_summary(NASTY, 10**9, SINCE, message, 10**9))
    harmless_view(home(many, more=10**9))


@pytest.mark.parametrize("url", ["", NASTY, "https://e.example/" + "x" * 180])
def test_a_hostile_digest_is_tame(url: str) -> None:
    one = DigestLine(text=NASTY, why=NASTY, age=NASTY, goal=NASTY, url=url, ref=NASTY)
    harmless_message(digest_blocks(NASTY, [one] * 90, [one] * 90, [one] * 90))
    harmless_message(digest_blocks("", [DigestLine(text="")]))
