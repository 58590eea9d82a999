"""The one place that catches everything: one bad item costs nobody else their alert.

A fault of ours while reading one delivery or judging one ticket is recorded with that item, logged
with its traceback, and the others go on. Faults of the database are not caught: they concern all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
log = structlog.get_logger()


class Fault(str):
    """Why an item could not be worked on: the error's kind, without its words, which may be a customer's."""

    __slots__ = ()


def guarded(work: Callable[[], T], **what: object) -> T | Fault:
    """The result of `work`, or the Fault that stopped it."""
    try:
        return work()
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        line = f" at {where.tb_frame.f_code.co_name}:{where.tb_lineno}" if where else ""
        log.error("fault", kind=type(error).__name__, where=line.strip(), **what)
        return Fault(f"a fault of ours: {type(error).__name__}{line}")
