"""No path leads from what is meant for ourselves to a customer: every kind of delivery is tried on what they see."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from bridge.domain.model import (
    Action,
    Alert,
    Contact,
    Delivery,
    Goalpost,
    Line,
    Message,
    Press,
    Receipt,
    Severity,
    Undeliverable,
)
from bridge.store import deliveries
from bridge.work import followup
from bridge.work.deliver import deliver
from connectors import Dispatch, desk_kinds
from tests.conftest import databases
from tests.flow.asked_office import LINK, asking, letters, live_through, public
from tests.flow.conftest import Opens
from tests.flow.customers import DESKS, START, US, Practice, practice

ROOT = Path(__file__).parents[2]
TELLTALE = "telltale"
"""Stands in every word that is not for customers."""


CARRIED_OUT = (Action.NOTE, Action.TAG, Action.UNTAG)
"""What a desk does for us through `send`."""


@pytest.fixture
def office(url: str) -> Iterator[Practice]:
    with practice(url) as made:
        yield made


@pytest.fixture(scope="module")
def shared(server: str, names: Iterator[str]) -> Iterator[Practice]:
    """The same office for all that is tried in turn."""
    with databases(server, names) as database, practice(database()) as made:
        yield made


def gossip(where: str) -> str:
    """Words that no customer may read, and where they stood."""
    return f"{TELLTALE}-{where}"


def message(text: str) -> Message:
    """Every word of it is not for customers; with a text it is a short word on what changed."""
    line = Line(
        rule=gossip("rule"),
        severity=Severity.CRITICAL,
        headline=gossip("headline"),
        facts=((gossip("fact"), gossip("value")),),
        words=gossip("words"),
        recording=f"https://example.com/{gossip('recording')}",
        playbook=gossip("playbook"),
        fix=gossip("fix"),
    )
    return Message(
        ref=gossip("ref"),
        severity=Severity.CRITICAL,
        resolved=False,
        headline=gossip("headline"),
        lines=(line,),
        subject=gossip("subject"),
        since=START,
        title=gossip("title"),
        url=f"https://example.com/{gossip('url')}",
        customer=Contact(gossip("name"), gossip("email"), gossip("phone")),
        team=gossip("team"),
        manager=gossip("manager"),
        mention="U0MONA",
        about=gossip("about"),
        owner=gossip("owner"),
        next=(gossip("next"), START),
        goals=(Goalpost(what=gossip("goal"), due_at=START),),
        offers=tuple(Press),
        outcome=gossip("outcome"),
        told=(gossip("told"),),
        remark=gossip("remark"),
        link=f"https://example.com/{gossip('link')}",
        text=text,
    )


def dispatch(
    office: Practice, desk: str, action: Action, previous: Receipt | None = None, text: str = ""
) -> Dispatch:
    return Dispatch(
        action=action,
        to=office.keys[desk],
        marker=f"marker-{action.name}-{previous is not None}-{text}",
        message=message(text),
        previous=previous,
        tags=(gossip("tag"),),
    )


def leaks(office: Practice, desk: str) -> list[str]:
    """What the customer reads that is not for them."""
    return [words for _, words in office.public(desk) if TELLTALE in words]


# --- the desks themselves


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("action", list(Action), ids=lambda action: action.name)
def test_nothing_that_is_sent_to_a_desk_is_seen_by_the_customer(
    shared: Practice, desk: str, action: Action
) -> None:
    office = shared
    before, channel = office.public(desk), office.bridge.channels[desk]
    earlier = Receipt(ref="1", to=office.keys[desk], own=("comment:1",))
    for previous, text in product((None, earlier), ("", gossip("text"))):
        sent = dispatch(office, desk, action, previous, text)
        if action in CARRIED_OUT:
            channel.send(sent)
        else:
            with pytest.raises(Undeliverable, match=f"no way to carry out a {action.value}"):
                channel.send(sent)
    assert office.public(desk) == before


@pytest.mark.parametrize("desk", DESKS)
def test_the_tell_tale_words_would_be_found_if_they_leaked(office: Practice, desk: str) -> None:
    """The yardstick is measured: an internal note has them, and said in public they are a leak."""
    office.bridge.channels[desk].send(dispatch(office, desk, Action.NOTE))
    (note,) = office.notes(desk)
    assert TELLTALE in note
    assert leaks(office, desk) == []

    if desk == "jsm":
        jira = office.sandbox.jira
        us = next(u.account_id for u in jira.users.values() if u.name == "Alert Bridge")
        jira.reply(office.keys[desk], us, note)
    else:
        zendesk = office.sandbox.zendesk
        us_there = next(u.id for u in zendesk.users.values() if u.name == "Alert Bridge")
        zendesk.reply(int(office.keys[desk]), us_there, note)
    assert leaks(office, desk) == [note]


# --- through the queue, as everything goes


def resolved(office: Practice, desk: str) -> Alert:
    """An alert whose every word is not for customers."""
    gossiped = {
        "ended": gossip("ended"),
        "resolved_by": gossip("resolver"),
        "cause": gossip("cause"),
        "done": gossip("done"),
        "better_words": gossip("answer"),
    }
    return office.alert(desk, **gossiped)


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("action", list(Action), ids=lambda action: action.name)
def test_of_all_deliveries_only_the_question_is_seen_by_the_customer(
    shared: Practice, desk: str, action: Action
) -> None:
    office = shared
    alert, before = resolved(office, desk), office.public(desk)
    planned = Delivery(
        channel=desk,
        action=action,
        to=office.keys[desk],
        why=gossip("why"),
        text=gossip("text"),
        tags=(gossip("tag"),),
        mention="U0MONA",
    )
    with office.bridge.engine.begin() as connection:
        (number,) = deliveries.add(connection, [(alert.number, planned)], office.clock())
    deliver(office.bridge, number)

    seen = office.public(desk)[len(before) :]
    assert leaks(office, desk) == []
    if action is not Action.FOLLOW_UP:
        assert seen == []
        return
    ((_, words),) = seen
    (link,) = re.findall(r"https?://\S+/", words)
    (marker,) = re.findall(r"\n\nRef ([0-9a-f]+)$", words)
    assert words == f"{followup.question(link)}\n\nRef {marker}"


@pytest.mark.parametrize(
    "action", [a for a in Action if a is not Action.DIRECT], ids=lambda action: action.name
)
def test_by_mail_too_customers_get_the_question_alone(office: Practice, action: Action) -> None:
    """What goes by DIRECT is addressed to people of ours: see the life of an alert below."""
    alert = resolved(office, "zendesk")
    planned = Delivery(
        channel="email",
        action=action,
        to="anna@example.org",
        why=gossip("why"),
        text=gossip("text"),
    )
    with office.bridge.engine.begin() as connection:
        (number,) = deliveries.add(connection, [(alert.number, planned)], office.clock())
    deliver(office.bridge, number)

    letters = office.sandbox.smtp.inbox("anna@example.org")
    assert len(letters) == (1 if action is Action.FOLLOW_UP else 0)
    assert [mail for mail in letters if TELLTALE in mail.content.as_string()] == []


# --- the whole life of an alert


@pytest.mark.parametrize("by", ["ticket", "email"])
def test_in_all_the_life_of_an_alert_the_customer_hears_nothing_but_the_question(
    open_office: Opens, by: str
) -> None:
    told = asking(open_office, by)
    ticket, _ = live_through(told, TELLTALE)
    told.later(hours=25)

    assert any(TELLTALE in row.text for row in told.deliveries()), "people of ours do hear of it"
    seen = [words for who, words in public(told, ticket) if who == US]
    letters_of_ours = letters(told)
    assert (len(seen), len(letters_of_ours)) == ((1, 0) if by == "ticket" else (0, 1))
    for words in [text for _, text in public(told, ticket)] + letters_of_ours:
        assert TELLTALE not in words
        assert "AB-" not in LINK.sub("", words)
    (words,) = seen + letters_of_ours
    (link,) = LINK.findall(words)
    assert words.startswith(followup.question(link))


# --- by construction


@pytest.mark.parametrize("kind", sorted(desk_kinds()))
def test_what_asks_the_customer_takes_no_message(kind: str) -> None:
    hints = get_type_hints(desk_kinds()[kind].ask)
    assert hints == {"key": str, "text": str, "marker": str, "return": Receipt}
    assert list(inspect.signature(desk_kinds()[kind].ask).parameters)[1:] == [
        "key",
        "text",
        "marker",
    ]


def test_the_question_is_made_of_a_link_alone() -> None:
    for made in (followup.question, followup.question_in_html):
        assert get_type_hints(made) == {"link": str, "return": str}


def calls(path: Path, name: str) -> Iterator[ast.Attribute]:
    """The calls of a method of this name in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == name:
            yield called


