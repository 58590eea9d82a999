"""Twilio in memory: people who call and hear what they are told (TwiML), and phones that get messages.

Requests follow twilio.com/docs/voice/twiml and twilio.com/docs/usage/security; the Messages API is in `twilio_api`.
Every request goes by the courier, so that a call goes on while handed-in time stands still.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from xml.etree import ElementTree as ET

from bridge.sandbox.courier import Attempt, Courier, Shipment
from bridge.sandbox.twilio_messages import Sms
from bridge.sandbox.wire import Clock, Ids

RATING = "rating"
_AGAIN = {
    408,
    425,
    429,
}  # and 5xx: what callbacks are repeated for, twilio.com/docs/api/errors/17580


def signature(token: str, url: str, parameters: Mapping[str, str]) -> str:
    """`X-Twilio-Signature` of a form: HMAC-SHA1 of the address and the sorted parameters."""
    text = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(slots=True)
class Call:
    """One phone call: what the caller heard and did. Read it; it goes on by itself."""

    sid: str
    phone: str
    to: str
    token: str
    keys: dict[str, str]
    words: str
    hangs_up_at: str
    said: list[str] = field(default_factory=list)
    """What the caller was told, in order."""
    pressed: list[tuple[str, str]] = field(default_factory=list)
    """What was pressed: (question, key)."""
    recordings: list[str] = field(default_factory=list)
    """Addresses of what the caller said after the tone."""
    over: str = ""
    """How it ended: "" while it goes on, "hung up", "said goodbye", or what went wrong."""


class Twilio:
    """One account with its auth token. All methods may be called from any thread.

    `stopped` are the numbers whose people replied STOP, `unreachable` those that get nothing, with the error;
    `refused` are those that aren't even tried, with the error (21614 for what is no mobile, 21408 for a region that the
    account may not send to). `services` are the messaging services that may be asked to send. `status` is "active",
    "suspended" or "closed", `kind` "Full" or "Trial"; `voice_only` are those of the `numbers` that send no messages.
    `sent_at` keeps the real time at which each call's rating first left, in seconds, by the call's sid.
    """

    def __init__(self, now: Clock, courier: Courier) -> None:
        self.now = now
        self.account = "AC" + hashlib.sha256(b"twilio").hexdigest()[:32]
        self.token = hashlib.sha256(b"auth token").hexdigest()[:32]
        self.numbers = {"+15005550001"}
        self.voice_only: set[str] = set()
        self.status = "active"
        self.kind = "Full"
        self.stopped: set[str] = set()
        self.unreachable: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.services = {"MG" + hashlib.sha256(b"messaging service").hexdigest()[:32]}
        self.calls: list[Call] = []
        self.messages: list[Sms] = []
        self.sent_at: dict[str, float] = {}
        self.lock = threading.RLock()
        self._courier = courier
        self._ids = Ids("twilio")

    # -- people --

    def call(
        self,
        url: str,
        token: str,
        *,
        digits: Mapping[str, str] | None = None,
        words: str = "",
        phone: str = "+15005550006",
        hangs_up_at: str = "",
        transcribed_after: timedelta = timedelta(minutes=2),
    ) -> Call:
        """Somebody calls the number behind `url`; requests are signed with `token`. Returns at once.

        `digits` says what is pressed at each question, by its `ask`: one character for each time it is asked, a
        space for none ("9 1" is wrong, then silent, then right). `words` are said after the tone, "" for nothing.
        At the question `hangs_up_at` the caller hangs up.
        """
        call = Call(
            sid=self._sid("CA"),
            phone=phone,
            to=min(self.numbers),
            token=token,
            keys=dict(digits or {}),
            words=words,
            hangs_up_at=hangs_up_at,
        )
        with self.lock:
            self.calls.append(call)
        _Line(self, call, transcribed_after).request(url, {"CallStatus": "ringing"})
        return call

    def stop(self, phone: str) -> None:
        """Somebody replies STOP."""
        with self.lock:
            self.stopped.add(phone)

    def start(self, phone: str) -> None:
        """Somebody replies START."""
        with self.lock:
            self.stopped.discard(phone)

    def inbox(self, phone: str) -> list[Sms]:
        """The messages that reached a phone, oldest first."""
        with self.lock:
            return [one for one in self.messages if one.to == phone and one.status == "delivered"]

    @property
    def phones(self) -> list[str]:
        """Every number that called or was written to."""
        with self.lock:
            known = [one.phone for one in self.calls] + [one.to for one in self.messages]
            return list(dict.fromkeys(known))

    # -- what the API does --

    def take(self, to: str, sender: str, body: str, callback: str, service: str = "") -> Sms:
        """Take a message and bring it to the phone; what it comes to is told to `callback`, if any."""
        message = Sms(
            sid=self._sid("SM"),
            to=to,
            sender=sender,
            body=body,
            at=self.now(),
            callback=callback,
            monotonic=time.perf_counter(),
            service=service,
        )
        with self.lock:
            self.messages.append(message)
        error = self.unreachable.get(to)
        self._move(message, "sent")
        self._move(message, "undelivered" if error else "delivered", error)
        return message

    def _move(self, message: Sms, status: str, error: int | None = None) -> None:
        message.status, message.error = status, error
        if message.callback:
            told = {
                "MessageSid": message.sid,
                "SmsSid": message.sid,
                "AccountSid": self.account,
                "MessageStatus": status,
                "SmsStatus": status,
                "To": message.to,
                "From": message.sender,
                **({"ErrorCode": str(error)} if error else {}),
            }
            self.post(message.callback, told, self.token, lane=message.sid, retry=_patiently)

    # -- requests --

    def post(
        self,
        url: str,
        parameters: Mapping[str, str],
        token: str,
        *,
        lane: str,
        retry: Callable[[Attempt], timedelta | None],
        answered: Callable[[bytes], None] | None = None,
        not_before: datetime | None = None,
        leaves: Callable[[], None] | None = None,
    ) -> None:
        """Call an address with a signed form; `leaves` is told at each sending."""
        given = self._ids.uuid()  # the same for every repeat of this request

        def sign(_: bytes, __: datetime) -> Mapping[str, str]:
            if leaves is not None:
                leaves()
            return {
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "User-Agent": "TwilioProxy/1.1",
                "I-Twilio-Idempotency-Token": given,
                "X-Twilio-Signature": signature(token, url, parameters),
            }

        self._courier.send(
            Shipment(
                vendor="twilio",
                lane=f"twilio:{lane}",
                key=given,
                url=url,
                body=urlencode(parameters).encode(),
                sign=sign,
                retry=retry,
                not_before=not_before,
                label="twilio " + (_ask(url) or parameters.get("MessageStatus", "call")),
                answered=answered,
            )
        )

    def _sid(self, prefix: str) -> str:
        return prefix + self._ids.hex(32)


class _Line:
    """One call as Twilio's end of the line sees it: asks what to do, does it, asks again."""

    def __init__(self, twilio: Twilio, call: Call, transcribed_after: timedelta) -> None:
        self._twilio = twilio
        self._call = call
        self._transcribed_after = transcribed_after
        self._heard = 0  # requests whose answer was followed
        self._sent = 0

    def request(self, url: str, more: Mapping[str, str]) -> None:
        """Ask an address what to do next. A failure ends the call, as no fallback address is set."""
        call, number = self._call, self._sent
        self._sent += 1

        def leaves() -> None:
            if _ask(url) == RATING and more.get("Digits"):
                self._twilio.sent_at.setdefault(call.sid, time.perf_counter())

        def answered(body: bytes) -> None:
            if number == self._heard:  # a copy of a request is answered too, to nobody
                self._heard += 1
                self._follow(url, body)

        def failed(attempt: Attempt) -> None:
            if number == self._heard:
                call.over = f"an application error has occurred: {attempt.status or attempt.error}"

        self._twilio.post(
            url,
            self._parameters() | dict(more),
            call.token,
            lane=call.sid,
            retry=failed,
            answered=answered,
            leaves=leaves,
        )

    def _parameters(self) -> dict[str, str]:
        call = self._call
        return {
            "AccountSid": self._twilio.account,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": "completed" if call.over else "in-progress",
            "Direction": "inbound",
            "From": call.phone,
            "Caller": call.phone,
            "To": call.to,
            "Called": call.to,
        }

    def _follow(self, url: str, body: bytes) -> None:
        """Do what the TwiML says, up to the verb that hands the call on."""
        try:
            verbs = list(ET.fromstring(body))  # noqa: S314 - the answer of the one whom we test
        except ET.ParseError:
            self._call.over = "an application error has occurred: document parse failure"
            return
        for verb in verbs:
            if self._handed_on(url, verb):
                return
        self._call.over = self._call.over or "said goodbye"

    def _handed_on(self, url: str, verb: ET.Element) -> bool:
        """Do one verb; True if the call goes on elsewhere, or is over."""
        call, action = self._call, urljoin(url, verb.get("action", url))
        match verb.tag:
            case "Say":
                call.said.append(verb.text or "")
            case "Redirect":
                self.request(urljoin(url, (verb.text or "").strip()), {})
                return True
            case "Hangup":
                call.over = "said goodbye"
                return True
            case "Gather":
                call.said += [one.text or "" for one in verb.iter("Say")]
                if _ask(action) == call.hangs_up_at:
                    call.over = "hung up"
                    return True
                key = self._press(_ask(action))
                if key or verb.get("actionOnEmptyResult") == "true":
                    self.request(action, {"Digits": key, "msg": "Gather End"})
                    return True
            case "Record" if call.words:
                self._record(url, action, verb)
                return True
        return False

    def _press(self, question: str) -> str:
        """The next of the keys for a question; "" for none."""
        keys = self._call.keys.get(question, "")
        self._call.keys[question] = keys[1:]
        key = keys[:1].strip()
        if key:
            self._call.pressed.append((question, key))
        return key

    def _record(self, url: str, action: str, verb: ET.Element) -> None:
        """The words, then beside the call that there is a recording, and later what was said in it."""
        call, twilio = self._call, self._twilio
        recording = "RE" + call.sid[2:]
        place = (
            f"https://api.twilio.com/2010-04-01/Accounts/{twilio.account}/Recordings/{recording}"
        )
        call.recordings.append(place)
        made = {"RecordingSid": recording, "RecordingUrl": place}
        if callback := verb.get("recordingStatusCallback"):
            twilio.post(
                urljoin(url, callback),
                {
                    "AccountSid": twilio.account,
                    "CallSid": call.sid,
                    "RecordingStatus": "completed",
                    "RecordingDuration": "9",
                    **made,
                },
                call.token,
                lane=recording,
                retry=_patiently,
            )
        if verb.get("transcribe") == "true" and (callback := verb.get("transcribeCallback")):
            twilio.post(
                urljoin(url, callback),
                self._parameters()
                | made
                | {
                    "CallStatus": "completed",
                    "TranscriptionSid": "TR" + call.sid[2:],
                    "TranscriptionStatus": "completed",
                    "TranscriptionText": call.words,
                    "TranscriptionType": "fast",
                },
                call.token,
                lane=recording,
                retry=_patiently,
                not_before=twilio.now() + self._transcribed_after,
            )
        self.request(action, {"Digits": "#", "RecordingDuration": "9", **made})


def _ask(url: str) -> str:
    """Which question an address takes the answer of."""
    return parse_qs(urlsplit(url).query).get("ask", [""])[0]


def _patiently(attempt: Attempt) -> timedelta | None:
    """Three more tries of a status callback, a minute apart, if it may help."""
    passing = attempt.status is None or attempt.status >= 500 or attempt.status in _AGAIN
    return timedelta(minutes=1) if passing and attempt.number < 4 else None
