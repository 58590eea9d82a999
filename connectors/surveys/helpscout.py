"""Help Scout: satisfaction ratings of conversations, one delivery for each time a customer rates.

Signed by base64 HMAC-SHA1 of the raw body in `X-HelpScout-Signature`, keyed with the webhook's secret
(https://developer.helpscout.com/webhooks/, "Verifying", which shows it in PHP; so does the vendor's own PHP library).
The body is the rating itself, https://developer.helpscout.com/webhooks/objects/rating/; the event's name stands in the
header `X-HelpScout-Event` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from bridge.domain.model import AnyEvent, Contact, Seen
from connectors import Incoming, Response
from connectors.answers import Grade, Said, first_value, full_name, rated
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.scores import normalise
from connectors.signing import check_signature, header

# The webhook's page has Great, Okay and Bad; the API's calls the last not_good, and knows unknown
# (https://developer.helpscout.com/mailbox-api/endpoints/ratings/get/).
_WORDS: Mapping[str, float] = MappingProxyType({"not_good": 0.0, "not good": 0.0})

_EVENT = "x-helpscout-event"


@dataclass(frozen=True, kw_only=True)
class HelpScout:
    """A Help Scout account.

    A conversation of Help Scout is no ticket of a desk here: with a `desk`, the answer goes to the customer's newest
    ticket there; without one it is a case of its own, named after the conversation.
    """

    kind: ClassVar[str] = "helpscout"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = (_EVENT,)
    setup: ClassVar[str] = """\
1. In Help Scout: Manage > Apps > Webhooks > Install app.
2. Callback URL: {url}
   Secret key: {secret}; the variable {variable} must hold the same.
3. Events: Ratings > Rating Received, and nothing else. Payload: V2.
4. Turn ratings on for the inbox (Manage > Inbox > Satisfaction ratings), and rate a conversation of your own.
"""

    name: str
    desk: str = ""

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the webhook's secrets proves the body. Nothing tells when it was sent."""
        given = header(incoming, "X-HelpScout-Signature")
        check_signature(given, incoming.body, secrets, algorithm="sha1", encoding="base64")

    def identify(self, incoming: Incoming) -> str:
        """A digest of the body: no id of a delivery is documented, and a changed rating keeps its own."""
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """Help Scout doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The rating; nothing for other events and for a rating without a verdict and words."""
        if incoming.headers.get(_EVENT, "satisfaction.ratings") != "satisfaction.ratings":
            return
        body = decode(incoming.body).members()
        key = body["id"].id(need=True)
        given = body["rating"]
        verdict = None if given.word() == "unknown" else given.text()
        said = Said(
            grade=Grade(normalise(verdict, scale="words", words=_WORDS), given.text(), "words"),
            words=body["comments"].text() or body["comment"].text(),
        )
        if not said:
            if given or body["comments"].found:
                return
            raise given.wrong("Great, Okay or Bad")
        yield rated(
            self,
            said,
            event=f"{key}:{fingerprint([said.grade.score.score, said.words])}",
            answer=key,
            at=body["modifiedAt"].time() or body["createdAt"].time() or incoming.received_at,
            actor=body["customer"]["id"].id(),
            contact=_contact(body["customer"]),
            seen=self._seen(body),
        )

    def _seen(self, body: Node) -> Seen | None:
        """The conversation's number as a title, unless the answer is to be joined to a desk's ticket."""
        number = body["conversationNumber"].id()
        name = f"#{number}" if number else body["ticketId"].id() or body["conversationId"].id()
        return Seen(title=f"Help Scout conversation {name}") if name and not self.desk else None


def _contact(customer: Node) -> Contact:
    """The webhook lists e-mail addresses, the API gives one; phone numbers are unconfirmed."""
    return Contact(
        name=full_name(customer["firstName"], customer["lastName"]),
        email=first_value(customer["emails"]) or customer["email"].text(),
        phone=first_value(customer["phones"]) or customer["phone"].text(),
    )
