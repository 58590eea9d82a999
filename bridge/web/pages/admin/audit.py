"""`/admin/audit`: who changed what, and what it was before."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import msgspec
from flask import Blueprint, Response, render_template, request, stream_with_context

from bridge.domain.viewing import Role
from bridge.store import audit
from bridge.web.pages.admin.audit_words import changes
from bridge.web.pages.here import bridge, require

AT_ONCE = 1000
COLUMNS = ("number", "at", "who", "via", "what", "object", "before", "after")


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("audit", __name__)
    routes.before_request(lambda: require(Role.ADMIN))

    @routes.get("/admin/audit")
    def show() -> str:
        text, before = request.args.get("text", ""), _number(request.args.get("before", ""))
        with bridge().engine.begin() as connection:
            found = audit.listing(connection, text=text, before=before, limit=audit.MOST + 1)
        more = len(found) > audit.MOST
        entries = found[: audit.MOST]
        return render_template(
            "audit/show.html",
            entries=[(entry, changes(entry.before, entry.after)) for entry in entries],
            text=text,
            older=entries[-1].id if more else None,
        )

    @routes.get("/admin/audit.csv")
    def export() -> Response:
        text = request.args.get("text", "")
        answer = Response(stream_with_context(_lines(text)), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
        return answer

    return routes


def _number(written: str) -> int | None:
    return int(written) if written.isdecimal() else None


def _lines(text: str) -> Iterator[str]:
    """The whole log as CSV, the newest first, some at a time."""
    yield _line(COLUMNS)
    before: int | None = None
    while True:
        with bridge().engine.begin() as connection:
            some = audit.listing(connection, text=text, before=before, limit=AT_ONCE)
        for entry in some:
            told = (entry.who, entry.via, entry.what, entry.object)
            held = (_json(entry.before), _json(entry.after))
            yield _line((str(entry.id), entry.at.isoformat(), *told, *held))
        if len(some) < AT_ONCE:
            return
        before = some[-1].id


def _json(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """So that no spreadsheet takes what somebody wrote for a formula: owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
