"""Zendesk Support as a desk: tags and internal notes out, the history of a ticket in.

Writing goes through zenpy, without its retries, its waiting on 429 and its caches (see `connectors.http`);
answers are read as they came, typed, for zenpy's own objects are lazy and shared between threads.
All that is written here is internal: `_internal` makes the comments. The one public reply there is, the question
whether it was put right, is made by `zendesk_ask`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

import requests
from requests.auth import AuthBase
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket
from zenpy.lib.exception import ZenpyException

from bridge.domain.model import (
    Action,
    AnyEvent,
    Category,
    ConfigError,
    Receipt,
    Undeliverable,
)
from bridge.domain.ticket import STATUSES
from connectors import Dispatch, Door, Known, Past, Person, State, Swept, Unsearchable
from connectors.budget import UNLIMITED, Budget, Gate
from connectors.desks import zendesk_ask, zendesk_sla
from connectors.desks.zendesk_history import Audit, TicketRecord, history
from connectors.desks.zendesk_limits import LOWEST_PLAN, ZendeskLimits
from connectors.desks.zendesk_note import note_text
from connectors.desks.zendesk_past import past
from connectors.desks.zendesk_setup import ZendeskSetup
from connectors.desks.zendesk_shapes import (
    Audits,
    CommentRecord,
    Comments,
    Groups,
    Me,
    P,
    Tags,
    TicketPage,
    Tickets,
    Users,
    convert,
    decode,
)
from connectors.desks.zendesk_state import read, state
from connectors.desks.zendesk_sweep import sweep
from connectors.desks.zendesk_token import Token, host, mint
from connectors.http import TIMEOUT, Refused, redact, session, transport, usable, verdict
from connectors.plain import plain

T = TypeVar("T")

_AT_ONCE = 100  # ids in one show_many, records on one page
_LOOK_BACK = 3  # pages of comments to look through for a note of ours
_MOST_PAGES = 100  # of one ticket's audits, or of the account's groups
_SKEW = timedelta(minutes=5)  # how far Zendesk's clock and ours may be apart
_SOON = timedelta(seconds=30)
_LONGEST_PAST = 3650  # days that an import may go back in bulk
_GARBLED = (ZenpyException, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Zendesk:
    """One account. May be used by several threads.

    `token(False)` gives the current access token, `token(True)` a new one after a refusal; it may raise
    Undeliverable. `user_id` is the user the token acts as (see `me`): what that user did is the bridge's.
    `base_url` takes the place of https://<subdomain>.zendesk.com, for a sandbox. `slas` says whether the clocks
    of the account's own service levels are read, and whether they win or lose against goals of ours. An import
    reads the tickets of the last `import_days` in bulk, and older ones one by one.
    """

    kind: ClassVar[str] = "zendesk"
    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}
    statuses: ClassVar[Mapping[str, Category]] = STATUSES
    sla_goals: ClassVar[Mapping[str, str]] = zendesk_sla.GOALS

    name: str
    subdomain: str = field(metadata={"hint": "the first part of <subdomain>.zendesk.com"})
    base_url: str = ""
    user_id: str = ""
    slas: Literal["off", "win", "lose"] = "off"
    import_days: int = 30
    calls_per_minute: int = LOWEST_PLAN
    budget: Budget = field(default=UNLIMITED, repr=False)
    token: Callable[[bool], str] = field(repr=False)

    def __post_init__(self) -> None:
        host(self.subdomain)
        if self.calls_per_minute < 1:
            raise ConfigError("calls_per_minute must be 1 or more: 200 is the lowest plan's")
        if not 0 <= self.import_days <= _LONGEST_PAST:
            raise ConfigError(f"import_days: expected 0 to {_LONGEST_PAST}, got {self.import_days}")
        logging.getLogger("zenpy").setLevel(logging.INFO)  # below, it logs whole bodies

    def mint(self, client_id: str, client_secret: str) -> Token:
        """A fresh token of this account. Raises Undeliverable."""
        bases = {host(self.subdomain): self.base_url} if self.base_url else {}
        return mint(session(base_urls=bases), self.subdomain, client_id, client_secret)

    # -- out --

    def send(self, dispatch: Dispatch) -> Receipt:
        """Add an internal note, or add or take off tags; other tags are left alone."""
        key = dispatch.to
        number = self._number(key)
        if dispatch.action is Action.NOTE:
            return self._note(number, dispatch)
        if dispatch.action is Action.TAG:
            present = self._tags(key)
            if missing := [tag for tag in dispatch.tags if tag not in present]:
                self._call(lambda client: client.tickets.add_tags(number, missing), key)
        elif dispatch.action is Action.UNTAG:
            if surplus := [tag for tag in self._tags(key) if tag in dispatch.tags]:
                self._call(lambda client: client.tickets.delete_tags(number, surplus), key)
        else:
            raise Undeliverable(f"Zendesk has no way to carry out a {dispatch.action.value}")
        return Receipt(ref=f"tags:{key}")

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The note with the marker, or the tags if they already are as wanted.

        Comments are read newest first, which is documented for them and not for audits
        (developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments). The marker is looked for
        in the comment's metadata and in its text: that metadata comes back is unconfirmed.
        """
        key = dispatch.to
        self._number(key)
        if dispatch.action is Action.NOTE:
            return self._find_note(key, dispatch, since - _SKEW)
        tags = set(self._tags(key))
        wanted = set(dispatch.tags)
        done = wanted <= tags if dispatch.action is Action.TAG else not wanted & tags
        return Receipt(ref=f"tags:{key}") if done else None

    def ask(self, key: str, text: str, marker: str) -> Receipt:
        """Ask the customer in public; see `zendesk_ask`. Raises Undeliverable."""
        return zendesk_ask.ask(self, str(self._number(key)), text, marker)

    def asked(self, key: str, marker: str, since: datetime) -> Receipt | None:
        """The question with this marker, if it was asked since then. Raises Unsearchable, or Undeliverable."""
        return zendesk_ask.asked(self, str(self._number(key)), marker, since)

    def _note(self, number: int, dispatch: Dispatch) -> Receipt:
        key = dispatch.to
        text = note_text(dispatch.message, dispatch.marker)

        def write(client: Zenpy) -> Any:
            wanted = Ticket(
                id=number, comment=_internal(text), metadata={"bridge": dispatch.marker}
            )
            return client.tickets.update(wanted).audit.to_dict()

        audit = convert(self._call(write, key), Audit)
        notes = [one for one in audit.events if one.is_comment] if audit else []
        if audit is None or not notes:
            raise self.unreadable()
        ours = next((one for one in notes if dispatch.marker in (one.body or "")), notes[0])
        remark = "Zendesk shows the note as public" if ours.public else ""
        own = (f"audit:{audit.id}", f"comment:{ours.id}")
        return Receipt(ref=str(ours.id), own=own, remark=remark)

    def _find_note(self, key: str, dispatch: Dispatch, since: datetime) -> Receipt | None:
        params = {"sort": "-created_at"}
        pages = self.pages(f"tickets/{key}/comments.json", Comments, key, params)
        for number, page in enumerate(pages, 1):
            for comment in page.comments:
                if self._is_ours(comment, dispatch.marker):
                    audit = (f"audit:{comment.audit_id}",) if comment.audit_id else ()
                    own = (*audit, f"comment:{comment.id}")
                    return Receipt(ref=str(comment.id), own=own)
            times = [comment.created_at for comment in page.comments]
            if times and times[0] >= times[-1] and times[-1] < since:
                return None  # newest first, as asked: all that follows is older
            if number == _LOOK_BACK and page.following():
                raise Unsearchable(f"ticket {key} has too many comments to look through")
        return None

    def _is_ours(self, comment: CommentRecord, marker: str) -> bool:
        if comment.public or (self.user_id and str(comment.author_id) != self.user_id):
            return False
        custom = (comment.metadata or {}).get("custom")
        marked = isinstance(custom, dict) and custom.get("bridge") == marker
        return marked or marker in (comment.body or "")

    def _tags(self, key: str) -> list[str]:
        return self.shown(f"tickets/{key}/tags.json", Tags, key).tags

    # -- in --

    def ticket_url(self, key: str, name: str = "") -> str:  # noqa: ARG002 - a ticket's name is its key
        """Where an agent opens the ticket."""
        return f"{host(self.subdomain)}/agent/tickets/{key}"

    def setup(self, doors: Sequence[Door]) -> ZendeskSetup:
        """The account's side of these doors: webhooks, the trigger on satisfaction, a view of live alerts."""
        return ZendeskSetup(self, doors)

    def me(self) -> Person:
        """The user we write as. Raises Undeliverable.

        Zendesk has been seen to answer a bad token with 200 and an "Anonymous user" without an id.
        """
        user = self.shown("users/me.json", Me).user
        if not user.id:
            known_as = plain(user.name or "nobody", 40)
            why = f"{self.name}: the token isn't accepted; Zendesk takes us for “{known_as}”"
            raise Undeliverable(why, wide=True)
        return user.person()

    def people(self, ids: Iterable[str]) -> list[Person]:
        """Users by id, those that exist. Raises Undeliverable."""
        wanted = sorted({int(one) for one in ids if _is_number(one)})
        found: list[Person] = []
        for start in range(0, len(wanted), _AT_ONCE):
            some = ",".join(str(one) for one in wanted[start : start + _AT_ONCE])
            page = self.shown("users/show_many.json", Users, params={"ids": some})
            found += [user.person() for user in page.users if user.id]
        return found

    def find_people(self, email: str, phone: str) -> list[Person]:
        """Customers with exactly this e-mail address or phone number. Raises Undeliverable.

        Zendesk's search finds parts of values and lags behind; what it finds is compared again.
        """
        found: dict[str, Person] = {}
        for query, same in (
            (_quoted("email", email), lambda one: one.email.casefold() == email.strip().casefold()),
            (_quoted("phone", phone), lambda one: _digits(one.phone) == _digits(phone) != ""),
        ):
            if query:
                page = self.shown("users/search.json", Users, params={"query": query})
                people = [user.person() for user in page.users if user.id]
                found |= {one.id: one for one in people if same(one) and not one.staff}
        return list(found.values())

    def groups(self) -> dict[str, str]:
        """The account's groups: id to name. Raises Undeliverable."""
        pages = self.pages("groups.json", Groups)
        return {str(group.id): group.name for page in pages for group in page.groups}

    def history(self, key: str) -> list[AnyEvent]:
        """A ticket's whole life as events, oldest first, and that it was read. Raises Undeliverable."""
        self._number(key)
        audits = [
            audit
            for page in self.pages(f"tickets/{key}/audits.json", Audits, key)
            for audit in page.audits
        ]
        asked = f"tickets/{key}.json"
        ticket = self.shown(asked, TicketPage, key, params=self._beside()).ticket
        authors = {str(event.author_id) for audit in audits for event in audit.events}
        authors |= {str(audit.author_id) for audit in audits} | {str(ticket.requester_id)}
        people = {person.id: person for person in self.people(authors - {self.user_id})}
        events = history(self.name, ticket, audits, people, self.user_id)
        return [*events, read(self.name, ticket, events)]

    def states(self, keys: Sequence[str]) -> list[State]:
        """Tickets as they are now, a hundred to a call, in the order asked for. Raises Undeliverable.

        What Zendesk leaves out of its answer is gone (developer.zendesk.com/api-reference/ticketing/tickets/tickets,
        "Show Multiple Tickets": deleted ones are not in it; unconfirmed).
        """
        wanted = list(dict.fromkeys(str(self._number(key)) for key in keys))
        found = {key: state(ticket) for key, ticket in self.records(wanted).items()}
        return [found.get(key) or State(key=key, gone="deleted") for key in wanted]

    def records(self, keys: Sequence[str]) -> dict[str, TicketRecord]:
        """Tickets by key, those that exist, with their clocks if these are asked for. Raises Undeliverable."""
        found: dict[str, TicketRecord] = {}
        for start in range(0, len(keys), _AT_ONCE):
            params = {"ids": ",".join(keys[start : start + _AT_ONCE]), **self._beside()}
            page = self.shown("tickets/show_many.json", Tickets, params=params)
            found |= {str(ticket.id): ticket for ticket in page.tickets}
        return found

    def sweep(self, cursor: str, now: datetime, known: Known) -> Swept:
        """What happened to any ticket since then, by the incremental exports. Raises Undeliverable."""
        return sweep(self, cursor, now, known)

    def past(self, cursor: str, now: datetime) -> Iterator[Past]:
        """Every open ticket with its history; see `zendesk_past`. Raises Undeliverable half way."""
        return past(self, cursor, now)

    def _beside(self) -> dict[str, str]:
        return {} if self.slas == "off" else {"include": "slas"}

    # -- calls --

    @cached_property
    def _session(self) -> requests.Session:
        rules = ZendeskLimits(calls_per_minute=self.calls_per_minute)
        made = session(
            base_urls={host(self.subdomain): self.base_url} if self.base_url else {},
            gate=Gate(account=self.name, budget=self.budget, rules=rules),
        )
        made.headers["User-Agent"] = "Alert-Bridge"
        made.auth = _Bearer(self.token, self.name)
        return made

    def _client(self) -> Zenpy:
        """A client of one's own for each call: zenpy keeps what it sends in a field shared by threads."""
        return Zenpy(
            subdomain=self.subdomain,
            session=self._session,
            anonymous=True,  # the session has the token
            timeout=TIMEOUT,
            disable_cache=True,
        )

    def _call(self, call: Callable[[Zenpy], T], key: str = "") -> T:
        """One call; a second one with a fresh token after a 401. Every failure as Undeliverable."""
        try:
            try:
                return call(self._client())
            except Refused as refused:
                if refused.status != 401:
                    raise
                self.token(True)
                return call(self._client())
        except Refused as refused:
            raise self._fault(refused, key) from None
        except requests.JSONDecodeError:
            raise self.unreadable() from None
        except requests.RequestException as error:
            raise transport(error, who=self.name) from None
        except _GARBLED:
            raise self.unreadable() from None

    def _fault(self, refused: Refused, key: str) -> Undeliverable:
        status, said = refused.status, redact(refused.said, [self.token(False)])
        if status == 401:
            why = f"{self.name}: Zendesk refused the token, and a fresh one too; check the OAuth client"
            return Undeliverable(why, wide=True)
        if status == 404 and key and "InvalidEndpoint" not in said:
            return Undeliverable(f"ticket {key} does not exist any more")
        if status == 422 and key and "closed" in said.casefold():
            return Undeliverable(f"ticket {key} is closed and cannot be written to")
        about = f"{self.name} (ticket {key})" if key else self.name
        failure = verdict(status, refused.headers, said, who=about)
        return failure or self.unreadable()

    def unreadable(self) -> Undeliverable:
        """What to raise for an answer of another shape: it may be better a little later."""
        why = f"{self.name} gave an answer that can't be read"
        return Undeliverable(why, retry_after=_SOON, unsure=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> bytes:
        """The answer to any call of the API below /api/v2, with the token, as it came. Raises Undeliverable.

        For reading, and for setting the account up; what goes onto a ticket goes through `send` and `ask` alone.
        `key` is the ticket it is about, for the error's words.
        """
        return self.response(method, path, params=params, body=body, key=key).content

    def response(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> requests.Response:
        """The same as `request`, with the answer's headers."""
        url = f"{host(self.subdomain)}/api/v2/{path}"
        return self._call(
            lambda _: self._session.request(method, url, params=dict(params or {}), json=body), key
        )

    def shown(
        self,
        path: str,
        shape: type[T],
        key: str = "",
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """What one call shows. Raises Undeliverable, also where it isn't of that shape."""
        found = decode(self.request(method, path, params=params, body=body, key=key), shape)
        if found is None:
            raise self.unreadable()
        return found

    def exported(
        self, path: str, shape: type[T], start: int, params: Mapping[str, str] | None = None
    ) -> T | None:
        """A page of an incremental export from `start`, an epoch second. Raises Undeliverable.

        None where that is too recent: Zendesk keeps the last minute back, and says 422 (unconfirmed).
        """
        url = f"{host(self.subdomain)}/api/v2/{path}"
        wanted = {"start_time": str(start), **(params or {})}

        def ask(_: Zenpy) -> bytes | None:
            try:
                return self._session.get(url, params=wanted).content
            except Refused as refused:
                if refused.status == 422 and "start_time" in refused.said:
                    return None
                raise

        body = self._call(ask)
        if body is None:
            return None
        found = decode(body, shape)
        if found is None:
            raise self.unreadable()
        return found

    def pages(
        self, path: str, shape: type[P], key: str = "", params: Mapping[str, str] | None = None
    ) -> Iterator[P]:
        """Every page; the next one's parameters are taken from Zendesk's link, its host is not."""
        wanted = {"page[size]": str(_AT_ONCE), **(params or {})}
        for _ in range(_MOST_PAGES):
            page = self.shown(path, shape, key, wanted)
            yield page
            following = page.following()
            if not following or following == wanted:
                return
            wanted = following

    def _number(self, key: str) -> int:
        if not _is_number(key):
            raise Undeliverable(f"{plain(key, 40)!r} is no ticket of {self.name}")
        return int(key)


class _Bearer(AuthBase):
    """Puts the current token on each request."""

    def __init__(self, token: Callable[[bool], str], name: str) -> None:
        self._token, self._name = token, name

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self._token(False)
        if not usable(token):
            raise Undeliverable(f"{self._name}: the token is empty or isn't one", wide=True)
        request.headers["Authorization"] = f"Bearer {token}"
        return request


def _internal(text: str) -> Comment:
    """The only comments we make: internal. Zendesk's default would be a public one (unconfirmed)."""
    return Comment(body=text, public=False)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone).removeprefix("00")


def _quoted(name: str, value: str) -> str:
    value = plain(value, 200).replace('"', "").replace("\\", "")
    return f'{name}:"{value}"' if value else ""
