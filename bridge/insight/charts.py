"""Charts: drawn by pygal, then stripped to bare shapes, which a style sheet of ours colours in light and in dark.

No style, no script and no address of anybody else is left in them. Each is drawn in several
widths, of which the style sheet shows the one that fits: letters that are shrunk with a drawing can't be read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor, log10
from typing import Any, Literal
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup
from msgspec import Struct
from pygal.style import Style

# Its finder of plug-ins is of an old kind, for which Python warns at each import that finds nothing. We have none.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__name__ != "PluginImportFixer"]

SVG = "http://www.w3.org/2000/svg"
SIZES = {"wide": (1120, 260, 14), "middle": (540, 230, 7), "narrow": (320, 210, 4)}
"""Width, height, and how many labels have room below."""

LETTER = 12
_KEPT = {
    "svg": ("viewBox",),
    "g": ("class", "transform"),
    "path": ("class", "d"),
    "rect": ("class", "x", "y", "width", "height"),
    "circle": ("class", "cx", "cy", "r"),
    "text": ("class", "x", "y"),
}
_DECIMALS = re.compile(r"-?\d+\.\d+")
_LEFT_OUT = frozenset({"tooltip-overlay", "text-overlay", "titles", "background"})


class Series(Struct, frozen=True, kw_only=True):
    """What is drawn in one colour: `look` is a class of the style sheet. A value that is None leaves a gap."""

    name: str
    look: str
    values: tuple[float | None, ...]


class Chart(Struct, frozen=True, kw_only=True):
    """A drawing for every width, and its legend; `finding` is what it shows, in a sentence."""

    svg: Markup
    finding: str
    legend: tuple[Series, ...]
    kind: str


def chart(
    kind: Literal["stacked", "lines"],
    series: Sequence[Series],
    labels: Sequence[str],
    finding: str,
    *,
    written: Callable[[Any], str],
    whole: bool = False,
    top: float | None = None,
) -> Chart | None:
    """A chart; None where it would show less than two points: then a number says more.

    `written` says how a value is told; `whole`: the scale has whole numbers alone. `top` is the upper end of the scale
    where it is fixed.
    """
    points = sum(any(one.values[at] is not None for one in series) for at in range(len(labels)))
    if points < 2 or not series:
        return None
    scale = ticks(top or _highest(kind, series), whole=whole)
    draw = _Drawing(kind, series, labels, scale, written)
    svg = Markup("").join(draw.as_svg(size, finding) for size in SIZES)
    return Chart(svg=svg, finding=finding, legend=tuple(series), kind=kind)


def _highest(kind: str, series: Sequence[Series]) -> float:
    columns = zip(*(one.values for one in series), strict=True)
    sums = [[value or 0.0 for value in column] for column in columns]
    return max((sum(c) if kind == "stacked" else max(c) for c in sums), default=0.0) or 1.0


class _Drawing:
    """One chart, to be drawn in several sizes."""

    def __init__(
        self,
        kind: str,
        series: Sequence[Series],
        labels: Sequence[str],
        scale: Sequence[float],
        written: Callable[[Any], str],
    ) -> None:
        self.kind, self.series, self.labels = kind, series, labels
        self.ticks, self.written = list(scale), written

    def as_svg(self, size: str, finding: str) -> Markup:
        """The chart in a size, as bare shapes."""
        width, height, room = SIZES[size]
        style = Style(label_font_size=LETTER, major_label_font_size=LETTER)
        made = (pygal.StackedBar if self.kind == "stacked" else pygal.Line)(
            style=style,
            width=width,
            height=height,
            js=[],
            css=[],
            disable_xml_declaration=True,
            show_legend=False,
            margin=4,
            margin_top=10,
            margin_right=14,
            spacing=8,
            dots_size=3,
            range=(0, self.ticks[-1]),
            allow_interruptions=True,
            show_minor_x_labels=False,
            x_labels_major_every=max(1, ceil(len(self.labels) / room)),
            value_formatter=self.written,
            truncate_label=-1,
        )
        made.y_labels = self.ticks
        made.x_labels = list(self.labels)
        for one in self.series:
            made.add(one.name, list(one.values))
        root = ET.fromstring(made.render(is_unicode=True))  # noqa: S314 - the library's own
        bare = self._bare(root)
        bare.attrib |= {"class": size, "role": "img", "aria-label": finding}
        ET.register_namespace("", SVG)
        return Markup(ET.tostring(bare, encoding="unicode"))  # noqa: S704 - names in it are escaped

    def _bare(self, node: ET.Element) -> ET.Element:
        """The shape with the attributes that say where it is, and the shapes in it."""
        tag = node.tag.removeprefix(f"{{{SVG}}}")
        kept = {name: _brief(node.attrib[name]) for name in _KEPT[tag] if name in node.attrib}
        if "class" in kept:
            kept["class"] = self._look(kept["class"])
        made = ET.Element(f"{{{SVG}}}{tag}", kept)
        if tag == "text":
            made.text = node.text
        for child in node:
            name = child.tag.removeprefix(f"{{{SVG}}}") if isinstance(child.tag, str) else ""
            if name in _KEPT and not _LEFT_OUT & set(child.get("class", "").split()):
                made.append(self._bare(child))
        self._tell(node, made)
        return made

    def _look(self, classes: str) -> str:
        """Our colours' names in place of the library's numbers."""
        names = [
            self.series[int(one.removeprefix("color-"))].look if one.startswith("color-") else one
            for one in classes.split()
            if not one.startswith("serie-") and one not in ("reactive", "tooltip-trigger")
        ]
        return " ".join(names)

    @staticmethod
    def _tell(node: ET.Element, made: ET.Element) -> None:
        """What a bar or a dot stands for, for those who point at it."""
        said = dict(_said(node))
        if "value" in said:
            title = ET.SubElement(made, f"{{{SVG}}}title")
            title.text = f"{said.get('x_label', '')}: {said['value']}".removeprefix(": ")


def _said(node: ET.Element) -> Iterator[tuple[str, str]]:
    for child in node:
        if child.tag == f"{{{SVG}}}desc":
            yield child.get("class", "").split()[0], child.text or ""


def _brief(attribute: str) -> str:
    """Tenths of a point are fine enough."""
    return _DECIMALS.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), attribute)


def ticks(top: float, *, whole: bool) -> list[float]:
    """From zero up to at least `top`, in three to five even steps of round numbers.

    >>> ticks(17, whole=True), ticks(0.31, whole=False)
    ([0, 5, 10, 15, 20], [0.0, 0.1, 0.2, 0.3, 0.4])
    """
    size = 10.0 ** (floor(log10(top)) - 1)
    steps = (size * n for n in (1, 2, 2.5, 5, 10, 20, 25, 50))
    step = next(s for s in steps if top / s <= 4.0001 and (not whole or s == int(s)))
    found = [round(step * n, 6) for n in range(ceil(top / step - 1e-9) + 1)]
    return [int(tick) for tick in found] if whole else found
