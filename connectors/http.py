"""What every connector needs of HTTP: time-outs, no retries, and sent, retry at, or never.

Retrying is the queue's work: SDKs that repeat a request below our sight write a note four times
when one answer is lost. So `session()` never repeats, never follows a redirect (which would turn a
write into a read, and show the token to another host), keeps no cookies, and raises `Refused` for
every answer that isn't 2xx before an SDK can wait and loop on it.
"""

from __future__ import annotations

import errno
import json
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from socket import gaierror
from types import MappingProxyType
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from bridge.domain.model import Undeliverable
from connectors.budget import Gate
from connectors.plain import cut, plain

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, and between two bytes of an answer."""

LONGEST_WAIT = timedelta(hours=1)
"""What a vendor asks for beyond this is not believed."""

_SHORTEST_WAIT = timedelta(seconds=1)
_SOON = timedelta(seconds=5)
_LATER = timedelta(seconds=30)
_A_MINUTE = timedelta(minutes=1)
_LONGEST_WORDS = 160
_LONGEST_READ = (
    4000  # what is kept until secrets are cut out, lest a part of one be left at the end
)
_AT_ONCE = {408: _SOON, 409: _SOON, 425: _SOON}  # passing, and nobody else's trouble


class Refused(requests.RequestException):
    """The vendor answered with another status than 2xx; `said` is its own reason, secrets not yet cut out."""

    def __init__(self, response: requests.Response) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.said = said(response.content)
        super().__init__(f"{self.status} {self.said}".strip(), response=response)


def session(
    *,
    base_urls: Mapping[str, str] = MappingProxyType({}),
    timeout: tuple[float, float] = TIMEOUT,
    gate: Gate | None = None,
) -> requests.Session:
    """A session for one vendor's account; may be used by several threads.

    `base_urls` maps the beginning of an address to another one, keeping the rest: a sandbox, say, as
    {"https://demo.zendesk.com": "http://127.0.0.1:5000/zendesk"}, which is then reached without a proxy.
    Every request passes the `gate`, if there is one, which may raise Undeliverable before anything is sent.
    """
    made = requests.Session()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(base_urls, timeout, gate)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class _Adapter(HTTPAdapter):
    def __init__(
        self, base_urls: Mapping[str, str], timeout: tuple[float, float], gate: Gate | None
    ) -> None:
        self._base_urls = dict(base_urls)
        self._timeout = timeout
        self._gate = gate
        super().__init__(max_retries=Retry(0, redirect=False, read=False))

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        sent, url = request, request.url or ""
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        for start, target in self._base_urls.items():
            if url == start or url.startswith((start + "/", start + "?")):
                sent = request.copy()
                sent.url = target.rstrip("/") + url.removeprefix(start)
                kwargs["proxies"] = {}
        if self._gate is not None:
            self._gate.before(request)
        response = super().send(sent, *args, **kwargs)
        response.request, response.url = request, url
        if self._gate is not None:
            self._gate.after(response)
        if not 200 <= response.status_code < 300:
            raise Refused(response)
        return response


def verdict(
    status: int, headers: Mapping[str, str], why: str = "", *, who: str, now: datetime | None = None
) -> Undeliverable | None:
    """What an answer means: None for sent, else the error that says retry at, or never.

    `who` is whom we talked to, `why` its own short reason. `now` is what a Retry-After given as a date
    is measured from; the answer's own Date header if it is left out.
    """
    if 200 <= status < 300:
        return None
    words = f"{who} answered {status}" + (f": {why}" if why else "")
    asked = retry_after(headers, now)
    if status == 429:
        return Undeliverable(words, retry_after=asked or _A_MINUTE, wide=True)
    if status in _AT_ONCE:
        return Undeliverable(words, retry_after=asked or _AT_ONCE[status], unsure=status == 408)
    if status >= 500:  # it may have been carried out before the answer went wrong
        wide = status != 500
        return Undeliverable(words, retry_after=asked or _LATER, unsure=True, wide=wide)
    return Undeliverable(words, wide=status in {401, 403})


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long the vendor asks us to wait: seconds or an HTTP date; 1 s to 1 h; None if unreadable."""
    lower = {name.lower(): value for name, value in headers.items()}
    asked = lower.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        wait = timedelta(seconds=int(asked[:6])) if len(asked) <= 6 else LONGEST_WAIT
    else:
        then, base = _date(asked), now or _date(lower.get("date", ""))
        if then is None or base is None:
            return None
        wait = then - base
    return min(max(wait, _SHORTEST_WAIT), LONGEST_WAIT)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_NEVER_LEFT: tuple[tuple[type[BaseException], str], ...] = (
    (gaierror, "its name isn't known"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectTimeoutError, "no connection in time"),
    (ssl.SSLCertVerificationError, "its certificate isn't trusted"),
    (ProxyError, "the proxy doesn't let us through"),
    (NewConnectionError, "no connection"),
)
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def transport(error: BaseException, *, who: str) -> Undeliverable:
    """What a failure below HTTP means, be it of `requests`, `urllib` or `http.client`.

    Passing in any case but a request that can't be made at all. `unsure` unless the connection was never made.
    The error's own words are left out: they may quote headers, and so the token.
    """
    causes = list(_causes(error))
    for kind, words in _NEVER_LEFT:
        if any(isinstance(cause, kind) for cause in causes):
            return Undeliverable(f"{who} can't be reached: {words}", retry_after=_LATER, wide=True)
    if any(isinstance(cause, OSError) and cause.errno in _UNREACHABLE for cause in causes):
        why = f"{who} can't be reached: no way to its network"
        return Undeliverable(why, retry_after=_LATER, wide=True)
    if isinstance(error, ValueError) and not isinstance(error, requests.JSONDecodeError):
        return Undeliverable(f"{who}: the request can't be made; is its address right?", wide=True)
    late = (TimeoutError, Urllib3Timeout, requests.Timeout)
    what = "gave no answer in time" if _any(causes, late) else "closed the connection"
    return Undeliverable(f"{who} {what}", retry_after=_LATER, unsure=True, wide=True)


def _any(causes: Iterable[BaseException], kinds: tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that is wrapped in it, in whichever of the ways libraries wrap."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in inner if isinstance(other, BaseException)]


def said(body: bytes) -> str:
    """The vendor's own reason in an error body: its code and description, nothing else.

    Understands `{"error": "Code", "description": ...}`, an object instead of the code (Zendesk's 403),
    OAuth's `error_description`, Zendesk's `details` by field, and Jira's `errorMessages`, `errors` by field,
    `errorMessage` and `message`. Text and HTML are left out.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    inner = found.get("error")
    parts = [inner.get("title"), inner.get("message")] if isinstance(inner, dict) else [inner]
    parts += [found.get("description"), found.get("error_description")]
    parts += [found.get("errorMessage"), found.get("message")]
    listed, by_field = found.get("errorMessages"), found.get("errors")
    parts += listed if isinstance(listed, list) else []
    parts += by_field.values() if isinstance(by_field, dict) else []
    details = found.get("details")
    if isinstance(details, dict):
        for problems in details.values():
            listed = problems if isinstance(problems, list) else [problems]
            parts += [one.get("description") for one in listed if isinstance(one, dict)]
    words = dict.fromkeys(part for part in parts if isinstance(part, str) and part)
    return plain(": ".join(words), _LONGEST_READ)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret cut out, the longest first, and short enough for an error."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return cut(text, _LONGEST_WORDS)


def usable(token: str) -> bool:
    """May this be sent as a bearer token? Anything else would end up in an error's words."""
    return re.fullmatch(r"[\x21-\x7e]+", token) is not None
