"""Did it help? The question to the customer, once their case was resolved, and their answer.

The question is fixed text with a link: it takes the alert's reference for the link and nothing else of the alert, so
that no reason, note or remark can stand in it. A customer is not asked twice: where it can't be known whether they were
asked, they are taken to have been.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from bridge.domain.model import (
    Alert,
    BridgeError,
    ConfigError,
    Heard,
    Party,
    Receipt,
    Ticket,
    Undeliverable,
)
from bridge.store import alerts, followups, tickets
from bridge.store.deliveries import Row
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake
from connectors import Letter, Unsearchable
from connectors.plain import plain

EMAIL = "email"
SECRET = "BRIDGE_SECRET"  # noqa: S105 - the name of the variable
GOOD_FOR = timedelta(days=30)
MOST_WORDS = 2000  # characters that a customer may write

SUBJECT = "Did we put it right?"
ASKED_ALREADY = "the customer may have been asked already, and is not asked twice"


class Expired(BridgeError):
    """The link was good once."""


class Unknown(BridgeError):
    """The link was never ours, or what it speaks of is not there any more."""


class _Clocked(TimestampSigner):
    """Signs at a time that is handed in."""

    def __init__(self, *keys: Any, now: datetime, **more: Any) -> None:
        super().__init__(*keys, **more)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())


# --- the question --------------------------------------------------------------------------------


def ask(bridge: Bridge, row: Row, alert: Alert, ticket: Ticket) -> Receipt:
    """Ask the customer by e-mail or on the ticket, whichever the delivery says.

    Raises Undeliverable, for good where they may have been asked already.
    """
    if alert.subject != ticket.id:
        raise Undeliverable("the ticket is not the alert's")
    link = link_to(bridge, alert.ref, bridge.now())
    if row.channel == EMAIL:
        return _by_mail(bridge, row, link)
    desk = bridge.desks.get(row.channel)
    if desk is None or row.channel != ticket.desk or row.to != ticket.key:
        raise Undeliverable("the question goes to the alert's own ticket, or by e-mail")
    if row.unsure:
        try:
            found = desk.asked(row.to, row.marker, row.created_at)
        except Unsearchable:
            raise Undeliverable(ASKED_ALREADY) from None
        if found is not None:
            return found
    return desk.ask(row.to, question(link), row.marker)


def _by_mail(bridge: Bridge, row: Row, link: str) -> Receipt:
    channel: Any = bridge.channels.get(EMAIL)
    if channel is None:
        raise Undeliverable("no e-mail is configured: add [channels.email]")
    if row.unsure:  # nobody can look into the customer's mailbox
        raise Undeliverable(ASKED_ALREADY)
    letter = Letter(
        to=row.to,
        subject=SUBJECT,
        text=question(link),
        html=question_in_html(link),
        marker=row.marker,
    )
    receipt: Receipt = channel.post(letter)
    return receipt


_HELLO = "Hello,"
_WHY = "you asked us for help, and we hope that all is well now. Please tell us whether it is:"
_HOW = "It is one question, and takes a moment. The link is good for 30 days. Thank you."


def question(link: str) -> str:
    """The question as plain text."""
    return f"{_HELLO}\n\n{_WHY}\n\n{link}\n\n{_HOW}"


def question_in_html(link: str) -> str:
    """The question as a letter: one column, no pictures, nothing that is loaded from elsewhere."""
    where = escape(link, quote=True)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{SUBJECT}</title></head>"
        '<body style="font:16px/1.5 sans-serif;max-width:36em;margin:auto;padding:1em">'
        f"<p>{_HELLO}</p><p>{_WHY}</p>"
        f'<p><a href="{where}" style="font-size:18px">{SUBJECT}</a></p><p>{_HOW}</p></body></html>'
    )


# --- the link ------------------------------------------------------------------------------------


def link_to(bridge: Bridge, ref: str, now: datetime) -> str:
    """Where the customer of the alert with this reference can answer, from now on for 30 days.

    It ends with a slash, for programs that find links in texts leave out a dash at the end. Raises Undeliverable.
    """
    base = bridge.settings.public_url.rstrip("/")
    if not base:
        raise Undeliverable("customers can't reach the page: set PUBLIC_URL")
    try:
        token = _signed(bridge, now).dumps(ref)
    except ConfigError as error:
        raise Undeliverable(str(error)) from error
    return f"{base}/followup/{token}/"


def alert_of(bridge: Bridge, token: str) -> Alert:
    """The alert that a link speaks of. Raises Expired, Unknown, or ConfigError where there is no secret."""
    try:
        ref = _signed(bridge, bridge.now()).loads(token, max_age=int(GOOD_FOR.total_seconds()))
    except SignatureExpired:
        raise Expired("the link is too old") from None
    except BadSignature:
        raise Unknown("no link of ours") from None
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref) if isinstance(ref, str) else None
    if alert is None:
        raise Unknown("its alert is not there any more")
    return alert


def _signed(bridge: Bridge, now: datetime) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        bridge.settings.secret(SECRET),
        salt="follow-up",
        signer=_Clocked,
        signer_kwargs={"now": now, "digest_method": sha256, "key_derivation": "hmac"},
    )


# --- the answer ----------------------------------------------------------------------------------


def hear(bridge: Bridge, alert: Alert, *, better: bool, words: str) -> bool:
    """Keep the customer's answer, which takes the place of an earlier one; whether it says anything new.

    Its id is of its content and its turn: a click twice is one answer, and one may come back to what one said first.
    """
    now = bridge.now()
    words = plain(words, lines=True)[:MOST_WORDS].strip()
    with bridge.engine.begin() as connection:
        before = followups.heard(connection, alert)
        if before and (before[-1].better, before[-1].words) == (better, words):
            return False
        content = sha256(f"{better}\n{words}".encode()).hexdigest()[:12]
        event = Heard(
            id=f"heard:{alert.ref}:{len(before)}-{content}",
            subject=alert.subject,
            at=max([now, *(one.at for one in before)]),
            seq=len(before),
            by=Party.CUSTOMER,
            alert=alert.ref,
            better=better,
            words=words,
        )
        tickets.add_events(connection, [tickets.arrive(event, now)])
        wake(connection, DRAIN)
    return True
