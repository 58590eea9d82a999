"""The door: what is let in is kept, once; what is not is told why; and nobody is told more than that."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from structlog.testing import capture_logs

from bridge.domain.model import ConfigError
from bridge.settings import parse
from bridge.store import inbox
from bridge.web import create_app
from bridge.web.hooks import Intake, Unavailable, Unstorable
from bridge.work.bridge import Bridge
from bridge.work.drain import drain
from bridge.work.tick import tick
from tests.flow.patience import eventually

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HOOKS = import_module("bridge.web.hooks")
SECRET = "secret-of-the-webhook"
POLICY = """
[sources.zendesk]
kind = "zendesk"
secret = ["ZENDESK_WEBHOOK_SECRET", "ZENDESK_WEBHOOK_SECRET_NEW"]

[sources.survey]
kind = "generic"
unsigned = true
"""
ENV = {"ZENDESK_WEBHOOK_SECRET": SECRET}


@dataclass(frozen=True)
class Sent:
    """A delivery of Zendesk's."""

    body: bytes
    headers: dict[str, str]


def signed(
    words: str = "Where is my refund?",
    *,
    key: str = "delivery-1",
    secret: str = SECRET,
    now: datetime = NOW,
) -> Sent:
    """What Zendesk sends when Anna writes on ticket 7."""
    said = {
        "id": f"event-{key}",
        "type": "zen:event-type:ticket.comment_added",
        "time": "2026-03-10T08:59:00Z",
        "subject": "zen:ticket:7",
        "detail": {"id": "7", "requester_id": "3", "group_id": "5", "status": "OPEN"},
        "event": {
            "comment": {
                "id": key,
                "body": words,
                "is_public": True,
                "author": {"id": "3", "is_staff": False, "name": "Anna"},
            }
        },
    }
    body = json.dumps(said).encode()
    stamp = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    return Sent(
        body,
        {
            "Content-Type": "application/json",
            "X-Zendesk-Webhook-Invocation-Id": key,
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        },
    )


@dataclass
class Door:
    """The application, and what came in."""

    bridge: Bridge
    client: FlaskClient

    def post(self, sent: Sent, path: str = "/hooks/zendesk", **headers: str) -> Any:
        return self.client.post(path, data=sent.body, headers={**sent.headers, **headers})

    def kept(self) -> list[inbox.Kept]:
        with self.bridge.engine.begin() as connection:
            return inbox.listing(connection, None, 10_000)[::-1]


Opens = Callable[..., Door]


@pytest.fixture
def open_door(url: str) -> Iterator[Opens]:
    made: list[Bridge] = []

    def make(policy: str = POLICY, database: str = url, **env: str) -> Door:
        bridge = Bridge(parse(policy, {**ENV, **env}), database, now=lambda: NOW)
        made.append(bridge)
        return Door(bridge, create_app(bridge).test_client())

    yield make
    for bridge in made:
        eventually(lambda pool=bridge.engine.pool: not pool.checkedout())  # type: ignore[misc]
        bridge.close()


@pytest.fixture
def door(open_door: Opens) -> Door:
    return open_door()


# --- who is let in


def test_a_signed_delivery_is_kept_as_it_came_and_a_job_waits_for_it(door: Door) -> None:
    sent = signed()
    assert door.post(sent).status_code == 202

    (row,) = door.kept()
    assert (row.source, row.delivery, row.state) == ("zendesk", "delivery-1", "waiting")
    assert row.body == sent.body
    assert row.received_at == NOW
    assert "x-zendesk-webhook-signature" not in row.headers
    assert jobs(door.bridge.engine) == ["drain"]


