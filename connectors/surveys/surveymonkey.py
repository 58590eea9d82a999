"""SurveyMonkey: a webhook with ids, then the response itself from the API.

Signed by base64 HMAC-SHA1 of the raw body in `Sm-Signature`; the key is the text "<client id>&<client secret>". The
address is probed by HEAD. Webhooks, and GET /v3/surveys/{id}/responses/{id}/details:
https://github.com/SurveyMonkey/public_api_docs (includes/_webhooks.md, includes/_responses.md). `simple` asks for the
choices' own texts (https://github.com/bcemmett/SurveyMonkeyApi-v3/pull/95); a rating's number is its choice's weight,
sent as text (Containers/ChoiceMetadata.cs there).

Unconfirmed: the names `simple_text`, `heading`, `family` that `simple` adds; that an NPS choice has the weight -100, 0
or 100 and its number in the text only; that a changed response keeps the event's id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.model import Answer, AnyEvent, ConfigError, Contact, Party, Rated, Unreadable
from connectors import Incoming, Response
from connectors.fetching import fetch, part
from connectors.reading import Node, decode, fingerprint, subject
from connectors.scores import RANGES, Score, normalise
from connectors.signing import check_signature, header

_EVENTS = frozenset({"response_created", "response_completed", "response_updated"})
_NPS_WEIGHTS = frozenset({-100, 0, 100})
_LEADING = re.compile(r"(10|[0-9])(?![0-9.,])")


@dataclass(frozen=True, kw_only=True)
class SurveyMonkey:
    """Surveys of one account whose webhooks call one address.

    `score_question`, `comment_question` and `resolved_question` are the id or the heading of a question. Without the
    first, the first question whose choices have weights (stars, a rating, NPS) is the score; without the second, all
    that was written into boxes of single questions and "other" fields. `ticket_field`, `name_field`, `email_field` and
    `phone_field` are custom variables of the survey. `scale`, `low` and `high` say what a weight means. `base_url` is
    the API's address in the account's region.
    """

    kind: ClassVar[str] = "surveymonkey"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. https://developer.surveymonkey.com > My Apps > Add a new app (private). Scopes: View Surveys, View Responses, View
   Response Details, View Webhooks, Create/Modify Webhooks. Deploy it: a draft's token ends after 90 days.
2. In the app's settings are a client ID, a secret and an access token. Set the variable {variable} to
   CLIENT_ID&SECRET, both with an & between; and the variable of `token` in [sources.{name}] to the access token.
3. Start the bridge: SurveyMonkey looks whether the address answers. Then, once for each event_type of
   response_completed and response_updated:
   curl https://api.surveymonkey.com/v3/webhooks -H "Authorization: Bearer ACCESS_TOKEN" \\
     -H "Content-Type: application/json" -d '{{"name": "Alert Bridge", "event_type": "response_completed",
     "object_type": "survey", "object_ids": ["SURVEY_ID"], "subscription_url": "{url}"}}'
4. In the survey, add the custom variable ticket_id, and send the link with it:
   https://www.surveymonkey.com/r/ABC?ticket_id=4711
5. Answer the survey yourself, then look: bridge inbox list
"""

    name: str
    desk: str = ""
    score_question: str = ""
    comment_question: str = ""
    resolved_question: str = ""
    ticket_field: str = "ticket_id"
    name_field: str = "name"
    email_field: str = "email"
    phone_field: str = "phone"
    scale: str = "stars"
    low: float | None = None
    high: float | None = None
    base_url: str = "https://api.surveymonkey.com"

    def __post_init__(self) -> None:
        """Raise ConfigError for a scale that could never work."""
        if self.scale not in RANGES:
            raise ConfigError(f"scale: unknown; there are {', '.join(RANGES)}")
        if self.low is not None and self.low == self.high:
            raise ConfigError("high: must differ from low")

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the keys proves the body. Nothing tells when it was sent."""
        given = header(incoming, "Sm-Signature")
        check_signature(given, incoming.body, secrets, algorithm="sha1", encoding="base64")

    def identify(self, incoming: Incoming) -> str:
        """The event's id, and a digest of the body lest a later change of the response count as a repeat."""
        body = decode(incoming.body).members()
        return f"{body['event_id'].id(need=True)}:{fingerprint(incoming.body)}"

    def answer(self, incoming: Incoming) -> Response | None:
        """A 200 for the probe that SurveyMonkey makes before it takes the address."""
        return None if incoming.method == "POST" else Response(status=200, body="ready\n")

    def fetch(self, incoming: Incoming, token: str) -> bytes:
        """The response with its answers; nothing for an event that is about no response."""
        body = decode(incoming.body).members()
        if not _matters(body):
            return b""
        survey, response = part(body["resources"]["survey_id"]), part(body["object_id"])
        return fetch(
            f"{self.base_url.rstrip('/')}/v3/surveys/{survey}/responses/{response}/details?simple=true",
            {"Authorization": f"Bearer {token}", "Accept": "application/json"},
            token,
            who=self.name,
        )

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer as it was when it was fetched; nothing if its questions were left open."""
        body = decode(incoming.body).members()
        if not _matters(body):
            return
        key = body["object_id"].id(need=True)
        response = decode(incoming.fetched).members()
        questions = [
            question.members()
            for page in response["pages"].items()
            for question in page["questions"].items()
        ]
        score, raw, scale = self._score(questions)
        words, resolved = self._words(questions), self._resolved(questions)
        if score.score is None and not words and resolved is None:
            return
        own = response["custom_variables"]
        full = f"{response['first_name'].text()} {response['last_name'].text()}".strip()
        yield Rated(
            id=f"{self.name}:{key}:{fingerprint(response.value)}",
            subject=subject(self.name, self.desk, own[self.ticket_field].id(), key),
            at=(response["date_modified"] or body["event_datetime"]).time() or incoming.received_at,
            by=Party.CUSTOMER,
            answer=Answer(
                id=f"{self.name}:{key}",
                score=score.score,
                raw=raw,
                scale=scale,
                low=score.low,
                high=score.high,
                words=words,
                resolved=resolved,
                contact=Contact(
                    name=full or own[self.name_field].text(),
                    email=response["email_address"].text() or own[self.email_field].text(),
                    phone=own[self.phone_field].text(),
                ),
            ),
        )

    def _score(self, questions: list[Node]) -> tuple[Score, str, str]:
        for question in questions:
            if self.score_question and self.score_question not in _names(question):
                continue
            for answer in question["answers"].items():
                weight, text = answer["choice_metadata"]["weight"], _text(answer)
                if weight or (self.score_question and text):
                    return self._ranked(weight, text)
        return Score(None), "", ""

    def _ranked(self, weight: Node, text: Node) -> tuple[Score, str, str]:
        """A choice by its weight; of NPS, by the number that its text begins with; without a weight, by its text."""
        leading = _LEADING.match(text.text())
        if leading and (self.scale == "nps" or weight.number() in _NPS_WEIGHTS):
            score = normalise(leading[0], scale="nps", low=self.low, high=self.high)
            return score, leading[0], "nps"
        given = weight or text
        try:
            score = normalise(given.text(), scale=self.scale, low=self.low, high=self.high)
        except Unreadable as error:
            raise Unreadable(f"{given.path}: {error}") from None
        return score, given.text(), self.scale

    def _words(self, questions: list[Node]) -> str:
        texts = (
            answer["text"].text()
            for question in questions
            for answer in question["answers"].items()
            if (
                self.comment_question in _names(question)
                if self.comment_question
                else not (answer["row_id"] or answer["choice_id"])
            )
        )
        return "\n".join(filter(None, texts))

    def _resolved(self, questions: list[Node]) -> bool | None:
        for question in questions:
            if self.resolved_question and self.resolved_question in _names(question):
                for answer in question["answers"].items():
                    return _text(answer).flag()
        return None


def _matters(body: Node) -> bool:
    """Whether it is about a response. Raises Unreadable if it doesn't say what it is about."""
    if not body["event_type"]:
        raise body["event_type"].wrong("an event's name")
    return body["event_type"].word() in _EVENTS


def _names(question: Node) -> set[str]:
    return {question[name].text() for name in ("id", "variable_id", "heading")} - {""}


def _text(answer: Node) -> Node:
    """What the respondent chose or wrote."""
    return answer["simple_text"] or answer["text"]
