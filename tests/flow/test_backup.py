"""What the page on running it says of a backup, done as it stands there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import embedded
from tests.pages import ROOT, section, text

INSERT = """psql --quiet "$DATABASE_URL" --command "INSERT INTO members (key, name) VALUES ('ana', 'Ana Ríos')" """
SELECT = (
    """psql --no-align --tuples-only "$DATABASE_URL" --command "SELECT key, name FROM members" """
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter, for PostgreSQL runs as another one where we are root."""
    made = Path(tempfile.mkdtemp(dir="/tmp"))
    made.chmod(0o755)
    yield made
    for data in ("var", "var-restored"):
        embedded.stop(made / data)
    shutil.rmtree(made)


def run(folder: Path, script: str) -> str:
    """What a shell prints in the folder, with `bridge` in its path; each line has to succeed but for a last look."""
    environ = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BRIDGE_DATA")}
    environ |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BRIDGE_DATA": "var",
        "BRIDGE_CONFIG": str(ROOT / "config" / "bridge.toml"),
        "BRIDGE_TEAMS": str(ROOT / "config" / "teams.toml"),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_backup_is_made_and_restored_as_the_page_says(folder: Path) -> None:
    told = section(text("docs/operations.md"), "### Backup")
    dump, restore = (block.partition("\n```")[0] for block in told.split("```sh\n")[1:])
    run(folder, "bridge migrate")
    run(folder, f"bridge database run sh -c {shlex.quote(INSERT)}")
    run(folder, dump)
    assert (folder / "alert-bridge.dump").stat().st_size > 10_000

    restored = restore.replace("bridge check", "bridge check || true")
    out = run(folder, f"{restored}\nbridge database run sh -c {shlex.quote(SELECT)}")
    assert "ana|Ana Ríos" in out
    assert "up to date" in out
