"""The ready examples: each tool's answers are read by the very file that stands in config/examples.

A folder in tests/payloads/examples is named after the file. `answer` is a tool's request, `changed` the same answers
after the customer has changed them; further requests stand beside them. What each means is in `<case>.events.json`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge import settings
from bridge.domain.model import ConfigError, Forged, Rated, Unreadable
from connectors import Incoming
from connectors.surveys.generic import Generic
from tests.contract.samples import PAYLOADS, request
from tests.contract.test_sources import MONSTERS, changed, decoded, paths, sane, without

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "config" / "examples"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SECRET = "sample-secret"


@dataclass(frozen=True)
class Case:
    tool: str
    name: str

    def __str__(self) -> str:
        return f"{self.tool}/{self.name}"

    @property
    def path(self) -> Path:
        return PAYLOADS / "examples" / self.tool / f"{self.name}.http"

    @property
    def source(self) -> Generic:
        return example(self.tool)

    @property
    def incoming(self) -> Incoming:
        return request(self.path.read_bytes(), NOW)

    @property
    def events(self) -> list[Rated]:
        return msgspec.json.decode(
            self.path.with_suffix(".events.json").read_bytes(), type=list[Rated]
        )


@cache
def example(tool: str) -> Generic:
    """The one source of the example's file."""
    config = settings.load({}, EXAMPLES / f"{tool}.toml")
    [found] = [s.source for s in config.sources.values() if isinstance(s.source, Generic)]
    return found


def cases() -> Iterator[Case]:
    for path in sorted((PAYLOADS / "examples").glob("*/*.http")):
        yield Case(path.parent.name, path.stem)


CASES = list(cases())
TOOLS = sorted({case.tool for case in CASES})

each = pytest.mark.parametrize("case", CASES, ids=str)
each_tool = pytest.mark.parametrize("tool", TOOLS)


def read(source: Generic, incoming: Incoming) -> list[Rated]:
    return [event for event in source.read(incoming) if isinstance(event, Rated)]


def test_every_example_of_one_tool_has_samples_and_is_listed() -> None:
    page = (ROOT / "docs" / "setup-surveys.md").read_text("utf-8")
    found = set()
    for path in EXAMPLES.glob("*.toml"):
        kinds = [s.source for s in settings.load({}, path).sources.values()]
        if len(kinds) == 1 and isinstance(kinds[0], Generic):
            found.add(path.stem)
    assert found == set(TOOLS)
    for tool in TOOLS:
        assert f"(../config/examples/{tool}.toml)" in page, tool
        assert {"answer", "changed"} <= {case.name for case in CASES if case.tool == tool}


@each
def test_a_sample_gives_exactly_its_answers(case: Case) -> None:
    assert read(case.source, case.incoming) == case.events


@each
def test_the_secret_is_where_the_example_says(case: Case) -> None:
    case.source.verify(case.incoming, ["another", SECRET])
    with pytest.raises(Forged):
        case.source.verify(case.incoming, ["another"])


@each
def test_a_repeat_is_the_same(case: Case) -> None:
    source, incoming = case.source, case.incoming
    later = msgspec.structs.replace(incoming, received_at=NOW + timedelta(hours=1))
    assert source.identify(incoming) == source.identify(later)
    assert [e.id for e in read(source, incoming)] == [e.id for e in read(source, later)]


@each_tool
def test_a_change_is_told_of_the_same_answer(tool: str) -> None:
    before, after = Case(tool, "answer").events, Case(tool, "changed").events
    assert before
    assert [e.answer.id for e in before] == [e.answer.id for e in after]
    assert [e.subject for e in before] == [e.subject for e in after]
    assert not {e.id for e in before} & {e.id for e in after}
    source = Case(tool, "answer").source
    keys = {source.identify(Case(tool, name).incoming) for name in ("answer", "changed")}
    assert len(keys) == 2


@each_tool
def test_a_change_is_the_newer_one(tool: str) -> None:
    """Also where the tool tells both under the time of the first."""
    source = Case(tool, "answer").source
    late = msgspec.structs.replace(
        Case(tool, "changed").incoming, received_at=NOW + timedelta(minutes=1)
    )
    before, after = read(source, Case(tool, "answer").incoming), read(source, late)
    assert all(b.order < a.order for b, a in zip(before, after, strict=True))


@each_tool
def test_the_worst_answer_of_a_tool_is_a_low_one(tool: str) -> None:
    """A scale that is turned round would let the angry ones go."""
    scores = [e.answer.score for e in Case(tool, "answer").events]
    assert scores[0] is not None
    assert scores[0] <= 0.25


