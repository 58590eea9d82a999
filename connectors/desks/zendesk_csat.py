"""Zendesk's satisfaction by asking for it: good or bad ratings (legacy), and surveys with a scale of their own.

For accounts that can't have a trigger call us, and for surveys, of which no event is known to tell the scale.
An account has one of the two turned on at a time (api-reference/ticketing/ticket-management/satisfaction_ratings).

Both lists are filtered by when a record was made, not by when it was answered: a survey is made as it is sent, and can
be answered and changed until it expires. So every poll walks through all that was made in `look_back`, a few pages at a
time, and takes what was changed since the walk before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from bridge.domain.model import (
    Answer,
    AnyEvent,
    Contact,
    Forged,
    Party,
    Rated,
    Undeliverable,
    Unreadable,
)
from connectors import Incoming, Polled, Response
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_history import clean, rated
from connectors.reading import Node, decode, fingerprint, only_post, subject
from connectors.scores import Score, normalise

_PAGES = 3  # in one poll; what is left comes in the next
_ON_A_PAGE = "100"
_OVERLAP = timedelta(minutes=10)  # Zendesk's clock and ours, and lists that lag behind
_FIRST = timedelta(days=1)  # what is news at the very first poll
_WALK = timedelta(
    hours=1
)  # a walk that takes longer is begun anew: its page may not be known any more
_SOON = timedelta(seconds=30)

_CATEGORIES = {"good": 1.0, "neutral": 0.5, "bad": 0.0}


class _Cursor(Struct, frozen=True, array_like=True):
    """Where polling stands, in seconds since 1970; `page` is Zendesk's own, "" where a walk is to begin."""

    since: int
    began: int = 0
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class ZendeskRatings:
    """Legacy ratings, good or bad. What a trigger and the ticket's history tell too is told once.

    `every` is how often Zendesk is asked, `look_back` how long after it was sent a rating may still come or change.
    """

    kind: ClassVar[str] = "zendesk-csat"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
