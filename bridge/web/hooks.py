"""`/hooks/<source>`: verify, keep, answer. The answer comes after the commit."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Mapping, Sequence

import structlog
from flask import Blueprint, Response, request
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

import connectors
from bridge.domain.model import Forged, Unreadable
from bridge.store import inbox
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake
from connectors import KEPT_HEADERS, Incoming, Source

MOST_BYTES = 1_000_000
PATIENCE = 8.0  # seconds; the most patient vendor gives us 12
TOGETHER = 256  # deliveries in one transaction

log = structlog.get_logger()


class Unavailable(Exception):
    """The delivery could not be kept now."""


class Unstorable(Exception):
    """The delivery can't be kept as it is: its address or headers hold what no database takes."""


class _Held:
    """A delivery on its way into the database, and the request that waits for it.

    A bare lock: a Future wakes its waiter twice, which takes a seventh of all that can be taken in.
    """

    __slots__ = ("given_up", "outcome", "received", "settled")

    def __init__(self, received: inbox.Received) -> None:
        self.received = received
        self.outcome: bool | Exception = False
        self.given_up = False
        self.settled = threading.Lock()
        self.settled.acquire()

    def settle(self, outcome: bool | Exception) -> None:
        """Say whether it is new, or why it was not kept."""
        self.outcome = outcome
        self.settled.release()

    def wait(self) -> bool:
        """Whether it is new, once it is kept. Raises Unavailable or Unstorable."""
        if not self.settled.acquire(timeout=PATIENCE):
            self.given_up = True
            raise Unavailable("the database is slow")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Intake:
    """Group commit: one thread keeps what many requests bring, in one transaction at a time.

    The thread starts with the first delivery, and so after the server's fork. It is started anew if it
    has died, and ends when the bridge is closed. A request waits for `PATIENCE` at most.
    """

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.waiting: queue.SimpleQueue[_Held | None] = queue.SimpleQueue()  # None: end
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.pid = 0
        bridge.at_close(lambda: self.waiting.put(None))

    def keep(self, received: inbox.Received) -> bool:
        """Keep a delivery durably; whether it is new. Raises Unavailable or Unstorable."""
        self._ensure_thread()
        held = _Held(received)
        self.waiting.put(held)
        return held.wait()

    def _ensure_thread(self) -> None:
        if self.thread is not None and self.thread.is_alive() and self.pid == os.getpid():
            return
        with self.lock:
            if self.thread is None or not self.thread.is_alive() or self.pid != os.getpid():
                self.pid = os.getpid()
                self.thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        """One connection serves for as long as deliveries follow upon each other, checked when it is taken."""
        while (first := self.waiting.get()) is not None:
            batch = self._with_others(first)
            try:
                connection = self.bridge.engine.connect()
            except SQLAlchemyError as error:
                _refuse(batch, error)
                continue
            with connection:
                while batch:
                    self._store(connection, batch)
                    batch = self._with_others()

    def _with_others(self, *first: _Held) -> list[_Held]:
        batch = list(first)
        while len(batch) < TOGETHER:
            try:
                held = self.waiting.get_nowait()
            except queue.Empty:
                break
            if held is None:
                self.waiting.put(None)
                break
            batch.append(held)
        return [held for held in batch if not held.given_up]

    def _store(self, connection: Connection, batch: Sequence[_Held]) -> None:
        """Keep a batch; if one of it can't be stored, each alone, so that it fails alone."""
        try:
            with connection.begin():
                new = inbox.add(connection, [held.received for held in batch])
                if any(new):
                    wake(connection, DRAIN)
        except (SQLAlchemyError, ValueError) as error:
            if len(batch) > 1 and _about_a_row(error):
                for held in batch:
                    self._store(connection, [held])
            else:
                _refuse(batch, error)
            return
        for held, fresh in zip(batch, new, strict=True):
            held.settle(fresh)


