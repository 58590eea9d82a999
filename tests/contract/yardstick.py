"""A vendor's own way to prove a request, to hold ours against; and what is done to requests meanwhile."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from standardwebhooks.webhooks import EmptyWebhookSecretError, WebhookVerificationError

from bridge.domain.model import Forged
from connectors import Incoming, source_kinds

CASES = 60  # of each kind of request, for each vendor
SEED = 20261122
TRIPPED = (ValueError, TypeError, AttributeError, WebhookVerificationError, EmptyWebhookSecretError)
"""How libraries fall over a request that they don't understand."""

Relation = Literal["accept", "refuse", "stricter", "wider"]


@dataclass(frozen=True)
class Sent:
    """A request and the secrets it is held against."""

    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...]
    url: str = "https://alerts.example.com/hooks/x"
    received_at: datetime = datetime(2026, 11, 22, 10, tzinfo=UTC)

    @property
    def incoming(self) -> Incoming:
        return Incoming(
            url=self.url, headers=self.headers, body=self.body, received_at=self.received_at
        )

    def header(self, name: str, text: str | None) -> Sent:
        left = {key: value for key, value in self.headers.items() if key != name}
        return replace(self, headers=left if text is None else left | {name: text})


Change = Callable[[Sent, Random], Sent]


@dataclass(frozen=True)
class Yardstick:
    """A vendor: `sign` puts the right headers on, `accepts` is its own verdict for one secret."""

    vendor: str
    name: str
    ours: Callable[[Incoming, Sequence[str]], None]
    sign: Callable[[Sent], Sent]
    accepts: Callable[[Sent, str], bool]
    signature: str
    vectors: Sequence[tuple[Sent, str]]
    body: Callable[[Random], bytes]
    secret: Callable[[Random], str]
    timestamp: str = ""
    stamp: Callable[[datetime], str] = lambda at: str(int(at.timestamp()))
    own: Mapping[str, tuple[Relation, Change, str]] = field(default_factory=dict)

    def fresh(self, rng: Random) -> Sent:
        """A request as the vendor sends it, within the last four minutes."""
        now = datetime.now(UTC)
        sent = Sent({}, self.body(rng), (self.secret(rng),), received_at=now)
        return self.at(sent, now - timedelta(seconds=rng.randint(-240, 240)))

    def at(self, sent: Sent, moment: datetime) -> Sent:
        """Signed anew, as of that moment where the time is signed at all."""
        stamped = sent.header(self.timestamp, self.stamp(moment)) if self.timestamp else sent
        return self.sign(stamped)

    def both(self, sent: Sent) -> tuple[bool, bool]:
        """Whether we accept it, and whether they do."""
        try:
            self.ours(sent.incoming, sent.secrets)
            we = True
        except Forged:
            we = False
        they = False
        for secret in sent.secrets:
            try:
                they |= self.accepts(sent, secret)
            except TRIPPED:
                continue
        return we, they

    def kinds(self) -> dict[str, tuple[Relation, Change, str]]:
        """What is done to a request, and what is to come of it; why, where the verdicts differ."""

        def signature(change: Callable[[str, Random], str | None]) -> Change:
            return lambda sent, rng: sent.header(
                self.signature, change(sent.headers[self.signature], rng)
            )

        def stamp(change: Callable[[str], str | None]) -> Change:
            return lambda sent, _: sent.header(self.timestamp, change(sent.headers[self.timestamp]))

        def secrets(change: Callable[[tuple[str, ...], str], tuple[str, ...]]) -> Change:
            return lambda sent, rng: replace(sent, secrets=change(sent.secrets, self.secret(rng)))

        found: dict[str, tuple[Relation, Change, str]] = {
            "as it came": ("accept", lambda sent, _: sent, ""),
            "with a secret on its way out": ("accept", secrets(lambda s, other: (other, *s)), ""),
            "with a secret on its way in": ("accept", secrets(lambda s, other: (*s, other)), ""),
            "another secret": ("refuse", secrets(lambda _, other: (other,)), ""),
            "no secret": ("refuse", secrets(lambda _, __: ()), ""),
            "another body": ("refuse", lambda sent, _: replace(sent, body=sent.body + b"7"), ""),
            "half a body": ("refuse", _half, ""),
            "another signature": ("refuse", signature(_another), ""),
            "a signature cut short": ("refuse", signature(lambda text, _: text[:-2]), ""),
            "an empty signature": ("refuse", signature(lambda _, __: ""), ""),
            "a signature beyond ASCII": ("refuse", signature(lambda text, _: text + "é✓"), ""),
            "no signature": ("refuse", signature(lambda _, __: None), ""),
        }
        if self.timestamp:
            other = self.stamp(datetime(2020, 1, 1, tzinfo=UTC))
            found |= {
                "another time": ("refuse", stamp(lambda _: other), ""),
                "a time in words": ("refuse", stamp(lambda _: "yesterday"), ""),
                "no time": ("refuse", stamp(lambda _: None), ""),
                "sent long ago": ("refuse", self._aside(-1), ""),
                "sent tomorrow": ("refuse", self._aside(1), ""),
            }
        return found | dict(self.own)

    def _aside(self, way: int) -> Change:
        return lambda sent, rng: self.at(
            sent, sent.received_at + way * timedelta(seconds=rng.randint(330, 90_000))
        )

    def run(self) -> dict[str, Counter[tuple[bool, bool]]]:
        """Verdicts, ours and theirs, by what was done to the request."""
        rng = Random(SEED)
        counted = {}
        for name, (_, change, _) in self.kinds().items():
            counted[name] = Counter(self.both(change(self.fresh(rng), rng)) for _ in range(CASES))
        return counted


