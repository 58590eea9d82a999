"""Qualtrics: an event subscription tells of a completed response by its ids; the response comes from the API.

The form's fields are Topic, Status, SurveyID, ResponseID, CompletedDate and BrandID; a subscription with a `sharedKey`
has them as JSON in MSG, and in HMAC the hex HMAC-SHA512 of that text
(https://github.com/kyma-incubator/connector-tools, qualtrics-event-gw/pkg/hmac, tested there with a real event).
Subscriptions: https://developers.qodex.ai/qualtrics-public/event-subscriptions/eventsubscriptions/create-subscription-11.

Unconfirmed by Qualtrics itself, and one example in its community
(https://community.qualtrics.com/qualtrics-api-13/hmac-signatures-for-webhook-subscriptions-12167) does not bear it out,
so a secret in a header or in the address is taken too. Unconfirmed as well: that a response may be asked for before the
API has it; the names of a recipient's own fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from bridge.domain.model import AnyEvent, Contact, Forged, Unreadable
from connectors import Incoming, Response
from connectors.answers import Linked, Said, Scaled, full_name, rated, written
from connectors.fetching import fetch, part
from connectors.reading import Node, decode, decode_form, fingerprint, only_post
from connectors.signing import check_given, check_signature

_FORM = "application/x-www-form-urlencoded"
_TOPIC = "completedresponse"
_NOT_YET = timedelta(minutes=2)
_WRITTEN = re.compile(r"QID[0-9_]+_TEXT", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Qualtrics(Scaled, Linked):
    """Surveys of one brand.

    `score_field`, `comment_field` and `resolved_field` are fields of a response's values: QID1, QID2_TEXT, or embedded
    data. Without a `comment_field`, all that was written is the comment. `ticket_field`, `name_field`, `email_field`
    and `phone_field` are embedded data. `scale`, `low` and `high` say what the score's number means. `base_url` is the
    address of the account's data centre.
    """

    kind: ClassVar[str] = "qualtrics"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ()
    setup: ClassVar[str] = """\
1. In Qualtrics, Account Settings > Qualtrics IDs: copy the datacenter ID and set base_url in [sources.{name}] to
   https://DATACENTER.qualtrics.com; generate the API token and put it into the variable of `token`.
2. In the survey flow, add the embedded data ticket_id, name and email, filled from the link.
3. As a brand administrator, subscribe. The variable {variable} must hold the shared key:
   curl https://DATACENTER.qualtrics.com/API/v3/eventsubscriptions -H "X-API-TOKEN: TOKEN" \\
     -H "Content-Type: application/json" -d '{{"topics": "surveyengine.completedResponse.SURVEY_ID",
     "publicationUrl": "{url}", "encrypt": false, "sharedKey": "{secret}"}}'
4. Answer the survey yourself, then look: bridge inbox list. If it is refused (the log says so), subscribe without
   sharedKey and with the secret in the address: https://bridge:SECRET@alerts.example.com/hooks/{name}
"""

    name: str
    desk: str = ""
    header: str = "X-Bridge-Secret"
    score_field: str = "QID1"
    comment_field: str = ""
    resolved_field: str = ""
    base_url: str = "https://iad1.qualtrics.com"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless the secret is given in a header, or the shared key proves MSG."""
        if incoming.headers.get(self.header.lower()) or incoming.headers.get("authorization"):
            check_given(incoming, self.header, secrets)
            return
        form = _form(incoming)
        if not form.get("HMAC") or not form.get("MSG"):
            raise Forged("there is neither a secret in a header nor HMAC and MSG in the form")
        check_signature(form["HMAC"], form["MSG"].encode(), secrets, algorithm="sha512")

    def identify(self, incoming: Incoming) -> str:
        """The response's id and when it was completed."""
        told = _told(incoming)
        return f"{told['ResponseID'].id(need=True)}:{told['CompletedDate'].id()}"

    def answer(self, incoming: Incoming) -> Response | None:
        """Qualtrics doesn't probe."""
        return only_post(incoming)

    def fetch(self, incoming: Incoming, token: str) -> bytes:
        """The response; nothing for an event that is about none. A response that is not there yet may come."""
        told = _told(incoming)
        if not _matters(incoming):
            return b""
        survey, response = part(told["SurveyID"]), part(told["ResponseID"])
        return fetch(
            f"{self.base_url.rstrip('/')}/API/v3/surveys/{survey}/responses/{response}",
            {"X-API-TOKEN": token, "Accept": "application/json"},
            token,
            who=self.name,
            missing=_NOT_YET,
        )

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answer; nothing if its questions were shown and left open."""
        told = _told(incoming)
        if not _matters(incoming):
            return
        key = told["ResponseID"].id(need=True)
        result = decode(incoming.fetched).members()["result"].members()
        values = result["values"].members()
        score = values[self.score_field]
        said = Said(
            grade=self.grade(score.value, where=score.path),
            words=self._words(values),
            resolved=self._resolved(result),
        )
        if not said:
            shown = {field.text() for field in result["displayedFields"].items()}
            if shown & {self.score_field, self.comment_field, self.resolved_field}:
                return
            raise score.wrong("a score; set score_field or comment_field")
        full = full_name(values["recipientFirstName"], values["recipientLastName"])
        yield rated(
            self,
            said,
            event=f"{key}:{fingerprint(values.value)}",
            answer=key,
            ticket=values[self.ticket_field].id(),
            at=(values["recordedDate"] or values["endDate"]).time() or incoming.received_at,
            contact=Contact(
                name=values[self.name_field].text() or full,
                email=values[self.email_field].text() or values["recipientEmail"].text(),
                phone=values[self.phone_field].text(),
            ),
        )

    def _words(self, values: Node) -> str:
        if self.comment_field:
            return values[self.comment_field].text()
        return written(values[key] for key in values.value if _WRITTEN.fullmatch(key))

    def _resolved(self, result: Node) -> bool | None:
        """By the choice's label, for its value is a number of its own: 1 is yes and 2 is no."""
        if not self.resolved_field:
            return None
        field = self.resolved_field
        return (result["labels"][field] or result["values"][field]).flag()


def _form(incoming: Incoming) -> dict[str, str]:
    """The fields of a body that is sent as a form. Raises Forged."""
    if _FORM not in incoming.headers.get("content-type", "").lower():
        raise Forged("neither is there a secret in a header, nor was a form sent")
    try:
        fields: dict[str, str] = decode_form(incoming.body).value
    except Unreadable:
        raise Forged("the body is no form") from None
    return fields


def _told(incoming: Incoming) -> Node:
    """What the event says: in MSG, which alone is proved, or in the form itself. Raises Unreadable."""
    form = decode_form(incoming.body)
    message = form["MSG"]
    return decode(message.text().encode()).members() if message else form


def _matters(incoming: Incoming) -> bool:
    """Whether it is about a completed response; one that doesn't name its topic is taken for that."""
    topic = decode_form(incoming.body)["Topic"].word()
    return not topic or _TOPIC in topic
