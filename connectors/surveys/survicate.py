"""Survicate: one webhook for each answered question; the parts of one response become one answer.

Signed by hex HMAC-SHA256 of the raw body under the workspace's signing secret in `Hmac`
(https://developers.survicate.com/webhooks/security/). Payload: https://developers.survicate.com/webhooks/events/
and https://developers.survicate.com/webhooks/answer-types/: of NPS, the choice's id is the number.

Unconfirmed: the shape of `respondent.attributes` when there are some (an object by name, or a list of name and value).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from bridge.domain.model import AnyEvent, Contact, Unreadable
from connectors import Incoming, Response
from connectors.answers import Grade, Linked, Said, Scaled, full_name, grade, names, rated, written
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.scores import check_scale
from connectors.signing import check_signature, header

_NPS = frozenset({"promoter", "passive", "detractor"})


@dataclass(frozen=True, kw_only=True)
class Survicate(Scaled, Linked):
    """One or more surveys of a workspace.

    `score_question`, `comment_question` and `resolved_question` are the id or the words of a question. Without the
    first, every choice is taken for a score; without the second, every text for the comment. `ticket_field`,
    `name_field`, `email_field` and `phone_field` are attributes of the respondent. `scale`, `low` and `high` say what
    a number means, `words` what a word is worth (0..1).
    """

    kind: ClassVar[str] = "survicate"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. In Survicate, Settings > Integrations > Webhooks: copy the signing secret. Set the variable {variable} to it.
2. Open the survey: Connect > Webhooks. Endpoint: {url}
   Send on each response ("question answered").
3. In the link to the survey, or in the tracking code, give the attributes ticket_id, name and email:
   https://survey.survicate.com/SURVEY?ticket_id=4711&email=ada@example.com
4. Answer the survey yourself, then look: bridge inbox list
"""

    name: str
    desk: str = ""
    score_question: str = ""
    comment_question: str = ""
    resolved_question: str = ""
    words: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ConfigError for a scale that could never work."""
        check_scale(self.scale, self.low, self.high, self.words)

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless the signing secret proves the body. Nothing tells when it was sent."""
        check_signature(header(incoming, "Hmac"), incoming.body, secrets)

    def identify(self, incoming: Incoming) -> str:
        """The message's id, and a digest of what it says: the number of tries beside it changes with each."""
        body = decode(incoming.body).members()
        return f"{body['messageId'].id(need=True)}:{fingerprint(body['event'].value)}"

    def answer(self, incoming: Incoming) -> Response | None:
        """Survicate doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """What this question adds to the answer; nothing for other events, and for questions that don't matter."""
        event = decode(incoming.body).members()["event"].members()
        if event.value and not event["questionAnswered"].found:
            return
        given = event["questionAnswered"].members()
        key = given["responseUuid"].id(need=True)
        said = self._said(given, names(given["question"], "id", "body"))
        if not said:
            return
        known, form = given["respondent"]["attributes"], given["fields"]
        full = full_name(form["firstName"], form["lastName"])
        yield rated(
            self,
            said,
            event=self.identify(incoming),
            answer=key,
            ticket=_attribute(known, self.ticket_field).id(),
            at=given["timestamp"].time() or incoming.received_at,
            contact=Contact(
                name=full or _attribute(known, self.name_field).text(),
                email=form["email"].text() or _attribute(known, self.email_field).text(),
                phone=form["phone"].text() or _attribute(known, self.phone_field).text(),
            ),
        )

    def _said(self, given: Node, question: set[str]) -> Said:
        """What is said to the question of these names. The comment on a choice is the customer's words anywhere."""
        choice = given["choice"]
        if self.resolved_question in question:
            solved = (choice["body"] or given["text"]).flag()
            return Said(words=choice["comment"].text(), resolved=solved)
        texts = [choice["comment"]]
        if not self.comment_question or self.comment_question in question:
            texts += [given["text"], given["fields"]["comment"]]
        scored = choice and (not self.score_question or self.score_question in question)
        return Said(grade=self._grade(choice) if scored else Grade(), words=written(texts))

    def _grade(self, choice: Node) -> Grade:
        body = choice["body"]
        if body.word() in _NPS:
            return grade(choice["id"].value, scale="nps")
        try:
            return self.grade(body.value, words=self.words)
        except Unreadable as error:
            hint = "" if self.score_question else "; set score_question if this question is none"
            raise Unreadable(f"{body.path}: {error}{hint}") from None


def _attribute(attributes: Node, name: str) -> Node:
    """What the respondent is known by under this name, whichever shape the attributes have; no attributes are []."""
    if not isinstance(attributes.value, list):
        return attributes[name]
    for one in attributes.items():
        if one["name"].text() == name:
            return one["value"]
    return Node(None, f"{attributes.path}.{name}", found=False)