def _half(sent: Sent, rng: Random) -> Sent:
    return replace(sent, body=sent.body[: len(sent.body) // 2])


def _another(text: str, rng: Random) -> str:
    """One of the first twenty characters of the HMAC changed, whatever stands before it."""
    start = text.find("=") + 1 if "=" in text[:8] else text.find(",") + 1
    place = start + rng.randrange(20)
    other = rng.choice([char for char in "0123456789abcdef" if char.lower() != text[place].lower()])
    return text[:place] + other + text[place + 1 :]


def words(rng: Random) -> bytes:
    """A body with all sorts of characters."""
    letters = [
        chr(rng.choice((32, 10, 34, 92, 233, 0x1F600)) + rng.randrange(90)) for _ in range(40)
    ]
    return json.dumps({"text": "".join(letters)}, ensure_ascii=False).encode()


def octets(rng: Random) -> bytes:
    """A body that may be anything."""
    return rng.randbytes(rng.randint(2, 200))


def phrase(rng: Random) -> str:
    """A secret as text."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789+/=_-é") for _ in range(32))


def again(yardstick: Callable[[Sent], Sent], **changes: object) -> Change:
    """The same with something else in it, and rightly signed again."""
    return lambda sent, _: yardstick(replace(sent, **changes))  # type: ignore[arg-type]


def emptied(yardstick: Callable[[Sent], Sent]) -> tuple[Relation, Change, str]:
    return ("stricter", again(yardstick, secrets=("",)), "empty secrets prove nothing")


def capitals(name: str) -> tuple[Relation, Change, str]:
    """Hex says the same in capitals."""

    def change(sent: Sent, rng: Random) -> Sent:
        prefix, _, text = sent.headers[name].partition("=")
        shouted = text.upper() if any(c.isalpha() for c in text) else text
        return sent.header(name, f"{prefix}={shouted}")

    return ("wider", change, "hex in capitals")


def source(kind: str) -> Callable[[Incoming, Sequence[str]], None]:
    verify: Callable[[Incoming, Sequence[str]], None] = source_kinds()[kind](name=kind).verify
    return verify


def rule(
    header: str,
    algorithm: str,
    encode: Callable[[bytes], str],
    before: Callable[[Sent], bytes] = lambda _: b"",
) -> tuple[Callable[[Sent], Sent], Callable[[Sent, str], bool]]:
    """A published rule: the HMAC of the body, with something before it, in a header."""

    def right(sent: Sent, secret: str) -> str:
        return encode(hmac.new(secret.encode(), before(sent) + sent.body, algorithm).digest())

    def sign(sent: Sent) -> Sent:
        return sent.header(header, right(sent, sent.secrets[-1]))

    def accepts(sent: Sent, secret: str) -> bool:
        return sent.headers.get(header, "").encode() == right(sent, secret).encode()

    return sign, accepts


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
