"""Imports run one way: what is below knows nothing of what is above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(p for top in ("bridge", "connectors") for p in (ROOT / top).rglob("*.py"))

LAYERS = {
    "bridge.domain": {"bridge.domain"},
    "bridge.store": {"bridge.store", "bridge.domain"},
    "connectors": {"connectors", "bridge.domain"},
    "bridge.settings": {"bridge.settings", "bridge.domain", "connectors"},
    "bridge.work": {
        "bridge.work",
        "bridge.domain",
        "bridge.store",
        "connectors",
        "bridge.settings",
    },
    "bridge.insight": {
        "bridge.insight",
        "bridge.work",
        "bridge.domain",
        "bridge.store",
        "connectors",
        "bridge.settings",
    },
    "bridge.sandbox": {"bridge.sandbox"},
}
"""What of ours a part may import; a part that is not named here may import all but the sandbox."""

MAY_PLAY = {"bridge.sandbox", "bridge.cli", "bridge.simulate"}
"""Who may import the sandbox: it is no part of what runs in earnest."""

VENDORS = {
    "flask": {"bridge.web", "bridge.sandbox"},
    "zenpy": {"connectors"},
    "slack_sdk": {"connectors"},
}
"""The only parts that may know these libraries."""


def test_imports_run_one_way() -> None:
    wrong = [complaint for path in FILES for complaint in complaints(path)]
    assert wrong == [], "\n" + "\n".join(wrong)


def complaints(path: Path) -> Iterator[str]:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    yield from judged(name, path.read_text(), str(path.relative_to(ROOT)))


def judged(name: str, source: str, file: str) -> Iterator[str]:
    """What is wrong with the imports of module `name`."""
    is_package = file.endswith("__init__.py")
    mine = next((layer for layer in LAYERS if within(name, layer)), None)
    for line, target in imports(name, is_package, source):
        where = f"{file}:{line}: {name} imports {target}"
        if ours(target) and mine and not any(within(target, t) for t in LAYERS[mine]):
            yield (
                f"{where}, but {mine} knows only {', '.join(sorted(LAYERS[mine]))}: hand it in from"
                " above as an argument, or move what is shared down to bridge.domain"
            )
        elif within(target, "bridge.sandbox") and not any(within(name, p) for p in MAY_PLAY):
            yield f"{where}: only {', '.join(sorted(MAY_PLAY))} may; talk to it over HTTP"
        for vendor, homes in VENDORS.items():
            if within(target, vendor) and not any(within(name, home) for home in homes):
                yield f"{where}: only {', '.join(sorted(homes))} may know {vendor}; wrap it there"


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def ours(name: str) -> bool:
    return within(name, "bridge") or within(name, "connectors")


def imports(name: str, is_package: bool, source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of each import, wherever it stands: in a function or for types alone too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            near = name.split(".") if is_package else name.split(".")[:-1]
            above = near[: len(near) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            if module in ("bridge", ""):  # `from bridge import store` speaks of bridge.store
                for alias in node.names:
                    yield node.lineno, f"{module}.{alias.name}".lstrip(".")
            else:
                yield node.lineno, module


# --- the judge is judged -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bridge.domain.ticket", "from bridge.store import inbox"),
        ("bridge.domain.rules.slow", "import connectors.signing"),
        ("bridge.domain.ticket", "from ..store import inbox"),
        ("bridge.domain.ticket", "from .. import store"),
        ("bridge.domain.ticket", "from bridge import store"),
        ("bridge.domain.ticket", "def f():\n    import bridge.work.drain"),
        ("bridge.store.inbox", "from connectors import Source"),
        ("connectors.desks.zendesk", "from bridge.settings import Settings"),
        ("bridge.work.drain", "from bridge.web import create_app"),
        ("bridge.insight.learn", "import bridge.cli"),
        ("bridge.sandbox.slack", "from bridge.domain.model import Event"),
        ("bridge.web.admin", "from bridge.sandbox import Sandbox"),
        ("bridge.work.drain", "from flask import current_app"),
        ("bridge.settings", "import flask.views"),
        ("bridge.work.deliver", "from slack_sdk.errors import SlackApiError"),
        ("bridge.sandbox.zendesk", "import zenpy"),
    ],
)
def test_a_wrong_import_is_found_and_a_way_out_named(name: str, source: str) -> None:
    file = name.replace(".", "/") + ".py"
    [complaint] = judged(name, source, file)
    assert complaint.startswith(f"{file}:{source.count(chr(10)) + 1}: {name} imports ")
    assert complaint.count(":") >= 3


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bridge.domain.ticket", "import datetime\nfrom bridge.domain.model import Event"),
        ("bridge.store.inbox", "from bridge.domain.model import Event\nfrom . import schema"),
        ("connectors.desks.zendesk", "import zenpy\nfrom bridge.domain.model import Event"),
        ("bridge.work.drain", "from bridge.settings import Settings\nfrom bridge import store"),
        ("bridge.web.admin", "import flask\nfrom bridge.work import drain"),
        ("bridge.sandbox.slack", "import flask\nfrom . import wire"),
        ("bridge.cli", "from bridge.sandbox import Sandbox\nfrom bridge.web import create_app"),
        ("bridge.domain.ticket", "import connectors_of_others"),
    ],
)
def test_a_right_import_is_let_through(name: str, source: str) -> None:
    assert list(judged(name, source, name.replace(".", "/") + ".py")) == []
