"""Twilio: a survey by phone that Alert Bridge itself conducts, question by question.

Twilio asks our address what to say (TwiML), and comes back to it with each key that was pressed, with the recording,
and minutes later with its transcription (https://www.twilio.com/docs/voice/twiml, …/gather, …/record). Each is a
delivery of its own; together they are one answer. A caller who hangs up half way leaves what was said so far.

Signed in `X-Twilio-Signature`: base64 HMAC-SHA1, by the account's auth token, of the address as Twilio called it and
all form parameters; of JSON the address holds a hash (https://www.twilio.com/docs/usage/security). Signatures under
the newer shared keys (`X-Twilio-Webhooks-Signature-Settings`) are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from bridge.domain.model import AnyEvent, ConfigError, Contact, Forged, Seen, Unreadable
from connectors import Incoming, Response
from connectors.answers import Said, grade, rated
from connectors.calls.caller import phone
from connectors.calls.twilio_flow import (
    NO,
    RATING,
    RECORDING,
    RESOLVED,
    STEPS,
    WHY,
    WORDS,
    YES,
    Call,
    Survey,
    query_of,
)
from connectors.reading import Node, decode, decode_form, fingerprint, only_post
from connectors.signing import header

_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_MOST_PARAMETERS = 1000
# What tells two requests of one step apart, where Twilio gives no idempotency token.
_TELLING = ("RecordingSid", "RecordingStatus", "TranscriptionSid", "TranscriptionStatus")


class _Parameters(dict[str, list[str]]):
    """Form parameters as the validator wants them: every value of a repeated one counts."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


