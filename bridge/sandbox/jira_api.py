"""The HTTP side of the Jira stand-in: the platform API, versions 2 and 3, as a Flask app.

Sources: developer.atlassian.com/cloud/jira/platform/rest/v3 and its OpenAPI document. The service
desk's API and admin webhooks are in `jira_desk_api`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Response, g, request

from bridge.sandbox import jira_changelogs, jira_desk_api
from bridge.sandbox.jira import Jira
from bridge.sandbox.jira_edits import edits_of
from bridge.sandbox.jira_gate import body_of, guard, root, spend_write, visible
from bridge.sandbox.jira_pages import offset, token
from bridge.sandbox.jira_records import FIELDS, PERMISSIONS, Comment, Issue, Refused, User
from bridge.sandbox.jira_shapes import Shapes, chosen, text_of
from bridge.sandbox.wire import Json

_PUBLIC = "sd.public.comment"
_MOST_AT_ONCE = 100
_MOST_HISTORIES = 40  # within an issue
_MOST_IDS = 5000  # found at once where no fields are asked for
_LONGEST_PROPERTY = 32_768  # characters of JSON


class _Platform:
    """The views of `/rest/api/2` or `/rest/api/3`, one method each; all state is in the site."""

    def __init__(self, jira: Jira, version: int) -> None:
        self.jira = jira
        self.version = version
        self.shapes = Shapes(jira, version, root)

    # -- issues --

    def issue(self, issue: str) -> Json:
        found = visible(self.jira, issue)
        return self._shown(found, _list("fields") or ["*all"], _list("expand"), _list("properties"))

    def _shown(
        self, issue: Issue, fields: list[str], expand: list[str], properties: list[str]
    ) -> Json:
        shown = self.shapes.issue(issue, fields, email=True)
        if chosen({"comment": None}, fields):
            shown["fields"]["comment"] = self.shapes.comments_within(issue)
        if "changelog" in expand:
            newest = issue.changelog[::-1][:_MOST_HISTORIES]
            entries = [self.shapes.history(one) for one in newest]
            page = {"startAt": 0, "maxResults": len(entries), "total": len(issue.changelog)}
            shown["changelog"] = {**page, "histories": entries}
        if properties:
            shown["properties"] = {
                key: value for key, value in issue.properties.items() if key in properties
            }
        return shown

    def edit(self, issue: str) -> Response | Json:
        found = visible(self.jira, issue)
        spend_write(self.jira, found)
        with self.jira.lock:
            changes, said = edits_of(found, body_of(), self.version)
            if "EDIT_ISSUES" not in g.permissions:
                why = "It is not on the appropriate screen, or unknown."
                raise Refused.field(next(iter(changes), "summary"), f"Field cannot be set. {why}")
            quiet = request.args.get("notifyUsers") == "false" and bool(
                {"ADMINISTER", "ADMINISTER_PROJECTS"} & g.permissions
            )
            self.jira.save(found.id, g.user.account_id, changes, notify=not quiet)
            for words in said:
                self.jira.comment(found.id, g.user.account_id, words, public=True)
        if request.args.get("returnIssue") == "true":
            return self._shown(self.jira.show(found.id), ["*all"], [], [])
        return Response(status=204)

    def changelog(self, issue: str) -> Json:
        found = visible(self.jira, issue)
        return self._page(found.changelog, self.shapes.history)

    def bulk_fetch(self) -> Json:
        """Issues that are not found are left out without a word; those that can't be had get one."""
        asked = body_of()
        names = [str(one) for one in asked.get("issueIdsOrKeys") or ()]
        if not 0 < len(names) <= _MOST_AT_ONCE:
            raise Refused.because(400, "Between 1 and 100 issue IDs or keys are needed.")
        ids = dict.fromkeys(self.jira.issue_ids.get(name.upper(), "") for name in names)
        live = [self.jira.issues[one] for one in ids if one and not self.jira.issues[one].deleted]
        fields, expand = asked.get("fields") or ["*navigable"], asked.get("expand") or []
        properties = asked.get("properties") or []
        live.sort(key=lambda one: int(one.id))
        failing = self.jira.unfetchable
        why = "The issue could not be fetched. Please try again."
        errors = [{"id": one.id, "errorMessage": why} for one in live if one.id in failing]
        shown = [
            self._shown(one, fields, expand, properties) for one in live if one.id not in failing
        ]
        return {"expand": "schema,names", "issues": shown, "issueErrors": errors}

    def search(self) -> Json:
        asked = body_of() if request.method == "POST" else _search_parameters()
        fields, properties = asked.get("fields") or ["id"], asked.get("properties") or []
        reconciled = [str(one) for one in asked.get("reconcileIssues") or ()]
        found = self.jira.find(str(asked.get("jql") or ""), g.user, reconciled)
        most = _MOST_IDS if set(fields) <= {"id", "key"} else _MOST_AT_ONCE
        size = max(1, min(int(asked.get("maxResults") or 50), most))
        start = offset("next", asked.get("nextPageToken"))
        expand = (asked.get("expand") or "").split(",")
        page: Json = {
            "issues": [
                {"id": one.id} if fields == ["id"] else self._shown(one, fields, expand, properties)
                for one in found[start : start + size]
            ],
            "isLast": start + size >= len(found),
        }
        return page if page["isLast"] else page | {"nextPageToken": token("next", start + size)}

    def count(self) -> Json:
        """Roughly, says Jira; here it is what a search would find."""
        return {"count": len(self.jira.find(str(body_of().get("jql") or ""), g.user))}

    # -- comments --

    def comments(self, issue: str) -> Json:
        found = visible(self.jira, issue)
        order = request.args.get("orderBy", "created")
        if order.lstrip("+-") != "created":
            raise Refused.because(400, f"'{order}' is not a field to order by.")
        ordered = found.comments[::-1] if order.startswith("-") else found.comments
        page = self._page(ordered, lambda one: self._comment(found, one))
        page["comments"] = page.pop("values")
        del page["isLast"]
        return page

    def add_comment(self, issue: str) -> tuple[Json, int]:
        """What customers can read, unless the property says otherwise with a JSON `true`."""
        asked = body_of()
        found = visible(self.jira, issue)
        spend_write(self.jira, found)
        words = _words(asked.get("body"), self.version)
        if "ADD_COMMENTS" not in g.permissions:
            message = "You do not have the permission to comment on this issue."
            raise Refused.because(403, message)
        internal = any(
            one.get("key") == _PUBLIC and (one.get("value") or {}).get("internal") is True
            for one in asked.get("properties") or ()
        )
        said = self.jira.comment(found.id, g.user.account_id, words, public=not internal)
        return self._comment(found, said), 201

    def _comment(self, issue: Issue, comment: Comment) -> Json:
        shown = self.shapes.comment(issue, comment)
        if "properties" in _list("expand"):
            value = {"internal": not comment.public}
            shown["properties"] = [{"key": _PUBLIC, "value": value}]
        return shown

    # -- properties --

    def property(self, issue: str, name: str) -> Json:
        found = visible(self.jira, issue)
        if name not in found.properties:
            raise Refused.because(404, f"The property '{name}' does not exist.")
        return {"key": name, "value": found.properties[name]}

    def set_property(self, issue: str, name: str) -> Response:
        found = visible(self.jira, issue)
        spend_write(self.jira, found)
        text = request.get_data(as_text=True)
        try:
            value = json.loads(text)
        except ValueError:
            raise Refused.because(400, "The property's value is not valid JSON.") from None
        if len(text) > _LONGEST_PROPERTY or len(name) > 255:
            raise Refused.because(400, "The property is too long.")
        is_new = name not in found.properties
        self.jira.issues[found.id].properties[name] = value
        return Response(status=201 if is_new else 200)

    # -- people and the site --

    def myself(self) -> Json:
        return self.shapes.user(g.user, email=True) or {}

    def user(self) -> Json:
        found = self.jira.users.get(request.args.get("accountId", ""))
        if found is None:
            raise Refused.because(404, "Specified user does not exist.")
        return self._user(found)

    def users_bulk(self) -> Json:
        ids = request.args.getlist("accountId")
        if not ids:
            raise Refused.because(400, "At least one accountId is needed.")
        users = self.jira.users
        return self._page([users[one] for one in ids if one in users], self._user)

    def users_search(self) -> list[Json]:
        asked = request.args
        if not asked.get("query") and not asked.get("accountId"):
            raise Refused.because(400, "The query parameter is needed.")
        needle = asked.get("query", "").lower()
        found = [
            user
            for user in list(self.jira.users.values())
            if user.account_id == asked.get("accountId")
            or (needle and (needle in user.name.lower() or user.email.lower().startswith(needle)))
        ]
        start, size = int(asked.get("startAt", 0)), int(asked.get("maxResults", 50))
        return [self._user(one) for one in found[start : start + size]]

    def _user(self, user: User) -> Json:
        """Customers' addresses are the site's own to show; those of Atlassian accounts are not."""
        return self.shapes.user(user, email=user.account_type == "customer") or {}

    def permissions(self) -> Json:
        names = _list("permissions")
        if not names or set(names) - set(PERMISSIONS):
            raise Refused.because(400, "The permissions parameter is empty or has unknown keys.")
        if (
            request.args.get("projectKey", next(iter(self.jira.projects), ""))
            not in self.jira.projects
        ):
            raise Refused.because(404, "The project could not be found.")
        return {
            "permissions": {
                name: {
                    "id": str(PERMISSIONS.index(name)),
                    "key": name,
                    "name": name.replace("_", " ").capitalize(),
                    "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
                    "havePermission": name in g.permissions,
                }
                for name in names
            }
        }

    def projects(self) -> Json:
        keys, kind = request.args.getlist("keys"), request.args.get("typeKey")
        words = request.args.get("query", "").lower()
        shown = [self.shapes.project(one) for one in list(self.jira.projects.values())]
        found = [
            one
            for one in shown
            if (not keys or one["key"] in keys)
            and kind in {None, one["projectTypeKey"]}
            and (words in one["key"].lower() or words in one["name"].lower())
        ]
        return self._page(found, lambda one: one)

    def fields(self) -> list[Json]:
        standard = (
            "summary",
            "description",
            "status",
            "priority",
            "labels",
            "assignee",
            "reporter",
        )
        shown = [{"id": one, "key": one, "name": one.title(), "custom": False} for one in standard]
        return shown + [
            {
                "id": key,
                "key": key,
                "name": name,
                "custom": True,
                "schema": {"type": kind, "custom": custom, "customId": int(key.rpartition("_")[2])},
            }
            for key, (name, kind, custom) in FIELDS.items()
        ]

    def server_info(self) -> Json:
        return {
            "baseUrl": self.jira.host,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100_300,
            "buildDate": "2026-11-02T09:00:00.000+0000",
            "serverTime": self.shapes.stamp(self.jira.now()),
            "serverTitle": "Jira",
            "serverTimeZone": self.jira.zone,
        }

    def _page(self, items: Sequence[Any], show: Callable[[Any], Json]) -> Json:
        start = int(request.args.get("startAt", 0))
        size = max(1, min(int(request.args.get("maxResults", _MOST_AT_ONCE)), _MOST_AT_ONCE))
        last = start + size >= len(items)
        here = f"{request.base_url}?startAt="
        following = {} if last else {"nextPage": f"{here}{start + size}&maxResults={size}"}
        return {
            "self": f"{here}{start}&maxResults={size}",
            **following,
            "maxResults": size,
            "startAt": start,
            "total": len(items),
            "isLast": last,
            "values": [show(one) for one in items[start : start + size]],
        }


