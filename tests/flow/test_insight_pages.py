"""The pages of figures: for whom, of what, and that pages, files and the command line say the same."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import insert, text

from bridge.cli import main
from bridge.domain.model import Answer, Ticket
from bridge.domain.viewing import Role
from bridge.settings import parse
from bridge.simulate.world import ENV
from bridge.store import tickets
from bridge.store.schema import signals
from bridge.work.bridge import Bridge
from tests.conftest import TEMPLATE, named
from tests.flow.visitors import Visitor, visitor
from tests.furnished import furnish

NOW = datetime(2031, 4, 2, 15, 30, tzinfo=UTC)
POLICY = Path(__file__).with_name("office.toml").read_text("utf-8")
PAGES = (
    "/insight",
    "/insight/causes",
    "/insight/satisfaction",
    "/insight/effect",
    "/insight/levels",
    "/insight/coaching",
    "/insight/rules",
    "/insight/shadow",
    "/insight/recovery",
)
YEAR = "?period=own&since=2030-10-01&until=2031-12-31"


class Page(HTMLParser):
    """What stands on a page: its tables as lists of lines, its links, ids and headings, and what must not be there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.forbidden: list[str] = []
        self.options: list[str] = []
        self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [said["id"] or ""] if "id" in said else []
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self._cell = True
            self.tables[-1][-1].append("")
        if tag == "a":
            self.links.append(said.get("href") or "")
        if tag == "option":
            self.options.append(said.get("value") or "")
        inline = tag == "script" and not said.get("src")
        if inline or tag == "style" or any(n == "style" or n.startswith("on") for n in said):
            self.forbidden.append(self.get_starttag_text() or tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.tables[-1][-1][-1] += data.strip()


@pytest.fixture(scope="module")
def bridge(
    server: str, names: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bridge]:
    """Five furnished months, in which goals are as by default. All tests look at the same."""
    name = next(names)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    policy = POLICY.replace("{zendesk}", "http://127.0.0.1:1").replace(
        "{slack}", "http://127.0.0.1:1"
    )
    path = tmp_path_factory.mktemp("policy") / "bridge.toml"
    path.write_text(re.sub(r"\[loop\]\n(.+\n)+", "", policy), "utf-8")
    settings = parse(path.read_text("utf-8"), ENV, str(path))
    made = Bridge(settings, named(server, name), now=lambda: NOW)
    with made.engine.begin() as given:
        furnish(given, made.settings, NOW, days=150)
    yield made
    made.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}")


@pytest.fixture
def ada(bridge: Bridge) -> Visitor:
    """An admin."""
    return visitor(bridge, "ada@example.com", Role.ADMIN)


@pytest.fixture
def mona(bridge: Bridge) -> Visitor:
    """Billing's manager."""
    return visitor(bridge, "mona@example.com", Role.MANAGER)


def table(who: Visitor, path: str) -> list[list[str]]:
    """A file, as a spreadsheet reads it."""
    answer = who.get(path)
    assert answer.status_code == 200, path
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(answer.get_data().decode("utf-8-sig"))))


def total(lines: list[list[str]], column: str) -> int:
    at = lines[0].index(column)
    return sum(int(line[at]) for line in lines[1:] if line[0] != "total")


def counted(bridge: Bridge, sql: str) -> int:
    with bridge.engine.begin() as connection:
        found: int = connection.execute(text(sql)).scalar_one()
    return found


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("more", ["", YEAR, "?team=Europe", "?team=Billing&agent=zendesk:ben"])
def test_every_page_is_whole_and_keeps_to_what_browsers_are_told(
    ada: Visitor, path: str, more: str
) -> None:
    answer = ada.get(path + more)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.forbidden == []
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)


@pytest.mark.parametrize("path", PAGES)
def test_every_file_that_a_page_offers_is_there(ada: Visitor, path: str) -> None:
    files = [link for link in Page(ada.get(path + YEAR).text).links if ".csv" in link]
    assert files
    for file in files:
        assert len(table(ada, file)) > 1, file


