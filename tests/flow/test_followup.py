"""Did it help? The customer is asked once, by a link that is theirs, and what they answer is kept before the thanks."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import text
from structlog.testing import capture_logs

from bridge.domain.model import Action, Undeliverable
from bridge.sandbox import Fault
from bridge.sandbox.serve import Server
from bridge.settings import parse
from bridge.web import create_app
from bridge.work import followup
from bridge.work.bridge import Bridge
from tests.flow.customers import DESKS, ENV, POLICY, SECRET, Practice, practice

LINK = re.compile(r"https?://[^\s\"]+/followup/[^\s\"<]+/")


@pytest.fixture
def office(url: str) -> Iterator[Practice]:
    with practice(url) as made:
        yield made


def link_for(office: Practice, **more: Any) -> str:
    """What the customer of a resolved alert was sent."""
    return followup.link_to(office.bridge, office.alert(**more).ref, office.clock())


def read(link: str) -> requests.Response:
    return requests.get(link, timeout=10)


def reply(link: str, **form: str) -> requests.Response:
    return requests.post(link, data=form, timeout=10)


# --- asking


@pytest.mark.parametrize("desk", DESKS)
def test_on_the_ticket_the_customer_reads_the_question_and_can_answer(
    office: Practice, desk: str
) -> None:
    alert = office.alert(desk)
    row = office.row(alert, desk, office.keys[desk])
    receipt = followup.ask(office.bridge, row, alert, office.ticket(alert))

    (_, question) = [words for _, words in office.public(desk)]
    (link,) = LINK.findall(question)
    assert receipt.own[-1].startswith("comment:")
    assert "Did we put it right?" in read(link).text
    assert reply(link, better="yes").status_code == 200
    assert [event["alert"] for event in office.events("heard")] == [alert.ref]


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("applied", [True, False], ids=["it went out", "it did not"])
def test_after_a_lost_answer_the_customer_is_still_asked_once(
    office: Practice, desk: str, applied: bool
) -> None:
    alert = office.alert(desk)
    ticket = office.ticket(alert)
    row = office.row(alert, desk, office.keys[desk], unsure=True)
    fault = Fault.timeout_after_applying() if applied else Fault.reset_before()
    office.sandbox.faults = lambda *_: fault
    with pytest.raises(Undeliverable):
        office.bridge.desks[desk].ask(row.to, "the first attempt", row.marker)
    office.sandbox.faults = lambda *_: None

    receipt = followup.ask(office.bridge, row, alert, ticket)
    assert len(office.public(desk)) == 2
    assert receipt.own[-1] == f"comment:{receipt.ref}"


def test_by_mail_one_letter_goes_to_the_customer_alone(office: Practice) -> None:
    alert = office.alert()
    row = office.row(alert, "email", "anna@example.org")
    followup.ask(office.bridge, row, alert, office.ticket(alert))

    (mail,) = office.sandbox.smtp.inbox("anna@example.org")
    plain = mail.content.get_body(("plain",))
    html = mail.content.get_body(("html",))
    assert plain is not None
    assert html is not None
    (link,) = LINK.findall(plain.get_content())
    assert LINK.findall(html.get_content()) == [link]
    assert "Did we put it right?" in read(link).text
    assert len(office.public("zendesk")) == 1


def test_a_customer_who_may_have_been_written_to_is_not_written_to_again(office: Practice) -> None:
    alert = office.alert()
    row = office.row(alert, "email", "anna@example.org", unsure=True)
    with pytest.raises(Undeliverable, match="not asked twice") as failure:
        followup.ask(office.bridge, row, alert, office.ticket(alert))
    assert failure.value.retry_after is None
    assert office.sandbox.smtp.inbox("anna@example.org") == []


def test_no_letter_goes_to_the_helpdesks_own_address(office: Practice) -> None:
    for address in ("help@example.com", "support@demo.zendesk.com", "help@demo.atlassian.net", ""):
        alert = office.alert()
        row = office.row(alert, "email", address)
        with pytest.raises(Undeliverable) as failure:
            followup.ask(office.bridge, row, alert, office.ticket(alert))
        assert failure.value.retry_after is None


def test_nobody_but_the_alerts_own_customer_is_asked(office: Practice) -> None:
    alert, other = office.alert("zendesk"), office.alert("jsm")
    ticket = office.ticket(alert)
    for channel, to in (("zendesk", "99"), ("jsm", office.keys["jsm"]), ("slack", "C1")):
        with pytest.raises(Undeliverable, match="own ticket"):
            followup.ask(office.bridge, office.row(alert, channel, to), alert, ticket)
    row = office.row(other, "zendesk", ticket.key)
    with pytest.raises(Undeliverable, match="not the alert's"):
        followup.ask(office.bridge, row, other, ticket)
    assert [len(office.public(desk)) for desk in DESKS] == [1, 1]


@pytest.mark.parametrize(
    ("missing", "says"), [("PUBLIC_URL", "set PUBLIC_URL"), ("BRIDGE_SECRET", "set BRIDGE_SECRET")]
)
def test_what_is_not_set_up_is_said_with_the_way_out(
    office: Practice, missing: str, says: str
) -> None:
    alert = office.alert()
    env = {"PUBLIC_URL": office.page, **ENV}
    policy = POLICY.replace("{port}", "25")
    office.bridge.settings = parse(policy, {k: v for k, v in env.items() if k != missing})
    row = office.row(alert, "zendesk", office.keys["zendesk"])
    with pytest.raises(Undeliverable, match=says):
        followup.ask(office.bridge, row, alert, office.ticket(alert))


def test_the_question_is_the_same_for_everybody_but_for_the_link() -> None:
    one, other = "https://a.example/followup/x/", "https://b.example/followup/y/"
    assert followup.question(one).replace(one, other) == followup.question(other)
    assert followup.question_in_html(one).replace(one, other) == followup.question_in_html(other)
    assert '"><script>' not in followup.question_in_html('"><script>')


# --- the page


def test_to_look_at_the_page_changes_nothing(office: Practice) -> None:
    link = link_for(office)
    for _ in range(2):
        page = read(link)
        assert page.status_code == 200
        assert requests.head(link, timeout=10).status_code == 200
    assert office.events("heard") == []


def test_the_page_asks_one_question_without_script_or_anything_from_elsewhere(
    office: Practice,
) -> None:
    page = read(link_for(office)).text
    assert page.count("<form") == 1
    assert re.findall(r'<button name="better" value="(\w+)">', page) == ["yes", "no"]
    assert 'maxlength="2000"' in page
    assert '<label for="words">' in page
    assert '<html lang="en">' in page
    assert "width=device-width" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"<script|<img|<link|\bsrc=|\bon\w+=|https?://|url\(", page)


def test_the_page_is_shut_against_what_it_does_not_need(office: Practice) -> None:
    page = read(link_for(office))
    policy = page.headers["Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_no_answer_of_the_page_sets_a_cookie(office: Practice) -> None:
    link = link_for(office)
    answers = [
        read(link),
        reply(link, better="yes"),
        reply(link),
        read(f"{office.page}/followup/x"),
    ]
    assert [page.status_code for page in answers] == [200, 200, 400, 404]
    for page in answers:
        assert "Set-Cookie" not in page.headers
        assert "Content-Security-Policy" in page.headers


def test_the_link_works_without_its_slash_too(office: Practice) -> None:
    link = link_for(office).rstrip("/")
    assert read(link).history == []
    assert read(link).status_code == 200
    assert reply(link, better="no").status_code == 200
    assert len(office.events("heard")) == 1


def test_a_browser_that_speaks_another_language_is_answered_in_english(office: Practice) -> None:
    page = requests.get(link_for(office), headers={"Accept-Language": "fr, es;q=0.5"}, timeout=10)
    assert '<html lang="en">' in page.text


def test_a_browser_that_speaks_german_is_answered_in_german(office: Practice) -> None:
    page = requests.get(link_for(office), headers={"Accept-Language": "de-AT"}, timeout=10)
    assert '<html lang="de">' in page.text
    assert "Haben wir es in Ordnung gebracht?" in page.text


# --- the answer


def test_an_answer_is_kept_before_the_thanks_and_wakes_who_reads_it(office: Practice) -> None:
    alert = office.alert()
    link = followup.link_to(office.bridge, alert.ref, office.clock())
    office.clock.later(days=2)
    page = reply(link, better="no", words="  It is\r\nbroken\x00 again.\u202e ")

    assert "Thank you" in page.text
    (event,) = office.events("heard")
    assert event["subject"] == alert.subject
    assert event["alert"] == alert.ref
    assert event["by"] == "customer"
    assert event["better"] is False
    assert event["words"] == "It is\nbroken again."
    assert event["at"] == office.clock().isoformat().replace("+00:00", "Z")
    with office.bridge.engine.begin() as connection:
        jobs = connection.execute(text("SELECT task_name FROM procrastinate_jobs")).scalars()
        assert "drain" in list(jobs)


def test_a_click_twice_is_one_answer(office: Practice) -> None:
    link = link_for(office)
    for _ in range(3):
        assert reply(link, better="yes", words="Fine").status_code == 200
    assert len(office.events("heard")) == 1


def test_a_second_answer_takes_the_place_of_the_first_and_one_may_go_back(office: Practice) -> None:
    link = link_for(office)
    for better in ("yes", "no", "yes"):
        reply(link, better=better)
        office.clock.later(seconds=1)
    assert [event["better"] for event in office.events("heard")] == [True, False, True]


def test_answers_of_the_same_moment_keep_their_order(office: Practice) -> None:
    link = link_for(office)
    for better in ("no", "yes"):
        reply(link, better=better)
    events = sorted(office.events("heard"), key=lambda e: (e["at"], e.get("seq", 0), e["id"]))
    assert [event["better"] for event in events] == [False, True]


def test_words_are_cut_where_the_page_says_so(office: Practice) -> None:
    reply(link_for(office), better="no", words="&" * 3000)
    (event,) = office.events("heard")
    assert event["words"] == "&" * 2000


def test_without_a_choice_the_words_are_not_lost_and_harm_nobody(office: Practice) -> None:
    words = "</textarea><script>alert(1)</script>"
    page = reply(link_for(office), words=words)
    assert page.status_code == 400
    assert "Please choose" in page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert office.events("heard") == []


def test_the_customers_words_are_in_no_log(office: Practice) -> None:
    link = link_for(office)
    with capture_logs() as logs:
        reply(link, better="no", words="my secret sorrow")
        reply(link, words="my secret sorrow")
    assert logs
    assert "sorrow" not in repr(logs)
    assert link.rstrip("/").rpartition("/")[2] not in repr(logs)


# --- the link


def test_a_link_is_good_for_thirty_days(office: Practice) -> None:
    link = link_for(office)
    office.clock.later(days=30)
    assert read(link).status_code == 200

    office.clock.later(seconds=1)
    for page in (read(link), reply(link, better="yes")):
        assert page.status_code == 410
        assert "30 days" in page.text
        assert "<form" not in page.text
    assert office.events("heard") == []


def test_a_link_that_is_not_ours_is_refused_kindly(office: Practice) -> None:
    token = link_for(office).rstrip("/").rpartition("/")[2]
    body, _, signature = token.rpartition(".")
    other = followup.link_to(office.bridge, office.alert("jsm").ref, office.clock())
    theirs = other.rstrip("/").rpartition("/")[2].split(".")[0]
    forged = [
        f"{body}.{signature[::-1]}",
        f"{theirs}.{token.partition('.')[2]}",
        str(URLSafeTimedSerializer(SECRET, salt="another").dumps("AB-1")),
        str(URLSafeTimedSerializer("another", salt="follow-up").dumps("AB-1")),
        "x",
        "%00",
        "a" * 5000,
    ]
    for one in forged:
        link = f"{office.page}/followup/{one}/"
        for page in (read(link), reply(link, better="yes")):
            assert page.status_code == 404
            assert "does not work" in page.text
    assert office.events("heard") == []


def test_a_link_to_an_alert_that_is_gone_is_refused_kindly(office: Practice) -> None:
    link = followup.link_to(office.bridge, "AB-00000000", office.clock())
    assert read(link).status_code == 404


def test_nobody_is_thanked_for_what_could_not_be_kept(office: Practice) -> None:
    link = link_for(office)
    away = Bridge(office.bridge.settings, "postgresql+psycopg://127.0.0.1:1/none", office.clock)
    server = Server(create_app(away))
    server.start()
    try:
        page = reply(link.replace(office.page, server.url), better="yes", words="Thanks")
    finally:
        server.stop()
        away.close()
    assert page.status_code == 503
    assert "not kept" in page.text
    assert "Thank you" not in page.text


def test_what_asks_the_customer_is_an_action_of_its_own() -> None:
    assert Action.FOLLOW_UP.value == "follow up"
