"""What every source has to keep to, each found by looking into the folders."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.model import AboutAlert, AnyEvent, Forged, Rated, Unreadable
from connectors import Incoming, Polling, source_kinds
from tests.contract.samples import Sample, samples


def decoded(body: bytes) -> Any:
    """The JSON in it; None if it is something else, which some vendors do send."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


SAMPLES = list(samples())
PROVEN = [sample for sample in SAMPLES if sample.secret]
READABLE = [sample for sample in SAMPLES if sample.events is not None]
BODIES = [sample for sample in SAMPLES if sample.incoming.body]

each_kind = pytest.mark.parametrize("kind", source_kinds(), ids=str)
each = pytest.mark.parametrize("sample", SAMPLES, ids=str)
each_proven = pytest.mark.parametrize("sample", PROVEN, ids=str)
each_readable = pytest.mark.parametrize("sample", READABLE, ids=str)

MONSTERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**40,
    1e300,
    "",
    "0",
    " ",
    "{{ticket.id}}",
    "x" * 5000,
    "nul\x00nul",
    "line\r\nbreak",
    "\u202eright to left",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T25:61:61Z",
    99999999999999999,
    [],
    [None],
    ["a", 1, {}],
    {},
    {"id": None},
    {"": {"": []}},
)
GARBAGE = ("", " ", "x", "é✓", "v1,", "v1,é", "sha256=", "-1", "9" * 400, "1e9", "٣٤٥", "a,b,c")


@each_kind
def test_is_a_frozen_value_with_a_sample(kind: str) -> None:
    source: Any = source_kinds()[kind]
    assert source.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(source))
    assert {"name", "desk"} <= {field.name for field in fields(source)} | set(vars(source))
    assert isinstance(source.signed, bool)
    assert all(name == name.lower() for name in source.keeps)
    assert any(sample.kind == kind for sample in READABLE), f"no sample in tests/payloads/{kind}"


@each
def test_a_sample_gives_exactly_its_events(sample: Sample) -> None:
    if sample.events is None:
        with pytest.raises(Unreadable) as error:
            list(sample.source.read(sample.incoming))
        assert str(error.value).startswith(sample.complaint)
    else:
        assert list(sample.source.read(sample.incoming)) == sample.events


@each_kind
def test_says_how_to_set_it_up(kind: str) -> None:
    source: Any = source_kinds()[kind]
    told = source.setup.format(
        name="web", url="https://b.example/hooks/web", variable="V", secret="S"
    )
    assert told.endswith("\n")
    assert "1. " in told
    polled = issubclass(source, Polling)
    assert ("https://b.example/hooks/web" in told) is not polled
    assert all(len(line) <= 120 for line in told.splitlines())


@each
def test_a_delivery_is_answered_once_it_is_kept(sample: Sample) -> None:
    """A 2xx, unless the source has something else to say; and it never raises, for reading may yet fail."""
    answer = sample.source.answer(sample.incoming)
    assert answer is None or (answer.keep and 200 <= answer.status < 300)


@each
def test_any_body_is_answered(sample: Sample) -> None:
    for body in (b"", b"\x00", b"null", b"{", sample.incoming.body[:20], b"\xff\xfe"):
        sample.source.answer(msgspec.structs.replace(sample.incoming, body=body))
        for method in ("GET", "HEAD"):
            probe = msgspec.structs.replace(sample.incoming, body=body, method=method)
            answer = sample.source.answer(probe)
            assert answer is not None
            assert not answer.keep


@each_readable
def test_a_repeat_is_the_same_delivery(sample: Sample) -> None:
    later = msgspec.structs.replace(
        sample.incoming, received_at=sample.incoming.received_at + timedelta(minutes=4)
    )
    key = sample.source.identify(sample.incoming)
    assert key
    assert key == sample.source.identify(later)
    ids = [event.id for event in sample.source.read(sample.incoming)]
    assert ids == [event.id for event in sample.source.read(later)]


