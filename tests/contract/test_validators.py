"""Our proofs of who sent a request, against the vendors' own: both accept, or both refuse.

    python -m tests.contract.test_validators

prints how often each happens. Where a vendor has a library for Python, that is the yardstick, and it makes the
signatures too; where it has none, its published rule, written down again here with nothing of ours. A library that
falls over a request counts as refusing it. Ours may be stricter where it is said, and wider where that is harmless.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from connectors.desks.zendesk_webhooks import TEST_SECRET
from connectors.signing import check_slack, check_standard
from tests.contract.yardstick import (
    CASES,
    Change,
    Relation,
    Sent,
    Yardstick,
    again,
    b64,
    capitals,
    emptied,
    octets,
    phrase,
    rule,
    source,
    words,
)

FORM = "application/x-www-form-urlencoded"

# --- Slack ---------------------------------------------------------------------------------------

SLACK_STAMP = "x-slack-request-timestamp"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
    b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


class At:
    """A clock for the SDK."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> float:
        return self.moment.timestamp()


def slack_sign(sent: Sent) -> Sent:
    made = SignatureVerifier(sent.secrets[-1]).generate_signature(
        timestamp=sent.headers[SLACK_STAMP], body=sent.body
    )
    return sent.header("x-slack-signature", made or "")


def slack_accepts(sent: Sent, secret: str) -> bool:
    verifier = SignatureVerifier(secret, At(sent.received_at))  # type: ignore[arg-type]
    return verifier.is_valid_request(sent.body, dict(sent.headers))


