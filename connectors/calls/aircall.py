"""Aircall: calls that were rated by a tag or by a choice in a phone menu, and what Aircall thinks of the mood.

Each request is {event, resource, timestamp, token, data}; times are seconds since 1970. Nothing is signed: the `token`
in the body is the proof, and is not kept (https://developer.aircall.io/api-references/#webhooks). Every event of a
call brings the call as it is then. Which members a chosen menu option and a sentiment have is unconfirmed: all that
is thinkable is looked at, and what is not understood says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from bridge.domain.model import (
    Answer,
    AnyEvent,
    ConfigError,
    Contact,
    Forged,
    Party,
    Rated,
    Unreadable,
)
from connectors import Incoming, Response
from connectors.answers import first_value, full_name, written
from connectors.calls.caller import phone
from connectors.reading import Node, decode, fingerprint, only_post, subject
from connectors.scores import Score, check_scale, normalise
from connectors.signing import check_secret

_OPTION_NAMES = ("title", "name", "branch", "key")
_MOODS = {"negative": 0.0, "neutral": 0.5, "positive": 1.0}


@dataclass(frozen=True, kw_only=True)
class Aircall:
    """One webhook of Aircall's.

    `scores` says what a tag, or the title of an option in a phone menu, is worth on the `scale`; of several the
    last counts. `solved` and `unsolved` are the tags and options that say whether the problem is resolved.
    `comments` takes the comments on a rated call as its words: agents write them, not customers. `moods` takes what
    Aircall hears in the customer's voice for a score, as an answer of its own.
    """

    kind: ClassVar[str] = "aircall"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. Aircall Dashboard > Integrations > Webhook > Install. Name: Alert Bridge; URL: {url}
2. Events: call.tagged, call.untagged, call.ended, call.commented, call.ivr_option_selected,
   call.comm_assets_generated; sentiment.created if moods are to count.
3. Save. The variable {variable} must hold the token that Aircall shows.
4. Settings > Tags: make the tags csat-1 to csat-5, resolved and unresolved, or name yours in [sources.{name}].
5. Tag a call and look: bridge inbox list
"""

    name: str
    desk: str = ""
    scores: Mapping[str, float] = field(
        default_factory=lambda: {f"csat-{score}": float(score) for score in range(1, 6)}
    )
    scale: str = "csat"
    low: float | None = None
    high: float | None = None
    solved: tuple[str, ...] = ("resolved",)
    unsolved: tuple[str, ...] = ("unresolved",)
    comments: bool = False
    moods: bool = False

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work."""
        check_scale(self.scale, self.low, self.high)
        for word, value in self.scores.items():
            try:
                self._normalised(value)
            except Unreadable as error:
                raise ConfigError(f"scores.{word}: {error}") from None

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless the body's token is one of the secrets."""
        try:
            token = decode(incoming.body).members()["token"].value
        except Unreadable:
            raise Forged("the body can't be read") from None
        if not isinstance(token, str) or not token:
            raise Forged("the body has no token")
        check_secret(token, secrets)

    def scrub(self, incoming: Incoming) -> bytes:
        """The body without the token."""
        try:
            body = decode(incoming.body).value
        except Unreadable:
            return incoming.body
        return msgspec.json.encode(_without_token(body))

    def identify(self, incoming: Incoming) -> str:
        """The event, its call, and a digest of the rest."""
        body = decode(incoming.body).members()
        data = body["data"]
        call = data["call_id"].id() or data["id"].id()
        return f"{body['event'].id()}:{call}:{fingerprint(_without_token(body.value))}"

    def answer(self, incoming: Incoming) -> Response | None:
        """Aircall doesn't probe (unconfirmed); it wants a 2xx."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """What a call was rated with so far; nothing for a call that was not, nor for any other event."""
        body = decode(incoming.body).members()
        event, at = body["event"].id(need=True), body["timestamp"].time() or incoming.received_at
        key = f"{event}:{body['timestamp'].id() or fingerprint(_without_token(body.value))}"
        if event.startswith("call."):
            data = body["data"].members()
            call = data["id"].id(need=True)
            answer = self._answer(data, call)
        elif event.startswith("sentiment.") and self.moods:
            data = body["data"].members()
            call = data["call_id"].id(need=True)
            answer = self._mood(data, call)
        else:
            return
        if answer is not None:
            yield Rated(
                id=f"{self.name}:{call}:{key}",
                subject=subject(self.name, self.desk, "", call),
                at=at,
                by=Party.CUSTOMER,
                answer=answer,
            )

    def _answer(self, call: Node, key: str) -> Answer | None:
        """The call's rating; None if it has none."""
        marks = [*_names(call["tags"], ("name",))]
        marks += _names(call["ivr_options_selected"], _OPTION_NAMES)
        scores = {word.strip().lower(): value for word, value in self.scores.items()}
        value = next((scores[mark] for mark in reversed(marks) if mark in scores), None)
        solved, unsolved = (
            {word.lower() for word in words} for words in (self.solved, self.unsolved)
        )
        said = [mark for mark in marks if mark in solved | unsolved]
        if value is None and not said:
            return None
        score = self._normalised(value) if value is not None else Score(None)
        comments = (comment["content"] for comment in call["comments"].items())
        return Answer(
            id=f"{self.name}:{key}",
            score=score.score,
            raw="" if value is None else f"{value:g}",
            scale="" if value is None else self.scale,
            low=score.low,
            high=score.high,
            resolved=said[-1] in solved if said else None,
            words=written(comments) if self.comments else "",
            contact=_customer(call),
            recording=_recording(call),
        )

    def _mood(self, data: Node, key: str) -> Answer | None:
        """What Aircall heard in the voice of the outside party; None where it is not understood."""
        for node in (*data["participants"].items(), *data["sentiments"].items(), data):
            one = node.members()
            if one["type"].word() in ("internal", "agent", "user"):
                continue
            word = one["value"].value or one["sentiment"].value
            if isinstance(word, str) and word.lower() in _MOODS:
                return Answer(
                    id=f"{self.name}:{key}:mood",
                    score=_MOODS[word.lower()],
                    raw=word.lower(),
                    scale="words",
                    contact=Contact(phone=phone(one["phone_number"].text())),
                )
        return None

    def _normalised(self, value: float) -> Score:
        return normalise(float(value), scale=self.scale, low=self.low, high=self.high)


def _without_token(body: Any) -> Any:
    return {k: v for k, v in body.items() if k != "token"} if isinstance(body, dict) else body


def _names(items: Node, keys: Sequence[str]) -> Iterator[str]:
    """What each item is called, in lower case, by the first of the keys that hold a text."""
    for item in items.items():
        one = item.members()
        texts = (one[key].value for key in keys)
        if found := next((text for text in texts if isinstance(text, str) and text), ""):
            yield found.strip().lower()


def _customer(call: Node) -> Contact:
    person = call["contact"]
    return Contact(
        name=full_name(person["first_name"], person["last_name"]),
        email=first_value(person["emails"]),
        phone=phone(call["raw_digits"].text()),
    )


def _recording(call: Node) -> str:
    """A link to the recording: the page that lasts, before links that lapse within the hour (unconfirmed)."""
    links = (call[key].link() for key in ("asset", "recording_short_url", "recording"))
    return next(filter(None, links), "")
