"""A manager's inbox: what stands there, for whom, how it is looked through, and what is done about many at once."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from benchmarks.pages import crowd
from bridge.domain.viewing import Role
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.visitors import Visitor, visitor

PART = {"Bridge-Part": "list"}


class Page(HTMLParser):
    """What stands on the inbox's page: rows, totals and chips."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.refs: list[str] = []
        self.ticks: list[str] = []
        self.links: dict[str, str] = {}
        self.words = ""
        self._link = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "tr" and given.get("id"):
            self.refs.append(given["id"])
        if tag == "input" and given.get("name") == "ref":
            self.ticks.append(given["value"])
        if tag == "a":
            self._link = given["href"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._link:
            words = " ".join(data.split())
            self.links[words] = self._link


def at(who: Visitor, path: str) -> Page:
    answer = who.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def totals(who: Visitor, path: str = "/inbox") -> list[int]:
    """Live, nobody's, overdue, mine."""
    return [int(many) for many in re.findall(r"<strong>(\d+)</strong>", who.get(path).text)]


def choices(who: Visitor, path: str = "/inbox") -> list[str]:
    found = re.findall(r"<option [^>]*>([^<]*)</option>", who.get(path).text)
    return [unescape(words) for words in found]


def troubled(opens: Opens) -> LoopOffice:
    """Two alerts: a critical one of Billing's, and one of Support's that is not so grave."""
    office = loop_office(opens)
    office.rated(score=2, about="The parcel is late", group="Support")
    office.rated(score=1, about="My invoice is <script>wrong</script>")
    return office


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return troubled(open_office)


@pytest.fixture(scope="module")
def unchanged(open_shared: Opens) -> LoopOffice:
    """The same, for tests that only look."""
    return troubled(open_shared)


@pytest.fixture
def grave(office: LoopOffice) -> str:
    """The reference of Billing's."""
    return next(alert.ref for alert in office.alerts() if alert.team == "Billing")


@pytest.fixture
def mild(office: LoopOffice) -> str:
    """The reference of Support's."""
    return next(alert.ref for alert in office.alerts() if alert.team == "Support")


@pytest.fixture
def mona(office: LoopOffice) -> Visitor:
    """Billing's manager."""
    return visitor(office.world.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")


@pytest.fixture
def nils(office: LoopOffice) -> Visitor:
    """Support's manager; Billing is a part of Support."""
    return visitor(office.world.bridge, "nils@example.com", Role.MANAGER, name="Nils Holm")


def test_the_gravest_alert_comes_first(nils: Visitor, grave: str, mild: str) -> None:
    assert at(nils, "/inbox").refs == [grave, mild]


def test_a_row_says_what_one_has_to_know(mona: Visitor) -> None:
    words = " ".join(at(mona, "/inbox").words.split())
    for said in (
        "Critical The customer rated 1 on a scale of 1 to 5",
        "My invoice is <script>wrong</script> Anna Weber",
        "Billing Nobody Open Contact the customer",
    ):
        assert said in words
    assert "<script>wrong" not in mona.get("/inbox").text


def test_managers_see_their_own_teams_and_those_below(
    office: LoopOffice, mona: Visitor, nils: Visitor, grave: str, mild: str
) -> None:
    vera = visitor(office.world.bridge, "vera@example.com", Role.VIEWER)
    ada = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    assert at(mona, "/inbox").refs == [grave]
    assert at(nils, "/inbox").refs == [grave, mild]
    assert at(ada, "/inbox").refs == [grave, mild]
    assert at(vera, "/inbox").refs == []
    assert "Nothing waits" in at(vera, "/inbox").words


def test_who_is_added_to_an_alert_sees_it_though_the_team_is_not_theirs(
    office: LoopOffice, mona: Visitor, nils: Visitor, mild: str
) -> None:
    assert mona.get(f"/alerts/{mild}").status_code == 404
    nils.post(f"/alerts/{mild}/add", {"people": ["Mona Berg"]})
    office.settle()
    assert mild in at(mona, "/inbox").refs


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("team=Billing", ["Billing"]),
        ("team=Nowhere", []),
        ("severity=critical", ["Billing"]),
        ("severity=info", []),
        ("rule=low_score", ["Billing", "Support"]),
        ("rule=handoffs", []),
        ("state=open", ["Billing", "Support"]),
        ("state=acknowledged", []),
        ("state=resolved", []),
        ("state=all", ["Billing", "Support"]),
        ("owner=nobody", ["Billing", "Support"]),
        ("owner=somebody", []),
        ("owner=me", []),
        ("q=PARCEL", ["Support"]),
        ("q=anna+weber", ["Billing", "Support"]),
        ("q=on+a+scale+of", ["Billing", "Support"]),
        ("q=100%25", []),
        ("q=_", []),
        ("ticket=1", ["Support"]),
        ("ticket=zendesk:2", ["Billing"]),
        ("ticket=99", []),
        ("due=overdue", []),
        ("severity=dreadful&state=sideways&due=never&after=nonsense", ["Billing", "Support"]),
    ],
)
def test_filters_stand_in_the_address(unchanged: LoopOffice, query: str, found: list[str]) -> None:
    nils = visitor(unchanged.world.bridge, "nils@example.com", Role.MANAGER, name="Nils Holm")
    team = {alert.ref: alert.team for alert in unchanged.alerts()}
    assert sorted(team[ref] for ref in at(nils, f"/inbox?{query}").refs) == found