def _slack_octets(sent: Sent, rng: Random) -> Sent:
    body = b"\xff" + octets(rng)
    stamp = sent.headers[SLACK_STAMP]
    text = hmac.new(sent.secrets[0].encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return replace(sent, body=body).header("x-slack-signature", f"v0={text.hexdigest()}")


def _signed_stamp(name: str, sign: Callable[[Sent], Sent], change: Callable[[str], str]) -> Change:
    return lambda sent, _: sign(sent.header(name, change(sent.headers[name])))


SLACK = Yardstick(
    vendor="Slack",
    name="slack_sdk.signature.SignatureVerifier",
    ours=check_slack,
    sign=slack_sign,
    accepts=slack_accepts,
    signature="x-slack-signature",
    timestamp=SLACK_STAMP,
    body=words,
    secret=phrase,
    vectors=[
        (
            Sent(
                {SLACK_STAMP: "1531420618"},
                SLACK_BODY,
                ("8f742231b10e8888abcd99yyyzzz85a5",),
                received_at=datetime.fromtimestamp(1531420618, UTC),
            ),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        )
    ],
    own={
        "an empty secret": ("refuse", lambda s, _: replace(s, secrets=("",)), ""),
        "a time with a sign": (
            "stricter",
            _signed_stamp(SLACK_STAMP, slack_sign, lambda text: f"+{text}"),
            "a time is digits and nothing else",
        ),
        "a body that isn't UTF-8": ("wider", _slack_octets, "bodies that aren't UTF-8"),
        "a signature in capitals": capitals("x-slack-signature"),
    },
)

# --- Standard Webhooks ---------------------------------------------------------------------------

STANDARD_STAMP = "webhook-timestamp"


def standard_secret(rng: Random) -> str:
    return "whsec_" + b64(rng.randbytes(rng.randint(16, 48)))


def standard_sign(sent: Sent) -> Sent:
    named = sent if "webhook-id" in sent.headers else sent.header("webhook-id", "msg_2Kx7")
    moment = datetime.fromtimestamp(float(named.headers[STANDARD_STAMP]), UTC)
    made = Webhook(sent.secrets[-1]).sign(
        msg_id=named.headers["webhook-id"], timestamp=moment, data=sent.body.decode()
    )
    return named.header("webhook-signature", made)


def standard_accepts(sent: Sent, secret: str) -> bool:
    Webhook(secret).verify(sent.body, dict(sent.headers), json_parse=False)
    return True


def _standard_many(sent: Sent, rng: Random) -> Sent:
    given = sent.headers["webhook-signature"]
    return sent.header("webhook-signature", f"v1,{b64(rng.randbytes(32))} v1a,AAAA {given}")


def _standard_sloppy(sent: Sent, rng: Random) -> Sent:
    given = sent.headers["webhook-signature"]
    return sent.header("webhook-signature", given[:9] + "!" + given[9:])


def _standard_octets(sent: Sent, rng: Random) -> Sent:
    body = b"\xff" + octets(rng)
    signed = f"{sent.headers['webhook-id']}.{sent.headers[STANDARD_STAMP]}.".encode() + body
    key = base64.b64decode(sent.secrets[0].removeprefix("whsec_"))
    text = b64(hmac.new(key, signed, hashlib.sha256).digest())
    return replace(sent, body=body).header("webhook-signature", f"v1,{text}")


STANDARD = Yardstick(
    vendor="Standard Webhooks",
    name="standardwebhooks.Webhook",
    ours=check_standard,
    sign=standard_sign,
    accepts=standard_accepts,
    signature="webhook-signature",
    timestamp=STANDARD_STAMP,
    body=words,
    secret=standard_secret,
    vectors=[
        (
            Sent(
                {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", STANDARD_STAMP: "1614265330"},
                b'{"test": 2432232314}',
                ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
                received_at=datetime.fromtimestamp(1614265330, UTC),
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        )
    ],
    own={
        "another id": ("refuse", lambda s, _: s.header("webhook-id", "msg_other"), ""),
        "no id": ("refuse", lambda s, _: s.header("webhook-id", None), ""),
        "several signatures": ("accept", _standard_many, ""),
        "an empty secret": ("refuse", lambda s, _: replace(s, secrets=("whsec_",)), ""),
        "a time with a fraction": (
            "stricter",
            _signed_stamp(STANDARD_STAMP, standard_sign, lambda text: f"{text}.5"),
            "a time is digits and nothing else",
        ),
        "a signature with rubbish in it": (
            "stricter",
            _standard_sloppy,
            "base64 has no other characters in it",
        ),
        "a body that isn't UTF-8": ("wider", _standard_octets, "bodies that aren't UTF-8"),
    },
)

# --- Twilio --------------------------------------------------------------------------------------

TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_TYPE = {"content-type": "application/json"}


def twilio_parameters(sent: Sent) -> MultiDict[str, str] | str:
    """The form as Flask hands it to the validator, or JSON as text."""
    if "json" in sent.headers.get("content-type", ""):
        return sent.body.decode()
    found = parse_qs(sent.body.decode(), keep_blank_values=True, errors="strict")
    return MultiDict([(name, value) for name, many in found.items() for value in many])


def twilio_sign(sent: Sent) -> Sent:
    given = twilio_parameters(sent)
    made = RequestValidator(sent.secrets[-1]).compute_signature(
        sent.url, {} if isinstance(given, str) else given
    )
    typed = sent if "content-type" in sent.headers else sent.header("content-type", FORM)
    return typed.header("x-twilio-signature", made)


def twilio_accepts(sent: Sent, secret: str) -> bool:
    given = sent.headers.get("x-twilio-signature", "")
    return bool(RequestValidator(secret).validate(sent.url, twilio_parameters(sent), given))


def twilio_form(rng: Random) -> bytes:
    pairs = [("CallSid", f"CA{rng.getrandbits(128):032x}"), ("From", "+4930123456")]
    pairs += [("Digits", str(rng.randrange(100))) for _ in range(rng.randrange(3))]
    pairs += [("SpeechResult", words(rng).decode()), ("CallStatus", "in-progress")]
    rng.shuffle(pairs)
    return urlencode([*pairs, ("ToCity", "")]).encode()


def _twilio_json(sent: Sent, rng: Random) -> Sent:
    body = words(rng)
    url = f"{sent.url}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    return twilio_sign(replace(sent, body=body, url=url, headers=JSON_TYPE))


def _twilio_port(sent: Sent, rng: Random) -> Sent:
    parts = urlsplit(sent.url)
    return replace(sent, url=sent.url.replace(parts.netloc, f"{parts.netloc}:443"))


def twilio_vector(token: str, url: str, form: Sequence[tuple[str, str]]) -> Sent:
    return Sent({"content-type": FORM}, urlencode(form).encode(), (token,), url)


TWILIO = Yardstick(
    vendor="Twilio",
    name="twilio.request_validator.RequestValidator",
    ours=source("twilio"),
    sign=twilio_sign,
    accepts=twilio_accepts,
    signature="x-twilio-signature",
    body=twilio_form,
    secret=lambda rng: f"{rng.getrandbits(128):032x}",
    vectors=[
        (
            twilio_vector(
                "12345",
                TWILIO_URL,
                [
                    ("CallSid", "CA1234567890ABCDE"),
                    ("Digits", "1234"),
                    ("From", "+14158675309"),
                    ("To", "+18005551212"),
                    ("Caller", "+14158675309"),
                ],
            ),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            twilio_vector(
                "12345",
                TWILIO_URL,
                [
                    ("Sid", "CA123"),
                    ("SidAccount", "AC123"),
                    ("Digits", "5678"),
                    ("Digits", "1234"),
                    ("Digits", "1234"),
                ],
            ),
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (
            Sent(
                JSON_TYPE,
                b'{"property": "value", "boolean": true}',
                ("12345",),
                f"{TWILIO_URL}&bodySHA256={TWILIO_HASH}",
            ),
            "a9nBmqA0ju/hNViExpshrM61xv4=",
        ),
    ],
    own={
        "another address": (
            "refuse",
            lambda s, _: replace(s, url=s.url + "?call=CA1"),
            "",
        ),
        "an address with its port": ("accept", _twilio_port, ""),
        "JSON": ("accept", _twilio_json, ""),
        "JSON with another body": (
            "refuse",
            lambda s, rng: replace(_twilio_json(s, rng), body=words(rng)),
            "",
        ),
        "an empty secret": emptied(twilio_sign),
    },
)

# --- rules without a library ---------------------------------------------------------------------

jira_sign, _ = rule("x-hub-signature", "sha256", lambda raw: f"sha256={raw.hex()}")
typeform_sign, typeform_accepts = rule(
    "typeform-signature", "sha256", lambda raw: f"sha256={b64(raw)}"
)
monkey_sign, monkey_accepts = rule("sm-signature", "sha1", b64)
delighted_sign, delighted_accepts = rule(
    "x-delighted-webhook-signature", "sha256", lambda raw: f"sha256={raw.hex()}"
)
ZENDESK_STAMP = "x-zendesk-webhook-signature-timestamp"
zendesk_sign, zendesk_accepts = rule(
    "x-zendesk-webhook-signature",
    "sha256",
    b64,
    lambda sent: sent.headers.get(ZENDESK_STAMP, "").encode(),
)


def jira_accepts(sent: Sent, secret: str) -> bool:
    """As https://www.w3.org/TR/websub/#signing-content has it: the method stands before the signature."""
    method, _, given = sent.headers.get("x-hub-signature", "").partition("=")
    if method not in ("sha1", "sha256", "sha384", "sha512"):
        return False
    right = hmac.new(secret.encode(), sent.body, method).hexdigest()
    return right.encode() == given.encode()


def _jira_method(method: str) -> Change:
    def change(sent: Sent, rng: Random) -> Sent:
        text = hmac.new(sent.secrets[0].encode(), sent.body, method).hexdigest()
        return sent.header("x-hub-signature", f"{method}={text}")

    return change


JIRA = Yardstick(
    vendor="Jira",
    name="the published rule (WebSub)",
    ours=source("jsm"),
    sign=jira_sign,
    accepts=jira_accepts,
    signature="x-hub-signature",
    body=octets,
    secret=phrase,
    vectors=[
        (
            Sent({}, b"Hello World!", ("It's a Secret to Everybody",)),
            "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        )
    ],
    own={
        "signed with SHA-512": ("accept", _jira_method("sha512"), ""),
        "signed with SHA-1": ("stricter", _jira_method("sha1"), "SHA-1 is no proof"),
        "an unknown method": (
            "refuse",
            lambda s, _: s.header("x-hub-signature", "md5=" + s.headers["x-hub-signature"][7:]),
            "",
        ),
        "an empty secret": emptied(jira_sign),
        "a signature in capitals": capitals("x-hub-signature"),
    },
)
TYPEFORM = Yardstick(
    vendor="Typeform",
    name="the published rule",
    ours=source("typeform"),
    sign=typeform_sign,
    accepts=typeform_accepts,
    signature="typeform-signature",
    body=octets,
    secret=phrase,
    vectors=[
        (
            Sent({}, b'{"event_id":"01","event_type":"form_response"}', ("tf-demo-secret",)),
            "sha256=mc+d8O7mNJcpE4j0BknpB0rpYohSAYmSbT7y56Jvr0M=",
        )
    ],
    own={"an empty secret": emptied(typeform_sign)},
)
SURVEYMONKEY = Yardstick(
    vendor="SurveyMonkey",
    name="the published rule",
    ours=source("surveymonkey"),
    sign=monkey_sign,
    accepts=monkey_accepts,
    signature="sm-signature",
    body=octets,
    secret=lambda rng: f"{phrase(rng)}&{phrase(rng)}",
    vectors=[
        (
            Sent(
                {},
                b'{"event_type":"response_completed","object_id":"1"}',
                ("client123&secret456",),
            ),
            "G0wJnN4wcYXn93uDIZdSmk77zb0=",
        )
    ],
    own={"an empty secret": emptied(monkey_sign)},
)
DELIGHTED = Yardstick(
    vendor="Delighted",
    name="the published rule",
    ours=source("delighted"),
    sign=delighted_sign,
    accepts=delighted_accepts,
    signature="x-delighted-webhook-signature",
    body=octets,
    secret=phrase,
    vectors=[
        (
            Sent({}, b'{"event_type":"survey_response.updated","event_id":"e1"}', ("dl-demo-key",)),
            "sha256=5b682e9548b49494d700037f17a65d72d833aabfe5f5787401bf96367c087820",
        )
    ],
    own={
        "an empty secret": emptied(delighted_sign),
        "a signature in capitals": capitals("x-delighted-webhook-signature"),
    },
)
_WINDOW = "sent within five minutes; Zendesk publishes no window"
ZENDESK = Yardstick(
    vendor="Zendesk",
    name="the published rule",
    ours=source("zendesk"),
    sign=zendesk_sign,
    accepts=zendesk_accepts,
    signature="x-zendesk-webhook-signature",
    timestamp=ZENDESK_STAMP,
    stamp=lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}",
    body=octets,
    secret=phrase,
    vectors=[
        (
            Sent(
                {ZENDESK_STAMP: "2026-11-21T10:00:00Z"},
                b'{"id":"1","type":"zen:event-type:ticket.created"}',
                ("zd-demo-secret",),
                received_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
            ),
            "6/VIiIsCOO9OIv1t6vPubXjaoDVRSGcTBj9hXe1oHJU=",
        )
    ],
    own={
        "sent long ago": (
            "stricter",
            lambda s, _: ZENDESK.at(s, s.received_at - timedelta(minutes=6)),
            _WINDOW,
        ),
        "sent tomorrow": (
            "stricter",
            lambda s, _: ZENDESK.at(s, s.received_at + timedelta(days=1)),
            _WINDOW,
        ),
        "the public test secret": (
            "stricter",
            again(zendesk_sign, secrets=(TEST_SECRET,)),
            "the secret of Zendesk's test button is known to everybody",
        ),
        "an empty secret": emptied(zendesk_sign),
    },
)

YARDSTICKS = (SLACK, STANDARD, TWILIO, JIRA, TYPEFORM, SURVEYMONKEY, DELIGHTED, ZENDESK)
VERDICTS: dict[Relation, tuple[bool, bool]] = {
    "accept": (True, True),
    "refuse": (False, False),
    "stricter": (False, True),
    "wider": (True, False),
}
KINDS = [
    pytest.param(yardstick, kind, id=f"{yardstick.vendor}-{kind}")
    for yardstick in YARDSTICKS
    for kind in yardstick.kinds()
]


@pytest.mark.parametrize("yardstick", YARDSTICKS, ids=lambda one: one.vendor)
def test_the_yardstick_makes_the_known_signatures_and_we_accept_them(yardstick: Yardstick) -> None:
    for sent, signature in yardstick.vectors:
        signed = yardstick.sign(sent)
        assert signed.headers[yardstick.signature] == signature
        yardstick.ours(signed.incoming, sent.secrets)


@pytest.mark.parametrize(("yardstick", "kind"), KINDS)
def test_both_accept_or_both_refuse(yardstick: Yardstick, kind: str) -> None:
    relation, change, why = yardstick.kinds()[kind]
    assert bool(why) == (relation in ("stricter", "wider")), "a difference has a reason"
    rng = Random(f"{yardstick.vendor} {kind}")
    for _ in range(CASES):
        sent = change(yardstick.fresh(rng), rng)
        assert yardstick.both(sent) == VERDICTS[relation], sent


def table() -> list[str]:
    """A line for each vendor, in the manner of a Markdown table."""
    head = ("vendor", "yardstick", "vectors", "random cases", "both accept", "both refuse")
    head += ("ours stricter (why)", "ours wider (why)")
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    for yardstick in YARDSTICKS:
        kinds, counted = yardstick.kinds(), yardstick.run()
        total = sum(counted.values(), Counter[tuple[bool, bool]]())

        def reasons(
            relation: Relation,
            counted: Mapping[str, Counter[tuple[bool, bool]]] = counted,
            kinds: Mapping[str, tuple[Relation, Change, str]] = kinds,
        ) -> str:
            found = Counter[str]()
            for name, (_, _, why) in kinds.items():
                found[why or f"UNEXPECTED: {name}"] += counted[name][VERDICTS[relation]]
            return "; ".join(f"{many} ({why})" for why, many in found.items() if many) or "0"

        cells = [yardstick.vendor, yardstick.name, len(yardstick.vectors), total.total()]
        cells += [total[VERDICTS["accept"]], total[VERDICTS["refuse"]]]
        cells += [reasons("stricter"), reasons("wider")]
        lines.append(" | ".join(map(str, cells)))
    return lines


def test_the_table_has_no_surprise() -> None:
    lines = table()
    assert len(lines) == len(YARDSTICKS) + 2
    assert "UNEXPECTED" not in "".join(lines)


if __name__ == "__main__":
    print("\n".join(table()))