def test_a_page_and_its_file_have_the_same_lines(ada: Visitor) -> None:
    [shown] = Page(ada.get("/insight/rules").text).tables
    file = table(ada, "/insight/rules/rules.csv")
    assert [line[0] for line in shown[1:]] == [line[0].replace("_", " ") for line in file[1:]]
    at = file[0].index("alerts")
    assert [line[1] for line in shown[1:]] == [line[at] for line in file[1:]]


def test_the_command_line_says_the_same_as_the_page(ada: Visitor, bridge: Bridge) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        env = {**ENV, "DATABASE_URL": bridge.url, "BRIDGE_CONFIG": bridge.settings.path}
        env["COLUMNS"] = "200"
        result = CliRunner().invoke(main, ["figures", *arguments], env=env)
        structlog.reset_defaults()
        assert result.exit_code == code, result.output
        return result.output

    own = ("--period", "own", "--since", "2031-01-01", "--until", "2031-03-31")
    printed = run("causes", *own, "--table", "top_causes", "--csv")
    file = "/insight/causes/top_causes.csv?period=own&since=2031-01-01&until=2031-03-31"
    assert list(csv.reader(StringIO(printed))) == table(ada, file)
    said = json.loads(run(*own, "--team", "Europe", "--json"))
    assert (said["step"], said["team"], said["zone"]) == ("week", "Europe", "UTC")
    assert set(said["reports"]) == {path.rpartition("/")[2] for path in PAGES[1:]} | {"response"}
    several = run("response", *own, "--csv")
    assert "# contact\nfrom,alerts," in several
    assert "share in time" in run("response", *own)
    assert "Gone" in run("--team", "Gone", code=1)
    assert "no table" in run("--table", "gone", code=1)
    assert "both dates" in run("--period", "own", code=1)


# --- for whom


def test_a_manager_sees_the_figures_of_their_own_teams(mona: Visitor, bridge: Bridge) -> None:
    mine = counted(bridge, "SELECT count(*) FROM alerts WHERE team = 'Billing'")
    assert 0 < mine < counted(bridge, "SELECT count(*) FROM alerts")
    for file in ("/insight/causes/alerts.csv", "/insight/causes/alerts.csv?team=Billing"):
        assert total(table(mona, file + ("&" if "?" in file else "?") + YEAR[1:]), "total") == mine
    page = Page(mona.get("/insight").text)
    assert [one for one in page.options if one in ("Europe", "Billing", "Delivery")] == ["Billing"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "more",
    [
        "?team=Delivery",
        "?team=Europe",
        "?team=Nowhere",
        "?agent=zendesk:dev",
        "?team=Billing&agent=zendesk:dev",
        "?period=week",
    ],
)
def test_what_is_not_theirs_is_not_there(mona: Visitor, path: str, more: str) -> None:
    assert mona.get(path + more).status_code == 404


def test_nobody_of_other_teams_is_named(mona: Visitor) -> None:
    for path in ("/insight/levels?team=Billing", "/insight/coaching", "/insight/levels"):
        html = mona.get(path).text
        assert "Dev Rao" not in html
        assert "Delivery" not in html
    assert "Ben Ito" in mona.get("/insight/coaching").text
    names = [line[0] for line in table(mona, "/insight/coaching/associates.csv")]
    assert set(names) <= {"name", "Ben Ito", "Clara Roy", "Elif Kaya"}


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/insight/levels"])
def test_who_sees_no_team_is_told_that_there_is_nothing(bridge: Bridge, path: str) -> None:
    nobody = visitor(bridge, "nora@example.com", Role.VIEWER)
    html = nobody.get(path).text
    assert 'class="empty"' in html
    assert "Show the last 12 months" in html


def test_files_that_there_are_not_are_not_there(ada: Visitor) -> None:
    for path in ("/insight/rules/gone.csv", "/insight/gone/rules.csv"):
        assert ada.get(path).status_code == 404


# --- what is asked