def test_counts_stand_beside_each_choice_and_leave_the_others_in_sight(
    office: LoopOffice, nils: Visitor
) -> None:
    shown = choices(nils, "/inbox?team=Billing")
    for words in ("Billing (1)", "Support (1)", "Critical (1)", "High (0)", "low score (1)"):
        assert words in shown
    assert "Critical (1)" in choices(nils)
    assert "High (1)" in choices(nils)


def test_totals_say_what_nobody_has_what_is_late_and_what_is_mine(
    office: LoopOffice, nils: Visitor, grave: str
) -> None:
    assert totals(nils) == [2, 2, 0, 0]
    nils.post(f"/alerts/{grave}/acknowledge")
    office.settle()
    assert totals(nils) == [2, 1, 0, 1]
    office.later(hours=2)  # a critical one's customer is to be contacted within an hour
    assert totals(nils) == [2, 1, 1, 1]
    assert totals(nils, "/inbox?owner=nobody") == [2, 1, 0, 1]
    assert at(nils, "/inbox?due=overdue").refs == [grave]
    assert "Late:" in at(nils, "/inbox").words


def test_a_chip_takes_its_filter_away_and_leaves_the_others(nils: Visitor) -> None:
    page = at(nils, "/inbox?team=Billing&severity=critical")
    assert page.links["Team: Billing"] == "/inbox?severity=critical"
    assert page.links["Severity: Critical"] == "/inbox?team=Billing"
    assert page.links["No filter"] == "/inbox"


def test_where_a_filter_finds_nothing_the_way_back_is_shown(nils: Visitor) -> None:
    page = at(nils, "/inbox?team=Nowhere")
    assert "No alert is like that" in page.words
    assert page.links["Show all that are live"] == "/inbox"


# --- its own list, again and again


def test_what_has_not_changed_is_not_sent_again(office: LoopOffice, mona: Visitor) -> None:
    first = mona.get("/inbox", headers=PART)
    assert "<html" not in first.text
    again = {**PART, "If-None-Match": first.headers["ETag"]}
    assert mona.get("/inbox", headers=again).status_code == 304
    office.rated(score=1, about="And now this")
    fresh = mona.get("/inbox", headers=again)
    assert fresh.status_code == 200
    assert "And now this" in fresh.text


def test_a_list_asked_for_by_script_is_as_guarded_as_the_page(office: LoopOffice) -> None:
    vera = visitor(office.world.bridge, "vera@example.com", Role.VIEWER)
    assert "My invoice" not in vera.get("/inbox", headers=PART).text


# --- many at once