def create_app(jira: Jira) -> Flask:
    """The site's HTTP API."""
    app = Flask("sandbox.jira", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    routes = [*jira_desk_api.routes(jira)]
    for version in (2, 3):
        api, path = _Platform(jira, version), f"/rest/api/{version}"
        routes += [
            ("GET", f"{path}/myself", api.myself),
            ("GET", f"{path}/serverInfo", api.server_info),
            ("GET", f"{path}/field", api.fields),
            ("GET", f"{path}/mypermissions", api.permissions),
            ("GET", f"{path}/project/search", api.projects),
            ("GET", f"{path}/user", api.user),
            ("GET", f"{path}/user/bulk", api.users_bulk),
            ("GET", f"{path}/user/search", api.users_search),
            ("GET", f"{path}/search/jql", api.search),
            ("POST", f"{path}/search/jql", api.search),
            ("POST", f"{path}/search/approximate-count", api.count),
            ("POST", f"{path}/changelog/bulkfetch", jira_changelogs.bulk(jira, api.shapes)),
            ("POST", f"{path}/issue/bulkfetch", api.bulk_fetch),
            ("GET", f"{path}/issue/<issue>", api.issue),
            ("PUT", f"{path}/issue/<issue>", api.edit),
            ("GET", f"{path}/issue/<issue>/comment", api.comments),
            ("POST", f"{path}/issue/<issue>/comment", api.add_comment),
            ("GET", f"{path}/issue/<issue>/changelog", api.changelog),
            ("GET", f"{path}/issue/<issue>/properties/<name>", api.property),
            ("PUT", f"{path}/issue/<issue>/properties/<name>", api.set_property),
        ]
    for method, path, view in routes:
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    guard(app, jira)
    return app


def _words(body: Any, version: int) -> str:
    """The words of a comment. Version 3 takes documents only, version 2 strings only."""
    if not isinstance(body, dict if version == 3 else str):
        raise Refused.field("comment", "Comment body is not valid!")
    return text_of(body) if version == 3 else str(body)


def _list(name: str) -> list[str]:
    """A parameter that may be repeated and may have commas."""
    return [one for given in request.args.getlist(name) for one in given.split(",") if one]


def _search_parameters() -> Json:
    """A search's parameters in the form of its body."""
    lists = {name: _list(name) for name in ("fields", "properties", "reconcileIssues")}
    return {**request.args, **lists}
