"""The one public reply that we make in Zendesk: the question to the customer whether it was put right.

Nothing else comes this way: notes and tags go through `send`, which makes internal comments only. The reply says for
itself that it is public, and is made of no `Message`, so that nothing of an alert can be in it.

That Zendesk mails it to the requester (and to whoever is in copy), counts it as a reply in its own metrics, and leaves
the status as it is, for the call names none, is unconfirmed.
Source: developer.zendesk.com/api-reference/ticketing/tickets/tickets ("Update Ticket"; `comment.public`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from bridge.domain.model import Receipt
from connectors import Unsearchable
from connectors.desks.zendesk_history import Audit
from connectors.desks.zendesk_shapes import CommentRecord, Comments

if TYPE_CHECKING:
    from connectors.desks.zendesk import Zendesk

_LOOK_BACK = 3  # pages of comments to look through
_SKEW = timedelta(minutes=5)  # how far Zendesk's clock and ours may be apart


class _Updated(Struct):
    audit: Audit


def ask(desk: Zendesk, key: str, text: str, marker: str) -> Receipt:
    """Write the question to the customer, with the marker in its last line. Raises Undeliverable."""
    comment = {"body": f"{text}\n\nRef {marker}", "public": True}
    ticket = {"comment": comment, "metadata": {"bridge": marker}}
    path = f"tickets/{key}.json"
    audit = desk.shown(path, _Updated, key, method="PUT", body={"ticket": ticket}).audit
    written = [one for one in audit.events if one.is_comment]
    if not written:
        raise desk.unreadable()
    ours = next((one for one in written if marker in one.text), written[0])
    remark = "" if ours.public else "Zendesk keeps the question from the customer"
    own = (f"audit:{audit.id}", f"comment:{ours.id}")
    return Receipt(ref=str(ours.id), to=key, own=own, remark=remark)


def asked(desk: Zendesk, key: str, marker: str, since: datetime) -> Receipt | None:
    """The question with this marker, if it was written since then; None if surely it wasn't.

    Comments are read newest first, as for notes. Raises Unsearchable where there are too many, and Undeliverable.
    """
    pages = desk.pages(f"tickets/{key}/comments.json", Comments, key, {"sort": "-created_at"})
    for number, page in enumerate(pages, 1):
        for comment in page.comments:
            if _is_ours(comment, marker, desk.user_id):
                audit = (f"audit:{comment.audit_id}",) if comment.audit_id else ()
                own = (*audit, f"comment:{comment.id}")
                return Receipt(ref=str(comment.id), to=key, own=own)
        times = [comment.created_at for comment in page.comments]
        if times and times[0] >= times[-1] and times[-1] < since - _SKEW:
            return None  # newest first, as asked: all that follows is older
        if number == _LOOK_BACK and page.following():
            raise Unsearchable(f"ticket {key} has too many comments to look through")
    return None


def _is_ours(comment: CommentRecord, marker: str, us: str) -> bool:
    if not comment.public or (us and str(comment.author_id) != us):
        return False
    custom = (comment.metadata or {}).get("custom")
    marked = isinstance(custom, dict) and custom.get("bridge") == marker
    return marked or f"Ref {marker}" in (comment.body or "")
