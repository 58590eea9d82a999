"""Amazon Connect: a survey in a contact flow, sent to us by a Lambda function at its end.

The function posts the event that Connect calls it with, as it is: `Details.ContactData.Attributes` holds what the
flow has set, as text (https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html).
EventBridge's "Amazon Connect Contact Event" is taken too, and says nothing: it has no attributes
(https://docs.aws.amazon.com/connect/latest/adminguide/contact-events.html). AWS signs neither: the sender adds a header
with our secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.model import AnyEvent, ConfigError, Contact
from connectors import Incoming, Response
from connectors.answers import Said, Scaled, rated
from connectors.calls.caller import phone
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.signing import check_given

# What "Store customer input" leaves in an attribute where nothing was pressed (unconfirmed).
_NO_INPUT = frozenset({"timeout", "error", "nomatch", "noinput"})


@dataclass(frozen=True, kw_only=True)
class Connect(Scaled):
    """One contact flow with a survey.

    `…_attribute` name the contact attributes, or parameters of the function, that hold the parts of the answer.
    `scale`, `low` and `high` say what the score means; `yes` and `no` are the keys for a solved and an unsolved
    problem, beside the words yes and no. `header` is the header with the secret.

    A survey after a transfer is a contact of its own, so that an answer is known by the call's first contact.
    """

    kind: ClassVar[str] = "connect"
    signed: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. Amazon Connect > Flows > your survey: after each question, Set contact attributes (User defined):
   survey_score, survey_resolved (1 yes, 2 no), survey_comment, survey_recording (a link), ticket.
2. AWS Lambda > Create function. It posts the event it is called with, as JSON, to
   {url}
   with the header X-Bridge-Secret: {secret}
   The variable {variable} must hold the same. docs/setup-calls.md has the function's code.
3. Amazon Connect > your instance > Flows > AWS Lambda: add the function.
4. At the end of the flow, and where the customer hangs up: Invoke AWS Lambda function.
5. Call, press 1, and look: bridge inbox list
"""

    name: str
    desk: str = ""
    header: str = "X-Bridge-Secret"
    score_attribute: str = "survey_score"
    resolved_attribute: str = "survey_resolved"
    comment_attribute: str = "survey_comment"
    recording_attribute: str = "survey_recording"
    ticket_attribute: str = "ticket"
    yes: str = "1"
    no: str = "2"

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work."""
        super().__post_init__()
        if self.yes == self.no:
            raise ConfigError("no: must differ from yes")

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the secrets came in the header."""
        check_given(incoming, self.header, secrets)

    def identify(self, incoming: Incoming) -> str:
        """The id of an event of EventBridge; of the function's, the contact and a digest of what was sent."""
        body = decode(incoming.body).members()
        contact = body["Details"]["ContactData"]["ContactId"].id()
        return body["id"].id() or f"{contact or 'contact'}:{fingerprint(body.value)}"

    def answer(self, incoming: Incoming) -> Response | None:
        """There is nothing to probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer as far as the flow has come; nothing for a contact event, or if nothing was pressed."""
        body = decode(incoming.body).members()
        if "Details" not in body.value and _is_contact_event(body):
            return
        details = body["Details"].members()
        contact = details["ContactData"].members()
        call = contact["InitialContactId"].id() or contact["ContactId"].id(need=True)
        places = (details["Parameters"], contact["Attributes"])
        score_node = _attribute(self.score_attribute, places)
        comment = _attribute(self.comment_attribute, places)
        resolved_node = _attribute(self.resolved_attribute, places)
        if not (score_node.found or comment.found or resolved_node.found):
            raise score_node.wrong("a score, a comment or whether it is resolved")
        said = Said(
            grade=self.grade(_input(score_node)),
            words=comment.text(),
            resolved=self._resolved(resolved_node),
        )
        if not said:
            return
        recording = _attribute(self.recording_attribute, places).link()
        given = fingerprint([said.grade.raw, said.words, said.resolved, recording])
        yield rated(
            self,
            said,
            event=f"{contact['ContactId'].id() or call}:{given}",
            answer=call,
            ticket=_attribute(self.ticket_attribute, places).id(),
            at=incoming.received_at,
            contact=_customer(contact["CustomerEndpoint"]),
            recording=recording,
        )

    def _resolved(self, node: Node) -> bool | None:
        pressed = _input(node)
        if pressed in (self.yes, self.no):
            return pressed == self.yes
        return Node(pressed or None, node.path).flag()


def _is_contact_event(body: Node) -> bool:
    """Whether this is EventBridge's, in its envelope or unwrapped."""
    return body["source"].value == "aws.connect" or bool(body["eventType"] and body["contactId"])


def _attribute(name: str, places: Sequence[Node]) -> Node:
    """The attribute from the first place that has it; an empty name means none."""
    found = [place[name] for place in places]
    return next((node for node in found if node), found[-1])


def _input(node: Node) -> str:
    """What the customer pressed; "" where nothing was."""
    text = node.text()
    return "" if text.lower() in _NO_INPUT else text


def _customer(endpoint: Node) -> Contact:
    """How to reach the customer: by phone, or by mail where the contact came by mail."""
    address = endpoint["Address"].text()
    return Contact(email=address) if "@" in address else Contact(phone=phone(address))
