"""The pages of the documentation, as tests read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


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