@dataclass(frozen=True, kw_only=True)
class Twilio:
    """One survey at one address.

    `say_…` are the texts, spoken in `language` by `voice` (Twilio's own choice if left out). An empty `say_rating`,
    `say_resolved` or `say_why` leaves that question out. `worst` and `best` are the keys at the ends of the scale,
    0 to 9; in the texts, {worst} and {best} stand for them. `record_seconds` is the longest recording; Twilio
    transcribes two minutes at most, and English best (unconfirmed for other languages).

    `?ticket=…` in the address that Twilio is given says which ticket the call was about, `?agent=…` who took it.

    An answer is known by the CallSid of the leg that hears the survey. The addresses of the recording and the
    transcription carry it, since of two legs Twilio may name the parent there.
    """

    kind: ClassVar[str] = "twilio"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ("i-twilio-idempotency-token",)
    setup: ClassVar[str] = """\
1. In the Twilio console: Account > API keys & tokens. The variable {variable} must hold the auth token.
2. A number only for the survey: Phone Numbers > Manage > Active numbers > the number > Voice configuration.
   A call comes in: Webhook, {url}, HTTP POST.
3. A survey after a call with an agent: give the call our address when the agent has hung up, with the ticket.
   In TwiML: <Dial action="{url}?ticket=4711" method="POST">
   In Studio: a TwiML Redirect widget after Connect Call To, with the same address.
4. Call, press 1, and look: bridge inbox list
"""

    name: str
    desk: str = ""
    language: str = "en-US"
    voice: str = ""
    worst: int = 1
    best: int = 5
    say_rating: str = (
        "How satisfied are you with the help you received? "
        "Press a key from {worst}, very dissatisfied, to {best}, very satisfied."
    )
    say_resolved: str = "Is your problem solved? Press 1 for yes, or 2 for no."
    say_why: str = (
        "Please tell us why, after the tone. When you have finished, press any key or hang up."
    )
    say_again: str = "Sorry, that did not work."
    say_thanks: str = "Thank you. Goodbye."
    record_seconds: int = 120
    transcribe: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work."""
        for key, end in (("worst", self.worst), ("best", self.best)):
            if not 0 <= end <= 9:
                raise ConfigError(f"{key}: must be a key from 0 to 9")
        if self.worst == self.best:
            raise ConfigError("best: must differ from worst")
        if not self.say_rating and not self.say_resolved:
            raise ConfigError("say_rating: there must be a question; say_resolved is empty too")
        if not 2 <= self.record_seconds <= 3600:
            raise ConfigError("record_seconds: must be from 2 to 3600")

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the auth tokens proves the request. Nothing tells when it was sent."""
        given = header(incoming, "X-Twilio-Signature")
        proven = False
        try:
            sent = _signed_part(incoming)
            for secret in filter(None, secrets):  # an empty secret would let everybody in
                proven |= RequestValidator(secret).validate(incoming.url, sent, given)
        except (Unreadable, ValueError, TypeError, AttributeError):
            raise Forged("the address or the body can't be taken apart") from None
        if not proven:
            raise Forged("the signature does not match")

    def identify(self, incoming: Incoming) -> str:
        """The call, the step, and a digest of what the step brought and of Twilio's idempotency token."""
        call, sent = _call(incoming)
        token = incoming.headers.get("i-twilio-idempotency-token", "")
        parts = [call.query.get("try", ""), call.digits, call.status, token]
        parts += [sent[key].text() for key in _TELLING]
        return f"{call.id}:{call.ask or 'start'}:{fingerprint(parts)}"

    def answer(self, incoming: Incoming) -> Response | None:
        """What the caller hears next; nothing where nobody listens any more."""
        if refused := only_post(incoming):
            return refused
        try:
            call, _ = _call(incoming)
        except Unreadable:
            return _twiml(_hangup())
        if call.ask in (RECORDING, WORDS) or (call.status in _OVER and call.ask != WHY):
            return None
        return _twiml(self._survey.next(call))

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """What the call brought, with all that was pressed before; nothing where the step brought nothing."""
        call, sent = _call(incoming)
        if call.ask not in ("", *STEPS):
            raise Unreadable(f"ask: there is no question {call.ask[:40]!r}")
        words = recording = ""
        keys = self._survey.keys
        part = call.ask
        if call.ask in keys:
            if call.digits not in keys[call.ask]:
                return
        elif call.ask == RECORDING and sent["RecordingStatus"].word() == "completed":
            recording = sent["RecordingUrl"].link()
            part = sent["RecordingSid"].id() or part
        elif call.ask == WORDS and sent["TranscriptionStatus"].word() == "completed":
            words, recording = sent["TranscriptionText"].text(), sent["RecordingUrl"].link()
            part = sent["TranscriptionSid"].id() or part
        if call.ask not in keys and not words and not recording:
            return
        pressed = {question: call.pressed(question) for question in keys}
        raw = pressed[RATING] if pressed[RATING] in keys[RATING] else ""
        said = Said(
            grade=grade(raw, scale="csat", low=self.worst, high=self.best),
            words=words,
            resolved={YES: True, NO: False}.get(pressed[RESOLVED]),
        )
        if not said:
            return  # nobody can judge a recording alone; its words may still come
        ticket, agent = (Node(call.query.get(key), key).id() for key in ("ticket", "agent"))
        yield rated(
            self,
            said,
            event=f"{call.id}:{part}",
            answer=call.id,
            ticket=ticket,
            at=incoming.received_at,
            seen=Seen(facts={"call_agent": agent}) if agent else None,
            contact=Contact(phone=_customer(sent)),
            recording=recording,
        )

    @property
    def _survey(self) -> Survey:
        low, high = sorted((self.worst, self.best))
        texts = {RATING: self.say_rating, RESOLVED: self.say_resolved, WHY: self.say_why}
        return Survey(
            language=self.language,
            voice=self.voice,
            texts={
                question: text.replace("{worst}", str(self.worst)).replace("{best}", str(self.best))
                for question, text in texts.items()
            },
            keys={RATING: tuple(str(key) for key in range(low, high + 1)), RESOLVED: (YES, NO)},
            again=self.say_again,
            thanks=self.say_thanks,
            seconds=self.record_seconds,
            transcribe=self.transcribe,
        )


def _is_json(incoming: Incoming) -> bool:
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json"


def _signed_part(incoming: Incoming) -> _Parameters | str:
    """The form's parameters, or JSON as text. Raises Forged, or ValueError for what is not UTF-8."""
    text = incoming.body.decode()
    if _is_json(incoming):
        if "bodySHA256" not in query_of(incoming.url):
            raise Forged("the address has no hash of the body")
        return text
    found = _Parameters()
    pairs = parse_qsl(
        text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
    )
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _call(incoming: Incoming) -> tuple[Call, Node]:
    """The call, and the parameters of the request. Raises Unreadable."""
    body = incoming.body
    sent = decode(body).members() if _is_json(incoming) else decode_form(body)
    query = query_of(incoming.url)
    return Call(
        url=incoming.url,
        query=query,
        id=Node(query.get("call"), "call").id() or sent["CallSid"].id(need=True),
        ask=Node(query.get("ask"), "ask").id(),
        digits=sent["Digits"].text(),
        status=sent["CallStatus"].word(),
    ), sent


def _customer(sent: Node) -> str:
    """The customer's number: who called, or whom we called; "" if withheld."""
    outbound = sent["Direction"].word().startswith("outbound")
    return phone(sent["To" if outbound else "From"].text())


def _hangup() -> str:
    twiml = VoiceResponse()
    twiml.hangup()
    return str(twiml)


def _twiml(body: str) -> Response:
    return Response(status=200, type="text/xml; charset=utf-8", body=body, keep=True)
