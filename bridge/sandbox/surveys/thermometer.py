"""Customer Thermometer: one of four colours as a form, and the comment in a call of its own.

The account's owner chooses which fields are posted and what they are called; these are ours. No signature.
https://support.customerthermometer.com/hc/en-gb/articles/4412480555153-Webhooks-overview
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from bridge.sandbox.surveys.outgoing import Outgoing
from bridge.sandbox.wire import iso

COLOURS = ("Gold Star", "Green Light", "Yellow Light", "Red Light")
"""From best to worst."""


class Thermometer:
    """One thermometer; `custom_1` holds the ticket."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    def __call__(
        self,
        url: str,
        secret: str,
        *,
        colour: str,
        comment: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
    ) -> str:
        """A customer clicks a colour, of COLOURS, and may comment, which is another call; the first call's key.

        The second call's key is the first's with `-comment` behind it. Raises ValueError for another colour.
        """
        if colour not in COLOURS:
            raise ValueError(f"no colour: {colour}; there are {', '.join(COLOURS)}")
        number = self._out.number()
        clicked = {
            "event": "response",
            "response_id": str(80000 + number),
            "date": iso(self._out.now()),
            "thermometer_id": "12",
            "temperature": colour,
            "name": name,
            "email": email,
            "custom_1": str(ticket) if ticket else "",
        }
        key = f"thermometer-{number}"
        self._post(key, url, secret, clicked)
        if comment:
            said = clicked | {"event": "comment", "comment": comment}
            self._post(f"{key}-comment", url, secret, said)
        return key

    def _post(self, key: str, url: str, secret: str, fields: Mapping[str, str]) -> None:
        def headers(_raw: bytes, _: datetime) -> Mapping[str, str]:
            return {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Bridge-Secret": secret,
            }

        self._out.send("thermometer", key, url, urlencode(fields).encode(), headers)
