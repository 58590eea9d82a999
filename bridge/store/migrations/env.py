"""Run by Alembic: our migrations on the connection that `store.migrate` hands in."""

from __future__ import annotations

from alembic import context

from bridge.store.schema import metadata


def _ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=_ours,
)
with context.begin_transaction():
    context.run_migrations()
