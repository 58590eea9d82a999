"""What there is, is documented; what is documented, is there; and every example works."""

from __future__ import annotations

import dataclasses
import doctest
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click
import pytest
from msgspec.structs import fields as struct_fields
from pydantic import BaseModel

from bridge import settings, teamfile
from bridge.cli import main
from bridge.domain import example
from bridge.domain.goals import GOALS
from bridge.domain.message import Place, compose
from bridge.domain.model import (
    Alert,
    Contact,
    Reason,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.routing import MEDIUMS, tag
from bridge.domain.rules import rules
from bridge.settings import reader, sections
from connectors import Incoming, desk_kinds, source_kinds
from connectors.channels.slack_blocks import blocks
from connectors.desks import jsm_setup, jsm_webhooks, zendesk_webhooks
from connectors.desks.zendesk_note import note_text
from connectors.scores import RANGES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
IMAGES = sorted((ROOT / "docs" / "images").glob("*.svg"))
EXAMPLES = sorted([ROOT / "config" / "bridge.toml", *(ROOT / "config" / "examples").glob("*.toml")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    begin = page.index(f"\n{heading}\n") + len(heading) + 2
    end = re.search(rf"^#{{1,{len(level)}}} ", page[begin:], re.MULTILINE)
    return page[begin : begin + end.start()] if end else page[begin:]


def rows(page: str) -> dict[str, list[str]]:
    """The rows of tables by the code in their first cell: `` | `key` | default | … ``."""
    found = {}
    for line in page.splitlines():
        if match := re.match(r"\| `([^`]+)` \|(.*)\|$", line):
            found[match[1]] = [cell.strip() for cell in match[2].split("|")]
    return found


def fences(page: Path, *languages: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(
        r"^```(\w+)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        if found[1] in languages:
            yield found[1], found[2]


def written(value: object) -> str:
    """A default as the configuration writes it."""
    if value is None:
        return '"off"'
    return f'"{value.name.lower()}"' if isinstance(value, Severity) else json.dumps(value)


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
        ("### `[calendars.<name>]`", sections.CalendarSection),
        ("### `[goals.<goal>]`", sections.GoalSection),
        ("### `[keep]`", sections.Keep),
        ("### `[recovery]`", sections.Recovery),
    ],
)
def test_every_key_of_a_table_is_documented(heading: str, model: type[BaseModel]) -> None:
    told = rows(section(text("docs/configuration.md"), heading))
    assert set(told) == set(model.model_fields)


@pytest.mark.parametrize("kind", sorted(desk_kinds()))
def test_every_key_of_a_desk_is_documented(kind: str) -> None:
    told = section(text("docs/configuration.md"), "### `[desks.<name>]`")
    own = {f.name for f in dataclasses.fields(desk_kinds()[kind])} - set(reader.HANDED_IN)
    assert f'`"{kind}"`' in told
    assert own | {"kind", "client_id", "client_secret", "token", "statuses"} <= set(rows(told))


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
    told = rows(section(text("README.md"), "## Environment variables"))
    assert set(names) - {"PATH"} == set(told)


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
    targets = re.findall(r"^([a-z]+):.*## ", text("Makefile"), re.MULTILINE)
    told = rows(section(text("README.md"), "## Commands"))
    assert {name.removeprefix("make ") for name in told if name.startswith("make ")} == set(targets)


# --- examples


def loads(block: str) -> settings.Settings:
    """A configuration, or a part of one: a desk it speaks of may be left out."""
    raw = tomllib.loads(block)
    if "desks" not in raw and 'desk = "zendesk"' in block:
        block += '\n[desks.zendesk]\nkind = "zendesk"\nsubdomain = "acme"\n'
    if "desks" not in raw and 'desk = "jsm"' in block:
        block += '\n[desks.jsm]\nkind = "jsm"\nsite = "acme"\n'
    return settings.parse(block, {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_in_a_page_is_valid(page: Path, tmp_path: Path) -> None:
    for _, block in fences(page, "toml"):
        if "teams" in tomllib.loads(block):
            file = tmp_path / "teams.toml"
            file.write_text(block, "utf-8")
            for team in teamfile.read(file):
                assert not team.parent or team.parent in block
        else:
            loads(block)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_configuration_file_is_valid(path: Path) -> None:
    settings.load({}, path)


def test_the_teams_file_is_valid() -> None:
    assert [team.name for team in teamfile.read(ROOT / "config" / "teams.toml")] == ["Support"]


def test_the_readme_has_a_whole_configuration() -> None:
    found = [settings.parse(block, {}) for _, block in fences(README, "toml")]
    assert [(bool(s.desks), bool(s.sources), bool(s.slack)) for s in found] == [(True, True, True)]


def test_the_examples_name_the_variables_they_need() -> None:
    for path in EXAMPLES[1:] if EXAMPLES[0].name == "bridge.toml" else EXAMPLES:
        told, found = path.read_text("utf-8"), settings.load({}, path)
        head = told.partition("\n\n")[0]
        needed = {desk.client_id for desk in found.desks.values()}
        needed |= {desk.client_secret for desk in found.desks.values()}
        needed |= {source.secret[0] for source in found.sources.values()}
        assert all(name in head for name in needed), path.name


def test_what_the_survey_page_maps_is_read() -> None:
    blocks = list(fences(ROOT / "docs" / "setup-surveys.md", "json", "toml"))
    pairs = [(a[1], b[1]) for a, b in pairwise(blocks) if a[0] == "json"]
    assert len(pairs) == 3
    for body, block in pairs:
        [setting] = loads(block).sources.values()
        incoming = Incoming(
            headers={"content-type": "application/json"},
            body=body.encode(),
            received_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
        for event in setting.source.read(incoming):
            answer = event.answer
            assert answer.score is not None or answer.resolved is not None
            assert event.subject.startswith("zendesk:471") == ("ticket" in setting.source.fields)
            assert answer.contact if {"email", "phone"} & set(setting.source.fields) else True


def test_the_rule_in_the_architecture_page_works() -> None:
    [(_, code)] = fences(ROOT / "docs" / "architecture.md", "python")
    module: dict[str, Any] = {}
    imports = (
        "from collections.abc import Iterable\nfrom dataclasses import dataclass\n"
        "from typing import ClassVar\nfrom bridge.domain.judge import Moment\n"
        "from bridge.domain.model import Finding, Severity\n"
    )
    exec(imports + code, module)
    module |= {name: getattr(example, name) for name in example.__all__}
    test = doctest.DocTestParser().get_doctest(module["Ignored"].__doc__, module, "rule", None, 0)
    assert doctest.DocTestRunner().run(test) == (0, 2)


# --- the vendors' setup


def test_the_zendesk_page_has_our_templates_exactly() -> None:
    shown = [block for _, block in fences(ROOT / "docs" / "setup-zendesk.md", "json")]
    template = zendesk_webhooks.TEMPLATE
    assert shown == [template, template.replace('"ticket.updated"', '"satisfaction.rated"')]


def test_the_zendesk_page_names_every_event_that_is_read() -> None:
    told = section(text("docs/setup-zendesk.md"), "## 4. The webhook")
    named = set(re.findall(r"^\| [^|]+ \| `([\w.]+)` \|", told, re.MULTILINE))
    assert named == set(zendesk_webhooks._READERS)


def test_the_jira_page_has_our_template_exactly() -> None:
    shown = [block for _, block in fences(ROOT / "docs" / "setup-jira.md", "json")]
    assert shown == [jsm_webhooks.TEMPLATE]


def test_the_jira_page_explains_every_permission_that_is_looked_at() -> None:
    told = section(text("docs/setup-jira.md"), "## 1. An account for Alert Bridge")
    named = {
        row.lower().replace(" ", "_")
        for row in re.findall(r"^\| ([A-Z][\w ]+) \|", told, re.MULTILINE)
    }
    keys = {"service_desk_agent": "servicedesk_agent", "administer_jira": "administer"}
    assert {keys.get(one, one) for one in named} == {
        *(one.lower() for one in jsm_setup.PERMISSIONS),
        "administer",
    }


def test_the_slack_page_explains_every_scope_of_the_manifest() -> None:
    scopes = re.findall(r"^ +- ([a-z:]+)", text("config/slack-manifest.yaml"), re.MULTILINE)
    assert "chat:write" in scopes
    assert set(rows(section(text("docs/setup-slack.md"), "## 1. The app"))) == set(scopes)


# --- pages and pictures


def anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    told = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", told):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            assert place in map(anchor, headings), target


def test_the_pages_that_the_code_names_exist() -> None:
    files = [p for top in ("bridge", "connectors", "config") for p in (ROOT / top).rglob("*.*")]
    told = "".join(p.read_text("utf-8") for p in files if p.suffix in (".py", ".toml", ".yaml"))
    for name in set(re.findall(r"docs/[\w-]+\.md", told)):
        assert (ROOT / name).exists(), name


def test_every_page_is_reachable_from_the_readme() -> None:
    told = text("README.md")
    assert [p.name for p in PAGES if p != README and p.name not in told] == []


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_a_picture_is_well_formed_and_needs_nothing_from_elsewhere(path: Path) -> None:
    root = ET.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    source = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"href|@import|@font-face|<script|<image|url\((?!#)", source)
    assert "prefers-color-scheme: dark" in source


def test_the_picture_shows_what_is_written() -> None:
    """The texts in alert.svg are those of the real note and the real Slack message."""
    since = datetime(2026, 11, 19, 10, 15, tzinfo=UTC)
    ticket = Ticket(
        id="zendesk:4711",
        as_of=(since, 0, ""),
        title="Invoice goes to our old address",
        answers=(
            example.Answer(
                id="1",
                score=0.25,
                raw="2",
                low=1,
                high=5,
                at=since,
                words="Third letter about this. Nobody calls back.",
            ),
        ),
    )
    hours = example.Hours(example.ZoneInfo("UTC"))
    known = tuple(rule() for rule in rules().values())
    policy = example.Policy(rules=known, goals=(), hours=hours)
    [finding] = example.judge(ticket, policy, since).findings
    alert = Alert(
        subject=ticket.id,
        ref="AB-3F9A61C2",
        severity=finding.severity,
        opened_at=since,
        changed_at=since,
        reasons=(Reason(finding=finding, added_at=since),),
    )
    team = Team(name="Billing", manager="Ana Example", manager_slack="U0123ABCD")
    playbooks = {name: rule.playbook for name, rule in rules().items()}

    def told(**place: Any) -> Any:
        return compose(alert, ticket, team, Place(desk="zendesk", **place), playbooks=playbooks)

    link = "https://slack.com/app_redirect?channel=C0123ABCD"
    note = note_text(told(told=("Ana Example, in Slack",), link=link), "b1946ac92492d234")
    root = ET.parse(ROOT / "docs" / "images" / "alert.svg").getroot()
    assert shown(root, "note") == " ".join(note.split())
    assert tag(finding.rule) in shown(root, "ticket")

    url, customer = (
        "https://acme.zendesk.com/agent/tickets/4711",
        Contact("Sam Example", "sam@example.com"),
    )
    message = told(url=url, customer=customer)
    in_slack = shown(root, "slack")
    for words in said(blocks(message, mention=True)):
        for old, new in (
            ("🟠 ", ""),
            ("<@U0123ABCD>", "@Ana Example"),
            (f"<{url}|Ticket 4711>", "Ticket 4711"),
            (
                f"<!date^{int(since.timestamp())}^{{date_short_pretty}} {{time}}|",
                "Nov 19, 2026 10:15<",
            ),
        ):
            words = words.replace(old, new)  # noqa: PLW2901
        words = " ".join(words.partition("<")[0].split())  # noqa: PLW2901
        assert words in in_slack


def shown(root: ET.Element, name: str) -> str:
    """The words in a group of a picture, in order."""
    [group] = [node for node in root.iter() if node.get("id") == name]
    lines = [
        " ".join(t for t in node.itertext())
        for node in group.iter("{http://www.w3.org/2000/svg}text")
    ]
    return " ".join(" ".join(lines).split())


def said(part: Any) -> Iterator[str]:
    """Every text in a message of Block Kit, in order."""
    if isinstance(part, list):
        for one in part:
            yield from said(one)
    elif isinstance(part, dict):
        for key in ("text", "elements"):
            if isinstance(part.get(key), str):
                yield part[key]
            else:
                yield from said(part.get(key, []))


# --- the rest


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert f"\n## {version}" in text("CHANGELOG.md")


def test_the_licence_is_the_whole_text() -> None:
    licence = text("LICENSE")
    assert licence.lstrip().startswith("Apache License")
    assert "END OF TERMS AND CONDITIONS" in licence
    assert len(licence) > 11_000
