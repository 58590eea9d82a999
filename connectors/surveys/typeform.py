"""Typeform: a form's answers, one delivery for each response.

Signed by base64 HMAC-SHA256 of the raw body in `Typeform-Signature: sha256=…`, if the webhook has a secret
(https://www.typeform.com/developers/webhooks/secure-your-webhooks/). Payload:
https://www.typeform.com/developers/webhooks/example-payload/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec import Struct

from bridge.domain.model import AnyEvent, Contact, Unreadable
from connectors import Incoming, Response
from connectors.answers import Grade, Linked, Said, grade, rated, written
from connectors.reading import Node, decode, only_post
from connectors.signing import check_signature, header

# Question types that are scores, and what their numbers mean where neither the settings nor the form's
# definition says so. A rating has 5 steps and an opinion scale 11 from 0 unless set otherwise (unconfirmed for
# forms whose definition leaves it out).
_SCALES: dict[str, tuple[str, float, float]] = {
    "nps": ("nps", 0, 10),
    "rating": ("stars", 1, 5),
    "opinion_scale": ("number", 0, 10),
}


class _Reply(Struct, frozen=True, kw_only=True):
    """One answered question. `type` is the question's type, or the answer's where the question is unknown."""

    type: str
    names: tuple[str, ...]  # id and ref of the question
    value: Node
    properties: Node


@dataclass(frozen=True, kw_only=True)
class Typeform(Linked):
    """One or more forms that call one webhook address.

    `score_field`, `comment_field` and `resolved_field` are the id or ref of a question; without the first two, the
    first question of the types NPS, rating and opinion scale is the score, and all long texts are the comment.
    `ticket_field`, `name_field`, `email_field` and `phone_field` name hidden fields of the form. `scale_low` and
    `scale_high` are the worst and the best number and win over the form's own definition.
    """

    kind: ClassVar[str] = "typeform"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. In Typeform, open the form: Connect > Webhooks > Add a webhook.
2. Endpoint: {url}
3. Edit the webhook: turn on "Secret" and paste {secret}; the variable {variable} must hold the same.
4. Logic > Personalize > Hidden fields: add ticket_id, name and email, and fill them in the link you send:
   https://acme.typeform.com/to/FORM#ticket_id=4711&email=ada@example.com
5. Turn the webhook on and send a test request.
"""

    name: str
    desk: str = ""
    score_field: str = ""
    comment_field: str = ""
    resolved_field: str = ""
    scale_low: float | None = None
    scale_high: float | None = None

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the webhook's secrets proves the body. Nothing tells when it was sent."""
        given = header(incoming, "Typeform-Signature")
        check_signature(given, incoming.body, secrets, encoding="base64", prefix="sha256=")

    def identify(self, incoming: Incoming) -> str:
        """The event's id; the response's token where there is none."""
        body = decode(incoming.body).members()
        return body["event_id"].id() or body["form_response"]["token"].id(need=True)

    def answer(self, incoming: Incoming) -> Response | None:
        """Typeform doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer; nothing if the customer left all of the questions open that matter here."""
        body = decode(incoming.body).members()
        response = body["form_response"].members()
        token = response["token"].id(need=True)
        questions = _questions(response["definition"])
        replies = [_reply(node, questions) for node in response["answers"].items()]
        said = Said(
            grade=self._score(replies), words=self._words(replies), resolved=self._resolved(replies)
        )
        if not said:
            if self._asked(questions):
                return
            raise Unreadable(
                "form_response.answers: the form has no score and no long text; set score_field or comment_field"
            )
        hidden = response["hidden"]
        yield rated(
            self,
            said,
            event=body["event_id"].id() or token,
            answer=token,
            ticket=hidden[self.ticket_field].id(),
            at=response["submitted_at"].time() or incoming.received_at,
            contact=Contact(
                name=hidden[self.name_field].text(),
                email=_typed(replies, "email") or hidden[self.email_field].text(),
                phone=_typed(replies, "phone_number") or hidden[self.phone_field].text(),
            ),
        )

    def _score(self, replies: list[_Reply]) -> Grade:
        for reply in replies:
            if self.score_field in reply.names if self.score_field else reply.type in _SCALES:
                scale, low, high = self._range(reply)
                return grade(reply.value.value, scale=scale, low=low, high=high)
        return Grade()

    def _range(self, reply: _Reply) -> tuple[str, float | None, float | None]:
        """The scale's name, worst and best number: by the settings, else the definition, else the type."""
        if reply.type not in _SCALES:
            return "words", self.scale_low, self.scale_high
        scale, low, high = _SCALES[reply.type]
        if reply.type == "opinion_scale" and reply.properties["start_at_one"].flag():
            low = 1
        if reply.type != "nps" and (steps := reply.properties["steps"].number()):
            high = low + steps - 1
        return (
            scale,
            low if self.scale_low is None else self.scale_low,
            high if self.scale_high is None else self.scale_high,
        )

    def _words(self, replies: list[_Reply]) -> str:
        return written(
            reply.value
            for reply in replies
            if (
                self.comment_field in reply.names
                if self.comment_field
                else reply.type == "long_text"
            )
        )

    def _resolved(self, replies: list[_Reply]) -> bool | None:
        for reply in replies:
            if self.resolved_field and self.resolved_field in reply.names:
                return reply.value.flag()
        return None

    def _asked(self, questions: dict[str, Node]) -> bool:
        """Whether the form has a question that matters here at all."""
        named = {self.score_field, self.comment_field, self.resolved_field} - {""}
        types = {question["type"].word() for question in questions.values()}
        return bool(named & questions.keys() or types & {*_SCALES, "long_text"})


def _questions(definition: Node) -> dict[str, Node]:
    """The form's questions by id and by ref, those in groups too."""
    found: dict[str, Node] = {}
    waiting = list(definition["fields"].items())
    while waiting:
        question = waiting.pop(0).members()
        waiting += question["properties"]["fields"].items()
        for name in filter(None, (question["id"].id(), question["ref"].id())):
            found.setdefault(name, question)
    return found


def _reply(answer: Node, questions: dict[str, Node]) -> _Reply:
    """An answer and its question, which may be missing from the answer, from the definition, or be called otherwise."""
    field = answer["field"]
    names = tuple(filter(None, (field["id"].id(), field["ref"].id())))
    known = next((questions[name] for name in names if name in questions), None)
    kind = answer["type"].word()
    question = field["type"].word() or (known["type"].word() if known else "") or kind
    return _Reply(
        type=question,
        names=(*names, *((known["id"].id(), known["ref"].id()) if known else ())),
        value=_value(answer, kind),
        properties=known["properties"] if known else Node(None, "properties", found=False),
    )


def _value(answer: Node, kind: str) -> Node:
    """The value stands under the name of the answer's type; of a choice, the label counts."""
    value = answer[kind] if kind else Node(None, f"{answer.path}.type", found=False)
    if kind == "choice":
        return value["label"] or value["other"]
    if kind == "choices":
        return Node("\n".join(label.text() for label in value["labels"].items()), value.path)
    return value


def _typed(replies: list[_Reply], kind: str) -> str:
    return next((reply.value.text() for reply in replies if reply.type == kind and reply.value), "")
