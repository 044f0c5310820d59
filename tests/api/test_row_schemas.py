"""An answer's schema is made from the row: every field, but for what is left out by name."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import jsonschema
import pytest
from ninja import Schema

from scuderia.basics.canonical import JsonObject
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import row_schemas
from scuderia.loop.api.common import PageOut
from scuderia.loop.api.row_schemas import RowOf, made_from, schema_of
from scuderia.loop.nouns import ActionId, Autonomy
from tests.api.test_answers import READS

LEFT_OUT = {
    "PersonOut": {"tokens"},
    "MeOut": {"tokens"},
    "ActionLine": {"effects"},
    "OutcomeOut": {"action_id"},
    "RehearsalOut": {"label"},
    "PhaseOut": {"node"},
    "HoldOut": {"node"},
    "OpenOutageOut": {"age"},
    "LedgerOut": {"site", "by_node"},
    "ReportOut": {"site"},
    "ProposalOut": {"safe_direction"},
    "VerifiedOut": {"head"},
}


@dataclass(frozen=True, slots=True)
class Lid:
    """What closes a crate."""

    screws: int
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate in the depot."""

    id: ActionId
    where: SubjectRef
    lids: tuple[Lid, ...]
    levels: Mapping[str, Autonomy]
    facts: JsonObject
    spare: Lid | None = None


CRATE = Crate(ActionId(UUID(int=1)), SubjectRef("depot", "north"), (Lid(4, "x"),), {}, {"a": [1]})


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(row_schemas, "_SCHEMAS", dict(row_schemas._SCHEMAS))


def told(shape, row):
    return shape.model_validate(row).model_dump(mode="json")


def test_a_row_is_told_with_every_field_subjects_as_text_and_nothing_by_default():
    assert told(schema_of(Crate), CRATE) == {
        "id": str(UUID(int=1)), "where": "depot:north", "lids": [{"screws": 4, "secret": "x"}],
        "levels": {}, "facts": {"a": [1]}, "spare": None,
    }  # fmt: skip
    assert set(schema_of(Crate).model_json_schema()["required"]) == {
        "id", "where", "lids", "levels", "facts", "spare",
    }  # fmt: skip


def test_what_is_left_out_is_told_wherever_the_row_stands():
    @made_from(Lid, leave_out={"secret"})
    class LidOut(Schema):
        double: int

        @staticmethod
        def resolve_double(lid):
            return lid.screws * 2

    assert told(schema_of(Crate), CRATE)["lids"] == [{"screws": 4, "double": 8}]

    class Shelf(Schema):
        top: RowOf[Lid]

    assert told(Shelf, {"top": Lid(1, "x")}) == {"top": {"screws": 1, "double": 2}}
    page = {"items": [Lid(1, "x")], "next_offset": None}
    assert told(PageOut[Lid], page)["items"] == [{"screws": 1, "double": 2}]
    assert told(LidOut, Lid(1, "x")) == {"screws": 1, "double": 2}


def test_a_schema_that_is_not_the_rows_usual_one_is_told_by_its_name_alone():
    @made_from(Lid, leave_out={"secret"}, usual=False)
    class ShortLid(Schema):
        pass

    assert told(ShortLid, Lid(1, "x")) == {"screws": 1}
    assert told(schema_of(Lid), Lid(1, "x")) == {"screws": 1, "secret": "x"}


def test_a_row_has_one_usual_schema_and_a_name_stands_for_one_row():
    schema_of(Lid)
    with pytest.raises(AssertionError, match="Lid is told already"):
        made_from(Lid)(type("LidOut", (Schema,), {}))
    with pytest.raises(AssertionError, match="two rows are told as Lid"):
        schema_of(dataclass(type("Lid", (), {"__annotations__": {"size": int}})))


def test_nothing_can_be_left_out_that_the_row_does_not_hold():
    with pytest.raises(AssertionError, match="Lid has no"):
        made_from(Lid, leave_out={"handle"})(type("LidOut", (Schema,), {}))


def strict(shape):
    """Return the document's schemas with no room for a key that they do not name."""
    if isinstance(shape, dict):
        closed = {"additionalProperties": False} if "properties" in shape else {}
        return {name: strict(part) for name, part in shape.items()} | closed
    return [strict(part) for part in shape] if isinstance(shape, list) else shape


def test_what_the_rows_hold_besides_stands_in_no_schema(document):
    schemas = document["components"]["schemas"]
    for name, fields in LEFT_OUT.items():
        assert fields.isdisjoint(schemas[name]["properties"]), name


def shape_of(document, path):
    asked = path.split("?", maxsplit=1)[0]
    for given, name in (
        ("lemon-scout", "{name}"),
        ("r01-n01", "{name}"),
        ("demo-aurora", "{name}"),
    ):
        asked = asked.replace(given, name)
    answers = document["paths"][f"/api/v1{asked}"]["get"]["responses"]
    return answers["200"]["content"]["application/json"]["schema"]


@pytest.mark.parametrize("path", [*READS, "/me", "/tokens"])
def test_an_answer_holds_no_key_that_the_document_does_not_name(path, document, lena):
    closed = strict(copy.deepcopy(document["components"]))
    shape = {"components": closed, **shape_of(document, path)}
    jsonschema.Draft202012Validator(shape).validate(lena.get(path).json())


def test_a_card_and_a_run_hold_no_key_that_the_document_does_not_name(document, lena, swap):
    closed = strict(copy.deepcopy(document["components"]))
    card = lena.get(f"/proposals/{swap.id}").json()
    shape = {"components": closed, **shape_of(document, "/proposals/{proposal_id}")}
    jsonschema.Draft202012Validator(shape).validate(card)
    queued = lena.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest}).json()
    run = lena.get(f"/actions/{queued['action_id']}").json()
    assert run["effects"] == []
    shape = {"components": closed, **shape_of(document, "/actions/{action_id}")}
    jsonschema.Draft202012Validator(shape).validate(run)
