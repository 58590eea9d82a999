from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import embedded
from tests.flow.patience import eventually

SUPERVISE = """
import sys
from pathlib import Path
from bridge.supervisor import run
sys.exit(run(Path("Procfile"), 8123, root=Path(sys.argv[1])))
"""
DATABASE = """
import os, psycopg
database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
"""
WRITE = f"""{DATABASE}
database.execute("DROP TABLE IF EXISTS released")
database.execute("CREATE TABLE released (port text)")
database.execute("INSERT INTO released VALUES (%s)", [os.environ["PORT"]])
"""
READ = f"""{DATABASE}
import pathlib, signal
port = database.execute("SELECT port FROM released").fetchone()[0]
pathlib.Path("read.part").write_text(port)
pathlib.Path("read.part").rename("read")
signal.pause()
"""
WAIT = "import pathlib, signal; pathlib.Path('waits').touch(); signal.pause()"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data") / "var"
    yield folder
    embedded.stop(folder)
    shutil.rmtree(embedded.home(folder), ignore_errors=True)


class Supervised:
    """A supervisor in a process of its own, over a Procfile of throw-away scripts."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root
        self.environ: dict[str, str] = {}

    def start(self, **scripts: str) -> subprocess.Popen[str]:
        for name, script in scripts.items():
            (self.folder / f"{name}.py").write_text(script)
        lines = [f"{name}: python {name}.py\n" for name in scripts]
        (self.folder / "Procfile").write_text("".join(lines))
        environ = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BRIDGE_DATA")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, str(self.root)],
            cwd=self.folder,
            env={**environ, "PATH": "/usr/bin:/bin", **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self.process

    def until(self, name: str) -> str:
        """Wait until a process has made this file; return what it holds."""
        eventually((self.folder / name).exists)
        return (self.folder / name).read_text()

    def ends(self) -> tuple[int, str]:
        printed, _ = self.process.communicate(timeout=30)
        return self.process.returncode, printed


@pytest.fixture
def supervised(tmp_path: Path, root: Path) -> Iterator[Supervised]:
    it = Supervised(tmp_path, root)
    yield it
    if it.process.poll() is None:
        it.process.send_signal(signal.SIGTERM)
        it.ends()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_processes_and_then_the_database(
    supervised: Supervised, root: Path, number: signal.Signals
) -> None:
    supervised.start(release=WRITE, web=READ, worker=WAIT)
    assert supervised.until("read") == "8123"
    assert embedded.find(root)
    supervised.until("waits")
    supervised.process.send_signal(number)
    code, printed = supervised.ends()
    assert code == 128 + number, printed
    assert "web stopped" in printed
    assert "worker stopped" in printed
    assert embedded.find(root) is None


def test_when_one_process_ends_all_are_stopped(supervised: Supervised, root: Path) -> None:
    wait_then = "import pathlib, time\nwhile not pathlib.Path('waits').exists(): time.sleep(0.02)\n"
    supervised.start(web=WAIT, worker=wait_then + "raise SystemExit(3)")
    code, printed = supervised.ends()
    assert code == 3, printed
    assert "web stopped" in printed
    assert embedded.find(root) is None


@pytest.mark.parametrize(
    ("script", "code"),
    [("", 1), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL)],
    ids=["in peace", "killed"],
)
def test_no_process_may_end_by_itself(supervised: Supervised, script: str, code: int) -> None:
    supervised.start(web=script)
    assert supervised.ends()[0] == code


def test_nothing_starts_after_a_failed_release(supervised: Supervised, root: Path) -> None:
    supervised.start(release="raise SystemExit(7)", web=WAIT)
    code, printed = supervised.ends()
    assert code == 7, printed
    assert not (supervised.folder / "waits").exists()
    assert embedded.find(root) is None


def test_a_signal_during_the_release_ends_it(supervised: Supervised, root: Path) -> None:
    supervised.start(release=WAIT, web="import pathlib; pathlib.Path('began').touch()")
    supervised.until("waits")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.ends()[0] == 128 + signal.SIGTERM
    assert not (supervised.folder / "began").exists()
    assert embedded.find(root) is None


def test_a_closed_pipe_does_not_stop_the_work(supervised: Supervised, root: Path) -> None:
    chatty = "import pathlib, sys\nwhile not pathlib.Path('stop').exists(): print('hello')\n"
    supervised.start(web=chatty + "raise SystemExit(5)", worker=WAIT)
    supervised.until("waits")
    assert supervised.process.stdout is not None
    supervised.process.stdout.close()
    (supervised.folder / "stop").touch()
    assert supervised.process.wait(timeout=30) == 5
    assert embedded.find(root) is None


def test_a_database_that_is_given_is_used(supervised: Supervised, root: Path) -> None:
    with embedded.embedded_postgres(root) as url:
        supervised.environ = {"DATABASE_URL": url}
        supervised.root = supervised.folder / "never"
        supervised.start(release=WRITE, web=READ)
        supervised.until("read")
        supervised.process.send_signal(signal.SIGTERM)
        assert supervised.ends()[0] == 128 + signal.SIGTERM
        assert embedded.find(root)
    assert not embedded.home(supervised.root).exists()
