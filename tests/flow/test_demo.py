"""The demo as a newcomer runs it: a whole day, and one that is cut short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.embedded import find, home

KEYS = {
    "tickets", "events", "alerts", "alert_rate", "tags_written", "notes_written", "slack_messages", "slack_edits",
    "lost", "duplicates", "false_alarms", "missed", "webhook_to_slack_ms", "seconds", "desks", "answers", "leaks",
}  # fmt: skip
ZEROS = ("lost", "duplicates", "false_alarms", "missed", "leaks")


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """`bridge …` with its temporary files in a folder of the test's."""
    environ = {**os.environ, "TMPDIR": str(folder)}
    environ.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "bridge.cli", *words]
    return subprocess.Popen(
        command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.slow
def test_a_whole_day_comes_out_as_planned(tmp_path: Path) -> None:
    out, err = start(tmp_path, "demo", "--once", "--json").communicate(timeout=300)
    told = json.loads(out)
    assert told.keys() >= KEYS
    assert {key: told[key] for key in ZEROS} == dict.fromkeys(ZEROS, 0), told["trouble"]
    assert told["tickets"] > 190
    assert min(told["desks"].values()) > 30
    assert len(told["answers"]) >= 8  # survey tools, and calls
    assert told["alerts"] == told["slack_messages"] > 50
    assert "http://" not in err  # the pages are for those who stay


@pytest.mark.long
def test_a_day_on_which_every_vendor_fails_comes_out_the_same(tmp_path: Path) -> None:
    words = ("simulate", "day", "--faults", "--seed", "10", "--json")
    out, _ = start(tmp_path, *words).communicate(timeout=300)
    told = json.loads(out)
    assert {key: told[key] for key in ZEROS} == dict.fromkeys(ZEROS, 0), told["trouble"]
    assert told["faults"] > 150


def test_a_demo_that_is_cut_short_leaves_no_database_behind(tmp_path: Path) -> None:
    demo = start(tmp_path, "demo")
    assert demo.stderr is not None
    assert "http://127.0.0.1:" in demo.stderr.readline()  # the database runs by now
    (folder,) = tmp_path.glob("alert-bridge-*")
    root = folder / "database"
    assert find(root) is not None
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=60)
    assert demo.returncode == 128 + signal.SIGTERM
    assert not home(root).exists()
    assert not folder.exists()
