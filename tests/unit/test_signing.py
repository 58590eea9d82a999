"""Signatures against vectors that vendors and libraries publish."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bridge.domain.model import Forged
from connectors import REPLAY_WINDOW, Incoming
from connectors.desks.zendesk_webhooks import TEST_SECRET, ZendeskEvents
from connectors.signing import (
    check_age,
    check_given,
    check_secret,
    check_signature,
    check_slack,
    check_standard,
    digest,
    epoch_time,
    header,
    iso_time,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
# secret, message, algorithm, encoding, prefix, signature
VECTORS = {
    "Jira, admin webhook": (
        "It's a Secret to Everybody",
        b"Hello World!",
        "sha256",
        "hex",
        "sha256=",
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    ),
    "Typeform": (
        "tf-demo-secret",
        b'{"event_id":"01","event_type":"form_response"}',
        "sha256",
        "base64",
        "sha256=",
        "sha256=mc+d8O7mNJcpE4j0BknpB0rpYohSAYmSbT7y56Jvr0M=",
    ),
    "SurveyMonkey": (
        "client123&secret456",
        b'{"event_type":"response_completed","object_id":"1"}',
        "sha1",
        "base64",
        "",
        "G0wJnN4wcYXn93uDIZdSmk77zb0=",
    ),
    "Delighted": (
        "dl-demo-key",
        b'{"event_type":"survey_response.updated","event_id":"e1"}',
        "sha256",
        "hex",
        "sha256=",
        "sha256=5b682e9548b49494d700037f17a65d72d833aabfe5f5787401bf96367c087820",
    ),
    "Twilio": (
        "12345",
        (
            b"https://mycompany.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDECaller+14158675309"
            b"Digits1234From+14158675309To+18005551212"
        ),
        "sha1",
        "base64",
        "",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    ),
    "RFC 4231, case 2": (
        "Jefe",
        b"what do ya want for nothing?",
        "sha512",
        "hex",
        "",
        (
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ),
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_published_vectors(vector: tuple[str, bytes, str, str, str, str]) -> None:
    secret, message, algorithm, encoding, prefix, signature = vector
    kind = {"algorithm": algorithm, "encoding": encoding}
    assert prefix + digest(secret, message, **kind) == signature  # type: ignore[arg-type]
    for secrets in ([secret], ["older", secret], [secret, "newer"]):
        check_signature(signature, message, secrets, prefix=prefix, **kind)  # type: ignore[arg-type]
    for given_, secrets in (
        (signature, ["another"]),
        (signature, []),
        (signature, [""]),
        (signature[:-1], [secret]),
        ("", [secret]),
        ("é✓", [secret]),
        ("sha9=" + signature, [secret]),
    ):
        with pytest.raises(Forged) as error:
            check_signature(given_, message, secrets, prefix=prefix, **kind)  # type: ignore[arg-type]
        assert secret not in str(error.value)
        assert signature.removeprefix(prefix) not in str(error.value)


def test_hex_in_capitals_is_the_same() -> None:
    check_signature(digest("s", b"m").upper(), b"m", ["s"])


# --- Zendesk ------------------------------------------------------------------------------------


def zendesk(secret: str = "zd-demo-secret", **others: object) -> Incoming:
    body = b'{"id":"1","type":"zen:event-type:ticket.created"}'
    stamp = "2026-11-21T10:00:00Z"
    signature = digest(secret, stamp.encode() + body, encoding="base64")
    headers = {
        "x-zendesk-webhook-signature": signature,
        "x-zendesk-webhook-signature-timestamp": stamp,
    }
    return msgspec.structs.replace(Incoming(headers=headers, body=body, received_at=NOW), **others)


def test_zendesk_signs_the_timestamp_and_the_body() -> None:
    incoming = zendesk()
    given_ = incoming.headers["x-zendesk-webhook-signature"]
    assert given_ == "6/VIiIsCOO9OIv1t6vPubXjaoDVRSGcTBj9hXe1oHJU="
    ZendeskEvents(name="zendesk").verify(incoming, ["older", "zd-demo-secret"])


@pytest.mark.parametrize("minutes", [-6, 6])
def test_zendesk_request_is_good_for_five_minutes(minutes: int) -> None:
    incoming = zendesk(received_at=NOW + timedelta(minutes=minutes))
    with pytest.raises(Forged):
        ZendeskEvents(name="zendesk").verify(incoming, ["zd-demo-secret"])


def test_zendesk_public_test_secret_is_no_secret() -> None:
    incoming = zendesk(TEST_SECRET)
    for secrets in ([TEST_SECRET], [TEST_SECRET, "zd-demo-secret"]):
        with pytest.raises(Forged):
            ZendeskEvents(name="zendesk").verify(incoming, secrets)
    ZendeskEvents(name="zendesk").verify(zendesk(), [TEST_SECRET, "zd-demo-secret"])


# --- Standard Webhooks --------------------------------------------------------------------------

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT_AT = datetime.fromtimestamp(1614265330, UTC)


def standard(**headers: str) -> Incoming:
    given_ = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Incoming(headers=given_ | named, body=b'{"test": 2432232314}', received_at=SENT_AT)


def test_the_standard_own_vector() -> None:
    check_standard(standard(), [SECRET])
    check_standard(standard(), ["whsec_" + "A" * 32, SECRET])
    right = standard().headers["webhook-signature"]
    check_standard(standard(webhook_signature=f"v1a,AAAA nonsense v1,AAAA {right}"), [SECRET])


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_id": "msg_other"},
        {"webhook_id": ""},
        {"webhook_timestamp": "1614265331"},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": "٣"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook_signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook_signature": "v1,é✓"},
        {"webhook_signature": " "},
    ],
    ids=str,
)
def test_any_other_standard_request_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        check_standard(standard(**headers), [SECRET])


@pytest.mark.parametrize("secrets", [[], ["whsec_" + "A" * 32], ["whsec_"], ["whsec_!"]], ids=str)
def test_a_standard_request_needs_its_secret(secrets: list[str]) -> None:
    with pytest.raises(Forged):
        check_standard(standard(), secrets)


def test_a_standard_request_is_good_for_five_minutes() -> None:
    for late in (REPLAY_WINDOW, -REPLAY_WINDOW):
        check_standard(msgspec.structs.replace(standard(), received_at=SENT_AT + late), [SECRET])
    for late in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        with pytest.raises(Forged):
            check_standard(
                msgspec.structs.replace(standard(), received_at=SENT_AT + late), [SECRET]
            )


@given(
    key=st.binary(min_size=1, max_size=64),
    body=st.text(max_size=100),
    name=st.from_regex(r"[a-zA-Z0-9_]{1,40}", fullmatch=True),
    sent_at=st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_we_agree_with_the_library(key: bytes, body: str, name: str, sent_at: datetime) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    signature = Webhook(secret).sign(msg_id=name, timestamp=sent_at, data=body)
    incoming = Incoming(
        headers={
            "webhook-id": name,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": signature,
        },
        body=body.encode(),
        received_at=sent_at,
    )
    check_standard(incoming, [secret])


# --- Slack --------------------------------------------------------------------------------------

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_SENT_AT = datetime.fromtimestamp(1531420618, UTC)
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
    b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def slack(body: bytes = SLACK_BODY, **headers: str) -> Incoming:
    given_ = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Incoming(headers=given_ | named, body=body, received_at=SLACK_SENT_AT)


def test_slack_own_vector() -> None:
    for secrets in ([SLACK_SECRET], ["older", SLACK_SECRET], [SLACK_SECRET, "newer"]):
        check_slack(slack(), secrets)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_slack_request_timestamp": "1531420619"},
        {"x_slack_request_timestamp": ""},
        {"x_slack_request_timestamp": "now"},
        {"x_slack_request_timestamp": "1531420618.0"},
        {"x_slack_request_timestamp": "-1531420618"},
        {"x_slack_request_timestamp": "٣"},
        {"x_slack_request_timestamp": "9" * 400},
        {"x_slack_signature": ""},
        {"x_slack_signature": "v1=" + slack().headers["x-slack-signature"][3:]},
        {"x_slack_signature": slack().headers["x-slack-signature"][3:]},
        {"x_slack_signature": "v0=é✓"},
    ],
    ids=str,
)
def test_any_other_slack_request_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        check_slack(slack(**headers), [SLACK_SECRET])


def test_a_slack_request_needs_its_secret_and_its_body() -> None:
    for secrets in ([], [""], ["another"]):
        with pytest.raises(Forged) as error:
            check_slack(slack(), secrets)
        assert SLACK_SECRET not in str(error.value)
    with pytest.raises(Forged):
        check_slack(slack(SLACK_BODY + b"&"), [SLACK_SECRET])


def test_a_slack_request_is_good_for_five_minutes() -> None:
    for late in (REPLAY_WINDOW, -REPLAY_WINDOW):
        received = msgspec.structs.replace(slack(), received_at=SLACK_SENT_AT + late)
        check_slack(received, [SLACK_SECRET])
    for late in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        received = msgspec.structs.replace(slack(), received_at=SLACK_SENT_AT + late)
        with pytest.raises(Forged, match="time"):
            check_slack(received, [SLACK_SECRET])


# --- the rest -----------------------------------------------------------------------------------


def test_a_secret_header() -> None:
    check_secret("right", ["wrong", "right"])
    for given_, secrets in (("wrong", ["right"]), ("", [""]), ("right", []), ("ré", ["right"])):
        with pytest.raises(Forged):
            check_secret(given_, secrets)


def basic(login: bytes) -> str:
    return "Basic " + base64.b64encode(login).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-bridge-secret": " right "},
        {"authorization": "Bearer right"},
        {"authorization": "bearer  right"},
        {"authorization": basic(b"bridge:right")},
        {"authorization": basic(b":right").replace("Basic", "BASIC")},
        {"x-bridge-secret": "right", "authorization": "Basic garbled!"},
        {"x-bridge-secret": "wrong", "authorization": "Bearer right"},
    ],
    ids=str,
)
def test_a_secret_may_be_given_in_three_ways(headers: dict[str, str]) -> None:
    incoming = Incoming(headers=headers, received_at=NOW)
    for secrets in (["right"], ["older", "right"], ["right", "newer"]):
        check_given(incoming, "X-Bridge-Secret", secrets)
    for secrets in ([], [""], ["another"]):
        with pytest.raises(Forged) as error:
            check_given(incoming, "X-Bridge-Secret", secrets)
        assert "right" not in str(error.value)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-bridge-secret": " "},
        {"x-other": "right"},
        {"authorization": "right"},
        {"authorization": "Bearer"},
        {"authorization": "Digest right"},
        {"authorization": "Basic"},
        {"authorization": "Basic right"},
        {"authorization": "Basic é✓"},
        {"authorization": basic(b"right")},
        {"authorization": basic(b"bridge:right") + "!!"},
        {"authorization": basic(b"right:")},
        {"authorization": basic(b"right:wrong")},
        {"authorization": basic(b"a:b:right")},
        {"authorization": basic(b"bridge:right\xff")},
    ],
    ids=str,
)
def test_any_other_secret_given_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged) as error:
        check_given(Incoming(headers=headers, received_at=NOW), "X-Bridge-Secret", ["right"])
    assert "right" not in str(error.value)


def test_a_password_may_hold_a_colon() -> None:
    incoming = Incoming(headers={"authorization": basic(b"bridge:ri:ght")}, received_at=NOW)
    check_given(incoming, "X-Bridge-Secret", ["ri:ght"])


def test_a_header_is_needed() -> None:
    incoming = Incoming(headers={"x-secret": " s ", "x-empty": " "}, received_at=NOW)
    assert header(incoming, "X-Secret") == "s"
    for name in ("X-Empty", "X-Absent"):
        with pytest.raises(Forged, match=name):
            header(incoming, name)


def test_times_in_headers() -> None:
    assert iso_time("2026-11-21T10:00:00Z") == epoch_time("1795255200") == NOW
    check_age(NOW + REPLAY_WINDOW, Incoming(headers={}, received_at=NOW))
    for text in ("", "x", "é", "1e9", "-1", "1_0", "9" * 400):
        with pytest.raises(Forged):
            epoch_time(text)
    for text in ("", "x", "é", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00"):
        with pytest.raises(Forged):
            iso_time(text)
