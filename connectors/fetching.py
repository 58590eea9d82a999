"""Asking a vendor what a delivery is about, for the sources whose webhooks hold ids only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import requests

from bridge.domain.model import Undeliverable, Unreadable
from connectors.http import TIMEOUT, Refused, redact, session, transport, usable, verdict
from connectors.reading import Node, decode

_PART = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_SOON = timedelta(seconds=30)


def part(node: Node) -> str:
    """An id that can stand in an address as it is. Raises Unreadable for any other, lest it name another address."""
    text = node.id(need=True)
    if not _PART.fullmatch(text):
        raise Unreadable(f"{node.path}: expected an id of letters, digits, - and _")
    return text


def fetch(
    url: str,
    headers: Mapping[str, str],
    token: str,
    *,
    who: str,
    missing: timedelta | None = None,
    timeout: tuple[float, float] = TIMEOUT,
) -> bytes:
    """The JSON object at the address. `token`, which is in one of the headers, is in no error's words.

    `who` names the account in errors. `missing` is how long to wait with a vendor that has not got what is asked for
    (404); None where it never will. Raises Undeliverable: passing for time-outs, rate limits, outages and what can't
    be read; for good where the token is missing or refused.
    """
    if not usable(token):
        raise Undeliverable(f"{who}: the variable of `token` holds no token", wide=True)
    try:
        body = session().get(url, headers=dict(headers), timeout=timeout).content
    except Refused as refused:
        raise _fault(refused, token, who, missing) from None
    except requests.RequestException as error:
        raise transport(error, who=who) from None
    try:
        decode(body).members()
    except Unreadable:
        why = f"{who} gave an answer that can't be read"
        raise Undeliverable(why, retry_after=_SOON) from None
    return body


def _fault(refused: Refused, token: str, who: str, missing: timedelta | None) -> Undeliverable:
    why = redact(refused.said, [token])
    if refused.status in {401, 403}:
        why = f"{why}; check the token, its rights and base_url".removeprefix("; ")
    failure = verdict(refused.status, refused.headers, why, who=who)
    if refused.status == 404:
        return Undeliverable(f"{who} knows no such response (404)", retry_after=missing)
    return failure or Undeliverable(f"{who} gave no answer")