def test_a_repeat_is_answered_with_success_and_kept_once(door: Door) -> None:
    assert [door.post(signed()).status_code for _ in range(3)] == [202, 200, 200]
    assert len(door.kept()) == 1


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (Sent(signed().body, {}), "no signature at all"),
        (signed(secret="another"), "another's secret"),
        (Sent(signed().body + b" ", signed().headers), "a changed body"),
        (Sent(b"", signed().headers), "no body"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_proves_nothing_is_refused_and_not_kept(door: Door, sent: Sent, why: str) -> None:
    answer = door.post(sent)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert door.kept() == []


def test_two_secrets_are_good_while_one_follows_the_other(open_door: Opens) -> None:
    door = open_door(ZENDESK_WEBHOOK_SECRET_NEW="the-next-one")
    assert door.post(signed(key="1")).status_code == 202
    assert door.post(signed(key="2", secret="the-next-one")).status_code == 202
    assert door.post(signed(key="3", secret="a-third")).status_code == 401


def test_a_secret_may_stand_in_a_file(open_door: Opens, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    door = open_door(ZENDESK_WEBHOOK_SECRET_NEW_FILE=str(tmp_path / "secret"))
    assert door.post(signed(secret="from-a-file")).status_code == 202


def test_a_source_without_a_secret_does_not_start_unless_it_is_said_to_be_unsigned(
    url: str,
) -> None:
    bridge = Bridge(parse(POLICY, {}), url)
    with pytest.raises(ConfigError, match=r"ZENDESK_WEBHOOK_SECRET.*unsigned = true"):
        create_app(bridge)
    bridge.close()


def test_an_unsigned_source_takes_what_comes(door: Door) -> None:
    assert door.post(Sent(b'{"score": 3}', {}), "/hooks/survey").status_code == 202


def test_nobody_lives_at_an_unknown_address(door: Door) -> None:
    answer = door.post(signed(), "/hooks/zendesq")
    assert answer.status_code == 404
    assert "zendesq" in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_only_looks_is_told_to_post(door: Door, method: str) -> None:
    assert door.client.open("/hooks/zendesk", method=method).status_code == 405
    assert door.kept() == []


def test_other_methods_are_not_taken(door: Door) -> None:
    assert door.client.delete("/hooks/zendesk").status_code == 405


def test_more_than_a_megabyte_is_too_much(door: Door) -> None:
    sent = signed("x" * 1_000_001)
    assert door.post(sent).status_code == 413
    assert door.post(signed("x" * 900_000)).status_code == 202


def test_the_start_page_names_the_doors(door: Door) -> None:
    assert door.client.get("/").headers["Location"] == "/inbox"
    assert door.client.get("/healthz").status_code == 200
    assert door.client.get("/readyz").status_code == 200


def test_a_database_without_our_tables_is_not_ready(
    open_door: Opens, database: Callable[..., str]
) -> None:
    answer = open_door(database=database(empty=True)).client.get("/readyz")
    assert (answer.status_code, answer.json["migrations"]) == (503, "run `bridge migrate`")


# --- what it was called


def test_the_public_address_is_what_the_vendor_called(open_door: Opens) -> None:
    door = open_door(PUBLIC_URL="https://alerts.example.com/")
    door.post(signed(), "/hooks/zendesk?a=1&b=%C3%A4")
    assert door.kept()[0].url == "https://alerts.example.com/hooks/zendesk?a=1&b=%C3%A4"


def test_a_trusted_proxy_says_what_the_vendor_called(open_door: Opens) -> None:
    door = open_door(BRIDGE_TRUSTED_PROXIES="1")
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "alerts.example.com"}
    door.post(signed(), **proxied)
    assert door.kept()[0].url == "https://alerts.example.com/hooks/zendesk"


def test_nobody_else_is_believed(door: Door) -> None:
    door.post(signed(), **{"X-Forwarded-Host": "evil.example.com"})
    assert "evil" not in door.kept()[0].url


# --- what can't be read


def test_what_cannot_be_read_is_kept_shown_and_read_again_once_the_policy_is_mended(
    open_door: Opens,
) -> None:
    door = open_door()
    answer = json.dumps({"rating": 2, "note": "Bad.", "nr": "a-1"}).encode()
    assert door.post(Sent(answer, {}), "/hooks/survey").status_code == 202
    drain(door.bridge)
    (row,) = door.kept()
    assert row.state == "unreadable"
    assert "fields.score" in row.reason

    fields = '[sources.survey.fields]\nid = "nr"\nscore = "rating"\ncomment = "note"\n'
    mended = open_door(POLICY + fields)
    with mended.bridge.engine.begin() as connection:
        assert inbox.replay(connection, None) == 1
    drain(mended.bridge)
    (row,) = mended.kept()
    assert (row.state, row.reason) == ("read", "")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"score": "\\u0000"}', b"null"])
