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

from bridge.domain.model import Answer, AnyEvent, ConfigError, Contact, Party, Rated, Unreadable
from connectors import Incoming, Response
from connectors.reading import Node, decode, fingerprint, only_post, subject
from connectors.scores import RANGES, Score, normalise
from connectors.signing import check_signature, header

_NPS = frozenset({"promoter", "passive", "detractor"})


@dataclass(frozen=True, kw_only=True)
class Survicate:
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
    ticket_field: str = "ticket_id"
    name_field: str = "name"
    email_field: str = "email"
    phone_field: str = "phone"
    scale: str = "csat"
    low: float | None = None
    high: float | None = None
    words: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ConfigError for a scale that could never work."""
        if self.scale not in RANGES:
            raise ConfigError(f"scale: unknown; there are {', '.join(RANGES)}")
        if self.low is not None and self.low == self.high:
            raise ConfigError("high: must differ from low")
        for word, worth in self.words.items():
            if not 0 <= worth <= 1:
                raise ConfigError(f"words.{word}: must be from 0 (worst) to 1 (best)")

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
        question = given["question"]
        names = {question["id"].text(), question["body"].text()} - {""}
        score, raw, scale = self._score(given["choice"], names)
        words = self._words(given, names)
        resolved = (
            (given["choice"]["body"] or given["text"]).flag() if self._is_resolved(names) else None
        )
        if score.score is None and not words and resolved is None:
            return
        known, form = given["respondent"]["attributes"], given["fields"]
        full = f"{form['firstName'].text()} {form['lastName'].text()}".strip()
        yield Rated(
            id=f"{self.name}:{self.identify(incoming)}",
            subject=subject(self.name, self.desk, _attribute(known, self.ticket_field).id(), key),
            at=given["timestamp"].time() or incoming.received_at,
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
                    name=full or _attribute(known, self.name_field).text(),
                    email=form["email"].text() or _attribute(known, self.email_field).text(),
                    phone=form["phone"].text() or _attribute(known, self.phone_field).text(),
                ),
            ),
        )

    def _score(self, choice: Node, names: set[str]) -> tuple[Score, str, str]:
        if not choice or self._is_resolved(names) or self._is_other(self.score_question, names):
            return Score(None), "", ""
        body = choice["body"]
        if body.word() in _NPS:
            return normalise(choice["id"].value, scale="nps"), choice["id"].text(), "nps"
        try:
            score = normalise(
                body.text(), scale=self.scale, low=self.low, high=self.high, words=self.words
            )
        except Unreadable as error:
            hint = "" if self.score_question else "; set score_question if this question is none"
            raise Unreadable(f"{body.path}: {error}{hint}") from None
        return score, body.text(), self.scale

    def _words(self, given: Node, names: set[str]) -> str:
        if self._is_resolved(names) or self._is_other(self.comment_question, names):
            return given["choice"]["comment"].text()
        texts = (given["choice"]["comment"], given["text"], given["fields"]["comment"])
        return "\n".join(filter(None, (text.text() for text in texts)))

    def _is_resolved(self, names: set[str]) -> bool:
        return self.resolved_question in names

    def _is_other(self, chosen: str, names: set[str]) -> bool:
        """Whether another question than this one was chosen."""
        return bool(chosen) and chosen not in names


def _attribute(attributes: Node, name: str) -> Node:
    """What the respondent is known by under this name, whichever shape the attributes have; no attributes are []."""
    if not isinstance(attributes.value, list):
        return attributes[name]
    for one in attributes.items():
        if one["name"].text() == name:
            return one["value"]
    return Node(None, f"{attributes.path}.{name}", found=False)
