"""Every text of the pages can be read in every language of theirs, with what stands in it left in place."""

from __future__ import annotations

import io
import re
from gettext import GNUTranslations

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bridge.web.pages.times import LANGUAGES
from tests.pages import ROOT

FOLDER = ROOT / "bridge" / "web" / "translations"
TRANSLATED = [name for name in LANGUAGES if name != "en"]
METHODS = [
    ("web/pages/**.py", "python"),
    ("teamcheck.py", "python"),
    ("teamcsv.py", "python"),
    ("web/pages/templates/**.html", "jinja2"),
]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "N_": None}
PLACE = re.compile(r"%\(\w+\)[sd]")

Words = str | tuple[str, ...]


def texts() -> set[Words]:
    """All that the pages say, as their source says it."""
    found = extract_from_dir(ROOT / "bridge", METHODS, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def catalog(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    known = {m.id: m for m in catalog(language) if m.id}
    missing = {t for t in texts() if t not in known or not all(as_tuple(known[t].string))}
    assert not missing, f"run `make texts`, and translate what is new: {sorted(map(str, missing))}"
    assert not [m.id for m in known.values() if m.fuzzy]


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_stands_in_a_text_stands_in_its_translation(language: str) -> None:
    for message in catalog(language):
        places = {place for one in as_tuple(message.id) for place in PLACE.findall(one)}
        for said in as_tuple(message.string):
            assert set(PLACE.findall(said)) <= places, message.id
        said_somewhere = {p for one in as_tuple(message.string) for p in PLACE.findall(one)}
        assert said_somewhere == places, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_served_is_what_was_translated(language: str) -> None:
    file = FOLDER / language / "LC_MESSAGES" / "messages.mo"
    served = GNUTranslations(io.BytesIO(file.read_bytes()))
    wanted = {m.id: as_tuple(m.string) for m in catalog(language) if m.id}
    for told, said in wanted.items():
        found = (
            (served.gettext(told),)
            if isinstance(told, str)
            else tuple(served.ngettext(told[0], told[1], many) for many in (1, 2))
        )
        assert found == said, "run `make texts`"


def as_tuple(said: Words) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (said,)