def _refuse(batch: Sequence[_Held], error: Exception) -> None:
    log.error("not kept", kind=type(error).__name__, deliveries=len(batch))
    kind = Unstorable if _about_a_row(error) else Unavailable
    for held in batch:
        held.settle(kind(type(error).__name__))


def _about_a_row(error: Exception) -> bool:
    """Whether the values are at fault, not the database: PostgreSQL's class 22, or text it can't be sent."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return (state or "").startswith("22") or type(error.orig).__name__ == "DataError"
    return isinstance(error, ValueError)


def hooks(bridge: Bridge, secrets: Mapping[str, tuple[str, ...]], intake: Intake) -> Blueprint:
    """The routes for deliveries."""
    doors = Blueprint("hooks", __name__)
    settings = bridge.settings

    @doors.route("/hooks/<name>", methods=["GET", "HEAD", "POST", "PUT"])
    def take(name: str) -> Response:
        setting = settings.sources.get(name)
        if setting is None or setting.polled:
            return say(404, f"no source {name!r} is configured here")
        incoming = arrived(bridge)
        if incoming is None:
            return say(413, "too large")
        probe = request.method in ("GET", "HEAD")
        if not probe and not setting.unsigned:
            try:
                setting.source.verify(incoming, secrets[name])
            except Forged as error:
                log.warning("refused", source=name, why=str(error))
                return say(401, f"not accepted: {error}")
        answer = setting.source.answer(incoming)
        if probe or (answer is not None and not answer.keep):
            return as_answered(answer) or say(405, "this address takes POST")
        kept = keep(intake, name, setting.source, incoming)
        return kept if kept.status_code >= 400 else as_answered(answer) or kept

    return doors


def arrived(bridge: Bridge) -> Incoming | None:
    """The request that is being answered; None if it is too large."""
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:  # sent in chunks, which Werkzeug cuts off in silence
        return None
    return Incoming(
        method=request.method,
        url=_called(bridge.settings.public_url),
        headers=_headers(request.environ),
        body=body,
        received_at=bridge.now(),
    )


def as_answered(answer: connectors.Response | None) -> Response | None:
    """What a source has to say, if anything."""
    if answer is None:
        return None
    return Response(answer.body, answer.status, content_type=answer.type)


def keep(intake: Intake, name: str, source: Source, incoming: Incoming) -> Response:
    """Keep what came in for the source `name`, and answer after the commit: 202, 200 for a repeat, 400 or 503."""
    try:
        new = intake.keep(_received(name, source, incoming))
    except Unavailable:
        refusal = say(503, "not kept; send it again")
        refusal.headers["Retry-After"] = "30"
        return refusal
    except Unstorable:
        return say(400, "not kept: the address or the headers hold what can't be stored")
    return say(202, "kept") if new else say(200, "known already")


def _received(name: str, source: Source, incoming: Incoming) -> inbox.Received:
    try:
        delivery = source.identify(incoming)
    except Unreadable:  # kept all the same; reading it says why
        delivery = "sha256:" + hashlib.sha256(incoming.body).hexdigest()
    scrub = getattr(source, "scrub", None)
    return inbox.Received(
        source=name,
        delivery=delivery,
        received_at=incoming.received_at,
        method=incoming.method,
        url=incoming.url,
        headers={
            k: incoming.headers[k] for k in (*KEPT_HEADERS, *source.keeps) if k in incoming.headers
        },
        body=scrub(incoming) if scrub else incoming.body,
    )


def _headers(environ: Mapping[str, object]) -> dict[str, str]:
    """The headers by their names in lower case: werkzeug's way to list them costs as much as its routing."""
    found = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    for name in ("content-type", "content-length"):
        found[name] = str(environ.get(name.upper().replace("-", "_"), ""))
    return found


def _called(public_url: str) -> str:
    """The address as the vendor called it: the public one, whatever proxies made of it."""
    base = public_url or f"{request.scheme}://{request.host}"
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return f"{base}{request.path}{query}"


def say(status: int, words: str) -> Response:
    """An answer in plain words."""
    return Response(words + "\n", status, content_type="text/plain; charset=utf-8")
