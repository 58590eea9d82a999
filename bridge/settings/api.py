"""How much programs may ask of the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bridge.settings.sections import Section


class Api(Section):
    """The API."""

    calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 600  # of each key
