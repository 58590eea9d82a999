"""Pictures of Bootstrap Icons, drawn into the page: the file that has them all is much too big to be sent."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup

_SPRITE = files("flask_bootstrap") / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
_SYMBOL = re.compile(r'<symbol[^>]*\bid="([^"]+)"[^>]*>(.*?)</symbol>', re.DOTALL)


@cache
def _all() -> dict[str, str]:
    return dict(_SYMBOL.findall(_SPRITE.read_text("utf-8")))


@cache
def icon(name: str, label: str = "") -> Markup:
    """A picture as large as the text; hidden from screen readers unless it has a label. Raises KeyError."""
    said = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon" viewBox="0 0 16 16" fill="currentColor" {}>{}</svg>').format(
        said,
        Markup(_all()[name]),  # noqa: S704 - the library's own
    )
