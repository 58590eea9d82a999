"""What we ask of the vendors is what their OpenAPI documents offer: method, path, parameters and bodies.

Every request of a day's work and of a set-up is recorded on its way to the stand-ins, and held against the documents
kept beside the project. Beyond what a validator says, a parameter or a member of a body that the document doesn't know
is a mistake, for vendors pass over in silence what they don't know. What the documents lack is listed with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from tests.contract.asked import ASK, Call, asked

SPECS = Path(__file__).parents[3] / "shared" / "specs"
ZENDESK = SPECS / "zendesk_support__ballerina.yaml"
JIRA = SPECS / "jira_cloud_platform__ballerina.yaml"
SLACK = SPECS / "slack_web_openapi_v2.json"
DOCUMENTS = (ZENDESK, JIRA, SLACK)

# Calls that the documents don't have, and where they are described instead.
ELSEWHERE = {
    r"/api/v2/webhooks(/.*)?": "Zendesk's webhooks have a document of their own",
    r"/api/v2/oauth/tokens/current\.json": "Zendesk's OAuth is described in prose",
    r"/rest/servicedeskapi/.*": "the service desk has a document of its own",
    r"/rest/webhooks/1\.0/webhook(/\d+)?": "admin webhooks are described in prose",
}

# Parameters and members that the documents lack, and why they are right.
PAGING = "developer.zendesk.com/api-reference/introduction/pagination (cursor pagination)"
BEYOND = {
    ("zendesk", "page[size]"): PAGING,
    ("zendesk", "page[after]"): PAGING,
    ("zendesk", "sort"): PAGING,
    (
        "zendesk",
        "include",
    ): "documentation/ticketing/using-the-zendesk-api/side_loading, and the incremental exports' own page",
    ("zendesk", "score"): "api-reference/ticketing/ticket-management/satisfaction_ratings, filters",
    ("zendesk", "start_time"): "the same page",
    ("zendesk", "ticket.id"): "sent by the SDK; Zendesk heeds the one in the path",
    (
        "zendesk",
        "ticket.metadata",
    ): "api-reference/ticketing/tickets/ticket_audits, ticket metadata",
    ("slack", "metadata"): "newer than the document: docs.slack.dev/messaging/message-metadata",
    ("slack", "include_all_metadata"): "newer than the document: the same page",
}


# --- the documents -------------------------------------------------------------------------------


class Loader(yaml.CSafeLoader):
    """Takes a bare "=" for the text that it is."""


Loader.add_constructor(
    "tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node)
)


@cache
def document(path: Path) -> dict[str, Any]:
    read = path.read_text("utf-8")
    found: dict[str, Any] = (
        json.loads(read) if path.suffix == ".json" else yaml.load(read, Loader=Loader)
    )
    return found


def pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def template(whole: Mapping[str, Any], path: str) -> str | None:
    """The document's own way to write the path; one without variables goes before one with them."""
    fits = [one for one in whole["paths"] if pattern(one).fullmatch(path)]
    return min(fits, key=lambda one: one.count("{"), default=None)


