"""Every rule, setting, command and line of the log is documented, and what is documented is there."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator

import click
import pytest
from msgspec.structs import fields as struct_fields
from pydantic import BaseModel

from bridge import settings
from bridge.cli import main
from bridge.domain.goals import GOALS, PAUSES
from bridge.domain.model import Severity, Team
from bridge.domain.routing import MEDIUMS
from bridge.domain.rules import rules
from bridge.settings import (
    accounts,
    api,
    channels,
    keeping,
    login,
    loop,
    outgoing,
    patterns,
    reader,
    sections,
    words,
)
from bridge.work import errands, followup, unsubscribing
from bridge.work.written import word
from connectors import desk_kinds, source_kinds
from connectors.scores import RANGES
from tests.pages import PAGES, ROOT, fences, rows, section, text


def written(value: object) -> str:
    """A default as the configuration writes it."""
    return json.dumps(word(value))


# --- rules, goals, settings


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_is_documented_with_its_tunables_their_defaults_and_its_playbook(name: str) -> None:
    cls = rules()[name]
    told = section(text("docs/triggers.md"), f"### `{name}`")
    assert {key: cells[0] for key, cells in rows(told).items()} == {
        field.name: f"`{written(field.default)}`" for field in dataclasses.fields(cls)
    }
    assert f"*Playbook:* “{cls.playbook}”" in told
    assert "*Example:*" in told
    assert "*Where it earned its place:*" in told


def test_the_documented_rules_exist() -> None:
    told = section(text("docs/triggers.md"), "## Rules")
    assert set(re.findall(r"^### `(\w+)`$", told, re.MULTILINE)) == set(rules())


def test_every_goal_is_documented() -> None:
    told = section(text("docs/triggers.md"), "## Goals")
    assert set(rows(told)) == set(GOALS)


def test_every_top_level_setting_is_documented() -> None:
    page = text("docs/configuration.md")
    headings = re.findall(r"^### `\[([\w-]+)(?:\.[^\]]+)?\]`$", page, re.MULTILINE)
    assert {*headings, *rows(section(page, "### At the top"))} == set(reader.TOP)


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("### `[channels.slack]`", sections.SlackSection),
        ("### `[channels.email]`", channels.EmailSection),
        ("### `[channels.sms]`", channels.SmsSection),
        ("### `[calendars.<name>]`", sections.CalendarSection),
        ("### `[goals.<goal>]`", sections.GoalSection),
        ("### `[policies.<name>]`", sections.PolicySection),
        ("#### `match`", sections.MatchSection),
        ("### `[ladders.<name>]`", loop.LadderSection),
        ("#### A step", loop.StepSection),
        ("### `[loop]`", loop.Loop),
        ("### `[quiet]`", loop.Quiet),
        ("### `[storm]`", loop.Storm),
        ("### `[digest]`", loop.DigestPlan),
        ("### `[keep]`", keeping.Keep),
        ("### `[redact]`", keeping.Redact),
        ("### `[recovery]`", sections.Recovery),
        ("### `[login.<name>]`", login.LoginSection),
        ("### `[sessions]`", login.Sessions),
        ("### `[outgoing]`", outgoing.Outgoing),
        ("### `[api]`", api.Api),
        ("### `[words]`", words.LearningPlan),
        ("### `[accounts]`", accounts.AccountsSection),
        ("### `[topics]`", patterns.Topics),
    ],
)
def test_every_key_of_a_table_is_documented(heading: str, model: type[BaseModel]) -> None:
    told = rows(section(text("docs/configuration.md"), heading).partition("\n#### ")[0])
    assert set(told) == set(model.model_fields)


@pytest.mark.parametrize(
    ("heading", "model"), [("### `[keep]`", keeping.Keep), ("### `[recovery]`", sections.Recovery)]
)
def test_how_long_things_last_is_documented(heading: str, model: type[BaseModel]) -> None:
    told = rows(section(text("docs/configuration.md"), heading))
    for name, field in model.model_fields.items():
        assert sections.duration(told[name][0].strip('`"')) == field.default


def test_where_a_clock_pauses_by_itself_is_documented() -> None:
    told = rows(section(text("docs/configuration.md"), "#### Where a clock pauses by itself"))
    shown = {goal: f"`{json.dumps(sorted(c.value for c in PAUSES[goal]))}`" for goal in PAUSES}
    assert {goal: cells[0] for goal, cells in told.items()} == shown


def test_which_tickets_a_policy_matches_is_told_the_same_twice() -> None:
    told = rows(section(text("docs/sla.md"), "## Policies"))
    assert set(told) == set(sections.MatchSection.model_fields)


@pytest.mark.parametrize("kind", sorted(desk_kinds()))
def test_every_key_of_a_desk_is_documented(kind: str) -> None:
    told = section(text("docs/configuration.md"), "### `[desks.<name>]`")
    own = {f.name for f in dataclasses.fields(desk_kinds()[kind])} - set(reader.HANDED_IN)
    assert f'`"{kind}"`' in told
    shared = {"kind", "client_id", "client_secret", "token", "statuses", "sla_goals", "sweep"}
    assert own | shared <= set(rows(told))


def test_what_a_desk_does_by_itself_is_documented() -> None:
    told = rows(section(text("docs/configuration.md"), "### `[desks.<name>]`"))
    found = settings.parse('[desks.zendesk]\nkind = "zendesk"\nsubdomain = "acme"\n', {})
    setting = found.desks["zendesk"]
    assert sections.duration(told["sweep"][0].strip('`"')) == setting.sweep
    for key in ("slas", "import_days", "calls_per_minute"):
        assert told[key][0] == f"`{json.dumps(getattr(setting.desk, key))}`"


@pytest.mark.parametrize("kind", sorted(source_kinds()))
def test_every_kind_of_source_is_documented_with_its_keys(kind: str) -> None:
    told = section(text("docs/configuration.md"), "### `[sources.<name>]`")
    shared = set(rows(told.partition("\n#### ")[0]))
    assert shared == {"kind", "secret", "unsigned", "team", "desk", "token"}
    assert f'`"{kind}"`' in told
    own = {f.name for f in dataclasses.fields(source_kinds()[kind])} - {"name", "desk"}
    assert not own or set(rows(section(told, f"#### `{kind}`"))) == own
    shown = "".join(block for page in PAGES for _, block in fences(page, "toml"))
    assert f'kind = "{kind}"' in shown, "a page should show how to set it up"


def test_routes_and_mediums_are_documented() -> None:
    told = section(text("docs/configuration.md"), "### `[routes.<name>]`")
    assert set(rows(told)) == {severity.name.lower() for severity in Severity}
    assert all(f'`"{medium}"`' in told for medium in MEDIUMS)


def test_every_key_of_a_team_is_documented() -> None:
    told = rows(section(text("docs/configuration.md"), "## teams.toml"))
    assert set(told) == {f.name for f in struct_fields(Team)} - {"name"}


def test_every_scale_is_documented() -> None:
    told = rows(section(text("docs/setup-surveys.md"), "## Scales"))
    for name, limits in RANGES.items():
        assert told[name][:2] == ([f"{limit:g}" for limit in limits] if limits else ["", ""])
    assert set(told) == set(RANGES)


def test_every_variable_is_documented() -> None:
    code = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "bridge").rglob("*.py")
        if "sandbox" not in path.parts
    )
    names = re.findall(
        r"""(?:environ\.get\(|environ\[|env\.get\(|envvar=|whole\(env, |variable\(env, )["']([A-Z_]+)["']""",
        code,
    )
    told = rows(section(text("README.md"), "## Environment variables").partition("\n### ")[0])
    assert set(names) - {"PATH"} == set(told)


def test_the_secrets_of_people_and_links_are_documented() -> None:
    told = rows(section(text("README.md"), "### Secrets"))
    usual = (
        sections.SlackSection.model_fields["token"].default,
        channels.EmailSection.model_fields["password"].default,
        channels.SmsSection.model_fields["token"].default,
    )
    shown = re.findall(r'secret = "(SLACK_\w+)"', text("config/bridge.toml"))
    assert set(told) == {*usual, *shown, followup.SECRET, unsubscribing.SECRET}


# --- commands


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name)), command


def test_every_command_is_documented_with_its_options() -> None:
    told = rows(section(text("docs/operations.md"), "## Commands"))
    assert set(told) == {f"bridge {name}" for name, _ in commands(main)}
    for name, command in commands(main):
        words = " ".join(told[f"bridge {name}"])
        for option in command.params:
            if isinstance(option, click.Option):
                assert f"`{option.opts[0]}`" in words, f"bridge {name} {option.opts[0]}"
            if isinstance(option, click.Option) and isinstance(option.type, click.Choice):
                assert all(choice in words for choice in option.type.choices), f"bridge {name}"


def test_the_commands_that_the_pages_name_exist() -> None:
    known = {name for name, _ in commands(main)} | set(main.commands)
    for page in PAGES:
        for found in re.finditer(
            r"(?:`|^)bridge ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", page.read_text(), re.MULTILINE
        ):
            one, two = found.groups()
            assert one in known, f"{page.name}: {found[0]}"
            group = main.commands[one]
            assert two is None or not isinstance(group, click.Group) or two in group.commands


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.MULTILINE)
    told = rows(section(text("README.md"), "## Commands"))
    assert {name.removeprefix("make ") for name in told if name.startswith("make ")} == set(targets)


# --- what admins look at


def test_everything_that_is_asked_of_a_vendor_is_documented() -> None:
    told = section(text("docs/operations.md"), "### What waits for a vendor")
    assert set(rows(told)) == set(errands._TASKS)


def test_every_line_of_the_log_is_documented() -> None:
    told = section(text("docs/operations.md"), "### The log")
    firsts = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    parts = ("web", "work", "store")
    code = "".join(p.read_text("utf-8") for d in parts for p in (ROOT / "bridge" / d).rglob("*.py"))
    logged = re.findall(r"log\.(?:info|warning|error)\(\s*\"([^\"]+)\"", code)
    assert set(re.findall(r"`([^`]+)`", "".join(firsts))) == set(logged)
