"""The HTTP side of the Zendesk stand-in: `/api/v2` and `/oauth/tokens`, as a Flask app.

Sources: developer.zendesk.com/api-reference (ticketing, webhooks, introduction/rate-limits and
introduction/pagination) and documentation/api-basics/authentication for tokens.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from bridge.sandbox.wire import Allowance, Json, iso
from bridge.sandbox.zendesk import Zendesk, clean_tags
from bridge.sandbox.zendesk_admin import Admin, payload
from bridge.sandbox.zendesk_records import (
    Client,
    Group,
    Job,
    Rating,
    Refused,
    Ticket,
    User,
)

_LIFETIMES = range(300, 172_801)  # seconds that an access token may live
_MOST_AT_ONCE = 100
_DEEPEST = 10_000  # offset paging ends here
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
        self.show = _Shapes(zendesk)

    # -- tickets --

    def ticket(self, ticket: int) -> Json:
        found = self.zendesk.show(ticket)
        return {"ticket": self.show.ticket(found), **self._sideloads([found])}

    def tickets(self) -> Json:
        live = [found for found in self._all_tickets() if not found.deleted]
        return self.page("tickets", live, self.show.ticket)

    def show_many(self) -> Json:
        found = [self.zendesk.tickets.get(one) for one in _ids("ids")]
        live = [one for one in found if one and not one.deleted and one.merged_into is None]
        shown = [self.show.ticket(one) for one in live]
        page = {"next_page": None, "previous_page": None, "count": len(shown)}
        return {"tickets": shown, **page, **self._sideloads(live)}

    def update(self, ticket: int) -> Json:
        asked = payload("ticket")
        self._spend_update(ticket)
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
        self._spend_update(ticket)
        with self.zendesk.lock:
            found = self.zendesk.show(ticket)
            self.zendesk.check_stamp(found, body)
            kept = [tag for tag in found.tags if tag not in named]
            tags = {"PUT": (*found.tags, *named), "POST": named, "DELETE": kept}[request.method]
            self.zendesk.save(ticket, g.user_id, {"tags": tags}, channel="api")
            status = {"PUT": 200, "POST": 201, "DELETE": 200}[request.method]
            return {"tags": list(found.tags)}, status

    def export(self) -> Json:
        """Incremental export by cursor: everything changed since, deleted tickets too."""
        allowance = self.zendesk.export_limit.take()
        if not allowance.granted:
            raise _TooMany(allowance)
        size = min(int(request.args.get("per_page", 1000)), 1000)
        after = _uncursor(request.args.get("cursor"), request.args.get("start_time", "0"))
        ordered = sorted(self._all_tickets(), key=_export_key)
        rest = [one for one in ordered if _export_key(one) > after]
        page = rest[:size]
        cursor = _cursor(_export_key(page[-1]) if page else after)
        url = self._url("/incremental/tickets/cursor.json", {"cursor": cursor})
        return {
            "tickets": [self.show.ticket(one) for one in page],
            "after_cursor": cursor,
            "after_url": url,
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(rest) <= size,
            **self._sideloads(page),
        }

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

    def _users(self, ids: Iterable[int]) -> list[Json]:
        users = self.zendesk.users
        return [self.show.user(users[one]) for one in sorted(ids) if one in users]

    def _sideloads(self, tickets: Sequence[Ticket]) -> Json:
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

    def _spend_update(self, ticket: int) -> None:
        g.update_allowance = self.zendesk.update_limit.take()
        for allowance in (
            g.update_allowance,
            self.zendesk.ticket_limit.take((ticket, g.user_id)),
        ):
            if not allowance.granted:
                raise _TooMany(allowance)

    def _url(self, path: str, args: Mapping[str, object]) -> str:
        return f"{self.zendesk.host}/api/v2{path}?{urlencode(args)}"

    def page(self, key: str, items: Sequence[Any], show: Callable[[Any], Json]) -> Json:
        """One page: by cursor when `page[size]` is given, else by offset, 100 a page."""
        path = request.path.removeprefix("/api/v2") + ".json"
        given = {name: value for name, value in request.args.items() if "page" not in name}
        if "page[size]" in request.args:
            size = min(int(request.args["page[size]"]), _MOST_AT_ONCE)
            start = int(_decode(request.args.get("page[after]")) or 0)
            more = start + size < len(items)
            after = _encode(str(start + size)) if more else None
            following = self._url(path, {**given, "page[size]": size, "page[after]": after})
            return {
                key: [show(one) for one in items[start : start + size]],
                "meta": {"has_more": more, "after_cursor": after, "before_cursor": None},
                "links": {"next": following if more else None, "prev": None},
            }
        size = min(int(request.args.get("per_page", _MOST_AT_ONCE)), _MOST_AT_ONCE)
        number = int(request.args.get("page", 1))
        start = (number - 1) * size
        if start + size > _DEEPEST:
            raise Refused(400, {"error": "InvalidPaginationDepth", "description": "Too deep"})
        more = start + size < len(items)
        query = {**given, "per_page": size}
        return {
            key: [show(one) for one in items[start : start + size]],
            "next_page": self._url(path, {**query, "page": number + 1}) if more else None,
            "previous_page": self._url(path, {**query, "page": number - 1}) if start else None,
            "count": len(items),
        }


class _Shapes:
    """How records look in answers."""

    def __init__(self, zendesk: Zendesk) -> None:
        self._zendesk = zendesk

    def _link(self, path: str) -> str:
        return f"{self._zendesk.host}/api/v2/{path}.json"

    def ticket(self, ticket: Ticket) -> Json:
        rating = ticket.rating
        return {
            "url": self._link(f"tickets/{ticket.id}"),
            "id": ticket.id,
            "external_id": ticket.external_id,
            "via": {"channel": ticket.channel, "source": {"from": {}, "to": {}, "rel": None}},
            "created_at": iso(ticket.created_at),
            "updated_at": iso(ticket.updated_at),
            "generated_timestamp": int(ticket.updated_at.timestamp()),
            "type": ticket.type,
            "subject": ticket.subject,
            "raw_subject": ticket.subject,
            "description": ticket.description,
            "priority": ticket.priority,
            "status": "deleted" if ticket.deleted else ticket.status,
            "recipient": None,
            "requester_id": ticket.requester_id,
            "submitter_id": ticket.submitter_id,
            "assignee_id": ticket.assignee_id,
            "organization_id": None,
            "group_id": ticket.group_id,
            "collaborator_ids": [],
            "follower_ids": [],
            "email_cc_ids": [],
            "problem_id": None,
            "has_incidents": False,
            "is_public": True,
            "due_at": None,
            "tags": list(ticket.tags),
            "custom_fields": [{"id": key, "value": value} for key, value in ticket.custom_fields],
            "satisfaction_rating": (
                {
                    "id": rating.id,
                    "score": rating.score,
                    "comment": rating.comment,
                    "reason": rating.reason,
                }
                if rating
                else {"score": "unoffered"}
            ),
            "sharing_agreement_ids": [],
            "followup_ids": [],
            "brand_id": ticket.brand_id,
            "allow_channelback": False,
            "allow_attachments": True,
        }

    def user(self, user: User) -> Json:
        return {
            "url": self._link(f"users/{user.id}"),
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "phone": user.phone,
            "role": user.role,
            "active": True,
            "verified": True,
            "suspended": False,
            "time_zone": "Etc/UTC",
            "locale": "en-US",
            "organization_id": None,
            "tags": [],
            "created_at": iso(user.created_at),
            "updated_at": iso(user.created_at),
        }

    def group(self, group: Group) -> Json:
        return {
            "url": self._link(f"groups/{group.id}"),
            "id": group.id,
            "name": group.name,
            "description": "",
            "default": False,
            "deleted": False,
            "is_public": True,
            "created_at": iso(group.created_at),
            "updated_at": iso(group.created_at),
        }

    def rating(self, rating: Rating) -> Json:
        return {
            "url": self._link(f"satisfaction_ratings/{rating.id}"),
            "id": rating.id,
            "score": rating.score,
            "comment": rating.comment,
            "reason": rating.reason,
            "reason_id": None,
            "ticket_id": rating.ticket_id,
            "requester_id": rating.requester_id,
            "assignee_id": rating.assignee_id,
            "group_id": rating.group_id,
            "created_at": iso(rating.created_at),
            "updated_at": iso(rating.updated_at),
        }

    def job(self, job: Job) -> Json:
        done = job.results is not None
        at = f"{job.completed_at:%Y-%m-%d %H:%M:%S} +0000" if job.completed_at else ""
        return {
            "id": job.id,
            "url": self._link(f"job_statuses/{job.id}"),
            "total": len(job.updates),
            "progress": len(job.updates) if done else None,
            "status": "completed" if done else "queued",
            "message": f"Completed at {at}" if done else None,
            "results": job.results,
        }


class _TooMany(Exception):
    """A rate limit is used up."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(allowance)
        self.allowance = allowance


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
        ("GET", "/api/v2/incremental/tickets/cursor", api.export),
        ("GET", "/api/v2/job_statuses/<job>", api.job),
        ("GET", "/api/v2/satisfaction_ratings", api.ratings),
        *Admin(zendesk, api.page, api.show.ticket).routes(),
    ]
    for method, path, view in routes:
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    app.wsgi_app = _without_json(app.wsgi_app)  # type: ignore[method-assign]
    _guard(app, zendesk)
    return app


