"""The survey that a caller hears: which question comes next, as TwiML.

Nothing is remembered between two requests of a call. Where the call is in the survey, and what was pressed so far,
stands in the addresses that Twilio is told to call next, and comes back signed with each of them:
`ask` is the question that the request answers, `try` counts how often it was asked, `call` is the call's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace
from twilio.twiml.voice_response import Gather, VoiceResponse

from bridge.domain.model import Unreadable

RATING, RESOLVED, WHY = "rating", "resolved", "why"
RECORDING, WORDS = "recording", "words"  # what comes later, beside the call
STEPS = (RATING, RESOLVED, WHY, RECORDING, WORDS)
YES, NO = "1", "2"
TRIES = 3  # of one question, the first included

_SECONDS_TO_PRESS = 7
_SECONDS_OF_SILENCE = 5


class Call(Struct, frozen=True, kw_only=True):
    """A request of Twilio's as far as the survey cares: its address and what it says of the call."""

    url: str
    query: Mapping[str, str]
    id: str
    ask: str
    digits: str
    status: str  # "ringing", "in-progress", "completed" …

    @property
    def tried(self) -> int:
        """How often the question has been asked, from 1."""
        text = self.query.get("try", "")
        return int(text) if text in tuple("123456789") else 1

    def pressed(self, question: str) -> str:
        """The key that was pressed for a question, now or before; "" for none."""
        return self.digits if question == self.ask else self.query.get(question, "")

    def address(self, ask: str, *, tried: int = 1) -> str:
        """Where Twilio goes with the answer to `ask`: here, with all that was in the address before."""
        kept = {key: text for key, text in self.query.items() if key != "bodySHA256"}
        place = {"ask": ask, "try": str(tried), "call": self.id}
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(query=urlencode(kept | place), fragment=""))


class Survey(Struct, frozen=True, kw_only=True):
    """What is asked, in whose voice. A text that is empty leaves its question out."""

    language: str
    voice: str
    texts: Mapping[str, str]  # by question
    keys: Mapping[str, Sequence[str]]  # that are an answer, by question
    again: str
    thanks: str
    seconds: int  # the longest recording
    transcribe: bool

    def next(self, call: Call) -> str:
        """The TwiML that answers the request: the next question, the same one again, or thanks."""
        answered = call.digits in self.keys.get(call.ask, ())
        if answered:
            call = replace(call, query={**call.query, call.ask: call.digits})
        again = call.ask in self.keys and not answered and call.tried < TRIES
        ask = call.ask if again else self._after(call.ask)
        twiml = VoiceResponse()
        if ask in self.keys:
            words = f"{self.again} {self.texts[ask]}".strip() if again else self.texts[ask]
            self._gather(twiml, call.address(ask, tried=call.tried + 1 if again else 1), words)
        else:
            if ask == WHY:
                self._record(twiml, call)
            self._say(twiml, self.thanks)
            twiml.hangup()
        return str(twiml)

    def _after(self, ask: str) -> str:
        """The question after `ask`, the first after ""; "" after the last."""
        order = ("", RATING, RESOLVED, WHY)
        later = order[order.index(ask) + 1 :] if ask in order else ()
        return next((question for question in later if self.texts[question]), "")

    def _gather(self, twiml: VoiceResponse, address: str, words: str) -> None:
        """Words that a key cuts short. Without a key Twilio goes on to the next verb, which calls us all the same."""
        gather = Gather(
            input="dtmf",
            num_digits=1,
            timeout=_SECONDS_TO_PRESS,
            action=address,
            method="POST",
        )
        self._say(gather, words)
        twiml.append(gather)
        twiml.redirect(address, method="POST")

    def _record(self, twiml: VoiceResponse, call: Call) -> None:
        """The customer's own words. Of silence nothing is recorded, and Twilio goes on to the next verb."""
        self._say(twiml, self.texts[WHY])
        twiml.record(
            action=call.address(WHY),
            method="POST",
            max_length=self.seconds,
            timeout=_SECONDS_OF_SILENCE,
            play_beep=True,
            recording_status_callback=call.address(RECORDING),
            recording_status_callback_method="POST",
            recording_status_callback_event="completed",
            transcribe=self.transcribe,
            transcribe_callback=call.address(WORDS) if self.transcribe else None,
        )

    def _say(self, verb: VoiceResponse | Gather, words: str) -> None:
        verb.say(words, language=self.language or None, voice=self.voice or None)


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address, of a repeated one the first. Raises Unreadable."""
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        raise Unreadable("the address: can't be taken apart") from None
    found: dict[str, str] = {}
    for key, text in pairs:
        found.setdefault(key, text)
    return found
