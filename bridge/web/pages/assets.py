"""Style sheets, scripts, pictures: under addresses with the hash of what is in them, kept by browsers for ever.

They come from our own folder and from libraries that bring theirs along; nothing is loaded from elsewhere.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from flask import Blueprint, Response, abort, request, url_for
from msgspec import Struct

_OURS = files("bridge.web.pages") / "static"
_BOOTSTRAP = files("flask_bootstrap") / "static" / "bootstrap5"
_SWAGGER = files("flask_swagger_ui") / "dist"

BROUGHT: Mapping[str, Traversable] = {
    "bootstrap.css": _BOOTSTRAP / "css" / "bootstrap.min.css",
    "icons.svg": _BOOTSTRAP / "icons" / "bootstrap-icons.svg",
    "swagger-ui.css": _SWAGGER / "swagger-ui.css",
    "swagger-ui.js": _SWAGGER / "swagger-ui-bundle.js",
}
"""What libraries bring along, by the names we call it."""

SHEET = "app.css"
"""Our one style sheet: sent as one, written in parts, of which this is the first."""

SMALL = 500
"""Bytes below which packing isn't worth it."""


class Asset(Struct, frozen=True):
    """A file as it is sent: plain, and packed where that is smaller."""

    name: str
    version: str
    kind: str
    plain: bytes
    packed: bytes


@cache
def asset(name: str) -> Asset:
    """The file of this name. Raises KeyError if there is none."""
    there = BROUGHT.get(name, _OURS / name)
    if "/" in name or name.startswith(".") or not there.is_file():
        raise KeyError(name)
    plain = there.read_bytes()
    if name == SHEET:
        plain = b"\n".join([plain, *_further_sheets()])
    if name == "bootstrap.css":  # its map isn't served
        plain = plain.rpartition(b"/*# sourceMappingURL")[0] or plain
    packed = gzip.compress(plain, 9, mtime=0) if len(plain) > SMALL else b""
    return Asset(
        name,
        sha256(plain).hexdigest()[:12],
        guess_type(name)[0] or "application/octet-stream",
        plain,
        packed if packed and len(packed) < len(plain) else b"",
    )


def _further_sheets() -> Iterator[bytes]:
    sheets = sorted((one for one in _OURS.iterdir()), key=lambda one: one.name)
    return (one.read_bytes() for one in sheets if one.name.endswith(".css") and one.name != SHEET)


def address(name: str) -> str:
    """Where a page finds a file."""
    return url_for("assets.send", version=asset(name).version, name=name)


def assets() -> Blueprint:
    """The route of all files."""
    routes = Blueprint("assets", __name__)

    @routes.get("/static/<version>/<name>")
    def send(version: str, name: str) -> Response:
        try:
            found = asset(name)
        except KeyError:
            abort(404)
        packed = bool(found.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
        answer = Response(found.packed if packed else found.plain, content_type=_typed(found.kind))
        if packed:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        # A page of an older or newer version asks for what it knows: it gets what there is, but not for ever.
        for_ever = "public, max-age=31536000, immutable"
        answer.headers["Cache-Control"] = for_ever if version == found.version else "no-cache"
        return answer

    return routes


def _typed(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
