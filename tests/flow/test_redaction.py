"""Where customers' words and names are not to leave the helpdesk, they leave it by no door."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from bridge.domain.model import Press
from bridge.domain.viewing import Role
from bridge.store import teams
from bridge.work.digest import send_now
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.programs import program
from tests.flow.slack_desk import APP
from tests.flow.visitors import Visitor, visitor

SPOKEN = "quibblewort"
"""Stands in all that the customer and the agents wrote."""

PHONE = "30123456"
NAMED = ("Anna", "anna@example.org", PHONE)
MOST_PAGES = 300


def open_for(open_office: Opens, hidden: str) -> LoopOffice:
    """A case from the bad rating to its end, and one that is open, seen from everywhere that one can see it from."""
    office = loop_office(open_office, lambda policy: f"{policy}{APP}\n[redact]\n{hidden}\n")
    office.teams(digest="08:00", manager_email="mona@example.com")
    ticket = rated(office)
    office.later(hours=3)  # till Dana is told by phone and mail
    office.note(ticket, f"#alert contacted She said {SPOKEN}.")
    office.press(Press.NOTE, words="We know the reason.")
    office.press(Press.ASSIGN, people=(office.member("Sara Voss"),))
    office.press(Press.ADD, people=(office.member("Otto Falk"),))
    office.note(ticket, f"#alert resolved recovered: a {SPOKEN}. cause: other")
    rated(office)
    office.later(minutes=31)
    look_in_slack(office)
    with office.world.bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
    for team in known:
        send_now(office.world.bridge, team)
    return office


def rated(office: LoopOffice) -> int:
    ticket = office.open(about=f"Where is my {SPOKEN}?")
    office.answer(ticket)
    office.rate(ticket, score=1, words=f"It is a {SPOKEN}.")
    return ticket


def look_in_slack(office: LoopOffice) -> None:
    """Mona looks at her home, asks for her alerts, and opens one."""
    slack, mona = office.slack, office.member("Mona Berg").slack
    app = office.world.hooks.removesuffix("/hooks")
    slack.urls = {
        "interactivity": f"{app}/slack/actions",
        "command": f"{app}/slack/commands",
        "event": f"{app}/slack/events",
    }
    slack.signing_secret = "sandbox-signing-secret"
    slack.open_home(mona)
    office.settle()
    for text in ("", "team Billing", "1"):
        slack.command(mona, "/alerts", text, "alerts-billing")
    live = office.alerts()[-1]
    slack.press(mona, slack.home(mona).id, "show", live.ref)


def in_slack(office: LoopOffice) -> str:
    """All that anybody can see there, and the answers to commands."""
    slack = office.slack
    seen = [message for channel in slack.channels for message in slack.everything(channel)]
    shown = [*slack.views.all.values(), *slack.views.homes.values()]
    assert len(seen) > 5
    assert len(shown) > 1
    return "\n".join(map(repr, [*seen, *slack.ephemerals(), *shown, *slack.answers]))


def in_mails(office: LoopOffice) -> str:
    mails = office.world.sandbox.smtp.messages
    assert len(mails) > 2
    parts = [part for mail in mails for part in mail.content.walk() if not part.is_multipart()]
    heads = [str(mail.content["Subject"]) for mail in mails]
    return "\n".join([*heads, *(part.get_content() for part in parts)])


def in_texts(office: LoopOffice) -> str:
    twilio = office.world.sandbox.twilio
    found = [sms.body for phone in twilio.phones for sms in twilio.inbox(phone)]
    assert found
    return "\n".join(found)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and (target := given.get("href")) and target.startswith("/"):
            self.found.add(urlsplit(target)._replace(fragment="").geturl())


def on_pages(office: LoopOffice) -> dict[str, str]:
    """Every page that an admin comes to from the inbox by links, by its address."""
    someone: Visitor = visitor(office.world.bridge, "ida@example.com", Role.ADMIN, name="Ida Moe")
    left, found = ["/inbox"], dict[str, str]()
    while left and len(found) < MOST_PAGES:
        path = left.pop(0)
        answer = someone.get(path)
        found[path] = answer.text if answer.mimetype.startswith("text/") else ""
        links = _Links()
        links.feed(found[path])
        left += sorted(links.found - set(found) - set(left))
    return found


def of_programs(office: LoopOffice) -> str:
    """What the API answers about everything there is."""
    asking = program(office.world.bridge)
    paths = ["/alerts?state=all", "/deliveries", "/teams", "/sources", "/metrics", "/me"]
    for alert in office.alerts():
        paths += [f"/alerts/{alert.ref}{more}" for more in ("", "/story", "/deliveries")]
        paths.append(f"/tickets/{alert.subject}/alerts")
    return "\n".join(json.dumps(asking.read(path), ensure_ascii=False) for path in paths)


def doors(office: LoopOffice) -> dict[str, str]:
    """All that leaves the helpdesk, by the door."""
    return {
        "Slack": in_slack(office),
        "mail": in_mails(office),
        "SMS": in_texts(office),
        "API": of_programs(office),
        **on_pages(office),
    }


def stands(words: str, text: str) -> bool:
    return words.lower() in text.lower()


def test_what_is_hidden_leaves_by_no_door(open_office: Opens) -> None:
    office = open_for(open_office, "words = true\nnames = true")
    found = [
        (door, one)
        for door, text in doors(office).items()
        for one in (SPOKEN, *NAMED)
        if stands(one, text)
    ]
    # Forms show how a number is written by one that is hers.
    assert [(door, one) for door, one in found if one != PHONE or "/admin/" not in door] == []


def test_the_note_in_the_helpdesk_has_the_words(open_office: Opens) -> None:
    office = open_for(open_office, "words = true\nnames = true")
    notes = [words for ticket in office.desk.tickets for words in office.notes(ticket)]
    assert any(SPOKEN in note for note in notes)


def test_what_is_not_hidden_is_shown(open_office: Opens) -> None:
    """Else the tests above would be content with empty pages."""
    office = open_for(open_office, "words = false")
    shown = doors(office)
    for door in ("Slack", "mail", "API"):
        assert stands(SPOKEN, shown[door]), door
        assert stands("anna@example.org", shown[door]), door
    assert stands("Anna Weber", shown["SMS"])
    assert stands(SPOKEN, shown["/inbox"])
    page = next(text for path, text in shown.items() if path.startswith("/alerts/AB-"))
    assert stands(SPOKEN, page)
    assert stands("anna@example.org", page)


@pytest.mark.parametrize(
    ("hidden", "gone", "there"),
    [("words = true", SPOKEN, "Anna Weber"), ("names = true", "Anna Weber", SPOKEN)],
)
def test_one_may_be_hidden_without_the_other(
    open_office: Opens, hidden: str, gone: str, there: str
) -> None:
    office = open_for(open_office, hidden)
    for text in (in_slack(office), in_mails(office)):
        assert not stands(gone, text)
        assert stands(there, text)


def test_nobody_is_found_by_what_is_hidden(open_office: Opens) -> None:
    office = open_for(open_office, "words = true\nnames = true")
    asking = program(office.world.bridge)
    assert asking.read("/alerts?state=all")["items"]
    for words in (SPOKEN, "Anna", "anna@example.org"):
        assert asking.read(f"/alerts?state=all&text={words}")["items"] == []


def test_what_colleagues_write_outside_is_theirs_to_see(open_office: Opens) -> None:
    office = open_for(open_office, "words = true\nnames = true")
    assert stands("We know the reason.", in_slack(office))
