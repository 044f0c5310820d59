"""A row copies what its record names alike; what a column cannot hold has to be said."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import SimpleNamespace

import pytest

from scuderia.basics.ids import new_id
from scuderia.basics.records import row_from
from scuderia.basics.subjects import SubjectRef


class Weight(StrEnum):
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class CrateRow:
    id: object
    name: str
    packed_at: datetime | None
    weight: Weight
    scope: SubjectRef | None
    labels: tuple[str, ...]
    facts: dict[str, object]
    silent_since: datetime | None = None


AT = datetime(2026, 7, 24, tzinfo=UTC)
RECORD = SimpleNamespace(
    id=new_id(),
    name="c1",
    packed_at=AT,
    weight="light",
    scope="site:a",
    labels=["x"],
    facts={},
    silent_since=AT,
)
SAID = {"weight": Weight.LIGHT, "scope": SubjectRef("site", "a"), "labels": ("x",)}


def test_what_is_named_alike_is_copied_and_what_is_said_wins():
    assert row_from(CrateRow, RECORD, **SAID, name="said") == CrateRow(
        RECORD.id, "said", AT, Weight.LIGHT, SubjectRef("site", "a"), ("x",), {}
    )


@pytest.mark.parametrize("unsaid", sorted(SAID))
def test_what_no_column_holds_is_never_copied(unsaid):
    said = {name: value for name, value in SAID.items() if name != unsaid}
    with pytest.raises(TypeError, match=unsaid):
        row_from(CrateRow, RECORD, **said)


def test_a_field_that_the_record_has_not_is_told():
    bare = SimpleNamespace(id=1, name="c1", facts={})
    with pytest.raises(AttributeError, match="packed_at"):
        row_from(CrateRow, bare, **SAID)


def test_a_field_with_a_default_keeps_it_unless_it_is_said():
    assert row_from(CrateRow, RECORD, **SAID).silent_since is None
    assert row_from(CrateRow, RECORD, **SAID, silent_since=AT).silent_since == AT