Nothing is called from outside: [sources.{name}] asks the desk for new ratings.
1. In the Admin Center of Zendesk: People > Configuration > End users > Satisfaction, turn the ratings on.
2. The desk's OAuth client acts as a user who may see all tickets.
"""

    name: str
    desk: str = "zendesk"
    every: timedelta = timedelta(minutes=5)
    look_back: timedelta = timedelta(days=30)

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:  # noqa: ARG002 - nobody may
        """Raise Forged: nothing is to come in from outside."""
        raise Forged("this source is polled and takes no requests")

    def identify(self, incoming: Incoming) -> str:
        """The rating's id and a digest of what it says."""
        return _key(decode(incoming.body)["record"].members().value)

    def answer(self, incoming: Incoming) -> Response | None:
        """Nobody calls."""
        return only_post(incoming)

    def poll(self, desk: Zendesk, cursor: str, now: datetime) -> Polled:
        """Ratings given or changed since then. Raises Undeliverable.

        GET satisfaction_ratings with `score=received` and `start_time` in seconds. Whether start_time means when it was
        made or when it was given is unconfirmed; the walk finds it either way.
        """

        def asked(start: datetime) -> dict[str, str]:
            return {"score": "received", "start_time": str(int(start.timestamp()))}

        lists = _List(desk, "satisfaction_ratings", "satisfaction_ratings.json", asked)
        return lists.poll(cursor, now, self.look_back, "requester_id", _rating_changed)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The rating; nothing for one that was only offered."""
        body = decode(incoming.body).members()
        record = body["record"].members()
        word = record["score"].word().partition("_with")[0]
        if word in ("", "offered", "unoffered"):
            return
        if word not in ("good", "bad"):
            raise record["score"].wrong("good or bad")
        yield rated(
            self.desk,
            record["ticket_id"].id(need=True),
            word,
            clean(record["comment"].value),
            record["updated_at"].time() or record["created_at"].time() or incoming.received_at,
            contact=_contact(body["person"]),
            actor=record["requester_id"].id(),
        )


@dataclass(frozen=True, kw_only=True)
class ZendeskSurveys:
    """Survey responses (customer satisfaction with a scale of its own).

    `low` and `high` are the worst and the best number, used where a response doesn't bring its options along. `every`
    is how often Zendesk is asked, `look_back` how long after it was sent a survey may still be answered or changed.
    """

    kind: ClassVar[str] = "zendesk-survey"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
Nothing is called from outside: [sources.{name}] asks the desk for new answers.
1. In the Admin Center of Zendesk: Objects and rules > Customer satisfaction, turn the survey on.
2. The desk's OAuth client must act as an administrator: Zendesk shows survey responses to no one else.
3. If the scale does not go from 1 to 5, set low and high in [sources.{name}].
"""

    name: str
    desk: str = "zendesk"
    every: timedelta = timedelta(minutes=5)
    look_back: timedelta = timedelta(days=30)
    low: float = 1
    high: float = 5

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:  # noqa: ARG002 - nobody may
        """Raise Forged: nothing is to come in from outside."""
        raise Forged("this source is polled and takes no requests")

    def identify(self, incoming: Incoming) -> str:
        """The response's id and a digest of what it says: a responder may change it until it expires."""
        return _key(decode(incoming.body)["record"].members().value)

    def answer(self, incoming: Incoming) -> Response | None:
        """Nobody calls."""
        return only_post(incoming)

    def poll(self, desk: Zendesk, cursor: str, now: datetime) -> Polled:
        """Responses given or changed since then. Raises Undeliverable.

        GET guide/survey_responses, for administrators only; created_at_start is in milliseconds
        (api-reference/ticketing/ticket-management/csat_survey_responses, "List Survey Responses").
        """

        def asked(start: datetime) -> dict[str, str]:
            made = str(int(start.timestamp()) * 1000)
            return {"filter[created_at_start]": made, "sort": "id"}

        lists = _List(desk, "survey_responses", "guide/survey_responses", asked)
        return lists.poll(cursor, now, self.look_back, "responder_id", _response_changed)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The response; nothing while all of its questions are open or skipped."""
        body = decode(incoming.body).members()
        record = body["record"].members()
        answers = [node.members() for node in record["answers"].items()]
        score, raw = self._score(answers)
        words = "\n".join(filter(None, map(_words, answers)))
        if score.score is None and not words:
            return
        key = record["id"].id(need=True)
        yield Rated(
            id=f"{self.desk}:survey:{key}:{fingerprint(record['answers'].value)}",
            subject=subject(self.name, self.desk, _ticket(record), key),
            at=_response_changed(record) or incoming.received_at,
            by=Party.CUSTOMER,
            actor=record["responder_id"].id(),
            answer=Answer(
                id=f"{self.desk}:survey:{key}",
                score=score.score,
                raw=raw,
                scale="csat" if raw else "",
                low=score.low,
                high=score.high,
                words=words,
                contact=_contact(body["person"]),
            ),
        )

    def _score(self, answers: list[Node]) -> tuple[Score, str]:
        """By the question on satisfaction; by the first on a scale where none says that it is."""
        scaled = [one for one in answers if one["type"].word() == "rating_scale"]
        about = [
            one for one in scaled if one["question"]["sub_type"].word() == "customer_satisfaction"
        ]
        for one in about or scaled:
            if one["rating"]:
                return self._rank(one), one["rating"].text()
        return Score(None), ""

    def _rank(self, answer: Node) -> Score:
        """On the scale of the options, else the configured one.

        Zendesk's own verdict, good, neutral or bad, wins over a configured scale that contradicts it: scales have 2,
        3 or 5 steps, and the list of responses leaves the options out.
        """
        rating = answer["rating"].number()
        options = [node["rating"].number() for node in answer["question"]["options"].items()]
        steps = [step for step in options if step is not None]
        if len(set(steps)) > 1:
            return normalise(rating, low=min(steps), high=max(steps))
        worth = _CATEGORIES.get(answer["rating_category"].word())
        try:
            score = normalise(rating, low=self.low, high=self.high)
        except Unreadable:
            if worth is None:
                raise
            return Score(worth)
        if worth is None or score.score is None or _agree(score.score, worth):
            return score
        return Score(worth)


class _List(Struct, frozen=True):
    """One of Zendesk's lists, and how it is asked for what was made since a moment."""

    desk: Zendesk
    member: str
    path: str
    asked: Callable[[datetime], Mapping[str, str]]

    def poll(
        self,
        cursor: str,
        now: datetime,
        look_back: timedelta,
        person: str,
        changed: Callable[[Node], datetime | None],
    ) -> Polled:
        """A few pages of a walk. `person` is the member with the customer's id; `changed` is when a record was."""
        at = _resume(cursor, now)
        since = datetime.fromtimestamp(at.since, UTC) - _OVERLAP
        made = datetime.fromtimestamp(at.began, UTC) - look_back
        fresh: list[dict[str, Any]] = []
        page = at.page
        for _ in range(_PAGES):
            records, page = self._page(made, page)
            fresh += [one for one in records if _is_news(one, since, changed)]
            if not page:
                break
        people = self._people(fresh, person)
        deliveries = tuple(
            (_key(one), _bytes({"record": one, "person": people.get(str(one.get(person)), {})}))
            for one in fresh
        )
        onward = _Cursor(at.since, at.began, page) if page else _Cursor(at.began)
        return Polled(
            deliveries=deliveries, cursor=msgspec.json.encode(onward).decode(), more=bool(page)
        )

    def _page(self, made: datetime, page: str) -> tuple[list[dict[str, Any]], str]:
        params = {**self.asked(made), "page[size]": _ON_A_PAGE}
        if page:
            params["page[after]"] = page
        try:  # the standard library takes half of a surrogate pair, which cut-off texts end with
            found = json.loads(self.desk.request("GET", self.path, params=params))
            listed, meta = found[self.member], found.get("meta") or {}
            records = [one for one in listed if isinstance(one, dict)]
            following = str(meta.get("after_cursor") or "") if meta.get("has_more") else ""
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            why = f"{self.desk.name} gave a list of {self.member} that can't be read"
            raise Undeliverable(why, retry_after=_SOON) from None
        return records, following if following != page else ""

    def _people(self, records: list[dict[str, Any]], member: str) -> dict[str, dict[str, str]]:
        """Who the customers are: a person is called back by name and number, not by an id."""
        ids = {str(one[member]) for one in records if one.get(member)}
        return {
            person.id: {"name": person.name, "email": person.email, "phone": person.phone}
            for person in (self.desk.people(ids) if ids else ())
        }


