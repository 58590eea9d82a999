"""How long things are kept, and what of customers is shown outside the helpdesk."""

from __future__ import annotations

from datetime import timedelta

from bridge.settings.sections import Duration, Section


class Keep(Section):
    """How long things are kept."""

    raw: Duration = timedelta(days=30)  # raw bodies of webhooks
    events: Duration = timedelta(days=400)
    words: Duration = timedelta(days=400)  # what people wrote, and customers' names and addresses
    people: Duration = timedelta(days=400)  # users of helpdesks, since they were last read
    deliveries: Duration = timedelta(days=400)
    notices: Duration = timedelta(days=30)  # webhooks to others
    audit: Duration = timedelta(days=1100)


class Redact(Section):
    """What of customers isn't shown outside the helpdesk."""

    words: bool = False  # what they wrote and said
    names: bool = False  # who they are, and how to reach them
