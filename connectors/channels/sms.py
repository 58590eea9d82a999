"""Text messages by Twilio, to one phone each: what must reach somebody who looks at nothing else.

Twilio has no key that makes a repeat harmless: so after an ambiguous failure the message is looked for by its mark, and
never sent again before it is known that it was not taken. Source: twilio.com/docs/messaging/api/message-resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from bridge.domain.model import Action, ConfigError, Receipt, Undeliverable
from connectors import Dispatch, Found
from connectors.budget import UNLIMITED, Budget, Gate, Learnt, Limit
from connectors.channels.sms_check import look
from connectors.channels.sms_refusals import code_of, refused
from connectors.channels.sms_text import mark, text_of
from connectors.http import TIMEOUT, Refused, retry_after, session, transport, usable
from connectors.plain import web

API = "https://api.twilio.com"

_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}|\d{3,8}", re.ASCII)
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_SPACING = re.compile(r"[ ()./-]")
_MESSAGES, _LOOKUPS = "messages", "look-ups"
_A_MINUTE = timedelta(minutes=1)
_SOON = timedelta(seconds=30)
_LATER = timedelta(minutes=5)
_SKEW = timedelta(minutes=5)  # how far Twilio's clock and ours may be apart
_LOOK_BACK = timedelta(
    days=1
)  # how much older a message is that says that all newer ones were seen
_PER_PAGE = 100
_MOST = 1000
_NO_ENVIRONMENT = MappingProxyType(
    {"TWILIO_EDGE": ""}
)  # the SDK would look there for what it misses
# What the SDK makes of bad answers.
_GARBLED = (AttributeError, LookupError, TypeError, ValueError, TwilioException)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Sms:
    """A Twilio account ("AC…") with its auth token, and what it sends from: a number, or a messaging service ("MG…").

    `callback` is the public address of the bridge, which is told what became of each message; "" where there is none.
    `base_url` takes the place of Twilio's own.
    """

    kind: ClassVar[str] = "sms"

    name: str = "sms"
    account: str
    token: str = field(repr=False)
    sender: str
    callback: str = ""
    base_url: str = API
    budget: Budget = field(default=UNLIMITED, repr=False)

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work."""
        if not _ACCOUNT.fullmatch(self.account):
            raise ConfigError("account: must be an account SID, AC and 32 hexadecimal digits")
        if not _SENDER.fullmatch(self.sender):
            raise ConfigError(
                "sender: must be a number as +15005550001, or a messaging service MG…"
            )

    def send(self, dispatch: Dispatch) -> Receipt:
        """Write to one phone. Raises Undeliverable, and Declined where its owner replied STOP."""
        if dispatch.action is not Action.DIRECT:
            raise Undeliverable(f"a text message can't carry out a {dispatch.action.value}")
        to = number(dispatch.to)
        wanted: dict[str, Any] = {"to": to, "body": text_of(dispatch.message, dispatch.marker)}
        if self.sender.startswith("MG"):
            wanted["messaging_service_sid"] = self.sender
        else:
            wanted["from_"] = self.sender
        if base := web(self.callback.rstrip("/")):
            wanted["status_callback"] = f"{base}/sms/{quote(dispatch.marker, safe='')[:200]}"
        message = self.answer(lambda client: client.messages.create(**wanted))
        return Receipt(ref=self._sid(message.sid), to=to)

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The message to that number with the dispatch's mark in it.

        Not filtered by the day of sending, which a message that still waits at Twilio may not have (unconfirmed): read
        from the newest on until they are much older than `since`. Where this fails it is tried again later, whatever
        the cause: to send blindly could tell somebody twice.
        """
        to, wanted = number(dispatch.to), mark(dispatch.message, dispatch.marker)
        try:
            return self.answer(lambda client: self._look(client, to, wanted, since - _LOOK_BACK))
        except Undeliverable as error:
            wait = error.retry_after or _LATER
            raise Undeliverable(str(error), retry_after=wait, wide=error.wide) from None

    def inspect(self, now: datetime) -> Iterator[Found]:  # noqa: ARG002 - nobody's clock is looked at
        """Whether the account is active and the sender one of its numbers. See `Setup.inspect`."""
        yield from look(self)

    def _look(self, client: Client, to: str, wanted: str, oldest: datetime) -> Receipt | None:
        seen = 0
        for message in client.messages.stream(to=to, page_size=_PER_PAGE, limit=_MOST):
            if wanted in str(message.body):
                return Receipt(ref=self._sid(message.sid), to=to)
            made = _utc(message.date_created)
            if made is not None and made < oldest:
                return None
            seen += 1
        if seen == _MOST:
            raise Undeliverable(f"{self.name} has too many messages to that number to look through")
        return None

    def _sid(self, sid: object) -> str:
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise self.unreadable()
        return sid

    def answer(self, call: Callable[[Client], T]) -> T:
        """What a call gives; every failure as Undeliverable, without what it was caused by."""
        token = self.token.strip()
        if not usable(token):
            raise Undeliverable(f"{self.name}: the token is empty or isn't one", wide=True)
        gate = Gate(account=self.name, budget=self.budget, rules=_Limits())
        with session(base_urls={API: self.base_url}, timeout=TIMEOUT, gate=gate) as ours:
            client = Client(
                self.account, token, http_client=_Http(ours), environment=_NO_ENVIRONMENT
            )
            try:
                return call(client)
            except Refused as error:
                body = error.response.content if error.response is not None else b""
                raise refused(self.name, error.status, error.headers, code_of(body)) from None
            except OSError as error:
                raise transport(error, who=self.name) from None
            except _GARBLED:
                raise self.unreadable() from None

    def unreadable(self) -> Undeliverable:
        """The error for an answer that is none of Twilio's."""
        why = f"{self.name} gave an answer that can't be read"
        return Undeliverable(why, retry_after=_SOON, unsure=True)


