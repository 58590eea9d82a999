"""The sections of the doors out to people: a mail server, and a Twilio account."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bridge.settings.sections import Section


class EmailSection(Section):
    """The mail server that alerts and digests go out by."""

    kind: Literal["email"] = "email"
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = "SMTP_PASSWORD"  # the name of a variable; "" where nobody logs in  # noqa: S105
    sender: str
    never: tuple[str, ...] = ()  # addresses, "@host" for all of one's: the helpdesk's own
    ca_file: str = ""
    per_minute: Annotated[int, Field(ge=3)] = 30


class SmsSection(Section):
    """The Twilio account that text messages go out by."""

    kind: Literal["sms"] = "sms"
    account: str  # "AC…"
    token: str = "TWILIO_AUTH_TOKEN"  # the name of a variable  # noqa: S105
    sender: str  # a number as "+15005550001", or a messaging service, "MG…"
    base_url: str = "https://api.twilio.com"
