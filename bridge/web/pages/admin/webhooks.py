"""`/admin/webhooks`: what came in, what could not be read, and what became of it. Admins alone: customers wrote it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bridge.domain.viewing import Role
from bridge.store import arrivals, inbox
from bridge.web.pages.admin.webhooks_words import EVENTS, STATES, address, headers, said
from bridge.web.pages.here import bridge, note, require
from bridge.work.queue import DRAIN, wake


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("webhooks", __name__)
    routes.before_request(lambda: require(Role.ADMIN))

    @routes.get("/admin/webhooks")
    def show() -> str:
        state, source = request.args.get("state", ""), request.args.get("source", "")
        state = state if state in inbox.STATES else ""
        with bridge().engine.begin() as connection:
            rows, after = arrivals.page(connection, source=source, state=state, after=_after())
            broken = arrivals.unreadable(connection)
        return render_template(
            "webhooks/show.html",
            rows=rows,
            after=f"{after.part}:{after.id}" if after else "",
            broken=broken,
            state=state,
            source=source,
            sources=sorted({*bridge().settings.sources, *broken}),
            states=STATES,
            keep=bridge().settings.keep.raw,
        )

    @routes.get("/admin/webhooks/<int:number>")
    def one(number: int) -> tuple[str, int]:
        with bridge().engine.begin() as connection:
            row = inbox.find(connection, number)
            told = arrivals.became(connection, number)
        keep, redact = bridge().settings.keep.raw, bridge().settings.redact
        hidden = redact.words or redact.names  # a body has both, and nobody can tell which is which
        if row is None:
            return render_template("webhooks/gone.html", number=number, keep=keep, told=told), 404
        return (
            render_template(
                "webhooks/one.html",
                row=row,
                told=told,
                kinds=EVENTS,
                states=STATES,
                headers=headers(row.headers),
                address=address(row.url),
                body=None if hidden else said(row.body),
                fetched=said(row.fetched) if row.fetched and not hidden else None,
                most=arrivals.MOST_EVENTS,
                keep=keep,
            ),
            200,
        )

    @routes.post("/admin/webhooks/<int:number>/replay")
    def replay(number: int) -> Response:
        with bridge().engine.begin() as connection:
            row = inbox.find(connection, number)
            if row is None:
                abort(404)
            inbox.replay(connection, [number])
            wake(connection, DRAIN)
            before = {"source": row.source, "state": row.state, "reason": row.reason}
            after = {"source": row.source, "state": inbox.WAITING}
            note(connection, "webhook replayed", f"webhook:{number}", before=before, after=after)
        flash(gettext("It is read again now. What is known already changes nothing."))
        return redirect(url_for("pages.webhooks.one", number=number), 303)

    @routes.post("/admin/webhooks/replay-all")
    def replay_all() -> Response:
        source = request.form.get("source", "")
        with bridge().engine.begin() as connection:
            many = inbox.replay(connection, arrivals.unreadable_of(connection, source))
            if many:
                wake(connection, DRAIN)
                note(
                    connection,
                    "webhooks replayed",
                    f"source:{source}",
                    before={"unreadable": many},
                    after={"replayed": many},
                )
        flash(ngettext("%(num)d is read again now.", "%(num)d are read again now.", many))
        return redirect(url_for("pages.webhooks.show", source=source), 303)

    return routes


def _after() -> arrivals.After | None:
    part, _, number = request.args.get("after", "").partition(":")
    return arrivals.After(part, int(number)) if number.isdecimal() else None
