"""Members of a workspace, as users.info tells of them.

Source: docs.slack.dev/reference/objects/user-object.
"""

from __future__ import annotations

from typing import Any

from connectors import Person

_NO_STAFF = (
    "deleted",
    "is_bot",
    "is_app_user",
    "is_restricted",  # a guest in several channels
    "is_ultra_restricted",  # a guest in one channel
    "is_stranger",  # of another workspace, in a channel that is shared with it
    "is_invited_user",  # hasn't come yet
)


def person(id: str, told: Any) -> Person:  # noqa: A002 - it is one
    """The member `id`; `staff` for a full member of the workspace only, and never where Slack's answer can't be read.

    The e-mail is left out by Slack where the app lacks users:read.email.
    """
    if not isinstance(told, dict) or told.get("id") != id:
        return Person(id=id)
    profile = told.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    return Person(
        id=id,
        name=_text(profile.get("real_name")) or _text(told.get("real_name")),
        email=_text(profile.get("email")),
        phone=_text(profile.get("phone")),
        staff=id != "USLACKBOT" and not any(told.get(flag) for flag in _NO_STAFF),
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