def test_dates_that_are_no_good_are_kept_and_the_way_out_is_told(ada: Visitor) -> None:
    answer = ada.get("/insight?period=own&since=2031-03-09&until=2031-03-01")
    assert answer.status_code == 400
    assert "The first day is after the last." in answer.text
    assert 'value="2031-03-09"' in answer.text
    assert ada.get("/insight?period=own").status_code == 400
    assert "Give both dates" in ada.get("/insight?period=own&since=x").text


def test_days_begin_at_midnight_where_the_viewer_is(ada: Visitor) -> None:
    ada.client.set_cookie("bridge_zone", "Asia/Tokyo")
    html = ada.get("/insight/causes").text
    assert "Asia/Tokyo" in html
    assert "3 Apr 2031" in html, "it is the day after there already"


def test_one_goes_down_the_tree_and_up_again(ada: Visitor) -> None:
    top = Page(ada.get("/insight/levels").text)
    assert "/insight/levels?team=Customer+Care" in [link.replace("%20", "+") for link in top.links]
    europe = Page(ada.get("/insight/levels?team=Europe").text)
    [below] = [one for one in europe.tables if one[0][0] == "Name"]
    assert [line[0] for line in below[1:]] == ["Billing", "Delivery"]
    billing = Page(ada.get("/insight/levels?team=Billing").text)
    assert any("team=Europe" in link for link in billing.links), "up"
    assert any("agent=zendesk:ben" in link for link in billing.links), "down"


def test_levels_add_up_to_the_level_above(ada: Visitor) -> None:
    def alerts(name: str, team: str) -> int:
        return total(table(ada, f"/insight/levels/{name}.csv{YEAR}&team={team}"), "alerts")

    assert alerts("level", "Europe") == alerts("teams_below", "Europe") > 0
    assert alerts("level", "Billing") == alerts("employees", "Billing")


def test_an_associates_alerts_are_linked(ada: Visitor, bridge: Bridge) -> None:
    page = Page(ada.get(f"/insight/coaching{YEAR}&agent=zendesk:ben").text)
    refs = {link.rpartition("/")[2] for link in page.links if link.startswith("/alerts/")}
    bens = "FROM alerts JOIN tickets ON id = subject WHERE agent = 'zendesk:ben'"
    assert len(refs) == min(50, counted(bridge, f"SELECT count(*) {bens}"))
    assert ada.get(f"/alerts/{min(refs)}").status_code == 200


def test_thin_updates_stand_beside_all_that_somebody_wrote(ada: Visitor, bridge: Bridge) -> None:
    page = "/insight/coaching?agent=zendesk:ben"
    assert "most often" not in ada.get(page).text
    said = [
        {
            "at": NOW - timedelta(days=n + 1),
            "kind": "update",
            "about": f"update:{n}",
            "agent": "zendesk:ben",
            "value": score,
            "note": "no_next_step",
        }
        for n, score in enumerate((0.2, 0.4, 0.9))
    ]
    with bridge.engine.begin() as connection:
        [bens] = connection.execute(
            text("SELECT id FROM tickets WHERE agent = 'zendesk:ben' LIMIT 1")
        ).scalars()
        connection.execute(insert(signals), [{**one, "subject": bens} for one in said])
    html = ada.get(page).text
    assert "2 of 3" in html
    assert "most often: no next step" in html


def test_single_questions_are_compared_once_there_are_some(ada: Visitor, bridge: Bridge) -> None:
    assert "No answer of this period has single questions" in ada.get("/insight/satisfaction").text
    answers = [
        Ticket(
            id=f"zendesk:{90_000 + n}",
            as_of=(NOW, n, f"q{n}"),
            opened_at=NOW,
            team="billing",
            answers=(Answer(id=f"q:{n}", at=NOW, score=1.0, questions={"communication": 0.25}),),
        )
        for n in range(3)
    ]
    with bridge.engine.begin() as connection:
        tickets.claim(connection, [ticket.id for ticket in answers])
        tickets.store(connection, [tickets.Judged(ticket, (), {}) for ticket in answers])
    html = ada.get("/insight/satisfaction").text
    assert "Question “communication”" in html
    assert "fewer than 30 answers" in html
    assert "No answer of this period" not in html