def test_what_is_ticked_is_acknowledged_and_slack_and_the_ticket_follow(
    office: LoopOffice, mona: Visitor, grave: str
) -> None:
    answer = mona.post("/inbox/bulk", {"act": "acknowledge", "ref": grave, "back": "team=Billing"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox?team=Billing")
    page = at(mona, "/inbox?team=Billing").words
    assert "1 alert is yours now" in page
    assert "Acknowledged" in page  # at once, though nothing has been judged yet
    office.later(seconds=5)
    assert str(next(a for a in office.alerts() if a.ref == grave).owner) == "Mona Berg"
    assert any("Mona Berg" in said for said in office.thread(office.posts("Billing")[0]))


def test_all_on_the_page_are_meant_where_that_is_ticked(
    office: LoopOffice, nils: Visitor, grave: str, mild: str
) -> None:
    form = {"act": "acknowledge", "all": "1", "shown": f"{grave} {mild}"}
    nils.post("/inbox/bulk", form)
    office.settle()
    assert {alert.state.value for alert in office.alerts()} == {"acknowledged"}


def test_what_is_refused_says_why_and_the_rest_is_done(
    office: LoopOffice, mona: Visitor, nils: Visitor, grave: str, mild: str
) -> None:
    mona.post(f"/alerts/{grave}/acknowledge")
    office.settle()
    nils.post("/inbox/bulk", {"act": "acknowledge", "ref": [grave, mild]})
    page = " ".join(at(nils, "/inbox").words.split())
    assert "1 alert is yours now" in page
    assert f"{grave} was left as it is: Mona Berg has it already since" in page


def test_nobody_acts_on_what_they_may_not_see(office: LoopOffice, mona: Visitor, mild: str) -> None:
    mona.post("/inbox/bulk", {"act": "acknowledge", "ref": [mild, "AB-00000000", "\x00"]})
    assert f"{mild} was left as it is: no alert" in at(mona, "/inbox").words
    office.settle()
    assert next(a for a in office.alerts() if a.ref == mild).waits


def test_several_are_given_to_somebody(office: LoopOffice, nils: Visitor, grave: str) -> None:
    nils.post("/inbox/bulk", {"act": "assign", "ref": grave, "person": "olaf"})
    office.later(seconds=5)
    assert str(next(a for a in office.alerts() if a.ref == grave).owner) == "Olaf Lind"
    assert any("gave this to you" in said for said in office.told("olaf"))


def test_several_are_put_off(office: LoopOffice, nils: Visitor, grave: str, mild: str) -> None:
    nils.post("/inbox/bulk", {"act": "snooze", "ref": [grave, mild], "until": "4h"})
    assert "2 alerts are put off" in at(nils, "/inbox").words
    office.settle()
    for alert in office.alerts():
        assert alert.snoozed_until is not None
        assert round((alert.snoozed_until - office.now).total_seconds() / 3600) == 4


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"act": "acknowledge"}, "tick the alerts"),
        ({"ref": "AB-1"}, "choose what to do"),
        ({"act": "assign", "ref": "AB-1", "person": "Nobody Known"}, "choose who takes them"),
        ({"act": "snooze", "ref": "AB-1", "until": "own", "own": "soon"}, "choose a time"),
        ({"act": "snooze", "ref": "AB-1", "until": "own", "own": "2001-01-01T10:00"}, "choose a"),
    ],
)
def test_what_is_missing_is_told(unchanged: LoopOffice, form: dict[str, Any], why: str) -> None:
    mona = visitor(unchanged.world.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")
    mona.post("/inbox/bulk", form)
    assert f"Nothing was done: {why}" in at(mona, "/inbox").words


def test_who_only_looks_has_nothing_to_tick(office: LoopOffice, grave: str) -> None:
    vera = visitor(office.world.bridge, "vera@example.com", Role.VIEWER, ["Billing"])
    page = at(vera, "/inbox")
    assert page.refs == [grave]
    assert page.ticks == []
    assert vera.post("/inbox/bulk", {"act": "acknowledge", "ref": grave}).status_code == 403


# --- resolved ones, and those of a ticket


def test_a_resolved_alert_remains_within_reach(
    office: LoopOffice, mona: Visitor, grave: str
) -> None:
    done = {"outcome": "recovered", "cause": "billing", "words": "Paid back."}
    mona.post(f"/alerts/{grave}/resolve", {**done, "coaching": "not needed"})
    office.settle()
    assert at(mona, "/inbox").refs == []
    assert at(mona, "/inbox?state=resolved").refs == [grave]
    assert at(mona, "/inbox?state=all").refs == [grave]


def test_a_ticket_leads_to_its_alert(
    office: LoopOffice, mona: Visitor, nils: Visitor, grave: str
) -> None:
    for name in ("2", "zendesk:2"):
        assert nils.get(f"/alerts?ticket={name}").headers["Location"] == f"/alerts/{grave}"
    for name in ("1", "99", "HELP-1"):  # Support's is none of Mona's, and the others are nobody's
        there = mona.get(f"/alerts?ticket={name}").headers["Location"]
        assert there == f"/inbox?ticket={name}&state=all"
        assert "No alert of this ticket" in at(mona, there).words
    assert mona.get("/alerts").headers["Location"] == "/inbox"


def test_a_ticket_with_several_alerts_leads_to_their_list(
    office: LoopOffice, mona: Visitor, grave: str
) -> None:
    mona.post(
        f"/alerts/{grave}/resolve",
        {"outcome": "recovered", "cause": "billing", "words": "Paid.", "coaching": "not needed"},
    )
    office.later(hours=1)
    office.rate(2, score=2, words="It is wrong again.")
    there = mona.get("/alerts?ticket=2").headers["Location"]
    assert there == "/inbox?ticket=2&state=all"
    assert len(at(mona, there).refs) == 2


def test_the_list_of_live_alerts_may_be_long(office: LoopOffice, nils: Visitor) -> None:
    crowd(office.world.bridge, 120, office.now)
    ada = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    seen: list[str] = []
    there: str | None = "/inbox"
    while there:
        page = at(ada, there)
        seen += page.refs
        there = page.links.get("Further alerts")
    assert len(seen) == len(set(seen)) == totals(ada)[0] == 122
    assert len(at(ada, "/inbox").refs) == 50


def test_what_somebody_did_a_moment_ago_is_not_done_twice(
    office: LoopOffice, mona: Visitor, nils: Visitor, grave: str
) -> None:
    mona.post(f"/alerts/{grave}/acknowledge")
    answer = nils.post(f"/alerts/{grave}/acknowledge")
    assert answer.status_code == 400
    assert "Mona Berg has it already" in answer.text
    office.settle()
    assert [a.state.value for a in office.alerts() if a.ref == grave] == ["acknowledged"]