@each_kind
def test_deliveries_and_events_are_told_apart(kind: str) -> None:
    mine = [sample for sample in READABLE if sample.kind == kind]
    keys = Counter((sample.source.name, sample.source.identify(sample.incoming)) for sample in mine)
    ids = Counter(event.id for sample in mine for event in sample.events or ())
    assert max(keys.values()) == 1
    assert max(ids.values(), default=1) == 1


@each_proven
def test_the_right_secret_proves_it(sample: Sample) -> None:
    sample.source.verify(sample.incoming, [sample.secret])


@each_proven
def test_either_secret_does_while_they_rotate(sample: Sample) -> None:
    sample.source.verify(sample.incoming, [other_secret(sample), sample.secret])
    sample.source.verify(sample.incoming, [sample.secret, other_secret(sample)])


@each_proven
def test_another_secret_or_none_does_not(sample: Sample) -> None:
    for secrets in ([other_secret(sample)], [], [""]):
        with pytest.raises(Forged) as error:
            sample.source.verify(sample.incoming, secrets)
        assert sample.secret not in str(error.value)


@pytest.mark.parametrize("sample", [s for s in PROVEN if s.body_is_signed], ids=str)
def test_an_altered_body_is_forged(sample: Sample) -> None:
    body = sample.incoming.body
    for altered in (b"", body + b" ", body[:-1], body.replace(b"e", b"a", 1)):
        with pytest.raises(Forged):
            sample.source.verify(
                msgspec.structs.replace(sample.incoming, body=altered), [sample.secret]
            )


@each_proven
def test_a_missing_or_garbled_proof_is_forged(sample: Sample) -> None:
    """Whatever a header holds, verify says yes or Forged; and at least one header is needed."""
    needed = 0
    for name in sample.incoming.headers:
        rest = {key: text for key, text in sample.incoming.headers.items() if key != name}
        needed += is_forged(sample, rest)
        for garbage in (*GARBAGE, *prefixes(sample.incoming.headers[name])):
            is_forged(sample, rest | {name: garbage})
    assert needed


@pytest.mark.parametrize("sample", [s for s in PROVEN if s.replay_window], ids=str)
def test_an_old_request_is_no_proof(sample: Sample) -> None:
    for late in (timedelta(minutes=6), -timedelta(minutes=6)):
        incoming = msgspec.structs.replace(
            sample.incoming, received_at=sample.incoming.received_at + late
        )
        with pytest.raises(Forged):
            sample.source.verify(incoming, [sample.secret])


@each
def test_every_beginning_of_a_body_is_read_or_refused(sample: Sample) -> None:
    body = sample.incoming.body
    step = max(1, len(body) // 1000)
    for end in range(0, len(body), step):
        outcome(sample, body[:end])


@pytest.mark.parametrize("sample", [s for s in SAMPLES if decoded(s.incoming.body)], ids=str)
def test_every_mutation_of_a_body_is_read_or_refused(sample: Sample) -> None:
    """Each member in turn goes missing, or holds something it never should."""
    tree = decoded(sample.incoming.body)
    for path in paths(tree):
        outcome(sample, msgspec.json.encode(without(tree, path)))
        for monster in MONSTERS:
            outcome(sample, msgspec.json.encode(changed(tree, path, monster)))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.incoming.fetched], ids=str)