def _resume(cursor: str, now: datetime) -> _Cursor:
    """Where to go on; a walk begins now unless one is under way."""
    began = int(now.timestamp())
    try:
        at = msgspec.json.decode(cursor, type=_Cursor) if cursor else None
    except msgspec.DecodeError:
        at = None
    if at is None:
        return _Cursor(began - int(_FIRST.total_seconds()), began)
    if at.page and 0 <= began - at.began <= _WALK.total_seconds():
        return at
    return _Cursor(at.since, began)


def _is_news(
    record: dict[str, Any], since: datetime, changed: Callable[[Node], datetime | None]
) -> bool:
    """What can't be read counts as news: it is kept once, for a person to see."""
    try:
        at = changed(Node(record))
    except Unreadable:
        return True
    return at is not None and at >= since


def _rating_changed(record: Node) -> datetime | None:
    """Raises Unreadable for a record without a time."""
    at = record["updated_at"].time() or record["created_at"].time()
    if at is None:
        raise record["updated_at"].wrong("a time")
    return at


def _response_changed(record: Node) -> datetime | None:
    """When the newest of its answers was; None while there is none."""
    times = [
        answer["updated_at"].time() or answer["created_at"].time()
        for answer in record["answers"].items()
    ]
    return max((time for time in times if time is not None), default=None)


def _agree(score: float, worth: float) -> bool:
    """Whether a score may be what Zendesk calls good (1), neutral (0.5) or bad (0)."""
    if worth == 0.5:
        return 0.25 < score < 0.75
    return (score > 0.5) == (worth > 0.5)


def _ticket(record: Node) -> str:
    """The ticket's id, from `subjects` or from `subject_zrns` ("zen:ticket:99")."""
    for node in record["subjects"].items():
        if node["type"].word().rpartition(":")[2] == "ticket":
            return node["id"].id()
    for node in record["subject_zrns"].items():
        kind, _, key = node.text().rpartition(":")
        if kind.rpartition(":")[2] == "ticket":
            return key
    return ""


def _words(answer: Node) -> str:
    return answer["value"].text() if answer["type"].word() == "open_ended" else ""


def _contact(person: Node) -> Contact:
    return Contact(person["name"].text(), person["email"].text(), person["phone"].text())


def _key(record: dict[str, Any]) -> str:
    """A record's own id and a digest of it: the same for the same content only."""
    own = str(record.get("id", ""))
    return f"{own[:64] if own.isalnum() else ''}:{fingerprint(_bytes(record))}"


def _bytes(value: Any) -> bytes:
    """JSON in one spelling; half characters become question marks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
