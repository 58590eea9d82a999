"""How it goes with every connection: what needs somebody first, and a check on the spot."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.viewing import Role
from bridge.sandbox import Fault
from bridge.settings import parse
from bridge.simulate.world import ENV
from bridge.store import inbox, pulse
from tests.flow.conftest import Office, Once
from tests.flow.loop_desk import PHONE_AND_MAIL
from tests.flow.visitors import Visitor, visitor

PAGE = "/admin/sources"


@pytest.fixture
def ada(office: Office) -> Visitor:
    beat(office)
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def beat(office: Office) -> None:
    with office.world.bridge.engine.begin() as connection:
        pulse.beat(connection, office.now, timedelta(minutes=1))


def attention(page: str) -> str:
    """What stands first, as plain words."""
    return words(page.partition('aria-labelledby="attend"')[2].partition("</section>")[0])


def door(page: str, name: str) -> str:
    return words(page.partition(f'id="{name}"')[2].partition("</article>")[0])


def words(part: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_nothing_needs_attention_where_all_is_well(office: Office, ada: Visitor) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2)
    beat(office)
    page = ada.get(PAGE).text
    assert "Nothing needs attention" in attention(page)
    typeform = door(page, "source-typeform")
    assert "/hooks/typeform" in typeform
    assert "In 24 hours 1" in typeform
    assert "nothing: read at once" in typeform
    assert "0 waiting, 0 held, 0 failed" in door(page, "way-slack")


def test_it_is_for_admins_alone(office: Office) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER, ["Billing"])
    assert mona.get(PAGE).status_code == 403
    assert mona.post(f"{PAGE}/slack/check").status_code == 403


def test_a_silent_clock_comes_first(office: Office, ada: Visitor) -> None:
    office.later(minutes=5)
    first = attention(ada.get(PAGE).text)
    assert "The clock is silent since 5 minutes: no timer rings." in first
    assert "Start bridge clock" in first


def test_what_cannot_be_read_and_what_failed_need_attention(office: Office, ada: Visitor) -> None:
    row = inbox.Received(
        source="survey",
        delivery="broken",
        received_at=office.now,
        method="POST",
        url="",
        headers={},
        body=b"{",
    )
    with office.world.bridge.engine.begin() as connection:
        inbox.add(connection, [row])
        inbox.settle(connection, [1], inbox.UNREADABLE, "no JSON")
    refused = Fault.status(
        200, '{"ok": false, "error": "is_archived"}', {"Content-Type": "application/json"}
    )
    fault = Once("slack", "POST", "chat.postMessage", refused, times=9)
    office.world.sandbox.faults = fault
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2)
    beat(office)
    page = ada.get(PAGE).text
    assert "survey: 1 webhook can't be read." in attention(page).replace("&#39;", "'")
    assert "/admin/webhooks?source=survey&amp;state=unreadable" in page
    assert "slack: 1 delivery failed." in attention(page)
    assert "is_archived" in door(page, "way-slack")


def test_a_webhook_that_waits_too_long_is_a_lag(office: Office, ada: Visitor) -> None:
    row = inbox.Received(
        source="survey",
        delivery="late",
        received_at=office.now - timedelta(minutes=3),
        method="POST",
        url="",
        headers={},
        body=b"{}",
    )
    with office.world.bridge.engine.begin() as connection:
        inbox.add(connection, [row])
    page = ada.get(PAGE).text
    assert "survey: webhooks have waited to be read for 3 minutes." in attention(page)
    assert "1, the first for 3 minutes" in door(page, "source-survey")


def test_a_connection_is_checked_on_the_spot(office: Office, ada: Visitor) -> None:
    answer = ada.post(f"{PAGE}/slack/check")
    assert answer.status_code == 200
    told = door(answer.text, "way-slack")
    assert "What the check found" in answer.text
    assert "Alert Bridge" in told or "scope" in told or "slack" in told.lower()
    assert "xoxb-" not in answer.text
    assert "What the check found" not in ada.get(PAGE).text


def test_a_check_says_what_the_vendor_refuses(office: Office, ada: Visitor) -> None:
    office.slack.tokens.clear()
    told = ada.post(f"{PAGE}/slack/check").text
    assert "To be mended" in told
    assert "invalid_auth" in told


def reach_people(office: Office, password: str = "right", **env: str) -> None:
    """There are a mail server and a Twilio account, too."""
    sandbox, bridge = office.world.sandbox, office.world.bridge
    more = PHONE_AND_MAIL.format(
        port=sandbox.smtp.port, account=sandbox.twilio.account, twilio=sandbox.twilio_url
    ).replace('password = ""', 'user = "bridge"')
    text = Path(bridge.settings.path).read_text("utf-8")
    for vendor in ("zendesk", "jira", "slack"):
        text = text.replace(f"{{{vendor}}}", getattr(sandbox, f"{vendor}_url"))
    given = {"TWILIO_AUTH_TOKEN": sandbox.twilio.token, "SMTP_PASSWORD": password}
    bridge.settings = parse(text + more, {**ENV, **given, **env}, bridge.settings.path)
    sandbox.smtp.logins = {"bridge": "right"}


def test_a_mail_server_is_checked_on_the_spot(office: Office, ada: Visitor) -> None:
    reach_people(office)
    assert 'action="/admin/sources/email/check"' in ada.get(PAGE).text
    page = ada.post(f"{PAGE}/email/check").text
    told = door(page, "way-email")
    assert "All is well" in page
    assert "To be mended" not in page
    assert "lets us in, in the clear, with user and password" in told
    assert office.world.sandbox.smtp.attempts == 0


def test_a_mail_servers_refusal_is_told_with_the_way_out(office: Office, ada: Visitor) -> None:
    reach_people(office, password="an-old-one")
    page = ada.post(f"{PAGE}/email/check").text
    told = door(page, "way-email")
    assert "To be mended" in page
    assert "Look at it" in told
    assert "535 5.7.8 to the login" in told
    assert "set `user` and its password anew" in told
    assert "an-old-one" not in page


def test_twilio_is_checked_on_the_spot(office: Office, ada: Visitor) -> None:
    reach_people(office)
    twilio = office.world.sandbox.twilio
    page = ada.post(f"{PAGE}/sms/check").text
    assert "sms: the sender +15005550001 is a number of the account" in door(page, "way-sms")
    assert "look-ups" in page.partition('aria-labelledby="limits"')[2], "it is spent like any call"
    assert twilio.token not in page
    twilio.status = "suspended"
    told = door(ada.post(f"{PAGE}/sms/check").text, "way-sms")
    assert "Look at it" in told
    assert "sms: the account is suspended: nothing is sent" in told
    assert twilio.messages == []


def test_a_missing_token_is_told(office: Office, ada: Visitor) -> None:
    reach_people(office, TWILIO_AUTH_TOKEN="")
    told = door(ada.post(f"{PAGE}/sms/check").text, "way-sms")
    assert "TWILIO_AUTH_TOKEN" in told


def test_a_channel_that_is_not_there_cannot_be_checked(ada: Visitor) -> None:
    assert "/email/check" not in ada.get(PAGE).text
    assert ada.post(f"{PAGE}/email/check").status_code == 404


def test_a_source_is_checked_by_what_we_know_of_it(office: Office, ada: Visitor) -> None:
    told = ada.post(f"{PAGE}/typeform/check").text
    assert "Its secret is set." in told
    assert "Nothing has come in yet." in told
    assert "typeform-secret" not in told


def test_what_is_not_there_cannot_be_checked(ada: Visitor) -> None:
    assert ada.post(f"{PAGE}/nothing/check").status_code == 404


def test_what_a_vendor_still_lets_us_ask_is_shown(office: Office, ada: Visitor) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=2)
    page = ada.get(PAGE).text
    limits = page.partition('aria-labelledby="limits"')[2]
    assert "<meter" in limits
    assert "%" in words(limits)