def _guard(app: Flask, zendesk: Zendesk) -> None:
    """Count, authenticate and limit every call; turn refusals into answers."""

    @app.before_request
    def admit() -> tuple[Json, int] | None:
        rule = str(request.url_rule) if request.url_rule else request.path
        zendesk.calls[request.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)] += 1
        if not request.path.startswith("/api/"):
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = zendesk.grants.get(token) if kind.lower() == "bearer" else None
        if grant is None or (grant.expires_at is not None and grant.expires_at <= zendesk.now()):
            if request.path == "/api/v2/users/me":
                return None
            return {"error": "Couldn't authenticate you"}, 401
        if not _allowed(grant.scopes):
            message = "The token does not have the scope for this"
            return {"error": {"title": "Forbidden", "message": message}}, 403
        g.user_id, g.grant = grant.user_id, grant
        g.allowance = zendesk.account_limit.take()
        if not g.allowance.granted:
            raise _TooMany(g.allowance)
        return None

    @app.after_request
    def tell(response: Response) -> Response:
        account: Allowance | None = g.get("allowance")
        if account:
            for name in ("X-Rate-Limit", "ratelimit-limit"):
                response.headers[name] = str(account.limit)
            for name in ("X-Rate-Limit-Remaining", "ratelimit-remaining"):
                response.headers[name] = str(account.remaining)
            response.headers["ratelimit-reset"] = str(account.seconds)
        update: Allowance | None = g.get("update_allowance")
        if update:
            response.headers["zendesk-ratelimit-tickets-update"] = (
                f"total={update.limit}; remaining={update.remaining}; resets={update.seconds}"
            )
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Json, int]:
        return error.body, error.status

    @app.errorhandler(_TooMany)
    def too_many(error: _TooMany) -> Response:
        text = "Rate limit exceeded. Please wait before trying again."
        headers = {"Retry-After": str(error.allowance.seconds)}
        return Response(text, 429, headers, content_type="text/plain; charset=utf-8")

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> tuple[Response, int]:
        if error.code in {404, 405}:
            return jsonify(error="InvalidEndpoint", description="Not found"), 404
        return jsonify(error="BadRequest", description=error.description), error.code or 500


