"""`/admin/accounts`: which customers there are, what is theirs, and who looks after them; in and out as a file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from bridge.accountchanges import Outdated, Plan, carry_out, planned
from bridge.accountfile import guessed, read, write
from bridge.domain.accounts import Change
from bridge.domain.metrics import amount, called, parted
from bridge.domain.model import ConfigError
from bridge.domain.viewing import Role
from bridge.store import accounts as store
from bridge.store import tickets
from bridge.web.pages.here import bridge, require, viewer

PER_PAGE = 50
MOST_CHARACTERS = 240_000
"""Of what is handed in: it goes to and fro with the form."""


def blueprint() -> Blueprint:
    """The routes of all pages about accounts."""
    found = Blueprint("accounts", __name__, url_prefix="/admin/accounts")
    found.before_request(lambda: require(Role.ADMIN))
    found.add_url_rule("", "show", _show)
    found.add_url_rule("/account", "account", _account)
    found.add_url_rule("/import", "bring", _ask)
    found.add_url_rule("/import", "preview", _preview, methods=["POST"])
    found.add_url_rule("/import/confirm", "confirm", _confirm, methods=["POST"])
    found.add_url_rule("/export", "export", _export)
    return found


def _show() -> str:
    after, search = request.args.get("after", ""), request.args.get("search", "").strip()
    with bridge().engine.begin() as connection:
        rows = store.page(connection, after=after, search=search, limit=PER_PAGE + 1)
    more, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
    return render_template(
        "accounts/show.html",
        rows=[row.account for row in rows],
        search=search,
        tiers=bridge().settings.accounts.tiers,
        more=rows[-1].account.key if more else None,
    )


def _account() -> str:
    with bridge().engine.begin() as connection:
        found = store.one(connection, request.args.get("account", ""))
        if found is None:
            abort(404)
        state = tickets.find(connection, found.account.subject)
    measures = state.measures if state else {}
    newest = {name: all_[-1] for name, all_ in measures.items() if all_ and not parted(name)}
    return render_template(
        "accounts/account.html",
        account=found.account,
        since=found.updated_at,
        tiers=bridge().settings.accounts.tiers,
        figures=newest,
        amount=amount,
        called=called,
    )


def _ask() -> str:
    return render_template("accounts/import.html", text="", trouble="")


def _preview() -> str | tuple[str, int]:
    text = _handed_in()
    try:
        with bridge().engine.begin() as connection:
            plan = planned(connection, _read(text))
    except ConfigError as error:
        return _refused(text, error), 400
    return _shown(text, plan)


def _confirm() -> AnyResponse | str | tuple[str, int]:
    text, state = _handed_in(), request.form.get("state", "")
    who = viewer().who
    by = who.email or str(who)
    try:
        changes = _read(text)
        with bridge().engine.begin() as connection:
            carry_out(connection, changes, state, bridge().now(), who=by, via="page")
    except Outdated:
        words = gettext("Accounts have changed since you looked. This is what would change now.")
        flash(words, "warning")
        with bridge().engine.begin() as connection:
            return _shown(text, planned(connection, changes)), 409
    except ConfigError as error:
        return _refused(text, error), 400
    flash(gettext("Done. All of it is in the audit log."))
    return redirect(url_for(".show"), 303)


def _export() -> Response:
    """All accounts, as a file that can be handed in again."""
    with bridge().engine.begin() as connection:
        text = write(store.every(connection))
    answer = Response(text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="accounts.csv"'
    return answer


def _handed_in() -> str:
    """The text of the file, else what was pasted."""
    file = request.files.get("file")
    if file and file.filename:
        return str(file.read().decode("utf-8-sig", "replace"))
    return str(request.form.get("text", ""))


def _read(text: str) -> tuple[Change, ...]:
    """What it says of accounts. Raises ConfigError."""
    if not text.strip():
        raise ConfigError(gettext("Choose a file, or paste what stands in one."))
    if len(text) > MOST_CHARACTERS:
        words = gettext("It is too long: hand it in by parts, or use `bridge accounts import`.")
        raise ConfigError(words)
    if "\ufffd" in text:
        words = gettext("It is not written in UTF-8: save it as “CSV UTF-8” and hand it in again.")
        raise ConfigError(words)
    return read(text, guessed(text))


def _refused(text: str, error: ConfigError) -> str:
    kept = text if len(text) <= MOST_CHARACTERS else ""
    return render_template("accounts/import.html", text=kept, trouble=str(error))


def _shown(text: str, plan: Plan) -> str:
    counts = {
        verb: sum(one.verb == verb for one in plan.changes)
        for verb in ("added", "changed", "removed")
    }
    return render_template(
        "accounts/preview.html", text=text, state=plan.state, changes=plan.changes, counts=counts
    )