def test_every_mutation_of_what_was_fetched_is_read_or_refused(sample: Sample) -> None:
    fetched = sample.incoming.fetched
    odd = [fetched[:end] for end in range(0, len(fetched), max(1, len(fetched) // 300))]
    if tree := decoded(fetched):
        for path in paths(tree):
            odd.append(msgspec.json.encode(without(tree, path)))
            odd += [msgspec.json.encode(changed(tree, path, monster)) for monster in MONSTERS]
    for one in odd:
        incoming = msgspec.structs.replace(sample.incoming, fetched=one)
        outcome(replace(sample, incoming=incoming), sample.incoming.body)


@each
def test_every_damage_to_the_bytes_is_read_or_refused(sample: Sample) -> None:
    chance = random.Random(str(sample))
    for _ in range(300):
        body = bytearray(sample.incoming.body)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        outcome(sample, bytes(body))


@each
def test_every_garbled_header_is_read_or_refused(sample: Sample) -> None:
    for name in sample.incoming.headers:
        for garbage in (*GARBAGE, "nul\x00", "x" * 5000):
            headers = {**sample.incoming.headers, name: garbage}
            outcome(sample, sample.incoming.body, headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"null",
        b"[]",
        b"1" * 5000,
        b"NaN",
        b'"\\udc00"',
        b'{"a":"\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"detail":' * 200 + b"1" + b"}" * 200,
        b'{"a":1e999}',
        b"a=%ff&b=%00",
        b"&".join(b"a=1" for _ in range(5000)),
    ],
    ids=lambda body: repr(body[:12]),
)
@each_kind
def test_hostile_bodies_are_read_or_refused(kind: str, body: bytes) -> None:
    for sample in SAMPLES:
        if sample.kind == kind:
            outcome(sample, body)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sample=st.sampled_from(BODIES), body=st.binary(max_size=200))
def test_noise_is_read_or_refused(sample: Sample, body: bytes) -> None:
    outcome(sample, body)


# --- what comes out -----------------------------------------------------------------------------


def outcome(sample: Sample, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Read, and see that whatever comes out can be kept and judged. Only Unreadable may be raised."""
    incoming = msgspec.structs.replace(
        sample.incoming, body=body, headers=headers or sample.incoming.headers
    )
    try:
        events = list(sample.source.read(incoming))
        sample.source.identify(incoming)
    except Unreadable:
        return
    for event in events:
        sane(event)


def sane(event: AnyEvent) -> None:
    kept = msgspec.json.encode(event)
    assert b"\\u0000" not in kept
    assert msgspec.json.decode(kept, type=AnyEvent) == event
    assert event.id
    if isinstance(event, AboutAlert) and not event.subject:  # the alert knows its ticket
        assert event.alert
    else:
        assert ":" in event.subject
        assert event.subject.rpartition(":")[2]
    assert event.at.utcoffset() == timedelta(0)
    if event.seen and event.seen.opened_at:
        assert event.seen.opened_at.utcoffset() == timedelta(0)
    if isinstance(event, Rated):
        answer = event.answer
        assert answer.score is None or 0 <= answer.score <= 1
        assert answer.score is not None or answer.words or answer.resolved is not None


@each_readable
def test_what_comes_out_is_sane(sample: Sample) -> None:
    for event in sample.events or ():
        sane(event)


# --- tools --------------------------------------------------------------------------------------


def other_secret(sample: Sample) -> str:
    return "whsec_" + "A" * 32 if sample.secret.startswith("whsec_") else "another-secret"


def is_forged(sample: Sample, headers: dict[str, str]) -> bool:
    incoming: Incoming = msgspec.structs.replace(sample.incoming, headers=headers)
    try:
        sample.source.verify(incoming, [sample.secret])
    except Forged as error:
        return sample.secret not in str(error) or pytest.fail("the secret is told")
    return False


def prefixes(text: str) -> Iterator[str]:
    return (text[:end] for end in range(len(text)))


Path = tuple[str | int, ...]


def paths(tree: Any, so_far: Path = ()) -> Iterator[Path]:
    yield so_far
    children: Any = ()
    if isinstance(tree, dict):
        children = tree.items()
    elif isinstance(tree, list):
        children = enumerate(tree)
    for key, value in children:
        yield from paths(value, (*so_far, key))


def changed(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = changed(tree[path[0]], path[1:], value)
    return copy


def without(tree: Any, path: Path) -> Any:
    if not path:
        return None
    copy = tree.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(tree[path[0]], path[1:])
    return copy
