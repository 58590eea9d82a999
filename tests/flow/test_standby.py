"""Several clocks, of which one leads: whichever is killed, cut off or ended, every timer rings, and rings once."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from bridge.domain.model import Opened, Party
from bridge.settings import parse
from bridge.store import pulse, tickets
from bridge.store.lead import Lead
from bridge.work.bridge import Bridge, wall_clock
from bridge.work.clock import SKEW, beat, check_skew
from tests.flow.test_kill import eventually

KILLS = 20
SEED = 4
TARGET = timedelta(minutes=2)
APART = timedelta(milliseconds=50)  # from one timer to the next
AHEAD = timedelta(seconds=4)  # timers are put on so long before they ring
LONGEST = 10.0  # seconds that a take-over may last

CONFIG = """
[goals.first_response]
target = "2m"
warn = []
"""

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 7266303 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Clock:
    """A `bridge clock`, a process of its own."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(command, env=env, stdout=file, stderr=file)

    def said(self, words: str) -> int:
        """How often its log says so."""
        return len(re.findall(f'"event": "{words}', self._log.read_text("utf-8", "replace")))

    def waits_or_leads(self) -> bool:
        return bool(self.said("standing by") or self.said("leading"))

    def signal(self, which: signal.Signals) -> None:
        self._process.send_signal(which)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return self._process.wait(20)

    def stop(self) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()


class Place:
    """Processes on one database, and what can be seen in it."""

    def __init__(self, folder: Path, url: str, engine: Engine) -> None:
        config = folder / "bridge.toml"
        config.write_text(CONFIG, "utf-8")
        self.folder, self.engine = folder, engine
        self.env = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "BRIDGE_CONFIG": str(config)}
        self.started: list[Clock] = []
        self.due: list[datetime] = []  # when each ticket's timer is to ring

    def start(self, name: str = "clock") -> Clock:
        command = [str(Path(sys.executable).with_name("bridge")), name]
        made = Clock(command, self.env, self.folder / f"{len(self.started)}.log")
        self.started.append(made)
        return made

    def ready(self, name: str = "clock") -> Clock:
        """One that stands by, or leads."""
        made = self.start(name)
        eventually(made.waits_or_leads)
        return made

    def put_on(self, until: datetime) -> None:
        """Timers up to a moment: each a ticket that nobody has answered."""
        now = wall_clock()
        moment = (self.due[-1] if self.due else now) + APART
        opened = []
        while moment <= until:
            self.due.append(moment)
            number = len(self.due)
            subject, at = f"zendesk:{number}", moment - TARGET
            event = Opened(id=f"opened:{number}", subject=subject, at=at, by=Party.CUSTOMER)
            opened.append(tickets.arrive(event, now))
            moment += APART
        with self.engine.begin() as connection:
            tickets.add_events(connection, opened)

    def rung(self) -> dict[str, list[datetime]]:
        """Of each ticket, when its timer has rung."""
        query = text("SELECT subject, received_at FROM events WHERE body->>'kind' = 'due'")
        found: dict[str, list[datetime]] = {}
        with self.engine.begin() as connection:
            for row in connection.execute(query):
                found.setdefault(row.subject, []).append(row.received_at)
        return found

    def alerts(self) -> list[str]:
        """The tickets that an alert was made of, one entry for each alert."""
        with self.engine.begin() as connection:
            return list(connection.execute(text("SELECT subject FROM alerts")).scalars())

    def beats_since(self, moment: datetime) -> bool:
        with self.engine.begin() as connection:
            last = pulse.last(connection)
        return last is not None and last.beat_at > moment

    def beat_at(self) -> datetime:
        with self.engine.begin() as connection:
            last = pulse.last(connection)
        assert last
        return last.beat_at

    def cut(self) -> None:
        """End the connection that holds the lead."""
        with self.engine.begin() as connection:
            assert connection.execute(text(CUT)).scalars().all() == [True]


@pytest.fixture
def place(tmp_path: Path, url: str, engine: Engine) -> Iterator[Place]:
    made = Place(tmp_path, url, engine)
    yield made
    for process in made.started:
        process.stop()


