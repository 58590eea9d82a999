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

from bridge.domain.model import AnyEvent, Contact
from connectors import Incoming, Response
from connectors.answers import Grade, Linked, Said, Scaled, full_name, names, rated, written
from connectors.fetching import fetch, part
from connectors.reading import Node, decode, fingerprint
from connectors.signing import check_signature, header

_EVENTS = frozenset({"response_created", "response_completed", "response_updated"})
_NPS_WEIGHTS = frozenset({-100, 0, 100})
_LEADING = re.compile(r"(10|[0-9])(?![0-9.,])")

_Reply = tuple[Node, Node]  # a question and an answer to it


@dataclass(frozen=True, kw_only=True)
class SurveyMonkey(Scaled, Linked):
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
    scale: str = "stars"
    base_url: str = "https://api.surveymonkey.com"

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
        replies = [
            (question, answer)
            for page in response["pages"].items()
            for question in page["questions"].items()
            for answer in question.members()["answers"].items()
        ]
        said = Said(
            grade=self._score(replies), words=self._words(replies), resolved=self._resolved(replies)
        )
        if not said:
            return
        own = response["custom_variables"]
        full = full_name(response["first_name"], response["last_name"])
        yield rated(
            self,
            said,
            event=f"{key}:{fingerprint(response.value)}",
            answer=key,
            ticket=own[self.ticket_field].id(),
            at=(response["date_modified"] or body["event_datetime"]).time() or incoming.received_at,
            contact=Contact(
                name=full or own[self.name_field].text(),
                email=response["email_address"].text() or own[self.email_field].text(),
                phone=own[self.phone_field].text(),
            ),
        )

    def _score(self, replies: list[_Reply]) -> Grade:
        for question, answer in replies:
            if self.score_question and self.score_question not in _names(question):
                continue
            weight, text = answer["choice_metadata"]["weight"], _text(answer)
            if weight or (self.score_question and text):
                return self._ranked(weight, text)
        return Grade()

    def _ranked(self, weight: Node, text: Node) -> Grade:
        """A choice by its weight; of NPS, by the number that its text begins with; without a weight, by its text."""
        leading = _LEADING.match(text.text())
        if leading and (self.scale == "nps" or weight.number() in _NPS_WEIGHTS):
            return self.grade(leading[0], scale="nps")
        given = weight or text
        return self.grade(given.value, where=given.path)

    def _words(self, replies: list[_Reply]) -> str:
        return written(
            answer["text"]
            for question, answer in replies
            if (
                self.comment_question in _names(question)
                if self.comment_question
                else not (answer["row_id"] or answer["choice_id"])
            )
        )

    def _resolved(self, replies: list[_Reply]) -> bool | None:
        for question, answer in replies if self.resolved_question else ():
            if self.resolved_question in _names(question):
                return _text(answer).flag()
        return None


def _matters(body: Node) -> bool:
    """Whether it is about a response. Raises Unreadable if it doesn't say what it is about."""
    if not body["event_type"]:
        raise body["event_type"].wrong("an event's name")
    return body["event_type"].word() in _EVENTS


def _names(question: Node) -> set[str]:
    return names(question, "id", "variable_id", "heading")


def _text(answer: Node) -> Node:
    """What the respondent chose or wrote."""
    return answer["simple_text"] or answer["text"]
