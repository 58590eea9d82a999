"""A configuration is right, or it is said in which line it is wrong and what was probably meant."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bridge.domain.goals import PAUSES
from bridge.domain.model import Category, ConfigError, Severity
from bridge.settings import Settings, duration, load, parse

ROOT = Path(__file__).parents[2]
DESK = """\
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
"""
GOAL = """\
[goals.resolution]
target = { default = "8h" }
"""
GOLD = """\
[policies.gold]
match = { tags = ["gold"] }
"""
PROMISE = """\
[policies.gold.goals.resolution]
target = "1h"
"""


def read(text: str, **env: str) -> Settings:
    return parse(text, env, "bridge.toml")


def why(text: str, **env: str) -> str:
    """Why a configuration is refused."""
    with pytest.raises(ConfigError) as raised:
        read(text, **env)
    return str(raised.value)


# --- what may be left out


def test_nothing_at_all_is_a_configuration() -> None:
    settings = read("")
    assert settings.default_team == "Support"
    assert settings.hours.name == "round-the-clock"
    assert settings.slack is None
    assert settings.database_url == ""
    assert {rule.name for rule in settings.rules} >= {"low_score", "handoffs", "first_response"}
    assert settings.keep.raw == timedelta(days=30)
    assert settings.recovery.silent < settings.recovery.cut_off


def test_the_configuration_that_comes_with_it_can_be_read() -> None:
    settings = load({"BRIDGE_CONFIG": str(ROOT / "config" / "bridge.toml")})
    assert settings.default_calendar == "office"
    assert {goal.name for goal in settings.goals} == {
        "first_response",
        "next_reply",
        "periodic_update",
        "resolution",
    }
    assert settings.policies == ()
    assert all(goal.nag is None for goal in settings.goals)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file\. Set BRIDGE_CONFIG"):
        load({"BRIDGE_CONFIG": "nowhere.toml"})


# --- durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("8h", 28800),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172800),
        (" 1d2h3m4s ", 93784),
    ],
)
def test_durations_are_written_as_people_say_them(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "8", "8 hours", "h", "-1h", "1.5h", "30m1h", 8, None])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(text)


# --- errors name the line and the nearest key


@pytest.mark.parametrize(
    ("text", "line", "where", "meant"),
    [
        ('\ndefault_taem = "x"\n', 2, "default_taem", "default_team"),
        ('[dessks.zendesk]\nkind = "zendesk"\n', 1, "dessks", "desks"),
        (DESK + 'subdomian = "x"\n', 4, "desks.zendesk.subdomian", "subdomain"),
        ('[desks.zendesk]\nkind = "zendesc"\n', 2, "desks.zendesk.kind", "zendesk"),
        (
            DESK + 'statuses = { "awaiting carrier" = "holt" }\n',
            4,
            "desks.zendesk.statuses.awaiting carrier",
            "hold",
        ),
        ('[channels.slak]\ntoken = "T"\n', 1, "channels.slak", "slack"),
        ('[channels.slack]\ntokn = "T"\n', 2, "channels.slack.tokn", "token"),
        ('[sources.web]\nkind = "typefrom"\n', 2, "sources.web.kind", "typeform"),
        (
            '[sources.web]\nkind = "typeform"\nscore_feld = "x"\n',
            3,
            "sources.web.score_feld",
            "score_field",
        ),
        (
            DESK + '[sources.web]\nkind = "typeform"\ndesk = "zendesc"\n',
            6,
            "sources.web.desk",
            "zendesk",
        ),
        ('[calendars.office]\nzon = "UTC"\n', 2, "calendars.office.zon", "zone"),
        ('default_calendar = "rond-the-clock"\n', 1, "default_calendar", "round-the-clock"),
        (
            '[goals.first_respons]\ntarget = { default = "8h" }\n',
            1,
            "goals.first_respons",
            "first_response",
        ),
        (
            '[goals.resolution]\ntarget = { default = "8h" }\nwarm = [0.5]\n',
            3,
            "goals.resolution.warm",
            "warn",
        ),
        ("[rules.low_scor]\nat_or_below = 0.4\n", 1, "rules.low_scor", "low_score"),
        ("[rules.low_score]\nat_or_belo = 0.4\n", 2, "rules.low_score.at_or_belo", "at_or_below"),
        ('[rules.low_score]\nseverity = "hihg"\n', 2, "rules.low_score.severity", "high"),
        ('[routes.default]\nhihg = ["slack"]\n', 2, "routes.default.hihg", "high"),
        ('[routes.default]\nhigh = ["slak"]\n', 2, "routes.default.high", "slack"),
        ('[playbooks]\nlow_scor = "x"\n', 2, "playbooks.low_scor", "low_score"),
        ('[keep]\nrow = "30d"\n', 2, "keep.row", "raw"),
        ('[recovery]\nsilnt = "30s"\n', 2, "recovery.silnt", "silent"),
        ('[recovery]\ngrase = "3m"\n', 2, "recovery.grase", "grace"),
        (GOAL + 'nagg = "1h"\n', 3, "goals.resolution.nagg", "nag"),
        (DESK + 'swep = "1m"\n', 4, "desks.zendesk.swep", "sweep"),
        (DESK + "import_day = 3\n", 4, "desks.zendesk.import_day", "import_days"),
        (
            DESK + 'sla_goals = { "time to approve" = "resoluton" }\n',
            4,
            "desks.zendesk.sla_goals.time to approve",
            "resolution",
        ),
        ("[polices.gold]\n", 1, "polices", "policies"),
        (GOLD.replace("match", "mach") + PROMISE, 2, "policies.gold.mach", "match"),
        (
            GOLD + PROMISE.replace("resolution", "resolutin"),
            3,
            "policies.gold.goals.resolutin",
            "resolution",
        ),
    ],
)
def test_a_slip_of_the_pen_is_found(text: str, line: int, where: str, meant: str) -> None:
    said = why(text)
    assert said.startswith(f"bridge.toml:{line}: {where}: ")
    assert f"did you mean {meant!r}?" in said


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = [\n", 1, "bridge.toml: "),
        ('[desks.zendesk]\nkind = "zendesk"\n', 1, "subdomain is missing"),
        ("default_team = 5\n", 1, "must be a str, not 5"),
        ('desks = "zendesk"\n', 1, "must be tables: [desks.some-name]"),
        ('[desks]\nzendesk = "x"\n', 2, "must be a table: [desks.zendesk]"),
        ('[sources."Web Form"]\nkind = "typeform"\n', 1, "use a-z, 0-9 and -"),
        ('[sources.web]\nkind = "typeform"\nunsigned = "yes"\n', 3, "must be a bool"),
        ('[calendars.office]\nzone = "Europe/Berlim"\n', 2, "Berlim"),
        ('[calendars.office]\nzone = "UTC"\nweek = { mon = "9-17" }\n', 3, "9-17"),
        ('[goals.resolution]\ntarget = { default = "8 hours" }\n', 2, "is no duration"),
        (GOAL + "warn = [1.5]\n", 3, "1.5: a share lies between 0 and 1"),
        (GOAL + "warn = [0]\n", 3, "0: a share lies between 0 and 1"),
        (GOAL + "warn = [true]\n", 3, "a share lies between 0 and 1"),
        (GOAL + 'warn = ["120%"]\n', 3, "'120%': a share lies between 0 and 1"),
        (GOAL + 'warn = ["most%"]\n', 3, "'most%' is no share: write it as 0.75 or 75%"),
        (GOAL + 'warn = ["soon"]\n', 3, "'soon' is no duration"),
        (GOAL + 'nag = "often"\n', 3, "is no duration"),
        (GOAL + 'pause = ["waiting"]\n', 3, "Input should be 'new', 'open', 'pending'"),
        ("[goals.resolution]\nwarn = [0.5]\n", 1, "target is missing"),
        (DESK + "sweep = 60\n", 4, "60 is no duration"),
        (DESK + 'sweep = "never"\n', 4, "'never' is no duration"),
        (DESK + 'slas = "both"\n', 4, "Input should be 'off', 'win' or 'lose'"),
        (DESK + 'calls_per_minute = "many"\n', 4, "should be a valid integer"),
        ('[desks.jsm]\nkind = "jsm"\nsite = "demo"\nimport_days = 3\n', 4, "is not known"),
        ("[policies]\ngold = 3\n", 2, "must be a table: [policies.gold]"),
        (GOLD, 1, "policies.gold.goals: "),
        ('[policies.gold.goals.resolution]\ntarget = "1h"\n', 1, "policies.gold.match: "),
        (GOLD.replace('tags = ["gold"]', "") + PROMISE, 2, "it would be for every ticket"),
        (GOLD + PROMISE + 'teams = { Billing = "1h" }\n', 5, "a policy matches teams"),
        (GOLD + PROMISE + 'warn = ["2x"]\n', 5, "is no duration"),
        ("[rules.low_score]\nenabled = 1\n", 2, "must be a bool"),
        ('[keep]\nraw = "for ever"\n', 2, "is no duration"),
        ("[elsewhat]\n", 1, "known are: "),
    ],
)
def test_what_makes_no_sense_is_explained(text: str, line: int, words: str) -> None:
    said = why(text)
    assert words in said
    assert said.startswith("bridge.toml: " if words == "bridge.toml: " else f"bridge.toml:{line}: ")


# --- what it comes to


def test_a_calendar_has_its_week_and_its_days_off() -> None:
    text = """
        [calendars.office]
        zone = "Europe/Berlin"
        week = { mon-fri = ["08:30-12:30", "13:00-17:30"] }
        days_off = ["2026-12-25"]
    """
    settings = read(text)
    assert settings.hours.name == "office"
    assert date(2026, 12, 25) in settings.hours.days_off


def test_goals_have_targets_by_priority_and_by_team() -> None:
    text = """
        [goals.first_response]
        target = { default = "8h", Urgent = "1h" }
        warn = [0.5, 0.75]
        pause = ["pending"]
        [goals.first_response.teams.Billing]
        default = "2h"
    """
    settings = read(text)
    (goal,) = settings.goals
    assert goal.targets == {"": timedelta(hours=8), "urgent": timedelta(hours=1)}
    assert goal.pause == {Category.PENDING}
    assert settings.team_targets["first_response"]["Billing"] == {"": timedelta(hours=2)}


def test_a_target_may_be_everybodys_or_nobodys() -> None:
    text = """
        [goals.first_response]
        target = "8h"
        [goals.next_reply]
        target = "none"
    """
    first, reply = read(text).goals
    assert first.targets == {"": timedelta(hours=8)}
    assert reply.targets == {}


def test_a_warning_is_a_share_of_the_target_or_a_time_before_it_in_any_order() -> None:
    (goal,) = read(GOAL + 'warn = ["1h", "75%", 0.5, "30m"]\n').goals
    assert goal.warn == (timedelta(hours=1), 0.75, 0.5, timedelta(minutes=30))
    stages = goal.stages(timedelta(hours=8))
    assert [stage.need / timedelta(hours=1) for stage in stages] == [4, 6, 7, 7.5, 8]


def test_a_reminder_comes_only_where_it_was_asked_for() -> None:
    assert read(GOAL).goals[0].nag is None
    assert read(GOAL + 'nag = "4h"\n').goals[0].nag == timedelta(hours=4)


def test_a_clock_pauses_as_its_goal_does_unless_it_is_said() -> None:
    texts = ('[goals.{}]\ntarget = "8h"\n', '[goals.{}]\ntarget = "8h"\npause = []\n')
    for name, still in PAUSES.items():
        usual, never = (read(text.format(name)).goals[0] for text in texts)
        assert {c for c in usual.still if c.live} == still
        assert {c for c in never.still if c.live} == set()


# --- policies


def test_a_policy_promises_otherwise_for_some_tickets() -> None:
    text = """
        [goals.resolution]
        target = { default = "5d", urgent = "1d" }
        warn = [0.8]
        nag = "8h"

        [policies.gold]
        match = { tags = ["gold"], priorities = ["High", "urgent"], teams = ["Billing"] }
        [policies.gold.goals.resolution]
        target = "4h"
        warn = ["3h", "2h", "1h"]

        [policies.trial]
        match = { organisations = ["360001"], desks = ["zendesk"] }
        [policies.trial.goals.resolution]
        target = "none"
    """
    gold, trial = read(text + DESK).policies
    assert (gold.name, trial.name) == ("gold", "trial")
    assert gold.match.tags == {"gold"}
    assert gold.match.priorities == {"high", "urgent"}
    assert gold.match.teams == {"Billing"}
    own = gold.goals["resolution"]
    assert own.targets == {"": timedelta(hours=4)}
    assert own.warn == (timedelta(hours=3), timedelta(hours=2), timedelta(hours=1))
    assert own.nag == timedelta(hours=8)
    assert trial.match.organisations == {"360001"}
    assert trial.goals["resolution"].targets == {}
    assert trial.goals["resolution"].warn == (0.8,)


def test_what_a_policy_says_of_a_goal_only_replaces_what_it_says() -> None:
    text = GOAL + GOLD + '[policies.gold.goals.resolution]\nnag = "1h"\n'
    own = read(text).policies[0].goals["resolution"]
    assert own.targets == {"": timedelta(hours=8)}
    assert own.nag == timedelta(hours=1)


def test_a_goal_that_only_a_policy_promises_is_none_for_other_tickets() -> None:
    settings = read(GOLD + PROMISE)
    (goal,) = settings.goals
    assert (goal.name, goal.targets) == ("resolution", {})
    assert settings.policies[0].goals["resolution"].targets == {"": timedelta(hours=1)}


# --- desks


def test_a_desk_is_swept_each_minute_unless_it_is_said_otherwise() -> None:
    def sweep(line: str) -> timedelta | None:
        return read(DESK + line).desks["zendesk"].sweep

    assert sweep("") == timedelta(minutes=1)
    assert sweep('sweep = "5m"\n') == timedelta(minutes=5)
    assert sweep('sweep = "off"\n') is None


def test_the_helpdesks_own_clocks_are_goals_of_ours_by_name_in_any_case() -> None:
    desk = read(DESK + 'slas = "win"\nsla_goals = { "Time To Approve" = "agent_work" }\n')
    setting = desk.desks["zendesk"]
    assert setting.desk.slas == "win"
    assert setting.sla_goals["time to approve"] == "agent_work"
    assert setting.sla_goals["first_reply_time"] == "first_response"


def test_how_much_a_desk_is_asked_can_be_said() -> None:
    desk = read(DESK + "import_days = 7\ncalls_per_minute = 700\n").desks["zendesk"].desk
    assert (desk.import_days, desk.calls_per_minute) == (7, 700)
    assert "import_days: expected 0 to 3650, got -1" in why(DESK + "import_days = -1\n")


def test_a_helpdesk_that_is_away_is_waited_for_as_long_as_it_is_said() -> None:
    assert read("").recovery.grace == timedelta(minutes=2)
    assert read('[recovery]\ngrace = "5m"\n').recovery.grace == timedelta(minutes=5)


def test_statuses_have_a_meaning_whatever_they_are_called() -> None:
    statuses = read(DESK + 'statuses = { "Awaiting Carrier" = "hold" }').desks["zendesk"].statuses
    assert statuses["awaiting carrier"] is Category.HOLD
    assert statuses["open"] is Category.OPEN


def test_rules_can_be_tuned_and_turned_off() -> None:
    text = """
        [rules.low_score]
        at_or_below = 0.2
        severity = "warning"
        [rules.handoffs]
        enabled = false
        [rules.first_response]
        at_risk = "off"
    """
    rules = {rule.name: rule for rule in read(text).rules}
    assert "handoffs" not in rules
    assert (rules["low_score"].at_or_below, rules["low_score"].severity) == (0.2, Severity.WARNING)
    assert rules["first_response"].at_risk is None


def test_routes_say_who_hears_by_severity() -> None:
    settings = read('[routes.quiet]\nhigh = ["ticket"]\n')
    assert settings.routes["quiet"][Severity.HIGH] == ("ticket",)
    assert settings.routes["quiet"][Severity.WARNING] == ("ticket", "slack")
    assert settings.routes["default"][Severity.HIGH] == ("ticket", "slack", "mention")


def test_a_playbook_takes_the_place_of_the_rules_own() -> None:
    books = read('[playbooks]\nlow_score = "Call them."\n').playbooks
    assert books["low_score"] == "Call them."
    assert books["handoffs"]


# --- secrets and variables


def test_a_source_takes_one_variable_or_a_list_of_them() -> None:
    text = '[sources.web]\nkind = "typeform"\nsecret = ["A", "B"]\n'
    settings = read(text, A="1", B="2")
    assert settings.secrets(settings.sources["web"].secret, "web") == ("1", "2")
    by_name = read('[sources.web-form]\nkind = "typeform"\n').sources["web-form"].secret
    assert by_name == ("WEB_FORM_SECRET",)


def test_a_desk_names_its_variables() -> None:
    own = read(DESK + 'client_id = "MY_ID"\n').desks["zendesk"]
    assert (own.client_id, own.client_secret) == ("MY_ID", "ZENDESK_CLIENT_SECRET")


def test_a_secret_is_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    settings = read("", A=" spaced ", B_FILE=str(tmp_path / "token"), C_FILE="nowhere")
    assert settings.secret("A") == "spaced"
    assert settings.secret("B") == "from-a-file"
    with pytest.raises(ConfigError, match="C_FILE: can't read nowhere"):
        settings.secret("C")
    with pytest.raises(ConfigError, match="set D, or D_FILE"):
        settings.secret("D")


def test_secrets_are_not_shown_by_printing_the_settings() -> None:
    assert "hidden" not in repr(read("", SLACK_BOT_TOKEN="hidden"))


def test_the_public_address_is_one() -> None:
    assert read("", PUBLIC_URL="https://a.example.com/").public_url == "https://a.example.com"
    assert "must start with https://" in why("", PUBLIC_URL="a.example.com")


def test_the_number_of_proxies_is_one() -> None:
    assert read("", BRIDGE_TRUSTED_PROXIES="2").proxies == 2
    assert "must be a whole number" in why("", BRIDGE_TRUSTED_PROXIES="-1")