def _without_json(app: Callable[..., Any]) -> Callable[..., Any]:
    def stripped(environ: Json, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removesuffix(".json")
        return app(environ, start_response)

    return stripped


def _allowed(scopes: tuple[str, ...]) -> bool:
    verb = "read" if request.method == "GET" else "write"
    resource = request.path.split("/")[3]
    return bool({verb, f"{resource}:{verb}"} & set(scopes)) or request.path.endswith("/me")


def _ids(name: str) -> list[int]:
    ids = [int(one) for one in request.args.get(name, "").split(",") if one.strip().isdigit()]
    _limit(len(ids))
    return ids


def _limit(count: int) -> None:
    if count > _MOST_AT_ONCE:
        description = f"Too many values, at most {_MOST_AT_ONCE}"
        body = {"error": "TooManyValues", "description": description, "max_count": _MOST_AT_ONCE}
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


def _export_key(ticket: Ticket) -> tuple[int, int]:
    return int(ticket.updated_at.timestamp()), ticket.id


def _cursor(key: tuple[int, int]) -> str:
    return _encode(f"{key[0]}.0||{key[1]}")


def _uncursor(cursor: str | None, start_time: str) -> tuple[int, int]:
    if cursor is None:
        return int(start_time), -1
    stamp, _, last = _decode(cursor).partition("||")
    return int(float(stamp)), int(last)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decode(text: str | None) -> str:
    return base64.b64decode(text).decode() if text else ""
