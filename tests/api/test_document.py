"""The OpenAPI document is a promise: what changes in it is looked at before it lands."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "openapi.json"


def told(client):
    document = client.get("/api/v1/openapi.json").json()
    document["info"].pop("version")
    for path in document["paths"].values():
        for call in path.values():
            call.pop("operationId")  # made from where the function stands
    return document


def test_the_document_is_the_one_that_was_looked_at(stage, client):
    found = told(client)
    if not GOLDEN.exists():  # remove the file to record anew; the difference is then reviewed
        text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"recorded anew: look at {GOLDEN.name} and run again")
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert sorted(found["paths"]) == sorted(kept["paths"])
    changed = [path for path in kept["paths"] if found["paths"][path] != kept["paths"][path]]
    changed += [
        name
        for name, schema in kept["components"]["schemas"].items()
        if found["components"]["schemas"].get(name) != schema
    ]
    assert changed == []
    assert found == kept
