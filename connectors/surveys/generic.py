"""Any survey tool that can post its answers: JSON or a form, read by the paths in the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jmespath
from jmespath.exceptions import (
    ArityError,
    JMESPathError,
    JMESPathTypeError,
    UnknownFunctionError,
)

from bridge.domain.model import AnyEvent, ConfigError, Contact, Rated, Unreadable
from connectors import Incoming
from connectors.answers import Said, Scaled, rated
from connectors.pushed import Pushed
from connectors.reading import Node, decode, decode_form, fingerprint
from connectors.scores import check_scale

FIELDS = (
    "id",
    "score",
    "comment",
    "at",
    "name",
    "email",
    "phone",
    "ticket",
    "resolved",
    "recording",
)


@dataclass(frozen=True, kw_only=True)
class Generic(Scaled, Pushed):
    """A survey tool without a source of its own.

    `fields` says by JMESPath (https://jmespath.org) where an answer's parts are; what it leaves out is not read. By
    default each part has its own name. `records` is the path of the answers where one request brings several,
    `when` a path that finds something in those records that are answers: others are passed over. `embedded` names
    a member that holds JSON as text, as forms do. `scale`, `low` and `high` say what a number means, `words` what a
    word is worth (0..1). `questions` are the paths of further questions by the names that figures give them; they are
    scored as the answer as a whole is, and what can't be is left out.

    An id may be a list of members, all of which are needed. Without an id an answer is known by its content: then a
    changed answer counts as another one.
    """

    kind: ClassVar[str] = "generic"
    setup: ClassVar[str] = """\
1. In your survey tool, add a webhook (an "HTTP request", a "web service") that sends each answer as JSON or as a form.
2. Address: {url}
   Method: POST
3. Add a header X-Bridge-Secret (or what `header` says in [sources.{name}]) with the value {secret}; the variable
   {variable} must hold the same. A tool that signs by Standard Webhooks needs no header: put its whsec_ secret there.
   A tool without headers may do with the address: https://bridge:<the secret>@… instead of https://…
4. Say in [sources.{name}.fields] where in the answer the score, the words and the ticket stand; ready examples are in
   config/examples. Send a test answer, then look: bridge inbox list
"""

    fields: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FIELDS})
    records: str = ""
    when: str = ""
    embedded: str = ""
    words: Mapping[str, float] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work."""
        for key, path in self.fields.items():
            if key not in FIELDS:
                raise ConfigError(f"fields.{key}: unknown; there are {', '.join(FIELDS)}")
            _check_path(f"fields.{key}", path)
        if not self.fields.keys() & {"score", "comment", "resolved"}:
            raise ConfigError("fields: needs at least one of score, comment, resolved")
        for name, path in self.questions.items():
            if not name.strip():
                raise ConfigError("questions: a question needs a name")
            _check_path(f"questions.{name}", path)
        for setting, path in (("records", self.records), ("when", self.when)):
            if path:
                _check_path(setting, path)
        check_scale(self.scale, self.low, self.high, self.words)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The answers, all or none."""
        body = self._body(incoming)
        if not self.records:
            records = [body.members()]
        else:
            found = _search(self.records, body, "records")
            if not found.found:
                raise found.wrong("a list of answers")
            single = isinstance(found.value, dict)
            records = [found] if single else [node.members() for node in found.items()]
        yield from [
            self._rated(record, n, incoming)
            for n, record in enumerate(records)
            if not self.when or _holds(_search(self.when, record, "when").value)
        ]

    def _body(self, incoming: Incoming) -> Node:
        given = incoming.headers.get("content-type", "")
        kind = given.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            body = decode_form(incoming.body)
        elif kind == "multipart/form-data":
            body = _decode_parts(incoming.body, given)
        else:
            body = decode(incoming.body)
        if not self.embedded:
            return body
        text = body[self.embedded].text()
        if not text:
            raise body[self.embedded].wrong("JSON as text")
        return Node({**body.value, self.embedded: decode(text.encode("utf-8", "replace")).value})

    def _rated(self, record: Node, n: int, incoming: Incoming) -> Rated:
        part = {
            key: _search(self.fields[key], record, f"fields.{key}")
            if key in self.fields
            else Node(None, f"fields.{key}", found=False)
            for key in FIELDS
        }
        said = Said(
            grade=self.grade(part["score"].value, words=self.words),
            words=part["comment"].text(),
            resolved=part["resolved"].flag(),
            questions=dict(self._questions(record)),
        )
        if not said:
            missing = next(key for key in ("score", "comment", "resolved") if key in self.fields)
            raise part[missing].wrong("a score, a comment or whether it is resolved")
        content = fingerprint(record.value)
        key = _key(part["id"]) or content
        delivery = Node(incoming.headers.get("webhook-id", ""), "webhook-id").id()
        unique = f"{delivery}:{n}" if delivery and self.records else delivery
        at = part["at"].time()
        return rated(
            self,
            said,
            event=unique or f"{key}:{content}",
            answer=key,
            ticket=part["ticket"].id(),
            at=at or incoming.received_at,
            # Tools tell a changed answer under the time of the first: what came later is the newer.
            seq=int(incoming.received_at.timestamp()) if at else 0,
            contact=Contact(
                name=part["name"].text(),
                email=part["email"].text(),
                phone=part["phone"].text(),
            ),
            recording=part["recording"].link(),
        )

    def _questions(self, record: Node) -> Iterator[tuple[str, float]]:
        """What was given to the further questions; nothing for one that was left open, or can't be scored."""
        for name, path in self.questions.items():
            given = _search(path, record, f"questions.{name}").value
            try:
                score = self.grade(given, words=self.words).score.score
            except Unreadable:  # the answer as a whole is worth more than this part of it
                continue
            if score is not None:
                yield name, score


def _holds(value: Any) -> bool:
    """Truth as JMESPath has it: nothing, false and what is empty are false; 0 is true."""
    return not (value is None or value is False or value in ("", [], {}))


def _check_path(setting: str, path: str) -> None:
    try:
        compiled = jmespath.compile(path)
    except JMESPathError as error:
        raise ConfigError(f"{setting}: {path!r} is no JMESPath: {error}") from None
    try:
        compiled.search({})
    except (UnknownFunctionError, ArityError) as error:
        raise ConfigError(f"{setting}: {error}") from None
    except JMESPathError:
        pass  # its functions want a real answer


def _decode_parts(body: bytes, content_type: str) -> Node:
    """A form in parts (RFC 7578) as a flat object, without files; of a repeated field the first. Raises Unreadable."""
    boundary = re.search(r'boundary="?([^";]{1,70})', content_type, re.IGNORECASE)
    if not boundary:
        raise Unreadable("the body: a form in parts without a boundary")
    found: dict[str, str] = {}
    for part in body.split(b"--" + boundary[1].strip().encode())[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'[;\s]name="([^"]*)"', head)
        if name and b"filename" not in head:
            found.setdefault(_text(name[1]), _text(value.removesuffix(b"\r\n")))
    if not found:
        raise Unreadable("the body: not a form in parts")
    return Node(found)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unreadable("the body: a form that is not in UTF-8") from None


def _key(node: Node) -> str:
    """An id of one member or of several; "" for nothing. Raises Unreadable."""
    if not isinstance(node.value, list):
        return node.id()
    return Node("-".join(item.id(need=True) for item in node.items()), node.path).id()


def _search(path: str, node: Node, setting: str) -> Node:
    """What the path finds. Raises Unreadable if its functions can't work on what is there."""
    try:
        value: Any = jmespath.search(path, node.value)
    except JMESPathTypeError as error:  # its own words quote what is there: the customer's, perhaps
        why = f"{error.function_name}() can't work on what is there"
        raise Unreadable(f"{setting} ({path}): {why}") from None
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Unreadable(f"{setting} ({path}): {error}") from None
    return Node(value, f"{setting} ({path})", found=value is not None)
