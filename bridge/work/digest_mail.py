"""A digest as a letter: plain text, and HTML that says the same on a phone, by day and by night.

The HTML has no script, no picture and nothing from elsewhere; Jinja escapes all that stands in it.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from bridge.domain.digest import Digest
from bridge.domain.model import Severity
from bridge.work.digest_words import about_each, page_of
from connectors import Letter

COLOURS = {
    Severity.INFO: "#3b7dd8",
    Severity.WARNING: "#c98a00",
    Severity.HIGH: "#e0641b",
    Severity.CRITICAL: "#d8322f",
}
"""They stand on white and on black."""


def letter_of(digest: Digest, to: str, *, unsubscribe: str = "", again: str = "") -> Letter:
    """The digest for the one at the address `to`.

    Its marker is the same for every repeat on that day; `again` makes it another.
    """
    page = page_of(digest)
    given = {"page": page, "unsubscribe": unsubscribe}
    return Letter(
        to=to,
        subject=f"{page.title} ({digest.day.isoformat()})",
        text=_template("digest.txt").render(given),
        html=_template("digest.html").render(given),
        marker=marker(digest, to, again),
        unsubscribe=unsubscribe,
    )


def marker(digest: Digest, to: str, again: str = "") -> str:
    """One for each team, receiver and day."""
    told = "\n".join((digest.team, to.lower(), again)).encode("utf-8", "surrogatepass")
    return f"digest-{digest.day.isoformat()}-{sha256(told).hexdigest()[:24]}"


@cache
def _template(name: str) -> Template:
    made = Environment(
        loader=PackageLoader("bridge.work"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"colours": COLOURS, "about_each": about_each}
    return made.get_template(name)
