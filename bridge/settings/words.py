"""What is learned of customers' words, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from bridge.settings.sections import Section, duration


def _retrain(value: object) -> object:
    return None if value == "off" else duration(value)


class LearningPlan(Section):
    """How `bridge learn` learns of our own comments."""

    retrain: Annotated[timedelta | None, BeforeValidator(_retrain)] = timedelta(days=7)
    budget: Annotated[float, Field(gt=0, le=1)] = 0.15  # the share of comments that may be negative
    satisfied: Annotated[float, Field(gt=0, le=1)] = (
        0.75  # from this score on, a customer was happy
    )
    stock: Annotated[int, Field(ge=2)] = 20  # a sentence in so many tickets' replies is boilerplate
