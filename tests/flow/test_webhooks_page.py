"""Webhooks are looked after: what can't be read says why, and is read once the configuration is mended."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from bridge.domain.viewing import Role
from bridge.settings.keeping import Redact
from bridge.store import arrivals, audit, inbox
from tests.flow.conftest import Office
from tests.flow.visitors import Visitor, visitor

PAGE = "/admin/webhooks"


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


@pytest.fixture
def ticket(office: Office) -> int:
    found = office.open()
    office.answer(found)
    return found


@pytest.fixture
def unreadable(office: Office, ticket: int) -> inbox.Kept:
    """An answer that could not be read when it came, for its score is looked for in the wrong place."""
    source = settle_on(office, "points")
    office.survey(answer="a1", stars=1, why="<b>Never</b> again", case=ticket)
    settle_on(office, source)
    [row] = [row for row in office.inbox() if row.state == inbox.UNREADABLE]
    return row


def settle_on(office: Office, scale: str) -> str:
    """Let the survey's answers have another scale from now on; the one they had."""
    settings = office.world.bridge.settings
    survey = settings.sources["survey"]
    before = str(survey.source.scale)
    other = dataclasses.replace(survey, source=dataclasses.replace(survey.source, **_scale(scale)))
    office.world.bridge.settings = dataclasses.replace(
        settings, sources={**settings.sources, "survey": other}
    )
    return before


def _scale(name: str) -> dict[str, object]:
    return {"scale": "stars", "low": 1, "high": 5} if name == "stars" else {"low": 3, "high": 5}


def changed(office: Office) -> list[audit.Entry]:
    with office.world.bridge.engine.begin() as connection:
        return audit.listing(connection)


def test_an_empty_inbox_says_what_to_do(ada: Visitor) -> None:
    assert "Nothing has come in yet" in ada.get(PAGE).text


def test_it_is_for_admins_alone(office: Office, ticket: int) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, ["Billing"])
    for path in (PAGE, f"{PAGE}/1"):
        assert mona.get(path).status_code == 403
    assert mona.post(f"{PAGE}/1/replay").status_code == 403


def test_what_cannot_be_read_comes_first_and_says_why(
    office: Office, ada: Visitor, unreadable: inbox.Kept
) -> None:
    office.open(who="Omar")
    page = ada.get(PAGE).text
    numbers = [int(part.split('"')[0]) for part in page.split(f'href="{PAGE}/')[1:]]
    assert numbers[0] == unreadable.id
    assert numbers[1:] == sorted(numbers[1:], reverse=True)
    assert max(numbers) > unreadable.id
    assert unreadable.reason in page.replace("&#39;", "'")
    assert "Read all again" in page


def test_one_webhook_is_shown_pretty_and_harmless(ada: Visitor, unreadable: inbox.Kept) -> None:
    page = ada.get(f"{PAGE}/{unreadable.id}").text
    assert "&lt;b&gt;Never&lt;/b&gt; again" in page
    assert "<b>Never" not in page
    assert "&#34;stars&#34;: 1" in page
    assert "webhook-id" in page
    assert "webhook-signature" not in page


def test_what_became_of_it_is_told(office: Office, ada: Visitor, ticket: int) -> None:
    office.rate(ticket, score=2)
    [row] = [row for row in office.inbox() if row.source == "typeform"]
    [alert] = office.alerts()
    page = ada.get(f"{PAGE}/{row.id}").text
    assert "Survey answered" in page
    assert f"zendesk:{ticket}" in page
    assert alert.ref in page


def test_an_unreadable_webhook_is_read_once_its_source_is_mended(
    office: Office, ada: Visitor, unreadable: inbox.Kept, ticket: int
) -> None:
    assert office.alerts() == []
    answer = ada.post(f"{PAGE}/{unreadable.id}/replay")
    assert answer.headers["Location"] == f"{PAGE}/{unreadable.id}"
    office.settle()
    [alert] = office.alerts()
    assert alert.subject == f"zendesk:{ticket}"
    [entry] = changed(office)
    assert (entry.what, entry.object) == ("webhook replayed", f"webhook:{unreadable.id}")
    assert "Never" not in str((entry.before, entry.after))


def test_all_of_a_source_are_read_again_together(
    office: Office, ada: Visitor, unreadable: inbox.Kept
) -> None:
    ada.post(f"{PAGE}/replay-all", {"source": "typeform"})
    office.settle()
    assert (office.alerts(), changed(office)) == ([], [])
    ada.post(f"{PAGE}/replay-all", {"source": "survey"})
    office.settle()
    assert len(office.alerts()) == 1
    assert changed(office)[0].object == "source:survey"


def test_one_that_is_not_kept_any_more_says_so(office: Office, ada: Visitor) -> None:
    answer = ada.get(f"{PAGE}/4711")
    assert answer.status_code == 404
    assert "not here any more" in answer.text
    assert "What they told of stays" in answer.text


def test_a_long_body_is_cut(office: Office, ada: Visitor) -> None:
    body = b"x" * 70_000 + b"the end"
    row = inbox.Received(
        source="survey",
        delivery="long",
        received_at=office.now - timedelta(days=1),
        method="POST",
        url="https://bridge.example.com/hooks/survey?token=hush&page=2",
        headers={"content-type": "text/plain", "x-signature": "hush"},
        body=body,
    )
    with office.world.bridge.engine.begin() as connection:
        inbox.add(connection, [row])
    page = ada.get(f"{PAGE}/1").text
    assert "x" * 65_536 in page
    assert "the end" not in page
    assert "This is its beginning" in page
    assert "hush" not in page
    assert "page=2" in page


def test_a_body_is_hidden_where_customers_words_are(
    office: Office, ada: Visitor, unreadable: inbox.Kept
) -> None:
    bridge = office.world.bridge
    bridge.settings = dataclasses.replace(bridge.settings, redact=Redact(words=True))
    page = ada.get(f"{PAGE}/{unreadable.id}").text
    assert "Never" not in page
    assert f"bridge inbox show {unreadable.id}" in page


def test_a_long_list_has_pages(office: Office, unreadable: inbox.Kept) -> None:
    with office.world.bridge.engine.begin() as connection:
        row = inbox.find(connection, unreadable.id)
        assert row is not None
        made = [
            inbox.Received(
                source="survey",
                delivery=f"made-{n}",
                received_at=row.received_at,
                method="POST",
                url="",
                headers={},
                body=b"",
            )
            for n in range(7)
        ]
        inbox.add(connection, made)
        whole, _ = arrivals.page(connection, limit=1000)
        seen, after = arrivals.page(connection, limit=3)
        while after is not None:
            more, after = arrivals.page(connection, after=after, limit=3)
            seen = [*seen, *more]
    assert seen == whole
    assert seen[0].id == unreadable.id
    assert len({one.id for one in seen}) == len(seen) >= 8
