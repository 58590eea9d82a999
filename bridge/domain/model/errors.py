"""The one family of errors."""

from __future__ import annotations

from datetime import timedelta


class BridgeError(Exception):
    """The family of all errors of ours; its message says what is wrong and what to do."""


class ConfigError(BridgeError):
    """A setting is wrong; the message names the file, the line, the key and the way out."""


class Forged(BridgeError):
    """A request does not prove that it comes from the vendor it claims."""


class Unreadable(BridgeError):
    """A payload isn't what the source can read; the message names the field. It is kept and can be replayed."""


class Undeliverable(BridgeError):
    """Sending failed.

    `retry_after` None: it never will succeed as it is, and a person has to look. Else it may be tried
    again after that time. `unsure` means that the vendor may have carried it out although no answer came.
    `wide` means the cause is not this message but the channel or the account (rate limit, outage).
    """

    def __init__(
        self,
        why: str,
        *,
        retry_after: timedelta | None = None,
        unsure: bool = False,
        wide: bool = False,
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.unsure = unsure
        self.wide = wide
