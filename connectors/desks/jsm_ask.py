"""The one public comment that we make in Jira: the question to the customer whether it was put right.

Nothing else comes this way: notes and labels go through `send`, which makes internal comments only. The comment says
for itself that it is public, and is made of no `Message`, so that nothing of an alert can be in it. It goes through the
service desk's API alone, which knows requests: an issue without a customer is asked nothing.

That Jira mails it to the reporter and the request's participants, and reopens nothing for it, is unconfirmed; so is
that the service desk's API takes wiki markup, where an address on a line of its own is a link.
Source: developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request ("Create request comment").
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.domain.model import Receipt, Undeliverable
from connectors import Unsearchable
from connectors.desks import jsm_shapes as shapes
from connectors.desks.jsm_shapes import PLATFORM, SERVICE_DESK, Comment, Missing

if TYPE_CHECKING:
    from connectors.desks.jsm import JiraServiceManagement

_LOOK_BACK = 3  # pages of comments to look through
_SKEW = timedelta(minutes=5)  # how far Jira's clock and ours may be apart


def ask(desk: JiraServiceManagement, key: str, text: str, marker: str) -> Receipt:
    """Write the question to the customer, with the marker in its last line. Raises Undeliverable."""
    comment = {"body": f"{text}\n\nRef {marker}", "public": True}
    path = f"{SERVICE_DESK}/request/{key}/comment"
    try:
        written = desk.shown(path, shapes.comment, key=key, method="POST", body=comment)
    except Missing:
        why = f"issue {key} is gone, or is not a service request: there is nobody to ask"
        raise Undeliverable(why) from None
    remark = "Jira keeps the question from the customer" if written.public is False else ""
    return Receipt(ref=written.id, to=key, own=(f"comment:{written.id}",), remark=remark)


def asked(desk: JiraServiceManagement, key: str, marker: str, since: datetime) -> Receipt | None:
    """The question with this marker, if it was written since then; None if surely it wasn't.

    Comments are read newest first, as for notes. Raises Unsearchable where there are too many, and Undeliverable.
    """
    path, params = f"{PLATFORM}/issue/{key}/comment", {"orderBy": "-created"}
    pages = desk.pages(path, "comments", shapes.comment, key, params)
    for number, (comments, last) in enumerate(pages, 1):
        for comment in comments:
            if _is_ours(comment, marker, desk.user_id):
                return Receipt(ref=comment.id, to=key, own=(f"comment:{comment.id}",))
        times = [comment.at for comment in comments if comment.at]
        if times and times[0] >= times[-1] and times[-1] < since - _SKEW:
            return None  # newest first, as asked: all that follows is older
        if number == _LOOK_BACK and not last:
            raise Unsearchable(f"issue {key} has too many comments to look through")
    return None


def _is_ours(comment: Comment, marker: str, us: str) -> bool:
    if comment.public is False or (us and comment.author != us):
        return False
    return re.search(rf"Ref {re.escape(marker)}\b", comment.body.replace("\\", "")) is not None
