"""The files that run it elsewhere: units, an image, a set of containers. Each command in them exists."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from bridge.cli import main
from tests.pages import ROOT, text

UNITS = sorted((ROOT / "deploy" / "systemd").glob("alert-bridge*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
BY_TIMER = {path.stem.rpartition("-")[2] for path in UNITS if path.suffix == ".timer"}
INSTALLED = "/opt/alert-bridge/.venv/bin/bridge"


def unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text("utf-8"))
    return read


def understood(arguments: list[str]) -> bool:
    """Whether `bridge` with these arguments is a command, with options that it has."""
    name, *rest = arguments
    command = main.commands.get(name)
    assert isinstance(command, click.Command), name
    command.make_parser(click.Context(command)).parse_args(list(rest))
    return True


def test_there_is_a_unit_for_each_process_of_the_procfile() -> None:
    started = set(re.findall(r"^\w+: bridge (\w+)$", text("Procfile"), re.MULTILINE))
    given = {shlex.split(unit(path)["Service"]["ExecStart"])[1] for path in SERVICES}
    assert given == started | BY_TIMER


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_a_command_that_exists(path: Path) -> None:
    service = unit(path)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == INSTALLED
    assert understood(arguments)
    assert service["User"] == "alert-bridge"


def test_whoever_names_a_unit_names_one_that_there_is() -> None:
    known = {path.name for path in UNITS} | {
        "network-online.target",
        "postgresql.service",
        "multi-user.target",
        "timers.target",
    }
    for path in UNITS:
        named = re.findall(r"[\w@-]+\.(?:service|target)", path.read_text("utf-8"))
        assert {re.sub(r"@\d+", "@", name) for name in named} <= known, path.name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_every_unit() -> None:
    command = ["systemd-analyze", "verify", "--man=no", *map(str, UNITS)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr
    ours = [line for line in told.splitlines() if "alert-bridge" in line]
    assert [line for line in ours if "is not executable" not in line] == []


def test_the_environment_has_variables_that_are_documented() -> None:
    named = re.findall(r"^([A-Z_]+)=", text("deploy/systemd/environment.example"), re.MULTILINE)
    assert len(named) > 3
    readme = text("README.md")
    assert [name for name in named if f"`{name}`" not in readme] == []


def test_the_image_is_made_of_what_there_is() -> None:
    told = text("deploy/Containerfile")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", told, re.MULTILINE)
    assert copied
    for names in copied:
        assert all((ROOT / name).exists() for name in names.split()), names
    assert 'ENTRYPOINT ["bridge"]' in told
    assert understood(re.findall(r'^CMD \["(\w+)"\]', told, re.MULTILINE))


def test_the_set_of_containers_starts_every_process() -> None:
    told = text("deploy/compose.yaml")
    commands = re.findall(r"^    command: \[(\w+)\]$", told, re.MULTILINE)
    assert all(understood([name]) for name in commands)
    started = set(re.findall(r"^\w+: bridge (\w+)$", text("Procfile"), re.MULTILINE))
    assert set(commands) == started
    assert f"dockerfile: {'deploy/Containerfile'}" in told
