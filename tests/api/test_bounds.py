"""Every list is bounded and paged, makes a pinned number of queries, and stands in the OpenAPI."""

import json
import re
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from scuderia.loop.api.common import LIMIT_MAX
from tests.api.caller import Caller

COUNTS = Path(__file__).parents[1] / "golden" / "api_query_counts.json"
LISTS = (
    "/queue", "/proposals", "/findings", "/signals", "/actions", "/crew",
    "/crew/lemon-scout/rounds", "/brakes", "/grants", "/approval-rules", "/people",
    "/tokens", "/audit",
    "/fleet/nodes", "/fleet/outages", "/fleet/spare-pools", "/fleet/customers", "/fleet/ledger",
    "/fleet/allocations", "/freeze/break-glass", "/freeze/zones",
)  # fmt: skip
SIGNED = {
    "/api/v1/gate/adapters/github": "GithubSignature",
    "/api/v1/gate/adapters/terraform": "TerraformSignature",
}
"""Routes of other systems: the signature over the body lets in, and no token does."""
METHODS = {"get", "post", "put", "patch", "delete"}


def operations(document):
    for path, offered in document["paths"].items():
        for method, one in offered.items():
            yield path, method, one


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_bounded(path, stage, lena):
    assert lena.get(f"{path}?limit={LIMIT_MAX + 1}").status_code == 422
    page = lena.get(f"{path}?limit=1").json()
    assert len(page["items"]) <= 1


@pytest.mark.parametrize("path", ["/queue", "/proposals", "/findings", "/signals", "/crew",
                                  "/fleet/outages", "/fleet/ledger"])  # fmt: skip
def test_pages_join_to_the_whole_list_without_loss(path, stage, lena):
    whole, joined, offset = lena.items(f"{path}?limit=200"), [], 0
    while offset is not None and len(joined) < 60:
        page = lena.get(f"{path}?limit=3&offset={offset}").json()
        joined += page["items"]
        offset = page["next_offset"]
    assert json.dumps(joined) == json.dumps(whole[: len(joined)])
    assert offset is not None or len(joined) == len(whole)


def test_the_audit_is_paged_by_number_to_its_first_entry(stage, lena):
    seen, before = [], ""
    while before is not None:
        query = f"?limit=7&before={before}" if before else "?limit=7"
        page = lena.get(f"/audit{query}").json()
        seen += [entry["seq"] for entry in page["items"]]
        before = page["next_before"]
    assert seen == list(range(seen[0], 0, -1))


def test_lists_make_as_many_queries_as_is_pinned(stage, lena):
    counted = {}
    for path in LISTS:
        lena.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert lena.get(path).status_code == 200
        counted[path] = len(seen)
    assert counted == json.loads(COUNTS.read_text(encoding="utf-8"))


def instants(value):
    if isinstance(value, dict):
        for name, item in value.items():
            if name.endswith("_at") or name in ("at", "start", "end", "as_of", "fleet_now"):
                yield name, item
            yield from instants(item)
    elif isinstance(value, list):
        for item in value:
            yield from instants(item)


@pytest.mark.parametrize("path", [*LISTS, "/me", "/fleet/nodes/r01-n01/timeline", "/fleet/report"])
def test_every_instant_carries_its_offset(path, stage, lena):
    for name, text in instants(lena.get(path).json()):
        if text is not None:
            assert datetime.fromisoformat(text).tzinfo is not None, (name, text)


def test_money_is_whole_cents_and_says_so(stage, lena):
    report = lena.get("/fleet/report").json()
    assert isinstance(report["cents_lost"], int)
    assert all(isinstance(one["cents_lost"], int) for one in report["headline"])


def test_answers_may_not_be_kept_on_the_way(stage, lena):
    for answer in (lena.get("/queue"), lena.get("/nothing"), Client().get("/api/v1/queue")):
        assert answer.headers["Cache-Control"] == "private, no-store"


# --- OpenAPI ----------------------------------------------------------------------------------


def test_every_route_is_documented(document):
    routes = set()
    for resolver in get_resolver().url_patterns:
        if str(resolver.pattern) != "api/v1/":
            continue
        for one in resolver.url_patterns:
            path = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(one.pattern))
            routes.add(path)
    apart = {"/api/v1/", "/api/v1/openapi.json", "/api/v1/{rest}"}
    assert routes - apart == set(document["paths"])


def test_every_operation_is_named_once_described_and_says_how_it_refuses(document):
    names = []
    for path, method, one in operations(document):
        assert method in METHODS
        assert one["operationId"]
        names.append(one["operationId"])
        assert one["description"].endswith("."), path
        if path == "/api/v1/health":
            assert "security" not in one
            continue
        if path in SIGNED:
            assert one["security"] == [{SIGNED[path]: []}]
        else:
            assert {"TokenAuth": []} in one["security"], path
        assert "401" in one["responses"], path
        assert any(code.startswith("2") for code in one["responses"]), path
    assert len(names) == len(set(names))


def test_every_shape_that_is_named_is_there_and_is_a_schema(document):
    shapes = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= set(shapes)
    for shape in shapes.values():
        jsonschema.Draft202012Validator.check_schema(shape)


def test_every_parameter_of_a_path_is_declared(document):
    for path, _, one in operations(document):
        declared = {p["name"] for p in one.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), path


@pytest.mark.parametrize("path", [*LISTS, "/me", "/audit/verify", "/fleet/report", "/health"])
def test_answers_are_what_the_document_says(path, document, lena):
    route = document["paths"][f"/api/v1{path.replace('lemon-scout', '{name}')}"]
    shape = route["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {"components": document["components"], **shape}
    jsonschema.Draft202012Validator(whole).validate(lena.get(path).json())


def test_a_refusal_is_what_the_document_says(document, stage):
    shape = {"components": document["components"], "$ref": "#/components/schemas/RefusalOut"}
    answer = Caller("vera").post(f"/proposals/{stage.swap.id}/reject", {})
    jsonschema.Draft202012Validator(shape).validate(answer.json())


def test_no_page_loads_the_document_from_elsewhere(stage, client):
    assert client.get("/api/v1/docs").status_code == 404
