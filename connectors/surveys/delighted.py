"""Delighted: one question with a score, and a comment that often comes minutes later.

Signed by hex HMAC-SHA256 of the raw body under the private API key in `X-Delighted-Webhook-Signature: sha256=…`.
Payload and event types: https://app.delighted.com/docs/api/webhooks. A response is told again whenever its score or
comment changes, under an event_id of its own. Scales: https://help.delighted.com/article/530-survey-types-overview.

Unconfirmed: how `survey_type` spells the types besides nps, that thumbs are 0 and 1, and that the service goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.model import AnyEvent, Contact
from connectors import Incoming, Response
from connectors.answers import Said, grade, names, rated
from connectors.reading import Node, decode, only_post
from connectors.scores import check_scale
from connectors.signing import check_signature, header

# How a survey type begins, the scale it is, its worst and its best score. A figure in the type's name is the best.
_SCALES: dict[str, tuple[str, float, float]] = {
    "nps": ("nps", 0, 10),
    "enps": ("nps", 0, 10),
    "csat": ("csat", 1, 5),
    "ces": ("ces", 1, 7),
    "star": ("stars", 1, 5),
    "smiley": ("number", 1, 5),
    "thumb": ("thumbs", 0, 1),
}


@dataclass(frozen=True, kw_only=True)
class Delighted:
    """One project. `ticket_field` is the property of a person with the ticket's number.

    `low` and `high` are the worst and the best score and win over the survey's type. `resolved_question` is the id or
    the words of an additional question, whether the problem is resolved.
    """

    kind: ClassVar[str] = "delighted"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. In Delighted, where surveys are sent from (the API, an integration, Autopilot), add the property ticket_id to each
   person.
2. Integrations > API: copy the private API key. Set the variable {variable} to it.
3. Integrations > Webhooks: add {url}
   for the events survey_response.created and survey_response.updated.
"""

    name: str
    desk: str = ""
    ticket_field: str = "ticket_id"
    resolved_question: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for a scale that could never work."""
        check_scale("number", self.low, self.high)

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless the API key proves the body. Nothing tells when it was sent."""
        given = header(incoming, "X-Delighted-Webhook-Signature")
        check_signature(given, incoming.body, secrets, prefix="sha256=")

    def identify(self, incoming: Incoming) -> str:
        """The event's id."""
        return decode(incoming.body).members()["event_id"].id(need=True)

    def answer(self, incoming: Incoming) -> Response | None:
        """Delighted doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer as it is now; nothing for events of other kinds, and for one without a score and a comment."""
        body = decode(incoming.body).members()
        if not body["event_type"]:
            raise body["event_type"].wrong("an event's name")
        if not body["event_type"].word().startswith("survey_response."):
            return
        data = body["event_data"].members()
        key = data["id"].id(need=True)
        scale, low, high = self._scale(data)
        said = Said(
            grade=grade(data["score"].value, scale=scale, low=low, high=high),
            words=data["comment"].text(),
            resolved=self._resolved(data),
        )
        if not said:
            return
        person = data["person"]
        yield rated(
            self,
            said,
            event=body["event_id"].id(need=True),
            answer=key,
            ticket=data["person_properties"][self.ticket_field].id(),
            at=data["updated_at"].time() or data["created_at"].time() or incoming.received_at,
            contact=Contact(
                name=person["name"].text(),
                email=person["email"].text(),
                phone=person["phone_number"].text(),
            ),
        )

    def _scale(self, data: Node) -> tuple[str, float | None, float | None]:
        """The scale's name, worst and best score. Raises Unreadable for a type nobody knows, unless both are set."""
        given = data["survey_type"]
        word = given.word() or "nps"  # webhooks of the time when there was no other type
        name, figures = re.sub("[^a-z]", "", word), re.findall("[0-9]+", word)
        found = next((scale for start, scale in _SCALES.items() if name.startswith(start)), None)
        if found is None:
            if data["score"] and (self.low is None or self.high is None):
                raise given.wrong("a survey type with a scale of its own, or low and high set")
            return "number", self.low, self.high
        kind, low, high = found
        if figures and kind != "nps":
            high = float(figures[0][:2])
        return (
            kind,
            low if self.low is None else self.low,
            high if self.high is None else self.high,
        )

    def _resolved(self, data: Node) -> bool | None:
        for answer in data["additional_answers"].items() if self.resolved_question else ():
            if self.resolved_question in names(answer["question"], "id", "text"):
                value = answer["value"]
                return (value["select_one"]["text"] or value["free_response"]).flag()
        return None
