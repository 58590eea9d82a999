"""The HTTP side of the Zendesk stand-in: `/api/v2` and `/oauth/tokens`, as a Flask app.

Sources: developer.zendesk.com/api-reference (ticketing, webhooks, introduction/rate-limits and
introduction/pagination) and documentation/api-basics/authentication for tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask, g, request

from bridge.sandbox.wire import Json
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_admin import Admin, payload
from bridge.sandbox.zendesk_exports import Exports
from bridge.sandbox.zendesk_gate import guard, spend_update, without_json
from bridge.sandbox.zendesk_ledger import clean_tags
from bridge.sandbox.zendesk_pages import MOST_AT_ONCE, Pages
from bridge.sandbox.zendesk_records import Client, Refused, Ticket
from bridge.sandbox.zendesk_shapes import Shapes

_LIFETIMES = range(300, 172_801)  # seconds that an access token may live
_SCORES = {
    "received": {"good", "bad"},
    "good": {"good"},
    "bad": {"bad"},
    "good_with_comment": {"good"},
    "bad_with_comment": {"bad"},
    "received_with_comment": {"good", "bad"},
}


class _Api:
    """The views, one method each; all state is in the account."""

    def __init__(self, zendesk: Zendesk) -> None:
        self.zendesk = zendesk
        self.show = Shapes(zendesk)
        self.page = Pages(zendesk.host).page

    # -- tickets --

    def ticket(self, ticket: int) -> Json:
        found = self.zendesk.show(ticket)
        return {"ticket": self._shown(found), **self.sideloads([found])}

    def tickets(self) -> Json:
        live = [found for found in self._all_tickets() if not found.deleted]
        return self.page("tickets", live, self.show.ticket)

    def show_many(self) -> Json:
        found = [self.zendesk.tickets.get(one) for one in _ids("ids")]
        live = [
            one
            for one in found
            if one and one.merged_into is None and (not one.deleted or self.zendesk.shows_deleted)
        ]
        shown = [self._shown(one) for one in live]
        page = {"next_page": None, "previous_page": None, "count": len(shown)}
        return {"tickets": shown, **page, **self.sideloads(live)}

    def update(self, ticket: int) -> Json:
        asked = payload("ticket")
        spend_update(self.zendesk, ticket)
        with self.zendesk.lock:
            audit = self.zendesk.apply_update(ticket, asked, g.user_id)
            return {"ticket": self.show.ticket(self.zendesk.tickets[ticket]), "audit": audit}

    def update_many(self) -> Json:
        body = request.get_json(silent=True) or {}
        if isinstance(body.get("tickets"), list):
            updates = [(int(one["id"]), dict(one)) for one in body["tickets"]]
            _limit(len(updates))
        else:
            updates = [(one, dict(body.get("ticket") or {})) for one in _ids("ids")]
        job = self.zendesk.queue_job(updates, g.user_id)
        shown = self.show.job(job)
        if not self.zendesk.hold_jobs:
            self.zendesk.run_jobs()
        return {"job_status": shown}

    def job(self, job: str) -> Json:
        if job not in self.zendesk.jobs:
            raise Refused.missing()
        return {"job_status": self.show.job(self.zendesk.jobs[job])}

    def comments(self, ticket: int) -> Json:
        comments = self.zendesk.show(ticket).comments
        page = self.page("comments", _sorted(comments), lambda comment: comment)
        authors = {comment["author_id"] for comment in page["comments"]}
        if "users" in _wanted():
            page["users"] = self._users(authors)
        return page

    def audits(self, ticket: int) -> Json:
        return self.page("audits", _sorted(self.zendesk.show(ticket).audits), lambda audit: audit)

    def tags(self, ticket: int) -> Json:
        return {"tags": list(self.zendesk.show(ticket).tags)}

    def change_tags(self, ticket: int) -> tuple[Json, int]:
        body = request.get_json(silent=True) or {}
        named = clean_tags(body.get("tags") or ())
        spend_update(self.zendesk, ticket)
        with self.zendesk.lock:
            found = self.zendesk.show(ticket)
            self.zendesk.check_stamp(found, body)
            kept = [tag for tag in found.tags if tag not in named]
            tags = {"PUT": (*found.tags, *named), "POST": named, "DELETE": kept}[request.method]
            self.zendesk.save(ticket, g.user_id, {"tags": tags}, channel="api")
            status = {"PUT": 200, "POST": 201, "DELETE": 200}[request.method]
            return {"tags": list(found.tags)}, status

    # -- people --

    def me(self) -> Json:
        user_id = g.get("user_id")
        if user_id is None:  # recorded from the vendor: bad credentials, and yet 200
            return {"user": {"name": "Anonymous user"}}
        return {"user": self.show.user(self.zendesk.users[user_id])}

    def user(self, user: int) -> Json:
        if user not in self.zendesk.users:
            raise Refused.missing()
        return {"user": self.show.user(self.zendesk.users[user])}

    def users_many(self) -> Json:
        users = self._users(_ids("ids"))
        return {"users": users, "next_page": None, "previous_page": None, "count": len(users)}

    def users_search(self) -> Json:
        text = request.args.get("query", "").partition(":")
        needle = (text[2] or text[0]).strip('" ').lower()
        found = [
            user
            for user in list(self.zendesk.users.values())
            if needle
            and (needle in user.name.lower() or needle in {user.email.lower(), user.phone})
        ]
        return self.page("users", found, self.show.user)

    def users_list(self) -> Json:
        return self.page("users", list(self.zendesk.users.values()), self.show.user)

    def groups(self) -> Json:
        return self.page("groups", list(self.zendesk.groups.values()), self.show.group)

    def group(self, group: int) -> Json:
        if group not in self.zendesk.groups:
            raise Refused.missing()
        return {"group": self.show.group(self.zendesk.groups[group])}

    def ratings(self) -> Json:
        score = request.args.get("score")
        start = int(request.args.get("start_time", 0))
        end = int(request.args.get("end_time", 1 << 40))
        found = [
            rating
            for rating in list(self.zendesk.ratings.values())
            if (score is None or rating.score in _SCORES.get(score, ()))
            and (rating.comment or not (score or "").endswith("_with_comment"))
            and start <= rating.updated_at.timestamp() <= end
        ]
        if request.args.get("sort_order") == "desc":
            found.reverse()
        return self.page("satisfaction_ratings", found, self.show.rating)

    # -- tokens --

    def token(self) -> tuple[Json, int]:
        asked: Mapping[str, Any] = request.get_json(silent=True) or request.form
        client = self.zendesk.clients.get(str(asked.get("client_id")))
        if client is None or client.secret != asked.get("client_secret"):
            return _token_problem("invalid_client", "Client authentication failed"), 401
        kind = asked.get("grant_type")
        if kind == "refresh_token":
            return self._refresh(asked, client)
        if kind != "client_credentials":
            return _token_problem("unsupported_grant_type", "Not supported here"), 400
        scopes = tuple(str(asked.get("scope") or "").split()) or client.scopes
        if not set(scopes) <= set(client.scopes):
            return _token_problem("invalid_scope", "Outside of the client's scopes"), 400
        return self._mint(asked, scopes)

    def _refresh(self, asked: Mapping[str, Any], client: Client) -> tuple[Json, int]:
        """A refresh token works once: the old pair is gone afterwards."""
        with self.zendesk.lock:
            access = self.zendesk.refreshes.pop(str(asked.get("refresh_token")), None)
            grant = self.zendesk.grants.pop(access, None) if access else None
        if grant is None or self.zendesk.clients.get(grant.client_id or "") is not client:
            return _token_problem("invalid_grant", "The refresh token is not valid"), 400
        return self._mint(asked, grant.scopes)

    def _mint(self, asked: Mapping[str, Any], scopes: tuple[str, ...]) -> tuple[Json, int]:
        seconds = int(asked.get("expires_in") or 1800)
        if seconds not in _LIFETIMES:
            return _token_problem("invalid_request", "expires_in is out of range"), 400
        lifetime = timedelta(seconds=seconds)
        return self.zendesk.mint(str(asked["client_id"]), scopes, lifetime), 200

    # -- shared --

    def _all_tickets(self) -> list[Ticket]:
        with self.zendesk.lock:
            return list(self.zendesk.tickets.values())

    def _shown(self, ticket: Ticket) -> Json:
        return self.show.with_slas(ticket) if "slas" in _wanted() else self.show.ticket(ticket)

    def _users(self, ids: Iterable[int]) -> list[Json]:
        users = self.zendesk.users
        return [self.show.user(users[one]) for one in sorted(ids) if one in users]

    def sideloads(self, tickets: Sequence[Ticket]) -> Json:
        """The people and groups of tickets, where `include` asks for them."""
        wanted = _wanted()
        loaded: Json = {}
        if "users" in wanted:
            people = {
                one
                for found in tickets
                for one in (found.requester_id, found.submitter_id, found.assignee_id)
                if one is not None
            }
            loaded["users"] = self._users(people)
        if "groups" in wanted:
            ids = {found.group_id for found in tickets}
            groups = [self.zendesk.groups[one] for one in sorted(filter(None, ids))]
            loaded["groups"] = [self.show.group(one) for one in groups]
        return loaded


def create_app(zendesk: Zendesk) -> Flask:
    """The account's HTTP API. Paths may end in `.json` or not."""
    app = Flask("sandbox.zendesk", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    api = _Api(zendesk)
    routes: list[tuple[str, str, Callable[..., Any]]] = [
        ("POST", "/oauth/tokens", api.token),
        ("GET", "/api/v2/users/me", api.me),
        ("GET", "/api/v2/users", api.users_list),
        ("GET", "/api/v2/users/show_many", api.users_many),
        ("GET", "/api/v2/users/search", api.users_search),
        ("GET", "/api/v2/users/<int:user>", api.user),
        ("GET", "/api/v2/groups", api.groups),
        ("GET", "/api/v2/groups/<int:group>", api.group),
        ("GET", "/api/v2/tickets", api.tickets),
        ("GET", "/api/v2/tickets/show_many", api.show_many),
        ("PUT", "/api/v2/tickets/update_many", api.update_many),
        ("GET", "/api/v2/tickets/<int:ticket>", api.ticket),
        ("PUT", "/api/v2/tickets/<int:ticket>", api.update),
        ("GET", "/api/v2/tickets/<int:ticket>/comments", api.comments),
        ("GET", "/api/v2/tickets/<int:ticket>/audits", api.audits),
        ("GET", "/api/v2/tickets/<int:ticket>/tags", api.tags),
        ("PUT", "/api/v2/tickets/<int:ticket>/tags", api.change_tags),
        ("POST", "/api/v2/tickets/<int:ticket>/tags", api.change_tags),
        ("DELETE", "/api/v2/tickets/<int:ticket>/tags", api.change_tags),
        ("GET", "/api/v2/job_statuses/<job>", api.job),
        ("GET", "/api/v2/satisfaction_ratings", api.ratings),
        *Exports(zendesk, api.show, api.sideloads).routes(),
        *Admin(zendesk, api.page, api.show.ticket).routes(),
    ]
    for method, path, view in routes:
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    app.wsgi_app = without_json(app.wsgi_app)  # type: ignore[method-assign]
    guard(app, zendesk)
    return app


def _ids(name: str) -> list[int]:
    ids = [int(one) for one in request.args.get(name, "").split(",") if one.strip().isdigit()]
    _limit(len(ids))
    return ids


def _limit(count: int) -> None:
    if count > MOST_AT_ONCE:
        description = f"Too many values, at most {MOST_AT_ONCE}"
        body = {"error": "TooManyValues", "description": description, "max_count": MOST_AT_ONCE}
        raise Refused(400, body)


def _wanted() -> set[str]:
    return set(request.args.get("include", "").split(","))


def _sorted(items: list[Json]) -> list[Json]:
    """Oldest first, unless `sort_order=desc` or `sort=-created_at`."""
    args = request.args
    turned = args.get("sort_order") == "desc" or args.get("sort", "").startswith("-")
    return items[::-1] if turned else list(items)


def _token_problem(error: str, why: str) -> Json:
    return {"error": error, "error_description": why}