def test_nonsense_is_kept_and_stops_nothing(door: Door, body: bytes) -> None:
    assert door.post(Sent(body, {}), "/hooks/survey").status_code == 202
    assert door.post(Sent(b'{"score": 1}', {}), "/hooks/survey").status_code == 202
    drain(door.bridge)
    assert [row.state for row in door.kept()] == ["unreadable", "read"]


def test_a_nul_in_an_address_or_a_header_harms_nobody(door: Door) -> None:
    assert door.post(Sent(b"{}", {}), "/hooks/survey?a=%00").status_code == 202
    answer = door.post(Sent(b"[]", {"webhook-id": "a\x00b"}), "/hooks/survey")
    assert answer.status_code == 400
    assert door.post(signed()).status_code == 202
    assert len(door.kept()) == 2


# --- the database


def test_without_a_database_the_vendor_is_asked_to_come_again(open_door: Opens) -> None:
    door = open_door(database="postgresql://bridge@/bridge?host=/nowhere")
    began = time.monotonic()
    answer = door.post(signed())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert time.monotonic() - began < 9
    assert door.client.get("/healthz").status_code == 200
    assert door.client.get("/readyz").status_code == 503


def test_a_slow_database_is_not_waited_for_longer_than_the_vendor_waits(
    door: Door, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HOOKS, "PATIENCE", 0.3)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE inbox"))
        answer = door.post(signed())
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
    monkeypatch.setattr(HOOKS, "PATIENCE", 8.0)
    assert door.post(signed()).status_code in (200, 202)
    assert len(door.kept()) == 1


@pytest.mark.slow
def test_the_time_limit_is_kept_as_it_is(door: Door, engine: Engine) -> None:
    with engine.begin() as other:
        other.execute(text("LOCK TABLE inbox"))
        began = time.monotonic()
        assert door.post(signed()).status_code == 503
        assert time.monotonic() - began < 9


def test_five_hundred_at_once_are_kept_exactly_once_each(door: Door) -> None:
    sent = [signed(key=str(n)) for n in range(500)] + [signed(key=str(n)) for n in range(50)]
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda one: door.post(one).status_code, sent))
    assert sorted(answers) == [200] * 50 + [202] * 500
    assert {row.delivery for row in door.kept()} == {str(n) for n in range(500)}
    assert jobs(door.bridge.engine) == ["drain"], "one job for them all"


