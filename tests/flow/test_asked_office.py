"""From the resolve to the customer's answer and the look months later: by itself, and harmless to all clocks."""

from __future__ import annotations

from bridge.domain.model import AlertState, Relation, Ticket
from bridge.store import tickets
from tests.flow.asked_office import LINK, answer, asking, letters, live_through, public
from tests.flow.conftest import US, Office, Opens


def kept(office: Office, number: int) -> Ticket:
    with office.world.bridge.engine.begin() as connection:
        found = tickets.find(connection, f"zendesk:{number}")
    assert found is not None
    return found


def test_a_day_after_the_resolve_the_customer_is_asked_on_the_ticket(open_office: Opens) -> None:
    office = asking(open_office, "ticket")
    ticket, _ = live_through(office)
    office.later(hours=23)
    assert [who for who, _ in public(office, ticket)] == ["Anna Weber", "Ben Ito"]

    office.later(hours=1)
    (who, question) = public(office, ticket)[-1]
    assert who == US
    assert len(LINK.findall(question)) == 1
    office.later(days=5)
    assert len(public(office, ticket)) == 3, "once"


def test_the_question_is_no_reply_and_no_contact_and_stops_no_clock(open_office: Opens) -> None:
    office = asking(open_office, "ticket")
    ticket, alert = live_through(office, solve=False)
    before = kept(office, ticket)
    assert before.waiting_since is not None
    office.later(hours=25)

    after = kept(office, ticket)
    assert len(public(office, ticket)) == 2
    assert after.waiting_since == before.waiting_since
    assert (after.public_replies, after.first_reply_at) == (0, None)
    assert after.internal_notes == before.internal_notes
    assert office.alerts()[0].contacted_at == alert.contacted_at


def test_who_asks_by_mail_writes_nothing_on_the_ticket(open_office: Opens) -> None:
    office = asking(open_office, "email")
    ticket, _ = live_through(office)
    office.later(days=2)

    assert [who for who, _ in public(office, ticket)] == ["Anna Weber", "Ben Ito"]
    (letter,) = letters(office)
    assert len(LINK.findall(letter)) == 1


def test_a_team_that_did_not_opt_in_asks_nobody(open_office: Opens) -> None:
    office = asking(open_office, "")
    ticket, _ = live_through(office)
    office.later(days=2)
    assert [who for who, _ in public(office, ticket)] == ["Anna Weber", "Ben Ito"]
    assert letters(office) == []


def test_what_the_customer_answers_joins_the_alert(open_office: Opens) -> None:
    office = asking(open_office, "email")
    live_through(office)
    office.later(days=2)
    (link,) = LINK.findall(letters(office)[0])
    answer(link, better="yes", words="All is well again.")
    office.settle()

    alert = office.alerts()[0]
    assert (alert.better, alert.better_words) == (True, "All is well again.")
    assert alert.state is AlertState.RESOLVED

    office.later(seconds=5)
    answer(link, better="no", words="It came back.")
    office.settle()
    alert = office.alerts()[0]
    assert (alert.better, alert.better_words) == (False, "It came back.")


def test_months_later_it_is_known_what_became_of_them(open_office: Opens) -> None:
    office = asking(open_office, "")
    live_through(office)
    office.later(days=60)
    office.solve(office.open(about="Another question"))
    office.later(days=30)
    assert office.alerts()[0].relations == {}
    office.later(days=2)
    assert office.alerts()[0].relations == {"3": Relation.STAYED}