def files(*parts: str) -> list[Path]:
    return sorted(path for part in parts for path in (ROOT / part).rglob("*.py"))


def test_one_place_alone_asks_customers() -> None:
    """Nothing else calls a desk's `ask`; what plays customers has a method of that name that is another."""
    where = {
        path.relative_to(ROOT).as_posix()
        for path in files("bridge", "connectors")
        if "simulate" not in path.parts and "sandbox" not in path.parts
        for _ in calls(path, "ask")
    }
    assert where == {
        "bridge/work/followup.py",
        "connectors/desks/zendesk.py",
        "connectors/desks/jsm.py",
    }


def says_public(path: Path) -> Iterator[Any]:
    """What a file says of a comment's being public, in the body of a call or as an argument."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "public":
                    yield value.value if isinstance(value, ast.Constant) else ast.dump(value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Comment":
            for keyword in node.keywords:
                if keyword.arg == "public" and isinstance(keyword.value, ast.Constant):
                    yield keyword.value.value


def test_one_file_of_each_desk_writes_in_public_and_all_others_say_that_they_do_not() -> None:
    said = {path.name: set(says_public(path)) for path in files("connectors")}
    public = {name for name, values in said.items() if values - {False}}
    internal = {name for name, values in said.items() if values == {False}}
    assert public == {"zendesk_ask.py", "jsm_ask.py"}
    assert internal == {"zendesk.py", "jsm.py"}