def referred(whole: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The names of all schemas and parameters that something refers to, in the form "#/components/…"."""
    waiting, seen = [value], set[str]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            ref = one.get("$ref")
            if isinstance(ref, str) and ref not in seen:
                seen.add(ref)
                waiting.append(resolved(whole, one))
                yield ref
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def resolved(whole: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    found: Any = schema
    while "$ref" in found:
        place: Any = whole
        for name in found["$ref"].removeprefix("#/").split("/"):
            place = place[name.replace("~1", "/").replace("~0", "~")]
        found = place
    return dict(found)


def cut(whole: Mapping[str, Any], templates: Iterable[str]) -> dict[str, Any]:
    """The document with these paths and what they need, so that it is soon read; without its security.

    The Zendesk document knows logins by password only, which Zendesk doesn't take any more.
    """
    paths = {one: short(whole, one) for one in templates}
    components: dict[str, dict[str, Any]] = {}
    for ref in referred(whole, paths):
        _, _, kind, name = ref.split("/")
        components.setdefault(kind, {})[name] = whole["components"][kind][name]
    head = {name: whole[name] for name in ("openapi", "info")}
    return {**head, "servers": [{"url": "/"}], "paths": paths, "components": components}


def short(whole: Mapping[str, Any], path: str) -> dict[str, Any]:
    """One path without its answers, and without what it calls parts of the path that aren't there."""

    def there(parameters: Iterable[Any]) -> list[Any]:
        return [
            one
            for one in parameters
            if (known := resolved(whole, one))["in"] != "path" or f"{{{known['name']}}}" in path
        ]

    kept = {}
    for name, said in whole["paths"][path].items():
        kept[name] = said
        if name == "parameters":
            kept[name] = there(said)
        elif isinstance(said, dict) and "responses" in said:
            kept[name] = {key: value for key, value in said.items() if key != "security"}
            kept[name]["parameters"] = there(said.get("parameters", ()))
            kept[name]["responses"] = {"default": {"description": "any"}}
    return kept


# --- holding one against the other ---------------------------------------------------------------


def without_null_values(call: Call) -> bytes:
    """A condition with the operator "changed" has null as its value, as Zendesk itself writes such triggers.

    The document knows texts and lists there only.
    """
    if not call.path.startswith("/api/v2/triggers") or not call.body:
        return call.body
    body = call.json
    conditions = body["trigger"]["conditions"]
    for condition in (*conditions["all"], *conditions["any"]):
        if condition["operator"] == "changed" and condition["value"] is None:
            del condition["value"]
    return json.dumps(body).encode()


def elsewhere(call: Call) -> str:
    return next((why for path, why in ELSEWHERE.items() if re.fullmatch(path, call.path)), "")


def documented_path(vendor: str, call: Call) -> str:
    """The path as the document has it: Zendesk's without .json, Jira's of version 3 and below /rest.

    Version 2 of Jira's API has the same shapes but for texts (developer.atlassian.com/cloud/jira/platform/rest/v2).
    """
    if vendor == "zendesk":
        return call.path.removesuffix(".json")
    return re.sub(r"^/rest/api/2/", "/api/3/", call.path)


def checked(vendor: str) -> list[tuple[Call, str]]:
    """Each request that the document ought to know, and its path there."""
    return [(call, documented_path(vendor, call)) for call in asked(vendor) if not elsewhere(call)]


def operation(whole: Mapping[str, Any], call: Call, path: str) -> tuple[dict[str, Any], list[Any]]:
    """What the document says of a call, and its parameters."""
    found = template(whole, path)
    assert found, f"{call}: the document has no such path"
    item = whole["paths"][found]
    assert call.method.lower() in item, f"{call}: the document has no such method"
    said = item[call.method.lower()]
    parameters = [*item.get("parameters", ()), *said.get("parameters", ())]
    return said, [resolved(whole, one) for one in parameters]


def strange(
    whole: Mapping[str, Any], schema: Mapping[str, Any], value: Any, at: str = ""
) -> Iterator[str]:
    """Members of a body that the schema doesn't know."""
    known = resolved(whole, schema)
    if isinstance(value, list):
        for one in value:
            yield from strange(whole, known.get("items", {}), one, f"{at}[]")
        return
    if not isinstance(value, dict):
        return
    members, free = properties(whole, known)
    for name, inner in value.items():
        if name in members:
            yield from strange(whole, members[name], inner, f"{at}.{name}")
        elif isinstance(free, dict):
            yield from strange(whole, free, inner, f"{at}.{name}")
        elif members:  # that others may be there too doesn't say that they mean anything
            yield f"{at}.{name}".lstrip(".")


def properties(
    whole: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | bool]:
    """All named members, also those of parts; and whether others are free to be there, or how they look."""
    found: dict[str, Any] = dict(schema.get("properties", {}))
    free: dict[str, Any] | bool = schema.get("additionalProperties", False)
    for joint in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(joint, ()):
            inner, more = properties(whole, resolved(whole, part))
            found |= inner
            free = free or more
    return found, free


def body_schema(whole: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any] | None:
    content = resolved(whole, said.get("requestBody", {})).get("content", {})
    for kind in ("application/json", "*/*"):
        if kind in content:
            return dict(content[kind].get("schema", {}))
    return None


def bodies(vendor: str, whole: Mapping[str, Any]) -> Iterator[tuple[Call, set[str]]]:
    """Each call with a body that the document describes, and the members that it doesn't know."""
    for call, path in checked(vendor):
        schema = body_schema(whole, operation(whole, call, path)[0])
        if call.method in BODIES and schema is not None:
            yield call, set(strange(whole, schema, call.json))


@cache
def validator(vendor: str) -> OpenAPI:
    """What validates the calls that were made, and no others."""
    whole = document(OPENAPI[vendor])
    templates = {one for _, path in checked(vendor) if (one := template(whole, path))}
    return OpenAPI.from_dict(cut(whole, templates))  # type: ignore[arg-type]


def request(call: Call, path: str) -> MockRequest:
    return MockRequest(
        "https://vendor.example.com",
        call.method.lower(),
        path,
        args=call.query,  # type: ignore[arg-type]
        headers=dict(call.headers),
        data=without_null_values(call),
        content_type=call.type.partition(";")[0] or "application/json",
    )


OPENAPI = {"zendesk": ZENDESK, "jira": JIRA}
MANY_AT_ONCE = {
    "zendesk": {
        ("GET", "/api/v2/incremental/ticket_events"),
        ("GET", "/api/v2/incremental/ticket_metric_events"),
        ("GET", "/api/v2/search/export"),
        ("GET", "/api/v2/tickets/show_many"),
    },
    "jira": {
        ("GET", "/api/3/search/jql"),
        ("POST", "/api/3/changelog/bulkfetch"),
        ("POST", "/api/3/issue/bulkfetch"),
        ("POST", "/api/3/search/approximate-count"),
    },
}
BODIES = ("POST", "PUT", "PATCH")


@pytest.mark.skipif(not all(path.exists() for path in DOCUMENTS), reason="no documents here")
class TestDocuments:
    @pytest.mark.parametrize("vendor", OPENAPI)
    def test_every_request_is_one_that_the_document_knows(self, vendor: str) -> None:
        whole = document(OPENAPI[vendor])
        found = checked(vendor)
        api = validator(vendor)
        assert {(call.method, path) for call, path in found} >= MANY_AT_ONCE[vendor]
        for call, path in found:
            operation(whole, call, path)
            api.validate_request(request(call, path))

    def test_a_mistake_is_noticed(self) -> None:
        """Each of these is a request of ours, spoilt."""
        whole, api = document(JIRA), validator("jira")
        [(call, path), *_] = [(c, p) for c, p in checked("jira") if c.method == "PUT"]
        spoilt = b'{"update": {"labels": {"add": "alert"}}}'
        with pytest.raises(OpenAPIError):
            api.validate_request(request(replace(call, body=spoilt), path))
        with pytest.raises(AssertionError, match="no such method"):
            operation(whole, replace(call, method="PATCH"), path)
        with pytest.raises(AssertionError, match="no such path"):
            operation(whole, call, path + "/nothing")
        schema = body_schema(whole, operation(whole, call, path)[0]) or {}
        assert not set(strange(whole, schema, call.json))
        assert set(strange(whole, schema, {"updates": {}, "update": {}})) == {"updates"}

    @pytest.mark.parametrize("vendor", OPENAPI)
    def test_no_parameter_is_one_that_the_document_does_not_know(self, vendor: str) -> None:
        whole = document(OPENAPI[vendor])
        for call, path in checked(vendor):
            _, parameters = operation(whole, call, path)
            known = {one["name"] for one in parameters if one["in"] == "query"}
            unknown = {name for name, _ in call.query} - known
            left = {name for name in unknown if (vendor, name) not in BEYOND}
            assert not left, f"{call}: {left}; there is {sorted(known)}"

    @pytest.mark.parametrize("vendor", OPENAPI)
    def test_no_member_of_a_body_is_one_that_the_document_does_not_know(self, vendor: str) -> None:
        found = list(bodies(vendor, document(OPENAPI[vendor])))
        for call, names in found:
            left = {name for name in names if (vendor, name) not in BEYOND}
            assert not left, f"{call}: {left}"
        assert found

    def test_slack_is_given_arguments_that_it_knows(self) -> None:
        methods = document(SLACK)["paths"]
        named = set()
        for call in asked("slack"):
            method = call.path.removeprefix("/api")
            named.add(method)
            [said] = methods[method].values()
            known = {one["name"]: one for one in said["parameters"]}
            given = arguments(call)
            for name, value in given.items():
                if ("slack", name) not in BEYOND:
                    assert name in known, f"{call}: {name}"
                    assert fits(known[name]["type"], value), f"{call}: {name}: {value!r}"
            needed = {n for n, one in known.items() if one.get("required") and n != "token"}
            assert needed <= set(given), f"{call}: {needed - set(given)}"
            assert call.headers["AUTHORIZATION"].startswith("Bearer ")
        assert {"/chat.postMessage", "/chat.update", "/conversations.replies"} <= named

    def test_each_exception_is_needed(self) -> None:
        """One that isn't any more would hide a mistake."""
        paths = {call.path for vendor in ASK for call in asked(vendor)}
        for listed in ELSEWHERE:
            assert any(re.fullmatch(listed, path) for path in paths), listed
        told = {(v, name) for v in ASK for call in asked(v) for name in arguments(call)}
        for vendor, path in OPENAPI.items():
            for _, names in bodies(vendor, document(path)):
                told |= {(vendor, name) for name in names}
        assert set(BEYOND) <= told


def arguments(call: Call) -> dict[str, Any]:
    """What a call carries by name: of Slack's in whichever form."""
    given: dict[str, Any] = dict(call.query)
    if "json" in call.type:
        return given | (call.json or {})
    return given | dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def fits(kind: str, value: Any) -> bool:
    """In a form all is text; in JSON, what the document calls a string may be the object itself."""
    if isinstance(value, str):
        patterns = {"boolean": "true|false|0|1", "integer": r"\d+", "number": r"\d+(\.\d+)?"}
        return re.fullmatch(patterns.get(kind, ".*"), value, re.DOTALL | re.IGNORECASE) is not None
    kinds = {"boolean": bool, "integer": int, "number": int | float, "string": list | dict | bool}
    return isinstance(value, kinds[kind])
