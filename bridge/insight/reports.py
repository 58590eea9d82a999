"""All figures by the names of the pages that show them, for files and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bridge.insight.causes import causes
from bridge.insight.choice import Choice
from bridge.insight.coaching import coaching
from bridge.insight.effect import effect
from bridge.insight.levels import levels
from bridge.insight.noise import noise
from bridge.insight.recovery import recovery
from bridge.insight.response import response
from bridge.insight.satisfaction import satisfaction
from bridge.insight.shadow import shadow
from bridge.insight.tables import Table

Report = Callable[[Connection, Choice, datetime], tuple[Table, ...]]

REPORTS: Mapping[str, Report] = {
    "response": lambda connection, choice, now: response(connection, choice, now).tables,
    "causes": lambda connection, choice, now: causes(connection, choice, now).tables,
    "satisfaction": lambda connection, choice, now: satisfaction(connection, choice, now).tables,
    "effect": lambda connection, choice, now: effect(connection, choice, now).tables,
    "levels": lambda connection, choice, now: levels(connection, choice, now).tables,
    "coaching": lambda connection, choice, _: coaching(connection, choice).tables,
    "rules": lambda connection, choice, now: (noise(connection, choice, now),),
    "shadow": lambda connection, choice, now: shadow(connection, choice, now).tables,
    "recovery": lambda connection, choice, now: recovery(connection, choice, now).tables,
}
