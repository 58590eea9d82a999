"""What the tables are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Text

metadata = MetaData()

TIME = DateTime(timezone=True)


def number() -> Column[int]:
    """A number of its own for each row."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def text_of(name: str) -> Column[str]:
    """A text, "" where there is none."""
    return Column(name, Text, nullable=False, server_default="")
