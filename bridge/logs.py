"""Logs: one line an event, as key=value on a terminal and as JSON elsewhere. Never a body, never a secret."""

from __future__ import annotations

import logging
import sys
import traceback

import structlog


def set_up(*, verbose: bool = False) -> None:
    """Send our own log to stderr; libraries' warnings join it."""
    human = sys.stderr.isatty()
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[libraries])
    for chatty in ("procrastinate", "apscheduler", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


class OneLine(logging.Formatter):
    """What a library says, on one line: of an error its kind and where, for its details may quote a customer."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's first line, and its error's kind and place."""
        line = f"{record.name}: {record.getMessage().partition(chr(10))[0]}"
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return line
        frames = traceback.extract_tb(error.__traceback__)
        where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
        kind = type(getattr(error, "orig", None) or error.__cause__ or error).__name__
        return f"{line} ({kind}{where})"