@pytest.mark.long
def test_a_leader_killed_twenty_times_misses_no_timer_and_rings_none_twice(place: Place) -> None:
    chance = random.Random(SEED)
    place.start("worker")
    leading, *waiting = place.ready(), place.ready(), place.start()
    took = []
    for _ in range(KILLS):
        now = wall_clock()
        place.put_on(now + AHEAD)
        moment = now + timedelta(seconds=chance.random())
        eventually(lambda moment=moment: wall_clock() >= moment)  # type: ignore[misc]
        eventually(waiting[0].waits_or_leads)
        leading.kill()
        killed = wall_clock()
        waiting.append(place.start())
        eventually(lambda killed=killed: place.beats_since(killed))  # type: ignore[misc]
        took.append((place.beat_at() - killed).total_seconds())
        [leading] = [one for one in waiting if one.said("leading")]
        waiting.remove(leading)
    eventually(lambda: len(place.alerts()) >= len(place.due))

    rung = place.rung()
    assert {subject: len(times) for subject, times in rung.items()} == {
        f"zendesk:{number}": 1 for number in range(1, len(place.due) + 1)
    }
    assert sorted(place.alerts()) == sorted(rung)
    late = [
        (rung[f"zendesk:{number}"][0] - due).total_seconds()
        for number, due in enumerate(place.due, 1)
    ]
    assert min(late) >= 0
    assert max(*late, *took) < LONGEST
    print(
        f"{KILLS} kills, {len(late)} timers, longest take-over {max(took):.1f} s, "
        f"latest timer {max(late):.1f} s"
    )


def test_a_leader_that_slept_while_its_connection_was_cut_finds_another_in_its_place(
    place: Place,
) -> None:
    first, second = place.ready(), place.ready()
    assert (first.said("leading"), second.said("standing by")) == (1, 1)
    first.signal(signal.SIGSTOP)
    place.cut()
    eventually(lambda: second.said("leading"))
    first.signal(signal.SIGCONT)
    eventually(lambda: first.said("lost the lead") and first.said("standing by"))
    assert (first.said("leading"), second.said("lost the lead")) == (1, 0)
    second.kill()
    eventually(lambda: first.said("leading") == 2)


def test_a_lonely_leader_whose_connection_is_cut_leads_again(place: Place) -> None:
    clock = place.ready()
    place.cut()
    eventually(lambda: clock.said("lost the lead") and clock.said("leading") == 2)
    assert clock.end() == 0


def test_a_stand_by_that_sleeps_is_in_nobodys_way(place: Place) -> None:
    place.start("worker")
    leading, asleep = place.ready(), place.ready()
    asleep.signal(signal.SIGSTOP)
    place.put_on(wall_clock() + timedelta(seconds=1))
    eventually(lambda: len(place.rung()) == len(place.due) > 0)
    leading.kill()
    third = place.ready()
    eventually(lambda: third.said("leading"))
    asleep.signal(signal.SIGCONT)
    killed = wall_clock()
    third.kill()
    eventually(lambda: asleep.said("leading") and place.beats_since(killed))


def test_told_to_end_the_leader_and_the_stand_by_end_well(place: Place) -> None:
    leading, waiting = place.ready(), place.ready()
    assert waiting.end() == 0
    last = place.start()
    assert leading.end() == 0
    eventually(lambda: last.said("leading"))
    assert (leading.said("lost the lead"), waiting.said("leading")) == (0, 0)
    assert last.end() == 0


def test_one_has_the_lead_until_its_connection_ends(place: Place) -> None:
    url = place.env["DATABASE_URL"]
    one, other = Lead(url), Lead(url)
    assert (one.take(), other.take()) == (True, False)
    assert one.held()
    one.close()
    eventually(other.take)  # the database lets go once it has noticed
    place.cut()
    assert not other.held()
    assert not other.held(), "and not on a new connection, which has no lock"
    other.close()


def bridge_at(url: str, ahead: timedelta) -> Bridge:
    """Whose clock is ahead of the database's."""
    return Bridge(parse(CONFIG, {}), url, now=lambda: wall_clock() + ahead, pool=1)


@pytest.mark.parametrize("ahead", [timedelta(seconds=5), -timedelta(seconds=5)])
def test_a_clock_that_is_not_the_databases_is_an_error(url: str, ahead: timedelta) -> None:
    bridge = bridge_at(url, ahead)
    with capture_logs() as logs:
        found = check_skew(bridge)
    bridge.close()
    assert abs(found - ahead) < SKEW
    [line] = logs
    assert (line["event"], line["log_level"]) == ("clock skew", "error")
    assert abs(line["seconds"]) >= 3
    assert "NTP" in line["fix"]


def test_a_second_between_the_clocks_is_none(url: str) -> None:
    bridge = bridge_at(url, timedelta(seconds=-1))
    with capture_logs() as logs:
        check_skew(bridge)
    bridge.close()
    assert logs == []


def test_an_outage_is_remembered_from_the_last_beat_to_the_next(url: str) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    times = iter(noon + timedelta(seconds=seconds) for seconds in (0, 10, 70, 500, 510))
    bridge = Bridge(parse(CONFIG, {}), url, now=lambda: next(times), pool=1)
    for _ in range(5):
        beat(bridge)
    with bridge.engine.begin() as connection:
        last = pulse.last(connection)
    bridge.close()
    assert last
    assert last.beat_at == noon + timedelta(seconds=510)
    assert last.down_at(noon + timedelta(seconds=100))
    assert not last.down_at(noon + timedelta(seconds=60)), "60 seconds are no outage"
    assert not last.down_at(noon + timedelta(seconds=505))