def number(text: str) -> str:
    """A phone number as +15005550006, without what people write between its digits. Raises Undeliverable."""
    found = _SPACING.sub("", text.strip())
    if not _NUMBER.fullmatch(found):
        raise Undeliverable("the receiver has no phone number that begins with + and the country")
    return found


def _utc(moment: object) -> datetime | None:
    """What the SDK made of a date; it leaves one that it can't read as it came."""
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Http:
    """What the SDK asks by: a session of ours, which repeats nothing and logs nothing."""

    def __init__(self, ours: requests.Session) -> None:
        self._session = ours

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: Any,
    ) -> Response:
        """One request, for `twilio.http.HttpClient`. Raises what requests raises, Refused, and Undeliverable."""
        answer = self._session.request(
            method, url, params=params, data=data, headers=headers, auth=auth
        )
        return Response(answer.status_code, answer.text, answer.headers)


class _Limits:
    """See `connectors.budget.Rules`. A number sends about a message a second, and Twilio keeps the rest in a queue.

    How many requests an account may make at once is not said; a 429 (20429) tells when it was too many.
    """

    def limits(self, method: str, url: str) -> Sequence[Limit]:  # noqa: ARG002
        """Messages and look-ups count apart."""
        return [self._limit(method)]

    def learnt(
        self,
        method: str,
        url: str,  # noqa: ARG002
        status: int,
        headers: Mapping[str, str],
    ) -> Iterable[Learnt]:
        """Nothing is left for as long as a 429 asks to wait."""
        if status == 429:
            wait = retry_after(headers) or _A_MINUTE
            yield Learnt(limit=self._limit(method).name, left=0, resets=wait)

    def _limit(self, method: str) -> Limit:
        if method == "GET":
            return Limit(_LOOKUPS, 10, timedelta(seconds=10))
        return Limit(_MESSAGES, 5, timedelta(seconds=5))
