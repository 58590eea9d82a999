"""An action with an Idempotency-Key is done once, and answered the same each time, for a day."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from bridge.store import keys
from bridge.web.api.endpoints import Answer, Call
from bridge.web.api.problems import Kind, Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


def once(call: Call, do: Callable[[], Answer]) -> Answer:
    """Do it, unless it was done under this key before: then what it was answered.

    Raises Problem if the key stood for something else, or if it is under way. A refusal is kept as well. A fault isn't,
    so that it may be tried again.
    """
    key = call.header(HEADER)
    if not key:
        return do()
    engine, now = call.bridge.engine, call.bridge.now()
    asked = sha256(f"{call.where}\n".encode() + call.raw).hexdigest()
    with engine.begin() as connection:
        before = keys.begin(connection, call.key.id, key, asked, now)
    if before is not None:
        return _again(before, asked)
    answered = False
    try:
        try:
            answer = do()
        except Problem as problem:
            _keep(call, key, problem.kind.status, problem.body())
            answered = True
            raise
        body = msgspec.json.encode(answer.body)
        _keep(call, key, answer.status, body)
        answered = True
    finally:
        if not answered:
            with engine.begin() as connection:
                keys.undo(connection, call.key.id, key)
    return answer


def _keep(call: Call, key: str, status: int, body: bytes) -> None:
    with call.bridge.engine.begin() as connection:
        keys.answered(connection, call.key.id, key, status, body)


def _again(before: keys.Repeat, asked: str) -> Answer:
    if before.request != asked:
        raise Problem(Kind.USED, "this Idempotency-Key stood for another request")
    if before.status is None:
        why = "the first request with this Idempotency-Key is not answered yet"
        raise Problem(Kind.UNDER_WAY, why, headers={"Retry-After": "1"})
    return Answer(body=msgspec.Raw(before.body), status=before.status, headers={REPLAYED: "true"})
