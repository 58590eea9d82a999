"""One command that runs everything: the database, then the ``release`` line, then the rest.

A Procfile says what is run. Where ``DATABASE_URL`` is unset, an embedded PostgreSQL is started
first and stopped last, and its URL is handed to every process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from honcho import manager as honcho
from honcho.environ import parse_procfile
from honcho.printer import Printer

from bridge.embedded import embedded_postgres
from bridge.settings import database_url

PATIENCE = 20
"""Seconds that processes have to end their work, before they are killed."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(procfile: Path, port: int, *, root: Path | None = None) -> int:
    """Run the Procfile until a process ends or we are asked to stop; return the exit code.

    Every process finds ``DATABASE_URL`` and ``PORT`` in its environment, and the commands of this
    Python first in its ``PATH``; its folder is the Procfile's. ``release`` runs alone, first: when
    it fails, its exit code is returned and nothing else starts. When any other process ends, all
    are stopped; the code is then never 0, for none should end by itself. After SIGTERM, SIGINT or
    SIGHUP it is 128 + the signal's number. ``root`` is where an embedded database is kept.

    Raises EmbeddedError when that database cannot start, ValueError for a Procfile that names no
    process.
    """
    lines = dict(parse_procfile(procfile.read_text()).processes)
    release = lines.pop("release", None)
    if not lines:
        raise ValueError(f"{procfile} names no process to run")
    with _asked_to_stop() as asked, _database(root) as url:
        environ = _environ(url, port)
        folder = procfile.absolute().parent
        if release and not asked.signal:
            code = _release(release, environ, folder, asked)
            if code and not asked.signal:
                return code
        if asked.signal:
            return 128 + asked.signal
        return _run_all(lines, environ, folder, asked)


def _database(root: Path | None) -> AbstractContextManager[str]:
    given = database_url(os.environ)
    return nullcontext(given) if given else embedded_postgres(root)


@dataclass(slots=True)
class _Asked:
    """Notes the signal that asks us to stop; who waits looks here. Nothing is cut short by it."""

    signal: int = 0

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or signum

    def listen(self) -> None:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, self)


@contextmanager
def _asked_to_stop() -> Iterator[_Asked]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    asked = _Asked()
    asked.listen()
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environ(url: str, port: int) -> dict[str, str]:
    commands = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "DATABASE_URL": url,
        "PORT": str(port),
        "PATH": os.pathsep.join([commands, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


def _release(line: str, environ: Mapping[str, str], folder: Path, asked: _Asked) -> int:
    child = subprocess.Popen(
        ["/bin/sh", "-c", line], env=environ, cwd=folder, start_new_session=True
    )
    told = False
    while True:
        try:
            code = child.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if asked.signal and not told:
                told = True
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGTERM)
        else:
            return _exit_code(code)


def _run_all(
    lines: Mapping[str, str], environ: Mapping[str, str], folder: Path, asked: _Asked
) -> int:
    processes = _Processes(asked)
    for name, line in lines.items():
        processes.add_process(name, line, env=dict(environ), cwd=str(folder))
    processes.loop()
    return 128 + asked.signal if asked.signal else _exit_code(processes.returncode) or 1


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code  # as a shell says it


class _Process(honcho.Process):  # type: ignore[misc]
    """Relays a process's output, and outlives the terminal to do so."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        signal.signal(signal.SIGHUP, lambda *_: None)
        super().run(events, ignore_signals)


class _Processes(honcho.Manager):  # type: ignore[misc]
    """honcho's manager, made safe to stop at any moment.

    Its own signal handlers print (which may interrupt a print) and fail while processes are still
    being started; ours only take a note, which its loop reads ten times a second.
    """

    def __init__(self, asked: _Asked) -> None:
        super().__init__(Printer(_Terminal()))
        self._asked = asked
        self._process_ctor = _Process
        honcho.KILL_WAIT = PATIENCE  # its own five seconds would cut deliveries short

    def _start(self) -> None:
        self._asked.listen()
        super()._start()

    def _any_stopped(self) -> bool:
        return bool(self._asked.signal) or super()._any_stopped()


class _Terminal:
    """Standard output; when it is gone (a closed window or pipe), the work goes on without it."""

    def write(self, text: str) -> None:
        with _or_nowhere():
            sys.stdout.write(text)

    def flush(self) -> None:
        with _or_nowhere():
            sys.stdout.flush()

    def isatty(self) -> bool:
        return sys.stdout.isatty()


@contextmanager
def _or_nowhere() -> Iterator[None]:
    try:
        yield
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
