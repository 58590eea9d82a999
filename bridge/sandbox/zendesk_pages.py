"""Lists cut into pages, as Zendesk cuts them: by cursor or by offset. Cursors say nothing to callers.

Source: developer.zendesk.com/api-reference/introduction/pagination.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from bridge.sandbox.wire import Json
from bridge.sandbox.zendesk_records import Refused

MOST_AT_ONCE = 100
_DEEPEST = 10_000  # offset paging ends here


class Pages:
    """Pages of an account's lists; `host` is for the links to what follows."""

    def __init__(self, host: str) -> None:
        self._host = host

    def url(self, path: str, args: Mapping[str, object]) -> str:
        """The address of a path below /api/v2."""
        return f"{self._host}/api/v2{path}?{urlencode(args)}"

    def page(self, key: str, items: Sequence[Any], show: Callable[[Any], Json]) -> Json:
        """One page: by cursor when `page[size]` is given, else by offset, 100 a page."""
        path = request.path.removeprefix("/api/v2") + ".json"
        given = {name: value for name, value in request.args.items() if "page" not in name}
        if "page[size]" in request.args:
            size = min(int(request.args["page[size]"]), MOST_AT_ONCE)
            start = int(decode(request.args.get("page[after]")) or 0)
            more = start + size < len(items)
            after = encode(str(start + size)) if more else None
            following = self.url(path, {**given, "page[size]": size, "page[after]": after})
            return {
                key: [show(one) for one in items[start : start + size]],
                "meta": {"has_more": more, "after_cursor": after, "before_cursor": None},
                "links": {"next": following if more else None, "prev": None},
            }
        size = min(int(request.args.get("per_page", MOST_AT_ONCE)), MOST_AT_ONCE)
        number = int(request.args.get("page", 1))
        start = (number - 1) * size
        if start + size > _DEEPEST:
            raise Refused(400, {"error": "InvalidPaginationDepth", "description": "Too deep"})
        more = start + size < len(items)
        query = {**given, "per_page": size}
        return {
            key: [show(one) for one in items[start : start + size]],
            "next_page": self.url(path, {**query, "page": number + 1}) if more else None,
            "previous_page": self.url(path, {**query, "page": number - 1}) if start else None,
            "count": len(items),
        }


def encode(text: str) -> str:
    """A cursor."""
    return base64.b64encode(text.encode()).decode()


def decode(cursor: str | None) -> str:
    """What a cursor stands for; "" for none. Raises Refused (400)."""
    try:
        return base64.b64decode(cursor).decode() if cursor else ""
    except (binascii.Error, UnicodeDecodeError):
        body = {"error": "InvalidPaginationParameter", "description": "Invalid cursor"}
        raise Refused(400, body) from None
