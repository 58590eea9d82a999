"""Simplesat: a response with one or more answers, each with a choice, a sentiment and a comment.

Nothing is signed: the secret comes in a header, or as the password in the address. Names of the fields as the API
has them (https://documenter.getpostman.com/view/457268/UVRDGRZ2,
https://fivetran.com/docs/connectors/applications/simplesat/connector-schema); sentiments:
https://help.simplesat.io/en/articles/2776668-primary-questions-explained.

Unconfirmed: whether a webhook wraps the response, brings one answer or all, and can send a header. So a response, a
single answer, and either within `response`, `answer`, `data` or `payload` are read alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.model import AnyEvent, Contact, Unreadable
from connectors import Incoming, Response
from connectors.answers import Grade, Said, Scaled, names, rated
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.scores import RANGES
from connectors.signing import check_given

_WRAPPERS = ("payload", "data")
_ANSWERED = ("choice", "choice_label", "sentiment")
_LOWEST_POSITIVE = 0.5  # what is called positive is above it: 4 of 5, 9 of 10
_HIGHEST_NEGATIVE = 0.6  # what is called negative isn't: 2 of 5, 6 of 10


@dataclass(frozen=True, kw_only=True)
class Simplesat(Scaled):
    """One account.

    `score_question` and `resolved_question` are the id, the metric or the words of a question; without the first, the
    first answer with a choice or a sentiment is the score. `scale`, `low` and `high` say what a number means where the
    question's metric doesn't.
    """

    kind: ClassVar[str] = "simplesat"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. In Simplesat, Admin > Integrations > Webhooks: add a webhook for new and changed responses.
2. Address: {url}
3. If headers can be given, add X-Bridge-Secret (or what `header` says in [sources.{name}]) with the value {secret};
   else put it into the address, before the host: https://bridge:SECRET@alerts.example.com/hooks/{name}
   The variable {variable} must hold the same.
4. Connect the helpdesk in Simplesat, so that responses name their ticket.
5. Answer a survey yourself, then look: bridge inbox list
"""

    name: str
    desk: str = ""
    header: str = "X-Bridge-Secret"
    score_question: str = ""
    resolved_question: str = ""

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless the secret is given."""
        check_given(incoming, self.header, secrets)

    def identify(self, incoming: Incoming) -> str:
        """A digest of the body: no delivery's id is known."""
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """Simplesat doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The response as it is now; nothing if it holds no score and no words."""
        response, answers = _opened(decode(incoming.body).members())
        key = (answers[0]["response_id"] or response["id"]).id(need=True)
        said = Said(
            grade=self._score(answers), words=_words(answers), resolved=self._resolved(answers)
        )
        if not said:
            return
        customer, ticket = response["customer"], response["ticket"]
        changed = response["modified"] or response["created"]
        yield rated(
            self,
            said,
            event=f"{key}:{fingerprint(incoming.body)}",
            answer=key,
            ticket=ticket["external_id"].id(),
            at=changed.time() or incoming.received_at,
            contact=Contact(name=customer["name"].text(), email=customer["email"].text()),
        )

    def _score(self, answers: list[Node]) -> Grade:
        for answer in answers:
            known = _names(answer)
            if self.resolved_question in known:
                continue
            if self.score_question in known or (
                not self.score_question and any(answer[part] for part in _ANSWERED)
            ):
                return self._ranked(answer)
        return Grade()

    def _ranked(self, answer: Node) -> Grade:
        """The choice on its scale, else its label, else the sentiment.

        Raises Unreadable where choice and sentiment contradict each other: then the scale is another one.
        """
        metric = answer["question"]["metric"].word()
        scale = metric if metric in RANGES else self.scale
        given = [answer[part] for part in _ANSWERED if answer[part]]
        for part in given:
            try:
                found = self.grade(part.value, scale=scale, where=part.path)
            except Unreadable:
                if part is given[-1]:
                    raise
                continue
            _agree(found.score.score, answer["sentiment"].word(), part)
            return found._replace(raw=(answer["choice_label"] or part).text())
        return Grade()

    def _resolved(self, answers: list[Node]) -> bool | None:
        for answer in answers if self.resolved_question else ():
            if self.resolved_question in _names(answer):
                return (answer["choice_label"] or answer["choice"]).flag()
        return None


def _opened(body: Node) -> tuple[Node, list[Node]]:
    """The response, and its answers. Raises Unreadable if there are none."""
    for wrapper in _WRAPPERS:
        body = _within(body, wrapper)
    response = _within(body, "response")
    answers = [answer.members() for answer in response["answers"].items()]
    single = _within(body, "answer")
    if not answers and any(single[part].found for part in (*_ANSWERED, "comment")):
        answers = [single]
    if not answers:
        raise response["answers"].wrong("a list of answers")
    return response, answers


def _within(body: Node, name: str) -> Node:
    """The member of that name if it is an object, else the body itself."""
    return body[name] if isinstance(body[name].value, dict) else body


def _names(answer: Node) -> set[str]:
    return names(answer["question"], "id", "metric", "text") | names(answer, "question_id")


def _words(answers: list[Node]) -> str:
    """What was written, each text once."""
    parts = (answer[part].text() for answer in answers for part in ("comment", "follow_up_answer"))
    return "\n".join(dict.fromkeys(filter(None, parts)))


def _agree(score: float | None, sentiment: str, given: Node) -> None:
    if score is not None and (
        (sentiment == "positive" and score <= _LOWEST_POSITIVE)
        or (sentiment == "negative" and score > _HIGHEST_NEGATIVE)
    ):
        raise Unreadable(f"{given.path}: contradicts the sentiment; set scale, low and high")