@each
def test_every_mutation_is_read_or_refused(case: Case) -> None:
    tree = decoded(case.incoming.body)
    for path in paths(tree) if tree else ():
        outcome(case, msgspec.json.encode(without(tree, path)))
        for monster in MONSTERS:
            outcome(case, msgspec.json.encode(changed(tree, path, monster)))


@each
def test_every_damage_to_the_bytes_is_read_or_refused(case: Case) -> None:
    chance = random.Random(str(case))
    body = case.incoming.body
    for end in range(0, len(body), max(1, len(body) // 200)):
        outcome(case, body[:end])
    for _ in range(300):
        damaged = bytearray(body)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(damaged) + 1)
            damaged[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        outcome(case, bytes(damaged))


@pytest.mark.parametrize("monster", MONSTERS, ids=lambda monster: repr(monster)[:20])
def test_json_within_a_form_is_read_or_refused(monster: Any) -> None:
    case = Case("jotform", "answer")
    [raw] = re.findall(rb"\r\n(\{.*\})\r\n", case.incoming.body)
    tree = decoded(raw)
    for path in paths(tree):
        outcome(
            case, case.incoming.body.replace(raw, msgspec.json.encode(changed(tree, path, monster)))
        )


def test_what_a_function_cant_work_on_is_not_quoted() -> None:
    case = Case("jotform", "answer")
    words = case.incoming.body.replace(b'{"first": "Ada", "last": "Lovell"}', b'{"first": ["Ada"]}')
    with pytest.raises(Unreadable, match=r"join\(\) can't work on what is there") as error:
        read(case.source, msgspec.structs.replace(case.incoming, body=words))
    assert "Ada" not in str(error.value)


def outcome(case: Case, body: bytes) -> None:
    incoming = msgspec.structs.replace(case.incoming, body=body)
    try:
        events = read(case.source, incoming)
        case.source.identify(incoming)
    except Unreadable:
        return
    for event in events:
        sane(event)


# --- what the examples ask of the generic source


def posted(body: bytes, kind: str = "application/json") -> Incoming:
    return Incoming(headers={"content-type": kind}, body=body, received_at=NOW)


def test_when_holds_for_zero_and_not_for_nothing() -> None:
    source = Generic(name="kiosk", when="score", scale="nps")
    assert len(read(source, posted(b'{"score": 0}'))) == 1
    for nothing in (b"{}", b'{"score": null}', b'{"score": ""}', b'{"score": false}'):
        assert read(source, posted(nothing)) == []


def test_when_chooses_among_several_records() -> None:
    source = Generic(name="kiosk", records="all", when="done")
    body = b'{"all": [{"id": 1, "score": 1, "done": true}, {"id": 2, "done": false}]}'
    assert [event.answer.id for event in read(source, posted(body))] == ["kiosk:1"]


def test_a_path_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="when"):
        Generic(name="kiosk", when="event ==")


def test_an_id_of_several_members_needs_them_all() -> None:
    source = replace(Generic(name="kiosk"), fields={"id": "[who, what]", "score": "score"})
    [event] = read(source, posted(b'{"who": 7, "what": "q1", "score": 1}'))
    assert event.answer.id == "kiosk:7-q1"
    for body in (b'{"who": 7, "score": 1}', b'{"who": 7, "what": "", "score": 1}'):
        with pytest.raises(Unreadable, match="id"):
            read(source, posted(body))


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("multipart/form-data", b"--x\r\n", "without a boundary"),
        ("multipart/form-data; boundary=x", b"score=1", "not a form in parts"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="score"\r\n\r\n\xff\r\n--x--',
            "not in UTF-8",
        ),
        ("application/x-www-form-urlencoded", b"score=1", "answer: expected JSON as text"),
        ("application/json", b'{"answer": "{"}', "not JSON"),
        ("application/json", b"[]", "expected an object"),
    ],
)
def test_a_form_that_is_none_is_refused(kind: str, body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(Generic(name="kiosk", embedded="answer"), posted(body, kind))


# --- a script to paste


def test_the_script_for_google_forms_sends_what_its_example_reads() -> None:
    script = (EXAMPLES / "google-forms.gs").read_text("utf-8")
    source = Case("google-forms", "answer").source
    assert f'"{source.header}"' in script
    sent = set(
        re.findall(r"^ {4,6}(\w+): (?:response|item)\.|^ {6}(\w+): \[\]", script, re.MULTILINE)
    )
    named = {name for pair in sent for name in pair if name}
    assert named == {"id", "at", "email", "answers", "title", "value"}
    sample = decoded(Case("google-forms", "answer").incoming.body)
    assert set(sample) | set(sample["answers"][0]) == named
