"""What was learned of customers' words judges them in every worker, from the next batch on."""

from __future__ import annotations

from structlog.testing import capture_logs

from bridge.domain.text import COLD, Learned
from bridge.domain.text.learned import Artefact, Term
from bridge.store import wordings
from tests.flow.conftest import Office, Opens

LIVE = """
[rules.negative_words]
shadow = false
on_comments = "warning"
"""
SAID = "The flurb is flurbing again"


def artefact(name: str, word: str) -> Artefact:
    """One that thinks ill of a single word."""
    return Artefact(
        name=name,
        line=0.5,
        bias=-2.0,
        aside=(0.0, 0.0, 0.0, 0.0),
        phrases={word: Term(idf=1.0, weight=9.0, alone=7.0)},
        pieces={},
    )


def learn(office: Office, name: str, body: bytes) -> None:
    with office.world.bridge.engine.begin() as connection:
        wordings.keep(connection, name, office.now, body, {}, use=True)


def rang(office: Office) -> bool:
    """Whether a comment that only a learner can think ill of rings."""
    ticket = office.open()
    office.answer(ticket)
    office.ask(ticket, words=SAID)
    theirs = [alert for alert in office.alerts() if alert.subject == f"zendesk:{ticket}"]
    found = [r.finding for alert in theirs for r in alert.reasons]
    return any(one.rule == "negative_words" and one.words == SAID for one in found)


def test_a_worker_takes_up_what_was_learned_last(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + LIVE)
    assert not rang(office)
    learn(office, "learned-1", artefact("learned-1", "flurbing").body())
    assert rang(office)
    learn(office, "learned-2", artefact("learned-2", "splendid").body())
    assert not rang(office)
    with office.world.bridge.engine.begin() as connection:
        wordings.use(connection, "learned-1")
    assert rang(office)


def test_what_cannot_be_read_costs_nobody_an_alert(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + LIVE)
    bridge = office.world.bridge
    learn(office, "learned-9", b"from another age")
    with capture_logs() as logs, bridge.engine.begin() as connection:
        assert bridge.words(connection) is COLD
        assert bridge.words(connection) is COLD
    assert [line["version"] for line in logs if line["event"] == "words not readable"] == [
        "learned-9"
    ]
    learn(office, "learned-1", artefact("learned-1", "flurbing").body())
    with bridge.engine.begin() as connection:
        assert isinstance(bridge.words(connection), Learned)
