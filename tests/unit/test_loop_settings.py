"""What is configured of closing the loop is right, or it is said in which line it is wrong."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from bridge.domain.ladders import DEFAULT_LADDER, Ladder, Step
from bridge.domain.model import ConfigError, Severity
from bridge.settings import Settings, load, parse
from bridge.settings.loop import CAUSES, local_hour
from tests.pages import ROOT, section, text

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEEP = """\
[ladders.steep]
steps = [
  { who = "owner", after = "15m" },
  { who = "manager+1", after = "2h", hours = "working", by = ["slack", "sms"] },
  { who = "director", after = "4h", by = "email" },
]
nag = "30m"
"""


def read(text: str) -> Settings:
    return parse(text, {}, "bridge.toml")


def why(text: str) -> str:
    """Why a configuration is refused."""
    with pytest.raises(ConfigError) as raised:
        read(text)
    return str(raised.value)


# --- what may be left out


def test_nothing_at_all_is_good_practice() -> None:
    settings = read("")
    assert dict(settings.ladders) == {"default": DEFAULT_LADDER}
    loop = settings.loop
    assert (loop.acknowledge, loop.resolve, loop.close) == (30 * MINUTE, 4 * DAY, 7 * DAY)
    assert loop.contact[Severity.CRITICAL] == HOUR
    assert {loop.contact[s] for s in Severity if s < Severity.CRITICAL} == {DAY}
    assert (loop.warn, loop.hours) == (0.75, "clock")
    assert loop.causes == CAUSES
    assert (loop.follow_up_after, loop.check_after) == (DAY, (3, 6, 12))
    assert settings.quiet_unless is Severity.CRITICAL
    storm = settings.storm
    assert (storm.many, storm.per, storm.sms) == (20, MINUTE, 3)
    digest = settings.digest_plan
    assert (digest.at, digest.empty, digest.open_days) == (time(8), "say", True)
    assert digest.by == ("email", "slack")
    assert (settings.email, settings.sms) == (None, None)


def test_the_file_that_comes_with_it_says_what_holds_without_it() -> None:
    shown, silent = load({}, ROOT / "config" / "bridge.toml"), read("")
    for name in ("ladders", "loop", "quiet_unless", "storm", "digest_plan", "routes"):
        assert getattr(shown, name) == getattr(silent, name), name


def test_the_documented_ladder_is_the_one_that_holds_without_it() -> None:
    told = section(text("docs/configuration.md"), "### `[ladders.<name>]`")
    example = told.partition("```toml\n")[2].partition("```")[0]
    assert read(example).ladders["default"] == DEFAULT_LADDER


# --- ladders


def test_a_ladder_has_steps_and_a_reminder() -> None:
    assert read(STEEP).ladders["steep"] == Ladder(
        name="steep",
        steps=(
            Step(who="owner", after=15 * MINUTE),
            Step(who="manager+1", after=2 * HOUR, hours="working", by=("slack", "sms")),
            Step(who="director", after=4 * HOUR, by=("email",)),
        ),
        nag=30 * MINUTE,
    )


def test_the_default_ladder_may_be_another() -> None:
    settings = read(STEEP.replace("steep", "default").replace('nag = "30m"', 'nag = "none"'))
    assert set(settings.ladders) == {"default"}
    assert settings.ladders["default"].steps[0].who == "owner"
    assert settings.ladders["default"].nag is None


def test_a_ladder_without_steps_tells_nobody() -> None:
    silent = read("[ladders.silent]\nsteps = []\n").ladders["silent"]
    assert silent == Ladder(name="silent", steps=())


# --- goals of the loop


def test_goals_are_said_as_one_time_or_by_severity() -> None:
    loop = read('[loop]\ncontact = { critical = "30m", info = "none", default = "8h" }\n').loop
    assert loop.contact == {
        Severity.WARNING: 8 * HOUR,
        Severity.HIGH: 8 * HOUR,
        Severity.CRITICAL: 30 * MINUTE,
    }
    assert set(read('[loop]\ncontact = "2h"\n').loop.contact.values()) == {2 * HOUR}
    only = read('[loop]\ncontact = { critical = "1h" }\n').loop.contact
    assert only == {Severity.CRITICAL: HOUR}


def test_every_goal_can_be_left_unpromised() -> None:
    text = "".join(
        f'{name} = "none"\n'
        for name in ("acknowledge", "contact", "resolve", "close", "warn", "follow_up_after")
    )
    loop = read(f"[loop]\n{text}check_after = []\n").loop
    assert (loop.acknowledge, loop.contact, loop.resolve, loop.close) == (None, {}, None, None)
    assert (loop.warn, loop.follow_up_after, loop.check_after) == (None, None, ())
    targets = loop.targets
    assert (targets.acknowledge, targets.resolve, targets.close, targets.warn) == (None,) * 4


def test_goals_say_what_they_are_counted_in_and_when_they_are_near() -> None:
    targets = read('[loop]\nhours = "working"\nwarn = "1h"\nresolve = "2d"\n').loop.targets
    assert (targets.hours, targets.warn, targets.resolve) == ("working", HOUR, 2 * DAY)
    assert read('[loop]\nwarn = "80%"\n').loop.warn == 0.8


# --- quiet hours, storms, the digest, channels


def test_the_rest_is_read() -> None:
    settings = read(
        """
        [quiet]
        unless = "high"
        [storm]
        many = 5
        per = "10s"
        sms = 0
        [digest]
        at = "off"
        empty = "skip"
        open_days = false
        by = ["slack"]
        [channels.email]
        host = "smtp.example.com"
        sender = "alerts@example.com"
        [channels.sms]
        account = "AC0123"
        sender = "+15005550006"
        """
    )
    assert settings.quiet_unless is Severity.HIGH
    assert (settings.storm.many, settings.storm.per.seconds, settings.storm.sms) == (5, 10, 0)
    digest = settings.digest_plan
    assert (digest.at, digest.empty, digest.open_days, digest.by) == (
        None,
        "skip",
        False,
        ("slack",),
    )
    assert settings.email is not None
    assert settings.email.host == "smtp.example.com"
    assert settings.sms is not None
    assert settings.sms.account == "AC0123"
    assert settings.slack is None


@pytest.mark.parametrize(
    ("text", "hour"), [("08:00", time(8)), ("23:59", time(23, 59)), ("off", None)]
)
def test_an_hour_of_the_day_is_written_with_its_minutes(text: str, hour: time | None) -> None:
    assert local_hour(text) == hour


@pytest.mark.parametrize("text", ["", "8", "8:00", "24:00", "08:60", "08:00:00", "morning"])
def test_anything_else_is_no_hour_of_the_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no hour of the day"):
        local_hour(text)


# --- what is wrong


STEPS = "[ladders.x]\nsteps = [{}]\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[lop]\nclose = "1d"\n', 1, "did you mean 'loop'?"),
        ("loop = 3\n", 1, "must be a table: [loop]"),
        ("digest = 3\n", 1, "must be a table: [digest]"),
        ('[loop]\nacknowlege = "1h"\n', 2, "did you mean 'acknowledge'?"),
        ('[loop]\nclose = "soon"\n', 2, "'soon' is no duration"),
        ("[loop]\nclose = 7\n", 2, "7 is no duration"),
        ('[loop]\ncontact = { critcal = "1h" }\n', 2, "'critcal' is no severity"),
        ('[loop]\ncontact = { critical = "soon" }\n', 2, "'soon' is no duration"),
        ("[loop]\nwarn = 1.5\n", 2, "a share lies between 0 and 1"),
        ('[loop]\nhours = "office"\n', 2, "Input should be 'clock' or 'working'"),
        ('[loop]\ncauses = "other"\n', 2, "should be a valid tuple"),
        ("[loop]\ncauses = []\n", 2, "name 1 to 100 causes, each once"),
        ('[loop]\ncauses = ["tone", "Tone"]\n', 2, "each once"),
        ('[loop]\ncauses = [" "]\n', 2, "1 to 75 characters"),
        (f'[loop]\ncauses = ["{"x" * 76}"]\n', 2, "1 to 75 characters"),
        ("[loop]\ncheck_after = [6, 3]\n", 2, "must be in rising order"),
        ("[loop]\ncheck_after = [0]\n", 2, "greater than or equal to 1"),
        ('[loop]\ncheck_after = ["3m"]\n', 2, "should be a valid integer"),
        ('[quiet]\nunless = "urgent"\n', 2, "'urgent' is no severity"),
        ('[quiet]\nunles = "high"\n', 2, "did you mean 'unless'?"),
        ("[storm]\nmany = 0\n", 2, "greater than or equal to 1"),
        ('[storm]\nper = "0s"\n', 2, "must be longer than nothing"),
        ("[storm]\nsms = -1\n", 2, "greater than or equal to 0"),
        ('[digest]\nat = "8am"\n', 2, "'8am' is no hour of the day"),
        ("[digest]\nat = 8\n", 2, "8 is no hour of the day"),
        ('[digest]\nempty = "hide"\n', 2, "Input should be 'say' or 'skip'"),
        ('[digest]\nby = ["sms"]\n', 2, "Input should be 'email' or 'slack'"),
        ("[ladders]\nx = 3\n", 2, "must be a table: [ladders.x]"),
        ("[ladders.x]\n", 1, "Field required"),
        ('[ladders.x]\nsteps = "owner"\n', 2, "should be a valid list"),
        ('[ladders.x]\nsteps = []\nnagg = "1h"\n', 3, "did you mean 'nag'?"),
        ('[ladders.x]\nsteps = []\nnag = "0m"\n', 3, "must be longer than nothing"),
        (STEPS.format('{ whom = "owner", after = "1h" }'), 2, "did you mean 'who'?"),
        (STEPS.format('{ who = "owner" }'), 2, "Field required"),
        (STEPS.format('{ who = "", after = "1h" }'), 2, 'must be "owner", "manager"'),
        (STEPS.format('{ who = 3, after = "1h" }'), 2, 'must be "owner", "manager"'),
        (
            STEPS.format('{ who = "manager+0", after = "1h" }'),
            2,
            'write the team above as "manager+1"',
        ),
        (
            STEPS.format('{ who = "manager+x", after = "1h" }'),
            2,
            'write the team above as "manager+1"',
        ),
        (STEPS.format('{ who = "owner", after = "later" }'), 2, "'later' is no duration"),
        (
            STEPS.format('{ who = "owner", after = "1h", hours = "mine" }'),
            2,
            "'clock' or 'working'",
        ),
        (
            STEPS.format('{ who = "owner", after = "1h", by = ["fax"] }'),
            2,
            "any of slack, sms, email",
        ),
        (STEPS.format('{ who = "owner", after = "1h", by = [] }'), 2, "any of slack, sms, email"),
        ('[channels.email]\nhost = "smtp.example.com"\n', 1, "Field required"),
        ('[channels.sms]\nacount = "AC0"\n', 2, "did you mean 'account'?"),
    ],
)
def test_what_makes_no_sense_is_explained(text: str, line: int, words: str) -> None:
    said = why(text)
    assert words in said
    assert said.startswith(f"bridge.toml:{line}: ")
