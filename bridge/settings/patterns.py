"""What topics are made of, whose surges and patterns are watched."""

from __future__ import annotations

from typing import Literal

from bridge.domain.signals import By
from bridge.settings.sections import Section


class Topics(Section):
    """What makes a topic: a property of a ticket, a tag with one of these beginnings, a fact of this name."""

    by: tuple[Literal["brand", "type", "priority", "organisation"], ...] = ("brand", "type")
    tags: tuple[str, ...] = ()  # "product_": each tag that begins so is a topic
    facts: tuple[str, ...] = ("request type",)  # each value of the fact is a topic

    @property
    def made_of(self) -> By:
        """In the words of the domain."""
        return By(properties=self.by, tags=tuple(filter(None, self.tags)), facts=self.facts)
