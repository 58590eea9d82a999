"""What is configured of customers' accounts: which of them rank higher, and who hears of their alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bridge.settings.sections import Section


class AccountsSection(Section):
    """`tiers`: by how many severities all that is found for accounts of a tier is raised.

    `add_stakeholders`: also the alerts of a customer's ticket are joined by the stakeholders of their account, where
    it has one of these tiers. Alerts about an account itself always are.
    """

    tiers: dict[str, Annotated[int, Field(ge=0, le=3)]] = Field(default_factory=dict)
    add_stakeholders: bool = False
