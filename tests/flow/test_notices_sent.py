"""Other programs hear of what becomes of alerts: signed, in order, at least once, and nothing of what people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bridge.domain.model import Member, Press
from bridge.store import endpoints, notices
from bridge.store.endpoints import Endpoint
from bridge.store.notices import Notice
from bridge.work.keeping import tidy
from bridge.work.press import press
from bridge.work.signing import secrets_of
from bridge.work.tick import tick
from tests.flow.conftest import Office, Opens
from tests.flow.notices_ear import ALLOWED, Ear, listening

MONA = Member(name="Mona Berg", email="mona@example.com")


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + ALLOWED)


def called(office: Office, ear: Ear, **wants: tuple[str, ...]) -> Endpoint:
    """The ear is called from now on."""
    with office.world.bridge.engine.begin() as connection:
        return endpoints.add(connection, ear.url, office.now, **wants)


def now(office: Office, number: int) -> Endpoint:
    with office.world.bridge.engine.begin() as connection:
        found = endpoints.find(connection, number)
    assert found is not None
    return found


def kept(office: Office) -> list[Notice]:
    """Oldest first."""
    with office.world.bridge.engine.begin() as connection:
        return [listed.notice for listed in notices.listing(connection)[::-1]]


def act(office: Office, action: Press, **said: object) -> None:
    office.later(seconds=1)
    press(office.world.bridge, office.alerts()[-1].ref, action, MONA, **said)
    office.settle()


def complain(office: Office) -> None:
    office.rate(office.open(), score=1, words="Nobody helps me, and I am furious.")


# --- what is told


def test_an_alert_is_told_from_its_beginning_to_its_end(office: Office, ear: Ear) -> None:
    called(office, ear)
    complain(office)
    act(office, Press.ACKNOWLEDGE)
    act(office, Press.CONTACT)
    assert ear.types == ["alert.opened", "alert.acknowledged", "alert.contacted"]
    assert [one.state for one in ear.heard] == ["open", "acknowledged", "contacted"]
    alert = ear.heard[0].body["data"]["alert"]
    assert (alert["team"], alert["severity"]) == ("Billing", "critical")
    assert alert["rules"][0]["rule"] == "low_score"
    assert alert["links"]["ticket"].endswith(alert["subject"].partition(":")[2])
    assert all(notice.state == "sent" for notice in kept(office))


def test_nothing_that_a_customer_wrote_or_is_called_is_told(office: Office, ear: Ear) -> None:
    called(office, ear)
    complain(office)
    act(office, Press.NOTE, words="She sounded tired.")
    act(office, Press.ACKNOWLEDGE)
    said = "".join(one.content for one in ear.heard)
    assert len(ear.heard) == 3
    for word in ("Anna", "anna@", "furious", "refund", "Mona", "mona@", "tired"):
        assert word not in said


def test_words_are_told_where_the_configuration_says_so(open_office: Opens, ear: Ear) -> None:
    office = open_office(lambda text: f"{text}{ALLOWED}words = true\n")
    called(office, ear)
    complain(office)
    act(office, Press.ACKNOWLEDGE)  # by then it is known who the customer is
    alert = ear.heard[-1].body["data"]["alert"]
    assert alert["title"] == "Where is my refund?"
    assert alert["owner"]["name"] == "Mona Berg"
    assert alert["customer"]["email"] == "anna@example.org"


def test_each_is_told_only_what_it_wants_to_know(office: Office, ear: Ear) -> None:
    with listening() as other, listening() as third:
        called(office, ear, changes=("alert.acknowledged",))
        called(office, other, teams=("Support",))
        called(office, third, teams=("Billing",), changes=("alert.opened",))
        complain(office)
        act(office, Press.ACKNOWLEDGE)
        assert (ear.types, other.types, third.types) == (
            ["alert.acknowledged"],
            [],
            ["alert.opened"],
        )


def test_who_checks_the_signature_finds_it_right(office: Office, ear: Ear) -> None:
    endpoint = called(office, ear)
    complain(office)
    (heard,) = ear.heard
    (secret,) = secrets_of(office.world.bridge, endpoint)
    assert secret.startswith("whsec_")
    assert heard.signed_by(secret)
    assert heard.id == kept(office)[0].marker
    heard.content += " "
    assert not heard.signed_by(secret)


def test_for_a_day_after_a_change_the_old_secret_is_good_too(office: Office, ear: Ear) -> None:
    bridge = office.world.bridge
    endpoint = called(office, ear)
    (old,) = secrets_of(bridge, endpoint)
    with bridge.engine.begin() as connection:
        endpoints.rotate(connection, endpoint.id, office.now)
    new = secrets_of(bridge, now(office, endpoint.id))[0]
    complain(office)
    assert [ear.heard[0].signed_by(secret) for secret in (new, old)] == [True, True]
    office.later(hours=24)
    act(office, Press.ACKNOWLEDGE)
    assert [ear.heard[-1].signed_by(secret) for secret in (new, old)] == [True, False]


# --- when it fails


def test_what_fails_is_sent_again_with_its_id_and_what_came_later_follows(
    office: Office, ear: Ear
) -> None:
    endpoint = called(office, ear)
    ear.answers = [(503, "busy"), (503, "busy")]
    complain(office)
    act(office, Press.ACKNOWLEDGE)
    assert now(office, endpoint.id).trouble == "it answered 503: busy"
    office.later(minutes=10)
    assert ear.types == ["alert.opened"] * 3 + ["alert.acknowledged"]
    assert len({one.id for one in ear.heard[:3]}) == 1
    assert [notice.state for notice in kept(office)] == ["sent", "sent"]
    found = now(office, endpoint.id)
    assert (found.failures, found.failing_since, found.trouble) == (0, None, "")


def test_a_webhook_that_is_refused_holds_up_only_its_own_alert(office: Office, ear: Ear) -> None:
    called(office, ear)
    ear.answers = [(422, "no such team")]
    complain(office)
    complain(office)
    first, second = kept(office)
    assert (first.state, first.reason) == ("waiting", "it answered 422: no such team")
    assert second.state == "sent"


def test_an_endpoint_that_is_away_costs_one_attempt_however_much_waits(
    office: Office, ear: Ear
) -> None:
    endpoint = called(office, ear)
    ear.usual = (500, "")
    for _ in range(4):
        complain(office)
    office.later(minutes=25)
    assert len(kept(office)) == 4
    assert len(ear.heard) <= 6
    ear.usual = (200, "")
    office.later(minutes=31)
    assert {notice.state for notice in kept(office)} == {"sent"}
    assert now(office, endpoint.id).failures == 0


def test_a_redirect_is_not_followed(office: Office, ear: Ear) -> None:
    called(office, ear)
    ear.answers = [(302, "")]
    complain(office)
    assert len(ear.heard) == 1
    assert "it redirects, which is not followed" in kept(office)[0].reason


def test_an_endpoint_that_is_gone_is_called_no_more(office: Office, ear: Ear) -> None:
    endpoint = called(office, ear)
    ear.answers = [(410, "")]
    complain(office)
    complain(office)
    found = now(office, endpoint.id)
    assert not found.enabled
    assert found.trouble == "it answered 410: it wants no more webhooks"
    assert len(ear.heard) == 1
    assert [notice.state for notice in kept(office)] == ["failed"]


def test_an_endpoint_that_fails_for_days_is_disabled_and_what_waited_can_be_retried(
    office: Office, ear: Ear
) -> None:
    bridge, endpoint = office.world.bridge, called(office, ear)
    ear.usual = (500, "out of order")
    complain(office)
    office.later(days=4)
    found = now(office, endpoint.id)
    assert not found.enabled
    assert "failed for 3 days" in found.trouble
    first, *rest = kept(office)
    assert (first.state, first.reason) == ("failed", "gave up: it answered 500: out of order")
    assert [notice.reason for notice in rest] == ["the endpoint was disabled"] * 2

    ear.usual, before = (200, ""), len(ear.heard)
    with bridge.engine.begin() as connection:
        assert notices.retry(connection, office.now, endpoint=endpoint.id) == []
        endpoints.enable(connection, endpoint.id)
        assert len(notices.retry(connection, office.now, endpoint=endpoint.id)) == 3
    office.settle()
    assert ear.types[before:] == ["alert.opened", "alert.updated", "alert.updated"]
    assert {notice.state for notice in kept(office)} == {"sent"}


def test_what_a_killed_worker_had_under_way_is_sent_again(office: Office, ear: Ear) -> None:
    bridge, endpoint = office.world.bridge, called(office, ear)
    with bridge.engine.begin() as connection:
        endpoints.disable(connection, endpoint.id)
    complain(office)
    with bridge.engine.begin() as connection:
        endpoints.enable(connection, endpoint.id)
        said = {"type": "alert.opened", "timestamp": "", "data": {}}
        number = office.alerts()[0].number
        notices.add(connection, [(endpoint.id, number, "alert.opened", said)], office.now)
        assert notices.take(connection, endpoint.id, office.now)
        assert notices.take(connection, endpoint.id, office.now) is None
    office.later(seconds=59)
    assert ear.heard == []
    office.world.clock.move(office.now + timedelta(seconds=2))
    assert tick(bridge)
    office.settle()
    assert [(notice.state, notice.attempts) for notice in kept(office)] == [("sent", 2)]
    assert len(ear.heard) == 1


def test_a_private_address_is_not_called(open_office: Opens, ear: Ear) -> None:
    office = open_office()
    endpoint = called(office, ear)
    complain(office)
    assert ear.heard == []
    assert now(office, endpoint.id).trouble == "the address has to begin with https://"


def test_what_was_sent_is_forgotten_like_the_webhooks_that_came_in(
    office: Office, ear: Ear
) -> None:
    called(office, ear)
    complain(office)
    office.later(days=29)
    tidy(office.world.bridge)
    assert kept(office)
    office.later(days=2)
    tidy(office.world.bridge)
    assert kept(office) == []
