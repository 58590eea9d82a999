"""A load generator that costs little: one process, raw sockets that stay open, requests built beforehand.

`python -m benchmarks.load PORT FIRST COUNT CONNECTIONS` sends as fast as it is answered and prints JSON.
"""

from __future__ import annotations

import selectors
import socket
import sys
from collections import Counter
from time import perf_counter

import msgspec

from benchmarks.webhooks import replies

PATIENCE = 60.0  # seconds without any answer


class Load(msgspec.Struct, frozen=True):
    """What came of it. Latencies in milliseconds, from the first byte sent to the last one read."""

    sent: int
    per_s: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]


def share(values: list[float], part: float) -> float:
    """The value below which that part of them lies."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def load(port: int, requests: list[bytes], connections: int) -> Load:
    """Send every request once over so many connections, each the next one as soon as it is answered."""
    waiting = iter(requests)
    poll = selectors.DefaultSelector()
    sockets: dict[int, socket.socket] = {}
    begun: dict[int, float] = {}
    parts: dict[int, bytes] = {}
    took: list[float] = []
    statuses: Counter[str] = Counter()
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        poll.register(one, selectors.EVENT_READ)
    started = perf_counter()
    for (number, one), request in zip(sockets.items(), waiting, strict=False):
        begun[number] = perf_counter()
        one.sendall(request)
    while begun:
        ready = poll.select(PATIENCE)
        if not ready:
            raise SystemExit("no answer in time")
        for key, _ in ready:
            number, one = key.fd, sockets[key.fd]
            got = parts.pop(number, b"") + one.recv(65536)
            if not got:
                raise SystemExit("the server hung up")
            if not _complete(got):
                parts[number] = got
                continue
            now = perf_counter()
            took.append(now - begun.pop(number))
            statuses[got[9:12].decode()] += 1
            if (following := next(waiting, None)) is not None:
                begun[number] = perf_counter()
                one.sendall(following)
    seconds = perf_counter() - started
    return Load(
        sent=len(took),
        per_s=len(took) / seconds,
        p50_ms=share(took, 0.5) * 1000,
        p99_ms=share(took, 0.99) * 1000,
        statuses=dict(statuses),
    )


def _complete(got: bytes) -> bool:
    top, end, rest = got.partition(b"\r\n\r\n")
    if not end:
        return False
    _, found, after = top.lower().partition(b"content-length:")
    return len(rest) >= (int(after.partition(b"\r\n")[0]) if found else 0)


if __name__ == "__main__":
    port, first, many, connections = map(int, sys.argv[1:])
    print(msgspec.json.encode(load(port, replies(first, many), connections)).decode())
