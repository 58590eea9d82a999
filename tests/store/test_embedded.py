from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from bridge import embedded
from bridge.embedded import EmbeddedError, embedded_postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="speaks of what root does")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project") / "var"
    yield folder
    forget(folder)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user can enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def forget(root: Path) -> None:
    embedded.stop(root)
    shutil.rmtree(embedded.home(root), ignore_errors=True)


def modes(path: Path) -> dict[Path, int]:
    return {folder: folder.stat().st_mode for folder in (path, *path.parents) if folder.exists()}


def postmaster(root: Path) -> tuple[Path, int]:
    file = embedded.home(root) / "data" / "postmaster.pid"
    return file, int(file.read_text().split("\n", 1)[0])


def test_the_first_starts_it_the_second_finds_it_and_the_first_stops_it(root: Path) -> None:
    with embedded_postgres(root) as url:
        with embedded_postgres(root) as second:
            assert second == url
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("bridge", "bridge")
        assert embedded.find(root) == embedded.Embedded(url, started=False)
    assert embedded.find(root) is None


def test_two_simultaneous_starts_give_one_server(root: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(embedded.start, [root, root]))
    embedded.stop(root)
    assert {server.started for server in both} == {True, False}
    assert both[0].url == both[1].url


def test_stopping_what_does_not_run_is_no_error(root: Path, tmp_path: Path) -> None:
    embedded.stop(root)
    embedded.stop(tmp_path / "never")
    assert embedded.find(tmp_path / "never") is None


def test_sqlalchemy_takes_the_url_and_the_settings_lose_nothing(root: Path) -> None:
    with embedded_postgres(root) as url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            for setting, value in {
                "fsync": "on",
                "synchronous_commit": "on",
                "TimeZone": "UTC",
                "listen_addresses": "",
                "server_encoding": "UTF8",
                "max_connections": "100",
            }.items():
                assert connection.execute(text(f"SHOW {setting}")).scalar() == value
            assert connection.execute(text("SELECT upper('grüße, ж')")).scalar() == "GRÜßE, Ж"
        engine.dispose()


def test_it_asks_for_the_password(root: Path) -> None:
    with embedded_postgres(root) as url:
        password = (embedded.home(root) / "password").read_text()
        assert (embedded.home(root) / "password").stat().st_mode & 0o777 == 0o600
        for wrong in (
            url.replace(password, "wrong"),
            url.replace(f":{password}", ""),
            url.replace("bridge:", "postgres:"),  # nobody logs in as the superuser
        ):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(wrong)


def test_its_role_makes_databases_and_is_no_superuser(root: Path) -> None:
    with (
        embedded_postgres(root) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute("CREATE DATABASE another")
        connection.execute("DROP DATABASE another WITH (FORCE)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'cat'")


def test_what_was_committed_survives_a_stop_and_a_kill(root: Path) -> None:
    with embedded_postgres(root) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (what text)")
        connection.execute("INSERT INTO kept VALUES ('a stop')")
    url = embedded.start(root).url
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO kept VALUES ('a kill')")
        connection.commit()
        os.kill(postmaster(root)[1], signal.SIGKILL)
        again = embedded.start(root)
    assert again == embedded.Embedded(url, started=True)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT what FROM kept").fetchall() == [("a stop",), ("a kill",)]
    embedded.stop(root)


def test_it_starts_though_the_number_of_a_killed_server_was_given_away(root: Path) -> None:
    embedded.start(root)
    file, number = postmaster(root)
    os.kill(number, signal.SIGKILL)
    file.write_text(file.read_text().replace(str(number), str(os.getpid()), 1))
    assert embedded.start(root).started
    embedded.stop(root)


def test_a_lost_password_is_set_anew(root: Path) -> None:
    with embedded_postgres(root) as before:
        (embedded.home(root) / "password").unlink()
        with pytest.raises(EmbeddedError, match="password cannot be read"):
            embedded.find(root)
    with embedded_postgres(root) as after, psycopg.connect(after):
        assert after != before


def test_data_of_another_postgresql_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded.start(root)
    embedded.stop(root)
    monkeypatch.setattr(embedded, "MAJOR", 19)
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 18, and this is 19"):
        embedded.start(root)


def test_a_path_too_long_for_a_socket_gets_a_short_one(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = public / "a, b" / ("long" * 30)
    monkeypatch.setenv("BRIDGE_DATA", str(root))
    with embedded_postgres() as url, psycopg.connect(url):
        assert (root / "data").is_dir()
        assert "host=/tmp/alert-bridge-" in url
    assert not list(Path("/tmp").glob(f"alert-bridge-{os.geteuid()}-{embedded._short(root)}"))


@as_user
def test_a_folder_that_may_not_be_written_to_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedError, match="set BRIDGE_DATA to a folder that you may write to"):
        embedded.start(tmp_path / "var")


@as_root
def test_root_opens_no_folder_to_others(root: Path, tmp_path: Path) -> None:
    locked = tmp_path / "home"
    locked.mkdir(mode=0o700)
    mine = locked / "project" / "var"
    mine.mkdir(parents=True)
    wheel = embedded._bin(embedded._wheel())
    before = modes(mine) | modes(wheel)
    mask = os.umask(0o077)  # ours are reachable nevertheless
    try:
        with embedded_postgres(mine) as url, psycopg.connect(url):
            assert modes(mine) | modes(wheel) == before
            assert Path(f"/proc/{postmaster(mine)[1]}").stat().st_uid != 0
    finally:
        os.umask(mask)
        forget(mine)
    assert modes(mine) | modes(wheel) == before
    assert list(mine.iterdir()) == []


@as_root
def test_root_is_told_when_the_server_cannot_reach_the_chosen_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("BRIDGE_DATA", str(tmp_path / "data"))
    with pytest.raises(EmbeddedError, match=r"cannot reach .* unset BRIDGE_DATA"):
        embedded.start(embedded.default_root())
    assert tmp_path.stat().st_mode & 0o777 == 0o700
