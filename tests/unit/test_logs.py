"""Logs say what happened and where, on one line, and not what a customer wrote."""

from __future__ import annotations

import logging

import pytest
import structlog

from bridge.logs import OneLine, set_up


def record(words: str, error: BaseException | None = None) -> logging.LogRecord:
    caught = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("library", logging.ERROR, "", 0, words, None, caught)


def raised(words: str) -> BaseException:
    try:
        raise KeyError(words)
    except KeyError as error:
        return error


def test_an_error_is_its_kind_and_its_place_on_one_line() -> None:
    line = OneLine().format(record("job failed\nwith details", raised("my card is 4711")))
    assert line.startswith("library: job failed (KeyError at raised:")
    assert "\n" not in line
    assert "4711" not in line


def test_what_caused_it_is_what_is_named() -> None:
    outer = RuntimeError("wrapped")
    outer.__cause__ = raised("inner")
    assert OneLine().format(record("lost", outer)) == "library: lost (KeyError)"


def test_without_an_error_it_is_the_message() -> None:
    assert OneLine().format(record("all is well")) == "library: all is well"


@pytest.mark.parametrize(("verbose", "seen"), [(False, False), (True, True)])
def test_our_own_log_goes_to_stderr_as_json(
    verbose: bool, seen: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        set_up(verbose=verbose)
        structlog.get_logger().info("kept", number=7)
        structlog.get_logger().debug("looked")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert '"event": "kept"' in said
    assert ("looked" in said) is seen