def test_in_a_batch_only_the_row_that_cannot_be_stored_fails(door: Door, engine: Engine) -> None:
    intake = Intake(door.bridge)
    rows = [received("1"), received("2", url="http://x/\x00"), received("3", headers={"a": "\x00"})]
    with ThreadPoolExecutor(5) as pool:
        with engine.begin() as other:
            other.execute(text("LOCK TABLE inbox"))
            first = pool.submit(intake.keep, received("0"))
            eventually(lambda: blocked(engine))
            others = [pool.submit(intake.keep, row) for row in (*rows, received("4"))]
            eventually(lambda: intake.waiting.qsize() == 4)
        assert first.result()
        assert others[0].result()
        assert others[3].result()
        for bad in others[1:3]:
            assert isinstance(bad.exception(), Unstorable)
    assert [row.delivery for row in door.kept()] == ["0", "1", "4"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_intake_that_has_died_is_started_anew(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_it(*_: object) -> None:
        event.remove(door.bridge.engine, "checkout", break_it)
        raise RuntimeError("nobody thought of this")

    intake = Intake(door.bridge)
    monkeypatch.setattr(HOOKS, "PATIENCE", 0.3)
    event.listen(door.bridge.engine, "checkout", break_it)
    with pytest.raises(Unavailable):
        intake.keep(received("1"))
    monkeypatch.setattr(HOOKS, "PATIENCE", 8.0)
    assert intake.keep(received("2"))
    assert [row.delivery for row in door.kept()] == ["2"], "the vendor sends 1 again"


# --- what the log says


def test_no_secret_and_no_word_of_a_customer_is_logged(
    open_door: Opens, capfd: pytest.CaptureFixture[str]
) -> None:
    door = open_door()
    away = open_door(database="postgresql://bridge@/bridge?host=/nowhere")
    with capture_logs() as logs:
        door.post(signed("My card is 4711"))
        door.post(signed("My card is 4711", secret="another"))
        door.post(Sent(b'{"score": "my card is 4711"}', {}), "/hooks/survey")
        away.post(signed("My card is 4711", key="2"))
        drain(door.bridge)
        tick(door.bridge)
    said = json.dumps(logs, default=str) + "".join(capfd.readouterr())
    assert {entry["event"] for entry in logs} >= {"refused", "not kept"}
    for hidden in ("4711", SECRET, signed().headers["X-Zendesk-Webhook-Signature"]):
        assert hidden not in said


# --- the real server


@dataclass
class Web:
    """`bridge web` in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body, headers or {}, encode_chunked=not isinstance(body, bytes)
            )
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()


@pytest.fixture
def web(url: str, tmp_path: Path) -> Iterator[Web]:
    config = tmp_path / "bridge.toml"
    config.write_text(POLICY)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    environ = {**ENV, "PATH": os.environ["PATH"], "DATABASE_URL": url, "BRIDGE_CONFIG": str(config)}
    command = [str(Path(sys.executable).with_name("bridge")), "web", "--host", "127.0.0.1"]
    log = tmp_path / "web.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--port", str(port)], env=environ, stdout=file, stderr=file
        )
    made = Web(port, process, log)
    eventually(lambda: answers(port))
    yield made
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_the_real_server_takes_lengths_and_chunks_and_not_too_much(web: Web, url: str) -> None:
    now = datetime.now(UTC)
    small = signed("My card is 4711", now=now)
    large = signed("x" * 1_100_000, key="2", now=now)
    chunked = {"Transfer-Encoding": "chunked"}
    assert web.send("POST", "/hooks/zendesk", small.body, small.headers).status == 202
    in_parts = iter([small.body[:100], small.body[100:]])
    again = web.send("POST", "/hooks/zendesk", in_parts, small.headers | chunked)
    assert again.status == 200, "the whole body was read"
    assert web.send("POST", "/hooks/zendesk", large.body, large.headers).status == 413
    in_parts = iter([large.body[n : n + 65536] for n in range(0, len(large.body), 65536)])
    try:
        status = web.send("POST", "/hooks/zendesk", in_parts, large.headers | chunked).status
    except OSError:  # it may hang up on who goes on and on
        status = 413
    assert status == 413
    assert web.send("HEAD", "/hooks/zendesk").status == 405
    said = web.log.read_text()
    assert "4711" not in said
    assert SECRET not in said


# --- helpers


def received(
    key: str, url: str = "http://x/hooks", headers: Mapping[str, str] | None = None
) -> inbox.Received:
    return inbox.Received(
        source="survey",
        delivery=key,
        received_at=NOW,
        method="POST",
        url=url,
        headers=dict(headers or {}),
        body=b"{}",
    )


def jobs(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        query = text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")
        return list(connection.execute(query).scalars())


def blocked(engine: Engine) -> bool:
    """Whether some transaction waits for another's lock."""
    with engine.begin() as connection:
        query = text("""
            SELECT count(*) FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
        """)
        return bool(connection.execute(query).scalar())


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
