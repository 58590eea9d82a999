"""What an operation of the API is: declared once, and from that served, checked and documented."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import fields

from bridge.domain.viewing import Role, Viewer
from bridge.store.keys import Key, Scope
from bridge.web.api.problems import Kind
from bridge.web.api.reading import metas
from bridge.work.bridge import Bridge

ROOT = "/api/v1"

SLASHES = {"slashes": True}
"""Said of a part of a path that may have slashes in it."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No parameter, or no member."""


class Once(Struct, frozen=True, kw_only=True):
    """Headers of what may be asked for twice by mistake."""

    idempotency_key: Annotated[
        str,
        Meta(
            max_length=255,
            pattern=r"^[\x21-\x7e]*$",
            description=(
                "A word of your own choosing for this one action, like a UUID: asked again with it within a day,"
                " it is not done again, and the first answer comes once more. Up to 255 letters, digits and signs."
            ),
        ),
    ] = ""


class Conditional(Struct, frozen=True, kw_only=True):
    """Headers of what is not sent again if it is known."""

    if_none_match: Annotated[
        str, Meta(description="The `ETag` that you have: answered 304 if nothing has changed.")
    ] = ""


class Guarded(Struct, frozen=True, kw_only=True):
    """Headers of a change that must not undo somebody else's."""

    if_match: Annotated[
        str,
        Meta(description="The `ETag` of what you have read: answered 412 if it has changed since."),
    ] = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that was let in: by whom, and what it asks for, read and checked."""

    bridge: Bridge
    key: Key
    viewer: Viewer
    path: Any
    query: Any
    body: Any
    headers: Mapping[str, str]
    raw: bytes
    where: str

    def header(self, name: str) -> str:
        """A header, "" if it wasn't sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request is answered: a Struct, or a body that was encoded before."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An operation. `scope` None needs a key alone; `role` is the least that it takes.

    `path`, `query`, `body` and `headers` say what may be sent; `answer` is what comes, `statuses` with which, and
    `problems` what can go wrong besides what can with every operation.
    """

    method: str
    at: str
    does: Callable[[Call], Answer]
    answer: type[Struct]
    scope: Scope | None = None
    role: Role = Role.VIEWER
    path: type[Struct] = Nothing
    query: type[Struct] = Nothing
    body: type[Struct] | None = None
    headers: type[Struct] = Nothing
    statuses: tuple[int, ...] = (200,)
    problems: tuple[Kind, ...] = ()
    name: str = ""

    @property
    def called(self) -> str:
        """Its name in the document, and in URLs of ours."""
        return self.name or self.does.__name__

    @property
    def rule(self) -> str:
        """The path as Flask has it."""
        slashes = {
            one.name
            for one in fields(self.path)
            if any(meta.extra == SLASHES for meta in metas(one.type))
        }
        return re.sub(
            r"{(\w+)}", lambda it: f"<{'path:' if it[1] in slashes else ''}{it[1]}>", self.at
        )

    @property
    def takes_none(self) -> bool:
        """Whether its body may be left out."""
        return self.body is None or not any(one.required for one in fields(self.body))

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"
