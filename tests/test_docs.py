"""Every example in the pages works, every link leads somewhere, and what is shown is what is sent."""

from __future__ import annotations

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

import pytest

from bridge import settings, teamfile
from bridge.domain import example
from bridge.domain.message import Place, compose
from bridge.domain.routing import tag
from bridge.sandbox.blocks import problems
from connectors import Incoming
from connectors.channels.slack_blocks import blocks
from connectors.desks import jsm_setup, jsm_webhooks, zendesk_webhooks
from connectors.desks.zendesk_note import note_text
from tests.contract.slack_drawn import harmless_view
from tests.pages import PAGES, README, ROOT, fences, rows, section, text
from tests.pictured import ANA, BILLING, OPEN, PLAYBOOKS, SINCE, payloads
from tests.pictures import written

IMAGES = sorted((ROOT / "docs" / "images").glob("*.svg"))
EXAMPLES = sorted([ROOT / "config" / "bridge.toml", *(ROOT / "config" / "examples").glob("*.toml")])


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


def test_what_the_configuration_shows_but_does_not_use_is_valid_as_well() -> None:
    told = text("config/bridge.toml")
    shown = re.sub(r"^# (?=\[|[\w.]+ = )", "", told, flags=re.MULTILINE)
    used, all_of_it = settings.parse(told, {}), settings.parse(shown, {})
    assert (len(used.desks), len(used.policies), used.slack) == (0, 0, None)
    assert set(all_of_it.desks) == {"zendesk", "jsm"}
    assert [policy.name for policy in all_of_it.policies] == ["gold"]
    assert len(all_of_it.calendars) > len(used.calendars)


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
    scopes = re.findall(r"^ +- ([a-z:.]+)", text("config/slack-manifest.yaml"), re.MULTILINE)
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
    link = "https://slack.com/app_redirect?channel=C0123ABCD"
    place = Place(desk="zendesk", told=("Ana Example, in Slack",), link=link)
    note = note_text(
        compose(OPEN.alert, OPEN.ticket, BILLING, place, playbooks=PLAYBOOKS), "b1946ac92492d234"
    )
    root = ET.parse(ROOT / "docs" / "images" / "alert.svg").getroot()
    assert shown(root, "note") == " ".join(note.split())
    assert tag("low_score") in shown(root, "ticket")
    message = OPEN.message(SINCE, mention=ANA)
    in_slack = shown(root, "slack")
    for words in said(blocks(message, mention=True)):
        plain = words.replace("🟠 ", "").replace(f"<@{ANA}>", "@Ana Example")
        plain = re.sub(r"<[^|<>]+\|([^<>]+)>", r"\1", plain)
        assert " ".join(plain.split()) in in_slack


def test_pictures_show_what_is_sent_today() -> None:
    """After a change of what is sent: python -m tests.pictures."""
    assert json.loads(text("docs/images/payloads.json")) == json.loads(written(payloads()))


@pytest.mark.parametrize("name", sorted(payloads()))
def test_a_picture_is_there_is_small_and_is_shown_in_a_page(name: str) -> None:
    picture = ROOT / "docs" / "images" / f"{name}.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size < 150_000
    assert any(f"images/{name}.png)" in page.read_text("utf-8") for page in PAGES)


@pytest.mark.parametrize(
    "name", [name for name, payload in payloads().items() if not isinstance(payload, str)]
)
def test_what_is_pictured_of_slack_keeps_its_limits(name: str) -> None:
    drawn = payloads()[name]
    if isinstance(drawn, dict):
        harmless_view(drawn)
    else:
        for one in drawn if isinstance(drawn[0], list) else [drawn]:
            assert problems(one) == []


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
