"""What a benchmark of the whole stands on: a throw-away database, a configuration, real processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import webhooks
from bridge.embedded import embedded_postgres, home
from bridge.store import migrate

Say = Callable[[str], None]

ROOT = Path(__file__).parent.parent
PATIENCE = 30.0  # seconds for a process to be ready, or to end

POLICY = """
default_team = "Team 0"

[sources.zendesk]
kind = "zendesk"
secret = "BENCH_ZENDESK_SECRET"

[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
token = "BENCH_ZENDESK_TOKEN"
base_url = "{zendesk}"

[channels.slack]
token = "BENCH_SLACK_TOKEN"
base_url = "{slack}"

[calendars.office]
zone = "Europe/Berlin"
week = {{ mon-fri = "09:00-17:00" }}

[goals.first_response]
target = {{ default = "2h", urgent = "1h" }}
warn = [0.75]

[goals.next_reply]
target = {{ default = "4h", urgent = "2h" }}
warn = [0.75]

[goals.periodic_update]
target = {{ default = "16h", urgent = "8h" }}
warn = [0.75]

[goals.resolution]
target = {{ default = "40h", urgent = "20h" }}
warn = [0.75]
"""
TOKEN = "a-token-of-the-benchmark"
NOWHERE = "http://127.0.0.1:9/"  # nothing listens there


class Failed(Exception):
    """A benchmark could not be run, or what it measured was wrong."""


@dataclass
class Scene:
    """A database and a configuration, and the processes that were started on them."""

    url: str
    folder: Path
    environ: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def configure(self, *, zendesk: str = NOWHERE, slack: str = NOWHERE) -> None:
        """Write the configuration, its desk and its channel at these addresses."""
        text = POLICY.format(zendesk=zendesk, slack=slack)
        Path(self.environ["BRIDGE_CONFIG"]).write_text(text, "utf-8")

    def bridge(self, command: str, *arguments: str) -> None:
        """Start a process of `bridge`."""
        self.start(command, str(Path(sys.executable).with_name("bridge")), command, *arguments)

    def start(self, name: str, *command: str, **environ: str) -> None:
        """Start a process; what it says goes to a file, which is shown if it ends by itself."""
        with self._log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=self.environ | environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self, name: str) -> str:
        """The end of what a process has said."""
        return self._log(name).read_text("utf-8", "replace")[-2000:]

    def until_it_answers(self, name: str, port: int, path: str = "/readyz") -> None:
        """Wait until the web process `name` answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.check()
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", path)
                if connection.getresponse().status < 500:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.05)
        raise Failed(f"{name} does not answer:\n{self.said(name)}")

    def check(self) -> None:
        """Raise Failed if a process has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise Failed(f"{name} ended with {process.returncode}:\n{self.said(name)}")

    def stop(self, *names: str) -> None:
        """End these processes, or all."""
        chosen = {name: self.running.pop(name) for name in names or tuple(self.running)}
        for process in chosen.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in chosen.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def scene() -> Iterator[Scene]:
    """A scene with an empty database; nothing of it is left afterwards."""
    disk = "/var/tmp" if Path("/var/tmp").is_dir() else None  # /tmp may be in memory
    with TemporaryDirectory(prefix="alert-bridge-", dir=disk) as name:
        folder = Path(name)
        try:
            with embedded_postgres(folder / "db") as url:
                migrate(url)
                made = Scene(url, folder, _environ(url, folder))
                made.configure()
                try:
                    yield made
                finally:
                    made.stop()
        finally:
            shutil.rmtree(home(folder / "db"), ignore_errors=True)


def _environ(url: str, folder: Path) -> dict[str, str]:
    kept: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")
    }
    return {
        **kept,
        "DATABASE_URL": url,
        "BRIDGE_CONFIG": str(folder / "bridge.toml"),
        "BENCH_ZENDESK_SECRET": webhooks.SECRET,
        "BENCH_ZENDESK_TOKEN": TOKEN,
        "BENCH_SLACK_TOKEN": TOKEN,
    }


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
